// Waiting for the instrument: what to do in three short lines, and the cuff's pressure while it fills.

import { button, h, picture } from "../dom.js";
import { pad } from "../pad.js";
import { actions, heading, how } from "../parts.js";
import { say, t } from "../words.js";

export const name = (view) => `measure/${view.measure.measurement}/${view.measure.take}`;
export const content = (view) => view.measure;

export function live({ value, unit }) {
  const place = document.querySelector(".live");
  if (!place) return;
  place.classList.add("on");
  place.replaceChildren(h("span", {}, t("measure.live")), h("output", { class: "number", "aria-live": "off" }, String(Math.round(value)), h("small", {}, unit)));
}

export function draw(view, tools) {
  if (tools.draft.part !== undefined) return staff(view.measure, tools);
  const { measurement, take, takes, typed } = view.measure;
  const words = t(`measure.${measurement}`);
  return [
    heading(words.title, takes > 1 ? t("measure.take", { take }) : null),
    h("div", { class: "measuring" },
      picture(measurement, "scene"),
      h("div", {}, how(words.how), h("div", { class: "live" }, h("span", { class: "breath", "aria-hidden": "true" }), h("p", {}, t("measure.wait"))))),
    actions(
      typed.length > 0 && button(t("measure.typed"), () => { tools.draft.part = 0; tools.draft.values = {}; tools.redraw(); }, { class: "quiet", "data-act": "typed" }),
      tools.can("skip") && button(t("bar.skip"), () => tools.act("skip"), { "data-act": "skip" })),
  ];
}

// Staff type what the instrument shows: their code first, then one number a page.
function staff({ typed }, { act, draft, redraw }) {
  const beside = button(t("bar.back"), () => { for (const key of Object.keys(draft)) delete draft[key]; redraw(); }, { "data-act": "back" });
  if (draft.part === 0) {
    return [heading(t("measure.code")), pad({
      draft, redraw, beside, key: "code", longest: 8, hint: t("pad.typed", { count: (draft.code ?? "").length }),
      shown: (code) => "●".repeat(code.length), enough: (code) => code.length >= 4, ok: () => { draft.part = 1; redraw(); },
    })];
  }
  const { metric, label, number } = typed[draft.part - 1];
  const ok = async (text) => {
    draft.values[metric] = Number(text);
    draft.part += 1;
    if (draft.part <= typed.length) { redraw(); return; }
    const given = { code: draft.code, values: draft.values };
    for (const key of Object.keys(draft)) delete draft[key];
    await act("typed", given);
    redraw();
  };
  return [heading(t("measure.field", { name: say(label) })), pad({
    draft, redraw, beside, ok, key: `field-${metric}`, longest: 6, unit: number.unit, decimals: number.decimals, hint: t("pad.range", number),
    enough: (text) => text !== "" && Number(text) >= number.low && Number(text) <= number.high,
  })];
}
