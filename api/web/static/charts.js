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

  function series(one, panels, crowded) {
    var colour = COLOURS[one.meal || one.metric];
    var home = one.place === "home";
    var panel = panels.indexOf(one.metric);
    return {
      name: one.name, type: "line", xAxisIndex: panel, yAxisIndex: panel,
      symbol: home ? "circle" : "diamond", symbolSize: home ? (crowded ? 3 : 6) : 10, showSymbol: true, z: home ? 2 : 4,
      itemStyle: { color: home ? colour : "#fff", borderColor: colour, borderWidth: home ? 0 : 2 },
      lineStyle: { color: colour, width: home && !one.meal ? (crowded ? 1 : 1.5) : 0 },
      data: one.points.map(function (point) {
        return {
          value: [point.at, point.value], notes: point.notes,
          symbolSize: point.flagged && home ? 8 : undefined,
          itemStyle: point.flagged ? { color: "#fff", borderColor: "#b45309", borderWidth: 2 } : undefined
        };
      })
    };
  }

  function limits(data, metric, panel, range) {
    var own = data.limits.filter(function (limit) { return limit.metric === metric; })
      .sort(function (one, other) { return other.value - one.value; });
    var upper = own.find(function (limit) { return limit.place === "station"; });
    return {
      type: "line", name: "", data: [], xAxisIndex: panel, yAxisIndex: panel, silent: true,
      markArea: {
        data: own.filter(function (limit) { return BANDS[limit.tier]; }).map(function (limit) {
          var end = limit.upwards ? range.max : range.min;
          return [{ yAxis: limit.value, itemStyle: { color: BANDS[limit.tier] } }, { yAxis: end }];
        })
      },
      markLine: {
        symbol: "none", data: own.map(function (limit) {
          var colour = LINES[limit.tier] || "#52606d";
          return {
            yAxis: limit.value,
            lineStyle: { color: colour, type: limit.place === "station" ? "dotted" : "dashed", width: 1 },
            label: { formatter: String(limit.value), color: colour, fontSize: 11, position: side(limit, upper) }
          };
        })
      }
    };
  }

  function side(limit, upper) { // home limits on the right, station limits on the left, so that close numbers stay apart
    if (limit.place !== "station") { return "end"; }
    return limit === upper ? "insideStartTop" : "insideStartBottom";
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
    var ranges = panels.map(function (metric) { return span(data, metric); });
    var crowded = data.series.some(function (one) { return one.points.length > 150; });
    var top = 64, gap = 30, bottom = 26;
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
          axisLabel: { show: n === panels.length - 1, hideOverlap: true, formatter: { year: "{yyyy}-{MM}", month: "{yyyy}-{MM}", day: "{MM}-{dd}", hour: "{HH}:{mm}" } },
          axisLine: { lineStyle: { color: "#9aa5b1" } }
        };
      }),
      yAxis: data.panels.map(function (panel, n) {
        return {
          type: "value", gridIndex: n, min: ranges[n].min, max: ranges[n].max, name: panels.length > 1 ? panel.name : "",
          nameTextStyle: { align: "left", padding: [0, 0, 0, -36] }, nameGap: 8,
          splitLine: { lineStyle: { color: "#edf0f3" } }
        };
      }),
      series: data.series.map(function (one) { return series(one, panels, crowded); })
        .concat(panels.map(function (metric, n) { return limits(data, metric, n, ranges[n]); })),
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
