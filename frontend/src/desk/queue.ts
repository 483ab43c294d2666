// The queue. Its order is the server's; nothing moves under a hand. While the pointer or the focus is inside, known
// rows are updated in place, and new or reordered ones wait behind the announcement above the list.
import { tickAges } from "../ages";
import { getText, post, Refresher } from "../live/fetching";
import { play, voiceOf } from "../sounds";
import { word } from "../words";

type Row = HTMLLIElement;
export type QueueEvents = { onSelect: (row: Row | null) => void; onChanged: () => void };

export class Queue {
  private readonly news: HTMLElement;
  private readonly newsText: HTMLElement;
  private readonly newsButton: HTMLButtonElement;
  private readonly loud: HTMLElement;
  private waiting: Row[] | null = null;
  private pointerInside = false;
  private readonly refresher: Refresher;
  private readonly known = new Set<string>();
  private readonly shown = new Set<string>();
  private readonly title = document.title;

  constructor(
    private readonly list: HTMLOListElement,
    private readonly events: QueueEvents,
  ) {
    this.news = document.querySelector<HTMLElement>("[data-news]")!;
    this.newsText = this.news.querySelector<HTMLElement>(".news-text")!;
    this.newsButton = this.news.querySelector<HTMLButtonElement>("button")!;
    this.loud = document.querySelector<HTMLElement>("[data-loud]")!;
    this.refresher = new Refresher(() => this.load(), 120);
    for (const row of this.rows()) this.known.add(row.id);
    this.list.addEventListener("pointerenter", () => (this.pointerInside = true));
    this.list.addEventListener("pointerleave", () => {
      this.pointerInside = false;
      this.settle();
    });
    this.list.addEventListener("focusout", () => setTimeout(() => this.settle()));
    this.list.addEventListener("click", (event) => this.click(event));
    this.list.addEventListener("submit", (event) => this.submit(event));
    this.newsButton.addEventListener("click", () => this.showWaiting());
    document.addEventListener("visibilitychange", () => this.reportShown());
    this.watchVisible();
    this.showTitle();
  }

  refresh(): void {
    this.refresher.ask();
  }

  rows(): Row[] {
    return [...this.list.querySelectorAll<Row>("li[data-id]")];
  }

  get selected(): Row | null {
    return this.list.querySelector<Row>("li[data-selected]");
  }

  select(row: Row | null, focus = false): void {
    const before = this.selected;
    if (before && before !== row) {
      delete before.dataset["selected"];
      before.querySelector(".row-kind")?.removeAttribute("aria-current");
    }
    if (row) {
      row.dataset["selected"] = "";
      row.querySelector(".row-kind")?.setAttribute("aria-current", "true");
      if (focus) {
        row.querySelector<HTMLElement>(".row-kind")?.focus({ preventScroll: true });
        row.scrollIntoView({ block: "nearest" });
      }
    }
    this.events.onSelect(row);
  }

  step(by: 1 | -1): void {
    const rows = this.rows();
    const at = this.selected ? rows.indexOf(this.selected) : by === 1 ? -1 : rows.length;
    const next = rows[Math.min(rows.length - 1, Math.max(0, at + by))];
    if (next) this.select(next, true);
  }

  open(): void {
    this.selected?.querySelector<HTMLAnchorElement>(".row-kind")?.click();
  }

  acknowledge(): void {
    this.selected?.querySelector<HTMLFormElement>("form[data-acknowledge]")?.requestSubmit();
  }

  showWaiting(): void {
    const rows = this.waiting;
    if (!rows) return;
    this.waiting = null;
    this.arrange(rows);
    const first = rows.find((row) => row.dataset["status"] === "open") ?? rows[0];
    this.list.scrollTop = 0;
    if (first) this.select(document.getElementById(first.id) as Row, true);
  }

  private get held(): boolean {
    return this.pointerInside || this.list.contains(document.activeElement);
  }

  private async load(): Promise<void> {
    const parsed = new DOMParser().parseFromString(await getText(this.list.dataset["url"]!), "text/html");
    const fresh = [...parsed.querySelectorAll<Row>("li[data-id]")].map((row) => document.adoptNode(row));
    const empty = parsed.querySelector("[data-empty]");
    this.announce(fresh);
    if (this.held && this.wouldMove(fresh)) {
      this.updateInPlace(fresh);
      this.waiting = fresh;
    } else {
      this.waiting = null;
      this.arrange(fresh, empty);
    }
    this.showNews();
    this.showTitle();
    this.events.onChanged();
  }

  private wouldMove(fresh: Row[]): boolean {
    const before = this.rows().map((row) => row.id);
    return before.length !== fresh.length || fresh.some((row, index) => row.id !== before[index]);
  }

  private updateInPlace(fresh: Row[]): void {
    const byId = new Map(fresh.map((row) => [row.id, row]));
    for (const row of this.rows()) {
      const newer = byId.get(row.id);
      if (newer) this.renew(row, newer);
    }
  }

  /** Make the list equal to `fresh`, keeping the elements that stay (and with them focus and selection). */
  private arrange(fresh: Row[], empty: Element | null = null): void {
    const current = new Map(this.rows().map((row) => [row.id, row]));
    const rows = fresh.map((row) => {
      const old = current.get(row.id);
      return old ? this.renew(old, row) : row;
    });
    const kept = new Set(rows.map((row) => row.id));
    for (const [id, row] of current) if (!kept.has(id)) this.remove(row);
    this.list.querySelector("[data-empty]")?.remove();
    rows.forEach((row, index) => {
      if (this.list.children[index] !== row) this.list.insertBefore(row, this.list.children[index] ?? null);
      this.visible.observe(row);
    });
    if (rows.length === 0 && empty) this.list.append(document.adoptNode(empty));
    tickAges(this.list);
    this.showNews();
  }

  private renew(old: Row, fresh: Row): Row {
    if (old.dataset["version"] === fresh.dataset["version"]) return old;
    const selected = old.dataset["selected"] !== undefined;
    const focused = old.contains(document.activeElement);
    for (const name of ["priority", "status", "version", "episode", "kind"]) old.dataset[name] = fresh.dataset[name] ?? "";
    old.replaceChildren(...[...fresh.cloneNode(true).childNodes]);
    if (selected) old.querySelector(".row-kind")?.setAttribute("aria-current", "true");
    if (focused) old.querySelector<HTMLElement>(".row-kind")?.focus({ preventScroll: true });
    tickAges(old);
    return old;
  }

  private remove(row: Row): void {
    this.visible.unobserve(row);
    if (row.dataset["selected"] !== undefined) this.events.onSelect(null);
    row.remove();
  }

  /** Say aloud what is new: a sentence for screen readers, a voice if sounds are on. */
  private announce(fresh: Row[]): void {
    const newOnes = fresh.filter((row) => !this.known.has(row.id) && row.dataset["status"] === "open");
    for (const row of fresh) this.known.add(row.id);
    if (newOnes.length === 0) return;
    const worst = newOnes.reduce((a, b) => (priorityOf(b) < priorityOf(a) ? b : a));
    play(voiceOf(priorityOf(worst), worst.dataset["kind"] ?? ""));
    const kind = worst.querySelector(".row-kind")?.textContent?.trim() ?? "";
    const text = word("announced", { kind, number: worst.dataset["number"] ?? "" });
    (priorityOf(worst) === 1 ? this.loud : this.newsText).textContent = text;
  }

  private settle(): void {
    if (!this.waiting || this.held) return;
    const rows = this.waiting;
    this.waiting = null;
    this.arrange(rows);
  }

  private showNews(): void {
    const here = new Set(this.rows().map((row) => row.id));
    const fresh = (this.waiting ?? []).filter((row) => !here.has(row.id));
    const critical = fresh.filter((row) => priorityOf(row) === 1);
    this.newsButton.hidden = this.waiting === null;
    if (critical.length > 0) {
      this.news.dataset["level"] = "critical";
      const kind = critical[0]?.querySelector(".row-kind")?.textContent?.trim() ?? "";
      this.newsText.textContent = word("news_critical", { count: critical.length, kind });
    } else if (this.waiting) {
      this.news.dataset["level"] = "new";
      this.newsText.textContent = fresh.length > 0 ? word("news_new", { count: fresh.length }) : word("news_order");
    } else {
      delete this.news.dataset["level"];
      this.newsText.textContent = word("news_none");
    }
  }

  private showTitle(): void {
    const rows = this.waiting ?? this.rows();
    const open = rows.filter((row) => row.dataset["status"] === "open" && priorityOf(row) <= 2).length;
    document.title = open > 0 ? `(${open}) ${this.title}` : this.title;
  }

  private click(event: MouseEvent): void {
    const target = event.target as Element;
    const row = target.closest<Row>("li[data-id]");
    if (row && !target.closest("a, button, form")) this.select(row);
  }

  private submit(event: SubmitEvent): void {
    const form = (event.target as Element).closest<HTMLFormElement>("form[data-acknowledge]");
    if (!form) return;
    event.preventDefault();
    const button = form.querySelector<HTMLButtonElement>("button");
    if (button) button.disabled = true;
    void this.send(form, button);
  }

  private async send(form: HTMLFormElement, button: HTMLButtonElement | null): Promise<void> {
    try {
      const response = await post(form.action, new URLSearchParams(new FormData(form) as never));
      if (!response.ok) this.newsText.textContent = (await response.text()).slice(0, 300);
    } catch {
      this.newsText.textContent = word("not_sent");
      if (button) button.disabled = false;
    }
    this.refresh();
  }

  // A signal counts as shown when a row was really on a visible screen; the server writes it down once.
  private readonly visible = new IntersectionObserver((entries) => {
    for (const entry of entries) {
      if (entry.isIntersecting) this.inView.add(entry.target as Row);
      else this.inView.delete(entry.target as Row);
    }
    this.reportShown();
  });
  private readonly inView = new Set<Row>();

  private watchVisible(): void {
    for (const row of this.rows()) this.visible.observe(row);
  }

  private reportShown(): void {
    const url = this.list.dataset["shownUrl"];
    if (document.visibilityState !== "visible" || !url) return;
    const ids = [...this.inView]
      .filter((row) => row.isConnected && row.dataset["unshown"] !== undefined)
      .map((row) => row.dataset["id"]!)
      .filter((id) => !this.shown.has(id));
    if (ids.length === 0) return;
    for (const id of ids) this.shown.add(id);
    const body = new URLSearchParams(ids.map((id) => ["incident", id]));
    body.append("csrfmiddlewaretoken", this.list.dataset["token"] ?? "");
    post(url, body).then(
      (response) => !response.ok && ids.forEach((id) => this.shown.delete(id)),
      () => ids.forEach((id) => this.shown.delete(id)),
    );
  }
}

function priorityOf(row: Row): number {
  return Number(row.dataset["priority"]);
}
