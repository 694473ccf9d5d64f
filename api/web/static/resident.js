/* A resident's page: what waits and the timeline follow the feed; says that somebody is looking; keys. */
"use strict";

(function () {
  var maixun = window.maixun, keys = window.maixunKeys;
  var page = document.getElementById("resident");
  var line = document.getElementById("lookers");
  var resident = Number(page.dataset.resident);
  var only = "all";

  function lookers(all) {
    var names = all.filter(function (one) { return String(one.staff_id) !== line.dataset.me; }).map(function (one) { return one.name; });
    line.hidden = !names.length;
    line.textContent = names.length ? line.dataset.says.replace("{names}", names.join(", ")) : "";
  }

  function put(id, html) {
    var place = document.getElementById(id);
    place.innerHTML = html; // rendered by our own server
    window.htmx.process(place);
  }

  function timeline() {
    maixun.read("/residents/" + resident + "/timeline?only=" + only, function (html) {
      if (!document.querySelector("#timeline form")) { put("timeline", html); } // a note is being edited there
    });
  }

  function afresh() {
    maixun.read("/residents/" + resident + "/waiting", function (html) {
      var had = document.getElementById("waiting").contains(document.activeElement);
      put("waiting", html);
      document.getElementById("waiting").parentNode.classList.toggle("nothing-waits", !document.querySelector("#waiting ul"));
      var button = document.querySelector("#waiting [data-opens]");
      if (had) { (button || document.getElementById("waiting-title")).focus(); }
    });
    timeline();
  }

  maixun.on("alert", function (news) { if (news.resident_id === resident) { afresh(); } });
  maixun.on("looking", function (news) { if (news.resident_id === resident) { lookers(news.by); } });
  maixun.home(resident);
  lookers(JSON.parse(line.dataset.lookers));

  document.addEventListener("click", function (event) {
    var tab = event.target.closest("[data-only]");
    if (!tab) { return; }
    only = tab.dataset.only;
    Array.prototype.forEach.call(document.querySelectorAll("[data-only]"), function (each) {
      each.setAttribute("aria-pressed", String(each === tab));
    });
  });
  document.body.addEventListener("htmx:after:swap", function () {
    var form = document.getElementById("note-form");
    if (form.dataset.saved !== undefined) {
      delete form.dataset.saved;
      form.querySelector("textarea").focus();
      timeline();
    }
  });
  document.getElementById("print").addEventListener("click", function () { window.print(); });

  function follow(selector) {
    return function () {
      var link = document.querySelector(selector);
      if (link) { link.click(); }
    };
  }

  keys.on("u", function () { location.assign("/work"); });
  keys.on("o", follow("#waiting [data-opens]"));
  keys.on("v", follow("[data-key=v]"));
  keys.on("c", function () { document.getElementById("note-text").focus(); });
  keys.on("t", function () { document.getElementById("timeline-title").scrollIntoView(); });
  keys.on("p", function () { window.print(); });
}());
