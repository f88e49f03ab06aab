// A day of the embedded world -> maps of the truth, an estimate and its error (placeprior.book.interactive.days).
"use strict";

(() => {
  const tools = window.interactive;
  const LEVELS = 255;
  const PACE = 250; // ms a day while it plays
  const RADIANS = Math.PI / 180;

  function days(root, data, { named, chosen, say, said }) {
    const cells = new tools.Cells(data.cells);
    const [slide, button] = [named("day"), named("play")];
    const maps = ["truth", "estimate", "error"].map((name) => new tools.CountryMap(named(name), data.country));
    const [top, widest] = data.ends;
    const amount = tools.coloured(data.amount, 0, top);
    const difference = tools.coloured(data.difference, -widest, widest);
    const read = (text) => tools.unpack(text, Uint8Array);
    const truth = read(data.truth);
    const made = Object.fromEntries(Object.entries(data.runs).map(([arm, run]) => [arm, read(run.values)]));
    // µg m-3 of one day: the inverse of placeprior.book.interactive.days.level.
    const on = (levels, day) =>
      Float64Array.from(levels.subarray(day * cells.count, (day + 1) * cells.count), (level) => data.top * (level / LEVELS) ** 2);

    // A reader who asked for less motion steps by hand.
    const still = matchMedia("(prefers-reduced-motion: reduce)");
    let playing = 0;
    const name = () => {
      button.textContent = still.matches ? "Next day" : playing ? "Pause" : "Play";
      said.setAttribute("aria-live", playing ? "off" : "polite"); // nobody can listen to four days a second
    };
    const step = () => {
      slide.value = (Number(slide.value) + 1) % data.days.length;
      draw();
    };
    const pause = () => {
      clearInterval(playing);
      playing = 0;
      name();
    };
    button.addEventListener("click", () => {
      if (still.matches) return step();
      if (playing) return pause();
      playing = setInterval(step, PACE);
      name();
    });
    slide.addEventListener("input", pause);
    still.addEventListener("change", pause);
    name();

    function draw() {
      const day = Number(slide.value);
      const arm = chosen("run");
      const [real, found] = [on(truth, day), on(made[arm], day)];
      const error = found.map((value, number) => value - real[number]);
      const date = new Date(`${data.days[day]}T00:00:00Z`);
      const text = date.toLocaleDateString("en-GB", { day: "numeric", month: "long", timeZone: "UTC" });
      slide.closest("label").querySelector(".value").textContent = text;
      slide.setAttribute("aria-valuetext", text);
      [real, found, error].forEach((values, which) => {
        maps[which].open();
        maps[which].fill(cells, (number) => (which < 2 ? amount : difference)(values[number]));
      });
      tools.drawBar(named("amount"), data.amount, ["0", `≥ ${top}`], `PM2.5 [${data.unit}]`);
      tools.drawBar(named("difference"), data.difference, [`≤ −${widest}`, "0", `≥ ${widest}`], `estimate minus truth [${data.unit}]`);
      const weight = real.map((_, number) => Math.cos(cells.centre(number)[1] * RADIANS));
      const all = weight.reduce((sum, each) => sum + each, 0);
      const mean = (values) => values.reduce((sum, value, number) => sum + weight[number] * value, 0) / all;
      const rmse = Math.sqrt(mean(error.map((value) => value ** 2)));
      say(
        `${text} (nominal), ${data.runs[arm].name}: true mean over the land ${tools.number(mean(real), 1)} ${data.unit}, ` +
          `estimated ${tools.number(mean(found), 1)}; RMSE ${tools.number(rmse, 1)}, mean error ${tools.number(mean(error), 1)}.`,
      );
    }
    return draw;
  }

  tools.kinds.days = days;
})();
