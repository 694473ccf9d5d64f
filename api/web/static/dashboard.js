/* Saves a chart's picture as PNG; opens every table and definition for the printer. */
"use strict";

(function () {
  var SCALE = 2; // twice the size of the screen's pixels: sharp in a document

  function save(button) {
    var image = new Image();
    image.onload = function () {
      var canvas = document.createElement("canvas");
      canvas.width = image.naturalWidth * SCALE;
      canvas.height = image.naturalHeight * SCALE;
      canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
      canvas.toBlob(function (blob) {
        var link = document.createElement("a");
        link.href = URL.createObjectURL(blob);
        link.download = button.dataset.file;
        link.click();
        URL.revokeObjectURL(link.href);
      });
    };
    image.src = button.dataset.png;
  }

  Array.prototype.forEach.call(document.querySelectorAll("[data-png]"), function (button) {
    button.hidden = false;
    button.addEventListener("click", function () { save(button); });
  });

  var closed = [];
  window.addEventListener("beforeprint", function () {
    closed = Array.prototype.slice.call(document.querySelectorAll(".charts details:not([open])"));
    closed.forEach(function (each) { each.open = true; });
  });
  window.addEventListener("afterprint", function () {
    closed.forEach(function (each) { each.open = false; });
  });
}());
