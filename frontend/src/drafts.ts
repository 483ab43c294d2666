// A form that is kept as it is written: <form data-draft> is sent to its own address a moment after each change, and
// before it is left. Without a connection the page stays, says so, and tries again; nothing is kept on the device.
const AFTER_MS = 1200;
const AGAIN_MS = 5000;
const TIMEOUT_MS = 8000;

export function startDrafts(): void {
  for (const form of document.querySelectorAll<HTMLFormElement>("form[data-draft]")) new Draft(form);
}

class Draft {
  private readonly line: HTMLElement | null;
  private timer = 0;
  private changes = 0;
  private kept = 0;
  private leaving = false;
  private sending: Promise<boolean> = Promise.resolve(true);

  constructor(private readonly form: HTMLFormElement) {
    this.line = form.querySelector<HTMLElement>("[data-draft-state]");
    form.addEventListener("input", () => this.changed());
    form.addEventListener("submit", (event) => void this.submitted(event));
    addEventListener("online", () => this.changes > this.kept && this.later(0));
    addEventListener("beforeunload", (event) => {
      if (!this.leaving && this.changes > this.kept) event.preventDefault();
    });
  }

  private changed(): void {
    this.changes += 1;
    this.later(AFTER_MS);
  }

  private later(afterMs: number): void {
    clearTimeout(this.timer);
    this.timer = window.setTimeout(() => void this.keep(), afterMs);
  }

  /** One after the other: an older state must not arrive after a newer one. */
  private keep(): Promise<boolean> {
    this.sending = this.sending.then(() => this.send());
    return this.sending;
  }

  private async send(): Promise<boolean> {
    const changes = this.changes;
    this.say("saving");
    try {
      const answer = await fetch(location.pathname, {
        method: "POST",
        body: new FormData(this.form),
        headers: { "X-Fragment": "1" },
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      if (!answer.ok) throw new Error(String(answer.status));
    } catch {
      this.say("lost");
      this.later(AGAIN_MS);
      return false;
    }
    this.kept = changes;
    this.say("saved");
    return true;
  }

  /** A page that is left without a connection is lost: the form goes only once its words were heard. */
  private async submitted(event: SubmitEvent): Promise<void> {
    if (this.leaving) return;
    event.preventDefault();
    const button = event.submitter as HTMLButtonElement | null;
    clearTimeout(this.timer);
    const heard = await this.keep();
    delete this.form.dataset["sent"];
    for (const one of this.form.querySelectorAll("button")) one.removeAttribute("aria-disabled");
    if (!heard) return;
    this.leaving = true;
    this.form.requestSubmit(button);
  }

  private say(state: "saving" | "saved" | "lost"): void {
    if (!this.line) return;
    this.line.dataset["state"] = state;
    this.line.textContent = this.line.dataset[state] ?? "";
  }
}
