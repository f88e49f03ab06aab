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
from placeprior.book import data as page
from placeprior.book import figures
from placeprior.book.tables import captioned

figures.style()

# %% [markdown]
# # The data: station-days in one form
#
# ```{goals}
# :needs: {doc}`../question`
# say what a station-day is, and what a model reads of it
# tell why a few days decide a score
# bring a table of your own into the one form
# ```
#
# ```{answer} few-days-half days-are-few few-days-calm
# :question: What is every number of this book computed from?
# From station-days: one row is one day at one monitor. EPA's monitors crowd where people live, and not all measure every day. In 2021 {val}`claims.days-are-few.aqs.value:.1%` of the station-days, those of at least 35 µg m⁻³, hold {val}`claims.few-days-half.aqs.value:.0%` of the variance that R² divides by; in 2019 such days hold {val}`claims.few-days-calm.aqs.value:.0%`. These are one year each, without an interval. All data, simulated, measured or yours, enter in one checked form.
# ```
#
# ## Real measurements
#
# EPA's daily PM2.5 comes for free ({doc}`card`), but not with this book. Two tasks are made of it. Neither has the study's inputs.
#
# - ***Weather 2019***: weather at the three nearest weather stations and the day of year; nothing that stays constant at a place, so that place enters only
#   where an arm says so. {doc}`comparison` and {doc}`law` use it.
# - ***Neighbours 2021***: the PM2.5 of neighbouring *training* monitors on the same day, how far they are, and the day of year. {doc}`comparison`, {doc}`leak` and the national maps ({doc}`maps`) use it.
#
# The third, **embedded world**, has haze, weather and smoke of a simulated year ({doc}`world`). What follows is drawn from a small committed record of the two years.

# %%
import numpy as np
import pandas as pd

from placeprior.evidence import record

years = {
    "2019": record.read(real, "weather-2019"),
    "2021": record.read(real, "neighbours-2021"),
}
for year, parts in years.items():
    total = parts["total"].set_index("name")["value"]
    print(
        f"{year}: {len(parts['station']):,} monitors, {total['measured']:,.0f} measured station-days"
    )
    print(
        f"  mean {total['mean']:.1f}, largest {total['highest']:.0f} µg m-3; {total['negative']:.0f} slightly negative"
    )
    share, variance = 100 * total["high"], 100 * total["variance in high"]
    print(
        f"  {share:.1f} % reach 35 µg m-3; they hold {variance:.0f} % of the variance"
    )

# %% mystnb={"figure": {"caption": "EPA's monitors in 2021: mean of the measured PM2.5, and share of days with a measurement.", "name": "fig-data-stations"}, "image": {"alt": "Two maps of the contiguous US with one dot a monitor. Dots crowd around cities. Above, means are highest in California's Central Valley and in parts of the Northwest; below, most dots report nearly daily, others a third or a sixth of the days."}} tags=["hide-input"]
parts = years["2021"]
stations, total = parts["station"], parts["total"].set_index("name")["value"]
fig = page.draw_stations(stations, days=int(total["days"]))
_ = figures.label(
    fig, real, n=len(stations), of="monitors", embedded=False, data=stations
)

# %% [markdown]
# A mean hides what a day is like. Four monitors, chosen by rule; three report nearly daily, one every sixth day.

# %% mystnb={"figure": {"caption": "Daily PM2.5 at four of EPA's monitors in 2021. Each panel has its own vertical scale. Dashed: 35 µg m⁻³, the level of the US daily standard, where the panel reaches it.", "name": "fig-data-series"}, "image": {"alt": "Four time series, one below the other: the first is low apart from weeks of tall spikes in late summer, the second moves around a high level with a smoky season, the third stays low, and the last consists of isolated dots."}} tags=["hide-input"]
fig = page.draw_series(parts["chosen"], parts["day"], start="2021-01-01")
_ = figures.label(
    fig, real, n=len(parts["day"]), embedded=False, data=parts["day"]
)

# %% [markdown]
# Because errors are squared, the highest days carry much of what RMSE and R² measure ({doc}`scores`):

# %% mystnb={"figure": {"caption": "Share of station-days above a level, both axes logarithmic, in a calm year and in one with much smoke. Dotted: normal distributions of the same mean and spread. Vertical: 35 µg m⁻³.", "name": "fig-data-tail"}, "image": {"alt": "Two falling curves. They agree up to about 15 micrograms; then 2021 falls far more slowly than 2019. Both lie far above their dotted normal curves, which drop at once."}} tags=["hide-input"]
fig = page.draw_tail(years)
tail = pd.concat(
    {year: parts["level"][["x", "value"]] for year, parts in years.items()},
    names=["year"],
)
n = sum(
    parts["total"].set_index("name")["value"]["measured"]
    for parts in years.values()
)
_ = figures.label(
    fig, real, n=n, embedded=False, data=tail.reset_index(level=0)
)

# %% [markdown]
# ## One form
#
# All data enter as a **cube**: an `xarray.Dataset` with dimensions `station` and `time`. Each station has a name and a place; time runs day by day
# without a gap; every variable states its unit. A value that does not exist is NaN, never 0 and never a row left out. This one is of the
# **embedded world** ({doc}`world`), simulated in the form of the others:

# %%
from placeprior import data
from placeprior.runs import configuration

task = next(iter(configuration.profile(profile)["tasks"].values()))
cube = data.load(task["load"], **task.get("options", {}))
print(dict(cube.sizes))

# %% tags=["hide-input"]
captioned(
    page.variable_table(cube),
    "The variables of a cube, read from the cube itself",
    "tab-data-contract",
)

# %% [markdown]
# The *target* is estimated; *predictors* are what every model sees; *truth* exists only in a simulated world, and no model reads it.
# No predictor is constant in time: elevation would tell a model which place it is at ({doc}`splits`, *Leakage*).
#
# Two variables have gaps. A day without PM2.5 is neither trained on nor scored, but its predictors serve as history. Under cloud there is
# no AOD, and the model receives the training mean.

# %%
pm25, aod = cube["pm25"].values, cube["aod"].values
print(
    f"missing: {100 * np.isnan(pm25).mean():.0f} % of PM2.5, {100 * np.isnan(aod).mean():.0f} % of AOD"
)

# %% [markdown]
# **Slightly negative values stay.** An instrument that reports values near zero with noise must sometimes report less. Here the truth is known, so one can
# see what dropping them does, on the cleanest twentieth of the station-days:

# %%
truth, measured = cube["pm25_true"].values, np.isfinite(pm25)
clean = measured & (truth < np.percentile(truth[measured], 5))
for rule, kept in {"kept": clean, "dropped": clean & (pm25 >= 0)}.items():
    print(
        f"negative values {rule}: the mean is off by {pm25[kept].mean() - truth[clean].mean():+.2f} µg m-3"
    )

# %% [markdown]
# ## What a model reads: a window
#
# To estimate day $t$, a model reads the predictors of day $t$ and of days before it: never a later day, never PM2.5 of the station itself.

# %%
from placeprior.network.sizes import SIZES
from placeprior.space.splits import HISTORY

windows = {size: config.window for size, config in SIZES.items()}

# %% mystnb={"figure": {"caption": "The window of one station-day (ring), embedded world: the days of two predictors that each size of model reads to estimate the one value inside the ring. Hatched: the first days, which serve as history only.", "name": "fig-data-window"}, "image": {"alt": "Three small time series of one station, AOD, mixed layer height and PM2.5. In the upper two, shaded spans end at the same day, shorter ones inside a long one. The lowest has no span, only a ring around one value. The first days at the left are hatched."}} tags=["hide-input"]
station, day = page.example_of_a_window(cube)
fig = page.draw_window(cube, station, day, windows)
read = (
    cube[["aod", "boundary_layer_height", "pm25"]]
    .isel(station=station, time=slice(0, day + 6))
    .to_dataframe()
)
_ = figures.label(
    fig, profile, n=day + 6, of="days of a station", embedded=True, data=read
)

# %% [markdown]
# So that all sizes are judged on the same rows, a station-day is scored only with the longest window's days behind it. Windows are
# never stored: a batch is gathered from the cube by index.

# %%
print(f"{windows}, history {HISTORY} days")
print(
    f"{measured[:, HISTORY - 1 :].sum():,} of {measured.sum():,} measured station-days can be scored"
)

# %% [markdown]
# Hence three numbers of monitors for *weather 2019*: those that measured, those with a day that can be scored, and those with enough such days for a mean of the place.

# %%
from placeprior.evidence import distances
from placeprior.runs import store
from placeprior.scores import probes

judged = probes.monitors(
    store.scores(real, "core"), store.sums(real), "weather-2019"
)
print(
    f"{len(years['2019']['station'])} measured, {distances.tested_network(real, 'weather-2019').sizes['station']} tested"
)
print(f"{len(judged)} tested on at least {probes.ENOUGH} days")

# %% [markdown]
# ## Bring your own
#
# A table with one row a station and day is enough: `station`, `date`, `lon`, `lat`, `pm25`, and any others, which
# become predictors; a unit goes into square brackets.

# %%
import tempfile
from pathlib import Path

from placeprior.data.cube import check_cube, from_csv
from placeprior.errors import PlacePriorError

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
print(mine["pm25"].to_pandas().astype(float).round(1).to_string())

# %% [markdown]
# `placeprior data from-csv mine.csv -o mine.nc` does the same. With enough stations and days, `splits.split("spatial", mine, seed=0)` (`from placeprior.space import splits`) splits a cube and, in the contiguous United States,
# `distances.asked(mine).table()` says how far each split's tests and the map are ({doc}`splits`). Everything passes `check_cube`, which says in one line what is wrong, where,
# and what to do:

# %%
absurd = cube.copy(deep=True)
absurd["pm25"][3, 5] = -999.0  # a sentinel that somebody took for a number
for broken in (
    cube.assign_coords(lon=cube["lat"], lat=cube["lon"]),
    absurd,
    cube.isel(time=[0, 1, 2, 5, 6, 7]),
):
    try:
        check_cube(broken)
    except PlacePriorError as error:
        print(f"{type(error).__name__}: {error}\n")

# %% [markdown]
# ## Exercises
#
# ````{admonition} Exercise: clouds
# :class: exercise tip
# Gaps in AOD come with rain and damp air. What happens, on cloudy days, to a model that replaces a missing AOD by
# the training mean? Suggest an input that would help.
# ````
#
# ````{admonition} Solution
# :class: solution dropdown
# The mean is of *clear* days, so on cloudy days the model is told a typical clear day: biased if cloudy
# days are cleaner or dirtier. A predictor "AOD is present" (0 or 1) tells the two apart; humidity and
# precipitation carry part of that already.
# ````
#
# ````{admonition} Exercise: a rule with a place in it
# :class: exercise tip
# Load the cube with `data.load("world")` and set all negative PM2.5 to NaN. Where does the yearly mean move
# most, and in which direction? Which variant would profit, and why would that be an artefact?
# ````
#
# ````{admonition} Solution
# :class: solution dropdown
# Up, and most at the cleanest stations, because only they come near zero. The error then depends on the place,
# so a variant that knows the place can learn it as if it were a property of the air there.
# ````
