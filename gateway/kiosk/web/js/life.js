// Whoever touches the screen is still here, also while typing, of which the gateway knows nothing.

const EVERY = 20000; // ms between two signs of life

export function stayAwake(tell) {
  let told = -Infinity;
  document.addEventListener("pointerdown", (event) => {
    if (event.timeStamp - told < EVERY) return;
    told = event.timeStamp;
    setTimeout(tell, 1000); // a touch that was an action has told it already
  });
}
