// A checkerboard's cell size and tested partition -> stations, distances, scores (placeprior.book.interactive.checkerboard).
"use strict";

(() => {
  const tools = window.interactive;
  // Shapes of the book's maps of splits, in a box of ten.
  const SHAPES = { train: "M5 0A5 5 0 1 1 5 10A5 5 0 1 1 5 0Z", validation: "M1 1H9V9H1Z", test: "M5 0L10 9H0Z" };

  // Partition of a place, 1 or 2, as placeprior.space.splits.partition.
  function partition(lon, lat, size, [west, south]) {
    const both = Math.floor((lon - west) / size) + Math.floor((lat - south) / size);
    return (((both % 2) + 2) % 2) + 1;
  }

  // The part of each station, and km from each tested one to the nearest trained on, rising.
  function parted(data, lonlat, size, fold) {
    const bits = tools.unpack(data.aside[`${size}/${fold}`], Uint8Array);
    const part = Array.from({ length: lonlat.length / 2 }, (_, k) => {
      if (partition(lonlat[2 * k], lonlat[2 * k + 1], size, data.box) === fold) return "test";
      return (bits[k >> 3] >> (k & 7)) & 1 ? "validation" : "train";
    });
    const km = [];
    part.forEach((own, k) => {
      if (own !== "test") return;
      let least = Infinity;
      part.forEach((other, j) => {
        if (other !== "train") return;
        const apart = tools.greatCircle(lonlat[2 * k], lonlat[2 * k + 1], lonlat[2 * j], lonlat[2 * j + 1], data.radius);
        least = Math.min(least, apart);
      });
      km.push(least);
    });
    return { part, km: km.sort((a, b) => a - b) };
  }

  function checkerboard(root, data, { named, chosen, say }) {
    const lonlat = tools.unpack(data.stations, Float64Array);
    const map = new tools.CountryMap(named("map"), data.country);
    const shapes = Object.fromEntries(Object.entries(SHAPES).map(([name, path]) => [name, new Path2D(path)]));

    function drawMap(size, fold, part) {
      const context = map.open();
      const [west, south, east, north] = data.box;
      context.save();
      context.fillStyle = tools.tint(map.canvas, "land");
      context.fill(map.land);
      context.clip(map.land);
      context.lineWidth = 1;
      context.strokeStyle = tools.tint(map.canvas, "muted");
      for (let x = west; x < east; x += size) {
        for (let y = south; y < north; y += size) {
          const path = new Path2D();
          // Edges of constant latitude are bent on this map.
          for (let k = 0; k <= 20; k++) path.lineTo(...map.at(x + (size * k) / 20, y));
          for (let k = 20; k >= 0; k--) path.lineTo(...map.at(x + (size * k) / 20, Math.min(y + size, 60)));
          path.closePath();
          if (partition(x + size / 2, y + size / 2, size, data.box) === fold) {
            context.globalAlpha = 0.22;
            context.fillStyle = data.tints.test;
            context.fill(path);
            context.globalAlpha = 1;
          }
          context.stroke(path);
        }
      }
      context.restore();
      map.coast();
      const across = map.canvas.clientWidth < 450 ? 0.6 : 0.9;
      part.forEach((own, k) => {
        const [x, y] = map.at(lonlat[2 * k], lonlat[2 * k + 1]);
        context.save();
        context.translate(x - 5 * across, y - 5 * across);
        context.scale(across, across);
        context.fillStyle = data.tints[own];
        context.fill(shapes[own]);
        context.restore();
      });
    }

    function drawKey(part) {
      const words = { train: "trained on", validation: "validation", test: "tested (shaded cells)" };
      const count = (name) => part.filter((own) => own === name).length;
      const entries = Object.entries(SHAPES).map(([name, path]) => [data.tints[name], path, `${words[name]} (${count(name)})`]);
      tools.drawKey(root.querySelector(".key"), entries);
    }

    function drawDistances(km) {
      const canvas = named("distances");
      const context = tools.fit(canvas, Math.max(0.3, 190 / canvas.clientWidth));
      const to = tools.axes(
        context,
        canvas,
        { low: 1, high: 3000, log: true, ticks: [1, 10, 100, 1000], label: "km to the nearest station that is trained on" },
        { low: 0, high: 100, ticks: [0, 50, 100], label: "share closer [%]" },
      );
      context.strokeStyle = data.tints.test;
      context.lineWidth = 2;
      context.beginPath();
      context.moveTo(to.x(1), to.y(0));
      km.forEach((each, k) => {
        const x = to.x(Math.max(1, each));
        context.lineTo(x, to.y((100 * k) / km.length));
        context.lineTo(x, to.y((100 * (k + 1)) / km.length));
      });
      context.lineTo(to.x(3000), to.y(100));
      context.stroke();
      const middle = tools.quantile(km, 0.5);
      context.strokeStyle = tools.tint(canvas, "ink");
      context.setLineDash([3, 3]);
      context.lineWidth = 1;
      context.beginPath();
      context.moveTo(to.x(middle), to.y(0));
      context.lineTo(to.x(middle), to.y(100));
      context.stroke();
    }

    // Text only: names come from the book's own list, but nothing here needs markup.
    function drawScores(rows, size, fold) {
      const box = root.querySelector(".scores");
      const run = Object.keys(data.scores).map((key) => `${key.split("/")[0]}°`);
      if (!rows) {
        const others = [...new Set(run)].sort((a, b) => parseFloat(a) - parseFloat(b)).join(", ");
        box.textContent = `Not run with cells of ${size}°${others ? `; scores there are at ${others}` : ""}.`;
        return;
      }
      const table = document.createElement("table");
      table.createCaption().textContent = `R² on partition ${fold} of the ${size}° board, mean over seeds`;
      for (const { name, value, fits } of rows) {
        const row = table.insertRow();
        const head = document.createElement("th");
        head.scope = "row";
        head.textContent = name === data.placebo ? `${name} (placebo)` : name;
        row.append(head);
        for (const text of [tools.number(value, 3), fits === 1 ? "1 fit" : `${fits} fits`]) {
          row.append(Object.assign(document.createElement("td"), { className: "text-right", textContent: text }));
        }
      }
      box.replaceChildren(table);
    }

    return () => {
      const size = Number(named("size").value);
      const fold = Number(chosen("fold"));
      named("size").closest("label").querySelector(".value").textContent = `${size}°`;
      const { part, km } = parted(data, lonlat, size, fold);
      const rows = data.scores[`${size}/${fold}`];
      drawMap(size, fold, part);
      drawKey(part);
      drawDistances(km);
      drawScores(rows, size, fold);
      const count = (name) => part.filter((own) => own === name).length;
      const [low, middle, high] = [0.1, 0.5, 0.9].map((share) => tools.number(tools.quantile(km, share), 0));
      say(
        `Cells of ${size}°, partition ${fold} tested: ${count("test")} stations tested, ${count("train")} trained on. Half of ` +
          `the tests are within ${middle} km of a station that is trained on, a tenth within ${low} km, nine tenths within ` +
          `${high} km. ${rows ? "The table has the scores." : "No run has this size."}`,
      );
    };
  }

  tools.kinds.checkerboard = checkerboard;
  Object.assign(tools, { partition, parted });
})();
