/* The held list: opens the dialog whose content htmx fetches. */
"use strict";

document.addEventListener("click", function (event) {
  if (event.target.closest("[data-opens]")) {
    document.getElementById("dialog-body").textContent = "";
    document.getElementById("dialog").showModal();
  }
});
