"""Figures and tables of the data card: the study's predictors, what they cost to fetch, what a cube of them holds."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.figure import Figure

from placeprior.book import figures
from placeprior.book.data import missing_by_month, shade_missing
from placeprior.book.words import minus
from placeprior.data import calendar
from placeprior.data.cube import predictors
from placeprior.data.study import FEATURES, RANGES
from placeprior.space.splits import lonlat_of

WIDE = 1.5e6  # metres: a cube of a smaller part of the country gets a map of that part
ROUNDING = 1e-6  # of a range: 32-bit numbers do not tell less apart


def feature_table(sources: Sequence[Any]) -> pd.DataFrame:
    """The study's features of a day and their counterparts here, as text.

    Parameters
    ----------
    sources : sequence of placeprior.data.sources.Source
        In order of preference.
    """
    rows = []
    for theirs, ours, difference in FEATURES:
        given = [source for name in ours for source in sources if name in source.provides]
        units = calendar.PROVIDES | {name: told for source in reversed(given) for name, told in source.provides.items()}
        rows.append(
            (
                ", ".join(f"`{name}`" for name in theirs),
                ", ".join(f"`{name}`" for name in ours),
                ", ".join(dict.fromkeys(units[name][0] for name in ours)),
                "computed" if ours[0] in calendar.PROVIDES else ", else ".join(dict.fromkeys(s.name for s in given)),
                difference,
            )
        )
    return pd.DataFrame(
        rows, columns=["in the paper", "here", "unit here", "source", "what differs from the reference"]
    )


def size(count: float) -> str:
    """Bytes as megabytes or gigabytes.

    >>> size(2.5e9), size(2e4)
    ('2.5 GB', '1 MB')
    """
    return f"{count / 1e9:,.1f} GB" if count >= 1e9 else f"{max(count / 1e6, 1):,.0f} MB"


def duration(count: float, rate: float) -> str:
    """How long so many bytes take at so many bytes a second.

    >>> duration(7200e6, 1e6), duration(1, 1e6)
    ('2.0 h', '1 min')
    """
    hours = count / rate / 3600
    return f"{hours:.1f} h" if hours >= 1 else f"{max(60 * hours, 1):.0f} min"


def fetched(sources: Mapping[str, Any], period: Any, region: Any) -> pd.DataFrame:
    """What each source would fetch; asks no network.

    Parameters
    ----------
    sources : mapping of str to placeprior.data.sources.Source
        By name.
    period, region : placeprior.data.sources.Period, placeprior.data.sources.Region

    Returns
    -------
    pandas.DataFrame
        A row a source, by name: ``title, files, bytes, account`` (empty where none is needed), ``licence``.
    """
    files = {name: source.list(period, region) for name, source in sources.items()}
    rows = [
        (source.title, len(files[name]), sum(item.size for item in files[name]), source.account or "", source.licence)
        for name, source in sources.items()
    ]
    return pd.DataFrame(rows, columns=["title", "files", "bytes", "account", "licence"], index=list(sources))


def plan_table(asked: pd.DataFrame, rate: float, totals: Mapping[str, Iterable[str]]) -> pd.DataFrame:
    """What has to be fetched, source by source, and what some of them come to, as text.

    Parameters
    ----------
    asked : pandas.DataFrame
        As :func:`fetched`.
    rate : float
        Bytes a second.
    totals : mapping of str to names
        What a sum is called, and the sources in it.
    """
    rows = [
        (f"`{s.Index}`", s.title, f"{s.files:,}", s.bytes, "NASA Earthdata" if s.account else "none", s.licence)
        for s in asked.itertuples()
    ]
    for name, names in totals.items():
        part = asked.loc[list(names)]
        rows.append((f"**{name}**", "", f"{part['files'].sum():,}", part["bytes"].sum(), "", ""))
    table = pd.DataFrame(rows, columns=["source", "what it is", "files", "size", "account", "licence"])
    table.insert(4, "at 50 Mbit/s", table["size"].map(lambda count: duration(count, rate)))
    return table.assign(size=table["size"].map(size))


def cited(source: Any) -> str:
    """How a source wants to be cited, as an item of a list, addresses as links."""
    text = re.sub(r"https?://[^\s,;]*[^\s,;.]", r"<\g<0>>", source.citation)
    text = re.sub(r"doi:(10\.\S*[^\s.,;])", r"[doi:\1](https://doi.org/\1)", text).rstrip(".")
    names = ", ".join(f"`{name}`" for name in source.provides)
    return f"- **{source.title}** ({names}): {text}. Licence: {source.licence}. [Home page]({source.homepage})."


def variables(cube: xr.Dataset) -> list[str]:
    """PM2.5 and the predictors of a cube, as :data:`placeprior.data.study.FEATURES` lists them, then any others."""
    order = [name for _, ours, _ in FEATURES for name in ours]
    known = {name: number for number, name in enumerate(order)}
    return ["pm25", *sorted(predictors(cube), key=lambda name: (known.get(name, len(order)), name))]


def draw_days_measured(cube: xr.Dataset) -> Figure:
    """Map of the monitors: on how many days each measured."""
    fig, ax = figures.subplots(size="map", maps=True)
    lonlat, share = lonlat_of(cube), 100 * np.isfinite(cube["pm25"].values).mean(1)
    figures.station_map(ax, lonlat, share, "days measured", unit="%", kind="count", vmin=0, vmax=100, size=11)
    close_in(ax, lonlat)
    return fig


def close_in(ax: Any, lonlat: np.ndarray) -> None:
    """Show a part of the map where places, lonlat (n, 2), cover only a part."""
    xy = figures.ALBERS.transform_points(figures.ALBERS.as_geodetic(), *np.asarray(lonlat).T)[:, :2]
    (west, south), (east, north) = xy.min(0), xy.max(0)
    span = max(east - west, north - south)
    if span < WIDE:
        ax.set_xlim((west + east) / 2 - 0.6 * span, (west + east) / 2 + 0.6 * span)
        ax.set_ylim((south + north) / 2 - 0.6 * span, (south + north) / 2 + 0.6 * span)


def draw_gaps(cube: xr.Dataset) -> Figure:
    """Which variables miss values in which month."""
    by_month = missing_by_month(cube, variables(cube))
    one_year = len({month.year for month in by_month.columns}) == 1
    by_month = by_month.rename(
        index=lambda name: {"pm25": "PM2.5"}.get(
            name, name.replace("_", " ").replace("aod", "AOD").replace("ndvi", "NDVI")
        ),
        columns=lambda month: f"{month:%b}" if one_year else str(month),
    )
    fig, ax = figures.subplots(size=(6.4, 0.27 * len(by_month) + 1.6))
    shade_missing(ax, by_month, letters=7.5, aspect=34, pad=0.02)
    ax.tick_params(labelrotation=0)
    return fig


def filling_table(accuracy: pd.DataFrame) -> pd.DataFrame:
    """How well gaps were filled at training places set aside, means over runs, as text.

    Parameters
    ----------
    accuracy : pandas.DataFrame
        A row a run and variable: ``variable, beside, n_fitted, n_held_out, rmse, mbe, r2, share``.
    """
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
    columns = ["variable", "seen beside", "station-days fitted", "held out", "RMSE", "MBE", "R²", "filled [%]"]
    return pd.DataFrame(rows, columns=columns)


def range_table(cube: xr.Dataset) -> pd.DataFrame:
    """Least, largest value and quantiles of each variable, beside the range in the study's scaler, as text."""
    rows = []
    for name in variables(cube):
        values = cube[name].values
        values = values[np.isfinite(values)].astype(float)
        told = (values.min(), *np.quantile(values, [0.01, 0.5, 0.99]), values.max())
        numbers = [f"{value:.0f}" if name == "year" else written(value) for value in told]
        rows.append((f"`{name}`", cube[name].attrs["units"], *numbers, *_against_reference(name, values)))
    return pd.DataFrame(
        rows, columns=["variable", "unit", "least", "1 %", "median", "99 %", "most", "reference", "all values"]
    )


def _against_reference(name: str, values: np.ndarray) -> tuple[str, str]:
    """The range in the study's scaler, and whether all values lie in it."""
    if name not in RANGES:
        return "–", "–"
    least, most = RANGES[name]
    slack = ROUNDING * (most - least)
    outside = (values < least - slack) | (values > most + slack)
    text = f"{least:.0f} to {most:.0f}" if name == "year" else f"{written(least)} to {written(most)}"
    if not outside.any():
        return text, "within"
    share = 100 * outside.mean()
    return text, f"**outside**: {f'{share:.2f}' if share > 0.01 else 'under 0.01'} %"


def written(value: float) -> str:
    """Four significant digits without an exponent.

    >>> written(-12.34567), written(34567.8), written(1e-9)
    ('−12.35', '34,568', '0')
    """
    if abs(value) >= 1000:
        return minus(f"{value:,.0f}")
    return minus(f"{float(f'{value:.4g}'):.12g}") if abs(value) > 1e-4 else "0"


def provenance_table(cube: xr.Dataset) -> pd.DataFrame:
    """Source, version, day of retrieval and hash of the files of each variable, as the cube says them."""
    rows = [
        (
            f"`{name}`",
            about.get("source", "computed from date and latitude"),
            about.get("version", "–"),
            about.get("retrieved", "–"),
            f"`{about['sha256'][:8]}`" if "sha256" in about else "–",
        )
        for name in variables(cube)
        for about in [cube[name].attrs]
    ]
    return pd.DataFrame(rows, columns=["variable", "source", "version", "retrieved", "hash of its files"])


def dirtiest_day(cube: xr.Dataset, fields: xr.Dataset) -> pd.Timestamp:
    """The day of the fields on which the mean of the cube's measured PM2.5 is highest."""
    days = pd.DatetimeIndex(cube["time"].values)
    pm25 = cube["pm25"].values
    means = np.nanmean(np.where(np.isfinite(pm25).any(0), pm25, 0), axis=0)
    return pd.Series(means, index=days)[days.intersection(pd.DatetimeIndex(fields["time"].values))].idxmax()


def draw_fields(fields: xr.Dataset, day: pd.Timestamp, names: Sequence[str]) -> Figure:
    """Maps of one day of some fields, one below the other.

    Parameters
    ----------
    fields : xarray.Dataset
        (time, lat, lon).
    day : pandas.Timestamp
    names : sequence of str
        Variables; ``smoke`` is drawn as its classes.
    """
    fig, axes = figures.subplots(len(names), 1, size=(6.4, 4.1 * len(names)), maps=True, squeeze=False)
    lon, lat = fields["lon"].values, fields["lat"].values
    for ax, name in zip(axes.flat, names, strict=True):
        smoke = name == "smoke"
        text = fields[name].attrs["long_name"].partition(" (")[0]
        text = "smoke: 0 none, 1 light, 2 medium, 3 heavy" if smoke else text
        values = fields[name].sel(time=day).values
        mesh = figures.grid_map(ax, lon, lat, values, text, unit=None, vmin=0, vmax=3 if smoke else None)
        if smoke:
            mesh.colorbar.set_ticks(range(4))
        ax.set_title(f"{day:%-d %B %Y}")
        close_in(ax, np.array([(x, y) for x in lon[[0, -1]] for y in lat[[0, -1]]]))
    return fig
