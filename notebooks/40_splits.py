# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% tags=["parameters", "remove-cell"]
profile = "demo"

# %% tags=["remove-cell"]
from IPython.display import Code, Markdown

from placeprior.book import figures
from placeprior.book.splits import (
    by_class_table,
    draw_by_class,
    draw_nearness,
    draw_redundancy,
    draw_splits,
    nearness_table,
    sizes_table,
)
from placeprior.book.tables import captioned
from placeprior.book.words import rule

figures.style()

# %% [markdown]
# # The splits on the map
#
# {doc}`../concepts/splits` says why the way of holding out decides what a score means. This page draws the splits as they are
# used in this book, counts them, and measures the one thing that tells them apart: **how far a tested place is from
# what was trained on**. The stations are those of the **embedded world**; EPA's are in {doc}`aqs`.
#
# ## Five ways to hold out

# %%
import numpy as np
import pandas as pd

from placeprior import data
from placeprior.runs import configuration, plan
from placeprior.space.splits import folds, lonlat_of, split

task = configuration.profile(profile)["tasks"]["world"]
cube = data.load(task["load"], **task.get("options", {}))
lonlat, embedded = lonlat_of(cube), bool(cube.attrs["embedded"])

matrices = [name for name in ("core", "elsewhere") if name in configuration.profile(profile)["matrices"]]
runs = [run for name in matrices for run in plan.runs(profile, name)]
names = list(dict.fromkeys(run.split for run in runs))
parts = {(name, fold): split(name, cube, seed=0, fold=fold) for name in names for fold in folds(name)}

# %% mystnb={"figure": {"caption": "The splits at seed 0 (checkerboards: fold 1, so partition 1 is tested). On the random split nearly every station has days in training and in test. Dashed: the cells of the checkerboards.", "name": "fig-splits-maps"}, "image": {"alt": "One map of the contiguous US for each split. Random: all stations are in both parts. Spatial: test stations are sprinkled among training stations. Checkerboards: test stations fill every other cell of a board, the larger the cell, the larger the connected area without training stations."}}
shown = {f"{name} ({parts[name, 1].regime})": parts[name, 1] for name in names}
fig = draw_splits(shown, lonlat, row=3.0, width=7.2)
_ = figures.label(fig, profile, n=len(lonlat), of="stations a map", embedded=embedded)

# %% [markdown]
# ### Origin and cells
#
# The boards are anchored at the south-west corner of the country's bounding box, and a station belongs to partition
# $(i + j) \bmod 2 + 1$ of its cell ({eq}`eq-checkerboard`). Fold $k$ *tests* partition $k$. The origin is a convention, taken over
# from the study; another one would move every border, and with it some scores.

# %%
import inspect

from placeprior.space import splits

Code(inspect.getsource(splits.partition), language="python")

# %%
from placeprior.evidence import distances, split_scores

boards = distances.cells([name for name in names if name.startswith("checkerboard")], lonlat)
captioned(
    boards.map("{:,.0f}".format),
    "Cells of each checkerboard in which stations lie, and the sides of a cell from south to north (height) and, at 40° N, from west to east (width), km",
    "tab-splits-cells",
)

# %% [markdown]
# ## How much is in each part
#
# Only measured station-days that have a full history can be scored ({doc}`data`). Test sets differ in more than size: where it burns more,
# PM2.5 spreads more, and R² divides by that spread. The last three columns say how different the test sets are.

# %%
sizes = distances.sizes(parts, cube)
captioned(
    sizes_table(sizes),
    "Station-days (stations) in each part at seed 0; mean and standard deviation of PM2.5 in the test part in µg m⁻³, and the share of its days with at least 35 µg m⁻³",
    "tab-splits-sizes",
)

# %% [markdown]
# What does the spread do to R²? Give a model the same RMSE on every test set, half of the smallest standard deviation. Its R² would be:

# %%
rmse = sizes["sd"].min() / 2
(1 - (rmse / sizes["sd"]) ** 2).rename("R²").round(2).to_frame()

# %% [markdown]
# So R² of different rows must not be compared as skill.
#
# A seed draws anew what `random` and `spatial` hold out. On a checkerboard the tested part is fixed by the map; there a seed
# changes the validation part and the training, nothing else.
#
# ## How far is a test from what was trained on?

# %%
from placeprior.coords import nearest_km

km = {name: np.concatenate([parts[name, fold].distance_km(cube) for fold in folds(name)]) for name in names}
cells, area = distances.land_cells(1.0 if profile == "smoke" else 0.5)
to_map = nearest_km(cells, lonlat)[0]

# %% mystnb={"figure": {"caption": "Share of test stations whose nearest training station is closer than a distance (all folds, seed 0). Grey dashed: the same for the land of the country, from every map cell to the nearest of all monitors. The random split is not drawn: its test stations are training stations, at distance zero.", "name": "fig-splits-distance"}, "image": {"alt": "Rising curves on a logarithmic distance axis. The curve of the spatial split rises first, then come the checkerboards, the wider their cells the farther to the right. The dashed curve of the map's cells rises steeply between the spatial split and the coarser boards."}}
held = {name: km[name] for name in names if name != "random"}
fig = draw_nearness(held, to_map, area)
_ = figures.label(
    fig,
    profile,
    n=sum(map(len, held.values())),
    of="test stations",
    embedded=embedded,
    note=f"{len(cells):,} land cells",
)

# %%
nearness = {f"`{name}`": distances.nearness(km[name]) for name in names}
captioned(
    nearness_table(nearness | {"the map's cells": distances.nearness(to_map, area)}),
    "Distance from a test station to its nearest training station; last row: from the land of the country to its nearest monitor",
    "tab-splits-distance",
)

# %% [markdown]
# No split has the whole shape of the map's distances: monitors crowd in cities, while a map has as many cells in empty country. {doc}`distances` looks for the one that comes nearest.
#
# ## Why it matters: leakage in one picture
#
# Two measurements are redundant when one tells the other. The left panel shows how strongly PM2.5 at two stations goes together
# *on the same days*, against their distance. The right panel shows the same for one station and itself, some days later.

# %%
from placeprior.evidence import redundancy

pm25 = cube["pm25"].values.astype(float)
pairs = redundancy.between_stations(pm25, lonlat)
curve, later = redundancy.by_distance(pairs), redundancy.days_later(pm25)

# %% mystnb={"figure": {"caption": "Left: correlation of PM2.5 at two stations over their common days, against distance; medians and the middle 80 % of pairs in classes of distance. Coloured marks on the axis: median distance from test to training of each split. Right: correlation of a station with itself some days later; medians and the middle 80 % of stations.", "name": "fig-splits-correlation"}, "image": {"alt": "Left, a curve with a band that is highest for close stations and falls with distance to about zero; marks of the splits along the axis, the spatial split at short distance, the boards at longer ones. Right, a curve over the lag in days that falls quickly within the first days."}}
medians = {name: np.median(km) for name, km in held.items()}
fig = draw_redundancy(curve, later, medians)
enough = redundancy.days_needed(cube.sizes["time"])
_ = figures.label(fig, profile, n=len(pairs), of=f"pairs of stations with {enough} common days", embedded=embedded)

# %% [markdown]
# Read off the left curve, the correlation at the median distance of each split's tests; and, off the right one, that of a station with itself one day later:

# %%
there = {name: redundancy.at(curve, median) for name, median in medians.items()} | {
    "one day later": later["mid"].iloc[0]
}
pd.Series(there, name="correlation").round(2).to_frame()

# %% [markdown]
# This is why a random split is optimistic. A held-out station-day has, in training, the same station on the days around it
# and its neighbours *on the very day*. No label needs to leak by mistake; the data repeat themselves. The correlation
# counts what a model without any insight could copy. What is left of it at a split's distance is the help that a
# tested station still gets from its surroundings.
#
# Remember that the figure shows all PM2.5, including what weather and season explain. A model that sees the weather gains less from
# neighbours than this; how much less is measured next.
#
# ## What distance does to a score
#
# The plainest method there is, inverse distance weighting (`idw`), only copies from neighbours. A network without location (`none`) copies nothing
# at test time. Their scores against the distance to the nearest training station separate the two kinds of
# knowledge. All station-held-out splits, folds and seeds of this profile are pooled.

# %%
tested = split_scores.near_and_far(profile, cube, runs)
scores = split_scores.by_class(tested)

# %% mystnb={"figure": {"caption": "Scores of inverse distance weighting and of the model without location, by the distance of a tested station to its nearest training station; all splits that hold out stations, all folds of a seed pooled; mean over seeds.", "name": "fig-splits-score"}, "image": {"alt": "Two panels, R² and RMSE, by class of distance, with two markers a class. The marker of inverse distance weighting changes with distance; that of the model without location changes differently."}}
fig = draw_by_class(scores)
_ = figures.label(
    fig,
    profile,
    n=int(tested.loc[tested["arm"] == "idw", "n"].sum()),
    of="tested station-days an arm, repeats counted",
    embedded=embedded,
)

# %%
captioned(
    by_class_table(scores),
    "R² of both methods by distance to the nearest training station, and their difference with its 95 % interval, bold where it excludes zero",
    "tab-splits-score",
) if len(scores) else Markdown("*This profile's runs have not been made yet.*")

# %% tags=["hide-input"]
Markdown(rule())

# %% [markdown]
# A caution. Far stations are not only far: they stand in empty country, with other weather and less traffic, so part of
# what looks like an effect of distance is an effect of the kind of place.
#
# ## What this shows, what it does not
#
# It shows that the five splits ask five different questions, ordered by distance: from zero (`random`) to hundreds of
# kilometres. It shows that measurements repeat themselves over short distances and from day to day, which makes a
# random split easy, and how much of that is left at each split's distance.
#
# It does not show which split is *right*. That depends on use: gaps at monitors, places between monitors, or regions without
# any. Nor does a checkerboard make test and training independent: stations on either side of a border are close, as the
# left ends of the curves show. And the monitors are those of the embedded world, placed by a rule.
#
# ## Exercises
#
# ````{admonition} Exercise 1
# :class: exercise tip
# Drop from each checkerboard's test all stations closer than 100 km to a training station (a *buffer*). What happens to the curves in
# {numref}`fig-splits-distance`, to the sizes in {numref}`tab-splits-sizes`, and to the kind of place that is tested?
# ````
#
# ````{admonition} Solution 1
# :class: solution dropdown
# The curves start at 100 km, and the fine boards lose most of their test stations, since a cell of eight degrees has much
# border for its area. What remains stands in the middle of cells; on the fine board these are few and not a fair sample. A
# buffer answers "at least 100 km away" cleanly and pays with numbers. This book keeps the study's boards without a buffer and shows the
# distances instead.
# ````
#
# ````{admonition} Exercise 2
# :class: exercise tip
# Move the origin of the 16-degree board by half a cell to the east. With `placeprior.space.splits.partition` and shifted longitudes, count how many
# stations change their partition. What would you do with scores for several origins?
# ````
#
# ````{admonition} Solution 2
# :class: solution dropdown
# `partition(lonlat - [8, 0], 16) != partition(lonlat, 16)` is true for about half of them. Each origin is another draw of the same
# question; the spread of scores over origins shows how much of a result hangs on where the lines happen to fall. Two folds of one
# board cannot show it.
# ````
