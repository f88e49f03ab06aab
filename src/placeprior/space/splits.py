"""Every train/validation/test partition, each a pure function of the cube, a fold and the split's own seed.

A split says whether it tests *within* the regions it was trained in (``WR``) or *out of* them (``OoR``). The rows
that can be scored are the measured station-days with a full history of :data:`HISTORY` days; the first days of a
cube are history only, so that scores of models with shorter and longer windows are about the same rows.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import shapely
import xarray as xr

from placeprior.coords import CONUS_BOX, at_home, check_lonlat, nearest_km, planar, project, states, unwrapped
from placeprior.errors import ConfigError, UnknownName
from placeprior.space.regions import REGIONS, WAYS, regions
from placeprior.space.regions import tested as tested_of_regions

HISTORY = 21
HELD_OUT = 0.1
DRAWS = 2  # folds of the splits that hold out a tenth: as many disjoint tenths
FOLDS = 5  # of the splits that deal stations to folds
BLOCK_KM = 500.0  # where the correlation of daily PM2.5 at two EPA monitors has fallen to about half
BUFFER_KM = 100.0  # three quarters of the land are nearer than this to an EPA monitor: a test here is harder
STATES = 49  # contiguous, and DC
#: Whether each kind of split tests within the regions it was trained in or out of them, and how many folds it has.
KINDS = {
    "random": ("WR", DRAWS),
    "spatial": ("WR", DRAWS),
    "knndm": ("WR", FOLDS),
    "blocks": ("OoR", FOLDS),
    "checkerboard": ("OoR", 2),
    "state": ("OoR", STATES),
    "transfer": ("OoR", REGIONS),
    "union": ("OoR", REGIONS),
    "clusters": ("OoR", FOLDS),
    "year": ("WR", 1),
}
#: What a kind's name is followed by.
_SUFFIXES = {
    "checkerboard": r"-(?P<delta>\d+(?:\.\d+)?)",
    "year": r"-(?P<trained>\d{4})-(?P<tested>\d{4})",
    "union": rf"-(?P<way>{'|'.join(WAYS)})-(?P<budget>[1-9]|1[0-{REGIONS - 11}])",  # one fewer than there are regions
}
#: Splits that every cube has; by years, by states and by clusters depends on what is in it.
NAMES = ("random", "spatial", "checkerboard-8", "checkerboard-16", "checkerboard-30", "knndm", "blocks")
PATTERN = re.compile(
    f"(?P<base>{'|'.join(kind + _SUFFIXES.get(kind, '') for kind in KINDS)})"
    r"(?:@(?P<keep>[1-9]\d*))?(?P<regions>\+regions)?"
)


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
        Measured station-days whose labels a model may see: those of training, and the other days of training
        stations (history only; in a split by years, the other years too). The neighbour feature draws from nothing
        else, and no held-out station is ever in it.
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
        lonlat = lonlat_of(cube)
        return nearest_km(lonlat[self.test.any(1)], lonlat[self.train.any(1)])[0]


def lonlat_of(cube: xr.Dataset) -> np.ndarray:
    """The cube's places as ``lonlat``, shape (station, 2), degrees."""
    return np.column_stack([cube["lon"].values, cube["lat"].values]).astype(np.float64)


def towards_of(cube: xr.Dataset) -> np.ndarray | None:
    """Where a cube says that estimates are wanted, ``lonlat``, shape (m, 2); None where it says nothing."""
    if "towards_lon" not in cube.coords:
        return None
    return np.column_stack([cube["towards_lon"].values, cube["towards_lat"].values]).astype(np.float64)


def folds(name: str) -> tuple[int, ...]:
    """The folds of the split `name`: partitions of a checkerboard, disjoint tenths, fifths of stations, or states."""
    return tuple(range(1, _regime_and_folds(_parse(name))[1] + 1))


def state_name(fold: int) -> str:
    """The state that a fold of the split ``state`` tests: the fold-th of the contiguous states and DC by name.

    >>> state_name(1), state_name(49)
    ('Alabama', 'Wyoming')
    """
    return sorted(states())[fold - 1]


def state_folds(lonlat: np.ndarray) -> np.ndarray:
    """The fold of the split ``state`` that tests each place, shape (n,); see :func:`state_name`.

    A place off the drawn shore or border belongs to the nearest state.

    Raises
    ------
    CoordinateError
        Places of another country: the nearest state would mean nothing.
    """
    lonlat = at_home(lonlat, "the split by states", together=True)
    shapes = [states()[name] for name in sorted(states())]
    within = np.array([shapely.contains_xy(shape, *lonlat.T) for shape in shapes])
    off = ~within.any(0)
    found = within.argmax(0)
    found[off] = np.argmin([shapely.distance(shape, shapely.points(lonlat[off])) for shape in shapes], axis=0)
    return found + 1


def block_folds(lonlat: np.ndarray, rng: np.random.Generator, k: int = FOLDS, side: float = BLOCK_KM) -> np.ndarray:
    """Deal square blocks of the map at random to `k` folds, shape (n,): 1 to `k`.

    Blocks have a side of `side` kilometres on an equal-area plane (:func:`placeprior.coords.planar`), so every block
    covers the same area; each fold gets as many blocks with stations, to within one.
    """
    cells = np.floor(planar(lonlat) / side).astype(int)
    blocks, block = np.unique(cells, axis=0, return_inverse=True)
    return (rng.permutation(len(blocks)) % k + 1)[block.ravel()]


def partition(lonlat: np.ndarray, delta: float) -> np.ndarray:
    """Checkerboard partition, 1 or 2, of each place: ``(i + j) mod 2 + 1`` of its ``delta``-degree cell.

    Cells are counted from the south-west corner of :data:`~placeprior.coords.CONUS_BOX`, as in the reference code
    of Karimzadeh, Wang & Crooks (2025). Degrees make cells of unequal area; there is no buffer between them. Places on
    both sides of the antimeridian are counted in one stretch. Places all round the globe meet where their widest gap
    is: there two cells of one colour may touch, unless an even number of cells makes a circle.

    Parameters
    ----------
    lonlat : ndarray, shape (n, 2)
    delta : float
        Cell size in degrees.

    Returns
    -------
    ndarray of int, shape (n,)
    """
    lonlat, (west, south) = check_lonlat(lonlat), CONUS_BOX[:2]
    i = np.floor((unwrapped(lonlat[:, 0]) - west) / delta).astype(int)
    j = np.floor((lonlat[:, 1] - south) / delta).astype(int)
    return (i + j) % 2 + 1


def split(name: str, cube: xr.Dataset, seed: int, fold: int = 1) -> Split:
    """Partition a cube's station-days.

    Parameters
    ----------
    name : str
        ``"random"``: 10 % of rows are tested; ``"spatial"``: 10 % of stations (each fold others, so that scores of two
        folds are of disjoint rows); ``"checkerboard-<degrees>"``: one of
        two partitions of the map; ``"knndm"``: a fold of :func:`placeprior.space.matched_folds.matched_folds`,
        towards the places that the cube names (``towards_lon, towards_lat``), or else the land of the US;
        ``"blocks"``: a fold of :func:`block_folds`, and stations within :data:`BUFFER_KM` of a tested one are in no
        part; ``"state"``: the stations of one state; ``"transfer"``: a fifth of the stations of every region of
        :func:`placeprior.space.regions.regions`, whatever the fold, by a model trained in the fold's region alone;
        ``"union-<way>-<n>"``: of these, those in the fold's region, by a model trained in n others together
        (:func:`placeprior.space.unions.chosen`; by GeoCLIP's vectors, it depends on these weights);
        ``"clusters"``: the stations of one kind of weather (:func:`placeprior.space.clusters.folds`);
        ``"year-<A>-<B>"``: 10 % of the stations measured in year B, on
        days of B, by a model trained on days of A at the others. 10 % of what is left validates, drawn as single rows
        or stations. ``"<split>@<N>"`` keeps N of the training stations; of one seed, fewer are a part of more.
        ``"<split>+regions"`` validates on whole blocks of :data:`BLOCK_KM`, at least 10 % of what is left: nearer to
        how far an out-of-region test is.
    cube : xarray.Dataset
    seed : int
        Draws the held-out rows or stations, and the validation part. It is the split's alone: runs that differ in
        their training's seed are tested on the same rows.
    fold : int
        The fold that is tested, of :func:`folds`.

    Returns
    -------
    Split

    Raises
    ------
    UnknownName, ConfigError
        If the split or the fold does not exist, or a part comes out empty.
    """
    kind = _parse(name)
    if fold not in folds(name):
        raise ConfigError(f"split {name!r} has folds {folds(name)}; got fold {fold}")
    rng = np.random.default_rng([seed, fold])
    measured = np.isfinite(cube["pm25"].values)
    scored = measured.copy()
    scored[:, : HISTORY - 1] = False

    if kind["base"] == "random":
        tested, rest = _tenth(np.random.default_rng([seed, 0]).permutation(np.flatnonzero(scored)), fold)
        test, validation = np.zeros_like(scored), np.zeros_like(scored)
        test.flat[tested] = True
        validation.flat[rng.permutation(rest)[: round(HELD_OUT * rest.size)]] = True
        train, pool = scored & ~test & ~validation, measured & ~test & ~validation
    else:
        usable = np.flatnonzero(scored.any(1))
        learned, asked = (scored & _year(kind, part, cube) for part in ("trained", "tested"))
        tested = _tested(kind, cube, usable, asked, seed, fold)
        rest = np.setdiff1d(usable, tested)
        if kind["base"] == "blocks" and tested.size:
            rest = rest[nearest_km(lonlat_of(cube)[rest], lonlat_of(cube)[tested])[0] > BUFFER_KM]
        if kind["base"] == "transfer" or kind["way"]:
            rest, tested = _of_regions(kind, lonlat_of(cube), usable, rest, tested, fold)
        if kind["regions"]:
            aside = _whole_blocks(lonlat_of(cube)[rest], rng)
            validated, trained = rest[aside], rng.permutation(rest[~aside])
        else:
            validated, trained = np.split(rng.permutation(rest), [max(1, round(HELD_OUT * rest.size))])
        if kind["keep"]:
            trained = _kept(name, trained[learned[trained].any(1)], int(kind["keep"]), seed, fold)
        test = asked & _rows(tested, scored)
        validation, train = (learned & _rows(who, scored) for who in (validated, trained))
        pool = measured & _rows(trained, scored)

    result = Split(name, _regime_and_folds(kind)[0], fold, seed, train, validation, test, pool)
    for part, size in result.sizes().items():
        if size["rows"] == 0:
            raise ConfigError(
                f"split {name!r} fold {fold} leaves no {part} rows; the cube has {scored.sum()} "
                f"station-days with {HISTORY} days of history: use more stations or days"
            )
    return result


def _parse(name: str) -> re.Match[str]:
    kind = PATTERN.fullmatch(name)
    if not kind or (kind["delta"] and float(kind["delta"]) == 0):
        raise UnknownName("split", name, (*NAMES, "state", "year-2018-2021", "spatial@100"))
    if kind["base"] == "random" and (kind["keep"] or kind["regions"]):
        raise ConfigError(
            f"split {name!r}: @ and +regions choose among stations, and the random split holds out "
            "days of all of them; use them with another split, such as 'spatial@100'"
        )
    return kind


def _regime_and_folds(kind: re.Match[str]) -> tuple[str, int]:
    return KINDS[kind["base"].partition("-")[0]]


def _tested(
    kind: re.Match[str], cube: xr.Dataset, usable: np.ndarray, asked: np.ndarray, seed: int, fold: int
) -> np.ndarray:
    """The stations that a fold tests."""
    lonlat = lonlat_of(cube)
    if kind["delta"]:
        return usable[partition(lonlat[usable], float(kind["delta"])) == fold]
    if kind["base"] == "state":
        found = usable[state_folds(lonlat[usable]) == fold]
        if not found.size:
            raise ConfigError(f"split 'state' fold {fold}: {state_name(fold)} has no station; choose another fold")
        return found
    common = np.random.default_rng([seed, 0])  # one partition for all folds of a seed
    if kind["base"] == "transfer" or kind["way"]:
        return usable[tested_of_regions(regions(lonlat[usable]), common)]
    if kind["base"] == "clusters":
        from placeprior.space import clusters  # here, because gstools takes long to load

        return usable[clusters.folds(cube, FOLDS, common)[usable] == fold]
    if kind["base"] in ("knndm", "blocks"):
        if kind["base"] == "blocks":
            return usable[block_folds(lonlat[usable], common) == fold]
        from placeprior.space.matched_folds import matched_folds  # here, because SciPy's statistics take long to load

        return usable[matched_folds(lonlat[usable], FOLDS, common, towards_of(cube)) == fold]
    # One order of all stations, so that the tested stations of two years are nearly the same.
    order = common.permutation(usable)
    return _tenth(order[asked[order].any(1)], fold)[0]


def _of_regions(
    kind: re.Match[str], lonlat: np.ndarray, usable: np.ndarray, rest: np.ndarray, tested: np.ndarray, fold: int
) -> tuple[np.ndarray, np.ndarray]:
    """What is left to learn from, and what is tested: of the fold's region and everywhere, or of chosen ones and there.

    No tested station of any region teaches, so that a region teaches the same alone and in a union.
    """
    region = regions(lonlat[usable])
    own = usable[region == fold]
    if not kind["way"]:
        return np.intersect1d(rest, own), tested
    from placeprior.space import unions  # here, because POT takes long to load

    taught = unions.chosen(kind["way"], int(kind["budget"]), lonlat[usable], region, fold)
    return np.intersect1d(rest, usable[np.isin(region, taught)]), np.intersect1d(tested, own)


def _tenth(order: np.ndarray, fold: int) -> tuple[np.ndarray, np.ndarray]:
    """The fold-th tenth of what was put in order, and the rest."""
    size = round(HELD_OUT * order.size)
    chosen = np.zeros(order.size, bool)
    chosen[(fold - 1) * size : fold * size] = True
    return order[chosen], order[~chosen]


def _whole_blocks(lonlat: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Which places lie in blocks set aside, drawn until they hold a tenth of all, shape (n,)."""
    cells = np.floor(project(lonlat) / BLOCK_KM).astype(int)
    blocks, block, size = np.unique(cells, axis=0, return_inverse=True, return_counts=True)
    order = rng.permutation(len(blocks))
    before = np.cumsum(size[order]) - size[order]
    return np.isin(block.ravel(), order[before < HELD_OUT * len(lonlat)])


def _year(kind: re.Match[str], part: str, cube: xr.Dataset) -> np.ndarray:
    """Whether a day is of the year named for a part, shape (time,); every day where the split names none."""
    years = cube["time"].dt.year.values
    if kind[part] is None:
        return np.ones(years.shape, bool)
    if int(kind[part]) not in years:
        raise ConfigError(
            f"split {kind.string!r}: the cube has no day of {kind[part]}, only of "
            f"{years[0]} to {years[-1]}; name two of them"
        )
    return years == int(kind[part])


def _kept(name: str, trained: np.ndarray, keep: int, seed: int, fold: int) -> np.ndarray:
    if keep > trained.size:
        raise ConfigError(f"split {name!r} fold {fold} has {trained.size} training stations; keep at most as many")
    # A generator of its own, so that the split is otherwise that of the name without @.
    return np.random.default_rng([seed, fold, 1]).permutation(np.sort(trained))[:keep]


def _rows(which: np.ndarray, like: np.ndarray) -> np.ndarray:
    mask = np.zeros(like.shape[0], bool)
    mask[which] = True
    return np.broadcast_to(mask[:, None], like.shape)
