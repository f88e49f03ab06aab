"""Drawings and tables of the page about clusters of places: which part does the work, and what they look like."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from placeprior.book import figures
from placeprior.book.results import TASKS
from placeprior.book.style import BLUE, GREEN, INK, ORANGE, PINK, VERMILION
from placeprior.book.words import minus

#: The arms in the order of every table, and what each is called.
ARMS = {
    "W2 + penalty": "Wasserstein, penalty (the method)",
    "W2": "without the penalty",
    "W2 + penalty, no margin": "without the margin",
    "W2 + penalty, constant variogram": "constant variogram",
    "log-covariances, k-means": "k-means, log-covariances",
    "features, k-means": "k-means, means",
    "features, DBSCAN": "DBSCAN, means",
    "place, k-means": "k-means, places",
    "place, DBSCAN": "DBSCAN, places",
    "shuffled": "places shuffled",
}
_WAYS = {"knee": "no label", "truth": "radius by truth", "-": "no label"}
_COLOURS = (BLUE, ORANGE, GREEN, VERMILION, PINK)
_MARKERS = ("o", "s", "^", "D", "v")


def planted(table: pd.DataFrame) -> pd.DataFrame:
    """Agreement with the planted zones by arm, as text: adjusted Rand index and, after a slash, mutual information.

    Parameters
    ----------
    table : pandas.DataFrame
        As :func:`placeprior.evidence.clusters.collect`.
    """
    own = table[table["question"] == "planted"]
    own = own.assign(column=own["world"] + ", " + own["radius"].map(_WAYS))
    return _wide(own, "ari", "nmi")


def again(tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Agreement of odd weeks with even weeks by arm and task, and how many clusters, as text.

    Parameters
    ----------
    tables : mapping
        By profile, as :func:`placeprior.evidence.clusters.collect`. Worlds are averaged with the seeds of means.
    """
    own = pd.concat([table[table["question"] == "again"] for table in tables.values()])
    task = own["world"].where(~own["world"].str.startswith("world"), "world")
    own = own.assign(column=task.map(TASKS))
    wide = _wide(own, "ari")
    counts = own.groupby(["arm", "column"])["clusters"].agg(
        lambda n: "–".join(map(str, dict.fromkeys((n.min(), n.max()))))
    )
    counts = (
        counts.unstack()[[*wide.columns]]
        .rename(columns=lambda name: f"{name}: clusters", index=ARMS)
        .reindex(wide.index)
    )
    return wide.join(counts)


def _wide(own: pd.DataFrame, *scores: str) -> pd.DataFrame:
    """Arms by columns in the order of the rows: the first score's mean ± standard deviation, then others' means."""
    told = own.groupby(["arm", "column"])[list(scores)].agg(["mean", "std"])
    text = [
        " / ".join([f"{m:z.2f}" + (f" ± {sd:.2f}" if np.isfinite(sd) else ""), *(f"{mean:z.2f}" for mean in rest[::2])])
        for m, sd, *rest in told.to_numpy()
    ]
    wide = pd.Series([minus(each) for each in text], told.index).unstack().fillna("–")
    wide = wide.reindex([arm for arm in ARMS if arm in wide.index])[list(dict.fromkeys(own["column"]))]
    return wide.rename(index=ARMS).rename_axis("clusters from").rename_axis(None, axis=1)


def draw_folds(lonlat: np.ndarray, fold: np.ndarray, profile: str, *, embedded: bool) -> str:
    """Stations on the map by kind of weather, each with its own colour and marker; returns the line under it.

    Parameters
    ----------
    lonlat : ndarray, shape (n, 2)
    fold : ndarray of int, shape (n,)
        From 1.
    profile : str
    embedded : bool
        Whether the stations are simulated.
    """
    fig, ax = figures.subplots(size="map", maps=True)
    xy = figures.ALBERS.transform_points(figures.ALBERS.as_geodetic(), *lonlat.T)[:, :2]
    for number, colour, marker in zip(np.unique(fold), _COLOURS, _MARKERS, strict=False):
        at = xy[fold == number]
        ax.scatter(
            *at.T, s=16, color=colour, marker=marker, edgecolors=INK, linewidths=0.3, label=str(number), zorder=5
        )
    ax.legend(title="fold", loc="lower left", fontsize="small")
    data = pd.DataFrame({"lon": lonlat[:, 0], "lat": lonlat[:, 1], "fold": fold})
    return figures.label(fig, profile, n=len(fold), of="stations", embedded=embedded, data=data)
