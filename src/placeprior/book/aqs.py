"""Tables and figures of the page on real measurements."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from placeprior.arms import arm_order, called, splits_in, where
from placeprior.book import figures
from placeprior.book.results import Results
from placeprior.book.style import MUTED
from placeprior.book.tables import TABLE, captioned, cells, folded
from placeprior.book.words import REPORTED, agreement, listed, minus, reported, reported_sign
from placeprior.scores import metrics

FEW = 20  # the stations that changed most: one of so many

#: Metrics of the score tables: how a caption calls them, and digits.
METRICS = {
    "r2": ("R²", 2),
    "rmse": (f"RMSE in {figures.UNIT}", 2),
    "rmse_35": (f"RMSE in {figures.UNIT} on rows measured at {metrics.HIGH:.0f} {figures.UNIT} or more", 1),
}


def score_tables(own: Results) -> Any:
    """R2 of a task as a table, errors folded below it; or a line that says that there is none."""
    from IPython.display import Markdown

    if own.scores.empty:
        return Markdown(f"*No runs of task `{own.task}` are in `results/{own.profile}`.*")
    r2, *errors = (
        captioned(
            cells(own.scores, metric, digits),
            f"{own.heading}: test {text}, {TABLE}; real measurements, profile {own.profile}.",
            f"tab-aqs-{own.short}-{metric.replace('_', '-')}",
        )
        for metric, (text, digits) in METRICS.items()
    )
    below = folded(f"{own.heading}: root mean square errors, on all days and on high days", *errors)
    return Markdown(f"{r2.data}\n\n{below}")


def sizes(tasks: Sequence[Results]) -> pd.DataFrame:
    """What the scores of each task and split rest on, as text."""
    rows = []
    for own in tasks:
        fits = own.scores[own.scores["metric"] == "r2"]
        for split in splits_in(fits):
            here = fits[fits["split"] == split]
            one = here.drop_duplicates(["fold", "seed"])
            tested = own.sums[own.sums["run"].isin(one["run"])]
            stations = tested.groupby("run")["name"].nunique().mean()
            numbers = (here["run"].nunique(), int(one["n"].mean()), round(stations), tested["name"].nunique())
            rows.append((own.title, where(split), *(f"{number:,}" for number in numbers)))
    heads = ["task", "split", "runs", "test rows a fit", "test stations a fit", "stations over all fits"]
    return pd.DataFrame(rows, columns=heads)


def concentration(gains: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Where errors became smaller, and how much of all change the few stations hold that changed most, as text.

    Parameters
    ----------
    gains : mapping
        Title of a task to one row a station: ``gain`` (mean squared error, reference minus arm) and ``n``, test rows.
    """
    rows = []
    for title, table in gains.items():
        size = (table["gain"] * table["n"]).abs().sort_values(ascending=False)
        few = max(1, len(size) // FEW)
        smaller, held = 100 * (table["gain"] > 0).mean(), 100 * size.head(few).sum() / size.sum()
        rows.append((title, f"{len(table):,}", f"{smaller:.0f} %", f"{few:,}", f"{held:.0f} %"))
    heads = ["task", "stations", "with a smaller error", "that changed most", "share of all change they hold"]
    return pd.DataFrame(rows, columns=heads)


def draw_gains(gains: Mapping[str, pd.DataFrame]) -> Figure:
    """Gain in squared error at every station, one map a task, each scale cut at its 95th percentile."""
    fig, axes = figures.panels(len(gains), 1, row=4.2, extra=0.0, maps=True)
    for ax, (title, table) in zip(axes, gains.items(), strict=True):
        top = float(np.percentile(table["gain"].abs(), 95))
        figures.station_map(
            ax,
            table[["lon", "lat"]].to_numpy(),
            table["gain"].to_numpy(),
            "squared error, no location − GeoCLIP",
            unit="µg² m⁻⁶",
            kind="difference",
            vmin=-top,
            vmax=top,
            size=12,
        )
        ax.set_title(f"{title}, {len(table):,} stations")
    return fig


def draw_attention(found: Mapping[str, pd.DataFrame]) -> Figure:
    """Mean attention weight by lag of every arm, one panel a task.

    Parameters
    ----------
    found : mapping
        Title of a task to table, as :func:`placeprior.evidence.importance.attention`, with a column ``arm``.
    """
    fig, axes = figures.panels(len(found), len(found), row=3.2, sharey=True)
    for ax, (title, table) in zip(axes, found.items(), strict=True):
        for name in arm_order(table["arm"]):
            mean, look = table[table["arm"] == name].groupby("lag")["weight"].mean(), figures.look(name)
            ax.plot(mean, color=look.colour, marker=look.marker, lw=1.4, ms=5)
        ax.axhline(1 / table["lag"].nunique(), color=MUTED, lw=1, ls=":")
        ax.set(title=title, xlabel="lag [days]")
    axes[0].set_ylabel("attention weight")
    axes[0].set_ylim(bottom=0)
    figures.legend_above(fig, {name for table in found.values() for name in table["arm"]})
    return fig


def beside_reported(tasks: Sequence[Results], gaps: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """R2 of no location and of each arm, as reported (second-hand) and as found, and whether the direction agrees.

    Parameters
    ----------
    tasks : sequence of Results
    gaps : mapping
        Task to differences to no location, as :func:`placeprior.evidence.matched.differences`.

    Returns
    -------
    pandas.DataFrame
        Text; a row for each split and arm of which anything is reported.
    """
    every, rows = pd.concat([own.scores for own in tasks]), []
    found = {own.task: gaps[own.task].set_index(["split", "arm"]) for own in tasks}
    r2 = every[every["metric"] == "r2"].groupby(["task", "split", "arm"])["value"].mean()
    for split in splits_in(every):
        for name in arm_order(every["arm"]):
            if name in ("idw", "none") or reported_sign(split, name) is None:
                continue
            told = reported(split, name)
            if REPORTED.get(split, {}).get(name):
                told = f"{reported(split, 'none')} → {told}"
            row = {"split": where(split), "arm": called(name), "reported (second-hand)": told}
            for own in tasks:
                row[own.title] = "no fits yet"
                if (split, name) in found[own.task].index:
                    told = agreement(split, name, int(found[own.task].loc[(split, name), "clear"]))
                    told = "equal or mixed there" if told.startswith("reported") else told
                    none, arm = (r2[own.task, split, each] for each in ("none", name))
                    row[own.title] = f"{minus(f'{none:.2f} → {arm:.2f}')}, {told}"
            rows.append(row)
    return pd.DataFrame(rows)


def cost(tasks: Sequence[Results], stamps: Mapping[str, Mapping[str, Any]]) -> pd.DataFrame:
    """Runs of each task and what they took, from their stamps, as text."""
    rows = []
    for own in tasks:
        told = [stamps[run] for run in own.scores["run"].unique() if run in stamps]
        sizes = [stamp["parameters"] for stamp in told if stamp.get("parameters")]
        threads = {f"{stamp['device']}, {stamp['threads']} thread{'s' * (stamp['threads'] > 1)}" for stamp in told}
        rows.append(
            {
                "task": own.task,
                "runs": str(len(told)),
                "trained": str(len(sizes)),
                "minutes, all runs": f"{sum(stamp['seconds'] for stamp in told) / 60:.0f}",
                "parameters": f"{min(sizes):,} to {max(sizes):,}" if sizes else "–",
                "made on": listed(sorted(threads)),
                "software": listed(sorted({f"torch {stamp['torch']}, {stamp['system']}" for stamp in told})),
            }
        )
    return pd.DataFrame(rows)
