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
from IPython.display import display

from placeprior.book import card, figures
from placeprior.book.tables import captioned

figures.style()

# %% [markdown]
# # Appendix: the study's predictors, and how to get them
#
# ```{goals}
# :needs: {doc}`data`
# fetch the public data that the study's inputs came from
# say what differs from the study without an account at NASA
# ```
#
# ```{answer}
# :question: Can the study be run on its own inputs?
# Its arrays were not at hand, but its inputs can be made again from the public files they came from. This page says from where, at what cost, and, where they have been built, what is in them. It fetches nothing.
# ```
#
# ## The study's features
#
# The reference model reads these features of each day and one value of same-day neighbours, which is made anew for each {term}`fold` from training monitors
# ({doc}`splits`).

# %%
import re
import textwrap

from placeprior.data import calendar, study
from placeprior.data.sources import (
    LINE_RATE,
    WITH_ACCOUNT,
    WITHOUT_ACCOUNT,
    Period,
    Region,
    chosen,
)

sources = {source.name: source for source in chosen()}
features = [name for theirs, _, _ in study.FEATURES for name in theirs]
ours = {name for _, names, _ in study.FEATURES for name in names}
every = {name for source in sources.values() for name in source.provides}
free = {name for name in WITHOUT_ACCOUNT for name in sources[name].provides}
print("beyond the study's features:", *sorted(every - ours - {"pm25"}))
print(
    "only with an account:       ",
    *sorted(ours - free - set(calendar.PROVIDES)),
)
captioned(
    card.feature_table(list(sources.values())),
    f"The study's {len(features)} features of a day, as its code names them, and their counterparts here. Of several sources the first one fetched is used.",
    "tab-card-features",
)

# %% [markdown]
# Without NASA's Earthdata account the variables of the line above the table cannot be had, and the rest of the haze is a stand-in: the result
# is then **not** a repetition of the study. A place gets the value of the cell it lies in; the study first brings every product onto
# one grid of one kilometre.
#
# ## What has to be fetched
#
# What `placeprior data plan` prints: files, sizes and licences as the sources state or estimate them, and the transfer at 50 Mbit/s. Whoever uses a cube should cite
# the sources in it, which it also carries.

# %%
# A cube of a part of the country has its box behind the period: 2021-08--122_36_-118_40.
asked = re.sub(r"-(?=-).*", "", period).replace("_", "/")
when, country = Period.parse(asked), Region.parse("conus")
totals = {
    "what `fetch` takes with a token": WITH_ACCOUNT,
    "what it takes without": WITHOUT_ACCOUNT,
    "all": sources,
}
captioned(
    card.plan_table(card.fetched(sources, when, country), LINE_RATE, totals),
    f"What is fetched for {when.label}, contiguous United States; computed without a network, nothing fetched. Sizes are partly estimates.",
    "tab-card-plan",
)

# %% [markdown]
# Each file is held to a checksum, and a finished one is never fetched twice.
#
# ## Step by step
#
# 1. **Install**: `make setup` in a clone of the project ({doc}`../reproduce`).
# 2. **An account**, for the sources that the table names so. The token is read from the environment,
#    sent to NASA alone, and written nowhere. Without it, both commands leave those sources out and take `power` for the haze.
# 3. **Room**: files go to the user's cache folder, or to `PLACEPRIOR_CACHE`. Daymet, whose files hold a continent, comes only when asked for, by `--sources` with
#    `daymet` first; else gridMET gives the same weather, coarser.
# 4. **A folder for the cubes**: `export PLACEPRIOR_DATA=FOLDER`.
# 5. **Three commands**:
#
# ```bash
# .venv/bin/placeprior data fetch --year 2021   # start it again after an interruption
# .venv/bin/placeprior data build --year 2021   # every variable at every monitor
# make predictors                               # the runs at the study's size; wants a GPU
# ```
#
# `placeprior data build --grid` makes fields for maps; `--region` and `--sources` ask for less. A machine without a network can use files that another one fetched
# (`PLACEPRIOR_MIRROR`); `make rehearse` walks the whole way on made-up files.

# %%
for account in dict.fromkeys(
    source.account for source in sources.values() if source.account
):
    names = (
        source.name for source in sources.values() if source.account == account
    )
    print(textwrap.fill(f"{', '.join(names)}: {account}", 66))

# %% [markdown]
# ## What is in the cube

# %%
import numpy as np
import pandas as pd

from placeprior import data
from placeprior.errors import MissingData

try:
    cube = data.load("stations", period=period)
    measured, days = (
        np.isfinite(cube["pm25"].values),
        pd.DatetimeIndex(cube["time"].values),
    )
    print(
        f"stations-{period}.zarr, {cube.attrs['title']}: {len(measured):,} monitors × {len(days):,} days,"
    )
    print(
        f"{days[0]:%-d %B %Y} to {days[-1]:%-d %B %Y}, {measured.sum():,} measured station-days"
    )
except MissingData as error:
    cube = None
    told = f"There is no cube stations-{period}.zarr on the machine that made this page: {error}"
    print(textwrap.fill(told, 66))

# %% mystnb={"figure": {"caption": "Share of station-days without a value, by variable and month. PM2.5 is the target; its gaps are never filled. Gaps of the satellite's haze are filled in each fold; any other missing value becomes the training mean.", "name": "fig-card-missing"}, "image": {"alt": "A grid with one row a variable and one column a month, each cell the percentage of missing values, darker where more is missing. PM2.5 and the variables seen from satellites have dark rows; weather and calendar have rows of zeros."}} tags=["hide-input"]
if cube is not None:
    fig = card.draw_gaps(cube)
    gaps = (
        card.missing_by_month(cube, card.variables(cube))
        .rename_axis("variable")
        .reset_index()
    )
    _ = figures.label(fig, profile, n=measured.size, embedded=False, data=gaps)

# %% tags=["hide-input"]
from placeprior.runs import store

# Each run fills the gaps anew and keeps how well that went on training places it had set aside.
accuracy = pd.DataFrame(
    [
        row
        for stamp in store.stamps(profile).values()
        for row in stamp.get("gaps", [])
    ]
)
if cube is not None and len(accuracy):
    table = card.filling_table(accuracy)
    shown = captioned(
        table,
        f"How well gaps of the haze are filled: on a fifth of the training places that the filler was not fitted to, means over "
        f"{len(accuracy) // len(table):,} runs of profile {profile}; the last column is the share of training station-days that it fills.",
        "tab-card-filled",
    )
    display(shown)

# %% tags=["hide-input"]
if cube is not None:
    shown = captioned(
        card.range_table(cube),
        f"Least, largest value and quantiles of each variable of `stations-{period}.zarr`, beside the range in the base model's published "
        f"scaler (all its years, converted to the units here); profile {profile}, real measurements.",
        "tab-card-ranges",
    )
    display(shown)

# %% [markdown]
# A value outside the reference's range is not an error by itself; a whole variable outside would mean a wrong unit.
#
# ## Exercises
#
# ```{admonition} Exercise: the nearest cell or a mean?
# :class: exercise tip
# A monitor lies near the corner of a cell. One could give it a mean of the four cells around, weighted by distance. Name two things that would go wrong with the haze and
# with the smoke.
# ```
#
# ```{admonition} Solution
# :class: solution dropdown
# Where some cells are missing, the mean is over fewer: its noise depends on the clouds, and a monitor under a
# cloud borrows from beside it, where the sky was clear. Classes of smoke are ordered, not measured: the mean of "none" and "heavy" is no class that an analyst drew.
# ```
#
# ```{admonition} Exercise: what does a missing day of smoke mean?
# :class: exercise tip
# The study wrote −1 where the smoke was unknown, and a failed download counted as none. Here both are missing. Suppose that files are more often missing in a year with many fires.
# What does a model learn from each of the three codes?
# ```
#
# ```{admonition} Solution
# :class: solution dropdown
# With 0 for unknown, some of the smokiest days teach that clean skies come with high PM2.5. With −1, unknown stands *below* none:
# cleaner still. A missing value becomes the mean of training, which claims neither. If files go missing
# because of the smoke itself, no code repairs that: whether the file was there would have to be an input of its own. The {term}`HMS` class is
# of the column, not of the ground: a 3 over clean air is not a mistake.
# ```
