// The live map. It draws what `Places` holds; it decides nothing. A table beside it says the same in words.
import { AttributionControl, Map as MapLibre, ScaleControl, setWorkerUrl, type GeoJSONSource, type LngLatBoundsLike } from "maplibre-gl";
import workerUrl from "maplibre-gl/dist/maplibre-gl-worker.mjs?url";
import type { Feature } from "geojson";
import { ageSeconds, ageText } from "../ages";
import { word } from "../words";
import { circle, type OrderPlaces, type Party, type Tracks } from "./data";
import { isStale, metres } from "./measures";
import { colours, style, type SourceName } from "./style";
import { drawHatch, drawSymbol, RATIO, SYMBOLS } from "./symbols";

setWorkerUrl(new URL(workerUrl, location.href).href);

const BISHKEK: [number, number] = [74.6, 42.87];
const AGE_TICK_MS = 1000;
const AGE_TICK_MANY_MS = 5000;
const MANY = 500;

type Spot = { lon: number; lat: number };
export type MapEvents = { onPick: (orderId: string) => void };

export class MapView {
  private readonly map: MapLibre;
  private orders = new Map<string, OrderPlaces>();
  private tracks: Tracks["tracks"] = [];
  private focusId: string | null = null;
  private loaded = false;
  private fitted = false;
  private drawnAt = 0;
  private ground: Feature[] = [];

  constructor(
    container: HTMLElement,
    private readonly tileUrl: string,
    private readonly attribution: string,
    events: MapEvents,
  ) {
    this.map = new MapLibre({
      container,
      style: style(tileUrl, attribution),
      center: BISHKEK,
      zoom: 11.3,
      attributionControl: false,
      dragRotate: false,
      pitchWithRotate: false,
      touchPitch: false,
      fadeDuration: 0,
      maxZoom: 19,
      locale: { "Map.Title": word("map_title"), "ScaleControl.Meters": word("unit_m"), "ScaleControl.Kilometers": word("unit_km") },
    });
    this.map.touchZoomRotate.disableRotation();
    this.map.addControl(new ScaleControl({ maxWidth: 140, unit: "metric" }), "bottom-left");
    this.map.addControl(new AttributionControl({ compact: false }), "bottom-right");
    this.map.on("load", () => {
      this.loaded = true;
      this.addImages();
      this.draw();
    });
    this.map.on("click", "party", (event) => {
      const id = event.features?.[0]?.properties["order"];
      if (typeof id === "string") events.onPick(id);
    });
    this.map.on("mouseenter", "party", () => (this.map.getCanvas().style.cursor = "pointer"));
    this.map.on("mouseleave", "party", () => (this.map.getCanvas().style.cursor = ""));
    setInterval(() => this.tick(), AGE_TICK_MS);
    new ResizeObserver(() => this.map.resize()).observe(container);
  }

  setGround(features: Feature[]): void {
    this.ground = features;
    this.draw();
  }

  /** Replace all orders, or only those that changed. */
  setPlaces(orders: OrderPlaces[], complete: boolean): void {
    if (complete) this.orders = new Map();
    for (const order of orders) this.orders.set(order.id, order);
    this.draw();
    if (complete && !this.fitted && this.orders.size > 0) {
      this.fitted = true;
      if (this.focusId) this.showFocus(false);
      else this.fitAll(false);
    }
  }

  setTracks(tracks: Tracks["tracks"]): void {
    this.tracks = tracks;
    this.draw();
  }

  /** Put one order in front; the others stay, dimmed. */
  focus(orderId: string | null, move: boolean): void {
    this.focusId = orderId;
    this.tracks = [];
    this.draw();
    if (move && orderId) this.showFocus(true);
  }

  get focused(): string | null {
    return this.focusId;
  }

  showFocus(animate: boolean): void {
    const order = this.focusId ? this.orders.get(this.focusId) : undefined;
    if (order) this.fit([...order.parties, ...ringEdges(order)], animate, 15.5);
  }

  fitAll(animate: boolean): void {
    this.fit([...this.orders.values()].flatMap((order) => order.parties), animate, 14);
  }

  zoom(by: number): void {
    this.map.zoomTo(this.map.getZoom() + by, { animate: false });
  }

  restyle(): void {
    this.loaded = false;
    this.map.setStyle(style(this.tileUrl, this.attribution), { diff: false });
    this.map.once("style.load", () => {
      this.loaded = true;
      this.addImages();
      this.draw();
    });
  }

  private fit(parties: Spot[], animate: boolean, maxZoom: number): void {
    const first = parties[0];
    if (!first) return;
    const box = { west: first.lon, east: first.lon, south: first.lat, north: first.lat };
    for (const { lon, lat } of parties) {
      box.west = Math.min(box.west, lon);
      box.east = Math.max(box.east, lon);
      box.south = Math.min(box.south, lat);
      box.north = Math.max(box.north, lat);
    }
    const bounds: LngLatBoundsLike = [box.west, box.south, box.east, box.north];
    this.map.fitBounds(bounds, { padding: { top: 70, bottom: 70, left: 70, right: 120 }, maxZoom, animate: animate && !still(), duration: 250 });
  }

  private addImages(): void {
    const c = colours();
    for (const name of SYMBOLS) {
      const colour = name.startsWith("respondent") ? c.respondent : c.protected;
      this.map.addImage(name, drawSymbol(name, colour, c.halo), { pixelRatio: RATIO });
    }
    this.map.addImage("hatch-respondent", drawHatch(c.respondent), { pixelRatio: 2 });
    this.map.addImage("hatch-protected", drawHatch(c.protected), { pixelRatio: 2 });
  }

  private tick(): void {
    const due = this.orders.size > MANY ? AGE_TICK_MANY_MS : AGE_TICK_MS;
    if (document.visibilityState === "visible" && performance.now() - this.drawnAt >= due - 100) this.drawParties();
  }

  private draw(): void {
    if (!this.loaded) return;
    this.put("ground", this.ground);
    this.put("zones", this.zones());
    this.put("rings", this.rings());
    this.put("tracks", this.trackLines());
    this.put("links", this.links());
    this.drawParties();
  }

  private drawParties(): void {
    if (!this.loaded) return;
    this.drawnAt = performance.now();
    const parties = [...this.orders.values()].flatMap((order) => order.parties.map((party) => ({ order, party })));
    this.put("circles", parties.filter(({ party }) => party.accuracy_m).map(({ order, party }) => this.accuracy(order, party)));
    this.put("parties", parties.map(({ order, party }) => this.point(order, party)));
  }

  private put(name: SourceName, features: Feature[]): void {
    this.map.getSource<GeoJSONSource>(name)?.setData({ type: "FeatureCollection", features });
  }

  private dim(order: OrderPlaces): boolean {
    return this.focusId !== null && this.focusId !== order.id;
  }

  private zones(): Feature[] {
    return [...this.orders.values()].flatMap((order) =>
      order.zones.map((zone) => feature(zone.shape, { label: zone.label, kind: zone.kind, dim: this.dim(order), selected: order.id === this.focusId })),
    );
  }

  private rings(): Feature[] {
    return [...this.orders.values()].flatMap((order) =>
      order.rings.flatMap((ring) => {
        const centre = order.parties.find((party) => party.device === ring.centre);
        if (!centre) return [];
        const state = { dim: this.dim(order), selected: order.id === this.focusId, worst: order.worst ?? 9 };
        const rings = [feature(polygon(circle(centre.lon, centre.lat, ring.distance_m)), { ring: "order", ...state })];
        // Warning rings of everybody at once would be a carpet: they show with the order in hand.
        if (ring.warning_m && state.selected) {
          rings.push(feature(polygon(circle(centre.lon, centre.lat, ring.warning_m)), { ring: "warning", ...state }));
        }
        return rings;
      }),
    );
  }

  private accuracy(order: OrderPlaces, party: Party): Feature {
    const shape = polygon(circle(party.lon, party.lat, party.accuracy_m ?? 0));
    return feature(shape, { party: party.party, stale: isStale(party), dim: this.dim(order) });
  }

  private point(order: OrderPlaces, party: Party): Feature {
    const stale = isStale(party);
    const selected = order.id === this.focusId;
    return feature(
      { type: "Point", coordinates: [party.lon, party.lat] },
      {
        order: order.id,
        party: party.party,
        icon: stale ? `${party.party}-stale` : party.party,
        text: `${party.label}\n${ageText(ageSeconds(party.fixed_at))}`,
        selected,
        labelled: selected || order.worst === 1 || order.worst === 2,
        worst: order.worst ?? 9,
        dim: this.dim(order),
      },
    );
  }

  private trackLines(): Feature[] {
    return this.tracks.flatMap((track) => [
      ...track.pieces.map((piece) => feature({ type: "LineString", coordinates: piece }, { party: track.party, gap: false })),
      ...track.gaps.map((gap) => feature({ type: "LineString", coordinates: gap }, { party: track.party, gap: true })),
    ]);
  }

  private links(): Feature[] {
    const order = this.focusId ? this.orders.get(this.focusId) : undefined;
    if (!order || order.between_m === null) return [];
    const from = order.parties.find((party) => party.party === "respondent");
    const to = order.parties.find((party) => party.party === "protected");
    if (!from || !to) return [];
    return [
      feature(
        { type: "LineString", coordinates: [[from.lon, from.lat], [to.lon, to.lat]] },
        { label: metres(order.between_m) },
      ),
    ];
  }
}

/** The four outermost points of the ordered distance, so that it is seen whole. */
function ringEdges(order: OrderPlaces): Spot[] {
  return order.rings.flatMap((ring) => {
    const centre = order.parties.find((party) => party.device === ring.centre);
    const corners = centre ? (circle(centre.lon, centre.lat, ring.distance_m)[0] ?? []) : [];
    return [0, 18, 36, 54].flatMap((step) => (corners[step] ? [{ lon: corners[step][0], lat: corners[step][1] }] : []));
  });
}

function polygon(coordinates: [number, number][][]): Feature["geometry"] {
  return { type: "Polygon", coordinates };
}

function feature(geometry: Feature["geometry"], properties: Record<string, unknown>): Feature {
  return { type: "Feature", geometry, properties };
}

function still(): boolean {
  return matchMedia("(prefers-reduced-motion: reduce)").matches;
}
