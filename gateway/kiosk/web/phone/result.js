// A person's own results, read once from the address they scanned; nothing is kept on the phone.

import { h } from "/js/dom.js";
import { verdict } from "/js/parts.js";
import { currentLanguage, loadWords, say, t, useLanguage } from "/js/words.js";

const page = document.getElementById("page");

function card(each) {
  return h("article", { class: each.level },
    h("h2", {}, say(each.label)),
    h("p", { class: "value" }, each.values.map((value) => h("span", {}, h("b", {}, value.shown), ` ${value.unit}`)), verdict(each)),
    h("p", {}, say(each.means)),
    h("p", { class: "now" }, say(each.now)),
    h("p", { class: "quiet" }, t("result.source", { name: say(each.source) })));
}

function at(time) {
  const moment = new Date(time).toLocaleString(currentLanguage() === "zh" ? "zh-CN" : "en-GB", { dateStyle: "medium", timeStyle: "short" });
  return h("time", { datetime: time }, moment);
}

await loadWords();
const answer = await fetch(`${location.pathname}/data`, { cache: "no-store" });
if (answer.ok) {
  const { measured_at: measured, language, judged, valid_until: until } = await answer.json();
  useLanguage(language);
  page.replaceChildren(
    h("h1", {}, t("phone.title")),
    h("p", { class: "quiet" }, t("phone.measured"), " ", at(measured)),
    ...judged.map(card),
    h("p", {}, t("phone.keep")),
    h("p", { class: "quiet" }, t("phone.valid"), " ", at(until)));
} else {
  useLanguage("zh");
  page.replaceChildren(h("h1", {}, t("phone.gone")), h("p", {}, t("phone.gone_text")));
}
