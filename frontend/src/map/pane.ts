// The map pane of a page: data, map, table twin. The table is there at once; the map when its (large) code has come.
import { getJson, Refresher } from "../live/fetching";
import { hasWebGl, named } from "./ground";
import type { OrderPlaces, Places, Tracks } from "./data";
import { Twin } from "./twin";
import type { MapView } from "./view";
import type { FeatureCollection } from "geojson";

export type PaneEvents = { onPick: (orderId: string) => void };

export class MapPane {
  private view: MapView | null = null;
  private readonly twin: Twin | null;
  private readonly changed = new Set<string>();
  private everything = true;
  private focusId: string | null;
  private last: OrderPlaces[] = [];
  private readonly refresher: Refresher;
  private readonly trackRefresher: Refresher;

  constructor(
    private readonly element: HTMLElement,
    private readonly events: PaneEvents,
  ) {
    this.focusId = element.dataset["focus"] ?? null;
    const table = document.querySelector<HTMLElement>("[data-twin]");
    this.twin = table ? new Twin(table, (id) => events.onPick(id)) : null;
    this.refresher = new Refresher(() => this.load(), 400);
    this.trackRefresher = new Refresher(() => this.loadTracks(), 600);
    this.refresher.ask();
    void this.start();
    this.bindTools();
  }

  /** Somebody's place in this order changed. */
  touch(orderId: string): void {
    const only = this.element.dataset["only"];
    if (only && only !== orderId) return;
    this.changed.add(orderId);
    this.refresher.ask();
    if (orderId === this.focusId) this.trackRefresher.ask();
  }

  refreshAll(): void {
    this.everything = true;
    this.refresher.ask();
    this.trackRefresher.ask();
  }

  focus(orderId: string | null, move: boolean): void {
    this.focusId = orderId;
    this.view?.focus(orderId, move);
    if (orderId) this.trackRefresher.ask();
  }

  restyle(): void {
    this.view?.restyle();
  }

  /** The keyboard's way into the map. */
  enter(): void {
    if (this.view) this.element.querySelector<HTMLElement>("canvas")?.focus();
    else this.showTwin(true);
  }

  private async start(): Promise<void> {
    const canvas = this.element.querySelector<HTMLElement>("[data-canvas]")!;
    if (!hasWebGl()) return this.fail();
    const { MapView } = await import("./view");
    try {
      this.view = new MapView(canvas, this.element.dataset["tiles"] ?? "", this.element.dataset["attribution"] ?? "", this.events);
    } catch (error) {
      console.warn(error);
      return this.fail();
    }
    this.view.focus(this.focusId, false);
    this.view.setPlaces(this.last, this.last.length > 0);
    const ground = this.element.dataset["ground"];
    if (ground) this.view.setGround(named(await getJson<FeatureCollection>(ground)));
    if (this.focusId) this.trackRefresher.ask();
  }

  /** Without WebGL the table is the map, and the page says so. */
  private fail(): void {
    const notice = this.element.querySelector<HTMLElement>("[data-failed]");
    if (notice) notice.hidden = false;
    this.showTwin(true);
  }

  private showTwin(shown: boolean): void {
    this.twin?.toggle(shown);
    document.querySelector("[data-twin-toggle]")?.setAttribute("aria-expanded", String(shown));
  }

  private async load(): Promise<void> {
    const url = new URL(this.element.dataset["url"]!, location.href);
    const complete = this.everything;
    if (!complete) for (const id of this.changed) url.searchParams.append("order", id);
    this.everything = false;
    this.changed.clear();
    let orders: OrderPlaces[];
    try {
      orders = await inParts(url);
    } catch (error) {
      this.everything = true; // what was asked for is lost: next time fetch it all
      throw error;
    }
    if (complete) this.last = orders;
    else this.last = merge(this.last, orders);
    this.view?.setPlaces(orders, complete);
    this.twin?.setPlaces(orders, complete);
  }

  private async loadTracks(): Promise<void> {
    const id = this.focusId;
    const template = this.element.dataset["tracks"];
    if (!id || !template || !this.view) return;
    const { tracks } = await getJson<Tracks>(template.replace("00000000-0000-0000-0000-000000000000", id));
    if (id === this.focusId) this.view.setTracks(tracks);
  }

  private bindTools(): void {
    const actions: Record<string, () => void> = {
      in: () => this.view?.zoom(1),
      out: () => this.view?.zoom(-1),
      all: () => this.view?.fitAll(true),
      pair: () => this.view?.showFocus(true),
    };
    for (const button of this.element.querySelectorAll<HTMLButtonElement>("[data-map-tool]")) {
      button.addEventListener("click", () => actions[button.dataset["mapTool"] ?? ""]?.());
    }
    document.querySelector("[data-twin-toggle]")?.addEventListener("click", () => this.showTwin(!this.twin?.shown));
  }
}

/** All parts of an answer, before any is drawn: a map that fills piece by piece would look as if people came and went. */
async function inParts(url: URL): Promise<OrderPlaces[]> {
  const orders: OrderPlaces[] = [];
  for (let after: string | null = ""; after !== null; ) {
    if (after) url.searchParams.set("after", after);
    const part: Places = await getJson<Places>(url.href);
    orders.push(...part.orders);
    after = part.after;
  }
  return orders.sort((one, other) => (one.number < other.number ? -1 : 1));
}

function merge(before: OrderPlaces[], fresh: OrderPlaces[]): OrderPlaces[] {
  const ids = new Set(fresh.map((order) => order.id));
  return [...before.filter((order) => !ids.has(order.id)), ...fresh];
}
