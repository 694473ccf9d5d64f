// The number pad: nobody needs a keyboard here.

import { button, h, picture } from "./dom.js";
import { t } from "./words.js";

// `beside`: a button that leads away. `typed` is read and written in `draft[key]`; `ok` gets it as text. `enough` tells whether OK may be touched.
export function pad({ draft, key, redraw, ok, longest, enough, hint, beside, unit = "", decimals = 0, shown = (typed) => typed }) {
  const typed = draft[key] ?? "";
  const put = (next) => { draft[key] = next; redraw(); };
  const add = (sign) => { if (typed.length < longest && fits(typed + sign, decimals)) put(typed + sign); };
  const digit = (sign) => button(sign, () => add(sign), { class: "key", "data-key": sign });
  return h("div", { class: "pad" },
    h("div", {},
      h("div", { class: "typed" },
        h("output", { class: typed ? "number" : "number empty" }, typed ? shown(typed) : t("pad.empty"), typed && unit ? h("small", {}, unit) : null),
        h("p", {}, hint)),
      beside),
    h("div", { class: "keys" },
      [..."123456789"].map(digit),
      decimals ? digit(".") : null,
      digit("0"),
      button([picture("erase"), h("span", { class: "unseen" }, t("pad.erase"))], () => put(typed.slice(0, -1)), { class: "key erase", "data-key": "erase", disabled: typed === "" }),
      button(t("pad.ok"), () => ok(typed), { class: "primary ok", "data-key": "ok", disabled: !enough(typed) })));
}

function fits(text, decimals) {
  return new RegExp(decimals ? `^\\d+(\\.\\d{0,${decimals}})?$` : "^\\d+$").test(text);
}
