// Drawing areas. The fields of the form are the truth: hands may write them, the map writes and reads the same ones.
import { AttributionControl, Map as MapLibre, ScaleControl, setWorkerUrl, type GeoJSONSource, type LngLat } from "maplibre-gl";
import workerUrl from "maplibre-gl/dist/maplibre-gl-worker.mjs?url";
import type { Feature, FeatureCollection } from "geojson";
import { getJson } from "../live/fetching";
import { word } from "../words";
import { circle } from "./data";
import { named } from "./ground";
import { colours, style } from "./style";

setWorkerUrl(new URL(workerUrl, location.href).href);

type Point = [number, number]; // longitude, latitude
const BISHKEK: Point = [74.6, 42.87];
const DEGREES = /^\s*(-?\d{1,2}(?:\.\d+)?)\s*[,; ]\s*(-?\d{1,3}(?:\.\d+)?)\s*$/;
const METRES_PER_DEGREE = 111_195;

/** One area's fields. */
class Row {
  private readonly points: HTMLTextAreaElement;
  private readonly radius: HTMLInputElement;
  private readonly chooser: HTMLInputElement;

  constructor(readonly element: HTMLElement) {
    this.points = element.querySelector("[data-zone-points]")!;
    this.radius = element.querySelector("[data-zone-radius]")!;
    this.chooser = element.querySelector("[data-zone-choose]")!;
  }

  get chosen(): boolean {
    return this.chooser.checked;
  }

  get round(): boolean {
    return this.element.querySelector<HTMLInputElement>("input[value=polygon]")?.checked !== true;
  }

  read(): Point[] {
    const found: Point[] = [];
    for (const line of this.points.value.split("\n")) {
      const match = DEGREES.exec(line);
      if (match) found.push([Number(match[2]), Number(match[1])]);
    }
    return found;
  }

  write(points: Point[]): void {
    this.points.value = points.map(([lon, lat]) => `${lat.toFixed(6)}, ${lon.toFixed(6)}`).join("\n");
  }

  get radiusM(): number {
    return Number(this.radius.value) || 0;
  }

  set radiusM(metres: number) {
    this.radius.value = metres ? String(Math.round(metres)) : "";
  }

  /** A circle: first its middle, then a point of its edge. A polygon: corner by corner. */
  add(point: Point): void {
    const points = this.read();
    const middle = points[0];
    if (!this.round) this.write([...points, point]);
    else if (!middle || this.radiusM) {
      this.write([point]);
      if (!middle) this.radiusM = 0;
    } else this.radiusM = metresBetween(middle, point);
  }

  undo(): void {
    if (this.round && this.radiusM) this.radiusM = 0;
    else this.write(this.read().slice(0, -1));
  }

  clear(): void {
    this.write([]);
    this.radiusM = 0;
  }
}

export class DrawView {
  private readonly map: MapLibre;
  private readonly rows: Row[];
  private ground: Feature[] = [];

  constructor(private readonly element: HTMLElement) {
    this.rows = [...document.querySelectorAll<HTMLElement>("[data-zone-row]")].map((row) => new Row(row));
    this.map = new MapLibre({
      container: element.querySelector<HTMLElement>("[data-canvas]")!,
      style: this.style(),
      center: BISHKEK,
      zoom: 12,
      attributionControl: false,
      dragRotate: false,
      pitchWithRotate: false,
      touchPitch: false,
      fadeDuration: 0,
      maxZoom: 18,
      locale: { "Map.Title": word("map_title"), "ScaleControl.Meters": word("unit_m"), "ScaleControl.Kilometers": word("unit_km") },
    });
    this.map.touchZoomRotate.disableRotation();
    this.map.addControl(new ScaleControl({ maxWidth: 140, unit: "metric" }), "bottom-left");
    this.map.addControl(new AttributionControl({ compact: false }), "bottom-right");
    this.map.on("style.load", () => this.draw());
    this.map.on("click", (event) => this.put(event.lngLat));
    this.map.getCanvas().addEventListener("keydown", (event) => {
      if (event.key !== "Enter") return;
      event.preventDefault();
      this.put(this.map.getCenter());
    });
    this.bindTools();
    for (const row of this.rows) {
      row.element.addEventListener("input", () => this.draw());
      row.element.addEventListener("focusin", () => this.choose(row));
    }
    this.mark();
    new ResizeObserver(() => this.map.resize()).observe(element);
    const ground = element.dataset["ground"];
    if (ground) void getJson<FeatureCollection>(ground).then((found) => this.setGround(named(found)));
    if (this.rows.some((row) => row.read().length > 0)) this.fit();
  }

  restyle(): void {
    this.map.setStyle(this.style(), { diff: false });
  }

  private style() {
    return style(this.element.dataset["tiles"] ?? "", this.element.dataset["attribution"] ?? "");
  }

  private setGround(features: Feature[]): void {
    this.ground = features;
    this.draw();
  }

  private put(place: LngLat): void {
    const row = this.rows.find((one) => one.chosen) ?? this.rows[0];
    row?.add([place.lng, place.lat]);
    this.draw();
  }

  private choose(row: Row): void {
    const chooser = row.element.querySelector<HTMLInputElement>("[data-zone-choose]")!;
    chooser.checked = true;
    this.mark();
    this.draw();
  }

  private mark(): void {
    for (const row of this.rows) row.element.toggleAttribute("data-chosen", row.chosen);
  }

  private bindTools(): void {
    const chosen = () => this.rows.find((one) => one.chosen);
    const tools: Record<string, () => void> = {
      in: () => this.map.zoomTo(this.map.getZoom() + 1, { animate: false }),
      out: () => this.map.zoomTo(this.map.getZoom() - 1, { animate: false }),
      all: () => this.fit(),
      point: () => this.put(this.map.getCenter()),
      undo: () => chosen()?.undo(),
      clear: () => chosen()?.clear(),
    };
    for (const button of this.element.querySelectorAll<HTMLButtonElement>("[data-draw-tool]")) {
      button.addEventListener("click", () => {
        tools[button.dataset["drawTool"] ?? ""]?.();
        this.draw();
      });
    }
  }

  private fit(): void {
    const points = this.rows.flatMap((row) => {
      const found = row.read();
      return row.round && found[0] && row.radiusM ? circle(found[0][0], found[0][1], row.radiusM)[0]! : found;
    });
    if (points.length === 0) return;
    const lons = points.map(([lon]) => lon);
    const lats = points.map(([, lat]) => lat);
    const box: [number, number, number, number] = [Math.min(...lons), Math.min(...lats), Math.max(...lons), Math.max(...lats)];
    this.map.fitBounds(box, { padding: 50, maxZoom: 16, animate: false });
  }

  private draw(): void {
    if (!this.map.style || !this.map.getSource("ground")) return;
    this.map.getSource<GeoJSONSource>("ground")?.setData({ type: "FeatureCollection", features: this.ground });
    const data: FeatureCollection = { type: "FeatureCollection", features: this.rows.flatMap((row) => shapes(row)) };
    const known = this.map.getSource<GeoJSONSource>("drawn");
    if (known) return void known.setData(data);
    const c = colours();
    const chosen = ["case", ["get", "chosen"], c.p1, c.zone] as unknown as string;
    this.map.addSource("drawn", { type: "geojson", data });
    const polygon = ["==", ["geometry-type"], "Polygon"] as unknown as boolean;
    this.map.addLayer({ id: "drawn-fill", type: "fill", source: "drawn", filter: polygon, paint: { "fill-color": chosen, "fill-opacity": 0.18 } });
    this.map.addLayer({ id: "drawn-line", type: "line", source: "drawn", paint: { "line-color": chosen, "line-width": 2 } });
    this.map.addLayer({
      id: "drawn-points",
      type: "circle",
      source: "drawn",
      filter: ["==", ["geometry-type"], "Point"],
      paint: { "circle-radius": 5, "circle-color": chosen, "circle-stroke-color": c.halo, "circle-stroke-width": 2 },
    });
  }
}

function shapes(row: Row): Feature[] {
  const points = row.read();
  const properties = { chosen: row.chosen };
  const corners: Feature[] = points.map((point) => ({ type: "Feature", geometry: { type: "Point", coordinates: point }, properties }));
  const first = points[0];
  if (!first) return [];
  if (row.round) {
    if (!row.radiusM) return corners;
    const coordinates = circle(first[0], first[1], row.radiusM);
    return [{ type: "Feature", geometry: { type: "Polygon", coordinates }, properties }, ...corners];
  }
  if (points.length === 2) return [{ type: "Feature", geometry: { type: "LineString", coordinates: points }, properties }, ...corners];
  if (points.length < 3) return corners;
  return [{ type: "Feature", geometry: { type: "Polygon", coordinates: [[...points, first]] }, properties }, ...corners];
}

function metresBetween(one: Point, other: Point): number {
  const east = (one[0] - other[0]) * Math.cos((((one[1] + other[1]) / 2) * Math.PI) / 180);
  return Math.hypot(east, one[1] - other[1]) * METRES_PER_DEGREE;
}
