// Fetches fragments. One request per kind at a time: what changes meanwhile is fetched once more afterwards.
export class Refused extends Error {
  constructor(readonly status: number) {
    super(`HTTP ${status}`);
  }
}

export async function getText(url: string): Promise<string> {
  const response = await fetch(url, { headers: { "X-Fragment": "1" }, credentials: "same-origin", redirect: "error" });
  if (!response.ok) throw new Refused(response.status);
  return response.text();
}

export async function getJson<T>(url: string): Promise<T> {
  const response = await fetch(url, { headers: { Accept: "application/json" }, credentials: "same-origin", redirect: "error" });
  if (!response.ok) throw new Refused(response.status);
  return (await response.json()) as T;
}

export async function post(url: string, body: URLSearchParams): Promise<Response> {
  return fetch(url, { method: "POST", body, headers: { "X-Fragment": "1" }, credentials: "same-origin" });
}

/** Calls `work` soon after `ask()`, never twice at once, and once more if asked again while working. */
export class Refresher {
  private timer: number | null = null;
  private running = false;
  private again = false;

  constructor(
    private readonly work: () => Promise<void>,
    private readonly delayMs: number,
  ) {}

  ask(): void {
    if (this.running) {
      this.again = true;
    } else {
      this.timer ??= window.setTimeout(() => void this.run(), this.delayMs);
    }
  }

  private async run(): Promise<void> {
    this.timer = null;
    this.running = true;
    try {
      await this.work();
    } catch (error) {
      // The line's own state tells the person; a fetch that failed is repeated with the next change or reconnection.
      console.warn(error);
    } finally {
      this.running = false;
      if (this.again) {
        this.again = false;
        this.ask();
      }
    }
  }
}
