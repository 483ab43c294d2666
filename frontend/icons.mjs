// Writes the icons that the desk uses, from lucide-static, into the console's package. Run: npm run icons
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const NAMES = [
  "activity", "arrow-left", "battery-warning", "bell", "check", "chevron-down", "circle-alert", "circle-check", "circle-help",
  "clock", "download", "eye", "file-text", "fingerprint", "keyboard", "key-round", "languages", "layers", "list", "locate-fixed",
  "lock", "log-out", "map", "map-pin", "maximize", "message-square", "minus", "monitor", "moon", "plus", "radio", "scan", "scroll-text",
  "search", "settings", "shield", "shield-alert", "smartphone", "sun", "table", "triangle-alert", "tv", "unplug", "user", "volume-2",
  "volume-x", "watch", "x", "zoom-in",
];
const from = (name) => fileURLToPath(new URL(`node_modules/lucide-static/icons/${name}.svg`, import.meta.url));
const shapes = {};
for (const name of NAMES) {
  const svg = readFileSync(from(name), "utf8").replace(/<!--[\s\S]*?-->/g, "");
  shapes[name] = svg.slice(svg.indexOf(">", svg.indexOf("<svg")) + 1, svg.lastIndexOf("</svg>")).replace(/\s*\n\s*/g, "");
}
const to = new URL("../src/aralyk/console/static/console/icons.json", import.meta.url);
writeFileSync(to, `${JSON.stringify(shapes, null, 1)}\n`);
