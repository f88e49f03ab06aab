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
import numpy as np
import pandas as pd
import xarray as xr

from placeprior import coords
from placeprior.arms import arm as arm_name
from placeprior.arms import arm_order
from placeprior.book import figures, layers
from placeprior.book.tables import captioned
from placeprior.book.words import minus
from placeprior.data.world.simulation import World
from placeprior.errors import StoreError
from placeprior.runs import daily_maps, plan, store
from placeprior.scores import metrics
from placeprior.space.splits import partition

figures.style()
resolution = 2.0 if profile == "smoke" else 0.5
runs = [run for run in plan.runs(profile, "core") if run.task == "world" and store.is_stored(run.id)]
first_seed = min((run.seed for run in runs), default=0)
of = {(run.split, arm_name(run.variant, run.fusion), run.fold): run for run in runs if run.seed == first_seed}
arms = arm_order(arm for split, arm, _ in of if split == "spatial")
if not arms:
    raise StoreError(
        f"no run on the spatial split is stored for profile {profile}; `placeprior runs list {profile}` shows them"
    )
names = {arm: figures.look(arm).name for arm in arms}
longest = max(of.values(), key=lambda run: run.window)
window = longest.window

# %% [markdown]
# # Daily maps
#
# A score at monitors says nothing about the places between them, which are what a map is for. In the embedded world,
# simulated from a formula, the truth is known on any grid. Here every variant draws three days, and the maps are scored
# **between** the stations. All inputs are known on the grid as they are at stations: the same predictors, with the same gaps.
#
# ## Three days, chosen by rule
#
# The days are not picked by eye. Among the days with a full window of history, at the monitors:
#
# - the **smoke day** has the highest mean smoke at the ground,
# - the **stagnant day** has the highest mean PM2.5 from local emissions and heating together, smoke day excluded,
# - the **clean day** has the lowest mean true PM2.5.

# %%
world = World(**of["spatial", arms[0], 1].data["options"])
at_monitors = world.components(world.monitors, np.arange(world.days)).mean("place")
candidates = at_monitors.isel(time=slice(window - 1, None))
smoke = int(candidates["smoke_surface"].values.argmax())
stale = (candidates["local"] + candidates["heating"]).values.copy()
stale[smoke] = -np.inf
clean = candidates["pm25_true"].values.copy()
clean[[smoke, stale.argmax()]] = np.inf
positions = {"clean": clean.argmin(), "stagnant": stale.argmax(), "smoke": smoke}
chosen = {name: int(position) + window - 1 for name, position in positions.items()}

# %% [markdown]
# The maps come from the fits on the `spatial` split with the first seed: nearly all monitors were trained on, as one
# would for a map that is to be used. Inverse distance uses the same training monitors. Within a day all maps share
# one colour scale, and so do all maps of errors.

# %%
grids, estimates = {}, {}
for name, day in chosen.items():
    grids[name] = daily_maps.fields_on(longest, at_monitors["time"].values[day], coords.grid(resolution))
    estimates[name] = {arm: daily_maps.daily_map(of["spatial", arm, 1], grids[name]) for arm in arms}
truths = {name: grid["pm25_true"].isel(time=-1).where(grid["land"]) for name, grid in grids.items()}
errors = {name: {arm: layer - truths[name] for arm, layer in maps.items()} for name, maps in estimates.items()}

# %% tags=["hide-input"]
SHOWN = {"pm25_true": "true PM2.5", "local": "local", "heating": "heating", "smoke_surface": "smoke"}
dates = {name: pd.Timestamp(grid["time"].values[-1]) for name, grid in grids.items()}
levels = pd.DataFrame({"day": list(chosen), "nominal date": [f"{date:%d %B}" for date in dates.values()]})
for variable, title in SHOWN.items():
    levels[title] = [f"{float(at_monitors[variable][day]):.1f}" for day in chosen.values()]
captioned(
    levels,
    f"The three days of the embedded world: means over {len(world.monitors)} monitors, {figures.UNIT}; profile {profile}.",
)

# %% tags=["remove-cell"]
cells = int(grids["smoke"]["land"].sum())


def draw(day, maps):
    """The truth and some maps of a day, each under its arm's name."""
    titled = {"truth": truths[day]} | {names[arm]: layer for arm, layer in maps.items()}
    top = float(np.nanpercentile(truths[day], 99))
    fig = layers.side_by_side(titled, f"PM2.5 on {dates[day]:%d %B}, nominal", top)
    figures.label(fig, profile, n=cells, of=f"land cells of {resolution}°", embedded=True)


def draw_errors(maps):
    """Maps of errors, each under its arm's name, on the scale of no location."""
    titled = {names[arm]: layer for arm, layer in maps.items()}
    top = float(np.nanpercentile(np.abs(maps["none" if "none" in maps else arms[0]]), 98))
    fig = layers.side_by_side(titled, "estimate minus truth", top, kind="difference")
    figures.label(fig, profile, n=cells, of=f"land cells of {resolution}°", embedded=True)


# %% [markdown]
# ## A clean day

# %% mystnb={"figure": {"caption": "PM2.5 on the clean day of the embedded world: truth, and the estimates of inverse distance and every variant (spatial split, first seed).", "name": "fig-maps-clean"}, "image": {"alt": "Small maps of the contiguous US on one clean day, all on one colour scale: first the truth, then inverse distance, no location, lon/lat, sin/cos and GeoCLIP in both fusions."}}
draw("clean", estimates["clean"])

# %% mystnb={"figure": {"caption": "Error (estimate minus truth) on the clean day of the embedded world, every variant on one colour scale.", "name": "fig-maps-clean-error"}, "image": {"alt": "Small maps of errors on the clean day, one for inverse distance and one for each variant, red where the estimate is too high and blue where it is too low."}}
draw_errors(errors["clean"])

# %% [markdown]
# ## A stagnant day

# %% mystnb={"figure": {"caption": "PM2.5 on the stagnant day of the embedded world (most local emissions and heating): truth, and the estimates of inverse distance and every variant (spatial split, first seed).", "name": "fig-maps-stagnant"}, "image": {"alt": "Small maps of the contiguous US on one stagnant day, all on one colour scale: the truth, in which cities and basins stand out, then inverse distance and every variant."}}
draw("stagnant", estimates["stagnant"])

# %% mystnb={"figure": {"caption": "Error (estimate minus truth) on the stagnant day of the embedded world, every variant on one colour scale.", "name": "fig-maps-stagnant-error"}, "image": {"alt": "Small maps of errors on the stagnant day, one for inverse distance and one for each variant, red where the estimate is too high and blue where it is too low."}}
draw_errors(errors["stagnant"])

# %% [markdown]
# ## A smoke day

# %% mystnb={"figure": {"caption": "PM2.5 on the smoke day of the embedded world (most smoke at the ground): truth, and the estimates of inverse distance and every variant (spatial split, first seed).", "name": "fig-maps-smoke"}, "image": {"alt": "Small maps of the contiguous US on one smoke day, all on one colour scale: first the truth with its smoke, then inverse distance, no location, lon/lat, sin/cos and GeoCLIP in both fusions."}}
draw("smoke", estimates["smoke"])

# %% mystnb={"figure": {"caption": "Error (estimate minus truth) on the smoke day of the embedded world, every variant on one colour scale.", "name": "fig-maps-smoke-error"}, "image": {"alt": "Small maps of errors on the smoke day, one for inverse distance and one for each variant, red where the estimate is too high and blue where it is too low."}}
draw_errors(errors["smoke"])

# %% [markdown]
# ## Scores of the maps
#
# Each land cell weighs by its area, $\cos\varphi$ at latitude $\varphi$: with weights $w$, estimates $\hat y$ and truth $y$,
# $\mathrm{RMSE}^2 = \sum w (\hat y - y)^2 / \sum w$, and likewise the mean error and the correlation.
#
# The second kind of map is **out of region**: each cell is estimated by the model of the 16° checkerboard that was *not*
# trained on the cell's partition, as if no monitor stood within its cell of the board. Nobody would draw a map like that; it asks
# what a map is worth where there are no monitors.

# %%
BOARD = "checkerboard-16"
outside = {day: {} for day in grids}
for day, grid in grids.items():
    lon, lat = np.meshgrid(grid["lon"], grid["lat"])
    fold = partition(np.column_stack([lon.ravel(), lat.ravel()]), 16.0).reshape(lon.shape)
    for arm in arms:
        if all((BOARD, arm, k) in of for k in (1, 2)):
            one, two = (daily_maps.daily_map(of[BOARD, arm, k], grid) for k in (1, 2))
            outside[day][arm] = xr.where(fold == 1, one, two)

scored = pd.DataFrame(
    {"map": kind, "day": day, "arm": arm} | metrics.over_area(layer, truths[day])
    for kind, maps in (("all regions trained", estimates), ("out of region, 16°", outside))
    for day, of_day in maps.items()
    for arm, layer in of_day.items()
)

# %% tags=["hide-input"]
scored["text"] = [minus(f"{row.rmse:.2f}, {row.mbe:+.2f}, {row.r:.2f}") for row in scored.itertuples()]
wide = scored.pivot(index=["map", "arm"], columns="day", values="text").reindex(columns=list(chosen))
wide = wide.reindex([(kind, arm) for kind in scored["map"].unique() for arm in arms]).reset_index()
wide["arm"] = wide["arm"].map(names)
captioned(
    wide.rename(columns={"arm": "told about the place"}),
    f"Maps against truth over {cells:,} land cells of {resolution}°, weighted by area: RMSE, mean error (both {figures.UNIT}), correlation. "
    f"One fit each (seed {first_seed}); profile {profile}, embedded world.",
    "tab-maps",
)

# %% [markdown]
# Three days and one fit are examples, not evidence: no interval stands behind these ranks.
#
# ## The smoke day, out of region

# %% mystnb={"figure": {"caption": "The smoke day of the embedded world again, each cell estimated by the model that was not trained on its partition of the 16° checkerboard (first seed). Jumps along the borders of the board are the difference between the two models.", "name": "fig-maps-outside"}, "image": {"alt": "Small maps of the contiguous US on the smoke day, all on one colour scale: the truth, then inverse distance and every variant, each stitched from two models along the borders of the checkerboard."}}
draw("smoke", outside["smoke"])

# %% [markdown]
# ## What this shows, what it does not
#
# The maps show how each way of telling the place looks where nobody measures: whether cities appear, how smooth the
# fields are, and whether a variant draws structures that the truth does not have. Such **artefacts** are
# easy to see and hard to score: a bend along a meridian from raw coordinates, a blotch from an encoder. Part of the
# truth's speckle belongs to no neighbourhood ({doc}`world`), so no map can have it, and the RMSE has a floor above zero.
#
# They do not show a ranking: three days of one simulated year, one fit each. Nor does a map that looks right prove
# that its model knows why: smoke is in the inputs of every variant.
#
# ```{admonition} Exercise: why weigh by area?
# :class: exercise tip
# Cells are equal in degrees. How much larger is a cell at 26° N than one at 48° N? What would an unweighted score favour?
# ```
#
# ```{admonition} Solution
# :class: solution dropdown
# $\cos 26° / \cos 48° \approx 1.3$. Unweighted, a square kilometre in the North would count a third more than one in the South.
# ```
#
# ```{admonition} Exercise: weigh by people
# :class: exercise tip
# For health one would weigh by population. `World.components` gives the density of people anywhere. Which variant do
# you expect to gain by it, and why?
# ```
#
# ```{admonition} Solution
# :class: solution dropdown
# One that knows cities. Weighted by people, the score is nearly a score of cities, where local emissions are large and monitors
# stand: `none` cannot tell a city from its surroundings, an encoder of photographs may.
# ```
