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
import numpy as np
import pandas as pd
from IPython.display import Markdown

from placeprior import data, evidence
from placeprior.arms import called
from placeprior.book import figures, tail
from placeprior.book.results import TASKS
from placeprior.book.tables import captioned
from placeprior.book.words import rule
from placeprior.evidence import strata, subsets
from placeprior.runs import configuration
from placeprior.scores import error_parts

figures.style()

# %% [markdown]
# # Which days, which places? The tail, the seasons, and two kinds of skill
#
# One score over a whole year is mostly about ordinary days, because most days are ordinary. But people are hurt by bad
# days, and a map is often asked for something else than a score: which town is dirtier over the year? Is today worse than yesterday? This
# page takes the error apart and asks of each part: **does telling the place help here?**
#
# - Does it help to know a place's *mean*, or its *days*?
# - Does it help on high days, or are those missed all the same?
# - Does it help on smoke days, and in which season?
#
# Nothing is trained here. The page reads the test rows of runs that other pages compare as a whole ({doc}`comparison`, {doc}`aqs`). WR
# stands for within region, OoR for out of region ({doc}`../concepts/splits`).

# %%
names = [profile, *(name for name in [real] if evidence.path(name, "subsets").is_file())]
scores = pd.concat([subsets.referenced(evidence.read(name, "subsets")) for name in names])
world, measured = scores[scores["task"] == "world"], scores[scores["task"] != "world"]
told = subsets.told(scores)

# %% [markdown]
# **Whom each arm is compared with.** An encoder's vector comes with one more layer in the network. Where the same layer without a place was trained
# (`none+head`, see {doc}`controls`), it is the reference of these arms; coordinates have no such layer, and their reference is no location.

# %%
references = told.pivot_table(index="arm", columns="task", values="reference", aggfunc="first", sort=False)
captioned(
    references.rename(index=called, columns=TASKS).fillna("–").rename_axis("told about the place"),
    f"The reference of each arm; profiles {' and '.join(names)}.",
    "tab-tail-references",
)

# %% tags=["hide-input"]
Markdown(rule())

# %% [markdown]
# ## One error, two parts
#
# Three stations, eight days, made up. The first model knows each place's mean and nothing about its days. The second knows the days and takes all
# places to be alike. Both are wrong, and in different ways.

# %% mystnb={"figure": {"caption": "A made-up example: PM2.5 at three stations (solid, one colour and marker a station) and two estimates (dashed). Left: the means of the places are right and their days are missing. Right: the days are right and the places are all alike.", "name": "fig-tail-toy"}, "image": {"alt": "Two panels with three wavy solid lines at different heights. On the left three flat dashed lines run through their middles; on the right one dashed wave in the middle serves for all three."}}
days = np.arange(8)
wave = np.array([0.0, 2, 1, -1, 3, -2, -3, 0])
means = np.array([7.0, 10.0, 13.0])
measured_days = means[:, None] + wave
models = {
    "knows the places": np.repeat(means[:, None], days.size, axis=1),
    "knows the days": np.repeat((means.mean() + wave)[None], 3, axis=0),
}
fig, axes = figures.subplots(1, 2, size=(6.4, 2.9), sharey=True)
for ax, (name, estimate) in zip(axes, models.items(), strict=True):
    for station, (colour, marker) in enumerate(zip(("#0173b2", "#de8f05", "#029e73"), "o^s", strict=True)):
        ax.plot(days, measured_days[station], color=colour, marker=marker, lw=1.2, ms=5)
        ax.plot(days, estimate[station], color=colour if "places" in name else figures.INK, ls="--", lw=1.8)
    ax.set(title=f"model that {name}", xlabel="day")
_ = axes[0].set_ylabel(f"PM2.5 [{figures.UNIT}]")

# %% [markdown]
# Let $e_{st}$ be the error at station $s$ on day $t$, $\bar e_s$ its mean over the $n_s$ days of that station, and $n$ the number of all rows. Then
#
# $$
# \underbrace{\frac1n \sum_{s,t} e_{st}^2}_{\text{MSE}} \;=\;
# \underbrace{\frac1n \sum_s n_s\, \bar e_s^{\,2}}_{\text{between: means of places}} \;+\;
# \underbrace{\frac1n \sum_{s,t} (e_{st} - \bar e_s)^2}_{\text{within: their days}}
# $$ (eq-tail-parts)
#
# and nothing is left over: this is the analysis of variance of one factor, a century old {cite:p}`fisher1925`. The variance of the
# measurements splits in the same way. So each part has an R² of its own, one minus its error over its variance:
#
# - $R^2_\text{between}$: of what differs between the means of places, how much is explained?
# - $R^2_\text{within}$: of what differs between the days of a place, how much is explained?
#
# The R² of the whole is their mean, weighted by the two shares of the variance.

# %%
station = np.repeat(np.arange(3), days.size)
parts = {
    f"model that {name}": error_parts.from_sums(
        error_parts.station_sums(station, measured_days.ravel(), estimate.ravel(), 3).sum(0)
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
    pd.DataFrame(parts).T[[*headings]].map("{:.2f}".format).rename(columns=headings).reset_index(names=""),
    "The made-up example of {numref}`fig-tail-toy`: the squared error (µg² m⁻⁶) and R², in their two parts.",
    "tab-tail-toy",
)

# %% [markdown]
# ## Does place help the mean of a place, or its days?
#
# The **embedded world** first. The top bar of each panel is not an error but the variance of the test measurements: what there is to
# explain. If an arm's blue part is as long as the top bar's, the model knows no more about which place is dirtier than one that takes all places to
# be alike.

# %% mystnb={"figure": {"caption": "Embedded world: the mean squared error of each arm on the test rows, split into the error of the places' means (blue) and of their days (orange, hatched); mean over seeds and folds. The top bar is the variance of the measurements, split alike. One panel a split.", "name": "fig-tail-parts-world"}, "image": {"alt": "One panel a split with horizontal bars in two colours: the longest for the variance of the measurements, below it one for each arm with its R² written at the end. The part of the days is much longer than that of the places."}}
_ = tail.draw_parts(world, profile, embedded=True)

# %% mystnb={"figure": {"caption": "Embedded world: R² between places (left) and within them (right), minus that of the reference on the same rows; mean over fits and its 95 % interval over places and trainings. Right of the dashed line telling the place helps. Panels have their own scales.", "name": "fig-tail-means-world"}, "image": {"alt": "Two columns of panels, one row a split: for each way of telling the place a marker with a bar around a dashed line at zero, left for the means of places, right for their days."}}
_ = tail.draw_means_and_days(world, profile, embedded=True)

# %% [markdown]
# The same for the two tasks on real measurements ({doc}`aqs`):

# %% mystnb={"figure": {"caption": "Real measurements: the mean squared error of each arm, split into the error of the places' means (blue) and of their days (orange, hatched), under the variance of the measurements.", "name": "fig-tail-parts-real"}, "image": {"alt": "Panels for two tasks and their splits, with horizontal bars in two colours for the variance of the measurements and for the error of each arm."}}
_ = tail.draw_parts(measured, real, embedded=False)

# %% mystnb={"figure": {"caption": "Real measurements: R² between places (left) and within them (right), minus that of the reference on the same rows; mean over fits and 95 % interval over places and trainings.", "name": "fig-tail-means-real"}, "image": {"alt": "Two columns of panels, a row for each task and split: markers with bars around a dashed line at zero, left for the means of places, right for their days."}}
_ = tail.draw_means_and_days(measured, real, embedded=False)

# %%
r2 = {
    "r2": "R²",
    "r2_between": "R² between",
    "r2_within": "R² within",
    "r2_day": "R² of the day's mean",
    "r2_map": "R² of the day's map",
}
captioned(
    tail.scores_of(scores, {("all", metric): name for metric, name in r2.items()}),
    "R² and its parts, mean over seeds and folds: between and within places, and the same with days as the groups: the mean over all test "
    f"stations of a day, and the map within the day. Profiles {profile} (embedded world) and {real} (real measurements).",
    "tab-tail-r2",
)

# %% [markdown]
# The last two columns turn the table around. With days as the groups, one part is the mean over all test stations of a day (did the nation have a
# bad day?), the other is the map within a day (where was it bad?). A model of the weather can be good at the first and poor at the second.

# %% [markdown]
# A mean over few days is itself noisy: with $n_s$ days at a station, a part of about $\text{within}/n_s$ shows up as *between*. On these splits every
# day of a held-out station is tested, and that is little. On `random`, where a tenth of the days is tested, it would not be.
#
# ## High days: hits and false alarms
#
# Fix a level, say 35 µg m⁻³, the daily standard of the United States. A day *was* high if the measurement reached it, and was *told* high if the
# estimate did. Four things can happen:
#
# | | was high | was not high |
# |---|---|---|
# | **told high** | hit | false alarm |
# | **not told** | miss | quiet day |
#
# The quiet days are nearly all, so the share of right answers is near one for any model, even one that never warns. Two other shares say
# more {cite:p}`wilks2019`:
#
# $$
# \text{hit rate} = \frac{\text{hits}}{\text{hits} + \text{misses}}, \qquad
# \text{false alarm ratio} = \frac{\text{false alarms}}{\text{hits} + \text{false alarms}} .
# $$ (eq-tail-hits)
#
# The first asks: of the high days, how many did we tell? The second: of our warnings, how many were wrong? A model that always warns has a
# perfect hit rate, so one must be read with the other. Two more follow from them. The **frequency bias** is days told over days that were:
# below one, a model warns too seldom. The **critical success index** is hits over everything that was either told or high. We ask the same at 55 µg m⁻³, about where
# the national air quality index calls air *unhealthy*.

# %% mystnb={"figure": {"caption": "Embedded world: hit rate against the share of alarms that were right (one minus the false alarm ratio), for days of at least 35 (top) and at least 55 (bottom); mean over seeds and folds. Best is the upper right corner. Above the dashed line a model warns too often, below it too seldom. Grey lines: equal critical success index.", "name": "fig-tail-events-world"}, "image": {"alt": "A grid of square panels, one column a split and one row a level. Each arm is a marker; grey curves bend around the upper right corner and a dashed diagonal runs from corner to corner."}}
_ = tail.draw_events(world, profile, embedded=True)

# %% mystnb={"figure": {"caption": "Real measurements: hit rate against the share of right alarms, as in the figure before. A panel without markers: no arm told such a day.", "name": "fig-tail-events-real"}, "image": {"alt": "A grid of square panels, one column for each task and split and one row a level, with a marker for each arm that told any such day."}}
_ = tail.draw_events(measured, real, embedded=False)

# %% [markdown]
# ### By how much?
#
# For rows with a high measurement the mean error says by how much they are missed. Read it with care: days chosen for being *measured* high are partly
# days of high *noise*, so even a perfect model seems too low on them ({doc}`../concepts/scores`). A fairer question chooses no
# days. Sort a station's test days by the measurement and read off a **percentile**; sort them by the estimate and read it off again. Do the two agree? The
# daily standard itself looks at a year's 98th percentile. A station counts if at least 100 of its days are tested, so that two or more lie above it.

# %% mystnb={"figure": {"caption": "Embedded world: percentile of a station's estimates minus the same percentile of its measurements, mean over stations, seeds and folds. Below the dashed line the estimates reach less high than the measurements. Markers are moved sideways a little.", "name": "fig-tail-quantiles-world"}, "image": {"alt": "One panel a split: for each arm a line over the 50th, 90th and 98th percentile, with a dashed line at zero."}}
_ = tail.draw_quantiles(world, profile, embedded=True)

# %% mystnb={"figure": {"caption": "Real measurements: percentile of a station's estimates minus the same percentile of its measurements, mean over stations, seeds and folds. Panels have their own scales.", "name": "fig-tail-quantiles-real"}, "image": {"alt": "Panels for two tasks and their splits: for each arm a line over the 50th, 90th and 98th percentile, with a dashed line at zero."}}
_ = tail.draw_quantiles(measured, real, embedded=False)

# %% [markdown]
# One more score weighs both sides, the **quantile score** or pinball loss {cite:p}`koenker1978`, here at 0.9:
#
# $$
# \frac1n \sum_i \bigl[\, 0.9\,\max(y_i - \hat y_i,\, 0) + 0.1\,\max(\hat y_i - y_i,\, 0) \,\bigr] .
# $$ (eq-tail-pinball)
#
# It is made for an estimate of the 90th percentile, and our models estimate one number in the middle. So it is not the score they were trained for. We
# read it as a cost: an estimate that is too low costs nine times as much as one that is too high by the same amount.

# %%
high_days = {
    ("high-35", "rmse"): "RMSE, at least 35",
    ("high-35", "mbe"): "mean error, at least 35",
    ("high-55", "rmse"): "RMSE, at least 55",
    ("high-55", "mbe"): "mean error, at least 55",
    ("all", "pod_35"): "hit rate, 35",
    ("all", "far_35"): "false alarm ratio, 35",
    ("all", "csi_35"): "critical success, 35",
    ("all", "pinball_90"): "quantile score",
}
captioned(
    tail.scores_of(scores, high_days),
    f"High days: errors in {figures.UNIT} on rows measured at least that high, shares of hits and false alarms, and the quantile score over all days; "
    f"mean over seeds and folds. Profiles {profile} (embedded world) and {real} (real measurements). A dash: no such row, or nothing told.",
    "tab-tail-high",
)

# %% [markdown]
# An estimate that is trained to be right in the middle of what can happen is drawn to the middle, and tends to fall short on the worst days. To know the place better
# does not bring the day's smoke. That is a question for the inputs and the loss, not for the place alone.
#
# ## Smoke days and seasons
#
# In the embedded world the inputs hold the smoke class that an analyst would draw from a satellite's picture. A **smoke day** here is one with any
# class at that place. All arms see the class. What is not told is how much of the smoke comes down to the ground, and that depends on the place.
#
# **On real measurements we have no smoke product, only a proxy.** It calls a day smoky if it lies between May and October and the *median of the other
# monitors* within 300 km, three or more, is at least 20 µg m⁻³. The station's own value takes no part: choosing days by the value that is scored
# would make every estimate look too low. How good is such a proxy? In the embedded world we can look.

# %%
cube = data.load("world", **configuration.profile(profile)["tasks"]["world"].get("options", {}))
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
counted = [f"{value:,}" if isinstance(value, int) else f"{value:.0%}" for value in proxy.values()]
captioned(
    pd.DataFrame({"": [named[key] for key in proxy], "embedded world": counted}).replace("nan%", "–"),
    f"How well the proxy finds smoke, where it is known; embedded world, profile {profile}.",
    "tab-tail-proxy",
)

# %% [markdown]
# The errors of high days are many times those of ordinary ones. To show all in one figure, each difference is divided by the RMSE of the
# reference on the same days. Winter is January, February and December of one calendar year.

# %% mystnb={"figure": {"caption": "Embedded world: RMSE of each arm minus that of its reference, in per cent of the reference's, on kinds of days (left) and seasons (right); mean over fits and 95 % interval over places and trainings. Left of the dashed line telling the place helps. At least 35 and at least 55: measured PM2.5 in µg m⁻³.", "name": "fig-tail-strata-world"}, "image": {"alt": "Two columns of panels, one row a split. On the left rows for all days, no smoke, smoke and two levels of high days, on the right the four seasons; in each row a marker with a bar for every arm around a dashed line at zero."}}
_ = tail.draw_strata(world, profile, embedded=True)

# %% mystnb={"figure": {"caption": "Real measurements: RMSE of each arm minus that of its reference, in per cent of the reference's, on kinds of days (left; smoke is the proxy of the text) and seasons (right); mean over fits and 95 % interval over places and trainings. No bar: fewer than ten stations have such a day.", "name": "fig-tail-strata-real"}, "image": {"alt": "Two columns of panels, a row for each task and split: on the left kinds of days, on the right the four seasons, each with a marker and a bar for every arm around a dashed line at zero."}}
_ = tail.draw_strata(measured, real, embedded=False)

# %%
origins = {"world": f"profile {profile}, embedded world"}
tasks = [task for task in TASKS if task in set(told["task"])]
Markdown(
    "\n\n".join(tail.intervals(told, task, origins.get(task, f"profile {real}, real measurements")) for task in tasks)
)

# %% [markdown]
# ## All verdicts together

# %% tags=["hide-input"]
asked = {
    ("all", "r2_between"): "R², means of places",
    ("all", "r2_within"): "R², days of places",
    ("all", "r2_day"): "R², the day's mean",
    ("all", "r2_map"): "R², the day's map",
    ("all", "csi_35"): "critical success, 35",
    ("all", "q98_rmse"): "98th percentile, error",
    ("all", "pinball_90"): "quantile score",
}
asked |= {(stratum, "rmse"): f"RMSE, {name}" for stratum, name in tail.STRATA.items()}

# %%
counted = subsets.counts(told)
counted = counted[counted.index.droplevel("task").isin([*asked])]
verdicts = [f"{row.better} better, {row.worse} worse, of {row.of}" for row in counted.itertuples()]
verdicts = pd.Series(verdicts, counted.index, dtype=object).unstack("task")
verdicts = (
    verdicts.reindex([each for each in asked if each in verdicts.index])
    .reindex(columns=tasks)
    .astype(object)
    .fillna("–")
)
captioned(
    verdicts.set_axis([asked[each] for each in verdicts.index]).rename(columns=TASKS).rename_axis("score and part"),
    f"Pairs of arm and split in which telling the place is clearly better or worse than the reference, of those with an interval; profiles {profile} (embedded world) "
    f"and {real} (real measurements).",
    "tab-tail-verdicts",
)

# %%
Markdown(f"Intervals: {counted['of'].sum()}; clear: {counted[['better', 'worse']].sum().sum()}.")

# %% [markdown]
# The more one looks, the more is found by luck, and the rows are not independent: the same days stand in several, and the seasons add up
# to the year. Count on a pattern, not on a cell.
#
# ## What this shows, what it does not
#
# It shows in which part of the error a place changes something, and in which it changes nothing that these runs could tell. The two parts add up exactly, so a
# gain cannot hide. It does not show that a model with a good $R^2_\text{between}$ has understood why places differ: between held-out stations of one
# region, neighbours help too.
#
# High days are few, they come in a few events, and one fire can be most of them. The intervals are over places and trainings, not
# fires: another year would have other fires, and no interval here knows about that. Strata chosen by the measurement (35, 55) flatter whoever estimates too high;
# percentiles and the critical success index do not. The smoke proxy is a proxy, and it is made from monitors: in the neighbours task it
# is close to the model's own input, so there it chooses days on which that input is high as well. The differences in per cent
# treat the reference's RMSE as known.
#
# ```{admonition} Exercise: a perfect mean
# :class: exercise tip
# Give a model the true mean of every test station, and let it add nothing. What are its $R^2_\text{between}$ and $R^2_\text{within}$? What is its R², if a
# tenth of the variance lies between places? Where do you find that tenth on this page?
# ```
#
# ```{admonition} Solution
# :class: solution dropdown
# One and zero. The R² of the whole is the mean weighted by the shares of the variance: one tenth. Perfect knowledge of a place's mean cannot bring more than the share of
# the variance between places, which is the blue part of the top bar in {numref}`fig-tail-parts-world`. Whatever a place adds beyond that, it adds
# by changing what the days mean.
# ```
#
# ```{admonition} Exercise: warn more often
# :class: exercise tip
# Multiply all estimates by 1.2. What happens to the hit rate, the false alarm ratio, the frequency bias and the quantile score? Is the model better now?
# ```
#
# ```{admonition} Solution
# :class: solution dropdown
# More days are told: hits and false alarms both grow, so the hit rate and the frequency bias rise; the false alarm ratio usually rises as well. The point moves up and left in
# {numref}`fig-tail-events-world`. The quantile score at 0.9 falls as long as too low was the costlier side. Nothing was learned: the model only moved along
# its own trade-off. Compare models at equal frequency bias, or by the critical success index.
# ```
