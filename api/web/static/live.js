/* What every live page shares: the feed's news, its indicator, waits that tick, the alert's dialog, sound, who looks. */
"use strict";

window.maixun = (function () {
  var live = document.getElementById("live");
  var sound = document.getElementById("sound");
  var dialog = document.getElementById("dialog");
  var patterns = live.dataset.units.split("|");
  var ahead = Date.parse(document.body.dataset.now) - Date.now(); // the desk's clock may be wrong
  var hearers = { alert: [], resident: [], looking: [], afresh: [] };
  var SAY_EVERY_MS = 25000; // the server forgets after 70 seconds without a word
  var audio = null, looked = null, saying = null, back = null, home = null;

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

  function sounding(wanted) { // whoever switched sound on once wants it on every page, and tomorrow
    audio = wanted ? new AudioContext() : null;
    localStorage.setItem("sound", wanted ? "on" : "off");
    sound.setAttribute("aria-pressed", String(wanted));
    sound.textContent = wanted ? sound.dataset.on : sound.dataset.off;
  }

  function wake(event) { // browsers allow sound only once something was clicked or typed on the page
    document.removeEventListener("pointerup", wake);
    document.removeEventListener("keyup", wake);
    if (event.target !== sound && !audio) { sounding(true); }
  }

  if (localStorage.getItem("sound") === "on") {
    sound.textContent = sound.dataset.soon;
    document.addEventListener("pointerup", wake);
    document.addEventListener("keyup", wake);
  }
  sound.addEventListener("click", function () {
    sounding(!audio);
    beep();
  });

  function say(resident, word) {
    fetch("/residents/" + resident + "/" + word, { method: "POST", credentials: "same-origin", keepalive: true });
  }

  function look(resident) { // say that this screen shows a resident, again and again until it does not
    if (looked === resident) { return; } // two words that overtake each other would say the opposite
    unlook();
    looked = resident;
    say(resident, "looking");
    saying = setInterval(function () { say(resident, "looking"); }, SAY_EVERY_MS);
  }

  function unlook() {
    if (looked === null) { return; }
    clearInterval(saying);
    say(looked, "left");
    looked = null;
  }

  document.addEventListener("click", function (event) {
    var opener = event.target.closest("[data-opens]");
    if (!opener) { return; }
    document.getElementById("dialog-body").textContent = "";
    var row = opener.closest("[data-resident]");
    back = { row: row && row.id, key: opener.dataset.key };
    dialog.showModal();
    if (row) { look(row.dataset.resident); }
  });
  document.body.addEventListener("htmx:after:swap", function () { // what had the focus may be gone with the old text
    var title = dialog.open && document.activeElement === document.body && document.getElementById("dialog-title");
    if (title) { title.focus(); }
  });
  dialog.addEventListener("close", function () {
    if (home !== null) { look(home); } else { unlook(); }
    var row = back && back.row && document.getElementById(back.row); // the row may be another one by now
    var place = row && (row.querySelector("[data-key='" + back.key + "']") || row.querySelector("[data-main]"));
    if (place) { place.focus(); }
  });

  function warn(alert) {
    var shown = dialog.querySelector("article");
    if (shown && Number(shown.dataset.episode) === alert.episode_id && Number(shown.dataset.revision) < alert.revision) {
      shown.querySelector("[data-stale]").hidden = false;
    }
  }

  function show(connected) {
    live.classList.toggle("on", connected);
    live.querySelector("span").textContent = connected ? live.dataset.on : live.dataset.off;
  }

  function tell(kind, news) {
    hearers[kind].forEach(function (hear) { hear(news); });
    tick();
  }

  var worker = new SharedWorker(live.dataset.feed, "feed-" + document.body.dataset.language);
  worker.port.onmessage = function (event) {
    var message = event.data;
    if (event.data.kind === "notice") { return; } // notices.js shows it
    if (message.kind in hearers) {
      tell(message.kind, message.news);
      if (message.kind === "alert") { warn(message.news); }
      return;
    }
    show(message.kind === "open");
    if (message.kind === "open" || message.kind === "refused") { tell("afresh"); }
  };
  window.addEventListener("pagehide", function () {
    unlook();
    worker.port.postMessage("bye");
  });

  setInterval(tick, 1000);
  tick();

  return {
    on: function (kind, hear) { hearers[kind].push(hear); },
    beep: beep,
    tick: tick,
    home: function (resident) { // this page is about one resident
      home = resident;
      look(resident);
    },
    read: function (address, use) { // a part of the page, read again; whoever is signed out goes to sign in
      fetch(address, { credentials: "same-origin", redirect: "manual" }).then(function (answer) {
        if (answer.type === "opaqueredirect") { location.assign("/sign-in?next=" + location.pathname); }
        return answer.ok ? answer.text() : null;
      }).then(function (html) {
        if (html !== null) { use(html); tick(); }
      });
    }
  };
}());
