"""Rules of claims that many pages ask for: a gain, a part of the rows, a number of a table, a count of arms.

Each takes a scale and what the claim's rule says, and returns a :class:`placeprior.book.verdicts.Found`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from placeprior.arms import arm, called, where
from placeprior.book import results
from placeprior.book.verdicts import NOT_RUN, Found, bound, compared, is_half
from placeprior.book.words import NAMES, UNIT, minus
from placeprior.errors import ConfigError, StoreError, UnknownName
from placeprior.evidence import against_itself, subsets, tables
from placeprior.evidence.gains import REFERENCE, gains, matched_gains
from placeprior.runs import configuration
from placeprior.scores import metrics


def _gain(
    scale: str,
    *,
    task: str,
    arm: str,
    split: str,
    expects: str,
    against: str = REFERENCE,
    metric: str = "r2",
    within: float = 0.02,
) -> Found:
    """Compare an arm with another: `above`, `below`, or `alike` within a margin."""
    if metric not in metrics.METRICS:
        raise UnknownName("metric", metric, metrics.METRICS)
    table = gains(scale, task, against=against, metric=metric, few="@" in split)
    row = table[(table["arm"] == arm) & (table["split"] == split)]
    return NOT_RUN if is_half(row, split) else compared(row.iloc[0], expects, within)


def _subset(
    scale: str, *, task: str, split: str, variant: str, fusion: str, metric: str, expects: str, stratum: str = "all"
) -> Found:
    """Ask a score of a part of the test rows (:mod:`placeprior.evidence.subsets`): its difference to the reference."""
    try:
        table = subsets.told(subsets.referenced(tables.read(scale, "subsets")))
    except StoreError:
        return NOT_RUN
    wanted = {"task": task, "split": split, "variant": variant, "fusion": fusion, "metric": metric, "stratum": stratum}
    for key, value in wanted.items():
        table = table[table[key] == value]
    unit = UNIT if metric in ("rmse", "mae", "mbe") else ""
    return compared(table.iloc[0], expects, unit=unit) if len(table) else NOT_RUN


def _table(
    scale: str,
    *,
    name: str,
    column: str,
    what: str,
    where: dict[str, Any] | None = None,
    take: str = "first",
    at_least: float | None = None,
    at_most: float | None = None,
    unit: str = "",
    task: str | None = None,
    profile: str | None = None,
) -> Found:
    """Ask a number of a committed table of evidence, which another profile may keep (``profile``).

    In words it is `what`, in its `unit`; of a share with the unit ``%`` the ledger shows per cent.
    """
    try:
        table = tables.read(profile or scale, name)
    except StoreError:
        return NOT_RUN
    asked = dict(where or {}) | ({"task": task} if task and "task" in table else {})
    for key, value in asked.items():
        table = table[table[key] == value]
    numbers = table[column].dropna()
    if numbers.empty:
        return NOT_RUN
    if take not in ("first", "min", "max", "mean"):
        raise UnknownName("way to take a number", take, ("first", "min", "max", "mean"))
    value = float(numbers.iloc[0] if take == "first" else getattr(numbers, take)())
    return Found(bound(value, at_least, at_most), {"value": value}, _measured(value, unit))


def _measured(value: float, unit: str) -> str:
    """A number with its unit: ``51.6 %`` of a share."""
    return minus(f"{100 * value if unit == '%' else value:.3g} {unit}".rstrip())


def _count(
    scale: str,
    *,
    task: str,
    split: str,
    sign: str,
    matrix: str | None = None,
    arms: Sequence[str] | None = None,
    against: str | None = None,
    at_least: int | None = None,
    at_most: int | None = None,
    margin: float | None = None,
) -> Found:
    """Count the arms of a matrix, or of a list, that are clearly above or below another, or no place, each its own.

    That few are clear may come of wide intervals alone. With a `margin`, a claim that at most so many are is supported
    only where the others' intervals end before it.
    """
    if sign not in ("above", "below"):
        raise UnknownName("sign", sign, ("above", "below"))
    if (matrix is None) == (arms is None):
        raise ConfigError("a rule that counts arms needs either a matrix or a list of arms")
    if matrix is not None:
        if not results.has(scale, matrix):
            return NOT_RUN
        models = configuration.profile(scale)["matrices"][matrix]["model"]
        arms = [arm(*model.partition("/")[::2]) for model in models]
    table = gains(scale, task, against=against) if against else matched_gains(scale, task)
    table = table[table["arm"].isin(arms) & (table["split"] == split)]
    if table.empty or (matrix is None and len(table) < len(arms)):
        return NOT_RUN
    clear = int((table["clear"] == (1 if sign == "above" else -1)).sum())
    values = {"clear": clear, "of": len(table)}
    text, verdict = f"{clear} of {len(table)}", bound(clear, at_least, at_most)
    if margin is not None and len(table) > clear:
        ends = (table["high"] if sign == "above" else -table["low"])[table["clear"] == 0]
        values["reach"] = float(ends.max(skipna=False)) if len(ends) else 0.0
        text += f", the others' intervals reach {minus(format(values['reach'], '+.3f'))}"
        if verdict == "supported" and not values["reach"] < margin:
            verdict = "undecided"
    return Found(verdict, {key: value for key, value in values.items() if value == value}, text)


def _itself(scale: str, *, task: str, at_most: float) -> Found:
    """How large a share of an arm's differences to itself is called clear."""
    pairs = against_itself.committed(scale)
    pairs = pairs[pairs["task"] == task]
    if pairs.empty:
        return NOT_RUN
    clear = int((pairs["clear"] != 0).sum())
    values = {"value": clear / len(pairs), "clear": clear, "of": len(pairs)}
    return Found(bound(values["value"], None, at_most), values, f"{clear} of {len(pairs)}")


RULES: dict[str, Callable[..., Found]] = {
    "gain": _gain,
    "subset": _subset,
    "table": _table,
    "count": _count,
    "itself": _itself,
}


def said(rule: dict[str, Any]) -> str:
    """One of these rules in words.

    >>> said({"kind": "gain", "arm": "lonlat", "against": "none", "split": "spatial", "expects": "above"})
    'R² of lon/lat minus no location, WR · spatial: above zero'
    """
    if rule["kind"] == "gain":
        wording = {"above": "above zero", "below": "below zero", "alike": f"within ±{rule.get('within', 0.02):g}"}
        against = called(rule.get("against", REFERENCE))
        return (
            f"{NAMES[rule.get('metric', 'r2')]} of {called(rule['arm'])} minus {against}, "
            f"{where(rule['split'])}: {wording[rule['expects']]}"
        )
    if rule["kind"] == "subset":
        name = called(arm(rule["variant"], rule["fusion"]))
        return f"{rule['metric']} of {name} minus its reference, {where(rule['split'])}: {rule['expects']} zero"
    bound = f"at least {rule['at_least']:g}" if "at_least" in rule else f"at most {rule['at_most']:g}"
    if rule["kind"] == "count":
        which = rule.get("matrix") or ", ".join(map(called, rule["arms"]))
        return (
            f"arms of {which} clearly {rule['sign']} {called(rule['against']) if 'against' in rule else 'no place'}, "
            f"{where(rule['split'])}: {bound}"
            + (f", and the others' intervals end within {rule['margin']:g}" if "margin" in rule else "")
        )
    if rule["kind"] == "itself":
        return f"share of differences of an arm to itself that are called clear: {bound}"
    which = "at_least" if "at_least" in rule else "at_most"
    return f"{rule['what']}: {which.replace('_', ' ')} {_measured(rule[which], rule.get('unit', ''))}"
