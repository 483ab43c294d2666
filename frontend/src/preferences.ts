// Theme, density and sounds: kept in cookies that the server reads, so that a page never flashes in the wrong theme.
const YEAR_S = 365 * 24 * 3600;

export function remember(name: string, value: string): void {
  const secure = location.protocol === "https:" ? "; Secure" : "";
  document.cookie = `${name}=${value}; Path=/; Max-Age=${YEAR_S}; SameSite=Lax${secure}`;
}

export function startPreferences(onTheme: () => void): void {
  for (const button of document.querySelectorAll<HTMLButtonElement>("[data-set]")) {
    button.addEventListener("click", () => {
      const [name, value] = (button.dataset["set"] ?? "").split("=");
      if (!name || !value) return;
      document.documentElement.dataset[name] = value;
      remember(name, value);
      showChosen();
      onTheme();
    });
  }
  showChosen();
}

function showChosen(): void {
  for (const button of document.querySelectorAll<HTMLButtonElement>("[data-set]")) {
    const [name, value] = (button.dataset["set"] ?? "").split("=");
    button.setAttribute("aria-pressed", String(name !== undefined && document.documentElement.dataset[name] === value));
  }
}
