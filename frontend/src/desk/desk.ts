// The desk: queue and map side by side, one selection for both.
import type { Keys } from "../keys";
import type { MapPane } from "../map/pane";
import { Peek } from "./peek";
import { Queue } from "./queue";

export class Desk {
  readonly queue: Queue;
  private readonly peek: Peek;

  constructor(
    private readonly root: HTMLElement,
    private readonly map: MapPane,
  ) {
    this.peek = new Peek(root.querySelector<HTMLElement>("[data-peek]")!);
    this.queue = new Queue(root.querySelector<HTMLOListElement>("[data-queue]")!, {
      onSelect: (row) => {
        void this.peek.show(row?.dataset["id"] ?? null);
        this.map.focus(row?.dataset["order"] ?? null, true);
      },
      onChanged: () => {
        const id = this.queue.selected?.dataset["id"];
        if (id) this.peek.refresh(id);
      },
    });
    this.bindTabs();
  }

  /** A place on the map was picked: select that order's worst signal, or only show the order. */
  pick(orderId: string): void {
    const row = this.queue.rows().find((candidate) => candidate.dataset["order"] === orderId) ?? null;
    if (row) {
      this.queue.select(row);
      row.scrollIntoView({ block: "nearest" });
    } else {
      this.queue.select(null);
      this.map.focus(orderId, true);
    }
  }

  keys(): Keys {
    return {
      KeyJ: () => this.queue.step(1),
      ArrowDown: () => this.queue.step(1),
      KeyK: () => this.queue.step(-1),
      ArrowUp: () => this.queue.step(-1),
      Enter: () => this.queue.open(),
      KeyA: () => this.queue.acknowledge(),
      KeyN: () => this.queue.showWaiting(),
      KeyM: () => {
        this.tab("map");
        this.map.enter();
      },
      Escape: () => {
        (document.activeElement as HTMLElement | null)?.blur();
        this.queue.select(null);
      },
    };
  }

  private bindTabs(): void {
    for (const button of this.root.querySelectorAll<HTMLButtonElement>("[role=tab]")) {
      button.addEventListener("click", () => this.tab(button.dataset["tab"]!));
    }
  }

  private tab(name: string): void {
    this.root.dataset["tab"] = name;
    for (const button of this.root.querySelectorAll<HTMLButtonElement>("[role=tab]")) {
      button.setAttribute("aria-selected", String(button.dataset["tab"] === name));
    }
  }
}
