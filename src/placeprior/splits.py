"""Every train/validation/test partition, each a pure function of the cube and a seed.

A split says whether it tests *within* the regions it was trained in (``WR``) or *out of* them (``OoR``). The rows
that can be scored are the measured station-days with a full history of :data:`HISTORY` days; the first days of a
cube are history only, so that scores of models with shorter and longer windows are about the same rows.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import xarray as xr

from placeprior.coords import CONUS_BOX, nearest_km
from placeprior.errors import ConfigError, UnknownName

HISTORY = 21
HELD_OUT = 0.1
NAMES = ("random", "spatial", "checkerboard-8", "checkerboard-16", "checkerboard-30")


@dataclass(frozen=True)
class Split:
    """Masks over (station, time), all of one shape.

    Attributes
    ----------
    name, regime, fold, seed
        What the split is; ``regime`` is ``"WR"`` (within regions) or ``"OoR"`` (out of regions).
    train, validation, test : ndarray of bool, shape (station, time)
        The scored rows of each part; disjoint.
    pool : ndarray of bool, shape (station, time)
        Measured station-days whose labels a model may see: those of training, and the history-only days of
        places that are not held out. The neighbour feature draws from nothing else.
    """

    name: str
    regime: str
    fold: int
    seed: int
    train: np.ndarray
    validation: np.ndarray
    test: np.ndarray
    pool: np.ndarray

    def sizes(self) -> dict[str, dict[str, int]]:
        """Station-days and stations in each part."""
        parts = {"train": self.train, "validation": self.validation, "test": self.test}
        return {k: {"rows": int(m.sum()), "stations": int(m.any(1).sum())} for k, m in parts.items()}

    def distance_km(self, cube: xr.Dataset) -> np.ndarray:
        """Great-circle distance from every test station to its nearest training station, in km, shape (n_test,).

        A station that is both tested and trained on (the random split) is at distance zero.
        """
        lonlat = stations(cube)
        return nearest_km(lonlat[self.test.any(1)], lonlat[self.train.any(1)])[0]


def stations(cube: xr.Dataset) -> np.ndarray:
    """The cube's places as ``lonlat``, shape (station, 2), degrees."""
    return np.column_stack([cube["lon"].values, cube["lat"].values]).astype(np.float64)


def folds(name: str) -> tuple[int, ...]:
    """The folds a split has: both partitions of a checkerboard, one a seed otherwise."""
    return (1, 2) if _delta(name) else (1,)


def partition(lonlat: np.ndarray, delta: float) -> np.ndarray:
    """Checkerboard partition, 1 or 2, of each place: ``(i + j) mod 2 + 1`` of its ``delta``-degree cell.

    Cells are counted from the south-west corner of :data:`~placeprior.coords.CONUS_BOX`, as in the reference code
    of Karimzadeh, Wang & Crooks (2025). Degrees make cells of unequal area; there is no buffer between them.

    Parameters
    ----------
    lonlat : ndarray, shape (n, 2)
    delta : float
        Cell size in degrees.

    Returns
    -------
    ndarray of int, shape (n,)
    """
    west, south = CONUS_BOX[:2]
    i = np.floor((lonlat[:, 0] - west) / delta).astype(int)
    j = np.floor((lonlat[:, 1] - south) / delta).astype(int)
    return (i + j) % 2 + 1


def split(name: str, cube: xr.Dataset, seed: int, fold: int = 1) -> Split:
    """Partition a cube's station-days.

    Parameters
    ----------
    name : str
        ``"random"`` (10 % of rows), ``"spatial"`` (10 % of stations) or ``"checkerboard-<degrees>"`` (one of two
        partitions of the map). 10 % of what is left validates, drawn as the split draws.
    cube : xarray.Dataset
    seed : int
        Draws the held-out rows or stations, and the validation part.
    fold : int
        The checkerboard partition that is tested; 1 for the other splits.

    Returns
    -------
    Split

    Raises
    ------
    UnknownName, ConfigError
        If the split or the fold does not exist, or a part comes out empty.
    """
    if fold not in folds(name):
        raise ConfigError(f"split {name!r} has folds {folds(name)}; got fold {fold}")
    rng = np.random.default_rng([seed, fold])
    measured = np.isfinite(cube["pm25"].values)
    scored = measured.copy()
    scored[:, : HISTORY - 1] = False

    if name == "random":
        rows = rng.permutation(np.flatnonzero(scored))
        n_test = round(HELD_OUT * rows.size)
        n_validation = round(HELD_OUT * (rows.size - n_test))
        test, validation = np.zeros_like(scored), np.zeros_like(scored)
        test.flat[rows[:n_test]] = True
        validation.flat[rows[n_test : n_test + n_validation]] = True
        train, pool, regime = scored & ~test & ~validation, measured & ~test & ~validation, "WR"
    else:
        usable = np.flatnonzero(scored.any(1))
        if name == "spatial":
            tested, regime = rng.permutation(usable)[: round(HELD_OUT * usable.size)], "WR"
        else:
            tested, regime = usable[partition(stations(cube)[usable], _delta(name)) == fold], "OoR"
        rest = rng.permutation(np.setdiff1d(usable, tested))
        validated, trained = np.split(rest, [round(HELD_OUT * rest.size)])
        test, validation, train = (scored & _rows(who, scored) for who in (tested, validated, trained))
        pool = measured & _rows(trained, scored)

    result = Split(name, regime, fold, seed, train, validation, test, pool)
    for part, size in result.sizes().items():
        if size["rows"] == 0:
            raise ConfigError(f"split {name!r} fold {fold} leaves no {part} rows; the cube has {scored.sum()} "
                              f"station-days with {HISTORY} days of history: use more stations or days")
    return result


def _delta(name: str) -> float | None:
    if name in ("random", "spatial"):
        return None
    match = re.fullmatch(r"checkerboard-(\d+(?:\.\d+)?)", name)
    if not match or float(match[1]) == 0:
        raise UnknownName("split", name, NAMES)
    return float(match[1])


def _rows(which: np.ndarray, like: np.ndarray) -> np.ndarray:
    mask = np.zeros(like.shape[0], bool)
    mask[which] = True
    return np.broadcast_to(mask[:, None], like.shape)
