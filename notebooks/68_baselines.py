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
from IPython.display import Markdown

from placeprior.book import baselines, figures, results

figures.style()

# %% [markdown]
# # Something simpler
#
# ```{goals}
# :needs: {doc}`splits`, {doc}`scores`
# pick what to try first for a map of PM2.5, by what is known where the map is asked for
# find kriging's weights in three lines, and say what they know that inverse distance does not
# tell a comparison of methods from a comparison of information
# ```
#
# ```{answer} kriging-over-place-stations trees-over-place-regions trees-new-regions density-new-regions kriging-neighbours
# :question: Does a network that is told the place beat what one would try first?
# Nothing that is decided here says so. Between known stations of the weather task, kriging of the day's monitors has an R² higher by {val}`claims.kriging-over-place-stations.aqs.difference:.3f` ({val}`claims.kriging-over-place-stations.aqs.low:+.3f` to {val}`claims.kriging-over-place-stations.aqs.high:+.3f`) than the network with GeoCLIP. **But kriging reads the day's monitors, and the network does not**; the matched test, where both do, was not run, and kriging's curve was chosen after scores of this task's test rows had been seen. In new regions boosted trees that read GeoCLIP's vector, grown once, are better than that network by {val}`claims.trees-new-regions.aqs.difference:.3f` ({val}`claims.trees-new-regions.aqs.low:+.3f` to {val}`claims.trees-new-regions.aqs.high:+.3f`); trees without a place against it ({val}`claims.trees-over-place-regions.aqs.difference:+.3f`, {val}`claims.trees-over-place-regions.aqs.low:+.3f` to {val}`claims.trees-over-place-regions.aqs.high:+.3f`), and GeoCLIP against population density, are undecided.
# ```
#
# ## What was tried
#
# Every arm below is scored on the same test rows, and none reads a label of a test station. What it reads instead matters more than its name: on the weather
# task the networks get no PM2.5 of the day, and kriging does. On the neighbours task the network's input is a mean of the day's monitors, so both read monitors of the day.

# %%
import numpy as np

from placeprior import data
from placeprior.book.results import TASKS
from placeprior.evidence.gains import gains
from placeprior.runs import configuration
from placeprior.space import variogram
from placeprior.space.splits import lonlat_of, split

GEOCLIP, SPLITS = "geoclip-hadamard", ["spatial", "checkerboard-16"]


def against_geoclip(profile, task):
    """R² of each simpler arm minus that of the network that is told the place by GeoCLIP."""
    found = gains(profile, task, against=GEOCLIP)
    return found[
        found["arm"].isin(baselines.ARMS) & found["split"].isin(SPLITS)
    ]


asked = [(real, "weather-2019"), (real, "neighbours-2021"), (profile, "world")]
found = {
    TASKS[task].split(",")[0]: against_geoclip(where, task)
    for where, task in asked
}

# %% mystnb={"figure": {"caption": "Simpler arms against the network with GeoCLIP, joined by Hadamard product: what each has more or less of R². Real measurements first; the last panel is the embedded world. An empty cell was not run.", "name": "fig-baselines-signs"}, "image": {"alt": "A grid with a row for each simpler arm, from inverse distance over kriging and boosted trees to networks without a place, and two columns a task, new stations and new regions. Triangles up are clearly better than the network with GeoCLIP, triangles down clearly worse, dots undecided; the difference in R² stands beside each."}} tags=["hide-input"]
_ = baselines.draw_signs(found, f"{real} and {profile}", reference=GEOCLIP)

# %% [markdown]
# WR is a new station among known ones, OoR a station in a cell of 16° of which nothing was seen. The same in µg m⁻³, with what each arm reads and what it costs:

# %% tags=["hide-input"]
baselines.levels(asked[:2], SPLITS, "tab-baselines-levels")

# %% [markdown]
# ## Ordinary kriging on one screen
#
# Inverse distance decides beforehand how fast a monitor loses weight. **Kriging** asks the data {cite:p}`cressie1993`.
#
# **1. How different are two monitors, by distance?** Take all pairs that reported on the same day $t$ and lie about $h$ kilometres apart. Half their mean squared difference is the
# *empirical variogram* {cite:p}`matheron1963`:
#
# $$
# \hat\gamma(h) = \frac{1}{2N(h)} \sum_t \sum_{d_{ij} \approx h} (z_{it} - z_{jt})^2
# $$ (eq-baselines-empirical)
#
# A day of smoke would decide everything alone, so each day is first divided by its own standard deviation: $z$ has no unit.
#
# **2. Draw a smooth curve through it.** It starts at the *nugget* $n$, what differs even between neighbours, and rises by the *partial sill* $s$ within about the *range* $r$:
#
# $$
# \gamma(h) = n + s\,\bigl(1 - e^{-(h/r)^p}\bigr), \qquad p \le 1.
# $$ (eq-baselines-curve)
#
# On a sphere this is one of the few usual curves that never give a negative variance {cite:p}`gneiting2013`.

# %%
task = configuration.profile(profile)["tasks"]["world"]
cube = data.load(task["load"], **task.get("options", {}))
# of training monitors alone
pm25 = np.where(split("spatial", cube, 0).pool, cube["pm25"].values, np.nan)
km, gamma, pairs = variogram.empirical(
    variogram.standardised(pm25), lonlat_of(cube)
)
curve = variogram.fit(km, gamma, pairs)
print(
    f"nugget {curve.nugget:.2f}, partial sill {curve.sill:.2f}, range {curve.range_km:,.0f} km, power {curve.power:.2f}"
)

# %% mystnb={"figure": {"caption": "Embedded world, training monitors: half the mean squared difference of two monitors on the same day, by distance (points grow with the number of pairs), and the fitted curve. One is a day's whole variance (dotted).", "name": "fig-baselines-variogram"}, "image": {"alt": "Points that rise with distance in kilometres, steeply at first and then more slowly, with a smooth curve through them that starts above zero, and a dotted horizontal line at one."}} tags=["hide-input"]
_ = baselines.draw_variogram(km, gamma, pairs, curve, profile)

# %% [markdown]
# **3. Find the weights.** Among all $\hat y = \sum_i \lambda_i y_i$ whose weights **sum to one**, which makes the estimate right on average, take the one with the smallest expected squared error under the curve. With covariances $C(h) = s\,e^{-(h/r)^p}$, a matrix $K$ of those
# among monitors (the nugget on its diagonal), a vector $c$ of those towards the place asked for and one of ones, $1$,
#
# $$
# \begin{gathered}
# \lambda = K^{-1}(c + \mu 1), \\
# \mu \text{ such that } \textstyle\sum_i \lambda_i = 1.
# \end{gathered}
# $$ (eq-baselines-weights)
#
# $K$ holds what inverse distance cannot know: monitors that stand together **share** a weight, and one behind another is **screened**. Three lines of the next cell do it for five made-up monitors.

# %%
far = 170  # km: B, C, D and E are equally far, B straight behind A
polar = {
    "A": (far / 3, 20),
    "B": (far, 20),
    "C": (far, 150),
    "D": (far, 158),
    "E": (far, 265),
}
places = {
    name: (r * np.cos(np.radians(angle)), r * np.sin(np.radians(angle)))
    for name, (r, angle) in polar.items()
}
# km east and north of the place that is asked for
at = np.array(list(places.values()))
among = curve.covariance(
    np.linalg.norm(at[:, None] - at, axis=-1)
) + curve.nugget * np.eye(len(at))
towards = curve.covariance(np.linalg.norm(at, axis=-1))
alike, ones = np.linalg.inv(among), np.ones(len(at))
# so that the weights sum to one
mu = (1 - ones @ alike @ towards) / (ones @ alike @ ones)
share = alike @ (towards + mu * ones)
inverse = 1 / np.linalg.norm(at, axis=-1)
inverse /= inverse.sum()

# %% mystnb={"figure": {"caption": "Five made-up monitors around a place (cross), weighted with the curve fitted above: circles grow with the kriging weight; in brackets the weight by inverse distance.", "name": "fig-baselines-weights"}, "image": {"alt": "A small plane with a cross in the middle and five circles A to E. A is nearest, B lies behind it, C and D stand together on the other side, E alone below. Beside each are its kriging weight and, in brackets, its weight by inverse distance, in per cent."}} tags=["hide-input"]
_ = baselines.draw_weights(places, share, inverse, profile)

# %% [markdown]
# ## The others in a sentence each
#
# **Trees.** A tree asks questions such as *was yesterday's wind above this value?* and says a mean at its end. *Boosting* adds small trees, each fitted to what those before it missed {cite:p}`friedman2001`. They see the
# same scaled predictors as the network, of the last fourteen days: as many as the network sees on real measurements, twice as many as in the embedded world. GeoCLIP enters as 32 principal
# components: with all 512 numbers a tree would find one that separates any two stations. Which training rows they see, and where they cut, is drawn once: one training, which by itself shows no noise of training; their intervals take the spread that a split's networks show.
#
# **What was missed, kriged.** Predictors tell when PM2.5 is high; the day's monitors tell what the predictors missed. *No location, residuals kriged* kriges the network's errors at its own training rows, which it has
# seen a few times each. Of trees, which learn their rows by heart, the errors have to come from trees fitted to other stations.

# %% tags=["remove-input"]
Markdown(
    "**Forests and EOFs.** A *random forest* averages trees grown on different draws {cite:p}`breiman2001`. *EOFs* write the table of stations by days as a "
    "sum of time series, each multiplied by one number a station (its singular vectors); a network learns these numbers from longitude and latitude "
    "{cite:p}`amato2020`, so whole series are put on the map at once."
    if results.has(real, "baselines")
    else ""
)

# %% [markdown]
# ## Does one thing more help?

# %% tags=["hide-input"]
baselines.additions(asked, SPLITS, "tab-baselines-added")

# %% [markdown]
# ## What this does not show
#
# It does not show the best that trees or kriging can do: their settings are usual ones. The variogram's largest distance and its curve were chosen after seeing two splits of one seed of the weather task, test rows included, so kriging may have a
# small advantage there. It does not compare like with like where one arm reads the day's monitors and another does not; fair are trees with and without a place, and kriging beside
# the networks of the neighbours task. Kriging needs monitors near by on the day asked for. And in the embedded world smoothness in space is built in.
#
# ## Exercises
#
# ```{admonition} Exercise: two monitors at one place
# :class: exercise tip
# Two monitors stand at the same spot; a third stands as far from the place asked for, on its other side. Which weights does inverse distance give? Which does kriging give without a nugget, and with nothing but a nugget?
# ```
#
# ```{admonition} Solution
# :class: solution dropdown
# Inverse distance: a third each. Without a nugget the twins always agree and count as one: a quarter each, and a half for the third. With nothing but a nugget, distance means nothing: a third each.
# ```
#
# ```{admonition} Exercise: why not krige the training errors?
# :class: exercise tip
# A random forest, the mean of many deep trees, errs far less at its training rows than at others. What does kriging of these errors add at a test station? What would change with errors out of fold?
# ```
#
# ```{admonition} Solution
# :class: solution dropdown
# Too little: the kriged errors are too small, although the forest will miss as much at the test station as at any new one. Errors out of fold are made at stations that the trees did not know, so they have
# the size and spatial pattern of those at test stations, or slightly more: four fifths of the stations taught them. A small network has hardly learnt its rows by heart, so that its own errors will do.
# ```
