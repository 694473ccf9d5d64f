// One result: the value large, then word, shape and colour, what it means, what to do now, and who says so.

import { button, h, picture } from "../dom.js";
import { actions, gravestFirst, heading, primary, verdict } from "../parts.js";
import { say, t } from "../words.js";


export const name = (view) => `result/${view.result.measurement}`;
export const content = (view) => view.result;

export function draw(view, { act, can, draft, redraw }) {
  const { measurement, judged, mean_of: takes, following } = view.result;
  const next = following ? t("result.next", { name: t(`measurement.${following}`) }) : t("result.last");
  const buttons = actions(
    can("repeat") && button(t("result.again"), () => act("repeat"), { "data-act": "repeat" }),
    primary(next, () => act("next"), { "data-act": "next" }));
  if (judged.length === 0) {
    return [heading(t(`measurement.${measurement}`)), h("div", { class: "failed" }, picture("triangle"), h("h2", {}, t("result.failed")), h("p", {}, t("result.failed_text"))), buttons];
  }
  draft.open ??= judged.indexOf(gravestFirst(judged)[0]);
  const open = (index) => { draft.open = index; redraw(); };
  return [
    heading(t("result.title", { name: t(`measurement.${measurement}`) }), takes > 1 ? t("result.mean", { count: takes }) : null),
    h("div", { class: judged.length > 1 ? "results several" : "results" },
      judged.length > 1 ? h("div", { class: "tabs" }, judged.map((each, index) => tab(each, index, draft.open, open))) : null,
      panel(judged[draft.open])),
    buttons,
  ];
}

function tab(each, index, opened, open) {
  return button(
    [picture(each.shape), h("span", {}, say(each.label), h("b", {}, each.values.map((value) => value.shown).join("/"))), h("span", { class: "unseen" }, say(each.word))],
    () => open(index), { class: `tab ${each.level}`, "aria-pressed": String(index === opened), "data-judged": each.name });
}

function panel(each) {
  return h("article", { class: `panel ${each.level}` },
    h("div", { class: "values" },
      each.values.map((value) => each.values.length > 1
        ? h("div", { class: "labelled" }, h("span", {}, say(value.label), " ", h("small", {}, value.unit)), h("output", { class: "number" }, value.shown))
        : h("div", {}, h("output", { class: "number" }, value.shown), h("small", {}, value.unit))),
      verdict(each)),
    h("p", { class: "means" }, say(each.means)),
    h("div", { class: "now" },
      each.level === "danger" ? picture("octagon") : h("strong", {}, t("result.now")),
      h("p", {}, say(each.now))),
    h("p", { class: "source" }, t("result.source", { name: say(each.source) })));
}
