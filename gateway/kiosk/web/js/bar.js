// The line at the bottom, the same on every page: hear it again, language, size of type, end.

import { button, h, picture } from "./dom.js";
import { again, hasVoice } from "./voice.js";
import { t } from "./words.js";

export function drawBar(view, { act, can }) {
  const other = view.language === "zh" ? "en" : "zh";
  return [
    hasVoice(view.prompt)
      ? button([picture("voice"), t("bar.repeat")], again, { "data-act": "voice" })
      : h("span", { class: "silent" }, picture("silent"), t("bar.silent")),
    button(t("bar.other"), () => act("language", { language: other }), { lang: other === "zh" ? "zh-CN" : "en", "data-act": "language" }),
    button(t(view.large_type ? "bar.smaller" : "bar.larger"), () => act("large_type", { on: !view.large_type }), { "data-act": "large_type" }),
    can("finish") && view.step !== "slip" && button(t("bar.finish"), () => act("finish"), { class: "end", "data-act": "finish" }),
  ].filter(Boolean);
}
