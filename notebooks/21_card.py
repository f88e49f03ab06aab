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
import re

import numpy as np
import pandas as pd
import seaborn as sns
from IPython.display import Markdown

from placeprior import data
from placeprior.book import figures
from placeprior.book.tables import captioned
from placeprior.book.words import listed, minus
from placeprior.data import build, calendar, tables
from placeprior.data.cube import predictors
from placeprior.data.sources import LINE_RATE, WITH_ACCOUNT, WITHOUT_ACCOUNT, Period, Region, chosen
from placeprior.errors import MissingData
from placeprior.runs import store
from placeprior.space.splits import lonlat_of

figures.style()
embedded = False
SOURCES = chosen()
# A cube of a part of the country has its box behind the period: 2021-08--122_36_-118_40.
asked = re.sub(r"-(?=-).*", "", period).replace("_", "/")
COUNTRY = Region.parse("conus")
try:
    cube = data.load("stations", period=period)
    reason = ""
except MissingData as error:
    cube, reason = None, str(error)


def given_by(name):
    """The sources that provide a variable, in order of preference."""
    return [source for source in SOURCES if name in source.provides]


def units(name):
    """A variable's unit and meaning, from its source or the calendar."""
    return (calendar.PROVIDES | {k: v for s in reversed(SOURCES) for k, v in s.provides.items()})[name]


def linked(text):
    """A citation whose addresses are links."""
    text = re.sub(r"https?://[^\s,;]*[^\s,;.]", r"<\g<0>>", text)
    return re.sub(r"doi:(10\.\S*[^\s.,;])", r"[doi:\1](https://doi.org/\1)", text)


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

# %% tags=["remove-input"]
FEATURES = [
    (
        ["aod_047", "aod_055"],
        ["aod_047", "aod_055"],
        "Not scaled by a thousand. Gaps under clouds stay in the cube and are filled fold by fold, from training rows and without anything that names a place; "
        "the study filled them once, before any split, with coordinates and elevation among the inputs. NASA POWER's stand-in is another quantity: the output of a model, coarse, without gaps, at one wavelength.",
    ),
    (["day_sin", "day_cos"], ["doy_sin", "doy_cos"], "The year has its mean length, so leap years do not jump."),
    (["month_sin", "month_cos"], ["month_sin", "month_cos"], "None."),
    (["year"], ["year"], "None. In a cube of one year it is constant and, once scaled, zero."),
    (
        ["daymet_dayl"],
        ["day_length"],
        "By a formula from date and latitude, not read from Daymet. It tells the latitude, as it does in the study.",
    ),
    (
        ["daymet_prcp"],
        ["precipitation"],
        "From gridMET where Daymet was not fetched. Their days end at different hours, and Daymet has no 31 December in leap years: it is missing here, where the study repeated a day.",
    ),
    (
        ["daymet_srad"],
        ["radiation"],
        "From gridMET where Daymet was not fetched: then a mean over the whole day, while Daymet's is one over the hours of daylight.",
    ),
    (
        ["daymet_tmax", "daymet_tmin"],
        ["temperature_max", "temperature_min"],
        "From gridMET, a coarser grid, where Daymet was not fetched.",
    ),
    (
        ["daymet_vp"],
        ["vapour_pressure"],
        "From gridMET where Daymet was not fetched: then computed from relative humidity and temperature.",
    ),
    (
        ["dem"],
        ["elevation"],
        "ETOPO 2022 instead of GMTED2010. Constant in time, so it helps to name a place, as it does in the study.",
    ),
    (
        ["gridmet_th"],
        ["wind_sin", "wind_cos"],
        "Sine and cosine of the direction instead of raw degrees, in which north is both ends of the scale.",
    ),
    (["gridmet_vs"], ["wind_speed"], "None."),
    (
        ["ndvi"],
        ["ndvi"],
        "The last composite that had ended by that day; the study took the nearest in time, future days included, of another product. Missing stays missing, not 0.",
    ),
    (
        ["wildfire_smoke"],
        ["smoke"],
        "The densest of overlapping outlines, not the last drawn. Unknown is missing, not −1.",
    ),
]
rows = []
for theirs, ours, difference in FEATURES:
    from_where = list(dict.fromkeys(source.name for name in ours for source in given_by(name)))
    rows.append(
        (
            ", ".join(f"`{name}`" for name in theirs),
            ", ".join(f"`{name}`" for name in ours),
            ", ".join(dict.fromkeys(units(name)[0] for name in ours)),
            ", else ".join(from_where) if ours[0] not in calendar.PROVIDES else "computed",
            difference,
        )
    )
count = sum(len(theirs) for theirs, _, _ in FEATURES)
captioned(
    pd.DataFrame(rows, columns=["in the paper", "here", "unit here", "source", "what differs from the reference"]),
    f"The study's {count} features of a day, as its code names them, and their counterparts here. Of several sources the first one fetched is used.",
    "tab-card-features",
)

# %% tags=["remove-input"]
known = {name for _, ours, _ in FEATURES for name in ours}
more = sorted({name for source in SOURCES for name in source.provides} - known - {"pm25"})
without = sorted(
    name for name in known - set(calendar.PROVIDES) if not any(s.name in WITHOUT_ACCOUNT for s in given_by(name))
)
Markdown(
    f"In all {count} features of the study become {len(known)} variables here. "
    + (
        f"Beyond them the sources give {listed([f'`{n}`' for n in more])}, which the cube holds as well. "
        if more
        else ""
    )
    + (
        f"Without NASA's Earthdata account {listed([f'`{n}`' for n in without])} cannot be had, and the rest of the "
        "haze is a stand-in: the result is then **not** a repetition of the study, and should not be called one."
        if without
        else ""
    )
)

# %% [markdown]
# A place gets the value of the cell that it lies in, never a mean over several. The study first brings every product onto
# one grid of one kilometre, which repeats a coarser cell's value in all the small cells within.
#
# ## What has to be fetched
#
# The table is what `placeprior data plan` prints: files, sizes and licences as the sources state or estimate them, and
# how long the transfer takes at 50 Mbit/s. Many small files take longer than their size says, because each is asked for
# alone.

# %% tags=["remove-input"]
when = Period.parse(asked)
plan = []
for source in SOURCES:
    items = source.list(when, COUNTRY)
    plan.append((source, len(items), sum(item.size for item in items)))


def size(count):
    """Bytes as megabytes or gigabytes."""
    return f"{count / 1e9:,.1f} GB" if count >= 1e9 else f"{max(count / 1e6, 1):,.0f} MB"


def duration(count):
    """How long a transfer of that many bytes takes."""
    hours = count / LINE_RATE / 3600
    return f"{hours:.1f} h" if hours >= 1 else f"{max(60 * hours, 1):.0f} min"


def with_total(name, part):
    """A row that sums others."""
    return (
        f"**{name}**",
        "",
        f"{sum(n for _, n, _ in part):,}",
        size(sum(b for *_, b in part)),
        duration(sum(b for *_, b in part)),
        "",
        "",
    )


free = [row for row in plan if row[0].name in WITHOUT_ACCOUNT]
rows = [
    (f"`{s.name}`", s.title, f"{n:,}", size(b), duration(b), "NASA Earthdata" if s.account else "none", s.licence)
    for s, n, b in plan
]
usual = [row for row in plan if row[0].name in WITH_ACCOUNT]
rows += [
    with_total("what `fetch` takes with a token", usual),
    with_total("what it takes without", free),
    with_total("all", plan),
]
captioned(
    pd.DataFrame(rows, columns=["source", "what it is", "files", "size", "at 50 Mbit/s", "account", "licence"]),
    f"What is fetched for {when.label}, contiguous United States; computed without a network, nothing fetched. Sizes are partly estimates.",
    "tab-card-plan",
)

# %% [markdown]
# Each file is held to a checksum: the provider's where it publishes one, otherwise that of the first transfer. A finished
# file is never fetched twice, and an interrupted command goes on where it stopped when it is started again.
#
# ## Step by step

# %% tags=["remove-input"]
need = sum(b for *_, b in usual)
whole = next(b for source, _, b in plan if source.name == "daymet")
accounts = list(dict.fromkeys(source.account for source in SOURCES if source.account))
Markdown(
    "1. **Install**: `make setup` in a clone of the project ({doc}`../reproduce`).\n"
    "2. **An account**, for "
    + listed([f"`{source.name}`" for source in SOURCES if source.account])
    + ". "
    + " ".join(re.sub(r"https?://[^\s,;]*[^\s,;.]", r"<\g<0>>", text) + "." for text in accounts)
    + " The token is read from the environment, sent to NASA alone, and written nowhere. Keep it set for `build` as well: "
    "without it, both commands leave those sources out and take the stand-in `power` for the haze.\n"
    f"3. **Room and time**: about {size(need)} for the files of {when.label} and {duration(need)} or more at 50 Mbit/s; cubes of "
    "stations are small beside that. Files go to the user's cache folder, or to `PLACEPRIOR_CACHE`. Daymet, whose files hold a continent, "
    f"would add {size(whole)}: it comes only when asked for, with `--sources daymet,{','.join(s.name for s, *_ in usual)}` for both commands "
    "below; else gridMET gives the same weather, coarser.\n"
    "4. **A folder for the cubes**, named once: `export PLACEPRIOR_DATA=FOLDER`.\n"
    "5. **Three commands**:\n\n"
    "```bash\n"
    f".venv/bin/placeprior data fetch --year {asked}   # what is there stays; start it again after an interruption\n"
    f".venv/bin/placeprior data build --year {asked}   # every variable at every monitor, month by month\n"
    f"{'make predictors':<{42 + len(asked)}}# the runs at the study's size; wants a GPU\n"
    "```\n\n"
    f"`placeprior data plan --year {asked}` prints the table above; `placeprior data check --year {asked}` compares fetched "
    "files with their checksums; `placeprior data build --grid` makes fields for maps; `--region` and `--sources` ask for less."
)

# %% [markdown]
# A machine without a network can use files that another one fetched: the cache folder can be copied, and
# `PLACEPRIOR_MIRROR` is the address of a mirror of the providers' files, laid out as `wget --mirror` leaves it. `make rehearse` walks
# the whole way on small made-up files, without a network.
#
# ## How to cite
#
# Whoever uses a cube should cite the sources in it. The cube carries these lines too, with each variable.

# %% tags=["remove-input"]
Markdown(
    "\n".join(
        f"- **{source.title}** ({', '.join(f'`{name}`' for name in source.provides)}): {linked(source.citation).rstrip('.')}. "
        f"Licence: {source.licence}. [Home page]({source.homepage})."
        for source in SOURCES
    )
)

# %% [markdown]
# ## What is in the cube

# %% tags=["remove-input"]
if cube is None:
    shown = (
        "```{admonition} Not built here\n:class: warning\n"
        f"There is no cube `stations-{period}.zarr` on the machine that made this page, so nothing is said about its contents, and nothing "
        "was put in its place: the folded cells below ran and drew nothing. To build it: `placeprior data fetch --year "
        f"{asked}`, then `placeprior data build --year {asked}` with `PLACEPRIOR_DATA` set, then `make book`.\n```"
    )
else:
    pm25 = cube["pm25"].values
    measured = np.isfinite(pm25)
    lonlat = lonlat_of(cube)
    days = pd.DatetimeIndex(cube["time"].values)
    shown = (
        f"`stations-{period}.zarr`, *{cube.attrs['title']}*: {len(lonlat):,} monitors × {len(days):,} days ({days[0]:%-d %B %Y} to "
        f"{days[-1]:%-d %B %Y}), {len(predictors(cube))} predictors, {measured.sum():,} measured station-days."
    )
Markdown(shown)

# %% mystnb={"figure": {"caption": "The monitors of the cube: share of its days with a measured PM2.5.", "name": "fig-card-stations"}, "image": {"alt": "Map of the monitors, one dot each, coloured by the share of days on which PM2.5 was measured; darker dots report nearly daily, paler ones every third or sixth day."}} tags=["hide-input"]
WIDE = 1.5e6  # metres: a cube of a smaller part of the country gets a map of that part


def close(ax, places):
    """Show a part of the map where the places cover only a part."""
    west, south, _ = figures.ALBERS.transform_points(figures.ALBERS.as_geodetic(), *np.asarray(places).T).min(0)
    east, north, _ = figures.ALBERS.transform_points(figures.ALBERS.as_geodetic(), *np.asarray(places).T).max(0)
    span = max(east - west, north - south)
    if span < WIDE:
        ax.set_xlim((west + east) / 2 - 0.6 * span, (west + east) / 2 + 0.6 * span)
        ax.set_ylim((south + north) / 2 - 0.6 * span, (south + north) / 2 + 0.6 * span)


if cube is not None:
    fig, ax = figures.subplots(size="map", maps=True)
    share = 100 * measured.mean(1)
    figures.station_map(ax, lonlat, share, "days measured", unit="%", kind="count", vmin=0, vmax=100, size=11)
    close(ax, lonlat)
    _ = figures.label(fig, profile, n=len(lonlat), of="monitors", embedded=embedded)

# %% mystnb={"figure": {"caption": "Share of station-days without a value, by variable and month. PM2.5 is the target; its gaps are never filled. Gaps of the satellite's haze are filled in each fold; any other missing value becomes the training mean.", "name": "fig-card-missing"}, "image": {"alt": "A grid with one row a variable and one column a month, each cell the percentage of missing values, darker where more is missing. PM2.5 and the variables seen from satellites have dark rows; weather and calendar have rows of zeros."}} tags=["hide-input"]
if cube is not None:
    order = [name for _, ours, _ in FEATURES for name in ours]  # as in the first table, then any others
    every = [
        "pm25",
        *sorted(predictors(cube), key=lambda name: (order.index(name) if name in order else len(order), name)),
    ]
    gaps = pd.DataFrame({name: np.isnan(cube[name].values).mean(0) for name in every}, index=days)
    by_month = 100 * gaps.groupby(gaps.index.to_period("M")).mean().T
    by_month.index = [
        {"pm25": "PM2.5"}.get(name, name.replace("_", " ").replace("aod", "AOD").replace("ndvi", "NDVI"))
        for name in every
    ]
    one_year = len(set(days.year)) == 1
    by_month.columns = [f"{month:%b}" if one_year else str(month) for month in by_month.columns]
    fig, ax = figures.subplots(size=(6.4, 0.27 * len(every) + 1.6))
    sns.heatmap(
        by_month,
        ax=ax,
        cmap=figures.CMAPS["count"],
        vmin=0,
        vmax=100,
        annot=by_month.shape[1] <= 24,
        fmt=".0f",
        annot_kws={"fontsize": 7.5},
        linewidths=0.5,
        cbar_kws={"label": "missing [%]", "orientation": "horizontal", "shrink": 0.7, "aspect": 34, "pad": 0.02},
    )
    ax.tick_params(length=0, labelrotation=0)
    _ = figures.label(fig, profile, n=pm25.size, embedded=embedded)

# %% tags=["remove-input"]
# Each run fills the gaps anew and keeps how well that went on training places it had set aside.
accuracy = pd.DataFrame([row for stamp in store.stamps(profile).values() for row in stamp.get("gaps", [])])
filled = Markdown("")
if cube is not None and len(accuracy):
    mean = accuracy.groupby(["variable", "beside"])[["n_fitted", "n_held_out", "rmse", "mbe", "r2", "share"]].mean()
    rows = [
        (
            f"`{name}`",
            f"`{beside}`" if beside else "no other band",
            f"{one.n_fitted:,.0f}",
            f"{one.n_held_out:,.0f}",
            minus(f"{one.rmse:.3f}"),
            minus(f"{one.mbe:+.3f}"),
            minus(f"{one.r2:.2f}"),
            f"{100 * one.share:.0f}",
        )
        for (name, beside), one in mean.iterrows()
    ]
    filled = captioned(
        pd.DataFrame(
            rows,
            columns=["variable", "seen beside", "station-days fitted", "held out", "RMSE", "MBE", "R²", "filled [%]"],
        ),
        f"How well gaps of the haze are filled: on a fifth of the training places that the filler was not fitted to, means over "
        f"{len(accuracy) // max(len(mean), 1):,} runs of profile {profile}; the last column is the share of training station-days that it fills.",
        "tab-card-filled",
    )
filled

# %% tags=["hide-input"]
# Smallest and largest value in the scaler that the base model's authors publish with their code (PM2.5_CONUS_LSTM,
# commit bf52a72: scalers of inputs and of the target, all years from 2005 to 2021), in the units used here.
RANGES = {
    "pm25": (0.1, 824.1),
    "aod_047": (-52 * 0.001, 4000 * 0.001),
    "aod_055": (-16.5 * 0.001, 3894 * 0.001),
    "doy_sin": (-1, 1),
    "doy_cos": (-1, 1),
    "month_sin": (-1, 1),
    "month_cos": (-1, 1),
    "year": (2005, 2021),
    "day_length": (28_921, 57_447),
    "precipitation": (0, 502.1),
    "radiation": (13.7, 812.3),
    "temperature_max": (-28.1, 50.5),
    "temperature_min": (-41.4, 34.5),
    "vapour_pressure": (16.1, 4345),
    "elevation": (-16, 3793),
    "wind_speed": (0.3, 19.8),
    "ndvi": (-0.98, 0.95),
    "smoke": (0, 3),
}
ranges, beyond = Markdown(""), []
if cube is not None:

    def written(value, years=False):
        """Four significant digits without an exponent; years as such."""
        if years:
            return f"{value:.0f}"
        return minus(
            f"{value:,.0f}" if abs(value) >= 1000 else f"{float(f'{value:.4g}'):.12g}" if abs(value) > 1e-4 else "0"
        )

    rows = []
    for name in every:
        values = cube[name].values
        values = values[np.isfinite(values)].astype(float)
        low, median, high = np.quantile(values, [0.01, 0.5, 0.99])
        reference, verdict = "–", "–"
        if name in RANGES:
            least, most = RANGES[name]
            slack = 1e-6 * (most - least)  # of 32-bit numbers
            outside = (values < least - slack) | (values > most + slack)
            reference = f"{written(least, name == 'year')} to {written(most, name == 'year')}"
            share = 100 * outside.mean()
            verdict = (
                f"**outside**: {f'{share:.2f}' if share > 0.01 else 'under 0.01'} %" if outside.any() else "within"
            )
            beyond += [name] if outside.any() else []
        rows.append(
            (
                f"`{name}`",
                cube[name].attrs["units"],
                *(written(value, name == "year") for value in (values.min(), low, median, high, values.max())),
                reference,
                verdict,
            )
        )
    ranges = captioned(
        pd.DataFrame(
            rows, columns=["variable", "unit", "least", "1 %", "median", "99 %", "most", "reference", "all values"]
        ),
        f"Least, largest value and quantiles of each variable of `stations-{period}.zarr`, beside the range in the base model's published "
        f"scaler (all its years, converted to the units here); profile {profile}, real measurements.",
        "tab-card-ranges",
    )
ranges

# %% tags=["remove-input"]
if cube is None:
    said = ""
else:
    said = (
        f"Outside the reference's range somewhere: {listed([f'`{n}`' for n in beyond])}. "
        if beyond
        else "No variable leaves the reference's range. "
    )
    said += (
        "A value outside is not an error by itself. PM2.5 keeps its slightly negative values here, where the study dropped "
        "them. The reference's scaler has only cells with monitors, other products of elevation and vegetation, and radiation "
        "of daylight hours. But a whole variable outside would mean a unit or a scale that is wrong."
    )
Markdown(said)

# %% tags=["remove-input"]
provenance = Markdown("")
if cube is not None:
    rows = [
        (
            f"`{name}`",
            about.get("source", "computed from date and latitude"),
            about.get("version", "–"),
            about.get("retrieved", "–"),
            f"`{about['sha256'][:8]}`" if "sha256" in about else "–",
        )
        for name in every
        for about in [cube[name].attrs]
    ]
    provenance = captioned(
        pd.DataFrame(rows, columns=["variable", "source", "version", "retrieved", "hash of its files"]),
        f"Where each variable of `stations-{period}.zarr` comes from, read from the cube. Two cubes whose hashes agree were made from the same files.",
        "tab-card-provenance",
    )
provenance

# %% mystnb={"figure": {"caption": "One day of the fields that a map is made from: aerosol optical depth, and the class of smoke that analysts outlined. The day is the one of the grid with the highest mean of measured PM2.5. Grey: no value.", "name": "fig-card-day"}, "image": {"alt": "Maps of one day: on top the haze that a satellite saw, with grey gaps where clouds hid the ground; below, areas of light, medium and heavy smoke as steps of colour."}} tags=["hide-input"]
fields = None
if cube is not None:
    found = sorted(path for path in tables.folder().glob("grid-*.zarr") if path.name.startswith(f"grid-{period}"))
    fields = build.load(found[0]) if found else None
drawn = [name for name in ("aod_055", "aod_047", "smoke") if fields is not None and name in fields]
drawn = [name for name in drawn if name != "aod_047" or "aod_055" not in drawn]
if drawn:
    shared = days.intersection(pd.DatetimeIndex(fields["time"].values))
    mean = pd.Series(np.nanmean(np.where(measured.any(0), pm25, 0), axis=0), index=days)[shared]
    day = mean.idxmax()
    fig, axes = figures.subplots(len(drawn), 1, size=(6.4, 4.1 * len(drawn)), maps=True, squeeze=False)
    corners = [(x, y) for x in fields["lon"].values[[0, -1]] for y in fields["lat"].values[[0, -1]]]
    for ax, name in zip(axes.flat, drawn, strict=True):
        values = fields[name].sel(time=day).values
        top = {"vmin": 0, "vmax": 3} if name == "smoke" else {"vmin": 0}
        quantity = (
            "smoke: 0 none, 1 light, 2 medium, 3 heavy"
            if name == "smoke"
            else fields[name].attrs["long_name"].partition(" (")[0]
        )
        mesh = figures.grid_map(ax, fields["lon"].values, fields["lat"].values, values, quantity, unit=None, **top)
        if name == "smoke":
            mesh.colorbar.set_ticks(range(4))
        ax.set_title(f"{day:%-d %B %Y}")
        close(ax, corners)
    n = int(sum(np.isfinite(fields[name].sel(time=day).values).sum() for name in drawn))
    _ = figures.label(fig, profile, n=n, of="cells", embedded=embedded)

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
