// Voices that cannot be taken for each other: what concerns a person rises or is high, what concerns a device is low. An
// approach rises and repeats; a device that needs somebody soon falls, twice; a technical sign is one low knock.
// Off until a person turns them on (browsers demand a press, and a desk must know that it listens).
import { remember } from "./preferences";
import { word } from "./words";

export type Voice = "critical" | "serious" | "device" | "technical";
type Note = { hz: number; at: number; length: number; shape: OscillatorType };

const VOICES: Record<Voice, Note[]> = {
  critical: [0, 0.55, 1.1].flatMap((at) => [
    { hz: 660, at, length: 0.16, shape: "triangle" },
    { hz: 880, at: at + 0.17, length: 0.24, shape: "triangle" },
  ]),
  serious: [
    { hz: 587, at: 0, length: 0.18, shape: "sine" },
    { hz: 587, at: 0.3, length: 0.18, shape: "sine" },
  ],
  device: [
    { hz: 262, at: 0, length: 0.16, shape: "sine" },
    { hz: 175, at: 0.2, length: 0.26, shape: "sine" },
  ],
  technical: [{ hz: 165, at: 0, length: 0.22, shape: "sine" }],
};

let context: AudioContext | null = null;
let wanted = document.documentElement.dataset["sound"] === "on";

// A serious signal of one of these kinds is still about a device: a flat battery must not sound like an approach.
const OF_A_DEVICE = ["battery", "check_in"];

export function voiceOf(priority: number, kind: string): Voice {
  if (priority === 1) return "critical";
  if (priority !== 2) return "technical";
  return OF_A_DEVICE.includes(kind) ? "device" : "serious";
}

export function play(voice: Voice): void {
  if (!wanted || !context || context.state !== "running") return;
  for (const note of VOICES[voice]) sound(context, note);
}

function sound(audio: AudioContext, note: Note): void {
  const start = audio.currentTime + note.at;
  const oscillator = audio.createOscillator();
  const gain = audio.createGain();
  oscillator.type = note.shape;
  oscillator.frequency.value = note.hz;
  gain.gain.setValueAtTime(0, start);
  gain.gain.linearRampToValueAtTime(0.28, start + 0.015);
  gain.gain.exponentialRampToValueAtTime(0.001, start + note.length);
  oscillator.connect(gain).connect(audio.destination);
  oscillator.start(start);
  oscillator.stop(start + note.length);
}

export function startSounds(button: HTMLButtonElement | null): void {
  if (!button) return;
  button.addEventListener("click", () => {
    // Wanted from an earlier day but still silent: this press is the permission, not a wish to turn it off.
    const audible = wanted && context?.state === "running";
    wanted = !audible;
    remember("sound", wanted ? "on" : "off");
    show(button);
    if (wanted) void wake().then(() => {
      play("serious");
      show(button);
    });
  });
  // A wish from an earlier day becomes audible with the first press anywhere; until then the button says "blocked".
  const first = () => void (wanted && wake().then(() => show(button)));
  addEventListener("pointerdown", first, { once: true });
  addEventListener("keydown", first, { once: true });
  show(button);
}

async function wake(): Promise<void> {
  context ??= new AudioContext();
  if (context.state !== "running") await context.resume();
}

function show(button: HTMLButtonElement): void {
  const state = !wanted ? "off" : context?.state === "running" ? "on" : "blocked";
  button.dataset["state"] = state;
  button.setAttribute("aria-pressed", String(state === "on"));
  const label = button.querySelector("span");
  if (label) label.textContent = word(`sound_${state}`);
}
