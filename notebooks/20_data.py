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
from placeprior.book import data as page
from placeprior.book import figures
from placeprior.book.tables import captioned

figures.style()

# %% [markdown]
# # The data: station-days in one form
#
# Every number of this book is computed from **station-days**: one row is one day at one monitor, with what was
# measured there and what else was known about that day. This page shows the form that such data must have, what is in
# the cube used on most pages, and how to bring your own.
#
# ```{admonition} Simulated, not measured
# :class: embedded note
# The values on this page come from the **embedded world** ({doc}`world`). The form is the same for EPA's
# measurements ({doc}`aqs`) and for yours.
# ```
#
# ## One contract
#
# All data enter as a **cube**: an `xarray.Dataset` with two dimensions, `station` and `time`. Each station has a name,
# a longitude and a latitude; time runs day by day without a gap. Every variable states its unit and a meaning. A value
# that does not exist is NaN, never 0 and never a row left out. What follows is read from the cube itself.

# %%
import numpy as np
import pandas as pd

from placeprior import data
from placeprior.runs import configuration

task = next(iter(configuration.profile(profile)["tasks"].values()))
cube = data.load(task["load"], **task.get("options", {}))
embedded = bool(cube.attrs["embedded"])
pm25, days = cube["pm25"].values, pd.DatetimeIndex(cube["time"].values)
measured = np.isfinite(pm25)
print(f"{cube.attrs['title']}, {days[0]:%-d %B} to {days[-1]:%-d %B}; licence: {cube.attrs['licence']}")
print(f"{cube.sizes['station']:,} stations × {cube.sizes['time']:,} days; {measured.sum():,} measured station-days")

# %%
captioned(page.variable_table(cube), "The variables of the cube, read from the cube itself", "tab-data-contract")

# %% [markdown]
# The **role** decides what a variable is used for. The *target* is what is estimated. *Predictors* are what every model
# sees, on every day of its window. *Truth* exists only in a simulated world; no model reads it, and it is used to
# judge maps between monitors.
#
# No predictor is constant in time. Elevation or land cover would tell a model which place it is at, and then `none`
# ("told nothing about the place") would not be told nothing ({doc}`../concepts/splits`, *Static inputs*). The reader for
# your own tables warns when a column never changes at a station.
#
# ## Where the monitors are
#
# Monitors are not spread evenly. They stand where people live, and not all of them report every day.

# %% mystnb={"figure": {"caption": "The monitors: mean of the measured PM2.5 (left) and share of days with a measurement (right).", "name": "fig-data-stations"}, "image": {"alt": "Two maps of the contiguous US with one dot a monitor. Dots crowd around cities. Left, means are highest near a few large cities and valleys; right, dots fall into three groups: all days, a third and a sixth of the days."}}
fig = page.draw_stations(cube)
_ = figures.label(fig, profile, n=len(pm25), of="monitors", embedded=embedded)

# %% [markdown]
# ## A year at a few stations
#
# A mean hides what a day is like. {numref}`fig-data-series` shows four monitors, chosen by rule: the one with the
# highest single day, the one with the highest mean among the others, the one with the lowest mean (these three report
# nearly daily), and the one that reports most rarely.

# %% mystnb={"figure": {"caption": "Daily PM2.5 at four monitors, chosen by rule. Each panel has its own vertical scale. The dashed line is 35 µg m⁻³, the level of the US daily standard, drawn where the panel reaches it.", "name": "fig-data-series"}, "image": {"alt": "Four time series, one below the other: the first is low apart from a few tall spikes, the second moves up and down around a high level, the third stays low all the time, and the last consists of isolated dots."}}
chosen = page.telling_stations(cube)
fig = page.draw_series(cube, chosen)
_ = figures.label(fig, profile, n=sum(measured[i].sum() for i in chosen.values()), embedded=embedded)

# %% [markdown]
# ## Most days are ordinary, and the rest matters
#
# Daily PM2.5 is far from a bell curve. Few days carry the highest values, and because errors are squared they carry
# much of what RMSE and R² measure ({doc}`../concepts/scores`). The line at 35 µg m⁻³ marks the days that the score
# `rmse_35` looks at.

# %% mystnb={"figure": {"caption": "All measured values. Left: their distribution up to its 99th percentile. Right: the share of station-days above a level, both axes logarithmic; the dashed line is 35 µg m⁻³. A normal distribution of the same mean and spread is drawn for comparison.", "name": "fig-data-tail"}, "image": {"alt": "Left, a skewed histogram with its peak at low values and a few values just below zero. Right, the share of days above a level falls slowly over two decades, far above the dotted normal curve, which drops at once."}}
values = np.sort(pm25[measured].astype(float))
fig = page.draw_tail(values)
_ = figures.label(fig, profile, n=len(values), embedded=embedded)

# %% [markdown]
# How much do the high days weigh? The squares of the deviations from the mean add up to the variance, the denominator
# of R²:

# %%
from placeprior.scores.metrics import HIGH

square, high = (values - values.mean()) ** 2, values >= HIGH
print(f"median {np.median(values):.1f}, mean {values.mean():.1f}, 99th percentile {np.percentile(values, 99):.1f}")
print(f"largest {values[-1]:,.0f} µg m-3; {high.sum():,} of {len(values):,} values reach {HIGH:g} µg m-3:")
print(f"{100 * high.mean():.2f} % of the station-days, {100 * square[high].sum() / square.sum():.0f} % of the variance")

# %% [markdown]
# ## What is missing
#
# Two variables have gaps, for different reasons, and the models treat them differently. PM2.5 is the target: a day
# without a measurement can be neither trained on nor scored, but its *predictors* still serve as history for later
# days. AOD is a predictor: under cloud there is none, and the model receives the training mean in its place (0 after
# scaling).

# %% mystnb={"figure": {"caption": "Left: share of station-days without a value, by variable and month. Right: which days have a PM2.5 value (black), one row a station, sorted by how often it reports.", "name": "fig-data-missing"}, "image": {"alt": "Left, a table-like grid by variable and month: only PM2.5 and AOD have missing values, all other rows are zero. Right, a raster of stations by days: a solid block of daily stations on top, then stripes of every third and every sixth day."}}
fig = page.draw_missing(cube)
_ = figures.label(fig, profile, n=pm25.size, embedded=embedded)
seen = np.isfinite(cube["aod"].values)
print(f"missing: {100 * (1 - measured.mean()):.0f} % of PM2.5, {100 * (1 - seen.mean()):.0f} % of AOD")
print(f"both are there on {100 * (measured & seen).mean():.0f} % of station-days")

# %% [markdown]
# ## What goes with PM2.5
#
# A correlation can be looked at in two ways. *From day to day*: on days when the predictor is above its usual value at
# a station, is PM2.5 above its usual value there? *From place to place*: do stations with a high mean of the predictor
# have a high mean of PM2.5? The two may differ, even in sign.

# %% mystnb={"figure": {"caption": "Rank correlation (Spearman) of each predictor with measured PM2.5. From day to day: after subtracting each station's mean. From place to place: of the stations' means.", "name": "fig-data-correlation"}, "image": {"alt": "Pairs of horizontal bars, one pair a predictor, sorted by the day-to-day correlation; plain blue bars for day to day, hatched orange bars for place to place. AOD has the longest bars to the right; mixed layer height and wind speed point left from day to day."}}
from placeprior.scores.association import associations

found = associations(cube)
fig = page.draw_associations(found)
note = f"{len(pm25):,} stations; AOD: {found.n.min():,} days"
_ = figures.label(fig, profile, n=measured.sum(), embedded=embedded, note=note)

# %% [markdown]
# Where the two have opposite signs, a model that is not told the place has one function for both and must compromise:

# %%
found[(found.within * found.between < 0) & (found[["within", "between"]].abs() > 0.05).all(axis=1)].round(2)

# %% [markdown]
# A correlation near zero does not mean that a predictor is useless: the model can combine several, bend them, and look
# back over days. Nor does a high one mean cause.
#
# ## Slightly negative values stay
#
# An instrument that reports true values near zero with noise must sometimes report less than zero. Such values look
# wrong, and it is tempting to drop them or set them to zero. Both distort: only the errors on one side are removed.

# %%
negative = pm25 < 0
print(
    f"{negative.sum():,} of {measured.sum():,} measured values are negative; the lowest is {np.nanmin(pm25):.1f} µg m-3"
)
truth = cube["pm25_true"].values
clean = measured & (truth < np.percentile(truth[measured], 5))
print(f"the cleanest twentieth of the station-days by truth ({clean.sum():,}): the mean of the measurements is off by")
for rule, kept in {"kept": pm25[clean], "set to zero": pm25[clean].clip(0), "dropped": pm25[clean & ~negative]}.items():
    print(f"{kept.mean() - truth[clean].mean():+.2f} µg m-3 if negative ones are {rule}")

# %% [markdown]
# The rule of this book: values are kept as they were reported. Only values outside a wide range that no instrument
# noise explains are refused, by name, and the person who brings the data decides.
#
# ## Three ways to break it
#
# `check_cube` is called on everything that enters. It returns the cube unchanged or says in one line what is wrong,
# where, and what to do. Here are three broken cubes.

# %%
from placeprior.data.cube import check_cube
from placeprior.errors import PlacePriorError

swapped = cube.assign_coords(lon=cube["lat"], lat=cube["lon"])
absurd = cube.copy(deep=True)
absurd["pm25"][3, 5] = -999.0  # a sentinel that somebody took for a number
gap = cube.isel(time=[0, 1, 2, 5, 6, 7])

for broken in (swapped, absurd, gap):
    try:
        check_cube(broken)
    except PlacePriorError as error:
        print(f"{type(error).__name__}: {error}\n")

# %% [markdown]
# Further checks: a station or a day that occurs twice, unsorted days, a variable without a unit, PM2.5 in another unit,
# infinite values, a predictor that is NaN throughout.
#
# ## Bring your own
#
# A table with one row a station and day is enough: columns `station`, `date`, `lon`, `lat`, `pm25`, and any others, which
# become predictors. A unit goes into square brackets in the header. Days without a row become NaN, and the sine and
# cosine of the day of the year are added.

# %%
import tempfile
from pathlib import Path

from placeprior.data.cube import from_csv

text = """\
station,date,lon,lat,pm25,temperature [degC],wind [m s-1]
Riverside,2024-01-01,-117.42,34.00,14.2,11.5,1.2
Riverside,2024-01-02,-117.42,34.00,,12.1,2.8
Riverside,2024-01-04,-117.42,34.00,-0.4,9.8,6.0
Boise,2024-01-01,-116.23,43.60,22.8,-3.0,0.7
Boise,2024-01-02,-116.23,43.60,31.0,-4.2,0.5
Boise,2024-01-03,-116.23,43.60,35.9,-4.9,0.4
"""
with tempfile.TemporaryDirectory() as folder:
    file = Path(folder) / "mine.csv"
    file.write_text(text, encoding="utf-8")
    mine = from_csv(file)
mine["pm25"].to_pandas().astype(float).round(1)

# %% [markdown]
# The same from the command line:
#
# ```bash
# placeprior data check mine.csv
# placeprior data from-csv mine.csv -o mine.nc
# ```
#
# A table goes through the same checks as everything else. A column that is constant at each station is taken, with a
# warning:

# %%
import warnings

with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always", UserWarning)
    file = Path(folder) / "mine.csv"
    constant = {"s": "elevation [m]", "R": "260", "B": "820"}  # by the first letter of a line
    lines = [f"{line},{constant[line[0]]}" for line in text.splitlines()]
    file.write_text("\n".join(lines), encoding="utf-8")
    from_csv(file)
for warning in caught:
    print(warning.message)

# %% [markdown]
# ## What a model reads: a window
#
# To estimate PM2.5 on day $t$, a model reads the predictors of day $t$ and of the days before it. It never sees a later
# day, and never a measured PM2.5 of the station itself.

# %% mystnb={"figure": {"caption": "The window of one station-day (ring): the days of two of its predictors that the two model sizes read to estimate the one value of PM2.5 inside the ring. Hatched: the first days of the cube, which serve as history only.", "name": "fig-data-window"}, "image": {"alt": "Three small time series of one station, AOD, mixed layer height and PM2.5, one below the other. In the upper two, two shaded spans end at the same day, a short one inside a long one. The lowest panel has no span, only a ring around one value at that day. The first days at the left are hatched."}}
from placeprior.network.sizes import SIZES
from placeprior.space.splits import HISTORY

windows = {size: config.window for size, config in SIZES.items()}
station, day = page.example_of_a_window(cube)
fig = page.draw_window(cube, station, day, windows)
_ = figures.label(fig, profile, n=day + 6, of=f"days of {cube['station'].values[station]}", embedded=embedded)

# %% [markdown]
# So that all sizes are judged on the same rows, a station-day is trained on and scored only if it has the longest
# window's days, itself included, in the cube. The days before are history only:

# %%
print(f"{windows}, history {HISTORY} days")
print(f"{measured[:, HISTORY - 1 :].sum():,} of {measured.sum():,} measured station-days can be scored")

# %% [markdown]
# Windows are never stored. The predictors lie in memory once, and a batch is gathered from them by index, so a longer
# window costs time but no memory.
#
# ## What this shows, what it does not
#
# It shows the one form in which data enter, and what is typical of daily PM2.5: crowded monitors, a heavy tail, gaps that
# are not random. All three come back: the first in the {doc}`splits <splits>`, the second in every score, the third in
# what a map looks like on a cloudy day.
#
# It does not show the air of any real year. That values, tails and gaps *resemble* EPA's record is by construction of the
# simulator; {doc}`aqs` looks at the record itself. Nor do correlations say which predictor a trained network will rely
# on.
#
# ## Exercises
#
# ````{admonition} Exercise 1
# :class: exercise tip
# Gaps in AOD are not random: clouds come with rain and damp air. What happens to a model that replaces a missing AOD by
# the training mean, on cloudy days in general? Suggest an input that would help.
# ````
#
# ````{admonition} Solution 1
# :class: solution dropdown
# The mean was taken over *clear* days, so on cloudy days the model is told a typical clear day, which is biased if cloudy
# days are cleaner or dirtier. An extra predictor "AOD is present" (0 or 1) lets it tell the two apart. Humidity and
# precipitation already carry part of that information.
# ````
#
# ````{admonition} Exercise 2
# :class: exercise tip
# Load the cube with `data.load("world")` and set all negative PM2.5 to NaN. At which stations does the yearly mean move
# most, and in which direction? Which variant of the comparison would profit from such a rule, and why would that be an
# artefact?
# ````
#
# ````{admonition} Solution 2
# :class: solution dropdown
# It moves up, and most at the cleanest stations, because only they come near zero. The error then depends on the place,
# so a variant that knows the place can learn it as if it were a property of the air there.
# ````
