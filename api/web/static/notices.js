/* Rings: a notice to this person shows as a line on the page and, once allowed, as a message of the desktop. */
"use strict";

(function () {
  var here = document.getElementById("notices");
  if (!here || !window.SharedWorker) { return; }
  var ask = here.querySelector("button");
  var DESKTOP_TIERS = 3; // what is only tracked waits on the page: a hundred meters with a wrong clock are no hundred messages
  var heard = 0;

  function offer() {
    ask.hidden = !("Notification" in window) || Notification.permission !== "default";
  }

  ask.addEventListener("click", function () { Notification.requestPermission().then(offer); });

  function show(notice) {
    var line = here.querySelector("a"), more = line.nextElementSibling;
    line.textContent = notice.text;
    line.href = notice.link;
    more.textContent = here.dataset.more.replace("{n}", heard);
    more.hidden = heard === 0;
    heard += 1;
    here.hidden = false;
    line.parentNode.hidden = false;
    if (window.maixun && window.maixun.beep) { window.maixun.beep(); }
    if (notice.tier <= DESKTOP_TIERS && "Notification" in window && Notification.permission === "granted") {
      var message = new Notification(here.dataset.title, { body: notice.text, tag: notice.tag, requireInteraction: notice.tier === 1 });
      message.onclick = function () { window.focus(); location.assign(notice.link); message.close(); };
    }
  }

  var worker = new SharedWorker(here.dataset.feed, "feed-" + document.body.dataset.language);
  worker.port.onmessage = function (event) {
    if (event.data.kind === "notice") { show(event.data.news); }
  };
  window.addEventListener("pagehide", function () { worker.port.postMessage("bye"); });
  window.addEventListener("load", function () { // a message's link leads to an alert on the list
    var named = /^#alert-(\d+)$/.exec(location.hash), dialog = document.getElementById("dialog");
    if (!named || !dialog || !window.htmx) { return; }
    dialog.showModal();
    window.htmx.ajax("GET", "/alerts/" + named[1], { target: "#dialog-body", swap: "innerHTML" });
  });

  offer();
  here.hidden = ask.hidden;
}());
