// A file that takes seconds to make: the page says that it is being made, then hands it over.
import { word } from "./words";

export function startDownloads(): void {
  for (const form of document.querySelectorAll<HTMLFormElement>("form[data-download]")) {
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      void download(form);
    });
  }
}

async function download(form: HTMLFormElement): Promise<void> {
  const progress = form.querySelector<HTMLElement>("[data-progress]")!;
  const button = form.querySelector<HTMLButtonElement>("button")!;
  button.disabled = true;
  progress.className = "muted";
  progress.textContent = word("bundle_making");
  try {
    const body = new URLSearchParams(new FormData(form) as never);
    const response = await fetch(form.action, { method: "POST", body, headers: { "X-Fragment": "1" } });
    if (!response.ok) throw new Error(await response.text());
    save(await response.blob(), `bundle-${form.dataset["download"]}.zip`);
    const failed = response.headers.get("X-Failed-Checks");
    progress.className = failed ? "error" : "state state-good";
    progress.textContent = failed ? word("bundle_failed", { checks: failed }) : word("bundle_made");
  } catch (error) {
    progress.className = "error";
    progress.textContent = error instanceof TypeError ? word("not_sent") : String((error as Error).message).slice(0, 300);
  } finally {
    button.disabled = false;
  }
}

function save(file: Blob, name: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(file);
  link.download = name;
  link.click();
  URL.revokeObjectURL(link.href);
}
