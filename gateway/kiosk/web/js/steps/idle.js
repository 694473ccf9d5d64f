// Welcome: one big button; a card works at once.

import { h, picture } from "../dom.js";
import { primary } from "../parts.js";
import { t } from "../words.js";

export const name = () => "idle";
export const content = () => null;

export function draw(_view, { act }) {
  return [
    h("div", { class: "welcome" }, picture("idle"), h("div", {}, h("h1", { tabindex: "-1" }, t("idle.title")), h("p", {}, t("idle.text")))),
    primary(t("idle.begin"), () => act("begin"), { class: "primary begin", "data-act": "begin" }),
    h("p", { class: "hint" }, picture("qr"), picture("id_card"), t("idle.hint")),
  ];
}
