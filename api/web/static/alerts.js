/* The alert list: rows pushed by the feed, waiting times that tick, the dialog, and a sound for what is critical. */
"use strict";

(function () {
  var table = document.getElementById("alerts");
  var rows = document.getElementById("rows");
  var dialog = document.getElementById("dialog");
  var live = document.getElementById("live");
  var sound = document.getElementById("sound");
  var view = table.dataset.view;
  var patterns = table.dataset.units.split("|");
  var ahead = Date.parse(document.body.dataset.now) - Date.now(); // the desk's clock may be wrong
  var audio = null;

  var STATES = {
    now: ["open", "acknowledged", "shelved"],
    open: ["open"],
    acknowledged: ["acknowledged"],
    shelved: ["shelved"],
    recent: ["closed"]
  };

  function each(selector, action) {
    Array.prototype.forEach.call(document.querySelectorAll(selector), action);
  }

  function pad(n) { return n < 10 ? "0" + n : String(n); }

  function waited(since) {
    var s = Math.max(0, Math.floor((Date.now() + ahead - Date.parse(since)) / 1000));
    var d = Math.floor(s / 86400), h = Math.floor(s / 3600) % 24, m = Math.floor(s / 60) % 60;
    var pattern = d ? patterns[0] : h ? patterns[1] : patterns[2];
    return pattern.replace("{d}", d).replace("{h}", h).replace("{m}", h ? pad(m) : m).replace("{s}", pad(s % 60));
  }

  function tick() {
    each("[data-ticks]", function (time) { time.textContent = waited(time.dateTime); });
  }

  function parsed(html) {
    var body = document.createElement("tbody");
    body.innerHTML = html; // rendered by our own server, names escaped there
    return body;
  }

  function before(one, other) {
    if (view === "recent") { return true; }
    var first = one.dataset.state === "open", second = other.dataset.state === "open";
    if (first !== second) { return first; }
    if (one.dataset.tier !== other.dataset.tier) { return one.dataset.tier < other.dataset.tier; }
    return Date.parse(one.dataset.since) < Date.parse(other.dataset.since);
  }

  function place(row) {
    var next = Array.prototype.find.call(rows.querySelectorAll("tr"), function (other) {
      return !other.dataset.episode || before(row, other);
    });
    rows.insertBefore(row, next || null);
    window.htmx.process(row);
  }

  function absorb(alert) {
    var old = document.getElementById("alert-" + alert.episode_id);
    if (old && Number(old.dataset.revision) > alert.revision) { return; }
    var had = old && document.activeElement && old.contains(document.activeElement);
    if (old) { old.remove(); }
    if (STATES[view].indexOf(alert.state) >= 0) {
      var row = parsed(alert.row).querySelector("tr");
      row.classList.add("fresh");
      place(row);
      if (had) { row.querySelector("[data-opens]").focus(); }
    }
    if (alert.state === "open" && alert.tier === 1 && !old) { beep(); }
    warn(alert);
    tick();
    count();
  }

  function warn(alert) {
    var shown = dialog.querySelector("article");
    if (shown && Number(shown.dataset.episode) === alert.episode_id && Number(shown.dataset.revision) < alert.revision) {
      shown.querySelector("[data-stale]").hidden = false;
    }
  }

  function count() {
    if (view === "now") {
      var list = Array.prototype.slice.call(rows.querySelectorAll("tr[data-episode]"));
      each("[data-count]", function (place) {
        var states = STATES[place.dataset.count];
        place.textContent = list.filter(function (row) { return states.indexOf(row.dataset.state) >= 0; }).length;
      });
    }
    table.parentNode.classList.toggle("is-empty", !rows.querySelector("tr[data-episode]"));
  }

  function refetch() {
    fetch("/alerts/rows?view=" + view, { credentials: "same-origin", redirect: "manual" }).then(function (answer) {
      if (answer.type === "opaqueredirect") { location.assign("/sign-in?next=/alerts"); }
      return answer.ok ? answer.text() : null;
    }).then(function (html) {
      if (html === null) { return; }
      rows.innerHTML = html;
      window.htmx.process(rows);
      tick();
      count();
    });
  }

  function beep() {
    if (!audio) { return; }
    var tone = audio.createOscillator(), volume = audio.createGain();
    tone.frequency.value = 880;
    volume.gain.setValueAtTime(0.2, audio.currentTime);
    volume.gain.exponentialRampToValueAtTime(0.001, audio.currentTime + 0.6);
    tone.connect(volume).connect(audio.destination);
    tone.start();
    tone.stop(audio.currentTime + 0.6);
  }

  sound.addEventListener("click", function () {
    audio = audio ? null : new AudioContext(); // browsers allow sound only after a click
    sound.setAttribute("aria-pressed", String(Boolean(audio)));
    sound.textContent = audio ? sound.dataset.on : sound.dataset.off;
    beep();
  });

  document.addEventListener("click", function (event) {
    if (event.target.closest("[data-opens]")) {
      document.getElementById("dialog-body").textContent = "";
      dialog.showModal();
    }
  });

  function show(connected) {
    live.classList.toggle("on", connected);
    live.querySelector("span").textContent = connected ? live.dataset.on : live.dataset.off;
  }

  var worker = new SharedWorker(live.dataset.feed, "feed-" + document.body.dataset.language);
  worker.port.onmessage = function (event) {
    var message = event.data;
    if (message.kind === "alert") { absorb(message.alert); return; }
    show(message.kind === "open");
    if (message.kind === "open" || message.kind === "refused") { refetch(); }
  };
  window.addEventListener("pagehide", function () { worker.port.postMessage("bye"); });

  setInterval(tick, 1000);
  tick();
  count();
}());
