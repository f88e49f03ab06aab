"""What goes wrong with encoders' vectors, measured: jumps at edges of a map, dead numbers, probes, names in disguise.

What the page asks of encoders with published weights is kept (:mod:`placeprior.evidence.kept`) by :func:`collect`.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.linear_model import Ridge, RidgeCV

from placeprior import coords, encoders
from placeprior.evidence import kept
from placeprior.runs.inputs import place_scaler
from placeprior.runs.plan import Run
from placeprior.scores import vectors

Floats = NDArray[np.float64]

PAIRS = 60  # of places that lie on both sides of an edge
WEST = -100.0  # a place is in the west with a smaller longitude, degrees
LOTS = 400  # places that are given a number by lot, three in four of them known


def land() -> tuple[Floats, Floats]:
    """Land cells of half a degree of the contiguous United States, lonlat (n, 2), and 800 of them drawn at random."""
    cells = coords.Land(0.5).places
    return cells, cells[np.random.default_rng(0).choice(len(cells), 800, replace=False)]


def jumps(name: str) -> dict[str, float]:
    """How far apart an encoder's vectors are across an edge of the map: :func:`placeprior.scores.vectors.jumps`."""
    found = kept.answer(
        "traps", name, "jumps", [PAIRS], lambda: list(vectors.jumps(encoders.load(name), count=PAIRS).values())
    )
    return dict(zip(("date line", "poles"), found.tolist(), strict=True))


def blown_up(name: str, places: Floats, cells: Floats) -> dict[str, float]:
    """How many numbers are 0 all over the land, and how large the others get in the east when scaled in the west.

    Parameters
    ----------
    name : str
    places, cells : ndarray, shape (n, 2)
        Places to scale at, and all the land.

    Returns
    -------
    dict
        ``dead``, of ``numbers``; the largest number in the east if ``each`` is divided by its own standard deviation,
        and if all are by ``one`` (:func:`placeprior.runs.inputs.place_scaler`).
    """

    def compute() -> list[float]:
        west, found = places[:, 0] < WEST, encoders.load(name)(places)
        mean, spread = found[west].mean(0), found[west].std(0)
        each = (found - mean) / np.where(spread > 0, spread, 1)
        one = place_scaler(found[west], "hadamard")(found)
        dead = (encoders.load(name)(cells) == 0).all(0).sum()
        return [dead, found.shape[1], np.abs(each[~west]).max(), np.abs(one[~west]).max()]

    dead, numbers, each, one = kept.answer("traps", name, "blown up", [places, cells], compute)
    return {"dead": int(dead), "numbers": int(numbers), "each": each, "one": one}


def probe(name: str, places: Floats, train: NDArray[np.bool_]) -> Floats:
    """Population density (log10) read by a ridge regression that is fitted at some places and asked for the others."""

    def compute() -> Floats:
        density = encoders.load("urban")(places)[:, 1].astype(float)
        found = encoders.embed(name, places)
        scaled = place_scaler(found[train], "hadamard")(found).astype(float)
        return RidgeCV(np.logspace(-3, 4, 15)).fit(scaled[train], density[train]).predict(scaled[~train])

    return kept.answer("traps", name, "probe", [places, train], compute)


def by_lot(name: str, places: Floats) -> tuple[float, float]:
    """R2 of numbers drawn by lot: on the places that a model of their vectors was fitted to, and on others.

    With as many independent columns as places the first is 1 by algebra, whatever the numbers are.
    """
    lot, seen = np.random.default_rng(3).normal(size=LOTS), np.arange(LOTS) < 0.75 * LOTS

    def compute() -> list[float]:
        found = encoders.embed(name, places[:LOTS])
        scaled = place_scaler(found, "hadamard")(found).astype(float)
        same = Ridge(1e-3).fit(scaled, lot).score(scaled, lot)
        return [same, Ridge(1e-3).fit(scaled[seen], lot[seen]).score(scaled[~seen], lot[~seen])]

    same, new = kept.answer("traps", name, "by lot", [places[:LOTS]], compute)
    return float(same), float(new)


def sides(places: Floats) -> dict[str, NDArray[np.bool_]]:
    """Where a probe is fitted: ``mixed``, places all over the country, or ``east``; as many in the mean."""
    east = places[:, 0] >= WEST
    return {"mixed": np.random.default_rng(2).random(len(places)) < east.mean(), "east": east}


def collect(runs: Iterable[Run]) -> pd.DataFrame:
    """What the page asks of encoders with published weights (:mod:`placeprior.evidence.kept`).

    Parameters
    ----------
    runs : iterable of Run
        Only which encoders they name is read.
    """
    cells, places = land()
    with kept.record() as made:
        for name in (run.variant for run in runs):
            jumps(name)
            blown_up(name, places, cells)
            by_lot(name, places)
            for train in sides(places).values():
                probe(name, places, train)
    return made[0]
