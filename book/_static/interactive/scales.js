// Random Fourier features and spherical harmonics at a scale that the reader sets (placeprior.book.interactive.scales).
// The formulas are those of placeprior.encoders.geoclip, .harmonics and placeprior.scores.spectra, in double precision.
"use strict";

(() => {
  const tools = window.interactive;
  const RADIANS = Math.PI / 180;
  const [LONGEST, SHORTEST, BINS] = [40960, 20, 22]; // km; half an octave a bar
  const SPAN = 2.5; // standard deviations at which colours end
  const DEEP = 480; // pixels of the map's width, each of them computed

  // Equal Earth, longitude 180 on the equator at x = 1.
  function equalEarth(lon, lat) {
    const [a1, a2, a3, a4] = [1.340264, -0.081106, 0.000893, 0.003796];
    const theta = Math.asin((Math.sqrt(3) / 2) * Math.sin(lat * RADIANS));
    const slope = 9 * a4 * theta ** 8 + 7 * a3 * theta ** 6 + 3 * a2 * theta ** 2 + a1;
    const x = (2 * Math.sqrt(3) * lon * RADIANS * Math.cos(theta)) / (3 * slope);
    const y = a4 * theta ** 9 + a3 * theta ** 7 + a2 * theta ** 3 + a1 * theta;
    return [(x * 66.50336) / 180, (y * 66.50336) / 180];
  }

  // [cos 2 pi B v, sin 2 pi B v] of B = sigma times the directions (waves, 2).
  function fourier(lon, lat, directions, sigma) {
    const [x, y] = equalEarth(lon, lat);
    const angles = [];
    for (let k = 0; k < directions.length; k += 2) angles.push(2 * Math.PI * sigma * (directions[k] * x + directions[k + 1] * y));
    return [...angles.map(Math.cos), ...angles.map(Math.sin)];
  }

  // Normalised associated Legendre functions of degrees below L at sin(latitude): row l holds orders 0 … l.
  // Holmes & Featherstone (2002), standard forward columns.
  function legendre(lat, L) {
    const [cos, sin] = [Math.sin(lat * RADIANS), Math.cos(lat * RADIANS)];
    const rows = [[Math.sqrt(1 / (4 * Math.PI))]];
    for (let l = 1; l < L; l++) {
      const [last, before] = [rows[l - 1], rows[l - 2]];
      const own = [];
      for (let m = 0; m < l; m++) {
        const up = Math.sqrt((4 * l * l - 1) / (l * l - m * m));
        const down = m < l - 1 ? Math.sqrt(((l - 1) ** 2 - m * m) / (4 * (l - 1) ** 2 - 1)) * before[m] : 0;
        own.push(up * (cos * last[m] - down));
      }
      own.push(Math.sqrt((2 * l + 1) / (2 * l)) * sin * last[l - 1]);
      rows.push(own);
    }
    return rows;
  }

  // Real harmonics of degrees below L: L * L numbers, degree by degree, order -l … l.
  function harmonics(lon, lat, L) {
    const found = [];
    legendre(lat, L).forEach((own, l) => {
      for (let m = -l; m <= l; m++) {
        const wave = m < 0 ? Math.SQRT2 * Math.sin(-m * lon * RADIANS) : m ? Math.SQRT2 * Math.cos(m * lon * RADIANS) : 1;
        found.push(own[Math.abs(m)] * wave);
      }
    });
    return found;
  }

  // Wavelengths of random Fourier features, km: the given quantiles of their distribution.
  function wavelengths(sigma, quantiles, unit) {
    return quantiles.map((share) => unit / (sigma * Math.sqrt(-2 * Math.log(share))));
  }

  // Wavelength of a degree on a sphere (Jeans 1923), same unit as the radius.
  function degreeLength(l, radius) {
    return (2 * Math.PI * radius) / Math.sqrt(l * (l + 1));
  }

  // Sum of coefficients times harmonics on a grid of whole degrees, by rows from the south: (181, 361).
  function globeField(coefficients, L) {
    const scale = Math.sqrt((4 * Math.PI) / (L * L - 1)); // variance one over the sphere; degree 0 is left out
    const field = new Float64Array(181 * 361);
    const cos = new Float64Array(361 * L).map((_, k) => Math.cos(((k % 361) - 180) * RADIANS * Math.floor(k / 361)));
    const sin = new Float64Array(361 * L).map((_, k) => Math.sin(((k % 361) - 180) * RADIANS * Math.floor(k / 361)));
    for (let row = 0; row < 181; row++) {
      const p = legendre(row - 90, L);
      for (let m = 0; m < L; m++) {
        let [even, odd] = [0, 0];
        for (let l = Math.max(m, 1); l < L; l++) {
          even += coefficients[l * (l + 1) + m] * p[l][m];
          if (m) odd += coefficients[l * (l + 1) - m] * p[l][m];
        }
        const root = (m ? Math.SQRT2 : 1) * scale;
        for (let column = 0; column < 361; column++) {
          field[row * 361 + column] += root * (even * cos[m * 361 + column] + odd * sin[m * 361 + column]);
        }
      }
    }
    return field;
  }

  // Value of such a grid at a place, between its four neighbours.
  function between(field, lon, lat) {
    const [x, y] = [Math.min(359.9999, lon + 180), Math.min(179.9999, lat + 90)];
    const [column, row] = [Math.floor(x), Math.floor(y)];
    const [right, up] = [x - column, y - row];
    const at = row * 361 + column;
    const below = field[at] * (1 - right) + field[at + 1] * right;
    return below * (1 - up) + (field[at + 361] * (1 - right) + field[at + 362] * right) * up;
  }

  // Shares of the variance in bars of wavelength, from {km, power} of waves; they add up to 1 with what is off the scale.
  function binned(waves) {
    const shares = new Float64Array(BINS);
    const total = waves.reduce((sum, { power }) => sum + power, 0);
    for (const { km, power } of waves) {
      const bin = Math.floor((Math.log(LONGEST / km) / Math.log(LONGEST / SHORTEST)) * BINS);
      if (bin >= 0 && bin < BINS) shares[bin] += power / total;
    }
    return shares;
  }

  function scales(root, data, { named, say }) {
    const directions = tools.unpack(data.directions, Float64Array);
    const weights = tools.unpack(data.weights, Float64Array);
    const coefficients = tools.unpack(data.coefficients, Float64Array);
    const waves = weights.length / 2;
    const map = new tools.CountryMap(named("waves"), data.country);
    const [globe, spectrum] = [named("globe"), named("spectrum")];
    const paint = tools.painter(data.ramp, -SPAN, SPAN);
    const rings = map.rings.map((ring) => ring.map(([x, y]) => tools.unalbers(x, y)));
    // Each wave as one cosine of known amplitude and phase.
    const amplitude = Array.from({ length: waves }, (_, k) => Math.hypot(weights[2 * k], weights[2 * k + 1]));
    const phase = Array.from({ length: waves }, (_, k) => Math.atan2(weights[2 * k + 1], weights[2 * k]));
    const power = amplitude.reduce((sum, a) => sum + (a * a) / 2, 0);

    // Where each computed pixel of the map is on the Equal Earth map; the picture is then drawn at any width.
    const image = new ImageData(DEEP, Math.round(DEEP * map.shape));
    const east = new Float64Array(image.width * image.height);
    const north = new Float64Array(image.width * image.height);
    const per = (map.east - map.west) / DEEP;
    for (let at = 0; at < east.length; at++) {
      const [column, row] = [at % DEEP, Math.floor(at / DEEP)];
      const [lon, lat] = tools.unalbers(map.west + (column + 0.5) * per, map.north - (row + 0.5) * per);
      [east[at], north[at]] = equalEarth(lon, lat);
    }
    const inside = within(map, image.width, image.height);
    const still = document.createElement("canvas");
    [still.width, still.height] = [image.width, image.height];

    function computeWaves(sigma) {
      for (let at = 0; at < east.length; at++) {
        if (!inside[at]) continue;
        let sum = 0;
        for (let k = 0; k < waves; k++) {
          const angle = 2 * Math.PI * sigma * (directions[2 * k] * east[at] + directions[2 * k + 1] * north[at]);
          sum += amplitude[k] * Math.cos(angle - phase[k]);
        }
        paint(image, at, sum / Math.sqrt(power));
      }
      still.getContext("2d").putImageData(image, 0, 0);
    }

    function drawWaves() {
      const context = map.open();
      context.save();
      context.clip(map.land);
      context.drawImage(still, 0, 0, map.canvas.clientWidth, map.canvas.clientWidth * map.shape);
      context.restore();
      map.coast();
    }

    function drawGlobe() {
      const context = tools.fit(globe, map.shape); // as high as the map beside it
      const [width, size] = [globe.clientWidth, parseFloat(globe.style.height)];
      const half = Math.floor(size / 2) - 2;
      const picture = new ImageData(2 * half, 2 * half);
      // Orthographic, seen from above the middle of the country (Snyder 1987, p. 145).
      const [lon0, lat0] = [-96 * RADIANS, 38 * RADIANS];
      for (let row = 0; row < 2 * half; row++) {
        for (let column = 0; column < 2 * half; column++) {
          const [x, y] = [(column + 0.5) / half - 1, 1 - (row + 0.5) / half];
          const rho = Math.hypot(x, y);
          if (rho >= 1) continue;
          const c = Math.asin(rho);
          const lat = Math.asin(Math.cos(c) * Math.sin(lat0) + (rho ? (y * Math.sin(c) * Math.cos(lat0)) / rho : 0));
          const lon =
            lon0 + Math.atan2(x * Math.sin(c), rho * Math.cos(c) * Math.cos(lat0) - y * Math.sin(c) * Math.sin(lat0));
          const value = between(field, ((lon / RADIANS + 540) % 360) - 180, lat / RADIANS);
          paint(picture, row * 2 * half + column, value);
        }
      }
      const ball = document.createElement("canvas");
      ball.width = ball.height = 2 * half;
      ball.getContext("2d").putImageData(picture, 0, 0);
      context.drawImage(ball, width / 2 - half, size / 2 - half);
      context.strokeStyle = tools.tint(globe, "muted");
      context.beginPath();
      context.arc(width / 2, size / 2, half, 0, 7);
      context.stroke();
      context.strokeStyle = data.ink; // on the colours, in any theme
      context.beginPath();
      for (const ring of rings) {
        ring.forEach(([lon, lat], number) => {
          const [dx, p] = [lon * RADIANS - lon0, lat * RADIANS];
          const x = Math.cos(p) * Math.sin(dx);
          const y = Math.cos(lat0) * Math.sin(p) - Math.sin(lat0) * Math.cos(p) * Math.cos(dx);
          context[number ? "lineTo" : "moveTo"](width / 2 + x * half, size / 2 - y * half);
        });
      }
      context.stroke();
    }

    function drawSpectrum(sigma, L) {
      const lines = [
        amplitude.map((a, k) => ({ km: data.unit / (sigma * Math.hypot(directions[2 * k], directions[2 * k + 1])), power: a * a })),
        Array.from({ length: L - 1 }, (_, k) => {
          const [from, to] = [(k + 1) ** 2, (k + 2) ** 2];
          const own = coefficients.slice(from, to).reduce((sum, c) => sum + c * c, 0);
          return { km: degreeLength(k + 1, data.radius), power: own };
        }),
      ].map(binned);
      const context = tools.fit(spectrum, Math.max(0.28, 170 / spectrum.clientWidth));
      const highest = Math.max(10, Math.ceil(10 * Math.max(...lines.flatMap((shares) => [...shares]))) * 10);
      const narrow = spectrum.clientWidth < 500;
      const to = tools.axes(
        context,
        spectrum,
        { low: LONGEST, high: SHORTEST, log: true, ticks: narrow ? [10000, 1000, 100] : [20000, 10000, 5000, 2000, 1000, 500, 200, 100, 50], label: "wavelength [km]" },
        { low: 0, high: highest, ticks: [0, highest / 2, highest], label: "share [%]" },
      );
      const edge = (bin) => LONGEST * (SHORTEST / LONGEST) ** (bin / BINS);
      lines.forEach((shares, which) => {
        context.fillStyle = data.tints[which];
        shares.forEach((share, bin) => {
          const [left, right] = [to.x(edge(bin)), to.x(edge(bin + 1))];
          const wide = (right - left) * 0.42;
          context.fillRect(left + which * wide + 0.08 * (right - left), to.y(100 * share), wide, to.y(0) - to.y(100 * share));
        });
      });
      const square = "M0 0H10V10H0Z";
      const entries = ["random Fourier features (left bars)", "spherical harmonics (right bars)"].map((name, which) => [data.tints[which], square, name]);
      tools.drawKey(root.querySelector(".key"), entries);
    }

    let known = {};
    let field;
    return () => {
      const sigma = 2 ** named("sigma").value;
      const L = Number(named("degrees").value);
      const written = tools.number(sigma, sigma < 10 ? 1 : 0);
      named("sigma").closest("label").querySelector(".value").textContent = written;
      named("degrees").closest("label").querySelector(".value").textContent = L;
      // One slider moves at a time: what the other sets is kept.
      if (known.sigma !== sigma) computeWaves(sigma);
      if (known.L !== L) field = globeField(coefficients, L);
      known = { sigma, L };
      drawWaves();
      drawGlobe();
      drawSpectrum(sigma, L);
      tools.drawBar(named("bar"), data.ramp, [`−${SPAN}`, "0", SPAN], "value, standard deviations");
      const [short, middle, long] = wavelengths(sigma, [0.1, 0.5, 0.9], data.unit).map((km) => tools.number(km, 0));
      const shortest = degreeLength(L - 1, data.radius);
      say(
        `σ = ${written}: half of the waves are shorter than ${middle} km, a tenth shorter than ${short} km, ` +
          `a tenth longer than ${long} km. Degrees below ${L}: ${tools.number(L * L, 0)} harmonics, the shortest wave is ` +
          `${tools.number(shortest, 0)} km long, so they resolve about ${tools.number(shortest / 2, 0)} km.`,
      );
    };
  }

  // Which pixels of a picture of the map are on land or at its edge.
  function within(map, width, height) {
    const mask = document.createElement("canvas");
    [mask.width, mask.height] = [width, height];
    const context = mask.getContext("2d", { willReadFrequently: true });
    const scale = width / (map.east - map.west);
    context.lineWidth = 3;
    for (const ring of map.rings) {
      context.beginPath();
      for (const [x, y] of ring) context.lineTo((x - map.west) * scale, (map.north - y) * scale);
      context.fill();
      context.stroke();
    }
    return context.getImageData(0, 0, width, height).data.filter((_, at) => at % 4 === 3);
  }

  tools.kinds.scales = scales;
  Object.assign(tools, { equalEarth, fourier, harmonics, wavelengths, degreeLength, globeField, between });
})();
