// How places are said: distances, and when a place has grown too old to say where somebody is.
import { ageSeconds } from "../ages";
import { word } from "../words";
import type { Party } from "./data";

export function isStale(party: Party): boolean {
  return ageSeconds(party.fixed_at) > party.stale_after_s;
}

/** "640 m", "2.4 km". */
export function metres(value: number): string {
  if (value < 1000) return `${Math.round(value)} ${word("unit_m")}`;
  return `${(value / 1000).toFixed(value < 10_000 ? 1 : 0).replace(".", word("decimal"))} ${word("unit_km")}`;
}
