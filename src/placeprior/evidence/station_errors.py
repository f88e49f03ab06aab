"""The error at every station, by region and by group: how far groups lie apart, and how telling the place changes it.

A *map* of errors holds one row a station: all fits that test it, added up (:func:`by_station`). On a checkerboard the
two partitions together are such a map of the whole country, one a seed. :func:`evenness` compares the maps of two arms.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from placeprior.coords import arrays, check_lonlat, nearest_km, project
from placeprior.data.world.land import density
from placeprior.errors import StoreError
from placeprior.scores import metrics
from placeprior.scores.fairness.unevenness import states
from placeprior.scores.interval import interval
from placeprior.scores.paired import BLOCK_KM, squares

#: Climate regions of the National Centers for Environmental Information, as they name them now (Karl, T. R. & Koss,
#: W. J. 1984, *Historical Climatology Series* 4-3, National Climatic Data Center).
CLIMATES = {
    "Northeast": (
        "Connecticut",
        "Delaware",
        "District of Columbia",
        "Maine",
        "Maryland",
        "Massachusetts",
        "New Hampshire",
        "New Jersey",
        "New York",
        "Pennsylvania",
        "Rhode Island",
        "Vermont",
    ),
    "Southeast": ("Alabama", "Florida", "Georgia", "North Carolina", "South Carolina", "Virginia"),
    "Ohio Valley": ("Illinois", "Indiana", "Kentucky", "Missouri", "Ohio", "Tennessee", "West Virginia"),
    "Upper Midwest": ("Iowa", "Michigan", "Minnesota", "Wisconsin"),
    "South": ("Arkansas", "Kansas", "Louisiana", "Mississippi", "Oklahoma", "Texas"),
    "Northern Rockies and Plains": ("Montana", "Nebraska", "North Dakota", "South Dakota", "Wyoming"),
    "Southwest": ("Arizona", "Colorado", "New Mexico", "Utah"),
    "Northwest": ("Idaho", "Oregon", "Washington"),
    "West": ("California", "Nevada"),
}
#: Two groups whose errors are compared: the one that one would fear for, and the other.
PAIRS = (("country", "city"), ("west", "east"), ("far", "near"))
MERIDIAN = -100.0  # degrees, between the dry West and the humid East
TOWN = (10.0, 40.0)  # km, over which people are counted around a station
LEAST = 5  # stations of a region that counts, places of a patch that does


def climates(lonlat: ArrayLike) -> np.ndarray:
    """The climate region of each place, by name, shape (n,): a key of :data:`CLIMATES`."""
    of = {state: region for region, members in CLIMATES.items() for state in members}
    return np.array([of[state] for state in states(lonlat)])


def by_station(sums: pd.DataFrame) -> pd.DataFrame:
    """A map of errors: the sums of several runs, added up station by station.

    Parameters
    ----------
    sums : pandas.DataFrame
        Rows of :func:`placeprior.runs.store.sums`, of the fits of one arm.

    Returns
    -------
    pandas.DataFrame
        Index ``name``, sorted; ``lon``, ``lat``, :data:`placeprior.scores.metrics.SUMS`, and ``rmse`` and ``bias``, µg
        m-3.
    """
    parts = sums.astype({name: np.float64 for name in metrics.SUMS}).groupby("name")
    table = parts[["lon", "lat"]].first().join(parts[metrics.SUMS].sum())
    return table.assign(rmse=np.sqrt(table["sum_e2"] / table["n"]), bias=table["sum_e"] / table["n"])


def known_km(sums: pd.DataFrame) -> pd.Series:
    """How far each station is from the nearest one that a fit did not test, mean over the fits that test it.

    Parameters
    ----------
    sums : pandas.DataFrame
        Fits of one arm that together test every station, such as both partitions of a checkerboard; of others, a
        station that is never tested is not known of.

    Returns
    -------
    pandas.Series
        By ``name``, km. A station that a fit holds for validation counts as known. NaN where a fit tests all.
    """
    everyone = sums.drop_duplicates("name").set_index("name")[["lon", "lat"]]
    found = []
    for _, fit in sums.groupby("run"):
        rest = everyone.drop(fit["name"])
        if len(rest):
            km = nearest_km(fit[["lon", "lat"]].to_numpy(), rest.to_numpy())[0]
            found.append(pd.Series(np.ravel(km), index=fit["name"]))
    known = pd.concat(found).groupby(level=0).mean() if found else pd.Series(dtype=float)
    return known.reindex(everyone.index.sort_values())


def who(lonlat: ArrayLike, km: ArrayLike | None = None) -> dict[str, np.ndarray]:
    """Whom a model may serve differently: regions and groups, as masks of shape (n,).

    ``all``; the regions of :data:`CLIMATES` that have a place; and the groups of :data:`PAIRS`. ``country`` and
    ``city`` are the thirds of the places with the fewest and the most people around, ``far`` and ``near`` those
    farthest from a known station and nearest to one, ``west`` and ``east`` the sides of 100° W.

    Parameters
    ----------
    lonlat : array_like, shape (n, 2)
        Degrees.
    km : array_like, shape (n,), optional
        Distance to the nearest known station (:func:`known_km`); without it there is no ``far`` and ``near``.
    """
    own, lonlat = lonlat, check_lonlat(lonlat)
    if km is not None:
        km = arrays.numbers(km, "km")[arrays.order(arrays.labels(km), arrays.labels(own), "km")]
    region = climates(lonlat)
    found = {"all": np.ones(len(lonlat), bool)}
    found |= {name: region == name for name in CLIMATES if (region == name).any()}
    found |= {"west": lonlat[:, 0] < MERIDIAN, "east": lonlat[:, 0] >= MERIDIAN}
    for names, values in ((("country", "city"), density(project(lonlat), TOWN)), (("near", "far"), km)):
        if values is not None:
            low, high = np.nanquantile(values, [1 / 3, 2 / 3])
            found |= {names[0]: np.asarray(values) <= low, names[1]: np.asarray(values) >= high}
    return found


def evenness(
    own: Mapping[int, pd.DataFrame],
    other: Mapping[int, pd.DataFrame],
    masks: Mapping[str, np.ndarray],
    *,
    range_km: float = 0.0,
) -> pd.DataFrame:
    """RMSE of regions and groups, how far apart they are, and how another arm differs, with intervals.

    Parameters
    ----------
    own, other : mapping
        Maps of two arms by seed, as :func:`by_station`, over the same rows. Seeds that both have count.
    masks : mapping
        As :func:`who` of all places of these maps together, sorted by name.
    range_km : float
        As for :func:`placeprior.scores.paired.paired`.

    Returns
    -------
    pandas.DataFrame
        Index ``who``: the names of `masks`, the gaps ``country − city`` …, and ``spread``, the standard deviation of
        the RMSE of regions with at least five stations. Columns ``stations``; ``value``, µg m-3, the mean over seeds,
        with ``value_low, value_high``; ``change``, the value of `own` minus that of `other`, with ``low, high, clear``
        and what Holm's rule asks for, ``se, dof``. The intervals are over places and trainings
        (:mod:`placeprior.scores.interval`). Groups that one block holds
        whole have none.

    Raises
    ------
    StoreError
        If the maps are not of the same rows.
    """
    seeds = sorted(set(own) & set(other))
    for seed in seeds:
        if not (own[seed].index.equals(other[seed].index) and np.array_equal(own[seed]["n"], other[seed]["n"])):
            raise StoreError(
                f"two maps of {len(own[seed])} and {len(other[seed])} stations do not test the same rows; "
                "take the same fits of both arms"
            )
    places = pd.concat([other[seed][["lon", "lat"]] for seed in seeds])
    places = places[~places.index.duplicated()].sort_index()
    block = pd.factorize(squares(places.to_numpy(), max(BLOCK_KM, range_km)))[0]
    inside = (block == np.arange(block.max() + 1)[:, None]).astype(np.float64)
    weights = np.vstack([np.ones(len(places)), 1 - inside])  # as it is, then without each block
    pairs = {f"{one} − {two}": (one, two) for one, two in PAIRS if {one, two} <= set(masks)}
    counted = [name for name in masks if name in CLIMATES and masks[name].sum() >= LEAST]
    members = np.column_stack(list(masks.values())).astype(np.float64)

    def measured(table: pd.DataFrame) -> pd.DataFrame:
        """Every quantity, one column each; the first row as it is, then without each block."""
        table = table.reindex(places.index, fill_value=0.0)
        squared, rows = (weights @ (members * table[[name]].to_numpy()) for name in ("sum_e2", "n"))
        with np.errstate(invalid="ignore", divide="ignore"):  # a block may hold a whole region
            found = pd.DataFrame(np.sqrt(squared / rows), columns=list(masks))
        gaps = {name: found[one] - found[two] for name, (one, two) in pairs.items()}
        return found.assign(**gaps, spread=found[counted].std(axis=1) if len(counted) > 1 else np.nan)

    mine, theirs = ([measured(maps[seed]) for seed in seeds] for maps in (own, other))
    names = mine[0].columns
    # Where a quantity's rows lie: those of its group, or of both groups of a gap.
    of = {
        name: np.any([masks[part] for part in pairs.get(name, (name,)) if part in masks] or [masks["all"]], axis=0)
        for name in names
    }
    tested = np.column_stack([other[seed]["n"].reindex(places.index, fill_value=0.0) for seed in seeds])
    rows = np.stack([inside @ (tested * of[name][:, None]) for name in names], axis=1)  # (block, quantity, seed)

    def told(tables: list[pd.DataFrame]) -> dict[str, np.ndarray]:
        every = np.stack([table.to_numpy() for table in tables], axis=-1)  # (1 + block, quantity, seed)
        return interval(every[0], every[1:], rows, [0] * len(seeds))

    level, change = told(mine), told([one - two for one, two in zip(mine, theirs, strict=True)])
    count = {name: int(mask.sum()) for name, mask in masks.items()}
    count |= {name: count[one] + count[two] for name, (one, two) in pairs.items()}
    return pd.DataFrame(
        {
            "stations": [count.get(name, len(places)) for name in names],
            "value": level["difference"],
            "value_low": level["low"],
            "value_high": level["high"],
            "change": change["difference"],
            "low": change["low"],
            "high": change["high"],
            **{name: change[name] for name in ("clear", "se", "dof")},
        },
        index=pd.Index(names, name="who"),
    )
