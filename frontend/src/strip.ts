// The state of the system, on every page: the time, whether the line lives, what the watchdog says, what is open.
import { clockText, dateText, nowMs } from "./clock";
import { getText, Refresher } from "./live/fetching";
import { word } from "./words";

const REFRESH_MS = 10_000;

export class Strip {
  private readonly clock = document.querySelector<HTMLElement>("[data-clock]");
  private readonly line = document.querySelector<HTMLElement>("[data-line]");
  private readonly system = document.querySelector<HTMLElement>("[data-system]");
  private readonly refresher = new Refresher(() => this.load(), 500);
  private heardAt = nowMs();

  constructor() {
    setInterval(() => this.tick(), 250);
    setInterval(() => this.refresher.ask(), REFRESH_MS);
    this.tick();
  }

  refresh(): void {
    this.refresher.ask();
  }

  alive(): void {
    this.show("alive", word("line_alive"));
  }

  /** What stands on the screen may be old from here on, and must say so. */
  lost(): void {
    this.heardAt = nowMs();
    this.show("lost", word("line_lost", { time: clockText(this.heardAt) }));
  }

  private show(state: string, text: string): void {
    document.body.dataset["connection"] = state;
    if (!this.line) return;
    this.line.className = `state ${state === "alive" ? "state-good" : "state-bad"}`;
    this.line.querySelector("span")!.textContent = text;
  }

  private tick(): void {
    if (!this.clock) return;
    const now = nowMs();
    const [time, date] = [this.clock.querySelector("b")!, this.clock.querySelector("span")!];
    time.textContent = clockText(now);
    date.textContent = dateText(now);
  }

  private async load(): Promise<void> {
    if (this.system) this.system.innerHTML = await getText(this.system.dataset["url"]!);
  }
}
