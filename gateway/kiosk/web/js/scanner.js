// The scanner is a keyboard that types a code within a moment and ends with Enter.
// `code` is the key itself, so an input method cannot swallow it; `timeStamp` is when the key was pressed, so nothing is
// lost when the page was busy drawing meanwhile.

const LONGEST_GAP = 120; // ms between two keys; slow scanners need 50, the fastest typist more than this on average
const SHORTEST_CODE = 6;
const SIGNS = {
  Minus: ["-", "_"], Equal: ["=", "+"], Period: [".", ">"], Comma: [",", "<"], Slash: ["/", "?"], Semicolon: [";", ":"],
  NumpadSubtract: ["-", "-"], NumpadDecimal: [".", "."], NumpadDivide: ["/", "/"], NumpadAdd: ["+", "+"],
};

export function character({ code, shiftKey }) {
  if (/^(Digit|Numpad)\d$/.test(code)) return code.slice(-1);
  if (/^Key[A-Z]$/.test(code)) return shiftKey ? code.slice(3) : code.slice(3).toLowerCase();
  return SIGNS[code]?.[shiftKey ? 1 : 0] ?? null;
}

export function watchScanner(scanned) {
  let typed = "";
  let last = -Infinity;
  window.addEventListener("keydown", (event) => {
    if (event.timeStamp - last > LONGEST_GAP) typed = "";
    if (event.code === "Enter" || event.code === "NumpadEnter") {
      if (typed.length >= SHORTEST_CODE) {
        event.preventDefault(); // or the button touched last would be pressed by it
        scanned(typed);
      }
      typed = "";
      return;
    }
    const sign = character(event);
    if (sign === null || event.ctrlKey || event.altKey || event.metaKey) return;
    typed += sign;
    last = event.timeStamp;
  }, true);
}
