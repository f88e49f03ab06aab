"""Differences of scores on the same rows, from sums per test station, with the interval of :mod:`.interval`.

One function serves every comparison: a weighted sum of scores of runs that test the same rows. An arm against its
reference is one, a difference of two differences another, the mean of several arms against another a third.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from placeprior.coords import planar
from placeprior.errors import StoreError
from placeprior.scores import metrics
from placeprior.scores.interval import Noise, interval
from placeprior.space.correlogram import correlation_range

BLOCK_KM = 500.0  # least side of a block: where the correlation of daily PM2.5 has fallen to about half
#: A weight, and run ids by (fold, seed).
Term = tuple[float, pd.Series]
#: What is known of a difference: itself and its interval, whether it is clear (+1, -1, or 0), standard error and
#: degrees of freedom, variance of a single fit between trainings, and what it rests on. ``apart`` has a value a fold,
#: ``each`` one a fit, as series.
FOUND = [
    "difference",
    "low",
    "high",
    "clear",
    "se",
    "dof",
    "noise",
    "noise_dof",
    "stations",
    "blocks",
    "folds",
    "seeds",
    "fits",
    "apart",
    "each",
]


def squares(lonlat: np.ndarray, km: float = BLOCK_KM) -> np.ndarray:
    """Which square of an equal-area map each place lies in, by name, shape (n,).

    Parameters
    ----------
    lonlat : ndarray, shape (n, 2)
    km : float
        Side of the squares.
    """
    column, row = np.floor(planar(lonlat) / km).astype(int).T
    return np.array([f"{i}:{j}" for i, j in zip(column, row, strict=True)])


@dataclass(frozen=True)
class _Totals:
    """Sums of some runs by block of the map, and how many rows each run tests at each station."""

    row: dict[str, int]
    blocks: np.ndarray  # (run, block, sum)
    tested: np.ndarray  # (run, station)


def _totals(sums: pd.DataFrame, runs: set[str], km: float) -> _Totals:
    sums = sums[sums["run"].isin(runs)]
    name, names = pd.factorize(sums["name"])
    if "block" in sums:
        block = sums["block"].to_numpy()
    else:
        first = sums.drop_duplicates("name")[["lon", "lat"]].to_numpy(np.float64)
        block = (squares(first, km) if len(first) else np.array([], str))[name]
    run, ids = pd.factorize(sums["run"])
    block, known = pd.factorize(block, sort=True)
    where = run * len(known) + block
    columns = [np.bincount(where, sums[column].astype(np.float64), len(ids) * len(known)) for column in metrics.SUMS]
    tested = np.zeros((len(ids), len(names)))
    tested[run, name] = sums["n"]
    return _Totals(
        dict(zip(ids, range(len(ids)), strict=True)),
        np.stack(columns, -1).reshape(len(ids), len(known), len(metrics.SUMS)),
        tested,
    )


def paired(
    contrasts: Mapping[Hashable, Sequence[Term]],
    sums: pd.DataFrame,
    *,
    metric: str = "r2",
    range_km: float = 0.0,
    block_km: float = BLOCK_KM,
    noise: Noise | None = None,
) -> pd.DataFrame:
    """Weighted sums of scores on the same rows, each with its interval over places and trainings.

    Parameters
    ----------
    contrasts : mapping
        Under a name, terms: a weight, and the ids of runs by (fold, seed). With weights +1 and -1 it is a paired
        difference, with +1, -1, -1, +1 a difference of two differences. Only fits that all terms have count.
    sums : pandas.DataFrame
        Station sums of these runs, as :func:`placeprior.runs.store.sums`; a column ``block``, where there is one, names
        the blocks of the map. Runs that are not in it are passed over.
    metric : str
        Of :data:`placeprior.scores.metrics.METRICS`.
    range_km : float
        How far the stations' errors are alike (:func:`residual_range`): a block has a side of at least that.
    block_km : float
        Least side of a block; that of PM2.5 over a country when left out.
    noise : Noise, optional
        Of a single fit's training, for those with one seed.

    Returns
    -------
    pandas.DataFrame
        Columns :data:`FOUND`, in the metric's unit; a row a contrast, under its name. Contrasts whose terms share no
        fit, or without a row to score (no high day, say), are left out.

    Raises
    ------
    StoreError
        If two runs of a fit do not test the same rows.
    """
    wanted = {run for terms in contrasts.values() for _, runs in terms for run in runs}
    totals = _totals(sums, wanted, max(block_km, range_km))
    counted = metrics.SUMS.index("n_35" if metric == "rmse_35" else "n")  # the rows that the metric is about
    rows: list[dict[str, Any]] = []
    names: list[Hashable] = []
    for name, terms in contrasts.items():
        having = [runs[runs.isin(totals.row.keys())] for _, runs in terms]
        shared = having[0].index
        for runs in having[1:]:
            shared = shared.intersection(runs.index)
        shared = shared.sort_values()
        if shared.empty:
            continue
        ids = np.array([[totals.row[run] for run in runs[shared]] for runs in having])  # (term, fit)
        _same_rows(totals, ids, terms, shared)
        parts = totals.blocks[ids]  # (term, fit, block, sum)
        whole = parts.sum(2)
        rest = np.moveaxis(whole[:, :, None] - parts, 2, 1)  # (term, block, fit, sum): without each block
        signs = np.array([weight for weight, _ in terms], np.float64)
        with np.errstate(invalid="ignore"):  # a score that is not defined stays so
            values, without = (np.tensordot(signs, metrics.from_sums(part)[metric], 1) for part in (whole, rest))
        known = np.isfinite(values)
        if not known.any():
            continue
        # A fit without a row to score (no high day) says nothing; the others still do.
        values, without = (np.where(known & np.isfinite(part), part, np.nan) for part in (values, without))
        fold = shared.get_level_values(0).to_numpy()
        found = interval(values, without, parts[0, ..., counted].T, fold, noise)
        each = pd.Series(values, shared)[known]
        rows.append(
            {key: np.asarray(value).item() for key, value in found.items()}
            | {
                "stations": int((totals.tested[ids[0, known]] > 0).any(0).sum()),
                "folds": len(set(fold[known])),
                "seeds": each.index.get_level_values(1).nunique(),
                "fits": len(each),
                "apart": each.groupby(level=0).mean(),
                "each": each,
            }
        )
        names.append(name)
    return pd.DataFrame(rows, index=pd.Index(names, tupleize_cols=False, dtype=object), columns=FOUND)


def _same_rows(totals: _Totals, ids: np.ndarray, terms: Sequence[Term], shared: pd.Index) -> None:
    y = totals.blocks[..., metrics.SUMS.index("sum_y")]
    for term in range(1, len(ids)):
        for number, (one, other) in enumerate(zip(ids[0], ids[term], strict=True)):
            if one != other and not (
                np.array_equal(totals.tested[one], totals.tested[other]) and np.allclose(y[one], y[other], rtol=1e-4)
            ):
                fit = shared[number]
                raise StoreError(
                    f"runs {terms[0][1][fit]} and {terms[term][1][fit]} do not test the same rows; "
                    "collect the results again"
                )


def single(terms: Sequence[Term], sums: pd.DataFrame, **options: Any) -> pd.Series | None:
    """One row of :func:`paired`, or None where the terms share no fit or nothing can be scored."""
    found = paired({"": terms}, sums, **options)
    return found.iloc[0] if len(found) else None


def fits(scores: pd.DataFrame, **where: Any) -> pd.Series:
    """Run ids by fold and seed of the rows of a table of scores in which each named column has the given value.

    Parameters
    ----------
    scores : pandas.DataFrame
        As :func:`placeprior.runs.store.scores`, with whatever columns were added to it.
    **where
        For example ``task="world", split="spatial", arm="none"``.

    Returns
    -------
    pandas.Series
        For one term of :func:`paired`; empty where there is no such run.

    Raises
    ------
    StoreError
        If two runs are of the same fold and seed: more must be said to tell them apart.
    """
    for column, value in where.items():
        scores = scores[scores[column] == value]
    found = scores.drop_duplicates("run").set_index(["fold", "seed"])["run"]
    if not found.index.is_unique:
        twice = found.index[found.index.duplicated()][0]
        raise StoreError(
            f"fold {twice[0]}, seed {twice[1]} has several runs with {where}; name the column that differs"
        )
    return found


def residual_range(contrasts: Mapping[Hashable, Sequence[Term]], sums: pd.DataFrame) -> float:
    """How far the stations' errors are alike, from all fits of some contrasts together.

    What a station adds to a contrast is the weighted sum of its mean squared errors: these are asked, fit by fit.

    Parameters
    ----------
    contrasts, sums
        As for :func:`paired`.

    Returns
    -------
    float
        Km, as :func:`placeprior.space.correlogram.correlation_range`.
    """
    ids = {run for terms in contrasts.values() for _, runs in terms for run in runs}
    own = sums[sums["run"].isin(ids)]
    table = own.assign(mse=own["sum_e2"] / own["n"]).pivot(index="name", columns="run", values="mse")
    columns = []
    for terms in contrasts.values():
        having = [(weight, runs[runs.isin(table.columns)]) for weight, runs in terms]
        for fit in sorted(set.intersection(*(set(runs.index) for _, runs in having))):
            columns.append(sum(weight * table[runs[fit]].to_numpy(np.float64) for weight, runs in having))
    if not columns:
        return 0.0
    lonlat = own.drop_duplicates("name").set_index("name").loc[table.index, ["lon", "lat"]]
    return correlation_range(np.column_stack(columns), lonlat.to_numpy(np.float64))
