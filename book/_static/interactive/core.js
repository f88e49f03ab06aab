// What all interactive figures share: reading the data in a page, the map of the country, scales of colours, and drawing
// again when the width or the theme changes. Each kind of figure registers itself in `interactive.kinds`; plain scripts,
// as a page opened from a file may not load modules.
"use strict";

(() => {
  const RADIANS = Math.PI / 180;
  const kinds = {};

  // --- data ----------------------------------------------------------------------------------------------------------

  // Base64 of little-endian numbers -> a typed array.
  function unpack(text, Type) {
    const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
    return new Type(bytes.buffer);
  }

  // --- the map -------------------------------------------------------------------------------------------------------

  // Albers' equal-area conic of the book's maps (EPSG:5070) on a sphere of radius 1 (Snyder 1987, p. 100).
  const [FIRST, SECOND, ORIGIN, MIDDLE] = [29.5, 45.5, 23, -96].map((degrees) => degrees * RADIANS);
  const N = (Math.sin(FIRST) + Math.sin(SECOND)) / 2;
  const C = Math.cos(FIRST) ** 2 + 2 * N * Math.sin(FIRST);
  const R0 = Math.sqrt(C - 2 * N * Math.sin(ORIGIN)) / N;

  function albers(lon, lat) {
    const radius = Math.sqrt(C - 2 * N * Math.sin(lat * RADIANS)) / N;
    const turn = N * (lon * RADIANS - MIDDLE);
    return [radius * Math.sin(turn), R0 - radius * Math.cos(turn)];
  }

  function unalbers(x, y) {
    const radius = Math.hypot(x, R0 - y);
    const lon = (MIDDLE + Math.atan2(x, R0 - y) / N) / RADIANS;
    return [lon, Math.asin((C - (radius * N) ** 2) / (2 * N)) / RADIANS];
  }

  // Kilometres along a great circle (haversine), as placeprior.coords.great_circle_km.
  function greatCircle(lon, lat, otherLon, otherLat, radius) {
    const h =
      Math.sin(((lat - otherLat) * RADIANS) / 2) ** 2 +
      Math.cos(lat * RADIANS) * Math.cos(otherLat * RADIANS) * Math.sin(((lon - otherLon) * RADIANS) / 2) ** 2;
    return 2 * radius * Math.asin(Math.sqrt(Math.min(1, h)));
  }

  // Rings of the outline: arrays of [lon, lat].
  function outline(country) {
    const points = unpack(country.points, Int16Array);
    let at = 0;
    return country.rings.map((count) =>
      Array.from({ length: count }, () => [points[at++] * country.step, points[at++] * country.step]),
    );
  }

  // The country on a canvas. `map.at(lon, lat)` is in CSS pixels, `map.place(x, y)` its inverse.
  class CountryMap {
    constructor(canvas, country) {
      this.canvas = canvas;
      this.rings = outline(country).map((ring) => ring.map(([lon, lat]) => albers(lon, lat)));
      const every = this.rings.flat();
      this.west = Math.min(...every.map(([x]) => x)) - 0.008;
      this.east = Math.max(...every.map(([x]) => x)) + 0.008;
      this.south = Math.min(...every.map(([, y]) => y)) - 0.008;
      this.north = Math.max(...every.map(([, y]) => y)) + 0.008;
      this.shape = (this.north - this.south) / (this.east - this.west);
    }

    // Make the canvas as wide as its box, clear it, and return its context.
    open() {
      this.context = fit(this.canvas, this.shape);
      this.scale = this.canvas.clientWidth / (this.east - this.west);
      this.land = new Path2D();
      for (const ring of this.rings) {
        ring.forEach(([x, y], number) => this.land[number ? "lineTo" : "moveTo"](...this.pixel(x, y)));
        this.land.closePath();
      }
      return this.context;
    }

    pixel(x, y) {
      return [(x - this.west) * this.scale, (this.north - y) * this.scale];
    }

    at(lon, lat) {
      return this.pixel(...albers(lon, lat));
    }

    place(x, y) {
      return unalbers(x / this.scale + this.west, this.north - y / this.scale);
    }

    // Where a pointer's event is: [lon, lat].
    pointed(event) {
      const box = this.canvas.getBoundingClientRect();
      return this.place(event.clientX - box.left, event.clientY - box.top);
    }

    // Cells coloured by `colour(number)`, cut at the outline.
    fill(cells, colour) {
      const { context } = this;
      // First half a cell larger: land at the edge, in cells whose centre is off it, takes the colour of a neighbour.
      // Then a little larger, which hides the seams.
      if (this.drawn !== this.scale) {
        const numbers = Array.from({ length: cells.count }, (_, number) => number);
        this.layers = [2, 1.03].map((grown) => numbers.map((number) => this.cell(cells, number, grown)));
        this.drawn = this.scale;
      }
      for (const paths of this.layers) {
        paths.forEach((path, number) => {
          context.fillStyle = colour(number);
          context.fill(path);
        });
      }
      context.globalCompositeOperation = "destination-in"; // much faster than drawing within the outline
      context.fill(this.land);
      context.globalCompositeOperation = "destination-over";
      context.fillStyle = tint(this.canvas, "land");
      context.fill(this.land);
      context.globalCompositeOperation = "source-over";
      this.coast();
    }

    cell(cells, number, grown) {
      const [lon, lat] = cells.centre(number);
      const half = (cells.size / 2) * grown;
      const path = new Path2D();
      const corners = [[-half, -half], [half, -half], [half, half], [-half, half]];
      corners.forEach(([x, y], corner) => path[corner ? "lineTo" : "moveTo"](...this.at(lon + x, lat + y)));
      path.closePath();
      return path;
    }

    coast() {
      this.context.strokeStyle = tint(this.canvas, "muted");
      this.context.lineWidth = 1;
      this.context.stroke(this.land);
    }
  }

  // Cells on land, by number: `centre`, `nearest` to a place, `step` to a neighbour in a direction.
  class Cells {
    constructor({ lonlat, size }) {
      this.size = size;
      this.halves = unpack(lonlat, Int16Array);
      this.count = this.halves.length / 2;
    }

    centre(number) {
      return [(this.halves[2 * number] * this.size) / 2, (this.halves[2 * number + 1] * this.size) / 2];
    }

    // The number of the cell whose centre is nearest among those that `allowed` lets through; -1 where there is none.
    nearest(lon, lat, allowed = () => true) {
      let [best, least] = [-1, Infinity];
      for (let number = 0; number < this.count; number++) {
        const [x, y] = this.centre(number);
        const apart = ((x - lon) * Math.cos(lat * RADIANS)) ** 2 + (y - lat) ** 2;
        if (apart < least && allowed(x, y)) [best, least] = [number, apart];
      }
      return best;
    }

    // The next cell in a direction, across water where need be; the same cell at the edge of the country.
    step(number, [east, north]) {
      const [lon, lat] = this.centre(number);
      const near = 1e-6;
      const next = this.nearest(lon, lat, (x, y) =>
        east ? (x - lon) * east > near && Math.abs(y - lat) < near : (y - lat) * north > near && Math.abs(x - lon) < near,
      );
      if (next >= 0) return next;
      const beside = this.nearest(lon, lat, (x, y) => (east ? (x - lon) * east : (y - lat) * north) > near);
      return beside < 0 ? number : beside;
    }
  }

  // --- colours -------------------------------------------------------------------------------------------------------

  // A colour of the theme, as the style sheet names it: ink, muted, paper, edge, land.
  function tint(element, name) {
    return getComputedStyle(element.closest(".interactive")).getPropertyValue(`--${name}`).trim();
  }

  // Stops (#rrggbb) -> a function of 0 … 1 that gives [red, green, blue].
  function ramp(stops) {
    const parts = stops.map((hex) => [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16)));
    return (share) => {
      const at = Math.min(1, Math.max(0, share)) * (parts.length - 1);
      const low = Math.min(parts.length - 2, Math.floor(at));
      return parts[low].map((value, k) => Math.round(value + (at - low) * (parts[low + 1][k] - value)));
    };
  }

  // The same as pixels of an ImageData, for values from `low` to `high`: `paint(picture, pixel, value)`.
  function painter(stops, low, high) {
    const colour = ramp(stops);
    const table = Array.from({ length: 256 }, (_, at) => colour(at / 255));
    return (picture, pixel, value) => {
      const [red, green, blue] = table[Math.min(255, Math.max(0, Math.round((255 * (value - low)) / (high - low))))];
      const { data } = picture;
      data[4 * pixel] = red;
      data[4 * pixel + 1] = green;
      data[4 * pixel + 2] = blue;
      data[4 * pixel + 3] = 255;
    };
  }

  // The same as text, for values from `low` to `high`.
  function coloured(stops, low, high) {
    const colour = ramp(stops);
    return (value) => `rgb(${colour((value - low) / (high - low)).join(" ")})`;
  }

  function drawBar(box, stops, ends, text) {
    const scale = document.createElement("i");
    scale.style.background = `linear-gradient(to right, ${stops.join(",")})`;
    const numbers = document.createElement("span");
    for (const end of ends) numbers.append(Object.assign(document.createElement("span"), { textContent: end }));
    box.replaceChildren(scale, numbers, text);
  }

  // What colours and shapes mean: entries of colour, path in a box of ten, and text.
  function drawKey(box, entries) {
    const drawn = entries.map(([colour, path, text]) => {
      const entry = document.createElement("span");
      entry.innerHTML = `<svg viewBox="0 0 10 10" aria-hidden="true"><path fill="${colour}" d="${path}"/></svg> `;
      entry.append(text);
      return entry;
    });
    box.replaceChildren(...drawn);
  }

  // --- canvases ------------------------------------------------------------------------------------------------------

  // Make a canvas as sharp as the screen and as wide as its box; one unit of its context is a CSS pixel.
  function fit(canvas, shape) {
    const width = canvas.clientWidth;
    const height = Math.round(width * shape);
    const ratio = devicePixelRatio || 1;
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
    canvas.style.height = `${height}px`;
    const context = canvas.getContext("2d");
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.font = `12px ${getComputedStyle(canvas).fontFamily}`;
    return context;
  }

  // Axes of a chart in the theme's colours. `x` and `y`: {low, high, log, ticks, text, label}. Returns {x, y}: to pixels.
  function axes(context, canvas, x, y) {
    const [width, height] = [canvas.clientWidth, parseFloat(canvas.style.height)];
    const room = { left: 44, right: 12, top: 8, bottom: 38 };
    const along = (axis) => (axis.log ? Math.log : (value) => value);
    const share = (axis, value) =>
      (along(axis)(value) - along(axis)(axis.low)) / (along(axis)(axis.high) - along(axis)(axis.low));
    const toX = (value) => room.left + share(x, value) * (width - room.left - room.right);
    const toY = (value) => height - room.bottom - share(y, value) * (height - room.top - room.bottom);
    context.lineWidth = 1;
    context.strokeStyle = tint(canvas, "land");
    context.beginPath();
    for (const tick of y.ticks) context.rect(room.left, toY(tick), width - room.left - room.right, 0);
    for (const tick of x.ticks) context.rect(toX(tick), room.top, 0, height - room.top - room.bottom);
    context.stroke();
    context.fillStyle = tint(canvas, "ink");
    context.textAlign = "center";
    context.textBaseline = "top";
    for (const tick of x.ticks) context.fillText(number(tick, 0), toX(tick), height - room.bottom + 4);
    context.fillText(x.label, (room.left + width - room.right) / 2, height - 16);
    context.textAlign = "right";
    context.textBaseline = "middle";
    for (const tick of y.ticks) context.fillText(number(tick, 0), room.left - 5, toY(tick));
    context.save();
    context.translate(9, (height - room.bottom) / 2);
    context.rotate(-Math.PI / 2);
    context.textAlign = "center";
    context.fillText(y.label, 0, 0);
    context.restore();
    return { x: toX, y: toY };
  }

  // --- words ---------------------------------------------------------------------------------------------------------

  // A number with thousands separators and a true minus; a dash for none.
  function number(value, digits) {
    if (!Number.isFinite(value)) return "–";
    const text = value.toLocaleString("en", { minimumFractionDigits: digits, maximumFractionDigits: digits });
    return /^-[0.,]*$/.test(text) ? text.slice(1) : text.replace("-", "−");
  }

  // Quantile of numbers in rising order, interpolated as NumPy does.
  function quantile(sorted, share) {
    const at = share * (sorted.length - 1);
    const low = Math.floor(at);
    return sorted[low] + (at - low) * ((sorted[low + 1] ?? sorted[low]) - sorted[low]);
  }

  // --- beginning -----------------------------------------------------------------------------------------------------

  function start(root) {
    const data = JSON.parse(root.querySelector("script").textContent);
    const named = (name) => root.querySelector(`[data-name="${name}"], [name="${name}"]`);
    const said = root.querySelector(".said");
    root.hidden = false; // a hidden canvas has no width
    const chosen = (name) => root.querySelector(`[name="${name}"]:checked`).value;
    const say = (text) => text !== said.textContent && (said.textContent = text);
    root.querySelector("form").addEventListener("submit", (event) => event.preventDefault()); // it goes nowhere
    const draw = kinds[root.dataset.kind](root, data, { named, chosen, say, said });
    let asked = 0;
    const again = () => {
      cancelAnimationFrame(asked);
      asked = requestAnimationFrame(draw);
    };
    root.addEventListener("input", again);
    let width = root.clientWidth;
    new ResizeObserver(() => root.clientWidth !== width && ((width = root.clientWidth), again())).observe(root);
    new MutationObserver(again).observe(document.documentElement, { attributeFilter: ["data-theme"] });
    draw();
  }

  document.addEventListener("DOMContentLoaded", () => {
    for (const root of document.querySelectorAll(".interactive[data-kind]")) if (kinds[root.dataset.kind]) start(root);
  });

  window.interactive = {
    kinds, unpack, albers, unalbers, greatCircle, CountryMap, Cells, tint, ramp, coloured, painter, drawBar, drawKey, fit, axes, number, quantile,
  };
})();
