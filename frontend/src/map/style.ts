// A plain ground: no base map is needed to see who is how far from whom. Colours come from the page's tokens.
import type { LayerSpecification, StyleSpecification } from "maplibre-gl";
import regular from "@fontsource/noto-sans/files/noto-sans-cyrillic-400-normal.woff2?url";
import extended from "@fontsource/noto-sans/files/noto-sans-cyrillic-ext-400-normal.woff2?url";
import latin from "@fontsource/noto-sans/files/noto-sans-latin-400-normal.woff2?url";

export const SOURCES = ["ground", "zones", "rings", "circles", "tracks", "links", "parties"] as const;
export type SourceName = (typeof SOURCES)[number];
const EMPTY = { type: "FeatureCollection" as const, features: [] };
export const FONT = ["Noto Sans"];

function token(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

export function colours() {
  return {
    ground: token("map-ground"),
    line: token("map-line"),
    major: token("map-major"),
    block: token("map-block"),
    zone: token("map-zone"),
    label: token("map-label"),
    halo: token("map-halo"),
    respondent: token("respondent"),
    protected: token("protected"),
    p1: token("p1"),
    p2: token("p2"),
    good: token("good"),
    ink: token("ink"),
  };
}
export type Colours = ReturnType<typeof colours>;

export function style(tileUrl: string, attribution: string): StyleSpecification {
  const c = colours();
  const sources: StyleSpecification["sources"] = Object.fromEntries(
    SOURCES.map((name) => [name, { type: "geojson", data: EMPTY, ...(name === "ground" && attribution ? { attribution } : {}) }]),
  );
  const tiles: LayerSpecification[] = [];
  if (tileUrl) {
    sources["tiles"] = { type: "raster", tiles: [tileUrl], tileSize: 256, maxzoom: 19 };
    tiles.push({ id: "tiles", type: "raster", source: "tiles", paint: { "raster-saturation": -0.7, "raster-opacity": 0.55 } });
  }
  return {
    version: 8,
    // The faces are ours, from the same origin: Kyrgyz letters live in the extended one.
    "font-faces": {
      "Noto Sans": [
        { url: absolute(latin), "unicode-range": ["U+0000-00FF", "U+2000-206F", "U+2116"] },
        { url: absolute(regular), "unicode-range": ["U+0400-045F"] },
        { url: absolute(extended), "unicode-range": ["U+0460-052F"] },
      ],
    },
    sources,
    layers: [{ id: "background", type: "background", paint: { "background-color": c.ground } }, ...tiles, ...layers(c)],
  } as StyleSpecification;
}

function absolute(url: string): string {
  return new URL(url, location.href).href;
}

function layers(c: Colours): LayerSpecification[] {
  const dimmed = ["case", ["get", "dim"], 0.28, 1] as unknown as number;
  const partyColour = ["match", ["get", "party"], "respondent", c.respondent, c.protected] as unknown as string;
  return [
    { id: "ground-area", type: "fill", source: "ground", filter: ["==", ["geometry-type"], "Polygon"], paint: { "fill-color": c.block } },
    {
      id: "ground-line",
      type: "line",
      source: "ground",
      filter: ["==", ["geometry-type"], "LineString"],
      paint: {
        "line-color": ["case", ["==", ["get", "kind"], "avenue"], c.major, c.line] as unknown as string,
        "line-width": ["interpolate", ["linear"], ["zoom"], 10, 0.4, 13, 1, 16, 4] as unknown as number,
      },
    },
    {
      id: "ground-label",
      type: "symbol",
      source: "ground",
      minzoom: 13.2,
      filter: ["all", ["==", ["geometry-type"], "Point"], ["has", "name"]],
      layout: { "text-field": ["get", "name"] as unknown as string, "text-font": FONT, "text-size": 11 },
      paint: { "text-color": c.label, "text-opacity": 0.65, "text-halo-color": c.halo, "text-halo-width": 1.2 },
    },
    { id: "zone-fill", type: "fill", source: "zones", paint: { "fill-color": c.zone, "fill-opacity": ["case", ["get", "selected"], 0.16, 0.06] as unknown as number } },
    { id: "zone-line", type: "line", source: "zones", paint: { "line-color": c.zone, "line-width": ["case", ["get", "selected"], 1.8, 1] as unknown as number, "line-opacity": ["case", ["get", "dim"], 0.25, ["get", "selected"], 1, 0.6] as unknown as number, "line-dasharray": [5, 2] } },
    {
      id: "zone-label",
      type: "symbol",
      source: "zones",
      filter: ["get", "selected"],
      layout: { "text-field": ["get", "label"] as unknown as string, "text-font": FONT, "text-size": 11 },
      paint: { "text-color": c.zone, "text-halo-color": c.halo, "text-halo-width": 1.4, "text-opacity": dimmed },
    },
    {
      id: "ring-warning",
      type: "line",
      source: "rings",
      filter: ["==", ["get", "ring"], "warning"],
      paint: { "line-color": c.p2, "line-width": 1.2, "line-dasharray": [2, 3], "line-opacity": dimmed },
    },
    {
      id: "ring-order",
      type: "line",
      source: "rings",
      filter: ["==", ["get", "ring"], "order"],
      paint: {
        // Calm until there is a reason: then the colour of the worst signal that waits.
        "line-color": ["match", ["get", "worst"], 1, c.p1, 2, c.p2, c.protected] as unknown as string,
        "line-width": ["case", ["get", "selected"], 2.6, ["==", ["get", "worst"], 1], 2, 1] as unknown as number,
        "line-opacity": ["case", ["get", "dim"], 0.2, ["<=", ["get", "worst"], 2], 1, 0.55] as unknown as number,
      },
    },
    {
      id: "circle-fill",
      type: "fill",
      source: "circles",
      filter: ["!", ["get", "stale"]],
      paint: { "fill-color": partyColour, "fill-opacity": ["case", ["get", "dim"], 0.05, 0.16] as unknown as number },
    },
    {
      id: "circle-hatch",
      type: "fill",
      source: "circles",
      filter: ["get", "stale"],
      paint: { "fill-pattern": ["concat", "hatch-", ["get", "party"]] as unknown as string, "fill-opacity": dimmed },
    },
    { id: "circle-line", type: "line", source: "circles", paint: { "line-color": partyColour, "line-width": 1, "line-opacity": dimmed } },
    {
      id: "track",
      type: "line",
      source: "tracks",
      filter: ["!", ["get", "gap"]],
      layout: { "line-cap": "round", "line-join": "round" },
      paint: { "line-color": partyColour, "line-width": 2.2, "line-opacity": 0.8 },
    },
    {
      id: "track-gap",
      type: "line",
      source: "tracks",
      filter: ["get", "gap"],
      paint: { "line-color": partyColour, "line-width": 1.2, "line-opacity": 0.55, "line-dasharray": [1, 4] },
    },
    { id: "link", type: "line", source: "links", paint: { "line-color": c.ink, "line-width": 1.2, "line-opacity": 0.7 } },
    {
      id: "link-label",
      type: "symbol",
      source: "links",
      layout: { "symbol-placement": "line-center", "text-field": ["get", "label"] as unknown as string, "text-font": FONT, "text-size": 12, "text-offset": [0, -0.9] },
      paint: { "text-color": c.ink, "text-halo-color": c.halo, "text-halo-width": 2 },
    },
    {
      id: "party",
      type: "symbol",
      source: "parties",
      layout: {
        "icon-image": ["get", "icon"] as unknown as string,
        "icon-allow-overlap": true,
        "symbol-sort-key": ["case", ["get", "selected"], 0, ["get", "worst"]] as unknown as number,
        "text-field": ["step", ["zoom"], ["case", ["get", "labelled"], ["get", "text"], ""], 13, ["get", "text"]] as unknown as string,
        "text-font": FONT,
        "text-size": 12,
        "text-anchor": "left",
        "text-justify": "left",
        "text-offset": [1.1, 0],
        "text-optional": true,
      },
      paint: {
        "icon-opacity": dimmed,
        "text-opacity": dimmed,
        "text-color": c.label,
        "text-halo-color": c.halo,
        "text-halo-width": 1.8,
      },
    },
  ];
}
