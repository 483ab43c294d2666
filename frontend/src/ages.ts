// How long ago something was, ticking. <time datetime="…" data-age> shows an age; its title keeps the moment itself.
import { clockText, dateText, nowMs } from "./clock";
import { word } from "./words";

const MINUTE = 60;
const HOUR = 3600;
const DAY = 86400;

/** "12 s", "4 min 05 s", "3 h 20 min", "2 d 4 h". */
export function ageText(seconds: number): string {
  const s = Math.max(0, Math.floor(seconds));
  if (s < MINUTE) return `${s} ${word("unit_s")}`;
  if (s < HOUR) return `${Math.floor(s / MINUTE)} ${word("unit_min")} ${two(s % MINUTE)} ${word("unit_s")}`;
  if (s < DAY) return `${Math.floor(s / HOUR)} ${word("unit_h")} ${two(Math.floor((s % HOUR) / MINUTE))} ${word("unit_min")}`;
  return `${Math.floor(s / DAY)} ${word("unit_d")} ${Math.floor((s % DAY) / HOUR)} ${word("unit_h")}`;
}

export function ageSeconds(iso: string): number {
  return (nowMs() - Date.parse(iso)) / 1000;
}

function two(value: number): string {
  return String(value).padStart(2, "0");
}

/** Bring every age below `root` up to this moment. */
export function tickAges(root: ParentNode = document): void {
  for (const element of root.querySelectorAll<HTMLTimeElement>("time[data-age]")) {
    const text = ageText(ageSeconds(element.dateTime));
    if (element.textContent !== text) element.textContent = text;
    if (!element.title) {
      const at = Date.parse(element.dateTime);
      element.title = `${clockText(at)} ${dateText(at)}`;
    }
  }
  for (const element of root.querySelectorAll<HTMLTimeElement>("time[data-due]")) {
    const late = ageSeconds(element.dateTime);
    const text = ageText(Math.abs(late));
    if (element.textContent !== text) element.textContent = text;
    element.closest("[data-due-row]")?.toggleAttribute("data-overdue", late > 0);
  }
}
