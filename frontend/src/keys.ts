// Keys work everywhere but in fields, and never together with Ctrl, Alt or Meta: those belong to the browser.
export type Keys = Record<string, () => void>;

/** `more`: what else a key may do, asked at the press. */
export function startKeys(keys: Keys, more: (code: string) => (() => void) | null): void {
  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || event.defaultPrevented) return;
    const target = event.target as Element;
    if (target.closest("input, textarea, select, [contenteditable], .maplibregl-canvas") && event.key !== "Escape") return;
    if (event.key === "Enter" && target.closest("a, button, summary")) return;
    const action = keys[event.code] ?? keys[event.key] ?? more(event.code);
    if (!action || document.querySelector("dialog[open]")) return;
    event.preventDefault();
    action();
  });
}
