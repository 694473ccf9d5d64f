// The line on top: who is here, masked; once a value was dangerous, what to do about it, on every page.

import { h, picture } from "./dom.js";
import { say, t } from "./words.js";

export function drawTop(view) {
  if (view.alarm) {
    const { label, word } = view.alarm;
    return [picture("octagon"), h("strong", { role: "alert" }, t("alarm", { label: say(label), word: say(word) }))];
  }
  return [h("span", { class: "brand" }, picture("idle"), t("brand")), view.person && h("span", { class: "person" }, greeting(view.person))].filter(Boolean);
}

function greeting({ way, shown }) {
  if (shown) return t("greeting", { name: shown });
  return way === "guest" ? t("guest") : t("card");
}
