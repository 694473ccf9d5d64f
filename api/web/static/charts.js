/* Draws the charts of a resident: points by metric and place, alert bands as areas, clinical limits as lines. */
"use strict";

(function () {
  var COLOURS = {
    systolic: "#1f4e8c", diastolic: "#0f766e",
    fasting: "#1f4e8c", before_meal: "#0f766e", after_meal: "#9a3412", bedtime: "#6b21a8", casual: "#475569", unknown: "#475569"
  };
  var BANDS = { 1: "rgba(196, 43, 34, .12)", 2: "rgba(201, 120, 0, .12)" };
  var LINES = { 1: "#a8231c", 2: "#8a4b00" };
  var FONT = { fontFamily: getComputedStyle(document.body).fontFamily, color: "#3c4854", fontSize: 12 };

  function series(one, panels) {
    var colour = COLOURS[one.meal || one.metric];
    var home = one.place === "home";
    var panel = panels.indexOf(one.metric);
    return {
      name: one.name, type: "line", xAxisIndex: panel, yAxisIndex: panel,
      symbol: home ? "circle" : "diamond", symbolSize: home ? 6 : 11, showSymbol: true,
      itemStyle: { color: home ? colour : "#fff", borderColor: colour, borderWidth: home ? 0 : 2 },
      lineStyle: { color: colour, width: home && !one.meal ? 1.5 : 0 },
      data: one.points.map(function (point) {
        return {
          value: [point.at, point.value], notes: point.notes,
          itemStyle: point.flagged ? { color: "#fff", borderColor: "#b45309", borderWidth: 2 } : undefined
        };
      })
    };
  }

  function limits(data, metric, panel) {
    var own = data.limits.filter(function (limit) { return limit.metric === metric; });
    return {
      type: "line", name: "", data: [], xAxisIndex: panel, yAxisIndex: panel, silent: true,
      markArea: {
        data: own.filter(function (limit) { return BANDS[limit.tier]; }).map(function (limit) {
          var from = { yAxis: limit.value, itemStyle: { color: BANDS[limit.tier] } };
          return limit.upwards ? [from, { yAxis: "max" }] : [{ yAxis: "min", itemStyle: from.itemStyle }, { yAxis: limit.value }];
        })
      },
      markLine: {
        symbol: "none", data: own.map(function (limit) {
          var colour = LINES[limit.tier] || "#52606d";
          return {
            yAxis: limit.value,
            lineStyle: { color: colour, type: limit.place === "station" ? "dotted" : "dashed", width: 1 },
            label: { formatter: String(limit.value), color: colour, fontSize: 11, position: limit.place === "station" ? "insideStartTop" : "end" }
          };
        })
      }
    };
  }

  function span(data, metric) {
    var values = data.limits.filter(function (l) { return l.metric === metric; }).map(function (l) { return l.value; });
    data.series.forEach(function (one) {
      if (one.metric === metric) { one.points.forEach(function (point) { values.push(point.value); }); }
    });
    var step = metric === "glucose" ? 2 : 20;
    return {
      min: Math.max(0, Math.floor((Math.min.apply(null, values) - step / 4) / step) * step),
      max: Math.ceil((Math.max.apply(null, values) + step / 4) / step) * step
    };
  }

  function option(data, height) {
    var panels = data.panels.map(function (panel) { return panel.metric; });
    var top = 40, gap = 28, bottom = 26;
    var each = (height - top - bottom - gap * (panels.length - 1)) / panels.length;
    return {
      useUTC: true, animation: false, textStyle: FONT,
      legend: { top: 0, left: 0, itemWidth: 18, textStyle: FONT, data: data.series.map(function (one) { return one.name; }) },
      tooltip: {
        trigger: "item", renderMode: "richText", // an HTML tooltip would need inline styles
        formatter: function (hit) {
          return [hit.seriesName + "  " + hit.value[1], window.echarts.time.format(hit.value[0], "{yyyy}-{MM}-{dd} {HH}:{mm}", true)]
            .concat(hit.data.notes).join("\n");
        }
      },
      grid: panels.map(function (_, n) { return { left: 44, right: 40, top: top + n * (each + gap), height: each }; }),
      xAxis: panels.map(function (_, n) {
        return {
          type: "time", gridIndex: n, min: data.since, max: data.until, splitLine: { show: false },
          axisLabel: { show: n === panels.length - 1, hideOverlap: true, formatter: { year: "{yyyy}", month: "{yyyy}-{MM}", day: "{MM}-{dd}", hour: "{HH}:{mm}" } },
          axisLine: { lineStyle: { color: "#9aa5b1" } }
        };
      }),
      yAxis: data.panels.map(function (panel, n) {
        var range = span(data, panel.metric);
        return {
          type: "value", gridIndex: n, min: range.min, max: range.max, name: panels.length > 1 ? panel.name : "",
          nameTextStyle: { align: "left", padding: [0, 0, 0, -36] }, nameGap: 8,
          splitLine: { lineStyle: { color: "#edf0f3" } }
        };
      }),
      series: data.series.map(function (one) { return series(one, panels); })
        .concat(panels.map(function (metric, n) { return limits(data, metric, n); })),
      graphic: data.series.length ? [] : [{ type: "text", left: "center", top: "middle", style: { text: data.nothing, fill: "#52606d", fontSize: 14 } }]
    };
  }

  Array.prototype.forEach.call(document.querySelectorAll("[data-chart]"), function (place) {
    fetch(place.dataset.chart, { credentials: "same-origin" }).then(function (answer) { return answer.json(); }).then(function (data) {
      var drawn = window.echarts.init(place);
      drawn.setOption(option(data, place.clientHeight));
      place.dataset.drawn = "yes";
      window.addEventListener("resize", function () { drawn.resize(); });
    });
  });
}());
