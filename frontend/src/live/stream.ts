// The line to the server. It is alive only while beats arrive: a silent line is a lost line, whatever the browser thinks.
import { setClock } from "../clock";

const LOST_AFTER_MS = 5000; // beats come every 2 s
const RETRY_MS = 1500;

export type Change = { kind: "incident" | "fix" | "device" | "platform"; subject: string };
export type Listener = {
  onChange: (change: Change) => void;
  /** Something was missed: fetch everything anew. */
  onResync: () => void;
  onAlive: () => void;
  onLost: () => void;
  /** The session has ended; the page may show nothing more. */
  onBye: () => void;
};

const KINDS = ["incident", "fix", "device", "platform"] as const;

export class Stream {
  private source: EventSource | null = null;
  private lastId: string;
  private beatAt = performance.now();
  private alive = false;
  private ended = false;

  constructor(
    private readonly url: string,
    after: string,
    private readonly listener: Listener,
  ) {
    this.lastId = after;
    this.open();
    setInterval(() => this.check(), 500);
    addEventListener("online", () => this.reopen());
    addEventListener("offline", () => this.lose());
    addEventListener("pageshow", (event) => event.persisted && this.reopen());
  }

  private open(): void {
    const source = new EventSource(`${this.url}?after=${encodeURIComponent(this.lastId)}`);
    this.source = source;
    for (const kind of KINDS) {
      source.addEventListener(kind, (event) => {
        this.remember(event);
        this.listener.onChange({ kind, subject: JSON.parse(event.data).subject });
      });
    }
    source.addEventListener("resync", (event) => {
      this.remember(event);
      this.listener.onResync();
    });
    source.addEventListener("beat", (event) => this.beat(JSON.parse(event.data)));
    source.addEventListener("bye", () => {
      this.ended = true;
      source.close();
      this.listener.onBye();
    });
    source.addEventListener("error", () => {
      // CLOSED: the server answered with something else than a stream; the browser would never try again.
      if (source.readyState === EventSource.CLOSED) this.retry();
    });
  }

  private remember(event: MessageEvent): void {
    if (event.lastEventId) this.lastId = event.lastEventId;
  }

  private beat(data: { now: string; speed: number }): void {
    setClock(data.now, data.speed);
    this.beatAt = performance.now();
    if (!this.alive) {
      this.alive = true;
      this.listener.onAlive();
    }
  }

  private check(): void {
    if (this.ended || performance.now() - this.beatAt < LOST_AFTER_MS) return;
    this.lose();
    if (performance.now() - this.beatAt > 3 * LOST_AFTER_MS) this.reopen();
  }

  private lose(): void {
    if (!this.alive) return;
    this.alive = false;
    this.listener.onLost();
  }

  private retry(): void {
    setTimeout(() => !this.ended && this.source?.readyState === EventSource.CLOSED && this.reopen(), RETRY_MS);
  }

  private reopen(): void {
    if (this.ended) return;
    this.source?.close();
    this.beatAt = performance.now();
    this.open();
  }
}
