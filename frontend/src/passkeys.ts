// Passkeys without inline scripts: allauth's own WebAuthn code is loaded as a file, its data stands in the page.
type AllauthForms = Record<"addForm" | "loginForm" | "authenticateForm" | "reauthenticateForm" | "signupForm", (options: unknown) => void>;

declare global {
  interface Window {
    allauth?: { webauthn?: { forms?: AllauthForms } };
  }
}

export function startPasskeys(): void {
  const element = document.querySelector<HTMLElement>("[data-passkey]");
  const options = element?.textContent;
  const form = element?.dataset["passkey"] as keyof AllauthForms | undefined;
  if (options && form) window.allauth?.webauthn?.forms?.[form](JSON.parse(options));
}
