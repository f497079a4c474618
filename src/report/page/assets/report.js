"use strict";
// Draws every chart of the page with uPlot, and makes tables sort and filter. Data stand in the page
// as JSON; nothing is asked of any other place.
(() => {
  const style = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const colourOf = (name) => style("--" + name);

  // A ramp of one hue from the page's ground to its darkest: told apart with any kind of sight.
  const ramp = (share) => {
    const mix = (a, b) => a.map((v, i) => Math.round(v + (b[i] - v) * share));
    const rgb = (name) => style(name).split(",").map(Number);
    return "rgb(" + mix(rgb("--ramp-low"), rgb("--ramp-high")).join(",") + ")";
  };

  const shown = (value) => {
    if (value === null || value === undefined || !isFinite(value)) return "–";
    const size = Math.abs(value);
    if (size >= 1e6) return value.toLocaleString("en", { maximumFractionDigits: 0 });
    if (size >= 100) return value.toLocaleString("en", { maximumFractionDigits: 1 });
    if (size === 0) return "0";
    if (size < 1e-3) return value.toExponential(2);
    return value.toLocaleString("en", { maximumSignificantDigits: 4 });
  };

  // How values are laid out: places are what uPlot is given, values what people read.
  const layouts = {
    linear: { place: (v) => v, value: (p) => p },
    names: { place: (v) => v, value: (p) => p },
    log: { place: (v) => (v > 0 ? Math.log10(v) : null), value: (p) => 10 ** p },
    percentile: {
      place: (v) => (v < 100 ? -Math.log10(1 - v / 100) : null),
      value: (p) => 100 * (1 - 10 ** -p),
    },
  };
  const placeOf = (axis) => (v) => (v === null || v === undefined ? null : layouts[axis.scale].place(v));

  // What is said of a value on an axis.
  const said = (axis, value) => {
    if (axis.scale === "names") return axis.names[Math.round(value)] ?? "";
    if (axis.scale === "percentile") return shownPercentile(value) + " %";
    return shown(value) + (axis.unit && axis.unit !== "" ? " " + axis.unit : "");
  };
  const shownPercentile = (value) => String(+value.toFixed(Math.min(6, Math.max(0, Math.ceil(-Math.log10(1 - value / 100 + 1e-12))))));

  const decades = (low, high) => {
    const steps = high - low > 7 ? [1] : high - low > 2.5 ? [1] : high - low > 0.9 ? [1, 2, 5] : [1, 1.5, 2, 3, 4, 5, 6, 7, 8, 9];
    const ticks = [];
    const skip = Math.max(1, Math.ceil((high - low) / 8));
    for (let decade = Math.floor(low); decade <= Math.ceil(high); decade += steps.length === 1 ? skip : 1)
      for (const step of steps) {
        const place = decade + Math.log10(step);
        if (place >= low - 1e-9 && place <= high + 1e-9) ticks.push(place);
      }
    return ticks;
  };

  const ticks = (axis) => (u, which, low, high, by, space) => {
    if (axis.scale === "names") {
      const all = axis.names.map((_, n) => n).filter((n) => n >= low && n <= high);
      const room = Math.max(1, Math.floor((which === 0 ? u.bbox.width : u.bbox.height) / devicePixelRatio / (which === 0 ? 34 : 13)));
      const skip = Math.ceil(all.length / room);
      return all.filter((n) => n % skip === 0);
    }
    if (axis.scale === "log") return decades(low, high);
    if (axis.scale === "percentile") {
      // What matters most first: what would lie on one that is there is left out.
      const wanted = [0, 99, 99.9, 99.99, 99.999, 99.9999, 90, 50, 75].map(layouts.percentile.place);
      const wide = u.bbox.width / devicePixelRatio / (high - low);
      const chosen = [];
      wanted.filter((p) => p >= low - 1e-9 && p <= high + 1e-9)
        .forEach((p) => { if (chosen.every((other) => Math.abs(p - other) * wide >= 38)) chosen.push(p); });
      return chosen.sort((a, b) => a - b);
    }
    const out = [];
    const first = Math.ceil(low / by) * by;
    for (let v = first; v <= high + by * 1e-6; v += by) out.push(Math.abs(v) < by * 1e-6 ? 0 : +v.toPrecision(12));
    return out;
  };

  const compact = new Intl.NumberFormat("en", { notation: "compact", maximumSignificantDigits: 4 });
  const labels = (axis, turned) => (u, places) => {
    const inner = layouts[axis.scale];
    return places.map((p) => {
      if (axis.scale === "names") {
        const name = axis.names[p] ?? "";
        return turned || name.length < 28 ? name : name.slice(0, 27) + "…";
      }
      if (axis.scale === "percentile") return shownPercentile(inner.value(p)) + " %";
      const value = inner.value(p);
      return Math.abs(value) >= 1e4 ? compact.format(value) : shown(value);
    });
  };

  const measure = document.createElement("canvas").getContext("2d");
  const widest = (names) => {
    measure.font = "12px system-ui, sans-serif";
    return Math.max(20, ...names.map((name) => measure.measureText(name.length < 28 ? name : name.slice(0, 27) + "…").width));
  };

  // The ends of an axis, with a margin, such that what has to be seen is.
  const ends = (chart, axis, of) => {
    if (axis.scale === "names") return [-0.5, axis.names.length - 0.5];
    const place = placeOf(axis);
    let low = Infinity, high = -Infinity;
    const see = (v) => {
      const p = place(v);
      if (p !== null && isFinite(p)) { low = Math.min(low, p); high = Math.max(high, p); }
    };
    for (const layer of chart.layers) {
      (of === "x" ? layer.x : layer.y).forEach(see);
      const along = layer.shape === "forest" || layer.shape === "lying" ? "x" : "y";
      if (along === of && layer.low) { layer.low.forEach(see); layer.high.forEach(see); }
      if (layer.shape === "bars" && of === "y") see(0);
      if (layer.shape === "lying" && of === "x") see(0);
    }
    chart.rules.forEach((rule) => { if (rule.across === of) see(rule.value); });
    if (axis.shown) axis.shown.forEach(see);
    if (low > high) return [0, 1];
    if (low === high) { const by = Math.abs(low) * 0.1 || 1; return [low - by, high + by]; }
    const fixed = axis.shown ? axis.shown.map(place) : [null, null];
    const margin = axis.scale === "percentile" ? 0 : (high - low) * 0.04;
    return [fixed[0] === low ? low : low - margin, fixed[1] === high ? high : high + margin];
  };

  const isLine = (shape) => shape === "line" || shape === "dashes" || shape === "steps";

  // Everything that is no line: dots, whiskers, bars and cells, drawn over uPlot's own canvas.
  const drawMarks = (u, chart, layer) => {
    const { ctx } = u;
    const ratio = devicePixelRatio;
    const [px, py] = [placeOf(chart.x), placeOf(chart.y)];
    const X = (p) => u.valToPos(p, "x", true), Y = (p) => u.valToPos(p, "y", true);
    const colour = colourOf(layer.colour);
    ctx.save();
    ctx.beginPath();
    ctx.rect(u.bbox.left, u.bbox.top, u.bbox.width, u.bbox.height);
    ctx.clip();
    ctx.fillStyle = ctx.strokeStyle = colour;
    ctx.lineWidth = 1.5 * ratio;
    const widths = spacing(layer, chart, px, py);
    const ground = layer.ground ?? 0, most = heaviest(layer) - ground;
    const lying = layer.shape === "forest" || layer.shape === "lying";
    const alike = sideBySide(chart.layers.filter((other) => other.shape === layer.shape), layer, lying ? "y" : "x");
    const nth = alike.indexOf(layer), of = alike.length;
    for (let i = 0; i < layer.x.length; i++) {
      const x = px(layer.x[i]), y = py(layer.y[i]);
      if (x === null || y === null) continue;
      if (layer.shape === "cells") {
        const weight = (layer.weight?.[i] ?? ground) - ground;
        if (!(weight > 0)) continue;
        ctx.fillStyle = ramp(0.08 + 0.92 * Math.sqrt(weight / most));
        const [left, right] = [X(x - widths.x / 2), X(x + widths.x / 2)].sort((a, b) => a - b);
        const [top, bottom] = [Y(y + widths.y / 2), Y(y - widths.y / 2)].sort((a, b) => a - b);
        ctx.fillRect(left, top, Math.max(1, right - left + 0.5), Math.max(1, bottom - top + 0.5));
        continue;
      }
      const along = layer.shape === "forest" || layer.shape === "lying" ? "x" : "y";
      // Layers that have something at one place stand side by side.
      const span = (layer.shape === "bars" ? widths.x : widths.y) * 0.8;
      const shift = layer.shape === "bars" || layer.shape === "lying" ? ((nth + 0.5) / of - 0.5) * span
        : layer.shape === "forest" || (layer.shape === "dots" && chart.x.scale === "names") ? ((nth + 0.5) / of - 0.5) * 0.6 : 0;
      if (layer.shape === "bars") {
        const [left, right] = [X(x + shift - span / of / 2), X(x + shift + span / of / 2)].sort((a, b) => a - b);
        const zero = Y(chart.y.scale === "log" ? u.scales.y.min : 0);
        ctx.fillRect(left, Math.min(zero, Y(y)), Math.max(1, right - left - ratio), Math.abs(zero - Y(y)));
      }
      if (layer.shape === "lying") {
        const [top, bottom] = [Y(y + shift + span / of / 2), Y(y + shift - span / of / 2)].sort((a, b) => a - b);
        const zero = X(chart.x.scale === "log" ? u.scales.x.min : 0);
        ctx.fillRect(Math.min(zero, X(x)), top, Math.abs(zero - X(x)), Math.max(1, bottom - top - ratio));
      }
      const at = along === "x" ? [X(x), Y(y + shift)] : [X(x + shift), Y(y)];
      const filled = layer.shape === "bars" || layer.shape === "lying";
      const [low, high] = [layer.low?.[i], layer.high?.[i]];
      if (low !== null && low !== undefined && high !== null && high !== undefined) {
        const place = along === "x" ? px : py;
        const reach = (v, end) => place(v) ?? end;
        const edge = along === "x" ? u.scales.x.min : u.scales.y.min;
        ctx.strokeStyle = filled ? colourOf("ink") : colour;
        ctx.beginPath();
        if (along === "x") {
          ctx.moveTo(X(reach(low, edge)), at[1]);
          ctx.lineTo(X(reach(high, edge)), at[1]);
        } else {
          ctx.moveTo(at[0], Y(reach(low, edge)));
          ctx.lineTo(at[0], Y(reach(high, edge)));
        }
        ctx.stroke();
      }
      if (!filled) {
        ctx.beginPath();
        ctx.arc(at[0], at[1], (layer.x.length > 300 ? 1.8 : 3.5) * ratio, 0, 2 * Math.PI);
        ctx.fill();
      }
    }
    ctx.restore();
  };

  // Layers of one shape stand side by side where they have anything at the same place.
  const sideBySide = (alike, layer, across) => {
    const places = alike.flatMap((other) => [...new Set(other[across])]);
    return new Set(places).size < places.length ? alike : [layer];
  };

  const heaviest = (layer) => (layer.weight ?? [1]).reduce((most, w) => (w !== null && w > most ? w : most), 1e-300);

  // What the colours of cells stand for, from the faintest to the strongest.
  const key = (figure, chart) => {
    const layer = chart.layers.find((it) => it.shape === "cells");
    figure.querySelector(".key")?.remove();
    if (!layer) return;
    const least = (layer.weight ?? []).reduce((a, w) => (w !== null && w > layer.ground && w < a ? w : a), Infinity);
    const row = document.createElement("div");
    const bar = document.createElement("span");
    row.className = "key";
    bar.style.background = `linear-gradient(to right, ${[0, 0.25, 0.5, 0.75, 1].map((s) => ramp(0.08 + 0.92 * Math.sqrt(s))).join(", ")})`;
    row.append(shown(least), bar, shown(heaviest(layer)) + " " + layer.name);
    figure.querySelector(".body").after(row);
  };

  // The least distance between points along each axis; 1 on axes of names.
  const spacing = (layer, chart, px, py) => {
    const least = (values, axis) => {
      if (axis.scale === "names") return 1;
      const sorted = [...new Set(values.filter((v) => v !== null))].sort((a, b) => a - b);
      let gap = Infinity;
      for (let i = 1; i < sorted.length; i++) if (sorted[i] - sorted[i - 1] > 1e-9) gap = Math.min(gap, sorted[i] - sorted[i - 1]);
      return isFinite(gap) ? gap : 1;
    };
    return { x: least(layer.x.map(px), chart.x), y: least(layer.y.map(py), chart.y) };
  };

  const drawRules = (u, chart) => {
    const { ctx } = u;
    const ratio = devicePixelRatio;
    ctx.save();
    ctx.font = 11 * ratio + "px system-ui, sans-serif";
    ctx.lineWidth = ratio;
    // uPlot leaves its own behind.
    ctx.textAlign = "left";
    ctx.textBaseline = "alphabetic";
    ctx.setLineDash([5 * ratio, 4 * ratio]);
    chart.rules.forEach((rule, n) => {
      const place = placeOf(rule.across === "x" ? chart.x : chart.y)(rule.value);
      if (place === null) return;
      const at = u.valToPos(place, rule.across, true);
      const { left, top, width, height } = u.bbox;
      if (rule.across === "x" ? at < left || at > left + width : at < top || at > top + height) return;
      ctx.strokeStyle = ctx.fillStyle = colourOf(rule.colour === "muted" ? "ink-soft" : rule.colour);
      ctx.beginPath();
      if (rule.across === "x") { ctx.moveTo(at, top); ctx.lineTo(at, top + height); }
      else { ctx.moveTo(left, at); ctx.lineTo(left + width, at); }
      ctx.stroke();
      const wide = ctx.measureText(rule.label).width;
      if (rule.across === "x") {
        const right = at + wide + 6 * ratio > left + width;
        ctx.fillText(rule.label, right ? at - wide - 4 * ratio : at + 4 * ratio, top + (12 + 13 * (n % 3)) * ratio);
      } else ctx.fillText(rule.label, left + width - wide - 4 * ratio, at - 4 * ratio);
    });
    ctx.restore();
  };

  // uPlot wants one column of x for all: every x of any line, once, with nothing where a line has none.
  const aligned = (chart) => {
    const [px, py] = [placeOf(chart.x), placeOf(chart.y)];
    const xs = new Set();
    for (const layer of chart.layers)
      layer.x.forEach((x) => { const p = px(x); if (p !== null) xs.add(p); });
    const order = [...xs].sort((a, b) => a - b);
    const index = new Map(order.map((x, i) => [x, i]));
    const spread = (layer, values) => {
      // `undefined` is no point of this line, `null` a gap in it.
      const column = new Array(order.length).fill(undefined);
      layer.x.forEach((x, i) => { const at = index.get(px(x)); if (at !== undefined) column[at] = values ? py(values[i]) : null; });
      return column;
    };
    return { order, spread };
  };

  const build = (figure, chart) => {
    const holder = figure.querySelector(".plot");
    holder.replaceChildren();
    const { order, spread } = aligned(chart);
    const data = [order], series = [{ label: chart.x.says, value: () => "" }], bands = [];
    const layerOf = [null];
    chart.layers.forEach((layer) => {
      const colour = colourOf(layer.colour);
      const line = isLine(layer.shape);
      data.push(line ? spread(layer, layer.y) : spread(layer, null).map(() => null));
      layerOf.push(layer);
      const steps = layer.shape === "steps" ? uPlot.paths.stepped({ align: 1 }) : undefined;
      series.push({
        label: layer.name, stroke: colour, width: 2, spanGaps: false, paths: steps,
        dash: layer.shape === "dashes" ? [7, 5] : undefined,
        points: { show: line && layer.x.length === 1 }, value: () => "",
        fill: line ? undefined : colour,
      });
      if (line && layer.low) {
        const main = series.length - 1;
        for (const [values, name] of [[layer.high, "upper"], [layer.low, "lower"]]) {
          data.push(spread(layer, values));
          layerOf.push(layer);
          series.push({ label: layer.name + " " + name, stroke: "transparent", width: 0, paths: steps, points: { show: false }, of: main });
        }
        bands.push({ series: [series.length - 2, series.length - 1], fill: colour + "33" });
      }
    });
    const [xEnds, yEnds] = [ends(chart, chart.x, "x"), ends(chart, chart.y, "y")];
    const wide = "paper" in document.documentElement.dataset ? 640 : Math.max(280, holder.clientWidth);
    const names = chart.y.scale === "names" ? chart.y.names : null;
    const cells = chart.layers.some((layer) => layer.shape === "cells");
    const tall = names ? Math.max(cells ? 240 : 0, Math.min(1400, 80 + names.length * 20)) : wide < 480 ? 260 : 320;
    const turned = chart.x.scale === "names" && (widest(chart.x.names) + 12) * chart.x.names.length > wide - 90;
    const axis = (of, name) => ({
      scale: name, label: of.says, stroke: colourOf("ink-soft"), font: "12px system-ui, sans-serif",
      labelFont: "12px system-ui, sans-serif", labelSize: 18, splits: ticks(of), values: labels(of, turned),
      grid: { stroke: colourOf("grid"), width: 1 }, ticks: { stroke: colourOf("grid"), width: 1 },
      space: name === "x" ? 60 : 34, incrs: undefined,
    });
    const xAxis = axis(chart.x, "x"), yAxis = axis(chart.y, "y");
    if (turned) { xAxis.rotate = -50; xAxis.size = Math.min(150, widest(chart.x.names) * 0.77 + 22); }
    yAxis.size = names ? widest(names) + 18 : 62;
    const u = new uPlot({
      width: wide, height: tall + (turned ? 60 : 0), series, bands, axes: [xAxis, yAxis],
      scales: {
        x: { time: false, auto: false, range: (u, low, high) => (u.zoomed ? [low, high] : xEnds), dir: chart.x.reversed ? -1 : 1 },
        y: { auto: false, range: () => u?.zoomY ?? yEnds, dir: chart.y.reversed ? -1 : 1 },
      },
      legend: { show: true, live: false },
      padding: [14, chart.x.scale === "percentile" ? 34 : 18, 0, 0],
      cursor: { drag: { x: true, y: false }, points: { show: false } },
      hooks: {
        drawSeries: [(u, at) => { const layer = layerOf[at]; if (layer && !isLine(layer.shape)) drawMarks(u, chart, layer); }],
        draw: [(u) => drawRules(u, chart)],
        setCursor: [(u) => hover(u, figure, chart, layerOf)],
        setSelect: [(u) => { u.zoomed = u.select.width > 0; }],
        setSeries: [(u, at) => follow(u, at, series)],
      },
    }, data, holder);
    u.over.addEventListener("dblclick", () => reset(u, xEnds));
    // The legend names lines and marks, not the two edges of a band; the column of x has no row.
    u.root.querySelectorAll(".u-series").forEach((row, at) => {
      if (series[at + 1].of !== undefined || chart.layers.length === 1) row.style.display = "none";
      const head = row.querySelector("th");
      head.tabIndex = 0;
      head.setAttribute("role", "button");
      head.addEventListener("keydown", (event) => {
        if (event.key === "Enter" || event.key === " ") { head.click(); event.preventDefault(); }
      });
    });
    key(figure, chart);
    figure.plot = u;
    figure.ends = xEnds;
    figure.marks = count(chart);
    figure.dataset.marks = figure.marks;
    return u;
  };

  // A band comes and goes with its line.
  const follow = (u, at, series) => {
    series.forEach((one, n) => {
      if (one.of === at && u.series[n].show !== u.series[at].show) u.setSeries(n, { show: u.series[at].show });
    });
  };

  const count = (chart) => chart.layers.reduce((n, layer) => n + layer.y.filter((y) => y !== null).length, 0);

  const reset = (u, [min, max]) => { u.zoomed = false; u.setScale("x", { min, max }); };

  const zoom = (u, by, [min, max]) => {
    const { min: low, max: high } = u.scales.x;
    const centre = u.cursor.left >= 0 ? u.posToVal(u.cursor.left, "x") : (low + high) / 2;
    const next = [Math.max(min, centre - (centre - low) * by), Math.min(max, centre + (high - centre) * by)];
    u.zoomed = next[0] > min || next[1] < max;
    u.setScale("x", { min: next[0], max: next[1] });
  };

  // What lies nearest to the pointer, in words beside it.
  const hover = (u, figure, chart, layerOf) => {
    const tip = figure.querySelector(".tip");
    const { left, top } = u.cursor;
    if (left < 0 || top < 0) { tip.hidden = true; return; }
    const [px, py] = [placeOf(chart.x), placeOf(chart.y)];
    let best = null, least = 60 * 60;
    layerOf.forEach((layer, at) => {
      if (!layer || !u.series[at].show || layerOf.indexOf(layer) !== at) return;
      for (let i = 0; i < layer.x.length; i++) {
        const x = px(layer.x[i]), y = py(layer.y[i]);
        if (x === null || y === null) continue;
        const [dx, dy] = [u.valToPos(x, "x") - left, u.valToPos(y, "y") - top];
        const far = dx * dx + dy * dy;
        if (far < least) { least = far; best = { layer, i }; }
      }
    });
    if (!best) { tip.hidden = true; return; }
    tip.textContent = words(chart, best.layer, best.i);
    tip.hidden = false;
    const room = u.over.clientWidth;
    tip.style.left = Math.min(u.over.offsetLeft + left + 14, u.over.offsetLeft + Math.max(0, room - tip.offsetWidth)) + "px";
    tip.style.top = u.over.offsetTop + top + 16 + "px";
  };

  const words = (chart, layer, i) => {
    const parts = [said(chart.x, layer.x[i]), said(chart.y, layer.y[i])];
    const along = layer.shape === "forest" || layer.shape === "lying" ? chart.x : chart.y;
    if (layer.low && layer.low[i] !== null && layer.high[i] !== null)
      parts.push("interval " + said(along, layer.low[i]) + " to " + said(along, layer.high[i]));
    if (layer.weight && layer.weight[i] !== null) parts.push(shown(layer.weight[i]) + " " + layer.name);
    return (chart.layers.length > 1 ? layer.name + ": " : "") + parts.join(", ");
  };

  // By keyboard: arrows go from point to point and say each, + and - zoom, 0 shows all again.
  const keys = (figure, chart) => {
    let at = { layer: 0, i: -1 };
    figure.querySelector(".plot").addEventListener("keydown", (event) => {
      // These are the browser's.
      if (event.ctrlKey || event.metaKey || event.altKey || event.target !== event.currentTarget) return;
      const u = figure.plot;
      const layer = chart.layers[at.layer];
      const turn = { ArrowRight: [0, 1], ArrowLeft: [0, -1], ArrowDown: [1, 0], ArrowUp: [-1, 0] }[event.key];
      if (turn) {
        at.layer = (at.layer + turn[0] + chart.layers.length) % chart.layers.length;
        const n = chart.layers[at.layer].x.length;
        at.i = Math.min(n - 1, Math.max(0, at.i + turn[1]));
        const now = chart.layers[at.layer];
        const [x, y] = [placeOf(chart.x)(now.x[at.i]), placeOf(chart.y)(now.y[at.i])];
        if (x !== null && y !== null) u.setCursor({ left: u.valToPos(x, "x"), top: u.valToPos(y, "y") });
        figure.querySelector(".said").textContent = words(chart, now, at.i);
      } else if (event.key === "+" || event.key === "=") zoom(u, 0.6, figure.ends);
      else if (event.key === "-") zoom(u, 1.7, figure.ends);
      else if (event.key === "0" || event.key === "Escape") reset(u, figure.ends);
      else return;
      event.preventDefault();
    });
  };

  // The numbers behind a picture, made when somebody asks for them.
  const numbers = (figure, chart) => {
    const details = figure.querySelector("details");
    details.addEventListener("toggle", () => {
      if (!details.open || details.querySelector("table")) return;
      const table = document.createElement("table");
      const row = (cells, tag) => {
        const line = table.insertRow();
        cells.forEach((text) => { const cell = document.createElement(tag); cell.textContent = text; line.append(cell); });
      };
      const weighed = chart.layers.find((layer) => layer.weight);
      row(["", chart.x.says, chart.y.says, ...(weighed ? [weighed.name] : ["low", "high"])], "th");
      chart.layers.forEach((layer) => {
        layer.x.slice(0, 2000).forEach((x, i) => {
          const more = weighed ? [shown(layer.weight?.[i])] : [shown(layer.low?.[i]), shown(layer.high?.[i])];
          row([layer.name, said(chart.x, x), said(chart.y, layer.y[i]), ...more], "td");
        });
        if (layer.x.length > 2000) row([layer.name, layer.x.length - 2000 + " more", "", "", ""], "td");
      });
      details.append(table);
    });
  };

  const charts = [];
  document.querySelectorAll("figure[data-chart]").forEach((figure) => {
    const chart = JSON.parse(figure.querySelector("script").textContent);
    build(figure, chart);
    keys(figure, chart);
    numbers(figure, chart);
    charts.push([figure, chart]);
  });
  const redraw = () => charts.forEach(([figure, chart]) => { figure.plot.destroy(); build(figure, chart); });
  let waiting, wide = document.documentElement.clientWidth;
  addEventListener("resize", () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => {
      if (document.documentElement.clientWidth !== wide) { wide = document.documentElement.clientWidth; redraw(); }
    }, 150);
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
  // Paper is white.
  addEventListener("beforeprint", () => { document.documentElement.dataset.paper = ""; redraw(); });
  addEventListener("afterprint", () => { delete document.documentElement.dataset.paper; redraw(); });

  // Tables: a click on a head sorts by it, words in the box keep the rows that have them all.
  document.querySelectorAll(".table").forEach((holder) => {
    const body = holder.querySelector("tbody");
    const rows = [...body.rows];
    const key = (row, column) => {
      const cell = row.cells[column];
      return "value" in cell.dataset ? (cell.dataset.value === "" ? null : +cell.dataset.value) : cell.textContent;
    };
    holder.querySelectorAll("th button").forEach((button) => button.addEventListener("click", () => {
      const head = button.closest("th"), column = head.cellIndex;
      const up = head.getAttribute("aria-sort") !== "ascending";
      holder.querySelectorAll("th").forEach((other) => other.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", up ? "ascending" : "descending");
      rows.sort((a, b) => {
        const [x, y] = [key(a, column), key(b, column)];
        if (x === null || y === null) return (x === null) - (y === null);
        const order = typeof x === "number" ? x - y : x.localeCompare(y, "en", { numeric: true });
        return up ? order : -order;
      });
      body.append(...rows);
    }));
    const box = holder.querySelector("input");
    const told = holder.querySelector(".rows");
    box?.addEventListener("input", () => {
      const words = box.value.toLowerCase().split(/\s+/).filter(Boolean);
      let kept = 0;
      rows.forEach((row) => {
        const text = row.textContent.toLowerCase();
        row.hidden = !words.every((word) => text.includes(word));
        kept += !row.hidden;
      });
      told.textContent = kept + " of " + rows.length + " rows";
    });
  });
  document.documentElement.dataset.ready = "";
})();
