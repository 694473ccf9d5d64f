// The words of the pages, both languages loaded at the start: switching must work with nobody to ask.

const books = {};
let language = "zh";

export async function loadWords() {
  for (const name of ["zh", "en"]) books[name] = await (await fetch(`/locale/${name}.json`)).json();
}

export function useLanguage(name) {
  language = name;
  document.documentElement.lang = name === "zh" ? "zh-CN" : "en";
  document.title = t("brand");
}

export function currentLanguage() {
  return language;
}

// t("pad.range", { low: 40 }): the sentence (or list) at that path, with its places filled.
export function t(path, values = {}) {
  const found = path.split(".").reduce((book, key) => book[key], books[language]);
  if (typeof found !== "string") return found;
  return found.replace(/\{(\w+)\}/g, (_, key) => values[key]);
}

// A `Text` of the view, which comes in both languages.
export function say(text) {
  return text[language];
}
