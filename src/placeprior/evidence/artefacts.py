"""Artefacts: fine structure of a map that comes from the encoder's own waves, and where the encoder was taught.

Maps are drawn on an equal-area grid. Their power spectrum says how much of a map varies over short distances; a
high-pass filter says where. Both are compared with the map of the network that knows no place, with the truth where it
is known, and with the density of the photographs that GeoCLIP learned from.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd
from scipy.spatial import cKDTree
from scipy.stats import rankdata
from scipy.stats import t as student

from placeprior import coords, encoders
from placeprior.arms import NO_PLACE, arm, with_arm
from placeprior.data.world import land
from placeprior.encoders import geoclip
from placeprior.errors import MissingWeights
from placeprior.evidence.national_maps import TRUTH, by_data
from placeprior.runs.daily_maps import daily_map, fields_on
from placeprior.runs.inputs import cube_of
from placeprior.runs.plan import Run
from placeprior.runs.store import KEY
from placeprior.scores import metrics
from placeprior.scores.paired import squares
from placeprior.scores.spectra import LOCAL_KM, axes, box, capsules, highpass, spectrum
from placeprior.space.splits import HISTORY

STEP = 60  # days from one map to the next
PHOTO_KM = 100.0  # radius in which photographs are counted
GALLERY = "3a00b1ba58f13443db726533b6399b39609e292df09d4e58792fa5949d1838b1"
DECILES, DRAWS = 10, 2000
COLUMNS = [*KEY, "source", "what", "x", "value", "low", "high", "n"]


def collect(runs: list[Run]) -> pd.DataFrame:
    """Spectra, local energy and their relation to the density of photographs, for every run and for the encoder.

    Parameters
    ----------
    runs : list of Run
        As for :func:`placeprior.evidence.national_maps.collect`; those of ``none`` are what others are compared with.

    Returns
    -------
    pandas.DataFrame
        :data:`~placeprior.runs.store.KEY`, ``source`` (an arm, ``truth``, ``encoder``, ``scale 1`` …), ``what``, ``x``,
        ``value``, ``low``, ``high``, ``n``, where ``what`` is

        - ``spectrum``: normalised power (km2) at the wavelength ``x`` (km), of ``n`` maps or columns;
        - ``share``: part of the variance at wavelengths below :data:`~placeprior.scores.spectra.LOCAL_KM`, mean of
          ``n`` maps; ``low`` and ``high`` are those of the smoothest and of the roughest; ``map``: that of the map
          numbered ``x``;
        - ``amplitude``: root mean square of that part over ``n`` maps, µg m-3;
        - ``decile``: local energy minus that of ``none`` (µg2 m-6) in ``n`` cells with photographs of median density
          ``x`` (per 10,000 km2);
        - ``energy``, ``energy|people``: rank correlation of that difference with the density, and with the density of
          people held fixed; ``error``, ``error|people``: the same for the mean absolute error against the truth, minus
          that of ``none``. For ``truth`` itself the energy is no difference.

        Intervals of the last two kinds are 95 %, over squares of the map.
    """
    rows: list[list] = []
    lon, lat = axes()
    rows_in, columns_in = box(lon, lat)
    for own in by_data(runs):
        maps: dict[tuple, list[np.ndarray]] = {}
        longest = max(own, key=lambda run: run.window)
        for day in cube_of(own[0])["time"].values[HISTORY - 1 :: STEP]:
            grid = fields_on(longest, day, (lon, lat))
            for run in own:
                maps.setdefault(tuple(getattr(run, name) for name in KEY), []).append(daily_map(run, grid).values)
            if "pm25_true" in grid:
                maps.setdefault((own[0].task, TRUTH, "-", "-", 0, 0), []).append(grid["pm25_true"].values[-1])
        stacked = {key: np.stack(layers).astype(np.float64) for key, layers in maps.items()}
        found = [(key, row) for key, layers in stacked.items() for row in _spectra(layers[:, rows_in, columns_in])]
        found += _relations(stacked, grid["land"].values, lon, lat)
        rows += [[*key, arm(key[1], key[2]), *row] for key, row in found]
    inside = coords.cells(lon[columns_in], lat[rows_in])
    for source, vectors in ({"encoder": encoders.embed("geoclip", inside)} | capsules(inside)).items():
        columns = vectors.T.reshape(-1, len(lat[rows_in]), len(lon[columns_in])).astype(np.float64)
        spectral = [row for row in _spectra(columns, together=True) if row[0] != "amplitude"]
        rows += [["-", "geoclip", "-", "-", 0, 0, source, *row] for row in spectral]
    return pd.DataFrame(rows, columns=COLUMNS)


def _spectra(fields: np.ndarray, together: bool = False) -> Iterator[list]:
    """Rows of spectra: each field normalised by its own variance, or all together by theirs (columns of a vector)."""
    wavelength, power, local, total = spectrum(fields)
    scale = np.full(len(total), total.mean()) if together else total
    for length, value in zip(wavelength, (power / scale[:, None]).mean(0), strict=True):
        yield ["spectrum", length, value, np.nan, np.nan, len(fields)]
    shares = np.array([local.sum() / total.sum()]) if together else local / total
    yield ["share", LOCAL_KM, shares.mean(), shares.min(), shares.max(), len(fields)]
    if not together:
        yield from (["map", number, share, np.nan, np.nan, 1] for number, share in enumerate(shares))
    yield ["amplitude", LOCAL_KM, np.sqrt(local.mean()), np.nan, np.nan, len(fields)]


# --- photographs -----------------------------------------------------------------------------------------------------


def gallery() -> np.ndarray:
    """Places of 100,000 photographs, (n, 2) lonlat: a sample that the ``geoclip`` package ships.

    GeoCLIP learned from 4.7 million photographs, whose places are not published with it. The sample stands for them
    here; how it was drawn from them is not documented.

    Raises
    ------
    MissingWeights
        If the file is not there or is another one.
    """
    file = geoclip.find_weights().parents[1] / "gps_gallery" / "coordinates_100K.csv"
    try:
        content = file.read_bytes()
    except OSError as error:
        raise MissingWeights(f"cannot read GeoCLIP's gallery {file} ({error.strerror}); {geoclip.REMEDY}") from None
    if hashlib.sha256(content).hexdigest() != GALLERY:
        raise MissingWeights(f"{file} is not GeoCLIP's gallery of 100,000 places; {geoclip.REMEDY}")
    return coords.check_lonlat(np.loadtxt(content.decode().splitlines()[1:], delimiter=",")[:, ::-1])


def photo_density(lonlat: np.ndarray) -> np.ndarray:
    """Photographs of the gallery within :data:`PHOTO_KM` of each place, per 10,000 km2, shape (n,)."""
    chord = 2 * np.sin(PHOTO_KM / coords.EARTH_RADIUS_KM / 2)
    tree = cKDTree(coords.unit_xyz(gallery()))
    count = tree.query_ball_point(coords.unit_xyz(lonlat), chord, return_length=True)
    return count / (np.pi * PHOTO_KM**2) * 10_000


def relation(x: np.ndarray, y: np.ndarray, lonlat: np.ndarray, given: np.ndarray | None = None) -> dict[str, float]:
    """Spearman's rank correlation of two quantities over places, with a bootstrap interval over squares of the map.

    Parameters
    ----------
    x, y : ndarray, shape (n,)
    lonlat : ndarray, shape (n, 2)
    given : ndarray, shape (n,), optional
        Held fixed: the partial rank correlation (Kendall, M. G. 1942, *Biometrika* 32, 277).

    Returns
    -------
    dict
        ``value``, ``low``, ``high`` (95 %), ``n``, ``squares``. Resamples keep the ranks of the whole map.
    """
    columns = [np.ones(len(x)), *(rankdata(v) - (len(x) + 1) / 2 for v in ([x, y] if given is None else [x, y, given]))]
    design = np.column_stack(columns) / len(x)
    names, square = np.unique(squares(lonlat), return_inverse=True)
    moments = np.zeros((len(names), design.shape[1], design.shape[1]))
    np.add.at(moments, square, design[:, :, None] * design[:, None, :])
    drawn = np.tensordot(metrics.resamples(len(names), DRAWS, 0), moments, 1)
    low, high = np.nanpercentile(_correlation(drawn), [2.5, 97.5])
    value = float(_correlation(moments.sum(0)))
    return {"value": value, "low": float(low), "high": float(high), "n": len(x), "squares": len(names)}


def _correlation(moments: np.ndarray) -> np.ndarray:
    """Correlation of columns 1 and 2, column 3 (if any) held fixed, from second moments (..., p, p) with ones first."""
    count, mean = moments[..., :1, :1], moments[..., :1, 1:]
    covariance = moments[..., 1:, 1:] / count - mean.swapaxes(-1, -2) * mean / count**2
    with np.errstate(invalid="ignore", divide="ignore"):
        spread = np.sqrt(np.einsum("...ii->...i", covariance))
        r = covariance / (spread[..., :, None] * spread[..., None, :])
        if r.shape[-1] == 2:
            return r[..., 0, 1]
        rest = (1 - r[..., 0, 2] ** 2) * (1 - r[..., 1, 2] ** 2)
        return (r[..., 0, 1] - r[..., 0, 2] * r[..., 1, 2]) / np.sqrt(rest)


def _relations(maps: dict[tuple, np.ndarray], on_land: np.ndarray, lon: np.ndarray, lat: np.ndarray) -> list[tuple]:
    """Rows of deciles and rank correlations, by run."""
    lonlat = np.column_stack([m[on_land] for m in np.meshgrid(lon, lat)])
    photos, people = photo_density(lonlat), land.density(coords.project(lonlat))
    energy = {key: np.mean([highpass(day, on_land)[on_land] ** 2 for day in layers], 0) for key, layers in maps.items()}
    truth = next((layers for key, layers in maps.items() if key[1] == TRUTH), None)
    found = []
    for key, layers in maps.items():
        base = (key[0], NO_PLACE[0], "-", *key[3:])
        if key == base or (key[1] != TRUTH and base not in maps):
            continue
        quantities = {"energy": energy[key] - (0 if key[1] == TRUTH else energy[base])}
        if truth is not None and key[1] != TRUTH:
            missed, plain = (np.abs(each - truth)[:, on_land].mean(0) for each in (layers, maps[base]))
            quantities["error"] = missed - plain
        for what, values in quantities.items():
            for name, given in ((what, None), (f"{what}|people", people)):
                r = relation(photos, values, lonlat, given)
                found.append((key, [name, np.nan, r["value"], r["low"], r["high"], r["n"]]))
        found += [(key, row) for row in _deciles(photos, quantities["energy"], lonlat)]
    return found


def _deciles(photos: np.ndarray, values: np.ndarray, lonlat: np.ndarray) -> Iterator[list]:
    names, square = np.unique(squares(lonlat), return_inverse=True)
    group = np.minimum(rankdata(photos) / (len(photos) + 1) * DECILES, DECILES - 1e-9).astype(int)
    counts = metrics.resamples(len(names), DRAWS, 0)
    for number in np.unique(group):
        here = group == number
        total = np.bincount(square[here], values[here], len(names))
        cells = np.bincount(square[here], minlength=len(names))
        with np.errstate(invalid="ignore"):
            low, high = np.nanpercentile((counts @ total) / (counts @ cells), [2.5, 97.5])
        yield ["decile", np.median(photos[here]), values[here].mean(), low, high, int(here.sum())]


def at_stations(
    scores: pd.DataFrame, sums: pd.DataFrame, name: str, against: str = NO_PLACE[0], error: str = "sum_abs"
) -> pd.DataFrame:
    """Mean error at each test station, of one arm minus another, over the fits that both have.

    Parameters
    ----------
    scores, sums : pandas.DataFrame
        Of one task and split, as :func:`placeprior.runs.store.scores` and :func:`placeprior.runs.store.sums`.
    name, against : str
        Arms, as :func:`placeprior.arms.arm` names them.
    error : str
        ``sum_abs`` for the mean absolute error (µg m-3), ``sum_e2`` for the mean squared one (µg2 m-6).

    Returns
    -------
    pandas.DataFrame
        One row a station: ``name``, ``lon``, ``lat``, ``difference``, ``n`` (test rows, all fits).
    """
    runs = with_arm(scores).drop_duplicates("run").set_index(["split", "fold", "seed"])
    first, second = (runs.loc[runs["arm"] == arm, "run"] for arm in (name, against))
    shared = first.index.intersection(second.index)
    tables = []
    for ids in (first[shared], second[shared]):
        part = sums[sums["run"].isin(ids)].astype({"n": float, error: float})
        tables.append(
            part.groupby("name").agg(lon=("lon", "first"), lat=("lat", "first"), n=("n", "sum"), total=(error, "sum"))
        )
    one, other = tables
    one["difference"] = (one["total"] - other["total"]) / one["n"]
    return one.reset_index()[["name", "lon", "lat", "difference", "n"]]


def relations_at_stations(scores: pd.DataFrame, sums: pd.DataFrame, arms: Sequence[str]) -> pd.DataFrame:
    """Rank correlation, over test stations, of the density of photographs and an arm's error minus that of none.

    Parameters
    ----------
    scores, sums : pandas.DataFrame
        As for :func:`at_stations`.
    arms : sequence of str
        Those without a run are passed over, and so is one whose errors at more than three stations do not differ.

    Returns
    -------
    pandas.DataFrame
        Two rows an arm: ``arm``, ``given`` (``""``, or ``people`` where their density is held fixed), what
        :func:`relation` finds, and ``mean``, the mean difference over stations (µg m-3).
    """
    rows = []
    for name in arms:
        if not {name, NO_PLACE[0]} <= set(with_arm(scores)["arm"]):
            continue
        found = at_stations(scores, sums, name)
        lonlat, difference = found[["lon", "lat"]].to_numpy(float), found["difference"].to_numpy()
        if len(found) <= 3 or np.unique(difference).size < 2:
            continue
        photos, people = photo_density(lonlat), land.density(coords.project(lonlat))
        for given, held in (("", None), ("people", people)):
            told = relation(photos, difference, lonlat, held)
            rows.append({"arm": name, "given": given} | told | {"mean": difference.mean()})
    return pd.DataFrame(rows, columns=["arm", "given", "value", "low", "high", "n", "squares", "mean"])


# --- maps against maps ------------------------------------------------------------------------------------------------


def share_differences(table: pd.DataFrame, base: str) -> pd.DataFrame:
    """Local share of each source's maps minus that of `base`, map by map, with a 95 % interval of Student's t.

    Parameters
    ----------
    table : pandas.DataFrame
        As :func:`collect`, of one task.
    base : str
        A source.

    Returns
    -------
    pandas.DataFrame
        Index ``source``: ``difference``, ``low`` and ``high`` (NaN for a single map), ``clear`` (+1, -1, or 0), ``n``
        maps. Empty where `base` has no maps.
    """
    wide = table[table["what"] == "map"].pivot(index="x", columns="source", values="value")
    rows = {}
    for name in wide.columns.drop(base) if base in wide else []:
        gap = (wide[name] - wide[base]).dropna()
        if gap.empty:
            continue
        mean, n = gap.mean(), len(gap)
        half = student.ppf(0.975, n - 1) * gap.std() / np.sqrt(n) if n > 1 else np.nan
        rows[name] = (mean, mean - half, mean + half, int(mean - half > 0) - int(mean + half < 0), n)
    found = pd.DataFrame.from_dict(rows, orient="index", columns=["difference", "low", "high", "clear", "n"])
    return found.rename_axis("source")
