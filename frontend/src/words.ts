// Every sentence a script can say, rendered by the server in the page's language: there is no second catalogue.
const element = document.getElementById("words");
const words: Record<string, string> = element ? JSON.parse(element.textContent ?? "{}") : {};

/** The text for `key`, with `{name}` replaced by `values.name`. */
export function word(key: string, values: Record<string, string | number> = {}): string {
  const text = words[key];
  if (text === undefined) throw new Error(`no words for ${key}`);
  return text.replace(/\{(\w+)\}/g, (_, name: string) => String(values[name] ?? ""));
}
