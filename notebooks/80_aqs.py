# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% tags=["parameters", "remove-cell"]
profile = "aqs"

# %% tags=["remove-cell"]
import pandas as pd
from IPython.display import Markdown, display

from placeprior.arms import splits_in, where, with_arm
from placeprior.book import aqs, figures, results
from placeprior.book.tables import CELL, captioned, gains
from placeprior.book.words import NOTE, looked, rule
from placeprior.evidence import artefacts, importance, matched
from placeprior.runs import store
from placeprior.runs.progress import count

figures.style()
BOARD = "checkerboard-16"

# %% [markdown]
# # Real measurements: EPA's monitors
#
# This page is about **real** daily PM2.5: EPA's AQS monitors in the contiguous United States, and NOAA's weather stations.
# {doc}`data` describes both. Nothing is computed here: the runs take hours and need files that are not part of this
# book, so the page shows the results that are committed with it, under `results/aqs`. Numbers in sentences are written
# by the page from these results.

# %%
both = [results.load(profile, task, "core") for task in ("weather-2019", "neighbours-2021")]
weather, neighbours = both
elevation = results.load(profile, "weather-2019-elevation", "elevation")
tasks = [own for own in both if len(own.scores)]

# %% tags=["hide-input"]
progress = {name: count(profile, name) for name in ("core", "controls", "elevation")}
missing = [f"{made} of {asked} of `{name}`" for name, (made, asked) in progress.items() if made < asked]
Markdown(
    "```{admonition} Not all runs are finished\n:class: warning\n"
    f"Made so far: {'; '.join(missing)}. Means below are over the fits that exist. `make aqs` with `PLACEPRIOR_DATA` set makes the rest.\n```"
    if missing
    else f"All {sum(asked for _, asked in progress.values())} runs that the page asks for are in the results."
)

# %% [markdown]
# ## In short
#
# WR stands for within region, OoR for out of region with the size of the checkerboard's cells in degrees
# ({doc}`../concepts/splits`).
#
# The table sets each way of telling the place against the same network without a place. An encoder's vector comes with one more layer, so its gain is over the network
# that has that layer too (`none+head`, {doc}`controls`).

# %% tags=["hide-input"]
Markdown(rule())

# %%
SAME = {"lonlat": "none", "sincos": "none", "geoclip-hadamard": "none+head", "geoclip-concat": "none+head"}
reach = {own.task: matched.reach(profile, own.task) for own in both}
gained = {}
for own in tasks:
    main = results.load(profile, own.task, "core", "controls")
    gained[own.task] = matched.differences(main.scores, main.sums, SAME, reach=reach[own.task])

# %% tags=["hide-input"]
for own in tasks:
    display(
        captioned(
            gains(gained[own.task]),
            f"{own.heading}: test R² minus that of the same network without a place on the same rows, {CELL}; {own.origin}.",
            f"tab-aqs-{own.short}-same",
        )
    )

# %% [markdown]
# ## Two tasks
#
# Neither has the study's inputs, which are not at hand. Each isolates one thing.
#
# - **Weather, 2019**: weather at the three nearest weather stations (weight one over distance) and the day of year. No
#   neighbouring PM2.5, and nothing that stays constant at a place: place enters only where a variant says so.
# - **Neighbours, 2021**: the same-day PM2.5 of neighbouring **training** monitors, recomputed for every fold, and the day
#   of year. The reference model's strongest input alone; here without the held-out labels that leak into it there
#   ({doc}`../departures`, number 2).
#
# **Inverse distance** (`idw`) is the thing to beat. It has no parameters and needs no training. On the
# neighbours task it *is* the model's main input, so a trained arm there asks: can a network improve on the plain
# average it is given?

# %% tags=["hide-input"]
captioned(aqs.sizes(tasks), f"What the scores rest on; profile {profile}, real measurements.", "tab-aqs-sizes")

# %% [markdown]
# ## Weather, 2019

# %%
gaps = {own.task: matched.differences(own.scores, own.sums, reach=reach[own.task]) for own in both}
to_idw = {own.task: matched.differences(own.scores, own.sums, "idw", reach=reach[own.task]) for own in both}


# %% tags=["remove-cell"]
def draw(own, found):
    """Forest of paired differences, one panel a split; or a line that says what is missing."""
    fits = matched.by_fit(found)
    if fits.empty:
        return figures.nothing(f"{own.title}, differences", profile, embedded=False)
    panels = {where(split): fits[fits["split"] == split] for split in splits_in(fits)}
    fig = figures.forests(panels, "ΔR² to no location", reference=0)
    return figures.label(fig, profile, n=fits["stations"].max(), of="stations at most", embedded=False, note=NOTE)


# %%
main = results.load(profile, weather.task, "core", "controls")
aqs.score_tables(main)

# %% mystnb={"figure": {"caption": "Weather task, real measurements of 2019: test R² minus that of no location on the same rows; single fits (pale dots), their mean (marker), 95 % interval over places and trainings (bar). Right of the dashed line telling the place helps. Panels have their own scales; a number at an edge is a single fit beyond it.", "name": "fig-aqs-weather-differences"}, "image": {"alt": "One panel a split for the weather task: for every way of telling the place the difference of its R² to no location, with dots, a marker and an interval around a dashed line at zero."}}
_ = draw(weather, gaps["weather-2019"].query("arm != 'idw'"))

# %% [markdown]
# Differences to no location and to inverse distance, which follow below, counted together:

# %%
Markdown(looked(pd.concat([gaps["weather-2019"].query("arm != 'idw'"), to_idw["weather-2019"]])))

# %% [markdown]
# ## Neighbours, 2021

# %%
main = results.load(profile, neighbours.task, "core", "controls")
aqs.score_tables(main)

# %% mystnb={"figure": {"caption": "Neighbours task, real measurements of 2021: test R² minus that of no location on the same rows; single fits (pale dots), their mean (marker), 95 % interval over places and trainings (bar). Panels have their own scales; a number at an edge is a single fit beyond it.", "name": "fig-aqs-neighbours-differences"}, "image": {"alt": "One panel a split for the neighbours task: for every way of telling the place the difference of its R² to no location, with dots, a marker and an interval around a dashed line at zero."}}
_ = draw(neighbours, gaps["neighbours-2021"].query("arm != 'idw'"))

# %% [markdown]
# Differences to no location and to inverse distance, which follow below, counted together:

# %%
Markdown(looked(pd.concat([gaps["neighbours-2021"].query("arm != 'idw'"), to_idw["neighbours-2021"]])))

# %% [markdown]
# ## Does any model beat inverse distance?

# %%
for own in tasks:
    display(
        captioned(
            gains(to_idw[own.task]),
            f"{own.heading}: test R² minus that of inverse distance on the same rows, {CELL}. Real measurements, profile {profile}.",
            f"tab-aqs-{own.short}-idw",
        )
    )

# %% [markdown]
# The two tasks must be read differently. A model of the weather task has never seen another monitor's value of the day, and
# inverse distance has seen nothing else: beating it there means that weather carries what neighbours do not. In the neighbours
# task both have it.
#
# ## Elevation: a place's name in disguise
#
# The weather station's elevation is constant in time, and so nearly unique that it can serve as the name of a place. It is
# therefore not among the inputs, except in this arm.

# %% mystnb={"figure": {"caption": "Weather task, real measurements of 2019, with and without the weather stations' elevation among the inputs: test R² minus that of no location (with an encoder's extra layer) without elevation, on the same rows; fits (pale dots), mean (marker), 95 % interval over places and trainings (bar).", "name": "fig-aqs-elevation"}, "image": {"alt": "Panels for the spatial and the checkerboard split: difference of R² to no location without elevation for GeoCLIP, for elevation, and for both together, with intervals around a dashed line at zero."}}
HEAD, NAMED = "none+head", {"none+head": "elevation", "geoclip": "elevation + GeoCLIP"}
told = elevation.scores.assign(variant=elevation.scores["variant"].map(NAMED), fusion="-")
plain = results.load(
    profile, "weather-2019", "core", "controls", arms=[HEAD, "geoclip-hadamard"], splits=set(told["split"])
)
together = pd.concat([plain.scores, with_arm(told)])
raised = matched.differences(together, store.sums(profile), HEAD, reach=reach["weather-2019"])
_ = draw(elevation, raised)

# %% [markdown]
# ## Where GeoCLIP helps and where it does not

# %% mystnb={"figure": {"caption": "Mean squared error of no location minus that of GeoCLIP (Hadamard) at each station on the 16° checkerboard, real measurements; mean over seeds, both partitions together. Positive (red): GeoCLIP's error is smaller there. The scale is cut at the 95th percentile.", "name": "fig-aqs-map"}, "image": {"alt": "Maps of the contiguous US, one a task: a dot a station, red where GeoCLIP has a smaller squared error than no location and blue where it has a larger one."}}
station_gains = {}
for own in tasks:
    board = results.load(profile, own.task, "core", splits=[BOARD])
    found = artefacts.at_stations(board.scores, board.sums, "none", "geoclip-hadamard", error="sum_e2")
    station_gains[own.title] = found.rename(columns={"difference": "gain"})
fig = aqs.draw_gains(station_gains)
_ = figures.label(fig, profile, n=sum(map(len, station_gains.values())), of="stations in all maps", embedded=False)

# %% tags=["hide-input"]
captioned(
    aqs.concentration(station_gains),
    f"Stations at which GeoCLIP (Hadamard) has the smaller squared error on the 16° checkerboard, and how much of all change lies at the twentieth that changed most; profile {profile}, "
    "real measurements.",
    "tab-aqs-stations",
)

# %% [markdown]
# Where few stations hold much of the change, a score over all rows is decided by few.
#
# ## Which days it looks at

# %% mystnb={"figure": {"caption": "Mean attention weight of each day of the window on test rows, mean over all fits of an arm, real measurements. The dotted line is an even spread; the estimated day is at lag 0. Arms differ in colour and marker.", "name": "fig-aqs-attention"}, "image": {"alt": "One panel a task: attention weight against lag in days, one line with its own marker for each trained arm, and a dotted line at an even spread."}}
stamps = store.stamps(profile)
weights = {own.title: with_arm(importance.attention(own.scores, stamps)) for own in tasks}
fig = aqs.draw_attention(weights)
fits = sum(int((table["lag"] == 0).sum()) for table in weights.values())
_ = figures.label(fig, profile, n=fits, of="fits", embedded=False)

# %% [markdown]
# ## Beside the reported numbers
#
# **Reported (second-hand)**, not checked against the paper ({doc}`../question`). The measurements are of the same network, and for the
# neighbours task of the same year, but inputs, test parts and size of network differ: **it is not the same experiment**. Compare
# directions, not values.

# %% tags=["hide-input"]
captioned(
    aqs.beside_reported(tasks, gaps),
    f"R² of no location → of the arm: as reported (second-hand; two values are a checkerboard's partitions) and here (means over folds and seeds), "
    f"and whether the direction agrees; real measurements, profile {profile}. Undecided: our difference is not clear.",
    "tab-aqs-reported",
)

# %% [markdown]
# ## What it took

# %% tags=["hide-input"]
captioned(
    aqs.cost([*tasks, elevation], stamps),
    f"Runs and their time, from their stamps; profile {profile}. Runs share a machine's cores, so minutes add up to more than the clock's.",
)

# %% [markdown]
# ## What this shows, what it does not
#
# It shows how the same small network does at real monitors with two sets of inputs, and where telling the place changes
# that beyond what other stations and other trainings would. It does **not** repeat the study: without satellite haze, smoke and fine
# meteorology a model of daily PM2.5 misses most of what it needs, and a place that stands for everything missing has
# more to do here than there. One year is one year: wildfires make the tests of the West what they are, and no interval here
# knows about another year.
#
# ```{admonition} Exercise: a fair rival
# :class: exercise tip
# In the neighbours task the network's main input is the estimate of inverse distance. Write down weights with which a network of
# one linear layer would equal inverse distance exactly. Why can a trained network still be worse?
# ```
#
# ```{admonition} Solution
# :class: solution dropdown
# Weight one on the neighbour feature (unscaled), zero on all else. The trained network minimises the loss on *training*
# rows, where neighbours are as near as training stations are to one another. On a checkerboard the tested stations'
# neighbours are far away, and how much to trust them has changed: what was best in training is not best in the test.
# ```
#
# ```{admonition} Exercise: which stations decide?
# :class: exercise tip
# Compute a score in which every station counts equally, whatever its spread. Would you expect the ranking to change?
# ```
#
# ```{admonition} Solution
# :class: solution dropdown
# For example the median over stations of their own RMSE; `placeprior.runs.store.sums("aqs")` holds the sums. Squared
# errors of a few stations with smoke weigh most in R², and an arm that is a little better nearly everywhere can lose to one
# that is much better on a few of these.
# ```
