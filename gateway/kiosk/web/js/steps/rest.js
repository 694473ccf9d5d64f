// A calm countdown. The page counts on by itself, from when it was told.

import { button, h, picture, svg } from "../dom.js";
import { actions, heading, how } from "../parts.js";
import { t } from "../words.js";

const AROUND = 2 * Math.PI * 54;
let end = 0;
let timer = 0;

export const name = (view) => `rest/${view.rest.kind}/${view.rest.next_take}`;
export const content = (view) => [view.rest.kind, view.rest.next_take, view.rest.seconds_total];

export function update(view) {
  end = performance.now() + view.rest.seconds_left * 1000;
}

export function draw(view, { act, can }) {
  const { kind, next_take: take, seconds_total: total } = view.rest;
  const time = h("output", { class: "number", role: "timer", "aria-live": "off" });
  const ring = svg("circle", { cx: 60, cy: 60, r: 54, class: "done", "stroke-dasharray": AROUND });
  const count = () => {
    if (!time.isConnected && timer) { clearInterval(timer); timer = 0; return; }
    const left = Math.max(0, Math.ceil((end - performance.now()) / 1000));
    time.textContent = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
    ring.setAttribute("stroke-dashoffset", AROUND * (1 - left / total));
  };
  clearInterval(timer);
  timer = 0;
  count();
  timer = setInterval(count, 500);
  return [
    heading(t(`rest.${kind}.title`), t(`rest.${kind}.text`)),
    h("div", { class: "resting" },
      h("div", { class: "clock" },
        svg("svg", { viewBox: "0 0 120 120", "aria-hidden": "true" }, svg("circle", { cx: 60, cy: 60, r: 54 }), ring),
        h("div", {}, h("span", {}, t("rest.left")), time)),
      h("div", {}, picture("blood_pressure", "scene"), how(t("rest.how")))),
    actions(h("p", { class: "hint" }, t("rest.take", { count: take })), can("skip") && button(t("bar.skip"), () => act("skip"), { "data-act": "skip" })),
  ];
}
