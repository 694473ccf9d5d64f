// Draws the step that the gateway says, and nothing else.

import { drawBar } from "./bar.js";
import { draftOf, forget } from "./draft.js";
import { stayAwake } from "./life.js";
import { watchScanner } from "./scanner.js";
import { listen, post } from "./server.js";
import { steps } from "./steps.js";
import { drawTop } from "./top.js";
import { hush, loadVoice, speak } from "./voice.js";
import { warn } from "./warning.js";
import { loadWords, t, useLanguage } from "./words.js";
import { h, picture } from "./dom.js";

const SETTLE = 350; // ms in which a new page takes no touch: the second tap of a trembling finger was meant for the old one

const page = document.getElementById("page");
const lost = document.getElementById("lost");
let view = null;
let drawn = "";
let shownPage = "";
let spoken = "";
let settling = 0;
let newest = -1;
let running = null;

// A touch while another is under way is dropped: it was the same touch twice.
function act(action, given = {}) {
  running ??= send(action, given).finally(() => { running = null; });
  return running;
}

async function send(action, given = {}) {
  if (view === null) return;
  const next = await post({ step: view.step, action, ...given });
  if (next) show(next);
}

// A scanned card is never dropped.
async function scanned(code) {
  await running;
  await act("scan", { code });
}

function show(next) {
  if (next.revision < newest) return; // the stream and an answer may overtake each other
  newest = next.revision;
  view = next;
  lost.hidden = true;
  useLanguage(view.language);
  document.documentElement.classList.toggle("large", view.large_type);
  if (view.step === "cleared" || view.step === "idle") forget();
  if (view.step === "cleared") loadVoice();
  draw();
  warn(view, act);
  talk();
  page.dataset.revision = view.revision; // for whoever waits until it is drawn
}

function draw() {
  const step = steps[view.step];
  const name = step.name(view);
  step.update?.(view);
  const draft = draftOf(name);
  const content = () => JSON.stringify([name, step.content(view), draft, view.language, view.large_type, view.notice, view.person, view.alarm, view.actions]);
  if (content() === drawn) return;
  const tools = { act, draft, redraw: draw, can: (action) => view.actions.includes(action) };
  page.className = `step-${view.step}`;
  page.replaceChildren(...notice(), ...step.draw(view, tools));
  document.getElementById("top").replaceChildren(...drawTop(view));
  document.getElementById("top").classList.toggle("alarm", view.alarm !== null);
  document.getElementById("bar").replaceChildren(...drawBar(view, tools));
  drawn = content();
  settle(`${name}/${draft.part ?? ""}`);
}

// A page that is really another one takes no touch for a moment, then its heading has the focus.
function settle(name) {
  if (name === shownPage) return;
  shownPage = name;
  page.inert = true;
  clearTimeout(settling);
  settling = setTimeout(() => { page.inert = false; page.querySelector("h1")?.focus({ preventScroll: true }); }, SETTLE);
}

function notice() {
  return view.notice ? [h("p", { class: "notice", role: "alert" }, picture("triangle"), t(`notice.${view.notice}`))] : [];
}

// What is on the page aloud, once; the welcome only for those who ask.
function talk() {
  const name = view.warning !== null ? "warning" : view.notice ? `notice.${view.notice}` : view.prompt;
  const now = `${shownPage}/${name}/${view.language}`;
  if (now === spoken) return;
  spoken = now;
  if (view.step === "idle") hush();
  else speak(name);
}

function outOfOrder() {
  view = null;
  drawn = shownPage = spoken = "";
  forget();
  hush();
  for (const id of ["top", "page", "bar"]) document.getElementById(id).replaceChildren();
  document.getElementById("top").className = "";
  document.getElementById("warning").close();
  lost.replaceChildren(picture("octagon"), h("h1", {}, t("lost.title")), h("p", {}, t("lost.text")));
  lost.hidden = false;
}

await Promise.all([loadWords(), loadVoice()]);
useLanguage("zh");
watchScanner(scanned);
stayAwake(() => { if (view?.actions.includes("stay")) send("stay"); });
document.addEventListener("contextmenu", (event) => event.preventDefault());
listen({ opened: () => { newest = -1; }, state: show, live: (live) => view && steps[view.step].live?.(live), lost: outOfOrder });
