/* The alert list, alert by alert: read again when something changed; the focus stays where it was. */
"use strict";

(function () {
  var maixun = window.maixun;
  var table = document.getElementById("alerts");
  var rows = document.getElementById("rows");
  var view = table.dataset.view;
  var waiting = null;

  function all(selector, within) {
    return Array.prototype.slice.call((within || document).querySelectorAll(selector));
  }

  function count() {
    table.parentNode.classList.toggle("is-empty", !rows.querySelector("tr[data-episode]"));
  }

  function afresh() {
    maixun.read("/alerts/rows?view=" + view, function (html) {
      var row = document.activeElement.closest("#rows tr"), at = row && row.dataset.episode;
      rows.innerHTML = html; // rendered by our own server, names escaped there
      window.htmx.process(rows);
      all("[data-of]", rows).forEach(function (one) {
        document.querySelector("[data-count=" + one.dataset.of + "]").textContent = one.dataset.n;
      });
      var again = at && document.getElementById("alert-" + at);
      if (again) { again.querySelector("[data-opens]").focus(); }
      count();
    });
  }

  maixun.on("alert", function (news) {
    if (news.state === "open" && news.tier === 1 && !document.getElementById("alert-" + news.episode_id)) { maixun.beep(); }
    clearTimeout(waiting);
    waiting = setTimeout(afresh, 200); // one reading for many changes
  });
  maixun.on("afresh", afresh);
  count();
}());
