// Where devices are heard: cells of about 500 m, coloured and hatched by how many of the expected reports came.
import { AttributionControl, Map as MapLibre, ScaleControl, setWorkerUrl, type ExpressionSpecification, type GeoJSONSource } from "maplibre-gl";
import workerUrl from "maplibre-gl/dist/maplibre-gl-worker.mjs?url";
import type { Feature, FeatureCollection } from "geojson";
import { getJson } from "../live/fetching";
import { word } from "../words";
import { named } from "./ground";
import { colours, FONT, style } from "./style";
import { drawHatch } from "./symbols";

setWorkerUrl(new URL(workerUrl, location.href).href);

type Cell = { lat: number; lon: number; devices: number; share: number; level: "poor" | "fair" | "well" };
// The grid of aralyk.tracking.health: half a cell to each side of its middle.
const HALF_LAT = 0.00225;
const HALF_LON = 0.003;
const NUMBERS_FROM_ZOOM = 12.2;

export class CoverageView {
  private readonly map: MapLibre;
  private cells: Cell[] = [];
  private ground: Feature[] = [];

  constructor(private readonly element: HTMLElement) {
    this.map = new MapLibre({
      container: element.querySelector<HTMLElement>("[data-canvas]")!,
      style: this.style(),
      center: [74.6, 42.87],
      zoom: 11,
      attributionControl: false,
      dragRotate: false,
      pitchWithRotate: false,
      touchPitch: false,
      fadeDuration: 0,
      maxZoom: 16,
      locale: { "Map.Title": word("map_title"), "ScaleControl.Meters": word("unit_m"), "ScaleControl.Kilometers": word("unit_km") },
    });
    this.map.touchZoomRotate.disableRotation();
    this.map.addControl(new ScaleControl({ maxWidth: 140, unit: "metric" }), "bottom-left");
    this.map.addControl(new AttributionControl({ compact: false }), "bottom-right");
    this.map.on("style.load", () => this.draw());
    const tools: Record<string, () => void> = {
      in: () => this.map.zoomTo(this.map.getZoom() + 1, { animate: false }),
      out: () => this.map.zoomTo(this.map.getZoom() - 1, { animate: false }),
      all: () => this.fit(),
    };
    for (const button of element.querySelectorAll<HTMLButtonElement>("[data-map-tool]")) {
      button.addEventListener("click", () => tools[button.dataset["mapTool"] ?? ""]?.());
    }
    new ResizeObserver(() => this.map.resize()).observe(element);
  }

  async load(): Promise<void> {
    this.cells = (await getJson<{ cells: Cell[] }>(this.element.dataset["url"]!)).cells;
    const ground = this.element.dataset["ground"];
    if (ground) this.ground = named(await getJson<FeatureCollection>(ground));
    this.fit();
    if (this.map.isStyleLoaded()) this.draw();
    else this.map.once("load", () => this.draw());
  }

  restyle(): void {
    this.map.setStyle(this.style(), { diff: false });
  }

  private style() {
    return style(this.element.dataset["tiles"] ?? "", this.element.dataset["attribution"] ?? "");
  }

  private fit(): void {
    if (this.cells.length === 0) return;
    const lats = this.cells.map((cell) => cell.lat);
    const lons = this.cells.map((cell) => cell.lon);
    const box: [number, number, number, number] = [least(lons) - HALF_LON, least(lats) - HALF_LAT, most(lons) + HALF_LON, most(lats) + HALF_LAT];
    this.map.fitBounds(box, { padding: 40, maxZoom: 13.5, animate: false });
  }

  private draw(): void {
    this.map.getSource<GeoJSONSource>("ground")?.setData({ type: "FeatureCollection", features: this.ground });
    const data = { type: "FeatureCollection" as const, features: this.cells.map(square) };
    const known = this.map.getSource<GeoJSONSource>("cells");
    if (known) return void known.setData(data);
    const c = colours();
    const colour: ExpressionSpecification = ["match", ["get", "level"], "poor", c.p1, "fair", c.p2, c.good];
    this.map.addSource("cells", { type: "geojson", data });
    if (!this.map.hasImage("hatch-poor")) this.map.addImage("hatch-poor", drawHatch(c.p1), { pixelRatio: 2 });
    this.map.addLayer({ id: "cell-fill", type: "fill", source: "cells", paint: { "fill-color": colour, "fill-opacity": 0.28 } });
    this.map.addLayer({ id: "cell-hatch", type: "fill", source: "cells", filter: ["==", ["get", "level"], "poor"], paint: { "fill-pattern": "hatch-poor" } });
    this.map.addLayer({ id: "cell-line", type: "line", source: "cells", paint: { "line-color": colour, "line-width": 1 } });
    this.map.addLayer({
      id: "cell-label",
      type: "symbol",
      source: "cells",
      minzoom: NUMBERS_FROM_ZOOM,
      layout: { "text-field": ["get", "label"], "text-font": FONT, "text-size": 12 },
      paint: { "text-color": c.label, "text-halo-color": c.halo, "text-halo-width": 1.6 },
    });
  }
}

function square(cell: Cell): Feature {
  const [west, east] = [cell.lon - HALF_LON, cell.lon + HALF_LON];
  const [south, north] = [cell.lat - HALF_LAT, cell.lat + HALF_LAT];
  const ring = [[west, south], [east, south], [east, north], [west, north], [west, south]];
  return { type: "Feature", geometry: { type: "Polygon", coordinates: [ring] }, properties: { level: cell.level, label: String(Math.round(cell.share * 100)) } };
}

function least(values: number[]): number {
  return values.reduce((found, value) => Math.min(found, value));
}

function most(values: number[]): number {
  return values.reduce((found, value) => Math.max(found, value));
}
