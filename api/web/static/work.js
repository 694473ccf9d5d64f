/* The work list: rows pushed by the feed go to their place; focus, filters and the order of work stay. */
"use strict";

(function () {
  var maixun = window.maixun, keys = window.maixunKeys;
  var table = document.getElementById("work");
  var filters = document.getElementById("filters");
  var found = document.getElementById("found");
  var gone = {}; // when a resident was last read as having nothing to do
  var waiting = null;

  function all(selector, within) {
    return Array.prototype.slice.call((within || document).querySelectorAll(selector));
  }

  function wanted(row) {
    function has(name, list) {
      var value = filters.elements[name].value;
      return !value || list.split(" ").indexOf(value) >= 0;
    }
    var township = filters.elements.township.value;
    return has("tier", row.dataset.tiers) && has("cause", row.dataset.causes) && has("programme", row.dataset.programmes) &&
      (!township || township === row.dataset.township);
  }

  function parsed(html) {
    var body = document.createElement("tbody");
    body.innerHTML = html; // rendered by our own server, names escaped there
    return body.querySelector("tr");
  }

  function held() { // what has the focus, by resident and control, so that it can be found again
    var at = document.activeElement, row = at && at.closest && at.closest("tr[data-resident]");
    if (!row) { return null; }
    var rows = all("tr[data-resident]", table);
    return { resident: row.dataset.resident, key: at.dataset.key, next: rows.slice(rows.indexOf(row) + 1).map(function (r) { return r.dataset.resident; }) };
  }

  function give(focus) { // back to the same control, else the same resident, else whoever came next
    if (!focus || document.querySelector("dialog[open]")) { return; }
    var row = document.getElementById("resident-" + focus.resident);
    if (row) { ((focus.key && row.querySelector("[data-key='" + focus.key + "']")) || row.querySelector("[data-main]")).focus(); return; }
    var next = focus.next.map(function (id) { return document.getElementById("resident-" + id); }).filter(Boolean)[0];
    (next ? next.querySelector("[data-main]") : table.querySelector("h2")).focus();
  }

  function place(row) {
    var body = document.getElementById(row.dataset.section);
    var next = all("tr", body).filter(function (other) { return !other.dataset.order || row.dataset.order < other.dataset.order; })[0];
    if (next && next.className === "more") { return false; } // it lies beyond what is shown
    body.insertBefore(row, next || null);
    window.htmx.process(row);
    return true;
  }

  function count(section, by) {
    var place = table.querySelector("[data-count=" + section + "]");
    place.textContent = Math.max(0, Number(place.textContent) + by);
  }

  function absorb(news) {
    var old = document.getElementById("resident-" + news.resident_id);
    var last = old ? Number(old.dataset.read) : gone[news.resident_id] || 0;
    if (news.read_ms < last) { return; }
    if (!old && all(".more", table).length) { later(); } // it may be one of those not shown, and counted already
    var focus = held();
    if (old) { count(old.dataset.section, -1); old.remove(); }
    var row = news.row ? parsed(news.row) : null;
    if (row && wanted(row)) {
      row.classList.add("fresh");
      place(row);
      count(row.dataset.section, 1);
      lookers(row);
    } else {
      gone[news.resident_id] = news.read_ms;
    }
    if (news.state === "open" && news.tier === 1 && !old) { maixun.beep(); }
    give(focus);
  }

  function whose(row) { // a row is rendered once for all screens: whether it is another doctor's is seen here
    row.classList.toggle("of-another", row.dataset.doctor !== table.dataset.me);
  }

  function lookers(row) {
    whose(row);
    var line = row.querySelector("[data-lookers]");
    var names = JSON.parse(line.dataset.lookers).filter(function (one) { return String(one.staff_id) !== table.dataset.me; })
      .map(function (one) { return one.name; });
    line.hidden = !names.length;
    line.textContent = names.length ? line.dataset.says.replace("{names}", names.join(", ")) : "";
  }

  function looking(news) {
    var row = document.getElementById("resident-" + news.resident_id);
    if (!row) { return; }
    row.querySelector("[data-lookers]").dataset.lookers = JSON.stringify(news.by);
    lookers(row);
  }

  function afresh() {
    maixun.read("/work/rows?" + table.dataset.query, function (html) {
      var focus = held();
      all("tbody", table).forEach(function (body) { body.remove(); });
      table.insertAdjacentHTML("beforeend", html);
      window.htmx.process(table);
      all("tr[data-resident]", table).forEach(lookers);
      give(focus);
    });
  }

  function later() {
    clearTimeout(waiting);
    waiting = setTimeout(afresh, 1500);
  }

  function step(by) {
    var rows = all("tr[data-resident]", table);
    var at = document.activeElement.closest("tr[data-resident]");
    var next = rows[at ? rows.indexOf(at) + by : by > 0 ? 0 : rows.length - 1];
    if (next) {
      next.querySelector("[data-main]").focus();
      next.scrollIntoView({ block: "nearest" });
    }
  }

  keys.on("j", function () { step(1); });
  keys.on("k", function () { step(-1); });
  keys.on("o", function () {
    var row = document.activeElement.closest("tr[data-resident]");
    var button = row && row.querySelector("[data-first]");
    if (button) { button.click(); }
  });
  keys.on("/", function () { document.getElementById("name").focus(); });
  keys.on("f", function () { filters.elements.tier.focus(); });
  ["now", "today", "week"].forEach(function (section, n) {
    keys.on(String(n + 1), function () {
      var head = document.getElementById(section + "-head").querySelector("h2");
      var first = document.getElementById(section).querySelector("[data-main]");
      head.scrollIntoView({ block: "start" });
      (first || head).focus({ preventScroll: true });
    });
  });

  document.getElementById("name").addEventListener("keydown", function (event) {
    if (event.key === "Escape") { this.value = ""; found.textContent = ""; step(1); }
    if (event.key === "ArrowDown" && found.querySelector("a")) { event.preventDefault(); found.querySelector("a").focus(); }
  });
  filters.addEventListener("change", function () { filters.submit(); });
  document.body.addEventListener("htmx:after:swap", function () { all("tr[data-resident]", table).forEach(lookers); maixun.tick(); });

  all("tr[data-resident]", table).forEach(lookers);
  maixun.on("alert", absorb);
  maixun.on("resident", absorb);
  maixun.on("looking", looking);
  maixun.on("afresh", afresh);
}());
