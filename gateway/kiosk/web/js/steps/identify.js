// Who is here: a card is laid down without touching anything; a number or a guest by touch.

import { button, h, picture } from "../dom.js";
import { pad } from "../pad.js";
import { heading } from "../parts.js";
import { t } from "../words.js";

const NUMBER = 11; // digits of a Chinese mobile number
const SHORTEST_PIN = 4;
const LONGEST_PIN = 6;

export const name = () => "identify";
export const content = (view) => view.identify;

export function draw(view, tools) {
  if (tools.draft.part === "number") return number(tools);
  if (tools.draft.part === "pin") return pin(tools);
  return ways(view.identify.ways, tools);
}

function ways(offered, { act, draft, redraw }) {
  const card = (way) => offered.includes(way) && h("div", { class: "way laid" }, picture(way), h("div", {}, h("strong", {}, t(`identify.${way}.name`)), h("p", {}, t(`identify.${way}.text`))));
  const touch = (way, onclick) => offered.includes(way) && button(
    [picture(way), h("span", {}, h("strong", {}, t(`identify.${way}.name`)), h("span", { class: "small" }, t(`identify.${way}.text`)))], onclick, { class: "way", "data-act": way });
  const cards = [card("qr"), card("id_card")].filter(Boolean);
  const touches = [touch("phone", () => { draft.part = "number"; redraw(); }), touch("guest", () => act("guest"))].filter(Boolean);
  return [
    heading(t("identify.title")),
    h("div", { class: "ways" },
      cards.length ? h("section", {}, h("h2", {}, t("identify.now")), cards) : null,
      touches.length ? h("section", {}, h("h2", {}, t("identify.or")), touches) : null),
  ];
}

function number({ draft, redraw }) {
  const missing = NUMBER - (draft.number ?? "").length;
  return [
    heading(t("identify.number")),
    pad({
      draft, redraw, key: "number", longest: NUMBER, hint: missing ? t("identify.length", { count: missing }) : "",
      shown: (typed) => [typed.slice(0, 3), typed.slice(3, 7), typed.slice(7)].filter(Boolean).join(" "),
      enough: (typed) => typed.length === NUMBER, ok: () => { draft.part = "pin"; redraw(); },
      beside: back(() => { delete draft.part; delete draft.number; redraw(); }),
    }),
  ];
}

function pin({ act, draft, redraw }) {
  const ok = async (typed) => {
    const given = { number: draft.number, pin: typed };
    for (const key of Object.keys(draft)) delete draft[key]; // neither stays on the page, whatever the answer is
    await act("phone", given);
    redraw();
  };
  return [
    heading(t("identify.pin")),
    pad({
      draft, redraw, ok, key: "pin", longest: LONGEST_PIN, hint: t("pad.typed", { count: (draft.pin ?? "").length }),
      shown: (typed) => "●".repeat(typed.length), enough: (typed) => typed.length >= SHORTEST_PIN,
      beside: back(() => { draft.part = "number"; delete draft.pin; redraw(); }),
    }),
  ];
}

function back(onclick) {
  return button(t("bar.back"), onclick, { "data-act": "back" });
}
