"""Maps of errors of many arms over the same fits, what telling the place changes there, and patterns to test scores."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.stats import spearmanr

from placeprior.coords import great_circle_km, project
from placeprior.data.world.land import density
from placeprior.evidence import station_errors, who_is_served
from placeprior.scores import metrics

FEWEST = 8  # arms over which a correlation is given


@dataclass(frozen=True)
class ErrorMaps:
    """Maps of errors of several arms that were run in the same fits.

    Attributes
    ----------
    whole : dict of DataFrame
        By arm, all fits together: as :func:`placeprior.evidence.station_errors.by_station`.
    by_seed : dict of dict of DataFrame
        The same, one map a seed.
    masks : dict of ndarray
        As :func:`placeprior.evidence.station_errors.who`, of the stations of the maps.
    """

    whole: dict[str, pd.DataFrame]
    by_seed: dict[str, dict[int, pd.DataFrame]]
    masks: dict[str, np.ndarray]

    @property
    def lonlat(self) -> np.ndarray:
        """The stations, (n, 2)."""
        return next(iter(self.whole.values()))[["lon", "lat"]].to_numpy()

    def rmse(self, arm: str) -> float:
        """RMSE of all rows of an arm's map, µg m-3."""
        return float(np.sqrt(self.whole[arm]["sum_e2"].sum() / self.whole[arm]["n"].sum()))


def of_split(scores: pd.DataFrame, sums: pd.DataFrame, reference: str, split: str) -> ErrorMaps:
    """Maps of all arms that were run in every fit of a split in which the reference was.

    Parameters
    ----------
    scores, sums : pandas.DataFrame
        Of one task, as :class:`placeprior.book.results.Results` has them.
    reference : str
        An arm.
    split : str
        Of a checkerboard, whose partitions together test every station, ``far`` and ``near`` are among the groups.

    Returns
    -------
    ErrorMaps
        Without any map where the reference was not run.
    """
    part = scores[scores["split"] == split].drop_duplicates("run")
    fits = set(part.loc[part["arm"] == reference, ["fold", "seed"]].itertuples(index=False, name=None))
    tables = dict(list(sums[sums["run"].isin(part["run"])].groupby("run")))
    added, by_seed = {}, {}
    for arm, own in part.groupby("arm"):
        own = own[[fit in fits for fit in own[["fold", "seed"]].itertuples(index=False, name=None)]]
        if fits and len(own) == len(fits) and set(own["run"]) <= set(tables):
            added[arm] = pd.concat([tables[run] for run in own["run"]])
            by_seed[arm] = {
                seed: station_errors.by_station(pd.concat([tables[run] for run in folds["run"]]))
                for seed, folds in own.groupby("seed")
            }
    if reference not in added:
        return ErrorMaps({}, {}, {})
    whole = {arm: station_errors.by_station(table) for arm, table in added.items()}
    km = station_errors.known_km(added[reference]).to_numpy() if split.startswith("checkerboard") else None
    masks = station_errors.who(whole[reference][["lon", "lat"]].to_numpy(), km)
    return ErrorMaps(whole, by_seed, masks)


def evenness(
    maps: ErrorMaps, reference_of: Callable[[str], str], arms: Collection[str], range_km: float
) -> pd.DataFrame:
    """RMSE of regions and groups with every arm, how far apart they are, and the change against its reference.

    Parameters
    ----------
    maps : ErrorMaps
    reference_of : callable
        From an arm to the one it is compared with (:func:`placeprior.evidence.gains.reference_of`).
    arms : collection of str
        Those without a map, or whose reference has none, are passed over.
    range_km : float
        How far errors are alike, as for :func:`placeprior.evidence.station_errors.evenness`.

    Returns
    -------
    pandas.DataFrame
        ``arm``, ``who`` and what :func:`placeprior.evidence.station_errors.evenness` finds; empty without maps.
    """
    tables = [
        station_errors.evenness(maps.by_seed[arm], maps.by_seed[reference_of(arm)], maps.masks, range_km=range_km)
        .reset_index()
        .assign(arm=arm)
        for arm in arms
        if {arm, reference_of(arm)} <= set(maps.by_seed)
    ]
    return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame(columns=["arm", "who"])


# --- scores of geographic bias ----------------------------------------------------------------------------------------


def changes(bias: pd.DataFrame, reference: str, without: Collection[str]) -> pd.DataFrame:
    """Each measure of every arm minus that of the reference in the same seed.

    Parameters
    ----------
    bias : pandas.DataFrame
        As :func:`placeprior.evidence.who_is_served.collect`, of one task and split, with a column ``arm``.
    reference : str
    without : collection of str
        Arms that are not asked about.

    Returns
    -------
    pandas.DataFrame
        Index ``arm`` and ``seed``, a column a measure; empty where the reference has none.
    """
    wide = bias.pivot_table(index=["arm", "seed"], columns="measure", values="value")
    if reference not in wide.index.get_level_values("arm"):
        return wide.iloc[:0]
    change = wide - wide.loc[reference].reindex(wide.index.get_level_values("seed")).set_axis(wide.index)
    return change[~change.index.get_level_values("arm").isin([reference, *without])]


def raised(change: pd.DataFrame, measures: Collection[str]) -> pd.DataFrame:
    """How many arms raise or lower a measure in every seed, and its rank correlation with the change of RMSE.

    Parameters
    ----------
    change : pandas.DataFrame
        As :func:`changes`.
    measures : collection of str

    Returns
    -------
    pandas.DataFrame
        A row a measure that any arm has: ``measure, arms, raise, lower``, and ``rho, low, high`` over the arms' means
        (:func:`rank_correlation`).
    """
    rows = []
    mean = change.groupby("arm").mean()
    for measure in [measure for measure in measures if measure in change]:
        by_arm = [own.dropna() for _, own in change[measure].groupby("arm")]
        by_arm = [own for own in by_arm if len(own)]
        if by_arm:
            up, down = (sum(bool((sign * own > 0).all()) for own in by_arm) for sign in (1, -1))
            correlation = rank_correlation(mean["rmse"].to_numpy(), mean[measure].to_numpy())
            rows.append((measure, len(by_arm), up, down, *correlation))
    return pd.DataFrame(rows, columns=["measure", "arms", "raise", "lower", "rho", "low", "high"])


def rank_correlation(x: np.ndarray, y: np.ndarray) -> tuple[float, float, float]:
    """Spearman's correlation with its 95 % interval; NaN for fewer than :data:`FEWEST` pairs.

    The interval is that of Bonett, D. G. & Wright, T. A. (2000), *Psychometrika* 65, 23.

    Parameters
    ----------
    x, y : ndarray, shape (n,)
        Pairs with a NaN do not count.
    """
    keep = np.isfinite(x) & np.isfinite(y)
    if keep.sum() < FEWEST:
        return (np.nan, np.nan, np.nan)
    rho, n = float(spearmanr(x[keep], y[keep]).statistic), int(keep.sum())
    half = 1.96 * np.sqrt((1 + rho**2 / 2) / (n - 3))
    low, high = np.tanh(np.arctanh(np.clip(rho, -0.9999, 0.9999)) + np.array([-half, half]))
    return rho, float(low), float(high)


# --- patterns made on purpose -----------------------------------------------------------------------------------------


def patterns(lonlat: np.ndarray, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Patterns of service, 0 (good) to 1 (bad) at each place; the last deals the first at random."""
    field = np.exp(-great_circle_km(lonlat, lonlat) / 200) @ rng.standard_normal(len(lonlat))
    found = {
        "worse to the west": _ranks(-lonlat[:, 0]),
        "worse in the west half": (lonlat[:, 0] < np.median(lonlat[:, 0])).astype(float),
        "worse in the country": _ranks(-density(project(lonlat), station_errors.TOWN)),
        "patches of some 200 km": _ranks(field),
        "every other square of 1°": np.floor(lonlat).sum(1) % 2,
    }
    return found | {"dealt at random": rng.permutation(found["worse to the west"])}


def _ranks(values: np.ndarray) -> np.ndarray:
    """Ranks from 0 to 1."""
    return np.argsort(np.argsort(values, kind="stable"), kind="stable") / (len(values) - 1)


def planted(lonlat: np.ndarray, null: Mapping[str, np.ndarray]) -> pd.DataFrame:
    """How far above chance each score is on invented errors: an RMSE of one to three, a pattern with noise.

    Parameters
    ----------
    lonlat : ndarray, shape (n, 2)
    null : mapping
        As :func:`placeprior.evidence.who_is_served.chance` of these places.

    Returns
    -------
    pandas.DataFrame
        A row a pattern of :func:`patterns`, a column a measure: standard deviations of the null above its mean.
    """
    rng, rows = np.random.default_rng(0), {}
    places = pd.DataFrame({"lon": lonlat[:, 0], "lat": lonlat[:, 1]} | dict.fromkeys(metrics.SUMS, 0.0))
    for name, pattern in patterns(lonlat, rng).items():
        rmse = 1 + 2 * (0.75 * pattern + 0.25 * rng.uniform(size=len(lonlat)))
        table = places.assign(rmse=rmse, bias=rmse, n=300.0, sum_e=300 * rmse, sum_e2=300 * rmse**2)
        found = pd.DataFrame(who_is_served.score(table, null), columns=who_is_served.COLUMNS[5:]).set_index("measure")
        rows[name] = (found["value"] - found["chance"]) / found["sd"]
    return pd.DataFrame(rows).T
