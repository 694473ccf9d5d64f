/* SharedWorker: one event stream for all tabs of a browser, because a browser opens only six connections to a host. */
"use strict";

var AGAIN_MS = 3000; // after a refusal EventSource gives up by itself; a new session may be there by then
var tabs = [];
var state = "closed";
var source = null;

function tell(message) {
  tabs.forEach(function (tab) { tab.postMessage(message); });
}

function become(next) {
  state = next;
  tell({ kind: next });
}

function open() {
  var language = self.name.split("-")[1];
  source = new EventSource("/api/v1/alerts/stream?language=" + language);
  source.onopen = function () { become("open"); };
  source.addEventListener("refresh", function () { tell({ kind: "open" }); });
  ["alert", "resident", "looking", "notice"].forEach(function (kind) {
    source.addEventListener(kind, function (event) { tell({ kind: kind, news: JSON.parse(event.data) }); });
  });
  source.onerror = function () {
    become("closed");
    if (source.readyState === EventSource.CLOSED) {
      tell({ kind: "refused" });
      setTimeout(open, AGAIN_MS);
    }
  };
}

self.onconnect = function (event) {
  var tab = event.ports[0];
  tabs.push(tab);
  tab.onmessage = function (message) {
    if (message.data === "bye") {
      tabs = tabs.filter(function (each) { return each !== tab; });
    }
  };
  tab.postMessage({ kind: state });
  if (source === null) {
    open();
  }
};
