/* Draws the epidemic curve: people a day as bars, hidden counts as pale ones, expectation and limit as lines. */
"use strict";

(function () {
  var FONT = { fontFamily: getComputedStyle(document.body).fontFamily, color: "#3c4854", fontSize: 12 };

  function bar(data, n) {
    var count = data.people[n];
    if (count === null) { return { value: data.threshold - 1, itemStyle: { color: "#fff", borderColor: "#9aa5b1", borderType: "dashed" } }; }
    return { value: count, itemStyle: { color: data.signal[n] ? "#a8231c" : "#1f4e8c" } };
  }

  function line(name, values, colour, type) {
    return { name: name, type: "line", data: values, step: "middle", symbol: "none", connectNulls: false, lineStyle: { color: colour, type: type, width: 1.5 }, itemStyle: { color: colour } };
  }

  function option(data) {
    var words = data.words;
    return {
      animation: false, textStyle: FONT,
      legend: { top: 0, left: 0, textStyle: FONT, data: [words.people, words.expected, words.limit] },
      grid: { left: 44, right: 16, top: 36, bottom: 28 },
      tooltip: {
        trigger: "axis", renderMode: "richText", // an HTML tooltip would need inline styles
        formatter: function (hits) {
          var n = hits[0].dataIndex;
          var lines = [data.days[n], words.people + "  " + (data.people[n] === null ? words.hidden : data.people[n])];
          if (data.expected[n] !== null) { lines.push(words.expected + "  " + data.expected[n], words.limit + "  " + data.limit[n]); }
          if (data.signal[n]) { lines.push("▲ " + words.signal); }
          return lines.join("\n");
        }
      },
      xAxis: { type: "category", data: data.days, axisLabel: { formatter: function (day) { return day.slice(5); } }, axisLine: { lineStyle: { color: "#9aa5b1" } } },
      yAxis: { type: "value", minInterval: 1, splitLine: { lineStyle: { color: "#edf0f3" } } },
      series: [
        {
          name: words.people, type: "bar", barCategoryGap: "15%", itemStyle: { color: "#1f4e8c" },
          data: data.days.map(function (_, n) { return bar(data, n); }),
          markPoint: {
            symbol: "triangle", symbolSize: 10, symbolOffset: [0, -8], itemStyle: { color: "#a8231c" }, label: { show: false },
            data: data.days.reduce(function (found, day, n) { return data.signal[n] ? found.concat([{ coord: [day, data.people[n]] }]) : found; }, [])
          }
        },
        line(words.expected, data.expected, "#52606d", "solid"),
        line(words.limit, data.limit, "#8a4b00", "dashed")
      ]
    };
  }

  Array.prototype.forEach.call(document.querySelectorAll(".epidemic[data-chart]"), function (place) {
    fetch(place.dataset.chart, { credentials: "same-origin" }).then(function (answer) { return answer.json(); }).then(function (data) {
      var drawn = window.echarts.init(place);
      drawn.setOption(option(data));
      place.dataset.drawn = "yes";
      window.addEventListener("resize", function () { drawn.resize(); });
    });
  });
}());
