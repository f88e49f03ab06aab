# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% tags=["parameters", "remove-cell"]
profile = "demo"
real = "aqs"

# %% tags=["remove-cell"]
from placeprior.book import figures, tail
from placeprior.book.style import BLUE, GREEN, ORANGE
from placeprior.book.tables import captioned

figures.style()

# %% [markdown]
# # Which days, which places?
#
# ```{goals}
# :needs: {doc}`scores`, {doc}`comparison`
# take a squared error apart into that of places' means and that of their days
# read a hit rate beside a false alarm ratio, and say what each hides
# say on which days a place can help, and on which it cannot
# ```
#
# ```{answer} place-means-stations place-days-stations place-high-stations place-smoke-stations
# :question: Does telling the place help with the mean of a place, with its days, or with its worst days?
# Undecided. In the embedded world {val}`claims.place-means-stations.demo.fits:d` trainings of one fold leave open whether GeoCLIP's vectors change the R² of the means of new
# stations ({val}`claims.place-means-stations.demo.low:+.2f` to {val}`claims.place-means-stations.demo.high:+.2f`) or of their days
# ({val}`claims.place-days-stations.demo.low:+.2f` to {val}`claims.place-days-stations.demo.high:+.2f`), and the error on high days. On real measurements the parts are
# still to be taken apart.
# ```
#
# ## One error, two parts
#
# Three stations, eight days, made up. The first model knows each place's mean and nothing about its days; the second knows the days and takes all places to be
# alike.

# %%
import numpy as np
import pandas as pd

days = np.arange(8)
wave = np.array([0.0, 2, 1, -1, 3, -2, -3, 0])
means = np.array([7.0, 10.0, 13.0])
measured_days = means[:, None] + wave
models = {
    "knows the places": np.repeat(means[:, None], days.size, axis=1),
    "knows the days": np.repeat((means.mean() + wave)[None], 3, axis=0),
}

# %% mystnb={"figure": {"caption": "A made-up example: PM2.5 at three stations (solid, one colour and marker a station) and two estimates (dashed). Left: the means of the places are right and their days are missing. Right: the days are right and the places are all alike.", "name": "fig-tail-toy"}, "image": {"alt": "Two panels with three wavy solid lines at different heights. On the left three flat dashed lines run through their middles; on the right one dashed wave in the middle serves for all three."}} tags=["hide-input"]
fig, axes = figures.subplots(1, 2, size=(6.4, 2.9), sharey=True)
for ax, (name, estimate) in zip(axes, models.items(), strict=True):
    for station, (colour, marker) in enumerate(
        zip((BLUE, ORANGE, GREEN), "o^s", strict=True)
    ):
        ax.plot(
            days,
            measured_days[station],
            color=colour,
            marker=marker,
            lw=1.2,
            ms=5,
        )
        ax.plot(
            days,
            estimate[station],
            color=colour if "places" in name else figures.INK,
            ls="--",
            lw=1.8,
        )
    ax.set(title=f"model that {name}", xlabel="day")
axes[0].set_ylabel(f"PM2.5 [{figures.UNIT}]")
drawn = {"measured": measured_days, **models}
told = {
    name: pd.DataFrame(values, columns=days).rename_axis("station")
    for name, values in drawn.items()
}
_ = figures.label(
    fig,
    profile,
    embedded=None,
    note="made up",
    data=pd.concat(told, names=["series"]),
)

# %% [markdown]
# Let $e_{st}$ be the error at station $s$ on day $t$, $\bar e_s$ its mean over the $n_s$ days of that station, $n$ the number of all rows. Then
#
# $$
# \underbrace{\frac1n \sum_{s,t} e_{st}^2}_{\text{MSE}} \;=\;
# \underbrace{\frac1n \sum_s n_s\, \bar e_s^{\,2}}_{\text{between: means of places}} \;+\;
# \underbrace{\frac1n \sum_{s,t} (e_{st} - \bar e_s)^2}_{\text{within: their days}}
# $$ (eq-tail-parts)
#
# and nothing is left over: the analysis of variance of one factor {cite:p}`fisher1925`. The variance of the measurements splits in the same way, so each
# part has an R² of its own, one minus its error over its variance. The R² of the whole is their mean, weighted by the two shares of the variance.

# %%
from placeprior.scores import error_parts

station = np.repeat(np.arange(3), days.size)
parts = {
    f"model that {name}": error_parts.from_sums(
        error_parts.station_sums(
            station, measured_days.ravel(), estimate.ravel(), 3
        ).sum(0)
    )
    for name, estimate in models.items()
}

# %% tags=["hide-input"]
headings = {
    "mse": "MSE",
    "mse_between": "between",
    "mse_within": "within",
    "r2": "R²",
    "r2_between": "R² between",
    "r2_within": "R² within",
}
captioned(
    pd.DataFrame(parts)
    .T[[*headings]]
    .map("{:.2f}".format)
    .rename(columns=headings)
    .reset_index(names=""),
    "The made-up example of {numref}`fig-tail-toy`: the squared error (µg² m⁻⁶) and R², in their two parts.",
    "tab-tail-toy",
)

# %% [markdown]
# With days as the groups instead, one part is the mean over all stations of a day (did the nation have a bad day?), the other the map within a day (where was
# it bad?).
#
# ## Where place helps
#
# An encoder's vector brings one more layer along, so its reference is the network with that layer (`none+head`); that of coordinates is no location.

# %%
from placeprior import evidence
from placeprior.evidence import subsets

profiles = [
    name for name in (real, profile) if evidence.path(name, "subsets").is_file()
]
scores = pd.concat(
    [subsets.referenced(evidence.read(name, "subsets")) for name in profiles]
)
told = subsets.told(scores)

# %% mystnb={"figure": {"caption": "Parts of R² (columns) by arm, one panel a task and split: R² of the arm minus that of its reference on the same rows.", "name": "fig-tail-parts"}, "image": {"alt": "Grids of signs, an arm a row and a part of R² a column: means of places, their days, the day's mean and the day's map; triangles where the difference is clear, dots where it is not."}} tags=["hide-input"]
_ = tail.draw_parts(told, profiles)

# %% mystnb={"figure": {"caption": "Kinds of days and seasons (rows): RMSE of the arm minus that of its reference, in per cent of the reference's, so that up means a smaller error. Smoke is the analyst's class in the embedded world and a proxy on real measurements; at least 35 and 55: measured PM2.5 in µg m⁻³.", "name": "fig-tail-strata"}, "image": {"alt": "Grids of signs, a kind of day a row and an arm a column: triangles up where the error is clearly smaller than the reference's, down where clearly larger, dots where undecided."}} tags=["hide-input"]
_ = tail.draw_strata(told, profiles)

# %% [markdown]
# **A proxy for smoke.** Real measurements come without a smoke product. A day counts as smoky if it lies between May and October and the *median of the other monitors*
# within 300 km, three or more, is at least 20 µg m⁻³; the station's own value takes no part. In the embedded world one can look how good that is.

# %%
from placeprior import data
from placeprior.evidence import strata
from placeprior.runs import configuration

cube = data.load(
    "world",
    **configuration.profile(profile)["tasks"]["world"].get("options", {}),
)
proxy = strata.proxy_agreement(cube)

# %% tags=["hide-input"]
named = {
    "days": "measured station-days",
    "smoke": "smoke days",
    "episode": "days that the proxy calls so",
    "right": "of the proxy's days, smoke days",
    "found": "of the smoke days, found by the proxy",
    "heavy_found": "of the smoke days measured at 35 or more, found by the proxy",
}
counted = [
    f"{value:,}" if isinstance(value, int) else f"{100 * value:.0f} %"
    for value in proxy.values()
]
captioned(
    pd.DataFrame(
        {"": [named[key] for key in proxy], "embedded world": counted}
    ).replace("nan %", "–"),
    f"How well the proxy finds smoke, where it is known; embedded world, profile {profile}.",
    "tab-tail-proxy",
)

# %% [markdown]
# ## High days: hits and false alarms
#
# Fix a level, say 35 µg m⁻³, the daily standard of the United States. A day *was* high if the measurement reached it, and was *told* high if the estimate did.
# The quiet days are nearly all, so two other shares say more than that of right answers {cite:p}`wilks2019`:
#
# $$
# \begin{aligned}
# \text{hit rate} &= \frac{\text{hits}}{\text{hits} + \text{misses}}, \\
# \text{false alarm ratio} &= \frac{\text{false alarms}}{\text{hits} + \text{false alarms}} .
# \end{aligned}
# $$ (eq-tail-hits)
#
# A model that always warns has a perfect hit rate, so one must be read with the other. The **critical success index** is hits over everything that was
# either told or high; the **frequency bias** is days told over days that were.

# %% mystnb={"figure": {"caption": "Hit rate against the share of alarms that were right (one minus the false alarm ratio), for days of at least 35 (top) and at least 55 (bottom); mean over seeds and folds, one column a task and split. Best is the upper right corner. Above the dashed line a model warns too often, below it too seldom. Curves: equal critical success index.", "name": "fig-tail-events"}, "image": {"alt": "A grid of square panels, one column a task and split and one row a level. Each arm is a marker; curves bend around the upper right corner and a dashed diagonal runs from corner to corner."}} tags=["hide-input"]
_ = tail.draw_events(scores, profiles)

# %% [markdown]
# An estimate that is trained to be right in the middle of what can happen is drawn to the middle and falls short on the worst days.
#
# ## What this does not show
#
# High days come in a few events, and one fire can be most of them; intervals are over places and trainings, not over fires. Rows chosen by the
# measurement (35, 55) flatter whoever estimates too high; the critical success index does not. In the neighbours task the proxy is close to the model's own
# input.
#
# ## Exercises
#
# ```{admonition} Exercise: a perfect mean
# :class: exercise tip
# Give a model the true mean of every test station, and let it add nothing. What are its $R^2_\text{between}$ and $R^2_\text{within}$? What is its R², if a
# tenth of the variance lies between places? Where do you find that tenth?
# ```
#
# ```{admonition} Solution
# :class: solution dropdown
# One and zero. The R² of the whole is the mean weighted by the shares of the variance: one tenth. Perfect knowledge of a place's mean cannot bring more than the share of
# the variance between places, which `error_parts` gives as `var_between`. Whatever a place adds beyond that, it adds
# by changing what the days mean.
# ```
#
# ```{admonition} Exercise: warn more often
# :class: exercise tip
# Multiply all estimates by 1.2. What happens to the hit rate, the false alarm ratio and the frequency bias? Is the model better now?
# ```
#
# ```{admonition} Solution
# :class: solution dropdown
# More days are told: hits and false alarms both grow, so the hit rate and the frequency bias rise; the false alarm ratio usually rises as well. The point moves up and left in
# {numref}`fig-tail-events`. Nothing was learned: the model only moved along its own trade-off. Compare models at equal frequency bias, or by the critical success index.
# ```
