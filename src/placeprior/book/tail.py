"""Drawings and tables of the page about parts of an error: means of places and their days, high days, kinds of days.

Every function takes rows of :func:`placeprior.evidence.subsets.referenced`; drawings take those of the embedded world
or of real measurements, one panel a task and split.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from placeprior.arms import arm_order, splits_in, where
from placeprior.book import figures
from placeprior.book.results import TASKS
from placeprior.book.tables import captioned, folded, gains
from placeprior.book.words import INTERVAL, NOTE, capital, minus
from placeprior.evidence import strata, subsets
from placeprior.scores import error_parts

#: The strata of :func:`placeprior.evidence.strata.masks` in words.
STRATA = {
    "all": "all days",
    "high-35": "at least 35",
    "high-55": "at least 55",
    "smoke": "smoke",
    "no-smoke": "no smoke",
    "episode": "smoke proxy",
    "no-episode": "other days",
    "DJF": "winter",
    "MAM": "spring",
    "JJA": "summer",
    "SON": "autumn",
}
SEASONS = list(strata.SEASONS)
LEVELS = [f"{level:.0f}" for level in error_parts.LEVELS]
QUANTILES = [f"{100 * quantile:.0f}" for quantile in error_parts.QUANTILES]
#: The parts of an error: what each is called, colour and hatching.
PARTS = {"between": ("means of places", "#0173b2", ""), "within": ("their days", "#de8f05", "////")}


def _panels(table: pd.DataFrame) -> Iterator[tuple[str, str, pd.DataFrame]]:
    """Task, split and their rows, in the book's order."""
    for task in [task for task in TASKS if task in set(table["task"])]:
        own = table[table["task"] == task]
        for split in splits_in(own):
            yield task, split, own[own["split"] == split]


def _heading(task: str, split: str, embedded: bool) -> str:
    return where(split) if embedded else f"{TASKS[task]}\n{where(split)}"


def _values(part: pd.DataFrame, stratum: str = "all") -> pd.DataFrame:
    """Mean scores, arms by metrics."""
    own = part[part["stratum"] == stratum]
    return own.pivot(index="arm", columns="metric", values="value").reindex(arm_order(part["arm"]))


def _label(fig: figures.Figure, table: pd.DataFrame, profile: str, embedded: bool, note: str = "") -> str:
    whole = table[(table["stratum"] == "all") & (table["metric"] == "rmse")]
    of = "station-days a fit at most"
    return figures.label(fig, profile, n=int(whole["n"].max()), of=of, embedded=embedded, note=note)


def draw_parts(table: pd.DataFrame, profile: str, *, embedded: bool) -> str:
    """Stacked bars of the squared error of each arm, under the variance of the measurements.

    Parameters
    ----------
    table : pandas.DataFrame
    profile : str
    embedded : bool
        Whether these are of the embedded world.

    Returns
    -------
    str
        The line under the figure.
    """
    panels = list(_panels(table))
    if not panels:
        return figures.nothing("Parts of the error", profile, embedded=embedded)
    columns = 1 if embedded else 2
    most = max(part["arm"].nunique() for *_, part in panels) + 1
    fig, axes = figures.panels(len(panels), columns, row=0.27 * most + 0.65, extra=0.9)
    for number, (ax, (task, split, part)) in enumerate(zip(axes, panels, strict=True)):
        values = _values(part).drop(index="idw", errors="ignore")
        left = _stacked(ax, values)
        for row, (_, r2) in enumerate(values["r2"].items(), 1):
            ax.text(left[row] + 0.01 * left.max(), row, minus(f"R² {r2:.2f}"), va="center", fontsize="small")
        names = ["measured (variance)", *(figures.look(arm).name for arm in values.index)]
        figures.rows(ax, [textwrap.fill(name, 24) for name in names], room=0.6, zero=False)
        ax.set_title(_heading(task, split, embedded))
        ax.set_xlim(0, (1.2 if columns == 1 else 1.35) * left.max())
        ax.tick_params(labelleft=number % columns == 0)
    for ax in axes[-columns:]:
        ax.set_xlabel("[µg² m⁻⁶]" if columns > 1 else "variance or mean squared error [µg² m⁻⁶]")
    fig.legend(*axes[0].get_legend_handles_labels(), loc="outside upper center", ncols=2)
    return _label(fig, table, profile, embedded)


def _stacked(ax: Axes, values: pd.DataFrame) -> np.ndarray:
    """The variance's bar and below it each arm's, both parts; where the bars end, µg² m-6."""
    end = np.zeros(len(values) + 1)
    for name, (word, colour, hatch) in PARTS.items():
        width = np.array([values[f"var_{name}"].iloc[0], *values[f"mse_{name}"]])
        ax.barh(range(len(end)), width, left=end, color=colour, hatch=hatch, ec="white", lw=0, label=word, height=0.7)
        end += width
    return end


def draw_means_and_days(table: pd.DataFrame, profile: str, *, embedded: bool) -> str:
    """Differences of the two R2, means of places on the left and their days on the right; as :func:`draw_parts`."""
    panels = list(_panels(subsets.told(table)))
    if not panels:
        return figures.nothing("Means and days", profile, embedded=embedded)
    most = max(part["arm"].nunique() for *_, part in panels)
    size = (6.4, len(panels) * (0.36 * most + 0.6) + 0.7)
    fig, axes = figures.subplots(len(panels), 2, size=size, squeeze=False)
    for pair, (task, split, part) in zip(axes, panels, strict=True):
        for ax, name in zip(pair, PARTS, strict=True):
            own = part[(part["stratum"] == "all") & (part["metric"] == f"r2_{name}")]
            figures.forest(ax, own.assign(value=own["difference"]), "", reference=0)
            ax.set_title(f"{_heading(task, split, embedded)}: {PARTS[name][0]}" if ax is pair[0] else PARTS[name][0])
        pair[1].tick_params(labelleft=False)
    for ax in axes[-1]:
        ax.set_xlabel("ΔR² to the reference")
    return _label(fig, table, profile, embedded, NOTE)


def draw_events(table: pd.DataFrame, profile: str, *, embedded: bool) -> str:
    """Hit rate against the share of right alarms, one column a split, one row a level; as :func:`draw_parts`."""
    panels = list(_panels(table))
    if not panels:
        return figures.nothing("Hits and alarms", profile, embedded=embedded)
    columns = min(len(panels), 3 if embedded else 4)
    size = (6.4, 5.4 if columns < 4 else 4.6)
    fig, axes = figures.subplots(len(LEVELS), columns, size=size, squeeze=False, sharex=True, sharey=True)
    arms: set[str] = set()
    for row, level in zip(axes, LEVELS, strict=True):
        for ax, (task, split, part) in zip(row, panels, strict=False):
            arms |= _hits(ax, _values(part).reindex(columns=[f"far_{level}", f"pod_{level}"]).set_axis([0, 1], axis=1))
            if level == LEVELS[0]:
                ax.set_title(_heading(task, split, embedded), fontsize="small")
        row[0].set_ylabel(f"hit rate, {level} {figures.UNIT}")
    for ax in axes[-1]:
        ax.set_xlabel("right alarms" if columns > 2 else "share of right alarms")
    if arms:
        figures.legend_above(fig, arms, linestyle="", fontsize="small")
    return _label(fig, table, profile, embedded)


def _hits(ax: Axes, values: pd.DataFrame) -> set[str]:
    """One panel: false alarm ratio (0) and hit rate (1) of the arms, over lines of equal critical success."""
    x, y = np.meshgrid(np.linspace(0.01, 1, 60), np.linspace(0.01, 1, 60))
    ax.contour(x, y, 1 / (1 / x + 1 / y - 1), levels=[0.2, 0.4, 0.6, 0.8], colors="#c9c9c9", linewidths=0.8)
    ax.plot([0, 1], [0, 1], color="#777777", lw=1, ls="--")
    drawn = values.dropna()
    for arm, alarms, hits in drawn.itertuples():
        look, style = figures.look(arm), {"s": 46, "ec": "white", "lw": 0.6, "zorder": 3, "clip_on": False}
        ax.scatter(1 - alarms, hits, marker=look.marker, color=look.colour, **style)
    if drawn.empty:
        box = {"fc": "white", "ec": "none", "pad": 1}
        ax.text(0.5, 0.5, "no such day told", ha="center", va="center", fontsize="x-small", bbox=box)
    ax.set(xlim=(0, 1), ylim=(0, 1), aspect="equal", xticks=[0, 0.5, 1], yticks=[0, 0.5, 1])
    return set(drawn.index)


def draw_quantiles(table: pd.DataFrame, profile: str, *, embedded: bool) -> str:
    """Estimated minus measured quantile of a station's days, one panel a split; as :func:`draw_parts`."""
    names = [f"q{quantile}_mbe" for quantile in QUANTILES]
    panels = []
    for task, split, part in _panels(table):
        values = _values(part).reindex(columns=names).drop(index="idw", errors="ignore")
        if "none" in values.index and np.isfinite(values.loc["none", names[0]]):
            panels.append((_heading(task, split, embedded), values))
    if not panels:
        return figures.nothing("Percentiles", profile, embedded=embedded)
    columns = min(len(panels), 3 if embedded else 2)
    fig, axes = figures.panels(len(panels), columns, row=2.2, extra=1.2, sharex=True, sharey=columns == 3)
    for ax, (title, values) in zip(axes, panels, strict=True):
        for number, (arm, own) in enumerate(values.iterrows()):
            look, shift = figures.look(arm), 0.07 * (number - (len(values) - 1) / 2)
            ax.plot(np.arange(len(names)) + shift, own, color=look.colour, marker=look.marker, lw=1.2)
        ax.axhline(0, color="#777777", lw=1, ls="--")
        ax.set_xticks(range(len(names)), QUANTILES)
        ax.set_title(title)
    for ax in axes[-columns:]:
        ax.set_xlabel("percentile")
    for ax in axes[::columns]:
        ax.set_ylabel(f"estimated − measured\n[{figures.UNIT}]")
    figures.legend_above(fig, {arm for _, values in panels for arm in values.index}, fontsize="small")
    return _label(fig, table, profile, embedded)


def draw_strata(table: pd.DataFrame, profile: str, *, embedded: bool) -> str:
    """Relative differences of RMSE, kinds of days on the left, seasons on the right; as :func:`draw_parts`."""
    told = subsets.told(table)
    panels = list(_panels(told[told["metric"] == "rmse"]))
    if not panels:
        return figures.nothing("Kinds of days", profile, embedded=embedded)
    fig, axes = figures.subplots(len(panels), 2, size=(6.4, 2.75 * len(panels) + 1.0), squeeze=False)
    for pair, (task, split, part) in zip(axes, panels, strict=True):
        kinds = strata.kinds(table.loc[table["task"] == task, "stratum"])
        for ax, wanted in zip(pair, (kinds, SEASONS), strict=True):
            _bars(ax, part, wanted)
        pair[0].set_title(_heading(task, split, embedded))
    for ax in axes[-1]:
        ax.set_xlabel("ΔRMSE [% of the reference's]")
    figures.legend_above(fig, {arm for *_, part in panels for arm in part["arm"]}, fontsize="small")
    return _label(fig, table, profile, embedded, NOTE)


def _bars(ax: Axes, part: pd.DataFrame, strata: list[str]) -> None:
    """Differences of RMSE in per cent of the reference's, a row a stratum, its arms below each other."""
    arms = arm_order(part.loc[part["stratum"] == "all", "arm"])
    for number, arm in enumerate(arms):
        look, shift = figures.look(arm), 0.17 * (number - (len(arms) - 1) / 2)
        for one in part[(part["arm"] == arm) & part["stratum"].isin(strata)].itertuples():
            at, share = strata.index(one.stratum) + shift, 100 / (one.value - one.difference)
            ax.plot([share * one.low, share * one.high], [at, at], color=look.colour, lw=1.8)
            style = {"s": 26, "ec": "white", "lw": 0.5, "zorder": 3}
            ax.scatter(share * one.difference, at, color=look.colour, marker=look.marker, **style)
    figures.rows(ax, [STRATA[name] for name in strata])
    for line in np.arange(0.5, len(strata) - 1):
        ax.axhline(line, color="#e6e6e6", lw=0.8)


def scores_of(table: pd.DataFrame, scores: Mapping[tuple[str, str], str], digits: int = 2) -> pd.DataFrame:
    """Mean scores of every task, split and arm.

    Parameters
    ----------
    table : pandas.DataFrame
    scores : mapping
        Stratum and metric, to the column's heading.
    digits : int

    Returns
    -------
    pandas.DataFrame
        Text; a dash where there is no such row.
    """
    means = table.set_index(["task", "split", "arm", "stratum", "metric"])["value"].to_dict()
    rows = []
    for task, split, part in _panels(table):
        for arm in arm_order(part["arm"]):
            found = [means.get((task, split, arm, *score), np.nan) for score in scores]
            text = [minus(f"{value:.{digits}f}") if np.isfinite(value) else "–" for value in found]
            rows.append((capital(TASKS[task]), where(split), figures.look(arm).name, *text))
    return pd.DataFrame(rows, columns=["task", "split", "arm", *scores.values()])


def intervals(table: pd.DataFrame, task: str, origin: str) -> str:
    """Differences of RMSE of a task with their intervals, as Markdown: a table a stratum, in a folded box.

    Parameters
    ----------
    table : pandas.DataFrame
        As :func:`placeprior.evidence.subsets.told`.
    task : str
    origin : str
        For the captions: the profile, and whether anything was measured.
    """
    own = table[(table["task"] == task) & (table["metric"] == "rmse")]
    shown = []
    for stratum in [*strata.kinds(own["stratum"]), *SEASONS]:
        rows = own[(own["stratum"] == stratum) & own["low"].notna()]
        if len(rows):
            caption = (
                f"{capital(TASKS[task])}, {STRATA[stratum]}: test RMSE in {figures.UNIT} minus that of the reference "
                f"on the same rows, {INTERVAL} over places and trainings, bold where it is clear; up to "
                f"{int(rows['n'].max()):,} rows a fit, {origin}."
            )
            text = gains(rows.assign(apart=[()] * len(rows)))
            shown.append(captioned(text, caption, f"tab-tail-{task}-{stratum.lower()}"))
    title = f"{capital(TASKS[task])}: differences of RMSE in {figures.UNIT} with their intervals"
    return folded(title, *shown) if shown else ""
