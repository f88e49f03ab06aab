"""Neighbours, scores and resamples against the same written as loops, and what the splits take.

Run with ``make bench``, which keeps the table in ``loops.txt``. One thread, processor time, both sides in turns, the
best of several; that both give the same numbers is checked. The loops are what one would write first: over stations
and days, over stations, over draws. They see a part of what the other side sees, and rates are compared.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from memory import cube

from placeprior.coords import great_circle_km
from placeprior.provenance import processor
from placeprior.scores import metrics
from placeprior.space import neighbours
from placeprior.space.splits import lonlat_of, split

HERE = Path(__file__).resolve()
STATIONS, DAYS, FEW, DRAWS, ROUNDS = 1_000, 120, 20, 2_000, 3
SPLITS = ("random", "spatial", "checkerboard-8", "blocks", "knndm", "transfer")


def looped_neighbours(pm25: np.ndarray, lonlat: np.ndarray, pool: np.ndarray, count: int) -> np.ndarray:
    """The day's mean of the nearest, a station and a day at a time: (count, time)."""
    found = np.full((count, pm25.shape[1]), np.nan)
    for station in range(count):
        away = great_circle_km(lonlat[[station]], lonlat)[0]
        order = [other for other in np.argsort(away, kind="stable") if other != station]
        for day in range(pm25.shape[1]):
            near = [other for other in order if pool[other, day]][: neighbours.NEAREST]
            weight = [1 / max(away[other], neighbours.FLOOR_KM) for other in near]
            found[station, day] = np.average(pm25[near, day], weights=weight)
    return found


def looped_sums(station: np.ndarray, y: np.ndarray, estimate: np.ndarray, count: int) -> np.ndarray:
    """Sums of the error of the first stations, one at a time: (count,)."""
    return np.array([(estimate[station == one] - y[station == one]).sum() for one in range(count)])


def looped_draws(sums: np.ndarray, draws: int) -> np.ndarray:
    """R² of resamples of stations, a draw at a time: (draws,)."""
    counts = metrics.resamples(sums.shape[0], DRAWS, 0)[:draws].astype(int)
    every = np.arange(sums.shape[0])
    return np.array([metrics.from_sums(sums[np.repeat(every, drawn)].sum(0))["r2"] for drawn in counts])


def spent(call: Callable[[], np.ndarray]) -> tuple[float, np.ndarray]:
    """Processor seconds, and what came of it."""
    began = time.process_time()
    found = call()
    return time.process_time() - began, found


def main() -> None:
    """Measure in turns, print and keep the table."""
    rng = np.random.default_rng(0)
    made = cube(STATIONS, DAYS)
    pm25, lonlat = made["pm25"].values, lonlat_of(made)
    pool = rng.random(pm25.shape) < 0.7
    station = np.repeat(np.arange(STATIONS), DAYS)
    y, estimate = pm25.ravel().astype(float), pm25.ravel() + rng.normal(size=pm25.size)
    sums = metrics.station_sums(station, y, estimate)[metrics.SUMS].to_numpy()
    sides = {
        "neighbour feature, station-days": (
            (STATIONS * DAYS, lambda: neighbours.neighbour_pm25(pm25, lonlat, pool)),
            (FEW * DAYS, lambda: looped_neighbours(pm25, lonlat, pool, FEW)),
        ),
        "sums of errors, stations": (
            (STATIONS, lambda: metrics.station_sums(station, y, estimate)["sum_e"].to_numpy()),
            (5 * FEW, lambda: looped_sums(station, y, estimate, 5 * FEW)),
        ),
        "resamples of 1,000 stations, draws": (
            (DRAWS, lambda: metrics.bootstrap(sums[None], DRAWS)["r2"][0]),
            (5 * FEW, lambda: looped_draws(sums, 5 * FEW)),
        ),
    }
    lines = [
        f"{STATIONS:,} stations x {DAYS} days, one thread, processor time, in turns, best of {ROUNDS}, "
        f"at a load of {os.getloadavg()[0]:.1f}; {processor.stamp()['processor']}",
        f"{'what':38}{'ratio':>8}{'ours, 1/s':>14}{'a loop, 1/s':>14}",
    ]
    for name, both in sides.items():
        rounds = [[spent(call) for _, call in both] for _ in range(ROUNDS)]
        (_, ours), (_, looped) = rounds[0]
        np.testing.assert_allclose(ours[: len(looped)], looped, rtol=1e-4, atol=1e-6)
        fast, slow = (both[i][0] / min(one[i][0] for one in rounds) for i in (0, 1))
        lines.append(f"{name:38}{fast / slow:8.1f}{fast:14,.0f}{slow:14,.0f}")
    lines += ["", f"{'split':38}{'core s':>8}"]
    for name in SPLITS:
        took = min(spent(lambda name=name: split(name, made, 0).test)[0] for _ in range(ROUNDS))
        lines.append(f"{name:38}{took:8.3f}")
    print("\n".join(lines))
    HERE.with_suffix(".txt").write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
