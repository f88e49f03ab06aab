// A place on the map -> how similar every other place's vector is (placeprior.book.interactive.similarity).
"use strict";

(() => {
  const tools = window.interactive;
  const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
  const RADIUS = 6371;
  const END = 0.5; // cosine at which colours end: of trained encoders few are beyond

  // Cosines of one cell with all cells, from an encoder's code.
  function cosines(code, count, chosen) {
    const found = new Float64Array(count);
    if (code.vectors) {
      code.read ??= tools.unpack(code.vectors, Int8Array);
      const vector = (number) => code.read.subarray(number * code.dim, (number + 1) * code.dim);
      const dot = (a, b) => a.reduce((sum, value, k) => sum + value * b[k], 0);
      const wide = (number) => Float64Array.from(vector(number));
      const own = wide(chosen);
      for (let number = 0; number < count; number++) {
        const other = wide(number);
        const length = Math.sqrt(dot(own, own) * dot(other, other));
        found[number] = length ? dot(own, other) / length : 0;
      }
    } else {
      code.read ??= tools.unpack(code.cosines, Uint8Array);
      for (let number = 0; number < count; number++) {
        const [row, column] = [Math.max(number, chosen), Math.min(number, chosen)];
        found[number] = row === column ? 1 : code.low + code.step * code.read[(row * (row - 1)) / 2 + column];
      }
    }
    return found;
  }

  function median(values) {
    return tools.quantile([...values].sort((a, b) => a - b), 0.5);
  }

  function similarity(root, data, { named, chosen, say }) {
    const cells = new tools.Cells(data.cells);
    const map = new tools.CountryMap(named("map"), data.country);
    const list = named("place");
    const colour = tools.coloured(data.ramp, -END, END);
    let place = 0;

    function go(number) {
      place = number;
      list.value = 0;
      draw();
    }

    // By the list: the cell that is nearest to the named place.
    function pick() {
      const [, lon, lat] = data.places[list.value - 1] ?? [];
      if (lon !== undefined) place = cells.nearest(lon, lat);
    }

    map.canvas.addEventListener("click", (event) => go(cells.nearest(...map.pointed(event))));
    map.canvas.addEventListener("keydown", (event) => {
      if (!ARROWS[event.key]) return;
      event.preventDefault();
      go(cells.step(place, ARROWS[event.key]));
    });
    list.addEventListener("input", pick);
    list.value = 1;
    pick();

    function draw() {
      const code = data.encoders[chosen("encoder")];
      const found = cosines(code, cells.count, place);
      const context = map.open();
      map.fill(cells, (number) => colour(found[number]));
      const [lon, lat] = cells.centre(place);
      const [x, y] = map.at(lon, lat);
      // Two rings, so that one of them stands out from any colour.
      for (const [width, paint] of [[5, "paper"], [2, "ink"]]) {
        context.beginPath();
        context.arc(x, y, 7, 0, 7);
        context.lineWidth = width;
        context.strokeStyle = tools.tint(map.canvas, paint);
        context.stroke();
      }
      tools.drawBar(named("bar"), data.ramp, [`≤ −${END}`, "0", `≥ ${END}`], `cosine of centred vectors, ${code.name}`);

      const km = Array.from({ length: cells.count }, (_, number) => tools.greatCircle(lon, lat, ...cells.centre(number), RADIUS));
      const near = found.filter((_, number) => km[number] < 300 && number !== place);
      const far = found.filter((_, number) => km[number] > 1000);
      let most = -1;
      for (let number = 0; number < cells.count; number++) {
        if (km[number] > 500 && (most < 0 || found[number] > found[most])) most = number;
      }
      const where = ([east, north]) => `${tools.number(-east, 1)}° W, ${tools.number(north, 1)}° N`;
      const name = list.value > 0 ? `${data.places[list.value - 1][0]} (cell at ${where([lon, lat])})` : where([lon, lat]);
      say(
        `${code.name[0].toUpperCase()}${code.name.slice(1)}, ${name}: median cosine ${tools.number(median(near), 2)} within 300 km, ` +
          `${tools.number(median(far), 2)} beyond 1,000 km; most alike beyond 500 km: ${where(cells.centre(most))}, ` +
          `${tools.number(found[most], 2)}.`,
      );
    }
    return draw;
  }

  tools.kinds.similarity = similarity;
  tools.cosines = cosines;
})();
