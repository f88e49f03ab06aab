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
from placeprior.book.words import minus
from placeprior.data import calendar
from placeprior.data.cube import predictors
from placeprior.data.study import FEATURES, RANGES

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
        A row a source, by name: ``files, bytes, account`` (empty where none is needed), ``cite``.
    """
    files = {name: source.list(period, region) for name, source in sources.items()}
    rows = [
        (len(files[name]), sum(item.size for item in files[name]), source.account or "", cited(source))
        for name, source in sources.items()
    ]
    return pd.DataFrame(rows, columns=["files", "bytes", "account", "cite"], index=list(sources))


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
        (f"`{s.Index}`", f"{s.files:,}", s.bytes, "NASA Earthdata" if s.account else "none", s.cite)
        for s in asked.itertuples()
    ]
    for name, names in totals.items():
        part = asked.loc[list(names)]
        rows.append((f"**{name}**", f"{part['files'].sum():,}", part["bytes"].sum(), "", ""))
    table = pd.DataFrame(rows, columns=["source", "files", "size", "account", "what it is, and how to cite it"])
    table.insert(3, "at 50 Mbit/s", table["size"].map(lambda count: duration(count, rate)))
    return table.assign(size=table["size"].map(size))


def cited(source: Any) -> str:
    """What a source is, how it wants to be cited, and its licence, addresses as links."""
    text = re.sub(r"https?://[^\s,;]*[^\s,;.]", r"<\g<0>>", source.citation)
    text = re.sub(r"doi:(10\.\S*[^\s.,;])", r"[doi:\1](https://doi.org/\1)", text).rstrip(".")
    return f"[{source.title}]({source.homepage}): {text}. Licence: {source.licence}."


def variables(cube: xr.Dataset) -> list[str]:
    """PM2.5 and the predictors of a cube, as :data:`placeprior.data.study.FEATURES` lists them, then any others."""
    order = [name for _, ours, _ in FEATURES for name in ours]
    known = {name: number for number, name in enumerate(order)}
    return ["pm25", *sorted(predictors(cube), key=lambda name: (known.get(name, len(order)), name))]


def missing_by_month(cube: xr.Dataset, names: list[str]) -> pd.DataFrame:
    """Share of station-days without a value, %, a row a variable and a column a month.

    Parameters
    ----------
    cube : xarray.Dataset
    names : list of str
        Variables of the cube.

    Returns
    -------
    pandas.DataFrame
        Columns by period.
    """
    days = pd.DatetimeIndex(cube["time"].values)
    gaps = pd.DataFrame({name: np.isnan(cube[name].values).mean(0) for name in names}, index=days)
    return 100 * gaps.groupby(days.to_period("M")).mean().T


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
    import seaborn as sns  # the only drawing of the book that needs it

    fig, ax = figures.subplots(size=(6.4, 0.27 * len(by_month) + 1.6))
    sns.heatmap(
        by_month,
        ax=ax,
        cmap=figures.colours("count"),
        vmin=0,
        vmax=100,
        annot=by_month.shape[1] <= 24,  # more do not fit
        fmt=".0f",
        annot_kws={"fontsize": 7.5},
        cbar_kws={"label": "missing [%]", "orientation": "horizontal", "shrink": 0.7, "aspect": 34, "pad": 0.02},
        linewidths=0.5,
    )
    ax.tick_params(length=0, labelrotation=0)
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
