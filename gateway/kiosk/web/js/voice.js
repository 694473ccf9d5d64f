// Spoken prompts: clips made at installation. Values are never spoken, other people may stand around.

import { currentLanguage } from "./words.js";

const player = new Audio();
let clips = null; // by language, the names there are; null: this kiosk has no voice
let latest = null;

// Asked again between visits: the clips may still be in the making when the page opens.
export async function loadVoice() {
  if (clips !== null) return;
  const answer = await fetch("/clips/index.json").catch(() => null);
  clips = answer?.ok ? await answer.json() : null;
}

export function hasVoice(name = latest) {
  return clips?.[currentLanguage()]?.[name] !== undefined;
}

export function speak(name) {
  latest = name;
  hush();
  if (!hasVoice()) return;
  player.src = `/clips/${currentLanguage()}/${name}.wav?${clips[currentLanguage()][name]}`;
  // Before the first touch a browser refuses to make a sound: then the button is there to hear it.
  player.play().catch((error) => { if (!["NotAllowedError", "AbortError"].includes(error.name)) clips = null; });
}

export function again() {
  speak(latest);
}

export function hush() {
  player.pause();
  player.removeAttribute("src");
}
