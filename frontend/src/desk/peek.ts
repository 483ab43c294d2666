// The selected signal in a few sentences under the map, fetched anew when it changes.
import { tickAges } from "../ages";
import { getText } from "../live/fetching";

export class Peek {
  private id: string | null = null;
  private readonly empty: string;

  constructor(private readonly element: HTMLElement) {
    this.empty = element.innerHTML;
  }

  async show(id: string | null): Promise<void> {
    this.id = id;
    this.element.classList.toggle("peek-empty", id === null);
    if (!id) {
      this.element.innerHTML = this.empty;
      return;
    }
    const template = this.element.dataset["url"]!;
    const html = await getText(template.replace("00000000-0000-0000-0000-000000000000", id));
    if (this.id !== id) return;
    this.element.innerHTML = html;
    tickAges(this.element);
  }

  refresh(id: string): void {
    if (id === this.id) void this.show(id);
  }
}
