# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% tags=["parameters", "remove-cell"]
profile = "predictors"
period = "2021"

# %% tags=["remove-cell"]
from IPython.display import Markdown, display

from placeprior.book import card, figures
from placeprior.book.tables import captioned

figures.style()

# %% [markdown]
# # Data card: the study's predictors, and how to get them
#
# The comparison of {doc}`comparison` and {doc}`aqs` runs without the study's own inputs: its arrays were not at hand. Its
# inputs can be made again, though, from the public files that they came from. This page says what they are, where each
# comes from here, what a year of them costs to fetch, and, where they have been built, what is in them.
#
# ```{admonition} Real, and fetched only when asked
# :class: note
# Nothing here is from the embedded world. This page fetches nothing: the first tables are computed from what the project
# knows about its sources, without a network, and the last part reads a {term}`cube` from the folder named by `PLACEPRIOR_DATA`.
# ```
#
# ## The study's features
#
# The reference model reads one value of same-day neighbours and these features of each day. The neighbours' value is not
# stored in a cube: it is made anew for each {term}`fold`, from training monitors alone ({doc}`../concepts/splits`). Coordinates are
# not among the features; they enter only where a {term}`variant` says so.

# %%
import re

from placeprior.data import calendar, study
from placeprior.data.sources import LINE_RATE, WITH_ACCOUNT, WITHOUT_ACCOUNT, Period, Region, chosen

sources = {source.name: source for source in chosen()}
features = [name for theirs, _, _ in study.FEATURES for name in theirs]
ours = {name for _, names, _ in study.FEATURES for name in names}
every = {name for source in sources.values() for name in source.provides}
free = {name for name in WITHOUT_ACCOUNT for name in sources[name].provides}
print("beyond the study's features:", *sorted(every - ours - {"pm25"}))
print("only with an account:       ", *sorted(ours - free - set(calendar.PROVIDES)))
captioned(
    card.feature_table(list(sources.values())),
    f"The study's {len(features)} features of a day, as its code names them, and their counterparts here. Of several sources the first one fetched is used.",
    "tab-card-features",
)

# %% [markdown]
# Without NASA's Earthdata account the variables of the line above the table cannot be had, and the rest of the haze is a stand-in: the result
# is then **not** a repetition of the study, and should not be called one.
#
# A place gets the value of the cell that it lies in, never a mean over several. The study first brings every product onto
# one grid of one kilometre, which repeats a coarser cell's value in all the small cells within.
#
# ## What has to be fetched
#
# The table is what `placeprior data plan` prints: files, sizes and licences as the sources state or estimate them, and
# how long the transfer takes at 50 Mbit/s. Many small files take longer than their size says, because each is asked for
# alone.

# %%
# A cube of a part of the country has its box behind the period: 2021-08--122_36_-118_40.
asked = re.sub(r"-(?=-).*", "", period).replace("_", "/")
when, country = Period.parse(asked), Region.parse("conus")
totals = {"what `fetch` takes with a token": WITH_ACCOUNT, "what it takes without": WITHOUT_ACCOUNT, "all": sources}
captioned(
    card.plan_table(card.fetched(sources, when, country), LINE_RATE, totals),
    f"What is fetched for {when.label}, contiguous United States; computed without a network, nothing fetched. Sizes are partly estimates.",
    "tab-card-plan",
)

# %% [markdown]
# Each file is held to a checksum: the provider's where it publishes one, otherwise that of the first transfer. A finished
# file is never fetched twice, and an interrupted command goes on where it stopped when it is started again.
#
# ## Step by step
#
# 1. **Install**: `make setup` in a clone of the project ({doc}`../reproduce`).
# 2. **An account**, for the sources that the table names so; the next cell says how to get it. The token is read from the environment,
#    sent to NASA alone, and written nowhere. Keep it set for `build` as well: without it, both commands leave those sources out
#    and take the stand-in `power` for the haze.
# 3. **Room and time**: the total with a token in the table above; cubes of stations are small beside that. Files go to the user's
#    cache folder, or to `PLACEPRIOR_CACHE`. Daymet, whose files hold a continent, comes only when asked for, by `--sources` with
#    `daymet` first, for both commands below; else gridMET gives the same weather, coarser.
# 4. **A folder for the cubes**, named once: `export PLACEPRIOR_DATA=FOLDER`.
# 5. **Three commands**:
#
# ```bash
# .venv/bin/placeprior data fetch --year 2021   # what is there stays; start it again after an interruption
# .venv/bin/placeprior data build --year 2021   # every variable at every monitor, month by month
# make predictors                               # the runs at the study's size; wants a GPU
# ```
#
# `placeprior data plan --year 2021` prints the table above; `placeprior data check --year 2021` compares fetched files with their
# checksums; `placeprior data build --grid` makes fields for maps; `--region` and `--sources` ask for less.

# %%
for account in dict.fromkeys(source.account for source in sources.values() if source.account):
    print(*(source.name for source in sources.values() if source.account == account), sep=", ", end=f": {account}\n")

# %% [markdown]
# A machine without a network can use files that another one fetched: the cache folder can be copied, and
# `PLACEPRIOR_MIRROR` is the address of a mirror of the providers' files, laid out as `wget --mirror` leaves it. `make rehearse` walks
# the whole way on small made-up files, without a network.
#
# ## How to cite
#
# Whoever uses a cube should cite the sources in it. The cube carries these lines too, with each variable.

# %%
Markdown("\n".join(card.cited(source) for source in sources.values()))

# %% [markdown]
# ## What is in the cube
#
# Where the cube is not built (the commands are above), nothing is put in its place: the cells below draw nothing.

# %%
import numpy as np
import pandas as pd

from placeprior import data
from placeprior.errors import MissingData

try:
    cube = data.load("stations", period=period)
    measured, days = np.isfinite(cube["pm25"].values), pd.DatetimeIndex(cube["time"].values)
    print(f"stations-{period}.zarr, {cube.attrs['title']}: {len(measured):,} monitors × {len(days):,} days,")
    print(f"{days[0]:%-d %B %Y} to {days[-1]:%-d %B %Y}, {measured.sum():,} measured station-days")
except MissingData as error:
    cube = None
    print(f"There is no cube stations-{period}.zarr on the machine that made this page: {error}")

# %% mystnb={"figure": {"caption": "The monitors of the cube: share of its days with a measured PM2.5.", "name": "fig-card-stations"}, "image": {"alt": "Map of the monitors, one dot each, coloured by the share of days on which PM2.5 was measured; darker dots report nearly daily, paler ones every third or sixth day."}}
if cube is not None:
    fig = card.draw_days_measured(cube)
    _ = figures.label(fig, profile, n=len(measured), of="monitors", embedded=False)

# %% mystnb={"figure": {"caption": "Share of station-days without a value, by variable and month. PM2.5 is the target; its gaps are never filled. Gaps of the satellite's haze are filled in each fold; any other missing value becomes the training mean.", "name": "fig-card-missing"}, "image": {"alt": "A grid with one row a variable and one column a month, each cell the percentage of missing values, darker where more is missing. PM2.5 and the variables seen from satellites have dark rows; weather and calendar have rows of zeros."}}
if cube is not None:
    fig = card.draw_gaps(cube)
    _ = figures.label(fig, profile, n=measured.size, embedded=False)

# %%
from placeprior.runs import store

# Each run fills the gaps anew and keeps how well that went on training places it had set aside.
accuracy = pd.DataFrame([row for stamp in store.stamps(profile).values() for row in stamp.get("gaps", [])])
if cube is not None and len(accuracy):
    table = card.filling_table(accuracy)
    shown = captioned(
        table,
        f"How well gaps of the haze are filled: on a fifth of the training places that the filler was not fitted to, means over "
        f"{len(accuracy) // len(table):,} runs of profile {profile}; the last column is the share of training station-days that it fills.",
        "tab-card-filled",
    )
    display(shown)

# %%
if cube is not None:
    shown = captioned(
        card.range_table(cube),
        f"Least, largest value and quantiles of each variable of `stations-{period}.zarr`, beside the range in the base model's published "
        f"scaler (all its years, converted to the units here); profile {profile}, real measurements.",
        "tab-card-ranges",
    )
    display(shown)

# %% [markdown]
# A value outside the reference's range is not an error by itself. PM2.5 keeps its slightly negative values here, where the study dropped
# them. The reference's scaler has only cells with monitors, other products of elevation and vegetation, and radiation
# of daylight hours. But a whole variable outside would mean a unit or a scale that is wrong.

# %%
if cube is not None:
    shown = captioned(
        card.provenance_table(cube),
        f"Where each variable of `stations-{period}.zarr` comes from, read from the cube. Two cubes whose hashes agree were made from the same files.",
        "tab-card-provenance",
    )
    display(shown)

# %% mystnb={"figure": {"caption": "One day of the fields that a map is made from: aerosol optical depth, and the class of smoke that analysts outlined. The day is the one of the grid with the highest mean of measured PM2.5. Grey: no value.", "name": "fig-card-day"}, "image": {"alt": "Maps of one day: on top the haze that a satellite saw, with grey gaps where clouds hid the ground; below, areas of light, medium and heavy smoke as steps of colour."}}
from placeprior.data import build, tables

grids = sorted(tables.folder().glob(f"grid-{period}*.zarr")) if cube is not None else []
if grids:
    fields = build.load(grids[0])
    day = card.dirtiest_day(cube, fields)
    haze = next((name for name in ("aod_055", "aod_047") if name in fields), None)
    names = [name for name in (haze, "smoke") if name in fields]
    fig = card.draw_fields(fields, day, names)
    n = int(sum(np.isfinite(fields[name].sel(time=day).values).sum() for name in names))
    _ = figures.label(fig, profile, n=n, of="cells", embedded=False)

# %% [markdown]
# ```{admonition} Exercise: the nearest cell or a mean?
# :class: exercise tip
# A monitor lies near the corner of a cell. One could give it a mean of the four cells around, weighted by distance, instead of
# the one cell that it lies in. Name two things that would go wrong with the haze and with the smoke.
# ```
#
# ```{admonition} Solution
# :class: solution dropdown
# A mean over cells of which some are missing is a mean over fewer cells: its noise then depends on the clouds, and a monitor under a
# cloud borrows a value from beside it, where the sky was clear. Whether a value is missing would no longer say what it says.
# The classes of smoke are ordered, not measured: the mean of "none" and "heavy" is no class that an analyst drew. Then there is the
# map: its cells are treated as monitors are, so a rule that smooths monitors would have to smooth maps too. What the nearest cell
# costs is a shift by half a cell at most, which is small beside the distance over which daily weather changes.
# ```
#
# ```{admonition} Exercise: what does a missing day of smoke mean?
# :class: exercise tip
# The study wrote −1 where the smoke was unknown, and a failed download counted as none. Here both are missing, and 0 only stands for
# days that an analyst looked at and drew nothing over the place. Suppose that files are more often missing in a year with many fires.
# What does a model learn from each of the three codes?
# ```
#
# ```{admonition} Solution
# :class: solution dropdown
# With 0 for unknown, some of the smokiest days teach the model that clean skies come with high PM2.5: the weight of smoke shrinks. With −1,
# an ordered input places unknown *below* none, and the model is told that unknown is even cleaner, unless it bends the input to
# learn otherwise. A missing value becomes the mean of training, which claims neither; it says "as usual" on a day that may not be. If files go missing
# by reason of the smoke itself, no code repairs that: it would have to be told as an input of its own, whether the file was there. This {term}`HMS`
# class is also of the column, not of the ground: a 3 over a place with clean air below it is not a mistake.
# ```
