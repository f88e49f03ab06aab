"""Artefacts: how much of a map varies over short distances, and whether that is the truth's fine structure.

Maps are drawn on an equal-area grid. Their power spectrum says how much of a map varies over short distances; a
high-pass filter takes that part out, to be set against the truth's where it is known.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
from scipy.stats import t as student

from placeprior.arms import arm
from placeprior.evidence.national_maps import TRUTH, by_data
from placeprior.runs.daily_maps import daily_map, fields_on
from placeprior.runs.inputs import cube_of
from placeprior.runs.plan import Run
from placeprior.runs.store import KEY
from placeprior.scores.interval import LEVEL, clear
from placeprior.scores.spectra import axes, box, highpass, spectrum
from placeprior.space.splits import HISTORY

STEP = 60  # days from one map to the next
COLUMNS = [*KEY, "source", "what", "x", "value"]


def collect(runs: list[Run]) -> pd.DataFrame:
    """Spectra and fine parts of every run's maps, and of the truth's where it is known.

    Parameters
    ----------
    runs : list of Run
        As for :func:`placeprior.evidence.national_maps.collect`.

    Returns
    -------
    pandas.DataFrame
        :data:`~placeprior.runs.store.KEY`, ``source`` (an arm, or ``truth``), ``what``, ``x``, ``value``, where
        ``what`` is

        - ``spectrum``: power over variance (km2) at the wavelength ``x`` (km), mean over the maps;
        - ``share``: part of the variance at wavelengths below :data:`~placeprior.scores.spectra.LOCAL_KM` of the map
          numbered ``x``;
        - ``error``: root mean square, over the land, of that map's fine part (see
          :func:`~placeprior.scores.spectra.highpass`) minus the truth's, µg m-3.
    """
    rows: list[list] = []
    lon, lat = axes()
    inside = box(lon, lat)
    for own in by_data(runs):
        maps: dict[tuple, list[np.ndarray]] = {}
        longest = max(own, key=lambda run: run.window)
        truth_key = (own[0].task, TRUTH, "-", "-", 0, 0)
        for day in cube_of(own[0])["time"].values[HISTORY - 1 :: STEP]:
            grid = fields_on(longest, day, (lon, lat))
            for run in own:
                maps.setdefault(tuple(getattr(run, name) for name in KEY), []).append(daily_map(run, grid).values)
            if "pm25_true" in grid:
                maps.setdefault(truth_key, []).append(grid["pm25_true"].values[-1])
        stacked = {key: np.stack(layers).astype(np.float64) for key, layers in maps.items()}
        on_land = grid["land"].values
        fine = {key: np.stack([highpass(day, on_land) for day in layers]) for key, layers in stacked.items()}
        for key, layers in stacked.items():
            found = [*_spectra(layers[:, inside[0], inside[1]])]
            if truth_key in fine and key != truth_key:
                missed = np.sqrt(np.nanmean((fine[key] - fine[truth_key]) ** 2, axis=(1, 2)))
                found += [["error", number, value] for number, value in enumerate(missed)]
            rows += [[*key, arm(key[1], key[2]), *row] for row in found]
    return pd.DataFrame(rows, columns=COLUMNS)


def _spectra(fields: np.ndarray) -> Iterator[list]:
    """Rows of spectra, each field over its own variance, and of the local shares."""
    wavelength, power, local, total = spectrum(fields)
    for length, value in zip(wavelength, (power / total[:, None]).mean(0), strict=True):
        yield ["spectrum", length, value]
    yield from (["share", number, share] for number, share in enumerate(local / total))


def differences(table: pd.DataFrame, what: str, base: str) -> pd.DataFrame:
    """A number of each source's maps minus that of `base`, map by map, with an interval over trainings.

    Maps of one network share its training: however many days are drawn, they are one fit, and one fit has no interval.

    Parameters
    ----------
    table : pandas.DataFrame
        As :func:`collect`, of one task.
    what : str
        ``share`` or ``error``.
    base : str
        A source.

    Returns
    -------
    pandas.DataFrame
        Index ``source``: ``difference``, the mean over fits of the mean over their maps; ``low`` and ``high``, the 95 %
        interval of Student's t over fits (NaN for one), ``clear`` (+1, -1, or 0), ``fits``. Empty where `base` has no
        maps.
    """
    wide = table[table["what"] == what].pivot(index=["fold", "seed", "x"], columns="source", values="value")
    rows = {}
    for name in wide.columns.drop(base) if base in wide else []:
        gap = (wide[name] - wide[base]).dropna()
        if gap.empty:
            continue
        each = gap.groupby(["fold", "seed"]).mean()
        mean, n = each.mean(), len(each)
        half = student.ppf((1 + LEVEL) / 2, n - 1) * each.std() / np.sqrt(n) if n > 1 else np.nan
        rows[name] = (mean, mean - half, mean + half, n)
    found = pd.DataFrame.from_dict(rows, orient="index", columns=["difference", "low", "high", "fits"])
    found["clear"] = clear(found["low"].to_numpy(float), found["high"].to_numpy(float))
    return found.rename_axis("source")
