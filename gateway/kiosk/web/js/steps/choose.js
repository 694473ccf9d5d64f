// What to measure: tick one or several, then start.

import { button, h, picture } from "../dom.js";
import { actions, heading, primary } from "../parts.js";
import { t } from "../words.js";

export const name = () => "choose";
export const content = (view) => view.choose;

export function draw(view, { act, draft, redraw }) {
  draft.chosen ??= [];
  const offers = view.choose.offers;
  const minutes = offers.filter((offer) => draft.chosen.includes(offer.measurement)).reduce((sum, offer) => sum + offer.minutes, 0);
  const tick = (measurement) => {
    draft.chosen = draft.chosen.includes(measurement) ? draft.chosen.filter((each) => each !== measurement) : [...draft.chosen, measurement];
    redraw();
  };
  return [
    heading(t("choose.title"), t("choose.text")),
    h("div", { class: "tiles" }, offers.map((offer) => tile(offer, draft.chosen, tick)), everything(offers, draft, redraw)),
    actions(
      h("p", { class: "hint" }, draft.chosen.length ? t("choose.minutes", { count: minutes }) : t("choose.none")),
      primary(t("choose.begin"), () => act("choose", { measurements: draft.chosen }), { disabled: draft.chosen.length === 0, "data-act": "choose" })),
  ];
}

function tile({ measurement, minutes, done }, chosen, tick) {
  return button(
    [
      picture(measurement),
      h("strong", {}, t(`measurement.${measurement}`)),
      h("span", { class: "small" }, done ? t("choose.done") : t("choose.minutes", { count: minutes })),
      h("span", { class: "tick", "aria-hidden": "true" }),
    ],
    () => tick(measurement),
    { class: "tile", "aria-pressed": String(chosen.includes(measurement)), "data-choice": measurement },
  );
}

function everything(offers, draft, redraw) {
  const wanted = offers.filter((offer) => !offer.done).map((offer) => offer.measurement);
  const all = () => { draft.chosen = wanted; redraw(); };
  return wanted.length > 1 && button(h("strong", {}, t("choose.all")), all, { class: "tile all", "data-act": "all" });
}
