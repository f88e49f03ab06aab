"""What encoders make of the contiguous United States, before anything is learned: likeness, directions, waves.

Every function takes the names of encoders and asks the encoders themselves; what it returns is numbers alone. What the
page asks of encoders with published weights is kept (:mod:`placeprior.evidence.kept`) by :func:`collect`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from placeprior import coords, encoders
from placeprior.encoders import basis
from placeprior.evidence import kept
from placeprior.runs.plan import Run
from placeprior.scores import spectra, vectors

Floats = NDArray[np.float64]

PLANE = ("lonlat", "sincos", "tile", "wrap", "rbf", "rff", "space2vec-grid", "space2vec-theory")
SPHERE = ("xyz", "nerf", "sphere2vec-c", "sphere2vec-c+", "sphere2vec-m", "sphere2vec-m+", "sphere2vec-dfs", "siren-sh")
SATCLIP = ("satclip-l10", "satclip-l40")
TRAINED = ("untrained", "fmow", "yfcc")  # how a head on a basis came by its weights
DEGREES = 0.5  # side of a cell of the page's maps
ROUGH_DEGREES = 1.0  # from one place of the land to the next, where roughness is measured
PAIRS = 100  # of places, in each class of distance
DENVER = np.array([[-104.99, 39.74]])


# --- which encoders ---------------------------------------------------------------------------------------------------


def others() -> list[str]:
    """Encoders that are no basis with a head: made for the country, or trained beforehand as a whole."""
    return ["slepian", "geoclip", "geoclip-slepian", *filter(encoders.is_at_hand, SATCLIP)]


def every() -> list[str]:
    """All encoders of the gallery whose weights are here: by formula, others, heads on a basis by how trained."""
    heads = [f"{base}-{how}" for how in TRAINED for base in basis.BASES if encoders.list_encoders(f"{base}-{how}")]
    return [*PLANE, *SPHERE, *others(), *sorted(heads, key=lambda name: (name.rsplit("-", 1)[0], name))]


# --- what they make of places -----------------------------------------------------------------------------------------


def dimensions(name: str, scales: int, least: float, places: ArrayLike) -> int:
    """How many dimensions a formula's numbers span over some places.

    Parameters
    ----------
    name : str
        A position encoding with several scales.
    scales : int
    least : float
        The smallest radius; the largest is 1.
    places : array_like, shape (n, 2)
    """
    made = encoders.position(name, frequency_num=scales, min_radius=least, max_radius=1.0)
    return int(np.linalg.matrix_rank(basis.numbers(made, places).astype(float), tol=1e-3))


def receptive_field(name: str, place: ArrayLike, places: ArrayLike) -> Floats:
    """Cosine of the vectors of some places with that of one place, seen from the mean over the former, shape (n,).

    Parameters
    ----------
    name : str
    place : array_like, shape (1, 2)
    places : array_like, shape (n, 2)
    """

    def compute() -> Floats:
        found = encoders.embed(name, places)
        return vectors.cosine(found, encoders.load(name)(place), found.mean(0, dtype=np.float64))

    return kept.answer("gallery", name, "receptive field", [place, places], compute)


def colours(name: str, places: ArrayLike) -> tuple[Floats, float]:
    """The three strongest components of an encoder's vectors as one colour a place.

    Returns
    -------
    colours : ndarray, shape (n, 3)
        As :func:`placeprior.scores.vectors.colours`.
    share : float
        Of the variance that the three hold, 0 … 1.
    """

    def compute() -> Floats:
        scores, share = vectors.principal(encoders.embed(name, places))
        return np.append(vectors.colours(scores), share[:3].sum())

    *found, share = kept.answer("gallery", name, "colours", [places], compute)
    return np.reshape(found, (-1, 3)), float(share)


def decay(names: Iterable[str], places: ArrayLike, start: Floats, end: Floats, km: Floats) -> pd.DataFrame:
    """How likeness fades with distance: the median cosine of two places in classes of their distance.

    Parameters
    ----------
    names : iterable of str
    places : array_like, shape (n, 2)
        Whose mean vector is the centre.
    start, end, km : ndarray
        As :func:`placeprior.scores.vectors.pairs`.

    Returns
    -------
    pandas.DataFrame
        ``encoder, km, cosine``, a row an encoder and class.
    """
    tables = []
    for name in names:

        def compute(name: str = name) -> Floats:
            centre = encoders.embed(name, places).mean(0, dtype=np.float64)
            one, other = np.split(encoders.embed(name, np.concatenate([start, end])), 2)
            return np.stack(vectors.by_distance(vectors.cosine(one, other, centre), km))

        far, curve = kept.answer("gallery", name, "decay", [places, start, end], compute)
        tables.append(pd.DataFrame({"encoder": name, "km": far, "cosine": curve}))
    return pd.concat(tables, ignore_index=True)


def half(curves: pd.DataFrame) -> pd.Series:
    """Where likeness has fallen to one half, km by encoder, of :func:`decay`; see :func:`.vectors.falls_to`."""
    return pd.Series(
        {name: vectors.falls_to(0.5, own["km"], own["cosine"]) for name, own in curves.groupby("encoder", sort=False)}
    )


def directions(names: Iterable[str], places: ArrayLike) -> pd.DataFrame:
    """How many independent directions a vector has over some places.

    Returns
    -------
    pandas.DataFrame
        By encoder: ``numbers``, its length; ``most`` and ``all``, the principal components that hold 90 % and 99 % of
        the variance; ``dead``, the share of numbers that are the same at every place, 0 … 1.
    """
    rows = {}
    for name in names:

        def compute(name: str = name) -> Floats:
            found = encoders.embed(name, places)
            share = vectors.principal(found)[1]
            held = [vectors.components(share, part) for part in (0.9, 0.99)]
            return np.array([found.shape[1], *held, vectors.dead(found)])

        *counts, dead = kept.answer("gallery", name, "directions", [places], compute)
        rows[name] = dict(zip(("numbers", "most", "all"), map(int, counts), strict=True)) | {"dead": float(dead)}
    return pd.DataFrame.from_dict(rows, orient="index")


def roughness(name: str, step_km: float = 100.0) -> float:
    r"""Share of a vector's variance over the land that a step in a random direction brings about.

    .. math:: \frac{\tfrac12\, \overline{\lVert e(x) - e(x') \rVert^2}}{\operatorname{tr} \Sigma}

    Parameters
    ----------
    name : str
        Of an encoder.
    step_km : float
        How far :math:`x'` is from :math:`x`.
    """
    land = coords.Land(ROUGH_DEGREES).places
    turn = np.random.default_rng(0).uniform(0, 2 * np.pi, len(land))
    angle = np.degrees(step_km / coords.EARTH_RADIUS_KM)
    moved = land + angle * np.column_stack([np.sin(turn) / np.cos(np.radians(land[:, 1])), np.cos(turn)])

    def compute() -> float:
        here, there = (encoders.embed(name, places).astype(float) for places in (land, moved))
        return 0.5 * ((here - there) ** 2).sum(1).mean() / here.var(0).sum()

    return float(kept.answer("gallery", name, "roughness", [land, moved], compute))


def box(cells: int | None = None) -> tuple[Floats, Floats]:
    """Longitudes and latitudes of the box of :mod:`placeprior.scores.spectra`; with `cells`, only so many of each."""
    lon, lat = spectra.axes()
    rows, columns = spectra.box(lon, lat)
    return lon[columns][:cells], lat[rows][:cells]


def waves(names: Sequence[str], lon: Floats, lat: Floats) -> tuple[pd.DataFrame, pd.Series]:
    """How an encoder's variance is shared out among waves of different length, all its numbers together.

    Parameters
    ----------
    names : sequence of str
    lon, lat : ndarray
        As :func:`box`.

    Returns
    -------
    curves : pandas.DataFrame
        ``encoder, wavelength, power``: km, falling, and power over variance, km2.
    local : pandas.Series
        By encoder, the share of waves shorter than :data:`.LOCAL_KM`, 0 … 1.
    """
    tables, local = [], {}
    for name in names:

        def compute(name: str = name) -> Floats:
            fields = encoders.embed(name, coords.cells(lon, lat)).astype(np.float64).T.reshape(-1, len(lat), len(lon))
            wavelength, power, short, total = spectra.spectrum(fields)
            return np.append(np.stack([wavelength, power.sum(0) / total.sum()]), short.sum() / total.sum())

        *found, short = kept.answer("gallery", name, "waves", [lon, lat], compute)
        wavelength, power = np.reshape(found, (2, -1))
        tables.append(pd.DataFrame({"encoder": name, "wavelength": wavelength, "power": power}))
        local[name] = short
    return pd.concat(tables, ignore_index=True), pd.Series(local)


# --- what is kept -----------------------------------------------------------------------------------------------------


def collect(runs: Iterable[Run]) -> pd.DataFrame:
    """What the page asks of encoders with published weights, as :func:`placeprior.evidence.kept.record` keeps it.

    Parameters
    ----------
    runs : iterable of Run
        Only which encoders they name is read.
    """
    names = [run.variant for run in runs]
    land, (lon, lat) = coords.Land(DEGREES), box()
    start, end, km = vectors.pairs(PAIRS, np.random.default_rng(0))
    with kept.record() as made:
        for name in names:
            if name.startswith("xyz"):  # those that the page draws maps of
                receptive_field(name, DENVER, land.places)
                colours(name, land.places)
        decay(names, land.places, start, end, km)
        directions(names, land.places)
        waves(names, lon, lat)
        for name in names:
            roughness(name)
    return made[0]
