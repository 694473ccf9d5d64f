// Parts that several steps draw.

import { button, h, picture } from "./dom.js";
import { say } from "./words.js";

export function heading(title, text) {
  return h("div", { class: "heading" }, h("h1", { tabindex: "-1" }, title), text ? h("p", {}, text) : null);
}

export function how(lines) {
  return h("ol", { class: "how" }, lines.map((line) => h("li", {}, line)));
}

export function actions(...buttons) {
  return h("div", { class: "actions" }, ...buttons);
}

export function primary(label, onclick, given = {}) {
  return button(label, onclick, { class: "primary", ...given });
}

// Never by colour alone: shape, word, and colour.
export function verdict({ shape, level, word }) {
  return h("span", { class: `verdict ${level}` }, picture(shape), say(word));
}

const GRAVITY = ["danger", "high", "attention", "normal"];

export function gravestFirst(judged) {
  return [...judged].sort((one, other) => GRAVITY.indexOf(one.level) - GRAVITY.indexOf(other.level));
}
