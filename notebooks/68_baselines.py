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

from placeprior import data
from placeprior.arms import CORRECTED, RIVALS, arm_order, called
from placeprior.book import figures, results
from placeprior.book.baselines import draw_differences, draw_variogram, draw_weights, pair_rows
from placeprior.book.tables import CELL, TABLE, captioned, cells, folded, gains
from placeprior.book.words import looked, rule
from placeprior.errors import StoreError
from placeprior.evidence import matched
from placeprior.runs import configuration, store
from placeprior.space import kriging
from placeprior.space.splits import lonlat_of
from placeprior.space.splits import split as partition

figures.style()

# %% [markdown]
# # What a user would pick instead
#
# The other pages compare networks with networks. Somebody who needs a map of PM2.5 has more choices, and most are simpler: average the
# nearest monitors, fit trees, or do both. A location encoder is worth its trouble only if it beats these. So this page sets
# **baselines** beside the trained networks, on the same splits and the same test rows.
#
# | arm | what it does | what it reads |
# |---|---|---|
# | `idw` | mean of the nearest monitors of the day, weighted by one over distance | PM2.5 of the day |
# | `kriging` | the same, with weights that the data suggest | PM2.5 of the day |
# | `eof` | patterns in time, mixed by a network of coordinates | PM2.5 of all days |
# | `gbt`, `rf` | boosted trees, a random forest | the predictors of the last days |
# | `gbt+lonlat`, `rf+lonlat` | the same | and longitude and latitude |
# | `gbt+geoclip`, `rf+geoclip` | the same | and GeoCLIP's vector, in few numbers |
# | `gbt+kriging` | boosted trees, and what they missed kriged | predictors, and PM2.5 of the day |
# | `none+kriging` | the network without a place, and what it missed kriged | predictors, and PM2.5 of the day |
#
# No arm reads a label of a test station or a test row. Look at the last column before you compare: on a task whose networks get no PM2.5
# of the day, kriging has something that they do not.
#
# ## Ordinary kriging on one screen
#
# Inverse distance decides beforehand how fast a monitor loses weight with distance. **Kriging** asks the data, in three steps
# {cite:p}`cressie1993`.
#
# **1. How different are two monitors, by the distance between them?** Take all pairs of monitors that reported on the same day $t$ and lie about
# $h$ kilometres apart. Half their mean squared difference is the *empirical variogram* {cite:p}`matheron1963`:
#
# $$
# \hat\gamma(h) = \frac{1}{2N(h)} \sum_t \sum_{d_{ij} \approx h} (z_{it} - z_{jt})^2
# $$ (eq-baselines-empirical)
#
# A day of smoke varies tens of times more than a clean one and would decide everything alone. So each day is first divided by its own standard deviation:
# $z$ has no unit. The pairs of all days go into one pool.
#
# **2. Draw a smooth curve through it.** It starts at the *nugget* $n$, what differs even between neighbours, and rises by the *partial sill* $s$ within about the
# *range* $r$. The power $p \le 1$ lets it rise steeply at first and slowly later:
#
# $$
# \gamma(h) = n + s\,\bigl(1 - e^{-(h/r)^p}\bigr)
# $$ (eq-baselines-curve)
#
# With great-circle distances, this is one of the few usual curves that never give a negative variance {cite:p}`gneiting2013`.

# %%
PLACED = ["lonlat", "sincos", "geoclip-hadamard", "geoclip-concat"]  # trained networks that are told the place
ARMS = [*RIVALS, "none", "none+head", *PLACED]
MATRICES = ("baselines", "baselines-neighbours", "core", "controls")


def load(name, task):
    """A task's results, on the splits in which a baseline beside inverse distance was run."""
    matrices = [matrix for matrix in MATRICES if matrix in configuration.profile(name)["matrices"]]
    scores = results.load(name, task, *matrices, arms=set(RIVALS) - {"idw"}).scores
    return results.load(name, task, *matrices, arms=ARMS, splits=scores["split"].unique())


world, weather, neighbours = load(profile, "world"), load(real, "weather-2019"), load(real, "neighbours-2021")
sources = [source for source in (world, weather, neighbours) if len(source.scores)]
if world.scores.empty:
    raise StoreError(
        f"results/{profile} has no runs of the baselines in the embedded world; `placeprior runs list {profile}` shows what is left to do"
    )

# %%
task = configuration.profile(profile)["tasks"]["world"]
cube = data.load(task["load"], **task.get("options", {}))
taught = partition("spatial", cube, int(world.scores["seed"].min()))
pm25, lonlat = np.where(taught.pool, cube["pm25"].values, np.nan), lonlat_of(cube)
km, gamma, pairs = kriging.empirical(kriging.standardised(pm25), lonlat)
curve = kriging.fit(km, gamma, pairs)

# %% mystnb={"figure": {"caption": "Embedded world, training monitors of the within-region split: half the mean squared difference of two monitors on the same day, by their distance (points: the area grows with the number of pairs), and the fitted curve. Each day is divided by its own standard deviation first, so that a value of one is a day's whole variance (dotted).", "name": "fig-baselines-variogram"}, "image": {"alt": "Points that rise with distance in kilometres, steeply at first and then more slowly, with a smooth curve through them that starts above zero, and a dotted horizontal line at one."}}
_ = draw_variogram(km, gamma, pairs, curve, profile, embedded=True)

# %%
Markdown(
    f"Here the nugget is {curve.nugget:.2f}, the partial sill {curve.sill:.2f}, the range {curve.range_km:,.0f} km and the power {curve.power:.2f}."
)

# %% [markdown]
# **3. Find the weights.** Write $\lambda_i$ for the weight of monitor $i$, and estimate $\hat y = \sum_i \lambda_i y_i$. Among all weights that **sum to one**, kriging takes those
# with the smallest expected squared error under the curve. The sum makes the estimate right on average, whatever the level of the day. With
# covariances $C(h) = s\,e^{-(h/r)^p}$, a matrix $K$ of those among the monitors (with the nugget on its diagonal), and a vector $c$ of those towards the place asked for,
#
# $$
# \lambda = K^{-1}(c + \mu 1), \qquad \mu \text{ such that } \textstyle\sum_i \lambda_i = 1.
# $$ (eq-baselines-weights)
#
# Nothing else is needed: a system of equations for each place and each set of monitors that reported, with the thirty nearest. Two things come out of the matrix $K$ that inverse distance
# cannot know. Monitors that stand together say the same thing, so they **share** a weight. And a monitor behind another one is **screened**: the nearer one has said most of it already. The smoother the curve begins, the stronger both effects are.

# %%
far = 170  # km: B, C, D and E are equally far, B straight behind A
polar = {"A": (far / 3, 20), "B": (far, 20), "C": (far, 150), "D": (far, 158), "E": (far, 265)}
places = {name: (r * np.cos(np.radians(angle)), r * np.sin(np.radians(angle))) for name, (r, angle) in polar.items()}
at = np.array(list(places.values()))  # km east and north of the place that is asked for
among = curve.covariance(np.linalg.norm(at[:, None] - at, axis=-1)) + curve.nugget * np.eye(len(at))
towards = curve.covariance(np.linalg.norm(at, axis=-1))
share = kriging.weights(among[None], towards[None])[0]
inverse = 1 / np.linalg.norm(at, axis=-1)
inverse /= inverse.sum()

# %% mystnb={"figure": {"caption": "Five made-up monitors around a place (cross), weighted with the curve fitted above: circles grow with the kriging weight. In brackets: the weight by inverse distance. B, C, D and E are equally far from the place; B stands behind A, C and D stand together, E alone.", "name": "fig-baselines-weights"}, "image": {"alt": "A small plane with a cross in the middle and five circles A to E. A is nearest, B lies behind it, C and D stand together on the other side, E alone below. Beside each are its kriging weight and, in brackets, its weight by inverse distance, in per cent."}}
_ = draw_weights(places, share, inverse, profile, embedded=True)

# %% [markdown]
# ## The other baselines in a paragraph each
#
# **Trees.** A tree asks questions of the form *is the wind of yesterday above this value?* and says a mean at its end. *Boosting* adds hundreds of small trees, each fitted to what the
# ones before it missed {cite:p}`friedman2001`; a *random forest* averages trees that were grown on different draws of the rows {cite:p}`breiman2001`. Both see the same scaled predictors of the last seven days as the network. The trees
# that are told the place get it as further columns: longitude and latitude, or the first 32 principal components of GeoCLIP's vector. With more columns, a tree would find
# one that separates any two stations. Trees are fitted to a sample of the training rows, of at least the size that a network sees in one epoch. Boosting stops when the validation rows no longer improve.
#
# **What was missed, kriged.** Predictors tell when PM2.5 is high; the day's monitors tell what the predictors missed. So fit the first, krige its errors at the training
# rows of the day, and add the two. Errors at rows that trees have learned by heart would be too small. For `gbt+kriging` they come from trees that were fitted to the other four fifths of the training
# stations (of the rows, where the split tests rows). For `none+kriging` they are those at the training rows: the network sees each row a few times only.
#
# **EOFs.** An *empirical orthogonal function* is a pattern that explains as much of the data as one pattern can. Write the measurements as a table, one row a station and one
# column a day, and subtract each day's mean. Then find the time series that, multiplied by one number for each station, comes nearest to the whole table; then the one that does so for the rest; and so on. These are the singular vectors of the table, as in
# a principal component analysis. The first may be summer against winter, the second one large fire. A station is now a handful of numbers, and a network learns these numbers from longitude
# and latitude {cite:p}`amato2020`. So whole series are put on the map at once. Gaps, of which the method knows none, are filled by kriging first.
#
# ```{admonition} Which settings were chosen after seeing test scores
# :class: warning
# The variogram's largest distance and its powered exponential were chosen after seeing two splits of one seed of the real weather task; the others
# are usual values. So kriging, and all that contains it, may have a small advantage on that task which the other arms do not have.
# ```
#
# ## Results: the embedded world
#
# The score is the RMSE in µg m⁻³: smaller is better. Networks without a place (`none`, and with an extra head, {doc}`controls`) and with one stand below the baselines. WR stands for within region, OoR for out
# of region ({doc}`../concepts/splits`).


# %%
def differences(source, reference):
    """Paired differences in RMSE of the arms of a task to a reference; negative is better."""
    reach = matched.reach(source.profile, source.task)
    return matched.differences(source.scores, source.sums, reference, metric="rmse", reach=reach)


to_none = {source.task: differences(source, "none") for source in (world, weather, neighbours)}
ranked = {source.task: matched.common(source.scores) for source in sources}


# %% tags=["hide-input"]
def levels(source):
    """Mean RMSE, arms by splits; differences to no location folded below."""
    if source.scores.empty:
        return Markdown(f"*No runs of the baselines for {source.title} are in `results/{source.profile}`.*")
    scores, found = ranked[source.task], to_none[source.task]
    means = captioned(
        cells(scores, "rmse").rename_axis("arm"),
        f"{source.heading}: test RMSE in {figures.UNIT}, {TABLE}; {scores['run'].nunique()} runs, only fits that all arms of a split have, {source.origin}. A dash: no such run.",
        f"tab-baselines-{source.short}",
    )
    gaps = captioned(
        gains(found, 2),
        f"{source.heading}: test RMSE in {figures.UNIT} minus that of no location on the same rows (negative is better), {CELL}; {source.origin}.",
        f"tab-baselines-{source.short}-differences",
    )
    return Markdown(f"{means.data}\n\n{folded(f'{source.heading}: differences to no location', gaps)}")


levels(world)

# %% mystnb={"figure": {"caption": "Embedded world: test RMSE minus that of the network without a place, on the same rows: single fits (pale dots), their mean (marker), 95 % interval over places and trainings (bar). Left of the dashed line the error is smaller. Panels have their own scales; a number at an edge is a single fit beyond it.", "name": "fig-baselines-world"}, "image": {"alt": "One panel a split. Each baseline, from inverse distance over trees to EOFs, and each network with a place has a row with dots, a marker and an interval around a dashed line at zero."}}
_ = draw_differences(world, to_none[world.task], embedded=True)

# %% [markdown]
# ## Results: real measurements
#
# The two tasks are described in {doc}`aqs`. On the weather task the networks get weather alone, and no PM2.5 of any monitor.

# %%
levels(weather)

# %% mystnb={"figure": {"caption": "Weather task, real measurements of 2019: test RMSE minus that of the network without a place, on the same rows; fits (pale dots), mean (marker), 95 % interval over places and trainings (bar). Panels have their own scales.", "name": "fig-baselines-weather"}, "image": {"alt": "One panel a split for the weather task: rows for the baselines and the networks with a place, each with dots, a marker and an interval around a dashed line at zero."}}
_ = draw_differences(weather, to_none[weather.task], embedded=False)

# %% [markdown]
# On the neighbours task the networks get the inverse-distance mean of the day's training monitors as an input. So baselines and networks know the same measurements.

# %%
levels(neighbours)

# %% mystnb={"figure": {"caption": "Neighbours task, real measurements of 2021: test RMSE minus that of the network without a place, on the same rows; fits (pale dots), mean (marker), 95 % interval over places and trainings (bar). Panels have their own scales.", "name": "fig-baselines-neighbours"}, "image": {"alt": "One panel a split for the neighbours task: rows for kriging, EOFs, the corrected network and the networks with a place, each with dots, a marker and an interval around a dashed line at zero."}}
_ = draw_differences(neighbours, to_none[neighbours.task], embedded=False)

# %% tags=["hide-input"]
Markdown(rule())

# %% [markdown]
# ### The best baseline, and the best network with a place
#
# Differences are RMSE in µg m⁻³ on the same test rows; negative is better for the arm that is named first.


# %%
def best(first, second):
    """On each split of each task, the best arm of one group beside the best of another."""
    return {
        source.task: matched.best_pairs(
            ranked[source.task], source.sums, first, second, reach=matched.reach(source.profile, source.task)
        )
        for source in sources
    }


placed = best(PLACED, RIVALS)


# %% tags=["hide-input"]
what = f"test RMSE in {figures.UNIT}, {CELL.split(';')[0]}; profiles {profile} and {real}"
captioned(
    pair_rows(placed, "network with a place", "baseline"),
    f"The best network with a place against the best baseline; {what}.",
    "tab-baselines-best",
)

# %% [markdown]
# *The best network* and *the best baseline* were picked by the very scores that are compared. A best of many is partly lucky, so the intervals
# are too narrow for these two; how much luck each side had depends on how many arms it had.
#
# ## Does one thing more help?
#
# The same arm with and without one addition: GeoCLIP or coordinates for trees, kriging for what was missed.

# %%
ADDED = {
    "gbt+lonlat": "gbt",
    "gbt+geoclip": "gbt",
    "gbt+kriging": "gbt",
    "rf+lonlat": "rf",
    "rf+geoclip": "rf",
    CORRECTED: "none",
}
added = {source.task: differences(source, ADDED) for source in sources}


# %% tags=["hide-input"]
def additions(source):
    """What each addition changes, additions by splits."""
    found = added[source.task]
    names = {called(arm): f"{called(arm)}, against {called(ADDED[arm])}" for arm in found["arm"]}
    return captioned(
        gains(found, 2).rename(index=names),
        f"{source.heading}: change of the test RMSE in {figures.UNIT} on the same rows by one addition (negative is better), {CELL}; {source.origin}.",
        f"tab-baselines-added-{source.short}",
    ).data


Markdown(
    "\n\n".join(additions(source) for source in sources if len(added[source.task]))
    or "*No such pairs are in the results.*"
)

# %% [markdown]
# ### Correcting against telling
#
# Kriging what was missed, against the best arm of the same kind that is told the place instead:

# %%
corrected, trees = best([CORRECTED], PLACED), best(["gbt+kriging"], ["gbt+lonlat", "gbt+geoclip"])
together = {source.task: pd.concat([corrected[source.task], trees[source.task]]) for source in sources}
captioned(
    pair_rows(together, "corrected", "told the place"),
    f"Correcting against telling the place; {what}.",
    "tab-baselines-corrected",
)

# %% [markdown]
# ## What it costs

# %%
seconds = {}
for source in sources:
    runs, stamps = source.scores.drop_duplicates("run"), store.stamps(source.profile)
    taken = runs["run"].map({run: stamp["seconds"] for run, stamp in stamps.items()})
    seconds[source.title] = taken.groupby(runs["arm"]).median()
costs = pd.DataFrame(seconds).dropna(how="all")

# %% tags=["hide-input"]
devices = {store.stamps(source.profile)[run]["device"] for source in sources for run in set(source.scores["run"])}
text = costs.map(lambda value: "–" if np.isnan(value) else f"{value:,.1f}" if value < 10 else f"{value:,.0f}")
captioned(
    text.loc[arm_order(text.index)].rename(index=called).rename_axis("arm"),
    f"Seconds a run, the median over splits, seeds and folds, on one thread of a machine with other work; device: {', '.join(sorted(devices))}; profiles {profile} (embedded world) and {real} "
    "(real measurements). A dash: not run.",
    "tab-baselines-costs",
)

# %% [markdown]
# Seconds were taken while other runs shared the machine, so read them as orders of magnitude. Those of the corrected network leave out the training of its network where that
# was there before.
#
# ## How many intervals

# %%
shown = {s.heading: pd.concat([each[s.task] for each in (to_none, added, placed, corrected, trees)]) for s in sources}
Markdown("\n".join(f"- **{name}**: {looked(found)}" for name, found in shown.items()))

# %% [markdown]
# ## What this shows, what it does not
#
# It shows what can be had without a network, and without an encoder, from the same labels on the same splits. If a baseline is as good as the best network with a place, the choice
# between them is one of costs and of taste, not of accuracy.
#
# It does not show the best that trees or kriging can do. Their settings are usual ones, hardly searched; the networks here are small and trained briefly, and nobody searched their settings either. It does not compare
# like with like where one arm reads the day's monitors and another does not: `kriging` against a network of weather alone compares *information*, not methods. The fair pairs are `gbt+lonlat` and
# `gbt+geoclip` against `gbt`, which have the same labels and predictors, and `kriging` against the networks of the neighbours task.
#
# Kriging also needs monitors near by on the day that is asked for. Where there are none it falls back to a mean of far ones, which the checkerboard
# tests and the random draw of stations does not. And in the embedded world smoothness in space is built in: a method that assumes it may look better there than it is.
#
# ```{admonition} Exercise: two monitors at one place
# :class: exercise tip
# Two monitors stand at the same distance from the place asked for and at the same spot; a third stands at that distance on the other side, far from them. Which weights does inverse distance give? Which does
# kriging give when there is no nugget? And when there is nothing but a nugget?
# ```
#
# ```{admonition} Solution
# :class: solution dropdown
# Inverse distance gives a third to each. Without a nugget the twins always agree, so together they count as one monitor: by symmetry their site gets one half and the third monitor the other, a
# quarter for each twin. With nothing but a nugget, distance means nothing and all three measure the same mean with independent errors: a third each. A real nugget lies between.
# ```
#
# ```{admonition} Exercise: why not krige the training errors?
# :class: exercise tip
# A forest of deep trees has an RMSE of almost zero at its training rows. What does kriging of these errors add at a test station? What would change with errors out of fold?
# ```
#
# ```{admonition} Solution
# :class: solution dropdown
# Almost nothing: the errors that are kriged are almost zero, although the forest will miss as much at the test station as at any new one. Errors out of fold are made at stations that the trees did not
# know, so they have the size and the spatial pattern of those at test stations. What is left is a small mismatch: trees of four fifths of the stations err a little more than the final ones.
# ```
