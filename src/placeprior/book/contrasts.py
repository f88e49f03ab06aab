"""Rules of claims about contrasts: gains by distance, what a leak or twice the budget changes, weights of wrong pairs.

Each takes a scale and what the claim's rule says, and returns a :class:`placeprior.book.verdicts.Found`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from placeprior import evidence
from placeprior.arms import called, where
from placeprior.book import results
from placeprior.book.verdicts import NOT_RUN, Found, bound, compared, is_half
from placeprior.errors import StoreError, UnknownName
from placeprior.evidence import budget, law, matched
from placeprior.evidence import leak as leaks
from placeprior.runs import store, trials

TURNED = ("differences", "orders")


def distance(
    scale: str,
    *,
    task: str,
    arm: str,
    km: Sequence[float],
    expects: str,
    within: float = 0.02,
    less: Sequence[float] | None = None,
) -> Found:
    """Ask the gain of an arm between two distances to training (:func:`placeprior.evidence.law.between`).

    Parameters
    ----------
    scale, task, arm : str
    km : (float, float)
        From, and to less than.
    expects, within
        As :func:`placeprior.book.verdicts.compared`.
    less : (float, float), optional
        Of the distances whose gain is taken off.
    """
    scores = store.scores(scale)
    scores = scores[scores["task"] == task]
    found = law.between(scores, store.sums(scale), arm, (km[0], km[1]), less and (less[0], less[1]))
    # One partition of a checkerboard says nothing about the other.
    return compared({**found, "difference": found["gain"]}, expects, within) if found and found["whole"] else NOT_RUN


def leak(
    scale: str,
    *,
    task: str,
    split: str,
    arm: str,
    expects: str,
    within: float = 0.02,
    leak: str = leaks.BOTH,
    of: str = "score",
) -> Found:
    """Ask what a leak changes on a split: the score of an arm, or its gain over the same network without a place.

    Parameters
    ----------
    scale, task, split, arm : str
    expects, within
        As :func:`placeprior.book.verdicts.compared`.
    leak : str
        Of :data:`placeprior.evidence.leak.KINDS`; a gain is asked of both leaks together.
    of : {"score", "gain"}
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
    return NOT_RUN if is_half(found, split) else compared(found.iloc[0], expects, within)


def doubling(scale: str, *, task: str, of: str, at_most: int) -> Found:
    """Ask how many differences to the reference move, or clear orders turn round, with twice the budget.

    Parameters
    ----------
    scale, task : str
    of : {"differences", "orders"}
        As :func:`placeprior.evidence.budget.doubled` or :func:`placeprior.evidence.budget.orders` decide.
    at_most : int
    """
    if of not in TURNED:
        raise UnknownName("what twice the budget changes", of, TURNED)
    if not results.has(scale, "doubling"):
        return NOT_RUN
    table, sums = trials.read(scale, "doubling"), store.sums(scale)
    table = table[table["task"] == task]
    most = {}
    if of == "orders":
        held = budget.orders(table, sums)["kept"]
    else:
        found = budget.doubled(table, sums)
        found = found[found["arm"] != budget.REFERENCE]
        held, most = found["held"], {"most": float(found["moved"].abs().max())}
    if held.empty:
        return NOT_RUN
    turned = int((~held.astype(bool)).sum())
    return Found(bound(turned, None, at_most), {"turned": turned, "of": len(held)} | most, f"{turned} of {len(held)}")


def retrieval(scale: str, *, task: str, arm: str, expects: str, part: str = "test") -> Found:
    """Compare how far off an encoder finds places, pretrained with some weights, with plain contrast, km.

    Parameters
    ----------
    scale, task, arm, expects : str
    part : str
        Of :data:`placeprior.evidence.contrast.HELD`.
    """
    try:
        table = evidence.read(scale, "contrast")
    except StoreError:
        return NOT_RUN
    row = table[(table["arm"] == arm) & (table["part"] == part)]
    return NOT_RUN if row.empty else compared(row.iloc[0], expects)


RULES: dict[str, Callable[..., Found]] = {
    "distance": distance,
    "leak": leak,
    "doubling": doubling,
    "retrieval": retrieval,
}


def said(rule: Mapping[str, Any]) -> str:
    """One of these rules in words.

    >>> said({"kind": "distance", "arm": "lonlat", "km": [160, float("inf")], "less": [0, 40], "expects": "above"})
    'gain of lon/lat 160 km and more from training, less that 0 to 40 km from it: above zero'
    """
    if rule["kind"] == "doubling":
        turned = "clear orders that turn round" if rule["of"] == "orders" else "differences that move"
        return f"{turned} with twice the budget: at most {rule['at_most']:g}"
    wording = f"within ±{rule.get('within', 0.02):g}" if rule["expects"] == "alike" else f"{rule['expects']} zero"
    if rule["kind"] == "retrieval":
        part = rule.get("part", "test")
        return f"retrieval error with {rule['arm']} minus that of plain contrast, {part} places: {wording}"
    if rule["kind"] == "distance":
        less = f", less that {_reach(rule['less'])} from it" if "less" in rule else ""
        return f"gain of {called(rule['arm'])} {_reach(rule['km'])} from training{less}: {wording}"
    what = "gain" if rule.get("of") == "gain" else "R²"
    kind = {"pool": "a leak of neighbours", "scalers": "a leak of scalers"}.get(rule.get("leak", ""), "both leaks")
    return f"{what} of {called(rule['arm'])} with {kind} minus that without, {where(rule['split'])}: {wording}"


def _reach(km: Sequence[float]) -> str:
    return f"{km[0]:.0f} km and more" if math.isinf(km[1]) else f"{km[0]:.0f} to {km[1]:.0f} km"
