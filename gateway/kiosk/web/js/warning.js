// "Are you still here?": before everything is cleared, with the seconds that are left.

import { button, h } from "./dom.js";
import { t } from "./words.js";

const dialog = document.getElementById("warning");
dialog.addEventListener("cancel", (event) => event.preventDefault());
let timer = 0;

export function warn(view, act) {
  clearInterval(timer);
  if (view.warning === null) {
    dialog.close();
    dialog.replaceChildren();
    return;
  }
  const end = performance.now() + view.warning * 1000;
  const seconds = h("output", { class: "number", "aria-live": "off" });
  const count = () => { seconds.textContent = Math.max(0, Math.ceil((end - performance.now()) / 1000)); };
  count();
  timer = setInterval(count, 250);
  dialog.replaceChildren(
    h("h1", { id: "warning-title" }, t("warning.title")),
    h("p", {}, seconds, t("warning.text")),
    h("div", { class: "actions" },
      button(t("warning.finish"), () => act("finish"), { "data-act": "finish" }),
      button(t("warning.stay"), () => act("stay"), { class: "primary", autofocus: true, "data-act": "stay" })),
  );
  if (!dialog.open) dialog.showModal();
}
