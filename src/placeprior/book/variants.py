"""What the pages of the single variants say and draw: what a variant is told, how it was trained, where it errs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from placeprior import encoders
from placeprior.arms import NO_PLACE, splits_in, where
from placeprior.book import figures
from placeprior.book.style import MUTED, PAPER, Look
from placeprior.book.words import NAMES
from placeprior.runs import plan
from placeprior.scores import metrics

ACROSS = 3  # panels side by side
TOLD = {
    "none": "Nothing. The estimate depends on the window of daily inputs alone: two places with the same inputs get "
    "the same estimate. Every other variant is compared with this one.",
    "lonlat": "Longitude and latitude, in degrees, scaled on the training stations and appended to every day's inputs "
    "as two further columns. A model can bend them into any map, and can also use them as a station's name.",
    "sincos": "Sine and cosine of longitude and of latitude, appended to every day's inputs as four further columns. "
    "The same information as the coordinates without a seam at the date line, which the contiguous US do not touch.",
    "geoclip": "A vector that GeoCLIP's frozen encoder computes from the coordinates. It was learned by matching "
    "places with photographs taken there, and is projected by a trained layer to the width of the window's summary.",
}
JOINED = {
    "hadamard": " The two are **multiplied** element by element: the place scales what the window says.",
    "concat": " The two are set **side by side**, and a further layer sees both.",
}


def told(variant: str, fusion: str) -> str:
    """What a variant is told about the place, and how that joins, in words."""
    return TOLD.get(variant, f"The place vector of encoder {variant}.") + JOINED.get(fusion, "")


def facts(runs: Sequence[plan.Run], stored: Mapping[str, Mapping[str, Any]]) -> pd.DataFrame:
    """How a variant was trained, a row a fact.

    Parameters
    ----------
    runs : sequence of Run
        Of one variant.
    stored : mapping
        What the store holds of each, by id (:func:`placeprior.runs.store.read`).
    """
    first, one = runs[0], stored[runs[0].id]
    config = first.settings
    dim = 0 if first.variant in NO_PLACE else encoders.load(first.variant).dim
    stamps = [stored[run.id]["stamp"] for run in runs]
    minutes = sum(stamp["seconds"] for stamp in stamps) / 60
    threads = sorted({f"{stamp['device']}, {stamp['threads']} thread" for stamp in stamps})
    seeds = ", ".join(map(str, sorted({run.seed for run in runs})))
    splits = {run.split for run in runs}
    rows = [
        ("trained parameters", f"{one['parameters']:,}"),
        ("numbers that tell the place", str(dim)),
        ("dynamic inputs a day", f"{len(one['predictors'])}: " + ", ".join(one["predictors"])),
        ("window", f"{config.window} days, the estimated day last"),
        ("width of the LSTMs, of the summary", f"{config.width}, {config.summary}"),
        ("epochs, rows a step", f"{config.epochs}, {config.batch}; every epoch shows every training row once"),
        ("learning rate", f"rises once to {config.rate:g} and falls to zero"),
        ("fits", f"{len(runs)} ({len(splits)} splits, seeds {seeds}, both partitions of a checkerboard)"),
        ("time for all fits", f"{minutes:.1f} minutes ({'; '.join(threads)})"),
    ]
    return pd.DataFrame(rows, columns=["what", "here"])


def scores(fits: pd.DataFrame) -> pd.DataFrame:
    """Every score by split and fold, mean and standard deviation over seeds; a dash where it is not defined.

    Parameters
    ----------
    fits : pandas.DataFrame
        A row a fit: ``split``, ``fold``, ``n`` (test rows) and the metrics.
    """

    def cell(values: pd.Series, digits: int) -> str:
        values = values.dropna()
        spread = f" ± {values.std():.{digits}f}" if len(values) > 1 else ""
        return f"{values.mean():.{digits}f}" + spread if len(values) else "–"

    rows = []
    for split in splits_in(fits):
        for fold, part in fits[fits["split"] == split].groupby("fold"):
            sizes = dict.fromkeys(f"{n:,.0f}" for n in (part["n"].min(), part["n"].max()))
            what = {"split": where(split), "fold": str(fold), "fits": str(len(part)), "test rows": " – ".join(sizes)}
            rows.append(what | {NAMES[m]: cell(part[m], 3 if m == "r2" else 2) for m in metrics.METRICS})
    return pd.DataFrame(rows)


def _panels(splits: Sequence[str], extra: float, x: str, y: str) -> tuple[Figure, list[Axes]]:
    """A panel a split; the axes named at the left and at the bottom."""
    fig, axes = figures.panels(len(splits), ACROSS, row=2.0, extra=extra, sharey=True)
    across = min(ACROSS, len(splits))
    for number, (ax, split) in enumerate(zip(axes, splits, strict=True)):
        ax.set_title(where(split))
        ax.set_xlabel(x if number + across >= len(splits) else "")
        ax.set_ylabel("" if number % across else y)
    return fig, axes


def draw_curves(histories: Mapping[str, Sequence[pd.DataFrame]], drawn: Look) -> Figure:
    """Draw the loss after each epoch, training (grey) and validation, a line a fit, one panel a split.

    Parameters
    ----------
    histories : mapping
        By split: of each fit ``epoch``, ``loss``, ``validation_loss``, and ``kept``, the epoch whose weights were kept.
    drawn : Look
        The variant's.
    """
    fig, axes = _panels(list(histories), 0.6, "epoch", "Huber loss (scaled)")
    for ax, fits in zip(axes, histories.values(), strict=True):
        for history in fits:
            ax.plot(history["epoch"], history["loss"], color=MUTED, lw=0.9, ls="--")
            ax.plot(history["epoch"], history["validation_loss"], color=drawn.colour, lw=0.9)
            kept = history[history["epoch"] == history["kept"]]
            end = {"color": drawn.colour, "ms": 5, "mec": PAPER, "mew": 0.4}
            ax.plot(kept["epoch"], kept["validation_loss"], drawn.marker, **end)
        ax.set_xticks(range(1, max(2, int(fits[-1]["epoch"].max())) + 1))
    axes[0].plot([], [], color=MUTED, lw=1.2, ls="--", label="training")
    axes[0].plot([], [], color=drawn.colour, lw=1.2, label="validation")
    fig.legend(loc="outside upper right", ncols=2)
    return fig


def draw_scatter(tested: Mapping[str, pd.DataFrame]) -> Figure:
    """Draw estimated against measured PM2.5 as counts in hexagons, one panel a split.

    Parameters
    ----------
    tested : mapping
        By split: ``pm25`` and ``estimate`` of every test row.
    """
    top = np.percentile(np.concatenate([part["pm25"] for part in tested.values()]), 99.7)
    fig, axes = figures.subplots(1, len(tested), size=(6.4, 3.2), squeeze=False)
    for ax, (split, part) in zip(axes[0], tested.items(), strict=True):
        figures.density_scatter(ax, part["pm25"].to_numpy(), part["estimate"].to_numpy(), limit=float(top))
        ax.set_title(f"{where(split)}, n = {len(part):,}", fontsize="small")
    for ax in axes[0, 1:]:
        ax.set_ylabel("")
    return fig


def draw_errors(places: pd.DataFrame, split: str) -> Figure:
    """Draw the mean error of every station on a map, with the cells where the split is a checkerboard.

    Parameters
    ----------
    places : pandas.DataFrame
        ``lon``, ``lat`` and ``error`` of each station.
    split : str
    """
    lonlat = places[["lon", "lat"]].to_numpy()
    fig, ax = figures.subplots(size="map", maps=True)
    # One scale on all variants' pages.
    figures.station_map(ax, lonlat, places["error"].to_numpy(), "mean error", kind="difference", vmin=-6, vmax=6)
    if split.startswith("checkerboard"):
        none = np.zeros(len(places), bool)
        figures.split_map(ax, lonlat, none, none, delta=float(split.split("-")[1]), legend=False)
    return fig


def draw_attention(weights: Mapping[str, np.ndarray], drawn: Look) -> Figure:
    """Draw the mean attention weight of each day of the window, a thin line a fit, one panel a split.

    Parameters
    ----------
    weights : mapping
        By split: (fit, day), the estimated day last.
    drawn : Look
        The variant's.
    """
    fig, axes = _panels(list(weights), 0.4, "lag [days]", "attention weight")
    for ax, fits in zip(axes, weights.values(), strict=True):
        window = fits.shape[1]
        lags = np.arange(window) - window + 1
        for line in fits:
            ax.plot(lags, line, color=drawn.colour, lw=0.7, alpha=0.5)
        ax.plot(lags, fits.mean(0), color=drawn.colour, marker=drawn.marker, lw=1.8, ms=5)
        ax.axhline(1 / window, color=MUTED, lw=1, ls=":")
    axes[0].set_ylim(0, 1.1 * max(fits.max() for fits in weights.values()))
    return fig
