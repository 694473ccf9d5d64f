// One question: one of several, several of several, or a number.

import { button, h } from "../dom.js";
import { pad } from "../pad.js";
import { actions, heading, primary } from "../parts.js";
import { t } from "../words.js";

export const name = (view) => `ask/${view.ask.question}`;
export const content = (view) => view.ask;

export function draw(view, tools) {
  const { question, several, number } = view.ask;
  const skip = tools.can("skip") && button(t("bar.skip"), () => tools.act("skip"), { "data-act": "skip" });
  const top = heading(t(`ask.${question}.title`), t(`ask.${question}.text`));
  if (number) return [top, typed(number, tools, skip)];
  return several ? [top, ...ticked(view.ask, tools, skip)] : [top, one(view.ask, tools), actions(skip)];
}

function typed(number, { act, draft, redraw }, beside) {
  return pad({
    draft, redraw, beside, key: "number", longest: 6, unit: number.unit, decimals: number.decimals, hint: t("pad.range", number),
    enough: (text) => text !== "", ok: (text) => { delete draft.number; act("answer", { number: Number(text) }).then(redraw); },
  });
}

function one({ question, choices }, { act }) {
  return h("div", { class: "choices" }, choices.map((choice) =>
    button(t(`choice.${question}.${choice}`), () => act("answer", { choices: [choice] }), { class: "choice", "data-choice": choice })));
}

function ticked({ question, choices }, { act, draft, redraw }, skip) {
  draft.chosen ??= [];
  const tick = (choice) => {
    draft.chosen = draft.chosen.includes(choice) ? draft.chosen.filter((each) => each !== choice) : [...draft.chosen, choice];
    redraw();
  };
  const ok = primary(t(draft.chosen.length ? "choice.on" : "choice.none"), () => act("answer", { choices: draft.chosen }), { class: "primary choice", "data-act": "answer" });
  return [
    h("div", { class: "choices" }, choices.map((choice) => button(
      [t(`choice.${question}.${choice}`), h("span", { class: "tick", "aria-hidden": "true" })], () => tick(choice),
      { class: "choice", "aria-pressed": String(draft.chosen.includes(choice)), "data-choice": choice })), ok),
    actions(skip),
  ];
}
