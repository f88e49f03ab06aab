r"""Whether the answer depends on how long a network learns, how large it is and how fast: what the trials say.

The criterion of the doubling test: with twice the budget, no difference in test R2 to the reference moves by more than

.. math:: \max(0.01,\ \tfrac12\, \mathrm{se})

and no order of two arms that is called clear turns round. Of a trial's runs only the scores are kept, not the sums per
station. So the standard error is that of the same fits in the main table (:func:`placeprior.scores.paired.paired`),
where those with the plain budget stand: it holds for the plain budget, and says how far a difference could be off
anyway. A cell is one fold of one split of one task: the two partitions of a checkerboard are two questions.
"""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pandas as pd

from placeprior.arms import arm_order, splits_in, with_arm
from placeprior.evidence.law import REFERENCE
from placeprior.network.sizes import Config
from placeprior.scores.paired import fits, paired, residual_range

CELL = ["task", "split", "fold"]
SETTINGS = ["width", "summary", "window", "batch", "epochs", "schedule", "rate", "clip", "dropout", "precision"]
LEAST = 0.01  # of R2
CHOSEN = "as chosen"


def doubled(table: pd.DataFrame, sums: pd.DataFrame, *, against: str = REFERENCE) -> pd.DataFrame:
    """Scores, and differences to a reference, with the plain budget and with twice as much.

    Parameters
    ----------
    table : pandas.DataFrame
        The trial ``doubling``, as :func:`placeprior.runs.trials.read`.
    sums : pandas.DataFrame
        Station sums of the main table, as :func:`placeprior.runs.store.sums`.
    against : str
        The reference's arm.

    Returns
    -------
    pandas.DataFrame
        One row a cell and arm: :data:`CELL`, ``arm``, ``seeds``; ``level`` and ``rise``, R2 and by how much it rises
        with twice the budget; ``difference`` and ``twice``, to the reference with either; ``moved``, between them, and
        ``moved_se``, its standard error over seeds; ``se, low, high, clear`` of the difference with the plain budget,
        NaN where the main table lacks the fits; ``allowed`` and ``held``. Only seeds that both arms have with both
        budgets count. The reference has only levels, and holds.
    """
    both = _both(table)
    base = both.loc[both["arm"] == against, [*CELL, "seed", "r2", "r2_twice"]]
    both = both.merge(base, on=[*CELL, "seed"], suffixes=("", "_base"))
    both["difference"], both["twice"] = both["r2"] - both["r2_base"], both["r2_twice"] - both["r2_twice_base"]
    both["moved"], both["rise"] = both["twice"] - both["difference"], both["r2_twice"] - both["r2"]
    found = both.groupby([*CELL, "arm"]).agg(
        seeds=("seed", "size"),
        level=("r2", "mean"),
        rise=("rise", "mean"),
        difference=("difference", "mean"),
        twice=("twice", "mean"),
        moved=("moved", "mean"),
        moved_se=("moved", "sem"),
    )
    contrasts = {
        (*cell, arm): [(1.0, fits(part, arm=arm)), (-1.0, fits(part, arm=against))]
        for cell, part in both.groupby(CELL)
        for arm in set(part["arm"]) - {against}
    }
    told = paired(contrasts, sums, range_km=residual_range(contrasts, sums))
    for name in ("se", "low", "high", "clear"):
        found[name] = pd.Series(dict(told[name].items()), dtype=float).reindex(found.index)
    found["allowed"] = np.fmax(LEAST, found["se"] / 2)
    found["held"] = found["moved"].abs() <= found["allowed"]
    return found.reset_index()


def curve(found: pd.DataFrame) -> pd.DataFrame:
    """The differences of :func:`doubled` one below the other: :data:`CELL`, ``arm, budget, difference, low, high``.

    With twice the budget an interval is as wide as with the plain one.
    """
    plain = found[[*CELL, "arm", "difference", "low", "high"]].assign(budget=1)
    twice = plain.assign(budget=2)
    for name in ("difference", "low", "high"):
        twice[name] += found["moved"]
    return pd.concat([plain, twice], ignore_index=True)


def _both(table: pd.DataFrame) -> pd.DataFrame:
    """Fits that were made with both budgets: a row each, R2 with twice the budget beside."""
    table = with_arm(table)
    once, twice = (table[table["budget"] == budget] for budget in (1, 2))
    key = [*CELL, "arm", "seed"]
    return once[[*key, "run", "r2"]].merge(twice[[*key, "r2"]], on=key, suffixes=("", "_twice"))


def orders(table: pd.DataFrame, sums: pd.DataFrame) -> pd.DataFrame:
    """Pairs of arms whose order is clear with the plain budget, and whether it is the same with twice as much.

    Parameters
    ----------
    table, sums
        As for :func:`doubled`.

    Returns
    -------
    pandas.DataFrame
        :data:`CELL`, ``better``, ``worse`` (arms), ``difference, low, high``, ``twice`` and ``kept``: whether the
        better is still above the other.
    """
    both, contrasts, twice = _both(table), {}, {}
    for cell, part in both.groupby(CELL):
        r2 = part.pivot(index=["fold", "seed"], columns="arm", values="r2_twice")
        for one, other in combinations(arm_order(part["arm"]), 2):
            contrasts[*cell, one, other] = [(1.0, fits(part, arm=one)), (-1.0, fits(part, arm=other))]
            twice[*cell, one, other] = (r2[one] - r2[other]).mean()
    told = paired(contrasts, sums, range_km=residual_range(contrasts, sums))
    rows = []
    for (*cell, one, other), row in told[told["clear"] != 0].iterrows():
        sign, later = row["clear"], twice[*cell, one, other]
        better, worse, (low, high) = (
            (one, other, (row["low"], row["high"])) if sign > 0 else (other, one, (-row["high"], -row["low"]))
        )
        rows.append([*cell, better, worse, sign * row["difference"], low, high, sign * later, bool(sign * later > 0)])
    return pd.DataFrame(rows, columns=[*CELL, "better", "worse", "difference", "low", "high", "twice", "kept"])


def sizes(table: pd.DataFrame, *, against: str = REFERENCE) -> pd.DataFrame:
    """Differences to a reference of the same size.

    Parameters
    ----------
    table : pandas.DataFrame
        The trial ``sizes``.
    against : str

    Returns
    -------
    pandas.DataFrame
        One row a fit and size: :data:`CELL`, ``seed, arm, size`` (in words), ``parameters`` (of the reference),
        ``r2, base`` (the reference's) and ``difference``; smallest first.
    """
    size = table["width"].astype(str) + " units, " + table["window"].astype(str) + " days"
    table = with_arm(table.assign(size=size))
    key = [*CELL, "seed", "size"]
    base = table.loc[table["arm"] == against, [*key, "r2", "parameters"]].rename(columns={"r2": "base"})
    found = table.loc[table["arm"] != against, [*key, "arm", "r2"]].merge(base, on=key)
    return found.assign(difference=found["r2"] - found["base"]).sort_values(["parameters", *CELL, "arm", "seed"])


def rates(table: pd.DataFrame, config: Config) -> pd.DataFrame:
    """Whether one peak rate serves all arms: what it costs each, on validation rows.

    Parameters
    ----------
    table : pandas.DataFrame
        The trial ``rates``.
    config : Config
        Of the profile: its rate is the common one.

    Returns
    -------
    pandas.DataFrame
        One row a cell and arm that has the common rate: :data:`CELL`, ``arm``, a column a rate with the mean
        validation loss, ``best`` (the rate whose loss is lowest) and ``cost``, by which share the loss of the common
        rate is above it.
    """
    loss = with_arm(table).pivot_table(index=[*CELL, "arm"], columns="rate", values="validation_loss")
    if config.rate not in loss:
        return loss.iloc[:0].assign(best=np.nan, cost=np.nan).reset_index()
    loss = loss[loss[config.rate].notna()]
    return loss.assign(best=loss.idxmin(axis=1), cost=loss[config.rate] / loss.min(axis=1) - 1).reset_index()


def tried(table: pd.DataFrame, config: Config) -> pd.DataFrame:
    """What was tried for the recipe, and the validation losses by which it was chosen.

    Parameters
    ----------
    table : pandas.DataFrame
        The trial ``recipe``.
    config : Config
        Of the profile: what was chosen.

    Returns
    -------
    pandas.DataFrame
        Index ``change``, what a setting changes of the recipe in words, :data:`CHOSEN` first; a column a split with
        the mean validation loss; ``seconds`` a run.
    """
    differ = [[name for name in SETTINGS if row[name] != getattr(config, name)] for _, row in table.iterrows()]
    change = [
        ", ".join(f"{name} {_plain(row[name])}" for name in names) or CHOSEN
        for names, (_, row) in zip(differ, table.iterrows(), strict=True)
    ]
    table = table.assign(change=pd.Series(change, table.index, dtype=object))
    loss = table.pivot_table(index="change", columns="split", values="validation_loss")
    loss = loss[splits_in(table)].assign(seconds=table.groupby("change")["seconds"].mean())
    return loss.loc[sorted(loss.index, key=lambda text: (text != CHOSEN, list(change).index(text)))]


def _plain(value: object) -> str:
    return f"{value:g}" if isinstance(value, (int, float, np.number)) else str(value)
