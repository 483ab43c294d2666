// What an officer says on the road: <form data-road>. Each word is written into the browser's own store first, with its
// time and an id, and is deleted there when the server has it. Without a line it waits, and the page says so; sent twice,
// it is one word by its id. What the server refuses is shown and kept until the officer has read it.
import { clockText, nowMs } from "./clock";
import { word } from "./words";

const AGAIN_MS = 4000;
const TIMEOUT_MS = 8000;
const PLACE_MS = 10000;
const STORE = "words";

type Entry = { id: string; url: string; fields: Record<string, string>; atMs: number; refused?: string };

export function startRoad(): void {
  const state = document.querySelector<HTMLElement>("[data-road-state]");
  if (state) void new Road(state).start();
}

class Road {
  private timer = 0;
  private sending = false;
  private readonly database = open();

  constructor(private readonly state: HTMLElement) {
    addEventListener("online", () => this.soon(0));
    document.addEventListener("submit", (event) => {
      const form = event.target as HTMLFormElement;
      if (!form.matches("form[data-road]") || !form.reportValidity()) return;
      event.preventDefault();
      if (form.dataset["said"] !== undefined) return;
      form.dataset["said"] = "";
      void this.say(form);
    });
  }

  async start(): Promise<void> {
    await this.show();
    this.soon(0);
  }

  private async say(form: HTMLFormElement): Promise<void> {
    const buttons = [...form.querySelectorAll<HTMLButtonElement>("button")];
    for (const button of buttons) button.setAttribute("aria-disabled", "true");
    const fields: Record<string, string> = {};
    for (const [name, value] of new FormData(form)) if (typeof value === "string" && name !== "csrfmiddlewaretoken") fields[name] = value;
    const atMs = nowMs();
    fields["device_at"] = new Date(atMs).toISOString();
    if (form.querySelector("[data-fix]")) {
      this.tell(word("road_placing"));
      Object.assign(fields, await place());
    }
    await this.put({ id: fields["id"]!, url: form.action, fields, atMs });
    await this.show();
    await this.send(form);
  }

  private soon(ms: number): void {
    clearTimeout(this.timer);
    this.timer = window.setTimeout(() => void this.send(), ms);
  }

  /** In the order in which they were said; a word that got no answer stops those behind it. */
  private async send(form?: HTMLFormElement): Promise<void> {
    if (this.sending) return;
    this.sending = true;
    let sent = 0;
    try {
      for (const entry of await this.all()) {
        if (entry.refused !== undefined) continue;
        const answer = await post(entry);
        if (answer === "lost") break;
        if (answer === "taken") {
          await this.drop(entry.id);
          sent += 1;
        } else {
          await this.put({ ...entry, refused: answer });
        }
      }
    } finally {
      this.sending = false;
    }
    const left = await this.show();
    if (left.some((entry) => entry.refused === undefined)) this.soon(AGAIN_MS);
    else if (sent > 0 && left.length === 0) location.reload();
    else if (form) this.release(form);
  }

  private release(form: HTMLFormElement): void {
    delete form.dataset["said"];
    // Said anew it is another word.
    form.querySelector<HTMLInputElement>("[name=id]")!.value = crypto.randomUUID();
    for (const button of form.querySelectorAll("button")) button.removeAttribute("aria-disabled");
  }

  private async show(): Promise<Entry[]> {
    const left = await this.all();
    const waiting = left.filter((entry) => entry.refused === undefined);
    const lines = waiting.length ? [word("road_waiting", { count: waiting.length, times: waiting.map((entry) => clockText(entry.atMs)).join(", ") })] : [];
    const refused = left.filter((entry) => entry.refused !== undefined);
    for (const entry of refused) lines.push(word("road_refused", { time: clockText(entry.atMs), why: entry.refused! }));
    this.tell(...lines);
    if (refused.length) {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "button";
      button.textContent = word("road_read");
      button.addEventListener("click", () => void Promise.all(refused.map((entry) => this.drop(entry.id))).then(() => location.reload()));
      this.state.append(button);
    }
    return left;
  }

  private tell(...lines: string[]): void {
    this.state.hidden = lines.length === 0;
    this.state.replaceChildren(
      ...lines.map((line) => {
        const paragraph = document.createElement("p");
        paragraph.textContent = line;
        return paragraph;
      }),
    );
  }

  private async all(): Promise<Entry[]> {
    const entries = await done((await this.store("readonly")).getAll() as IDBRequest<Entry[]>);
    return entries.sort((one, other) => one.atMs - other.atMs);
  }

  private async put(entry: Entry): Promise<void> {
    await done((await this.store("readwrite")).put(entry));
  }

  private async drop(id: string): Promise<void> {
    await done((await this.store("readwrite")).delete(id));
  }

  private async store(mode: IDBTransactionMode): Promise<IDBObjectStore> {
    return (await this.database).transaction(STORE, mode).objectStore(STORE);
  }
}

function open(): Promise<IDBDatabase> {
  const request = indexedDB.open("road", 1);
  request.addEventListener("upgradeneeded", () => request.result.createObjectStore(STORE, { keyPath: "id" }));
  return done(request);
}

function done<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.addEventListener("success", () => resolve(request.result));
    request.addEventListener("error", () => reject(request.error));
  });
}

/** "taken", "lost" (try again), or why the server does not take it. */
async function post(entry: Entry): Promise<string> {
  const token = document.querySelector<HTMLInputElement>("[name=csrfmiddlewaretoken]")?.value ?? "";
  try {
    const answer = await fetch(entry.url, {
      method: "POST",
      body: new URLSearchParams({ ...entry.fields, csrfmiddlewaretoken: token }),
      headers: { "X-Fragment": "1" },
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    if (answer.ok) return "taken";
    // Logged out, a stale page, or a server in trouble: the word is good, its time will come.
    if (answer.status === 401 || answer.status === 403 || answer.status === 429 || answer.status >= 500) return "lost";
    return answer.status === 404 ? word("road_not_yours") : (await answer.text()).slice(0, 300);
  } catch {
    return "lost";
  }
}

/** The device's own fix, taken now; nothing when it gives none: the word then goes without proof. */
function place(): Promise<Record<string, string>> {
  return new Promise((resolve) => {
    if (!navigator.geolocation) return resolve({});
    navigator.geolocation.getCurrentPosition(
      ({ coords, timestamp }) =>
        resolve({
          lat: String(coords.latitude),
          lon: String(coords.longitude),
          accuracy_m: String(coords.accuracy),
          // By the page's clock: how old the fix is counts, and not what the phone's clock says.
          fixed_at: new Date(nowMs() - Math.max(0, Date.now() - timestamp)).toISOString(),
        }),
      () => resolve({}),
      { enableHighAccuracy: true, maximumAge: 0, timeout: PLACE_MS },
    );
  });
}
