"use strict";

// Without this script the page shows every picture and a drawing of each chart. With it, pictures of a series stand side by side, each
// chosen with a slider, and charts can be zoomed.
(() => {
  const svgNamespace = "http://www.w3.org/2000/svg";

  function make(parent, name, attributes = {}, text = "") {
    const element = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    element.textContent = text;
    parent.append(element);
    return element;
  }

  function draw(parent, name, attributes, text = "") {
    const element = document.createElementNS(svgNamespace, name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    element.textContent = text;
    parent.append(element);
    return element;
  }

  // Two pictures of a series, the first and the last to begin with.
  function compare(strip) {
    const figures = [...strip.querySelectorAll("figure")];
    if (figures.length < 2) return;
    const panes = document.createElement("div");
    panes.className = "panes";
    for (const start of [0, figures.length - 1]) {
      const pane = make(panes, "figure");
      const image = make(pane, "img");
      const label = make(pane, "label");
      const caption = make(label, "span");
      const slider = make(label, "input", { type: "range", min: 0, max: figures.length - 1, step: 1, value: start });
      const show = () => {
        const from = figures[slider.value].querySelector("img");
        image.src = from.src;
        image.alt = from.alt;
        image.className = from.className;
        caption.textContent = figures[slider.value].querySelector("figcaption").textContent;
        slider.setAttribute("aria-valuetext", caption.textContent);
      };
      slider.addEventListener("input", show);
      show();
    }

    strip.before(panes);
    const all = document.createElement("details");
    make(all, "summary", {}, `All ${figures.length} pictures`);
    strip.replaceWith(all);
    all.append(strip);
  }

  // Round values of an axis, about as many as wanted.
  function ticks(low, high, wanted, whole) {
    const rough = (high - low) / wanted, magnitude = 10 ** Math.floor(Math.log10(rough)), ratio = rough / magnitude;
    let step = magnitude * (ratio <= 1 ? 1 : ratio <= 2 ? 2 : ratio <= 5 ? 5 : 10);
    if (whole) step = Math.max(1, Math.round(step));
    const values = [];
    for (let n = Math.ceil(low / step - 1e-9); n * step <= high + 1e-9 * (high - low) && values.length < 50; n++) values.push(n * step);
    return values;
  }

  const number = value => Math.abs(value) >= 1e6 || (value !== 0 && Math.abs(value) < 1e-4) ? value.toExponential(2)
    : String(Number(value.toPrecision(6)));

  // The point of a curve that is nearest to x.
  function nearest(xs, x) {
    let [low, high] = [0, xs.length - 1];
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (xs[middle] < x) low = middle; else high = middle;
    }

    return Math.abs(xs[low] - x) <= Math.abs(xs[high] - x) ? low : high;
  }

  function chart(figure, data) {
    const all = data.curves.flatMap(curve => curve.x);
    if (all.length === 0) return;
    const whole = [Math.min(...all), Math.max(...all)];
    if (whole[0] === whole[1]) [whole[0], whole[1]] = [whole[0] - 1, whole[1] + 1];
    const shown = data.curves.map(() => true);
    let [low, high] = whole, size = null, logarithmic = false;

    figure.querySelector("img").remove();
    figure.classList.add("chart");
    const bar = make(figure, "div", { class: "bar" });
    figure.prepend(bar);
    data.curves.forEach((curve, i) => {
      const button = make(bar, "button", { type: "button", "aria-pressed": true });
      make(button, "i", { style: `background: var(--c${i % 7})` });
      button.append(curve.name);
      button.addEventListener("click", () => {
        shown[i] = !shown[i];
        button.setAttribute("aria-pressed", shown[i]);
        render();
      });
    });
    const scale = make(bar, "button", { type: "button" }, "log scale");
    const canLog = data.curves.every(curve => curve.y.every(y => y === null || y > 0));
    scale.hidden = !canLog;
    scale.addEventListener("click", () => {
      logarithmic = !logarithmic;
      scale.textContent = logarithmic ? "linear scale" : "log scale";
      render();
    });
    const reset = make(bar, "button", { type: "button", hidden: "" }, "show all");
    reset.addEventListener("click", () => zoom(...whole));

    const svg = draw(figure, "svg", { role: "img", "aria-label": data.title });
    const value = make(figure, "div", { class: "value soft" });
    const help = () => value.textContent = "Drag over a range to enlarge it, double-click to see everything.";
    help();

    function zoom(from, to) {
      [low, high] = [from, to];
      reset.hidden = low === whole[0] && high === whole[1];
      render();
    }

    function render() {
      const width = figure.clientWidth, height = 280, [left, right, top, bottom] = [62, 12, 8, 40];
      const visible = data.curves.flatMap((curve, i) => shown[i] ? curve.y.filter((y, k) =>
        y !== null && curve.x[k] >= low && curve.x[k] <= high) : []);
      const to = y => logarithmic ? Math.log10(y) : y;
      let [least, most] = [Infinity, -Infinity];
      for (const y of visible) [least, most] = [Math.min(least, to(y)), Math.max(most, to(y))];
      if (!(least <= most)) [least, most] = [0, 1];
      const room = most > least ? 0.05 * (most - least) : Math.max(0.5 * Math.abs(most), 0.5);
      [least, most] = [least - room, most + room];
      size = { left, right: width - right, top, bottom: height - bottom };
      const x = v => left + (v - low) / (high - low) * (width - left - right);
      const y = v => height - bottom - (to(v) - least) / (most - least) * (height - top - bottom);

      svg.replaceChildren();
      svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
      svg.setAttribute("height", height);
      for (const tick of ticks(least, most, 5, false)) {
        const v = logarithmic ? 10 ** tick : tick, at = y(v);
        draw(svg, "line", { class: "grid", x1: left, x2: width - right, y1: at, y2: at });
        draw(svg, "text", { x: left - 6, y: at + 4, "text-anchor": "end" }, number(Number(v.toPrecision(4))));
      }

      for (const tick of ticks(low, high, Math.max(2, Math.floor(width / 110)), true))
        draw(svg, "text", { x: x(tick), y: height - bottom + 16, "text-anchor": "middle" }, number(tick));
      draw(svg, "text", { x: (left + width - right) / 2, y: height - 6, "text-anchor": "middle" }, data.over);

      const clip = `clip-${data.id}`;
      const frame = draw(draw(draw(svg, "defs", {}), "clipPath", { id: clip }), "rect", {});
      for (const [key, v] of Object.entries({ x: left, y: 0, width: width - left - right, height })) frame.setAttribute(key, v);
      const plot = draw(svg, "g", { "clip-path": `url(#${clip})` });
      data.curves.forEach((curve, i) => {
        if (!shown[i]) return;
        let path = "", joined = false;
        curve.x.forEach((at, k) => {
          if (curve.y[k] === null) { joined = false; return; }
          const isAlone = !joined && (k + 1 === curve.x.length || curve.y[k + 1] === null);
          path += `${joined ? "L" : "M"}${x(at).toFixed(1)} ${y(curve.y[k]).toFixed(1)}`;
          if (isAlone) path += "h2";
          joined = true;
        });
        draw(plot, "path", { class: "curve", d: path, style: `stroke: var(--c${i % 7})` });
      });
    }

    const at = event => {
      const box = svg.getBoundingClientRect(), share = (event.clientX - box.left - size.left) / (size.right - size.left);
      return low + Math.min(1, Math.max(0, share)) * (high - low);
    };
    const place = v => size.left + (v - low) / (high - low) * (size.right - size.left);
    let start = null, zone = null, here = null;
    svg.addEventListener("pointerdown", event => {
      if (event.button !== 0) return;
      start = at(event);
      zone = draw(svg, "rect", { class: "zone", x: place(start), y: size.top, width: 0, height: size.bottom - size.top });
    });
    svg.addEventListener("pointermove", event => {
      const v = at(event);
      if (zone !== null) {
        zone.setAttribute("x", Math.min(place(start), place(v)));
        zone.setAttribute("width", Math.abs(place(v) - place(start)));
      }

      here ??= draw(svg, "line", { class: "here" });
      if (!here.isConnected) svg.append(here);
      const first = data.curves[0], near = first.x[nearest(first.x, v)];
      for (const [key, to] of Object.entries({ x1: place(near), x2: place(near), y1: size.top, y2: size.bottom })) here.setAttribute(key, to);
      value.textContent = `${data.over} ${number(near)}: ` + data.curves.map(curve => {
        const y = curve.y[nearest(curve.x, near)];
        return `${curve.name} ${y === null ? "-" : number(y)}`;
      }).join(", ");
    });
    const end = event => {
      if (zone === null) return;
      const v = at(event), [from, to] = [Math.min(start, v), Math.max(start, v)];
      zone.remove();
      zone = null;
      if (to - from > 0.02 * (high - low)) zoom(from, to);
    };
    svg.addEventListener("pointerup", end);
    svg.addEventListener("pointerleave", event => {
      end(event);
      here?.remove();
      help();
    });
    svg.addEventListener("pointercancel", () => {
      zone?.remove();
      zone = null;
    });
    svg.addEventListener("dblclick", () => zoom(...whole));
    new ResizeObserver(() => { if (size === null || figure.clientWidth !== size.right + 12) render(); }).observe(figure);
    render();
  }

  for (const strip of document.querySelectorAll(".strip")) compare(strip);
  const charts = JSON.parse(document.getElementById("curves").textContent);
  for (const data of charts) chart(document.getElementById(`chart-${data.id}`), data);
})();
