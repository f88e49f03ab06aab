"""What decides claims that are no plain gain: each function returns the numbers, or None where runs are missing."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from placeprior.arms import called, where
from placeprior.book import results
from placeprior.errors import UnknownName
from placeprior.evidence import budget, law, matched
from placeprior.evidence import leak as leaks
from placeprior.runs import store, trials

LEAK_MATRICES = ("leak", "leak-place")
TURNED = ("differences", "orders")


def distance(
    scale: str, *, task: str, arm: str, km: Sequence[float], less: Sequence[float] | None = None
) -> Mapping[str, Any] | None:
    """Gain of an arm between two distances to training (:func:`placeprior.evidence.law.between`).

    Parameters
    ----------
    scale, task, arm : str
    km : (float, float)
        From, and to less than.
    less : (float, float), optional
        Of the distances whose gain is taken off.

    Returns
    -------
    mapping or None
        ``difference, low, high, clear, fits``.
    """
    scores = store.scores(scale)
    scores = scores[scores["task"] == task]
    found = law.between(scores, store.sums(scale), arm, (km[0], km[1]), less and (less[0], less[1]))
    # One partition of a checkerboard says nothing about the other.
    return {**found, "difference": found["gain"]} if found and found["whole"] else None


def leak(scale: str, *, task: str, split: str, arm: str, leak: str = leaks.BOTH, of: str = "score") -> Any:
    """What a leak changes on a split: the score of an arm, or its gain over the same network without a place.

    Parameters
    ----------
    scale, task, split, arm : str
    leak : str
        Of :data:`placeprior.evidence.leak.KINDS`; a gain is asked of both leaks together.
    of : {"score", "gain"}

    Returns
    -------
    mapping or None
        As :func:`distance`.
    """
    if leak not in leaks.KINDS:
        raise UnknownName("leak", leak, leaks.KINDS)
    scores, sums, reach = leaks.twins(leaks.runs(scale, task)), store.sums(scale), matched.reach(scale, task)
    if of == "gain":
        found = leaks.gains(scores, sums, reach)
        found = found[found["which"] == "change"]
    elif of == "score":
        found = leaks.changes(scores, sums, reach)
        found = found[found["leak"] == leak]
    else:
        raise UnknownName("what a leak changes", of, ("score", "gain"))
    found = found[(found["arm"] == arm) & (found["split"] == split)]
    # One partition of a checkerboard says nothing about the other.
    whole = len(found) and (not split.startswith("checkerboard") or found["folds"].item() == 2)
    return found.iloc[0].to_dict() if whole else None


def doubling(scale: str, *, task: str, of: str) -> tuple[int, int] | None:
    """How many differences to the reference move, or clear orders turn round, with twice the budget; and of how many.

    Parameters
    ----------
    scale, task : str
    of : {"differences", "orders"}
        As :func:`placeprior.evidence.budget.doubled` or :func:`placeprior.evidence.budget.orders` decide.
    """
    if of not in TURNED:
        raise UnknownName("what twice the budget changes", of, TURNED)
    if not results.has(scale, "doubling"):
        return None
    table, sums = trials.read(scale, "doubling"), store.sums(scale)
    table = table[table["task"] == task]
    if of == "orders":
        held = budget.orders(table, sums)["kept"]
    else:
        found = budget.doubled(table, sums)
        held = found.loc[found["arm"] != budget.REFERENCE, "held"]
    return (int((~held.astype(bool)).sum()), len(held)) if len(held) else None


#: Kinds of rule that ask a difference with its interval.
DIFFERENCES = {"distance": distance, "leak": leak}


def said(rule: Mapping[str, Any]) -> str:
    """One of these rules in words.

    >>> said({"kind": "distance", "arm": "lonlat", "km": [160, float("inf")], "less": [0, 40], "expects": "above"})
    'gain of lon/lat 160 km and more from training, less that 0 to 40 km from it: above zero'
    """
    if rule["kind"] == "doubling":
        turned = "clear orders that turn round" if rule["of"] == "orders" else "differences that move"
        return f"{turned} with twice the budget: at most {rule['at_most']:g}"
    wording = f"within ±{rule.get('within', 0.02):g}" if rule["expects"] == "alike" else f"{rule['expects']} zero"
    if rule["kind"] == "distance":
        less = f", less that {_reach(rule['less'])} from it" if "less" in rule else ""
        return f"gain of {called(rule['arm'])} {_reach(rule['km'])} from training{less}: {wording}"
    what = "gain" if rule.get("of") == "gain" else "R²"
    kind = {"pool": "a leak of neighbours", "scalers": "a leak of scalers"}.get(rule.get("leak", ""), "both leaks")
    return f"{what} of {called(rule['arm'])} with {kind} minus that without, {where(rule['split'])}: {wording}"


def _reach(km: Sequence[float]) -> str:
    return f"{km[0]:.0f} km and more" if math.isinf(km[1]) else f"{km[0]:.0f} to {km[1]:.0f} km"
