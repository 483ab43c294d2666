// A form of questions with three answers: running progress, keys, and answers kept in this tab until they were sent.
// <form data-answering="key"> keeps; <… data-sent="key"> on the page of the result forgets. Only this tab's storage: it
// ends with the tab, and nothing of a person's answers stays in a shared browser.

type Kept = Record<string, string>;
const PREFIX = "answers.";
const KEYS: Record<string, number> = { Digit1: 0, Digit2: 1, Digit3: 2, Numpad1: 0, Numpad2: 1, Numpad3: 2 };

export function startAnswering(): void {
  const sent = document.querySelector<HTMLElement>("[data-sent]");
  if (sent) sessionStorage.removeItem(PREFIX + sent.dataset["sent"]);
  const form = document.querySelector<HTMLFormElement>("form[data-answering]");
  if (!form) return;
  const key = PREFIX + form.dataset["answering"];
  const forget = form.querySelector<HTMLButtonElement>("[data-forget]");
  restore(form, key);
  const changed = () => {
    sessionStorage.setItem(key, JSON.stringify(answersOf(form)));
    showProgress(form);
    if (forget) forget.hidden = false;
  };
  form.addEventListener("input", changed);
  form.addEventListener("keydown", (event) => answerByKey(event, changed));
  forget?.addEventListener("click", () => {
    sessionStorage.removeItem(key);
    location.reload();
  });
  form.querySelector<HTMLElement>("[data-kept]")!.hidden = false;
  showProgress(form);
}

/** What was kept fills what the server left empty: its own answer to a refused form is newer. */
function restore(form: HTMLFormElement, key: string): void {
  const text = sessionStorage.getItem(key);
  if (!text || document.querySelector("[data-error-summary]")) return;
  const kept = JSON.parse(text) as Kept;
  const forget = form.querySelector<HTMLButtonElement>("[data-forget]");
  if (forget) forget.hidden = false;
  for (const [name, value] of Object.entries(kept)) {
    const field = form.elements.namedItem(name);
    if (field instanceof RadioNodeList || field instanceof HTMLTextAreaElement || field instanceof HTMLInputElement) field.value = value;
  }
}

/** Everything but the token; the form's own id with it, so that the same form sent twice is kept once. */
function answersOf(form: HTMLFormElement): Kept {
  const found: Kept = {};
  for (const [name, value] of new FormData(form)) {
    if (typeof value === "string" && name !== "csrfmiddlewaretoken" && name !== "version") found[name] = value;
  }
  return found;
}

function showProgress(form: HTMLFormElement): void {
  const questions = [...form.querySelectorAll<HTMLElement>("[data-question]")].filter((one) => !one.closest("[data-uncounted]"));
  const given = questions.map((one) => one.querySelector<HTMLInputElement>("input:checked")?.value ?? "");
  const write = (name: string, count: number) => {
    const place = form.querySelector<HTMLElement>(`[data-${name}]`);
    if (place) place.textContent = String(count);
  };
  write("given", given.filter((value) => value !== "").length);
  write("missing", given.filter((value) => value === "" || value === "unknown").length);
}

/** 1, 2, 3 answer the question that has the focus and go on to the next. */
function answerByKey(event: KeyboardEvent, changed: () => void): void {
  const place = KEYS[event.code];
  const target = event.target as HTMLElement;
  const question = target.closest<HTMLElement>("[data-question]");
  if (place === undefined || !question || event.ctrlKey || event.metaKey || event.altKey) return;
  const choice = question.querySelectorAll<HTMLInputElement>("input[type=radio]")[place];
  if (!choice) return;
  event.preventDefault();
  event.stopPropagation();
  choice.checked = true;
  changed();
  const all = [...document.querySelectorAll<HTMLElement>("[data-question]")];
  const next = all[all.indexOf(question) + 1];
  (next?.querySelector<HTMLInputElement>("input:checked") ?? next?.querySelector<HTMLInputElement>("input"))?.focus();
}
