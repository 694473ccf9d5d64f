// The visit form: a meter's value is taken, one that is typed over it says so, rows for medicines, Ctrl+Enter stores.
"use strict";

const form = document.querySelector(".visit-form");

function mark(input) {
  const holder = input.closest(".field").querySelector(".origin");
  if (holder.querySelector("[data-offered]")) return;
  const same = Number(input.value) === Number(input.dataset.meter) && input.value !== "";
  holder.querySelector("[data-from-meter]").hidden = !same;
  holder.querySelector("[data-typed]").hidden = same;
}

for (const input of document.querySelectorAll("[data-meter]")) {
  mark(input);
  input.addEventListener("input", () => mark(input));
}

for (const button of document.querySelectorAll("[data-take]")) {
  button.addEventListener("click", () => {
    const input = document.getElementById(button.dataset.take);
    input.closest(".field").querySelector("input[type=hidden]").disabled = false;
    button.closest("[data-offered]").remove();
    input.value = input.dataset.meter;
    input.focus();
    for (const kind of ["input", "change"]) input.dispatchEvent(new Event(kind, { bubbles: true }));
  });
}

for (const button of document.querySelectorAll("[data-more]")) {
  button.addEventListener("click", () => {
    const row = button.closest(".medications").querySelector("tbody tr[hidden]");
    if (row) {
      row.hidden = false;
      row.querySelector("input").focus();
    }
    button.hidden = !button.closest(".medications").querySelector("tbody tr[hidden]");
  });
}

if (form) {
  let changed = false;
  form.addEventListener("input", () => { changed = true; });
  form.addEventListener("submit", () => { changed = false; });
  window.addEventListener("beforeunload", (event) => { if (changed) event.preventDefault(); });
  form.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit();
  });
  document.querySelector(".notice.bad[role=alert] a")?.focus();
}

document.querySelector("[data-print]")?.addEventListener("click", () => window.print());
