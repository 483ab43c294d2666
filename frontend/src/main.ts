// One entry for every page; each part starts only where its element stands.
import "./styles/main.css";
import { tickAges } from "./ages";
import { startAnswering } from "./answering";
import { Desk } from "./desk/desk";
import { startDownloads } from "./downloads";
import { startDrafts } from "./drafts";
import { startKeys, type Keys } from "./keys";
import { getText, Refresher } from "./live/fetching";
import { Stream, type Change } from "./live/stream";
import type { CoverageView } from "./map/coverage";
import type { DrawView } from "./map/draw";
import { hasWebGl } from "./map/ground";
import { MapPane } from "./map/pane";
import { startPreferences } from "./preferences";
import { startPush } from "./push";
import { startRoad } from "./road";
import { startSounds } from "./sounds";
import { Strip } from "./strip";

const FIELD = "input:not([type=hidden]), textarea, select";
const paneElement = document.querySelector<HTMLElement>("[data-map]");
const deskElement = document.querySelector<HTMLElement>("[data-desk]");
const coverageElement = document.querySelector<HTMLElement>("[data-coverage]");
let coverage: CoverageView | null = null;
if (coverageElement) void startCoverage(coverageElement);
const drawElement = document.querySelector<HTMLElement>("[data-draw]");
let drawing: DrawView | null = null;
if (drawElement) void startDrawing(drawElement);
let desk: Desk | null = null;
const pane = paneElement ? new MapPane(paneElement, { onPick: (orderId) => desk?.pick(orderId) }) : null;
if (deskElement && pane) desk = new Desk(deskElement, pane);

startPreferences(() => {
  pane?.restyle();
  coverage?.restyle();
  drawing?.restyle();
});
startSounds(document.querySelector<HTMLButtonElement>("[data-sound-button]"));
tickAges();
setInterval(() => tickAges(), 1000);
startHelp(desk?.keys() ?? {});
startForms();
startAnswering();
startDownloads();
startDrafts();
startRoad();
startPush(document.querySelector<HTMLElement>("[data-push]"));
for (const button of document.querySelectorAll("[data-print]")) button.addEventListener("click", () => print());
if (document.body.dataset["live"]) startLive(document.body.dataset["live"]);

function startLive(url: string): void {
  const strip = new Strip();
  const sections = liveSections();
  const everything = () => {
    desk?.queue.refresh();
    pane?.refreshAll();
    strip.refresh();
    for (const section of sections) section.refresher.ask();
  };
  new Stream(url, document.body.dataset["after"] ?? "0", {
    onAlive: () => {
      strip.alive();
      everything();
    },
    onLost: () => strip.lost(),
    onResync: everything,
    onBye: () => location.reload(),
    onChange: (change) => {
      if (change.kind === "incident") {
        desk?.queue.refresh();
        strip.refresh();
      }
      if (change.kind === "platform") strip.refresh();
      if (change.kind === "fix") pane?.touch(change.subject);
      for (const section of sections) if (section.hears(change)) section.refresher.ask();
    },
  });
}

/** <section data-live="/url" data-hears="incident:ID device">: replaced by what the URL gives when one of these changes, or each data-every seconds. */
function liveSections() {
  return [...document.querySelectorAll<HTMLElement>("[data-live-section]")].map((element) => {
    const hears = (element.dataset["hears"] ?? "").split(" ");
    const refresher = new Refresher(async () => {
      const html = await getText(element.dataset["liveSection"]!);
      // A hand on a button, or a pointer above one (data-hold), must not lose it, nor a half-written form its words: wait until both are left.
      const held = element.matches("[data-hold]:hover");
      if (held || element.contains(document.activeElement) || element.querySelector(".ask[open]")) return void setTimeout(() => refresher.ask(), 1500);
      const open = [...element.querySelectorAll<HTMLDetailsElement>("details[data-keep][open]")].map((one) => one.dataset["keep"]);
      element.innerHTML = html;
      for (const one of element.querySelectorAll<HTMLDetailsElement>("details[data-keep]")) one.open = open.includes(one.dataset["keep"]);
      tickAges(element);
    }, 300);
    const everyS = Number(element.dataset["every"] ?? 0);
    if (everyS) setInterval(() => document.visibilityState === "visible" && refresher.ask(), everyS * 1000);
    return { refresher, hears: (change: Change) => hears.includes(change.kind) || hears.includes(`${change.kind}:${change.subject}`) };
  });
}

/** The map of cells; its table stands beside it in any case. */
async function startCoverage(element: HTMLElement): Promise<void> {
  const failed = () => (element.querySelector<HTMLElement>("[data-failed]")!.hidden = false);
  if (!hasWebGl()) return void failed();
  const { CoverageView } = await import("./map/coverage");
  try {
    coverage = new CoverageView(element);
    await coverage.load();
  } catch (error) {
    console.warn(error);
    failed();
  }
}

/** The map to draw areas on; the fields beside it do the same. */
async function startDrawing(element: HTMLElement): Promise<void> {
  const failed = () => (element.querySelector<HTMLElement>("[data-failed]")!.hidden = false);
  if (!hasWebGl()) return void failed();
  const { DrawView } = await import("./map/draw");
  try {
    drawing = new DrawView(element);
  } catch (error) {
    console.warn(error);
    failed();
  }
}

function startHelp(keys: Keys): void {
  const dialog = document.querySelector<HTMLDialogElement>("#help");
  const open = () => dialog?.showModal();
  for (const button of document.querySelectorAll("[data-help]")) button.addEventListener("click", open);
  startKeys({ ...keys, "?": open }, pageKey);
}

/** On any page: data-key="KeyA" marks what that key presses. Looked up at each press: live parts come and go. */
function pageKey(code: string): (() => void) | null {
  // Escape in an opened form closes the form: it must not throw away what was written by leaving the page.
  const form = document.activeElement?.closest<HTMLDetailsElement>(".ask[open]");
  if (code === "Escape" && form) {
    return () => {
      form.open = false;
      form.querySelector<HTMLElement>("summary")?.focus();
    };
  }
  const element = document.querySelector<HTMLElement>(`[data-key="${CSS.escape(code)}"]`);
  if (!element) return null;
  return () => {
    if (element.matches("textarea, input")) return element.focus();
    element.click();
    // What opened under the key is where the hand goes on: its first field.
    const opened = element.closest<HTMLDetailsElement>("summary")?.parentElement;
    if (opened instanceof HTMLDetailsElement && opened.open) opened.querySelector<HTMLElement>(FIELD)?.focus();
  };
}

/** A form goes once; an error summary takes the focus. */
function startForms(): void {
  // On the document: a form that came with a live part goes once, too.
  document.addEventListener("submit", (event) => {
    const form = event.target as HTMLFormElement;
    if (!form.matches("form[data-once]")) return;
    if (form.dataset["sent"] !== undefined) return event.preventDefault();
    form.dataset["sent"] = "";
    for (const button of form.querySelectorAll<HTMLButtonElement>("button")) button.setAttribute("aria-disabled", "true");
  });
  document.querySelector<HTMLElement>("[data-error-summary]")?.focus();
  for (const link of document.querySelectorAll<HTMLAnchorElement>("[data-error-summary] a")) {
    link.addEventListener("click", (event) => {
      const field = document.querySelector<HTMLElement>(link.hash);
      if (!field) return;
      event.preventDefault();
      field.focus();
    });
  }
  for (const select of document.querySelectorAll<HTMLSelectElement>("select[data-submits]")) {
    select.addEventListener("change", () => select.form?.requestSubmit());
  }
}
