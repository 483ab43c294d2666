// Domain time in the page. The server says what time it is (at render, then with every beat) and how fast it runs;
// the machine's own wall clock is never asked, because a wrong one would make old places look fresh.
let baseMs = Date.parse(document.body.dataset["now"] ?? "");
let speed = Number(document.body.dataset["speed"] ?? "1");
let baseAt = performance.now();

export function setClock(nowIso: string, newSpeed: number): void {
  baseMs = Date.parse(nowIso);
  speed = newSpeed;
  baseAt = performance.now();
}

export function nowMs(): number {
  return baseMs + (performance.now() - baseAt) * speed;
}

const zone = document.body.dataset["zone"] ?? "Asia/Bishkek";
const clockFormat = new Intl.DateTimeFormat("ru-RU", { timeZone: zone, hour: "2-digit", minute: "2-digit", second: "2-digit" });
const dateFormat = new Intl.DateTimeFormat("ru-RU", { timeZone: zone, day: "2-digit", month: "2-digit", year: "numeric" });

/** "22:41:07" where the centre stands. */
export function clockText(ms: number): string {
  return clockFormat.format(ms);
}

/** "21.11.2026" where the centre stands. */
export function dateText(ms: number): string {
  return dateFormat.format(ms);
}
