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

from placeprior.book import figures
from placeprior.book.distances import (
    differences_table,
    distances_table,
    draw_distances,
    draw_map_error,
    draw_scores,
    misses_table,
    scores_caption,
    scores_table,
)
from placeprior.book.splits import draw_splits
from placeprior.book.tables import CELL, captioned
from placeprior.book.words import looked, rule
from placeprior.errors import StoreError

figures.style()
KILOMETRES = (
    "Kilometres from a tested station to the nearest training station, all folds of a split, and from the land to its "
    "nearest monitor"
)

# %% [markdown]
# # Which split answers which question?
#
# A score belongs to the places at which it was measured. {doc}`splits` shows that the splits of this book measure at very
# different distances from the training stations. This page asks which of them measures at the distances **that matter for
# a map**, and what the answer does to the scores.
#
# ## Two kinds of distance
#
# Think of a map of the whole country. Every cell of it is estimated from monitors, and each cell has a *nearest
# monitor*, at some distance. Collect these distances over all cells: this is the **sample-to-prediction** distance. It is what
# the model will have to bridge when it is used.
#
# Now test the model. Some stations are held out, and each has a nearest *training* station. Collect these distances:
# this is the **sample-to-sample** distance. It is what the model had to bridge when it was scored.
#
# Monitors stand in cities, so most monitors have another one near by. Most of the land is not near any. Hold out
# stations at random, and the second kind of distance is much shorter than the first: the test is easier than the use, and
# the score is too good *for a map*. For monitors spread evenly over the land the two would agree, and a random draw of
# stations would be the right test {cite:p}`wadoux2021`. With a checkerboard of large cells it is the other way round: the
# test is harder than the use. Its score is no worse an answer, but it answers another question: how well does the
# model do in a region that has no monitors at all?
#
# ## How far apart are two sets of distances?
#
# Let $G_{ij}(r)$ be the share of the land that has a monitor within the distance $r$, and $G^*_j(r)$ the share of tested stations that
# have a training station within $r$. The area between the two curves is the **Wasserstein distance**
#
# $$
# W = \int_0^\infty \bigl| G^*_j(r) - G_{ij}(r) \bigr| \, dr .
# $$ (eq-wasserstein)
#
# It is in kilometres: how far, on average, the distances of one set would have to be moved to become the other. Where
# one curve lies above the other everywhere, it is simply the difference of the two means.
#
# ## Three more splits
#
# **`knndm`**, k-fold nearest-neighbour distance matching {cite:p}`linnenbrink2024`, chooses the folds that make $W$ small. Stations are first clustered: into a few large
# clusters, into many small ones, and all in between. For each number of clusters, the clusters are dealt to five folds, and $W$ is
# computed. Few large clusters give long distances, many small ones short distances; the number with the smallest $W$ wins. If
# the monitors lie no closer to each other than the land lies to them, nothing needs matching, and the folds are random.
#
# **`blocks`** cuts an equal-area map into squares and deals the squares at random to five folds. Training
# stations within a **buffer** of any tested station are dropped, so that no test has a near neighbour.
#
# **`state`** leaves out one state at a time.

# %%
import numpy as np
import pandas as pd

from placeprior import data
from placeprior.evidence import distances, split_scores
from placeprior.runs import configuration
from placeprior.space import splits

spec = configuration.profile(profile)["tasks"]["world"]
cube = data.load(spec["load"], **spec.get("options", {}))
world = distances.asked(distances.network(cube["station"].values, splits.lonlat_of(cube)))

task = configuration.profile(real)["matrices"]["distances"]["task"][0]
monitors = distances.tested_network(real, task)
epa = distances.asked(monitors)

# %%
sides = {
    "side of a square [km]": splits.BLOCK_KM,
    "buffer [km]": splits.BUFFER_KM,
    "land nearer than that to one of EPA's monitors [%]": 100 * (epa.land < splits.BUFFER_KM).mean(),
    "land nearer than that to one of the embedded world's [%]": 100 * (world.land < splits.BUFFER_KM).mean(),
}
pd.Series(sides, name="").round().astype(int).to_frame()

# %% [markdown]
# A square is as wide as the distance at which the correlation of daily PM2.5 at two monitors has fallen to about half.

# %% mystnb={"figure": {"caption": "Four ways to hold out EPA's monitors: one fold each at the first seed. In blocks, the monitors inside the buffer are in no part and are not drawn.", "name": "fig-distances-maps"}, "image": {"alt": "Four maps of the contiguous US. Spatial: test stations sprinkled among training stations. kNNDM: test stations in small clusters over the country. Blocks: test stations in separate squares with an empty margin around them. State: all stations of one state are tested."}}
lonlat = splits.lonlat_of(monitors)
state = int(np.bincount(splits.state_folds(lonlat)).argmax())  # with the most monitors
drawn = {name: splits.split(name, monitors, seed=0, fold=1) for name in ("spatial", "knndm", "blocks")}
drawn["state"] = splits.split("state", monitors, seed=0, fold=state)

dropped = int((~(drawn["blocks"].train | drawn["blocks"].validation | drawn["blocks"].test).any(1)).sum())
titles = ("spatial", "knndm", f"blocks ({dropped} dropped)", f"state ({splits.state_name(state)})")
fig = draw_splits(dict(zip(titles, drawn.values(), strict=True)), lonlat, row=2.8, width=6.8)
_ = figures.label(fig, real, n=len(lonlat), of=f"stations, {task}", embedded=False)

# %% [markdown]
# ## The embedded world

# %% mystnb={"figure": {"caption": "Embedded world: share of tested stations that have a training station nearer than a distance, all folds of each split. Grey, thick and dashed: share of the land that has a monitor nearer than that. A split's W is the area between its curve and the dashed one.", "name": "fig-distances-world"}, "image": {"alt": "Rising curves on a logarithmic axis of distance, one a split with its own marker, and a thick grey dashed curve for the land. The curve of kNNDM runs along that of the land; stations drawn at random lie left of it; blocks, states and checkerboards lie right of it at the far end."}}
pieces = f"{len(world.land):,} pieces of land"
fig = draw_distances(world)
_ = figures.label(fig, profile, n=cube.sizes["station"], of="stations", embedded=True, note=pieces)

# %%
captioned(distances_table(world), f"{KILOMETRES}; profile {profile}, embedded world.", "tab-distances-world")

# %% [markdown]
# ## EPA's monitors
#
# The same for the real network: all monitors that were tested in some run of the task.

# %% mystnb={"figure": {"caption": "EPA's monitors: share of tested stations that have a training station nearer than a distance, all folds of each split. Grey, thick and dashed: share of the land that has a monitor nearer than that.", "name": "fig-distances-aqs"}, "image": {"alt": "Rising curves on a logarithmic axis of distance, one a split with its own marker, and a thick grey dashed curve for the land, for the real monitors."}}
fig = draw_distances(epa)
_ = figures.label(fig, real, n=len(lonlat), of="stations", embedded=False, note=pieces)

# %%
captioned(distances_table(epa), f"{KILOMETRES}; profile {real}, real measurements.", "tab-distances-aqs")

# %% [markdown]
# Two remarks on matching. It matches the *nearest* distance, nothing else: a test in the middle of a dropped cluster and a cell
# of the map at the same distance may still differ in climate and in traffic. And a fold leaves fewer stations to train on than the final model
# will have, so every score from folds is a little too bad; {doc}`learning` measures what fewer stations cost.

# %% [markdown]
# ## What the split does to the scores
#
# Three methods of different kinds: inverse distance (`idw`) copies the nearest monitors of the day; the network without location
# (`none`) knows only the inputs of the place; `geoclip-hadamard` is also told the place, as GeoCLIP's vector. The folds of `knndm`, `blocks`
# and of each checkerboard test every station once. So these splits are scored on the same rows, and only what the model was trained on differs. `random`
# and `spatial` test a tenth of them, drawn again for each seed. All folds and seeds of a split are pooled into one score.
#
# ### The embedded world

# %%
from placeprior.book import results
from placeprior.evidence import matched

ARMS = ["idw", "none", "geoclip-hadamard"]


def load(profile, task):
    """Results of a task on all splits, of the fits that all three methods have."""
    matrices = [name for name in ("core", "distances", "states") if name in configuration.profile(profile)["matrices"]]
    found = results.load(profile, task, *matrices, splits=["random", *distances.HELD])
    return matched.shared(found.scores, ARMS), found.sums


scores, sums = load(profile, "world")
pooled = split_scores.pooled(scores, sums)

# %% tags=["remove-cell"]
if pooled.empty:
    raise StoreError(
        f"results/{profile} has no runs of {', '.join(ARMS)}; make them with `placeprior runs run` and collect the profile"
    )

# %% mystnb={"figure": {"caption": "Embedded world: R² and RMSE of three methods by split, from near tests to far ones; all tested rows of a split together.", "name": "fig-distances-scores-world"}, "image": {"alt": "Two panels, R² above and RMSE below. Splits stand on the horizontal axis in the order of their median test distance; each has three markers, for inverse distance, no location and GeoCLIP."}}
fig = draw_scores(pooled, world, ARMS)
_ = figures.label(fig, profile, n=scores["run"].nunique(), of="runs", embedded=True)

# %%
captioned(
    scores_table(pooled, world, ARMS),
    scores_caption(scores, f"profile {profile}, embedded world"),
    "tab-distances-scores-world",
)

# %% tags=["hide-input"]
Markdown(rule())

# %%
reach = matched.reach(profile, "world")
r2, rmse = (matched.differences(scores, sums, "none", metric=metric, reach=reach) for metric in ("r2", "rmse"))
captioned(
    differences_table(r2, rmse, world),
    f"Difference to no location on the same rows, {CELL}; profile {profile}, embedded world.",
    "tab-distances-differences-world",
)

# %%
Markdown(looked(r2))

# %% [markdown]
# ### Which split comes nearest to the error of the map?
#
# In the embedded world the truth is known between the stations, so a model's *map* has an error that can be computed. A good split
# predicts this error from stations alone. The maps are those of the models of the split `spatial`, which are trained on most of the
# stations. To compare like with like, the instruments' noise is taken out of the test errors: the noise of a reading has nothing to
# do with an estimate that never saw it, so their mean squares add up,
#
# $$
# \overline{(\text{estimate} - \text{reading})^2} \approx \overline{(\text{estimate} - \text{truth})^2} + \overline{\text{noise}^2} .
# $$
#
# The split by states is left out, since the states that were tested are not the whole country.

# %%
maps = split_scores.map_rmse(profile).reindex(ARMS).dropna()
tested = split_scores.without_noise(scores, sums, cube)

# %% mystnb={"figure": {"caption": "Embedded world: RMSE against the truth, without instrument noise. Markers: at the tested stations of each split. Lines: over all land of the maps of the models trained on most stations. A split whose marker lies on the line of its method predicts the error of the map.", "name": "fig-distances-truth"}, "image": {"alt": "Markers of up to three methods for each split, in the order of test distance, and a horizontal line for each method at the error of its map."}}
fig = draw_map_error(maps, tested, world)
_ = figures.label(fig, profile, n=scores["run"].nunique(), of="runs", embedded=True, note="dotted: the maps")

# %%
captioned(
    misses_table(maps, tested, world),
    f"RMSE of the map against the truth, and how far each split's test error lies above or below it ({figures.UNIT}); last column: mean size over the methods; profile {profile}, embedded world.",
    "tab-distances-truth",
) if len(maps) else Markdown(
    f"*The errors of the maps are not made yet; `doit evidence:{profile}:map_error` makes them.*"
)

# %% [markdown]
# Read these misses with care. The maps are drawn on every fifteenth day, the tests are of all days, and a few smoky days more or less
# move an RMSE. Folds also train on fewer stations than the model of the map. No interval is given, since the two errors are not paired.
#
# ### EPA's monitors

# %%
scores, sums = load(real, task)
pooled = split_scores.pooled(scores, sums)

# %% mystnb={"figure": {"caption": "Real measurements: R² and RMSE of three methods by split, from near tests to far ones; all tested rows of a split together.", "name": "fig-distances-scores-aqs"}, "image": {"alt": "Two panels for the real monitors, R² above and RMSE below. Splits stand on the horizontal axis in the order of their median test distance; each has three markers."}}
fig = draw_scores(pooled, epa, ARMS)
_ = figures.label(fig, real, n=scores["run"].nunique(), of="runs", embedded=False)

# %%
captioned(
    scores_table(pooled, epa, ARMS),
    scores_caption(scores, f"profile {real}, real measurements"),
    "tab-distances-scores-aqs",
)

# %%
reach = matched.reach(real, task)
r2, rmse = (matched.differences(scores, sums, "none", metric=metric, reach=reach) for metric in ("r2", "rmse"))
captioned(
    differences_table(r2, rmse, epa),
    f"Difference to no location on the same rows, {CELL}; profile {real}, real measurements.",
    "tab-distances-differences-aqs",
)

# %%
Markdown(looked(r2))

# %% [markdown]
# With real monitors the truth between them is not known, so no page can say which split predicts the map's error there. What carries over is
# the argument of distances.
#
# ## Which one to use
#
# | what the model is for | a split that asks for it |
# |---|---|
# | filling gaps in a monitor's record | `random` |
# | the average error of a national map | `knndm` |
# | a place next to the network, such as a city's next street | `spatial` |
# | a place at least as far from monitors as the buffer | `blocks` |
# | a state, country or continent without monitors | `state`, `checkerboard-d` |
#
# None of them is the honest one and none is the optimistic one. A score is too optimistic only *for a use* that is farther from the
# training stations than the test was.
#
# ## What this shows, what it does not
#
# It shows at which distances each split tests, for one simulated and one real network, and how scores change with them. It does not
# show that distance is the reason: far tests also train on fewer stations, and stations far from others stand in other country. The
# matched folds are one solution among many with nearly the same $W$; another gives somewhat other scores. Where one seed was
# run on many folds, the spread of the folds stands in for the noise of training, which it contains. GeoCLIP's arm has one
# more layer than no location ({doc}`controls`).
#
# ```{admonition} Exercise: when is a random draw of stations enough?
# :class: exercise tip
# Imagine monitors drawn with equal chance over the land. Hold out one in ten at random. Which of the two distances of this page is
# then longer, and why does the difference shrink when one in a hundred is held out?
# ```
#
# ```{admonition} Solution
# :class: solution dropdown
# A held-out monitor is then a place like any other of the land, so both distances come from the same distribution, but for one thing: in the test
# only nine tenths of the monitors are left to be near. With $n$ monitors on an area $A$ the mean distance to the nearest is
# $\tfrac12\sqrt{A/n}$, so nine tenths make it longer by a factor $1/\sqrt{0.9}$, about five percent. With one in a hundred it is half
# a percent.
# ```
#
# ```{admonition} Exercise: a wide average
# :class: exercise tip
# Two splits have the same mean distance as the map, but one has all its tests at exactly that distance. What is its $W$? Why might its
# score still mislead?
# ```
#
# ```{admonition} Solution
# :class: solution dropdown
# It is the mean absolute deviation of the map's distances from their mean: equal means do not make $W$ zero. A model's error does not
# grow in proportion to distance, so the error at the mean distance is not the mean of the errors.
# ```
