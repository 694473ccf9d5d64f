/* Draws the charts of a resident: points by metric and place, alert bands as areas, limits and averages as lines. */
"use strict";

(function () {
  var PLACES = { // a shape and a colour each, so that neither is needed to read the other
    home: { symbol: "circle", colour: "#1f4e8c", size: 6 },
    kiosk: { symbol: "triangle", colour: "#9a3412", size: 9 },
    office: { symbol: "diamond", colour: "#0f766e", size: 11 }
  };
  var BANDS = { 1: "rgba(196, 43, 34, .12)", 2: "rgba(201, 120, 0, .12)" };
  var LINES = { 1: "#a8231c", 2: "#8a4b00" };
  var FONT = { fontFamily: getComputedStyle(document.body).fontFamily, color: "#3c4854", fontSize: 12 };

  function series(one, panels, crowded) {
    var place = PLACES[one.place], home = one.place === "home";
    var panel = panels.indexOf(one.panel);
    return {
      name: one.name, type: "line", xAxisIndex: panel, yAxisIndex: panel,
      symbol: place.symbol, symbolSize: home && crowded ? 3 : place.size, showSymbol: true, z: home ? 2 : 4,
      itemStyle: { color: place.colour },
      lineStyle: { color: place.colour, width: home && !one.meal ? (crowded ? 1 : 1.5) : 0, opacity: .55 },
      data: one.points.map(function (point) {
        return {
          value: [point.at, point.value], notes: point.notes,
          symbolSize: (point.flagged || point.clock !== "exact") && home ? 8 : undefined,
          itemStyle: point.flagged ? { color: "#fff", borderColor: "#b45309", borderWidth: 2 }
            : point.clock !== "exact" ? { color: "#fff", borderColor: place.colour, borderWidth: 1.5, borderType: "dotted" } : undefined
        };
      })
    };
  }

  function means(data, panels) {
    return data.means.map(function (mean) {
      var panel = panels.indexOf(mean.panel);
      return {
        type: "line", name: "", xAxisIndex: panel, yAxisIndex: panel, silent: true, showSymbol: false, z: 6,
        lineStyle: { color: "#7c3aed", width: 4 },
        data: [[mean.from, mean.value], { value: [mean.to, mean.value], label: { show: true, position: "top", color: "#5b21b6", fontWeight: "bold", formatter: String(Math.round(mean.value)) } }]
      };
    });
  }

  function limits(data, name, panel, range) {
    var own = data.limits.filter(function (limit) { return limit.panel === name; })
      .sort(function (one, other) { return other.value - one.value || (one.tier || 9) - (other.tier || 9); })
      .filter(function (limit, n, all) { // one number once, though it hold for several reasons: the table below names them all
        return all.findIndex(function (other) { return other.value === limit.value; }) === n;
      });
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

  function span(data, panel) {
    var values = data.limits.filter(function (l) { return l.panel === panel; }).map(function (l) { return l.value; });
    data.series.forEach(function (one) {
      if (one.panel === panel) { one.points.forEach(function (point) { values.push(point.value); }); }
    });
    var step = data.step;
    return {
      min: Math.max(0, Math.floor((Math.min.apply(null, values) - step / 4) / step) * step),
      max: Math.ceil((Math.max.apply(null, values) + step / 4) / step) * step
    };
  }

  function option(data, height) {
    var panels = data.panels.map(function (panel) { return panel.panel; });
    var ranges = panels.map(function (panel) { return span(data, panel); });
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
        .concat(panels.map(function (panel, n) { return limits(data, panel, n, ranges[n]); })).concat(means(data, panels))
    };
  }

  Array.prototype.forEach.call(document.querySelectorAll("[data-chart]"), function (place) {
    fetch(place.dataset.chart, { credentials: "same-origin" }).then(function (answer) { return answer.json(); }).then(function (data) {
      place.classList.toggle("nothing", !data.series.length);
      if (!data.series.length) { // no axes without a point
        place.textContent = data.nothing;
        place.dataset.drawn = "yes";
        return;
      }
      var drawn = window.echarts.init(place);
      drawn.setOption(option(data, place.clientHeight));
      place.dataset.drawn = "yes";
      window.addEventListener("resize", function () { drawn.resize(); });
      window.addEventListener("beforeprint", function () { drawn.resize({ width: 680 }); }); // what a page of A4 holds
      window.addEventListener("afterprint", function () { drawn.resize({ width: "auto" }); });
    });
  });
}());
