// Farewell: nothing personal is left.

import { h, picture } from "../dom.js";
import { t } from "../words.js";

export const name = () => "cleared";
export const content = () => null;

export function draw() {
  return [h("div", { class: "farewell" }, picture("circle"), h("h1", { tabindex: "-1" }, t("cleared.title")), h("p", {}, t("cleared.text")), h("p", {}, t("cleared.take")))];
}
