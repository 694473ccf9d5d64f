/* Single keys as shortcuts, and the table that explains them. They can be switched off, and never act while one types. */
"use strict";

window.maixunKeys = (function () {
  var table = document.getElementById("keys");
  var on = document.getElementById("keys-on");
  var actions = { "?": function () { table.showModal(); } };

  on.checked = localStorage.getItem("keys") !== "off";
  on.addEventListener("change", function () { localStorage.setItem("keys", on.checked ? "on" : "off"); });
  document.getElementById("keys-open").addEventListener("click", actions["?"]);

  document.addEventListener("keydown", function (event) {
    if (event.ctrlKey || event.altKey || event.metaKey || event.isComposing || !on.checked) { return; }
    if (event.target.closest("input, select, textarea, [contenteditable]") || document.querySelector("dialog[open]")) { return; }
    var action = actions[event.key];
    if (action) {
      event.preventDefault();
      action();
    }
  });

  return { on: function (key, action) { actions[key] = action; } };
}());
