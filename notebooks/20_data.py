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
import tempfile
import warnings
from pathlib import Path

import matplotlib.dates as mdates
import numpy as np
import pandas as pd
import seaborn as sns
from IPython.display import Markdown

from placeprior import data
from placeprior.book import figures
from placeprior.book.words import minus
from placeprior.data.cube import check_cube, from_csv, predictors
from placeprior.errors import PlacePriorError
from placeprior.network.sizes import SIZES
from placeprior.runs import plan
from placeprior.scores.metrics import HIGH
from placeprior.space.splits import HISTORY, lonlat_of

figures.style()
task = next(iter(plan.profile(profile)["tasks"].values()))
cube = data.load(task["load"], **task.get("options", {}))
embedded = bool(cube.attrs["embedded"])
lonlat = lonlat_of(cube)
pm25 = cube["pm25"].values
measured = np.isfinite(pm25)
days = pd.DatetimeIndex(cube["time"].values)
SHORT = {"boundary_layer_height": "mixed layer height", "doy_sin": "season (sine)", "doy_cos": "season (cosine)"}


def name_of(variable):
    """A variable's name for an axis."""
    return {"pm25": "PM2.5", "aod": "AOD"}.get(variable, SHORT.get(variable, variable.replace("_", " ")))


def table(frame, caption, name):
    """A table with a caption, as the book writes it."""
    text = minus(frame.to_markdown(index=False, disable_numparse=True))
    return Markdown(f"```{{table}} {caption}\n:name: {name}\n\n{text}\n```")


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

# %% tags=["remove-input"]
first, last = f"{days[0]:%-d %B}", f"{days[-1]:%-d %B}"
Markdown(
    f"The cube here is *{cube.attrs['title']}*: {cube.sizes['station']:,} stations × {cube.sizes['time']:,} days "
    f"({first} to {last} of a {'nominal ' if embedded else ''}year), {int(measured.sum()):,} measured station-days. "
    f"Licence: {cube.attrs['licence']}."
)

# %% tags=["remove-input"]
rows = [
    (f"`{name}`", "station", f"{array.attrs['units'].replace('degrees_', '° ')}", array.attrs["long_name"], "where")
    for name, array in (("lon", cube["lon"]), ("lat", cube["lat"]))
]
for name, array in cube.data_vars.items():
    rows.append(
        (f"`{name}`", " × ".join(array.dims), array.attrs["units"], array.attrs["long_name"], array.attrs["role"])
    )
table(
    pd.DataFrame(rows, columns=["name", "dimensions", "unit", "meaning", "role"]),
    "The variables of the cube, read from the cube itself",
    "tab-data-contract",
)

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

# %% mystnb={"figure": {"caption": "The monitors: mean of the measured PM2.5 (left) and share of days with a measurement (right).", "name": "fig-data-stations"}, "image": {"alt": "Two maps of the contiguous US with one dot a monitor. Dots crowd around cities. Left, means are highest near a few large cities and valleys; right, dots fall into three groups: all days, a third and a sixth of the days."}} tags=["hide-input"]
fig, axes = figures.subplots(1, 2, size=(7.2, 3.1), maps=True)
with np.errstate(invalid="ignore"):
    mean = np.where(measured.any(1), np.nansum(pm25, 1) / np.maximum(measured.sum(1), 1), np.nan)
figures.station_map(axes[0], lonlat, mean, "mean measured PM2.5", size=9)
share = 100 * measured.mean(1)
figures.station_map(axes[1], lonlat, share, "days measured", unit="%", kind="count", vmin=0, vmax=100, size=9)
_ = figures.label(fig, profile, n=len(lonlat), of="monitors", embedded=embedded)

# %% [markdown]
# ## A year at a few stations
#
# A mean hides what a day is like. {numref}`fig-data-series` shows four monitors, chosen by rule: the one with the
# highest single day, the one with the highest mean among the others, the one with the lowest mean (these three report
# nearly daily), and the one that reports most rarely.

# %% mystnb={"figure": {"caption": "Daily PM2.5 at four monitors, chosen by rule. Each panel has its own vertical scale. The dashed line is 35 µg m⁻³, the level of the US daily standard, drawn where the panel reaches it.", "name": "fig-data-series"}, "image": {"alt": "Four time series, one below the other: the first is low apart from a few tall spikes, the second moves up and down around a high level, the third stays low all the time, and the last consists of isolated dots."}} tags=["hide-input"]
often = measured.mean(1) > 0.8
among = np.flatnonzero(often)
peak = among[np.nanargmax(np.nanmax(pm25[among], axis=1))]
others = among[among != peak]
chosen = {
    "highest single day": peak,
    "highest mean of the others": others[np.nanargmax(mean[others])],
    "lowest mean": others[np.nanargmin(mean[others])],
    "fewest days measured": int(np.argmin(np.where(measured.any(1), measured.sum(1), 10**6))),
}
fig, axes = figures.subplots(4, 1, size=(6.4, 6.6), sharex=True)
for ax, (why, i) in zip(axes, chosen.items(), strict=True):
    rare = not often[i]
    ax.plot(days, pm25[i], color="#0173b2", lw=0 if rare else 0.9, marker="o" if rare else "", ms=3)
    ax.set_title(
        f"{why}: {cube['station'].values[i]} ({lonlat[i, 1]:.1f}° N, {-lonlat[i, 0]:.1f}° W)", fontsize="small"
    )
    ax.axhline(0, color="#999999", lw=0.6)
    if np.nanmax(pm25[i]) > HIGH:
        ax.axhline(HIGH, color="#d55e00", lw=1, ls="--")
axes[-1].xaxis.set_major_locator(mdates.MonthLocator(interval=2 if len(days) > 120 else 1))
axes[-1].xaxis.set_major_formatter(mdates.DateFormatter("%b"))
fig.supylabel(f"PM2.5 [{figures.UNIT}]", fontsize="medium")
_ = figures.label(fig, profile, n=sum(measured[i].sum() for i in chosen.values()), embedded=embedded)

# %% [markdown]
# ## Most days are ordinary, and the rest matters
#
# Daily PM2.5 is far from a bell curve. Few days carry the highest values, and because errors are squared they carry
# much of what RMSE and R² measure ({doc}`../concepts/scores`). The line at 35 µg m⁻³ marks the days that the score
# `rmse_35` looks at.

# %% mystnb={"figure": {"caption": "All measured values. Left: their distribution up to its 99th percentile. Right: the share of station-days above a level, both axes logarithmic; the dashed line is 35 µg m⁻³. A normal distribution of the same mean and spread is drawn for comparison.", "name": "fig-data-tail"}, "image": {"alt": "Left, a skewed histogram with its peak at low values and a few values just below zero. Right, the share of days above a level falls slowly over two decades, far above the dotted normal curve, which drops at once."}} tags=["hide-input"]
from scipy.stats import norm

values = np.sort(pm25[measured].astype(float))
fig, axes = figures.subplots(1, 2, size="pair")
axes[0].hist(values[values <= np.percentile(values, 99)], bins=60, color="#0173b2", lw=0)
axes[0].axvline(0, color="#777777", lw=0.8)
axes[0].set(xlabel=f"measured PM2.5 [{figures.UNIT}]", ylabel="station-days")
above = 1 - np.arange(1, len(values) + 1) / len(values)
shown = (values > 1) & (above > 0)
axes[1].loglog(values[shown], 100 * above[shown], color="#0173b2", lw=1.8, label="measured")
level = np.geomspace(1, values[-1], 200)
axes[1].loglog(level, 100 * norm.sf(level, values.mean(), values.std()), color="#777777", ls=":", label="normal")
axes[1].axvline(HIGH, color="#d55e00", lw=1, ls="--")
axes[1].set(ylim=(100 * max(above[shown].min(), 1e-6), 130), xlabel=f"PM2.5 [{figures.UNIT}]")
axes[1].set_ylabel("station-days above [%]")
axes[1].legend(fontsize="small", loc="lower left")
_ = figures.label(fig, profile, n=len(values), embedded=embedded)

# %% tags=["remove-input"]
deviation = (values - values.mean()) ** 2
high = values >= HIGH
sentence = (
    f"The median is {np.median(values):.1f} µg m⁻³, the mean {values.mean():.1f}, the 99th percentile "
    f"{np.percentile(values, 99):.1f} and the largest value {values[-1]:,.0f}. "
)
if high.any():
    sentence += (
        f"Values of {HIGH:g} µg m⁻³ and more are {100 * high.mean():.2f} % of all station-days "
        f"({high.sum():,} of {len(values):,}, at {(pm25 >= HIGH).any(1).sum():,} stations), and they hold "
        f"**{100 * deviation[high].sum() / deviation.sum():.0f} % of the variance**, that is, of the denominator of R²."
    )
else:
    sentence += f"No value reaches {HIGH:g} µg m⁻³ in this profile's short season."
Markdown(minus(sentence))

# %% [markdown]
# ## What is missing
#
# Two variables have gaps, for different reasons, and the models treat them differently. PM2.5 is the target: a day
# without a measurement can be neither trained on nor scored, but its *predictors* still serve as history for later
# days. AOD is a predictor: under cloud there is none, and the model receives the training mean in its place (0 after
# scaling).

# %% mystnb={"figure": {"caption": "Left: share of station-days without a value, by variable and month. Right: which days have a PM2.5 value (black), one row a station, sorted by how often it reports.", "name": "fig-data-missing"}, "image": {"alt": "Left, a table-like grid by variable and month: only PM2.5 and AOD have missing values, all other rows are zero. Right, a raster of stations by days: a solid block of daily stations on top, then stripes of every third and every sixth day."}} tags=["hide-input"]
gaps = pd.DataFrame({name_of(v): np.isnan(cube[v].values).mean(0) for v in ["pm25", *predictors(cube)]}, index=days)
by_month = 100 * gaps.groupby(gaps.index.month).mean().T
by_month.columns = [f"{pd.Timestamp(2021, m, 1):%b}"[0] for m in by_month.columns]
fig, axes = figures.subplots(1, 2, size=(7.2, 3.8), width_ratios=(1.25, 1))
sns.heatmap(
    by_month,
    ax=axes[0],
    cmap=figures.CMAPS["count"],
    vmin=0,
    vmax=100,
    annot=True,
    fmt=".0f",
    annot_kws={"fontsize": 6.5},
    cbar_kws={"label": "missing [%]", "orientation": "horizontal", "shrink": 0.7, "aspect": 30},
    linewidths=0.5,
)
axes[0].set(xlabel="month")
axes[0].tick_params(length=0)
order = np.argsort(-measured.sum(1), kind="stable")
axes[1].imshow(~measured[order], aspect="auto", cmap="gray", interpolation="nearest", vmin=0, vmax=1.25)
axes[1].grid(False)
axes[1].set(xlabel="day (from 0)", ylabel="station, by days measured")
_ = figures.label(fig, profile, n=pm25.size, embedded=embedded)

# %% tags=["remove-input"]
kinds = [("daily", "every day"), ("every_third_day", "every third day"), ("every_sixth_day", "every sixth day")]
known = [(text, cube.attrs[f"stations_{key}"]) for key, text in kinds if f"stations_{key}" in cube.attrs]
cloud = np.isnan(cube["aod"].values).mean() if "aod" in cube else np.nan
Markdown(
    "Stations reporting: "
    + ", ".join(f"{n:,} {text}" for text, n in known)
    + f". Even the daily ones miss some days. In all, {100 * (1 - measured.mean()):.0f} % of PM2.5 and "
    f"{100 * cloud:.0f} % of AOD are missing. {100 * np.mean(measured & np.isfinite(cube['aod'].values)):.0f} % of "
    "station-days have both."
)

# %% [markdown]
# ## What goes with PM2.5
#
# A correlation can be looked at in two ways. *From day to day*: on days when the predictor is above its usual value at
# a station, is PM2.5 above its usual value there? *From place to place*: do stations with a high mean of the predictor
# have a high mean of PM2.5? The two may differ, even in sign.

# %% mystnb={"figure": {"caption": "Rank correlation (Spearman) of each predictor with measured PM2.5. From day to day: after subtracting each station's mean. From place to place: of the stations' means.", "name": "fig-data-correlation"}, "image": {"alt": "Pairs of horizontal bars, one pair a predictor, sorted by the day-to-day correlation; plain blue bars for day to day, hatched orange bars for place to place. AOD has the longest bars to the right; mixed layer height and wind speed point left from day to day."}} tags=["hide-input"]
rows = []
for name in predictors(cube):
    x = cube[name].values
    both = measured & np.isfinite(x)
    row, _ = np.nonzero(both)
    part = pd.DataFrame({"station": row, "x": x[both], "y": pm25[both]})
    centre = part.groupby("station").transform("mean")
    per_station = part.groupby("station").mean()
    within = (part[["x", "y"]] - centre).corr("spearman").iloc[0, 1]
    # the calendar is the same everywhere: its station means differ only by which days were measured
    between = np.nan if name.startswith("doy_") else per_station.corr("spearman").iloc[0, 1]
    rows.append((name, within, between, len(part)))
found = pd.DataFrame(rows, columns=["name", "within", "between", "n"]).sort_values("within").reset_index(drop=True)
fig, ax = figures.subplots(size=(6.4, 4.2))
at = np.arange(len(found))
ax.barh(at + 0.19, found.within, height=0.36, color="#0173b2", label="from day to day")
ax.barh(at - 0.19, found.between, height=0.36, color="#de8f05", hatch="///", ec="white", label="from place to place")
ax.axvline(0, color=figures.INK, lw=0.8)
ax.set_yticks(at, [name_of(n) for n in found.name])
ax.grid(axis="y", visible=False)
ax.set_xlabel("rank correlation with measured PM2.5")
ax.legend(fontsize="small", loc="lower right")
_ = figures.label(
    fig, profile, n=measured.sum(), embedded=embedded, note=f"{len(lonlat):,} stations; AOD: {found.n.min():,} days"
)

# %% tags=["remove-input"]
strongest = found.loc[found.within.abs().idxmax()]
flips = found[(found.within * found.between < 0) & (found.within.abs() > 0.05) & (found.between.abs() > 0.05)]
turned = ", ".join(
    minus(f"{name_of(n)} ({w:+.2f} and {b:+.2f})") for n, w, b in flips[["name", "within", "between"]].values
)
Markdown(
    f"From day to day the strongest is **{name_of(strongest['name'])}** ({strongest.within:+.2f}). "
    + (
        f"Opposite in sign from day to day and from place to place: {turned}. A model that is not told the place has "
        "one function for both and must compromise."
        if len(flips)
        else "No predictor changes its sign between the two views here."
    )
)

# %% [markdown]
# A correlation near zero does not mean that a predictor is useless: the model can combine several, bend them, and look
# back over days. Nor does a high one mean cause.
#
# ## Slightly negative values stay
#
# An instrument that reports true values near zero with noise must sometimes report less than zero. Such values look
# wrong, and it is tempting to drop them or set them to zero. Both distort: only the errors on one side are removed.

# %% tags=["remove-input"]
negative = pm25 < 0
sentence = f"Of {measured.sum():,} measured values, {negative.sum():,} ({100 * negative.sum() / measured.sum():.1f} %) are negative"
sentence += f"; the lowest is {np.nanmin(pm25):.1f} µg m⁻³. "
if "pm25_true" in cube:
    truth = cube["pm25_true"].values
    clean = measured & (truth < np.percentile(truth[measured], 5))
    kept = (pm25[clean] - truth[clean]).mean()
    zeroed = (np.maximum(pm25[clean], 0) - truth[clean]).mean()
    alive = clean & ~negative
    dropped = pm25[alive].mean() - truth[clean].mean()
    sentence += (
        f"On the cleanest twentieth of the station-days (by truth, n = {clean.sum():,}) the mean of the measurements is "
        f"off by {round(kept, 2) + 0.0:+.2f} µg m⁻³ if they are kept, by {zeroed:+.2f} if set to zero, and by {dropped:+.2f} if dropped."
    )
Markdown(minus(sentence))

# %% [markdown]
# The rule of this book: values are kept as they were reported. Only values outside a wide range that no instrument
# noise explains are refused, by name, and the person who brings the data decides.
#
# ## Three ways to break it
#
# `check_cube` is called on everything that enters. It returns the cube unchanged or says in one line what is wrong,
# where, and what to do. Here are three broken cubes.

# %%
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
with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always", UserWarning)
    file = Path(folder) / "mine.csv"
    lines = [
        line + ("," + ("260" if "River" in line else "820" if "Boise" in line else "elevation [m]"))
        for line in text.splitlines()
    ]
    file.write_text("\n".join(lines), encoding="utf-8")
    from_csv(file)
for warning in caught:
    print(warning.message)

# %% [markdown]
# ## What a model reads: a window
#
# To estimate PM2.5 on day $t$, a model reads the predictors of day $t$ and of the days before it. It never sees a later
# day, and never a measured PM2.5 of the station itself.

# %% mystnb={"figure": {"caption": "The window of one station-day (ring): the days of two of its predictors that the two model sizes read to estimate the one value of PM2.5 inside the ring. Hatched: the first days of the cube, which serve as history only.", "name": "fig-data-window"}, "image": {"alt": "Three small time series of one station, AOD, mixed layer height and PM2.5, one below the other. In the upper two, two shaded spans end at the same day, a short one inside a long one. The lowest panel has no span, only a ring around one value at that day. The first days at the left are hatched."}} tags=["hide-input"]
windows = {name: config.window for name, config in SIZES.items()}
i = int(np.argmax(np.where(np.isfinite(cube["aod"].values[:, :60]), 1, 0).sum(1) * often))
ends = [t for t in range(HISTORY + 12, min(len(days), 60)) if measured[i, t]]
t = ends[len(ends) // 3]
fig, axes = figures.subplots(3, 1, size=(6.4, 4.6), sharex=True)
for ax, name in zip(axes, ("aod", "boundary_layer_height", "pm25"), strict=True):
    unit = cube[name].attrs["units"].replace("m-3", "m⁻³")
    ax.plot(cube[name].values[i, : t + 6], "o-", ms=3, lw=0.8, color="#0173b2")
    ax.set_ylabel(name_of(name) + ("" if unit == "1" else f"\n[{unit}]"), fontsize="small")
    ax.axvspan(-0.5, HISTORY - 1.5, facecolor="#f2f2f2", edgecolor="#bbbbbb", hatch="///", lw=0, zorder=0)
    for shade, (size, length) in zip((0.18, 0.35), sorted(windows.items(), key=lambda x: -x[1]), strict=False):
        if name != "pm25":
            ax.axvspan(t - length + 0.5, t + 0.5, color="#de8f05", alpha=shade, lw=0, zorder=0.5)
        if ax is axes[0]:
            ax.text(
                t - length + 0.7, 1.02, f"{size}: {length} days", transform=ax.get_xaxis_transform(), fontsize="small"
            )
axes[-1].plot(t, pm25[i, t], "o", ms=9, mfc="none", mec="#d55e00", mew=2)
axes[-1].set_xlabel("day of the cube (from 0)")
_ = figures.label(fig, profile, n=t + 6, of=f"days of {cube['station'].values[i]}", embedded=embedded)

# %% tags=["remove-input"]
scored = measured[:, HISTORY - 1 :].sum()
Markdown(
    "Window lengths: "
    + " and ".join(f"{length} days in size `{size}`" for size, length in windows.items())
    + f". So that all of them are judged on the same rows, a station-day is trained on and scored only if it has "
    f"{HISTORY} days, itself included, in the cube. The first {HISTORY - 1} days are history only: of "
    f"{measured.sum():,} measured station-days, **{scored:,} can be scored**."
)

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
