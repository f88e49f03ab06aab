"""Drawings and tables of the page about what place is worth: the gain by distance, by stations and by length."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from placeprior.arms import arm_order, called
from placeprior.book import budget, figures, lines
from placeprior.book.words import listed, minus, signed
from placeprior.evidence import law


def reach(row: Any) -> str:
    """A bin of distance in words.

    >>> from types import SimpleNamespace as Row
    >>> [reach(Row(low_km=a, high_km=b)) for a, b in ((0, 1e-9), (1e-9, 10), (20, 40), (640, np.inf))]
    ['0 km', 'up to 10 km', '20 to 40 km', '640 km and more']
    """
    if row.high_km <= law.EDGES_KM[1]:
        return "0 km"
    if np.isinf(row.high_km):
        return f"{row.low_km:.0f} km and more"
    return f"up to {row.high_km:.0f} km" if row.low_km < 1 else f"{row.low_km:.0f} to {row.high_km:.0f} km"


def draw_by_distance(ax: Axes, gains: pd.DataFrame) -> pd.Series:
    """Gain by distance (:func:`.law.by_distance`), and dotted that of one who knows what place does; what was drawn."""
    bins = gains.drop_duplicates("low_km").reset_index(drop=True)
    gains = gains.assign(position=gains["low_km"].map({low: i for i, low in enumerate(bins["low_km"])}))
    known = gains["arm"] == law.ORACLE
    ax.plot(gains.loc[known, "position"], gains.loc[known, "gain"], color=figures.INK, ls=":")
    lines.draw(ax, gains[~known], [_short(row) for row in bins.itertuples()], y="gain")
    ax.tick_params(axis="x", labelrotation=60)
    ax.set_xlabel("km to nearest training station")
    return gains["gain"]


def _short(row: Any) -> str:
    """A bin of distance under an axis: 0, <10, 20–40, 640+."""
    text = reach(row).replace("up to ", "<").replace(" to ", "–")
    return text.replace(" km and more", "+").replace(" km", "")


def draw_by_stations(ax: Axes, gains: pd.DataFrame) -> pd.Series:
    """Gain by the number of training stations (:func:`.law.by_stations`); what was drawn."""
    numbers = sorted(gains["trained"].unique())
    lines.draw(ax, gains.assign(position=gains["trained"].map(numbers.index)), [f"{n:,.0f}" for n in numbers])
    ax.set_xlabel("training stations, spatial split")
    return gains["difference"]


def draw_by_length(ax: Axes, gains: pd.DataFrame) -> pd.Series:
    """Gain by length of training (:func:`.budget.curve`), the plain one and twice as long; what was drawn."""
    lines.pairs(ax, gains, lambda row: budget.named(row).split("· ")[1])
    ax.set_xlabel("length of training → twice as long")
    return gains["difference"]


def cells(gains: pd.DataFrame) -> pd.DataFrame:
    """Gains by distance as text, arms beside each other; bold where the interval excludes zero."""
    text = []
    for row in gains.itertuples():
        mean = minus(f"{row.gain:+.3f}" + (f" ({signed(row.low, row.high)})" if np.isfinite(row.low) else ""))
        text.append(f"**{mean}**" if row.clear else mean)
    gains = gains.assign(text=text, arm=[figures.look(arm).name for arm in gains["arm"]])
    wide = gains.pivot(index=["low_km", "high_km", "stations", "rows"], columns="arm", values="text").reset_index()
    wide.insert(0, "nearest training station", [reach(row) for row in wide.itertuples()])
    return wide.drop(columns=["low_km", "high_km"]).astype({"rows": int}).rename_axis(None, axis=1)


def ends(gains: pd.DataFrame, name: Callable[[Any], str] = reach) -> pd.DataFrame:
    """Where each arm's gain is clear, and where it ends, as text; a row an arm.

    Parameters
    ----------
    gains : pandas.DataFrame
        As :func:`placeprior.evidence.law.by_distance` or :func:`placeprior.evidence.law.by_stations`, in the order in
        which the end is looked for.
    name : callable
        A row in words.

    Returns
    -------
    pandas.DataFrame
        ``arm``, ``gains clearly at``, ``not clearly from``: the first row whose gain is not clearly above zero; and
        ``loses clearly at``.
    """
    rows = []
    for arm in [arm for arm in arm_order(gains["arm"]) if arm != law.ORACLE]:
        own = gains[gains["arm"] == arm]
        parts = (own[own["clear"] > 0], own[own["clear"] <= 0][:1], own[own["clear"] < 0])
        rows.append((called(arm), *(listed([name(row) for row in part.itertuples()]) or "–" for part in parts)))
    return pd.DataFrame(rows, columns=["arm", "gains clearly at", "not clearly from", "loses clearly at"])
