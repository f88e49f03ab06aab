"""Figures and tables of the page on who is served: changes of gaps between groups, scores of geographic bias."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from placeprior import evidence
from placeprior.arms import arm_order, called, with_arm
from placeprior.book import figures, results
from placeprior.book.results import Results
from placeprior.book.style import LAND, PAPER, look
from placeprior.book.words import minus, signed
from placeprior.errors import StoreError
from placeprior.evidence import error_maps, families, matched, station_errors, who_is_served
from placeprior.evidence.error_maps import ErrorMaps
from placeprior.evidence.gains import REFERENCE, reference_of
from placeprior.scores.interval import surviving

GEOCLIP, OUT = "geoclip-hadamard", "checkerboard-16"
#: Arms of the page: references, controls, and the ways to tell the place of the study.
ARMS = (
    "none",
    REFERENCE,
    "random-vector-hadamard",
    "shuffled-hadamard",
    "urban-hadamard",
    "lonlat",
    "sincos",
    GEOCLIP,
    "geoclip-concat",
)
#: What a change is of: gaps between two groups, and how far the climate regions are apart.
GAPS = {f"{one} − {two}": f"{one} − {two}" for one, two in station_errors.PAIRS} | {"spread": "spread over regions"}
#: Measures of geographic bias: name, unit, digits.
SCORES = {
    "regions": "spread over regions",
    "moran": "Moran's I of the bias",
    "scale": "by scale",
    "distance": "by distance",
    "direction": "by direction",
    "ssi": "self-information",
}
DRAWN = ("scale", "distance", "direction", "ssi")


@dataclass(frozen=True)
class Served:
    """One task: its results, its maps of errors in new regions, and its scores of geographic bias."""

    results: Results
    out: ErrorMaps
    bias: pd.DataFrame

    @property
    def arms(self) -> list[str]:
        """Those of the page that have a map."""
        return [name for name in ARMS if name in self.out.whole]

    def even(self) -> pd.DataFrame:
        """:func:`placeprior.evidence.error_maps.evenness` of the page's arms."""
        km = matched.reach(self.results.profile, self.results.task)[OUT]
        return error_maps.evenness(self.out, reference_of, self.arms, km)


def load(profile: str, task: str) -> Served:
    """Committed results of a task; its scores of geographic bias are empty where they were not made."""
    asked = {*ARMS, *(name for name in families.asked(profile) if families.kind(name) != "baseline")}
    own = results.load(profile, task, arms=asked, splits=[OUT])
    out = error_maps.of_split(own.scores, own.sums, REFERENCE, OUT)
    try:
        bias = with_arm(evidence.read(profile, "who_is_served"))
    except StoreError:
        bias = pd.DataFrame(columns=["arm", *who_is_served.COLUMNS])
    bias = bias[(bias["task"] == task) & (bias["split"] == OUT) & bias["arm"].isin(asked)]
    return Served(own, out, bias)


# --- figures ----------------------------------------------------------------------------------------------------------


def draw_maps(own: Served) -> str:
    """RMSE of the network without a place at each station, and its change by GeoCLIP; the line under the figure."""
    base = own.out.whole[REFERENCE]["rmse"].to_numpy()
    change = own.out.whole[GEOCLIP]["rmse"].to_numpy() - base
    fig, axes = figures.panels(2, 1, row=3.1, extra=0.3, width=5.6, maps=True)
    size = 10 if len(base) < 600 else 6
    dots = figures.station_map(axes[0], own.out.lonlat, base, "RMSE", size=size, bar=False)
    axes[0].set_title("no location, extra head")
    figures.colourbar(axes[0], dots, "RMSE", extend="both", shrink=0.9)
    top = float(np.quantile(np.abs(change), 0.95))
    ends = {"kind": "difference", "vmin": -top, "vmax": top}
    dots = figures.station_map(axes[1], own.out.lonlat, change, "change", size=size, bar=False, **ends)
    axes[1].set_title("change by GeoCLIP, Hadamard")
    figures.colourbar(axes[1], dots, "change of RMSE", extend="both", shrink=0.9)
    table = own.out.whole[REFERENCE][["lon", "lat"]].assign(rmse=base, change=change).rename_axis("station")
    origin = own.results
    return figures.label(
        fig, origin.profile, n=len(base), of="stations", embedded=origin.embedded, data=table.reset_index()
    )


def draw_gaps(found: Mapping[str, pd.DataFrame]) -> tuple[Figure, pd.DataFrame]:
    """Draw the change of each gap, a row an arm, a panel a gap; the first task filled with intervals, others hollow.

    Parameters
    ----------
    found : mapping
        Title of a task to table, as :meth:`Served.even`.

    Returns
    -------
    figure
    table : pandas.DataFrame
        What is drawn.
    """
    table = pd.concat([own.assign(task=title) for title, own in found.items()], ignore_index=True)
    table = table[table["who"].isin(GAPS) & (table["arm"] != REFERENCE)]
    arms = arm_order(table["arm"])
    fig, axes = figures.panels(len(GAPS), 2, row=0.25 * len(arms) + 0.8, extra=0.2, sharex=True, sharey=True)
    for ax, (who, name) in zip(axes, GAPS.items(), strict=True):
        for number, title in enumerate(found):
            own = table[(table["who"] == who) & (table["task"] == title)]
            for one in own.itertuples():
                drawn, row = look(one.arm), arms.index(one.arm) + 0.14 * (number * 2 - 1) * (len(found) > 1)
                fill, line = (drawn.colour, PAPER) if not number else ("none", drawn.colour)
                ax.plot([one.low, one.high], [row, row], color=drawn.colour, lw=1.8 if not number else 0.8, zorder=2)
                ax.scatter(one.change, row, s=34, marker=drawn.marker, color=fill, ec=line, lw=0.8, zorder=3)
        figures.rows(ax, [called(arm).removesuffix(", Hadamard") for arm in arms])
        ax.set_title(name)
        ax.tick_params(axis="y", labelsize="small")
    for ax in axes[-2:]:
        ax.set_xlabel(f"change [{figures.UNIT}]")
    columns = ["task", "who", "arm", "value", "value_low", "value_high", "change", "low", "high", "clear", "stations"]
    return fig, table[columns]


def counted(found: Mapping[str, pd.DataFrame]) -> str:
    """How many of the changes that :func:`draw_gaps` shows are clear, one by one and together, as a sentence."""
    told = []
    for title, table in found.items():
        own = table[table["who"].isin(GAPS) & (table["arm"] != REFERENCE)].dropna(subset=["low"])
        own = own.rename(columns={"change": "difference"}).reset_index(drop=True)
        clear, stay = int((own["clear"] != 0).sum()), len(surviving(own))
        told.append(f"{clear} of {len(own)} changes are clear on *{title}*, and {stay} by {{term}}`Holm's rule`")
    return f"{'; '.join(told)}." if told else ""


def draw_scores(own: Served) -> tuple[Figure, pd.DataFrame]:
    """Draw scores of the page's arms, mean and range over seeds, a row an arm, with the band of chance.

    Parameters
    ----------
    own : Served

    Returns
    -------
    figure
    table : pandas.DataFrame
        What is drawn.
    """
    bias = own.bias[own.bias["measure"].isin(DRAWN) & own.bias["arm"].isin(ARMS)].dropna(subset=["value"])
    measures = [key for key in DRAWN if (bias["measure"] == key).any()]
    arms = arm_order(bias["arm"])
    fig, axes = figures.panels(len(measures), 2, row=0.25 * len(arms) + 0.8, extra=0.2, sharey=True)
    for ax, key in zip(axes, measures, strict=True):
        part = bias[bias["measure"] == key]
        for row, arm in enumerate(arms):
            value, drawn = part.loc[part["arm"] == arm, "value"], look(arm)
            if len(value):
                ax.plot([value.min(), value.max()], [row, row], color=drawn.colour, lw=1.6, zorder=2)
                ax.scatter(value.mean(), row, s=36, marker=drawn.marker, color=drawn.colour, ec=PAPER, lw=0.5, zorder=3)
        chance, sd = part[["chance", "sd"]].iloc[0]
        ax.axvspan(chance - 2 * sd, chance + 2 * sd, color=LAND, lw=0, zorder=0)
        figures.rows(ax, [called(arm).removesuffix(", Hadamard") for arm in arms], zero=False)
        ax.set(title=SCORES[key], xlabel="nats", xlim=(0, None))
        ax.tick_params(axis="y", labelsize="small")
        ax.xaxis.set_major_locator(MaxNLocator(4))
    return fig, bias[["arm", "measure", "seed", "value", "chance", "sd", "p"]]


# --- tables -----------------------------------------------------------------------------------------------------------


def planted(found: pd.DataFrame) -> pd.DataFrame:
    """Standard deviations above chance of each pattern and measure, as text.

    Parameters
    ----------
    found : pandas.DataFrame
        As :func:`placeprior.evidence.error_maps.planted`.
    """
    table = found.reindex(columns=list(SCORES)).map(lambda z: minus(f"{z:.1f}") if np.isfinite(z) else "–")
    return table.rename(columns=SCORES).rename_axis(index="pattern", columns=None)


def raised(sources: Sequence[Served], without: Collection[str]) -> pd.DataFrame:
    """How many encoders raise or lower each measure, and the rank correlation with the change of RMSE, as text.

    Parameters
    ----------
    sources : sequence of Served
    without : collection of str
        Arms that are no encoders.
    """
    rows: list[tuple[Any, ...]] = []
    for own in sources:
        table = error_maps.raised(error_maps.changes(own.bias, REFERENCE, without), SCORES)
        for row in table.itertuples():
            up, down = (int(table.loc[row.Index, side]) for side in ("raise", "lower"))
            rho = "–" if not np.isfinite(row.rho) else minus(f"{row.rho:+.2f}") + f" ({signed(row.low, row.high, 2)})"
            counts = map(str, (row.arms, up, down, row.arms - up - down))
            rows.append((own.results.title, SCORES[row.measure], *counts, rho))
    heads = ["task", "measure", "encoders", "raise it", "lower it", "seeds disagree", "correlation with RMSE"]
    return pd.DataFrame(rows, columns=heads)
