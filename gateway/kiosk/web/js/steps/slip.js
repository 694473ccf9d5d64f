// Everything of this visit, to take along on paper or on a phone.

import { button, h, picture } from "../dom.js";
import { actions, gravestFirst, heading, primary } from "../parts.js";
import { say, t } from "../words.js";

const A_PAGE = 6; // results that fit beside the code; almost nobody has more
const A_LARGE_PAGE = 4;

export const name = () => "slip";
export const content = (view) => view.slip;

export function draw(view, { act, can, draft, redraw }) {
  const { judged, printing, qr, valid_minutes: count } = view.slip;
  const most = view.large_type ? A_LARGE_PAGE : A_PAGE;
  const pages = Math.ceil(judged.length / most);
  draft.page = Math.min(draft.page ?? 0, Math.max(0, pages - 1));
  const turn = () => { draft.page = (draft.page + 1) % pages; redraw(); };
  const shown = gravestFirst(judged).slice(draft.page * most, (draft.page + 1) * most);
  return [
    heading(t("slip.title")),
    h("div", { class: qr ? "slip with-code" : "slip" },
      h("ul", {}, shown.length ? shown.map(line) : h("li", { class: "none" }, t("slip.none"))),
      qr ? code(qr, count) : null),
    actions(
      can("more") && button(t("slip.more"), () => act("more"), { "data-act": "more" }),
      pages > 1 && button(t("slip.turn", { page: draft.page + 1, pages }), turn, { "data-act": "turn" }),
      printer(printing, act),
      primary(t("slip.finish"), () => act("finish"), { "data-act": "finish" })),
  ];
}

function line({ label, values, level, shape, word }) {
  return h("li", { class: level }, picture(shape),
    h("span", {}, say(label), values.length ? h("span", { class: "value" }, h("b", {}, values.map((value) => value.shown).join("/")), h("small", {}, values[0].unit)) : null),
    h("span", { class: `verdict ${level}` }, say(word)));
}

function code(qr, count) {
  return h("figure", {},
    h("img", { src: `data:image/svg+xml;utf8,${encodeURIComponent(qr)}`, alt: t("slip.scan") }),
    h("figcaption", {}, t("slip.scan"), h("span", {}, t("slip.valid", { count }))));
}

function printer(printing, act) {
  if (printing === "off") return null;
  if (printing === "under_way" || printing === "printed") return h("p", { class: "hint", role: "status" }, t(`slip.${printing}`));
  return button([picture("print"), t(printing === "failed" ? "slip.failed" : "slip.print")], () => act("print"), { "data-act": "print" });
}
