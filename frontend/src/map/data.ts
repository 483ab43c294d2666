// What the server says about places. Each fix comes with its own radius, time and source; none is ever a bare point.
import type { Polygon } from "geojson";

export type Party = {
  party: "respondent" | "protected";
  label: string;
  device: string;
  lat: number;
  lon: number;
  accuracy_m: number | null;
  fixed_at: string;
  source: string;
  self_reported: boolean;
  /** Older than this it no longer says where the person is. */
  stale_after_s: number;
};
export type Ring = { centre: string; distance_m: number; warning_m: number | null };
export type Zone = { condition: string; kind: string; label: string; shape: Polygon };
export type OrderPlaces = {
  id: string;
  number: string;
  url: string;
  label: string;
  worst: number | null;
  parties: Party[];
  /** Devices without a place, or with one that this person may not see: in the list, not on the map. */
  placeless: { party: "respondent" | "protected"; label: string; device: string; withheld: boolean }[];
  rings: Ring[];
  zones: Zone[];
  between_m: number | null;
};
/** `after`: everybody comes in parts, and the next one is asked for with it; null: this was the last. */
export type Places = { orders: OrderPlaces[]; complete: boolean; after: string | null };
export type Tracks = { tracks: { device: string; party: "respondent" | "protected"; pieces: [number, number][][]; gaps: [number, number][][] }[] };

const EARTH_M_PER_DEGREE = 111_320;

/** A circle as a polygon, for drawing only: no decision is ever made in the page. */
export function circle(lon: number, lat: number, radiusM: number): [number, number][][] {
  const steps = 72;
  const dLat = radiusM / EARTH_M_PER_DEGREE;
  const dLon = dLat / Math.max(0.01, Math.cos((lat * Math.PI) / 180));
  const ring: [number, number][] = [];
  for (let i = 0; i <= steps; i++) {
    const angle = (i % steps) * ((2 * Math.PI) / steps);
    ring.push([lon + dLon * Math.cos(angle), lat + dLat * Math.sin(angle)]);
  }
  return [ring];
}
