/* Fetches the growth section of a child's page and draws its curves: the lines of the standard, the child's points. */
"use strict";

(function () {
  var FONT = { fontFamily: getComputedStyle(document.body).fontFamily, color: "#3c4854", fontSize: 12 };
  var COLOURS = { 0: "#0f766e", 2: "#8a4b00", 3: "#a8231c" };

  function option(data) {
    var share = 100 / data.panels.length;
    var series = [];
    data.panels.forEach(function (panel, n) {
      panel.lines.forEach(function (line) {
        series.push({
          type: "line", xAxisIndex: n, yAxisIndex: n, data: line.points, showSymbol: false, silent: true,
          lineStyle: { color: COLOURS[Math.abs(line.z)], width: 1, type: line.z === 0 ? "solid" : "dashed" },
          endLabel: { show: true, formatter: (line.z > 0 ? "+" : "") + line.z, color: COLOURS[Math.abs(line.z)], fontSize: 11 }
        });
      });
      series.push({
        type: "line", xAxisIndex: n, yAxisIndex: n, data: panel.points, symbolSize: 7,
        itemStyle: { color: "#1f4e8c" }, lineStyle: { color: "#1f4e8c", width: 1.5 }
      });
    });
    return {
      animation: false, textStyle: FONT,
      grid: data.panels.map(function (_, n) { return { left: n * share + 3 + "%", width: share - 7 + "%", top: 36, bottom: 40 }; }),
      xAxis: data.panels.map(function (_, n) {
        return { type: "value", gridIndex: n, name: data.age, nameLocation: "middle", nameGap: 24, splitLine: { show: false } };
      }),
      yAxis: data.panels.map(function (panel, n) {
        return {
          type: "value", gridIndex: n, scale: true, name: panel.name, nameTextStyle: { align: "left", padding: [0, 0, 0, -20] },
          splitLine: { lineStyle: { color: "#edf0f3" } }
        };
      }),
      series: series
    };
  }

  function draw(place) {
    fetch(place.dataset.chartGrowth, { credentials: "same-origin" }).then(function (answer) { return answer.json(); }).then(function (data) {
      var drawn = window.echarts.init(place);
      drawn.setOption(option(data));
      place.dataset.drawn = "yes";
      window.addEventListener("resize", function () { drawn.resize(); });
    });
  }

  Array.prototype.forEach.call(document.querySelectorAll("[data-growth]"), function (section) {
    fetch(section.dataset.growth, { credentials: "same-origin" }).then(function (answer) {
      if (!answer.ok) { return null; }
      return answer.text();
    }).then(function (text) {
      if (text === null) { return; }
      section.innerHTML = text;
      Array.prototype.forEach.call(section.querySelectorAll("[data-chart-growth]"), draw);
    });
  });
}());
