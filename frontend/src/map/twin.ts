// The map in words: the same places as a table, for screen readers, for print, and where there is no WebGL.
import { ageSeconds, ageText } from "../ages";
import { word } from "../words";
import type { OrderPlaces, Party } from "./data";
import { isStale, metres } from "./measures";

export class Twin {
  private orders = new Map<string, OrderPlaces>();
  private readonly body: HTMLTableSectionElement;

  constructor(
    private readonly element: HTMLElement,
    private readonly onPick: (orderId: string) => void,
  ) {
    this.body = element.querySelector("tbody")!;
    setInterval(() => this.tick(), 1000);
  }

  setPlaces(orders: OrderPlaces[], complete: boolean): void {
    if (complete) this.orders = new Map();
    for (const order of orders) this.orders.set(order.id, order);
    this.render();
  }

  get shown(): boolean {
    return !this.element.hidden;
  }

  toggle(shown: boolean): void {
    this.element.hidden = !shown;
    this.render();
  }

  private render(): void {
    // Not while somebody reads a row with the keyboard: the focus would be lost.
    if (!this.shown || this.body.contains(document.activeElement)) return;
    const orders = [...this.orders.values()].sort((a, b) => (a.worst ?? 9) - (b.worst ?? 9) || a.number.localeCompare(b.number));
    this.body.replaceChildren(...orders.flatMap((order) => this.rows(order)));
  }

  private rows(order: OrderPlaces): HTMLTableRowElement[] {
    const placed = order.parties.map((party) => this.row(order, party));
    const placeless = order.placeless.map((party) =>
      this.tr(order, party.party, true, [party.label, word(party.withheld ? "withheld" : "never_placed"), "", "", ""]),
    );
    return [...placed, ...placeless];
  }

  private row(order: OrderPlaces, party: Party): HTMLTableRowElement {
    const row = this.tr(order, party.party, isStale(party), [
      party.label,
      "",
      party.accuracy_m === null ? word("unknown") : `± ${metres(party.accuracy_m)}`,
      word(`source_${party.source}`),
      party.party === "respondent" && order.between_m !== null ? metres(order.between_m) : "",
    ]);
    const cell = row.cells[3]!;
    cell.dataset["at"] = party.fixed_at;
    cell.dataset["staleAfter"] = String(party.stale_after_s);
    this.age(cell);
    return row;
  }

  private tr(order: OrderPlaces, party: Party["party"], stale: boolean, texts: string[]): HTMLTableRowElement {
    const row = document.createElement("tr");
    if (stale) row.dataset["stale"] = "";
    const head = document.createElement("th");
    head.scope = "row";
    const pick = document.createElement("button");
    pick.type = "button";
    pick.className = "button button-quiet";
    pick.textContent = order.number;
    pick.addEventListener("click", () => this.onPick(order.id));
    head.append(pick);
    const who = document.createElement("td");
    const symbol = document.querySelector<HTMLTemplateElement>(`template[data-party="${party}"]`);
    const span = document.createElement("span");
    span.className = "party";
    if (symbol) span.append(symbol.content.cloneNode(true));
    span.append(word(`party_${party}`));
    who.append(span);
    row.append(head, who, ...texts.map((text, index) => td(text, index > 0)));
    return row;
  }

  private tick(): void {
    if (!this.shown) return;
    for (const cell of this.body.querySelectorAll<HTMLElement>("td[data-at]")) this.age(cell);
  }

  private age(cell: HTMLElement): void {
    const seconds = ageSeconds(cell.dataset["at"]!);
    const stale = seconds > Number(cell.dataset["staleAfter"]);
    cell.textContent = stale ? `${ageText(seconds)} · ${word("stale")}` : ageText(seconds);
    const row = cell.closest("tr")!;
    if (stale) row.dataset["stale"] = "";
    else delete row.dataset["stale"];
  }
}

function td(text: string, number: boolean): HTMLTableCellElement {
  const cell = document.createElement("td");
  cell.textContent = text;
  if (number) cell.className = "number";
  return cell;
}
