"""The ledger of claims: what is said, by whom, the rule that decides, and whether our results bear it out.

``book/claims.yml`` names for each claim a rule and, for each profile in which it can be asked, the task and the verdict
that was recorded when the sentences that rest on it were written. A verdict is computed from committed results alone:
*supported*, *contradicted*, *undecided* (the interval leaves both open) or *not run*.
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from placeprior.arms import arm, called, where
from placeprior.book import contrasts, results, rules
from placeprior.book.verdicts import NOT_RUN, Found, bound, compared
from placeprior.book.words import NAMES, minus
from placeprior.errors import ConfigError, StoreError, UnknownName
from placeprior.evidence import against_itself, subsets, tables
from placeprior.evidence.gains import REFERENCE, gains
from placeprior.files.replacing import replacing
from placeprior.runs import configuration
from placeprior.scores import metrics

VERDICTS = ("supported", "contradicted", "undecided", "not run")
SCALES = ("demo", "aqs", "paper")
FIELDS = ("id", "says", "who", "where", "page", "figure", "rule", "at")
NEEDED = ("id", "says", "who", "where", "page", "rule", "at")
OURS = "ours"


def path() -> Path:
    """Where the claims are written."""
    return configuration.root() / "book" / "claims.yml"


def read(file: Path | None = None) -> list[dict[str, Any]]:
    """The claims, checked.

    Parameters
    ----------
    file : Path, optional
        Instead of :func:`path`.

    Raises
    ------
    ConfigError
        If a claim lacks a field, has one that is not known, shares its id with another, or records no known verdict.
    """
    file = file or path()
    try:
        claims = yaml.safe_load(file.read_text(encoding="utf-8")) or []
    except yaml.YAMLError as error:
        raise ConfigError(f"{file} is not valid YAML: {error}") from error
    seen: set[str] = set()
    for claim in claims:
        name = claim.get("id", "without an id") if isinstance(claim, dict) else repr(claim)
        if not isinstance(claim, dict) or set(NEEDED) - set(claim) or set(claim) - set(FIELDS):
            raise ConfigError(f"claim {name!r} of {file.name} must have {', '.join(NEEDED)}, and may have a figure")
        if name in seen:
            raise ConfigError(f"{file.name} has two claims {name!r}; give one another id")
        seen.add(name)
        if claim["rule"].get("kind") not in RULES:
            raise UnknownName(f"kind of rule of claim {name}", claim["rule"].get("kind"), RULES)
        for scale, asked in claim["at"].items():
            if scale not in SCALES:
                raise UnknownName(f"scale of claim {name}", scale, SCALES)
            if asked.get("verdict") not in VERDICTS:
                raise UnknownName(f"verdict of claim {name} at {scale}", asked.get("verdict"), VERDICTS)
    return claims


def judge(claim: dict[str, Any], scale: str) -> Found:
    """What the committed results of a profile say about a claim.

    Parameters
    ----------
    claim : dict
        Of :func:`read`.
    scale : str
        A key of its ``at``.
    """
    rule = {key: value for key, value in claim["rule"].items() if key != "kind"}
    at = {key: value for key, value in claim["at"][scale].items() if key != "verdict"}
    decide = RULES[claim["rule"]["kind"]]
    try:
        inspect.signature(decide).bind(scale, **(rule | at))
    except TypeError as error:
        raise ConfigError(f"rule of claim {claim['id']!r}, kind {claim['rule']['kind']!r}: {error}") from error
    return decide(scale, **(rule | at))


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
    # One partition of a checkerboard says nothing about the other.
    if row.empty or (split.startswith("checkerboard") and row["folds"].item() < 2):
        return NOT_RUN
    return compared(row.iloc[0], expects, within)


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
    return compared(table.iloc[0], expects) if len(table) else NOT_RUN


def _table(
    scale: str,
    *,
    name: str,
    column: str,
    where: dict[str, Any] | None = None,
    take: str = "first",
    at_least: float | None = None,
    at_most: float | None = None,
    task: str | None = None,
    profile: str | None = None,
) -> Found:
    """Ask a number of a committed table of evidence, which another profile may keep (``profile``)."""
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
    return Found(bound(value, at_least, at_most), {"value": value}, f"{value:.3g}")


def _count(
    scale: str,
    *,
    task: str,
    split: str,
    sign: str,
    matrix: str | None = None,
    arms: Sequence[str] | None = None,
    against: str = REFERENCE,
    at_least: int | None = None,
    at_most: int | None = None,
    margin: float | None = None,
) -> Found:
    """Count the arms of a matrix, or of a list, that are clearly above or below another.

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
    table = gains(scale, task, against=against)
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


#: How a claim is decided: each takes a scale and what the claim's rule says, and returns a :class:`Found`.
RULES: dict[str, Callable[..., Found]] = {
    "gain": _gain,
    "subset": _subset,
    "table": _table,
    "count": _count,
    "itself": _itself,
    **rules.RULES,
    **contrasts.RULES,
}


def evaluate() -> dict[str, dict[str, Found]]:
    """What the committed results say about every claim, by its id and scale."""
    return {claim["id"]: {scale: judge(claim, scale) for scale in claim["at"]} for claim in read()}


def moved() -> list[str]:
    """Claims whose recorded verdict is no longer the computed one, a line each."""
    found = evaluate()
    return [
        f"claim {claim['id']!r}, profile {scale}: recorded {asked['verdict']!r}, computed {now.verdict!r}"
        f"{f' from {now.text}' if now.text else ''}; read again what page {claim['page']!r} says, then record it"
        for claim in read()
        for scale, asked in claim["at"].items()
        if (now := found[claim["id"]][scale]).verdict != asked["verdict"]
    ]


def decided(claim: dict[str, Any]) -> str:
    """The rule in words.

    Parameters
    ----------
    claim : dict
        Of :func:`read`.
    """
    rule = claim["rule"]
    for asked in (rules, contrasts):
        if rule["kind"] in asked.RULES:
            return asked.said(rule)
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
            f"arms of {which} clearly {rule['sign']} {called(rule.get('against', REFERENCE))}, "
            f"{where(rule['split'])}: {bound}"
            + (f", and the others' intervals end within {rule['margin']:g}" if "margin" in rule else "")
        )
    if rule["kind"] == "itself":
        return f"share of differences of an arm to itself that are called clear: {bound}"
    if rule["kind"] != "table":
        return rule["kind"]
    rows = ", ".join(str(value) for value in rule.get("where", {}).values())
    return f"{rule['column']} of {rule['name']}{f' ({rows})' if rows else ''}: {bound}"


def write(target: Path) -> Path:
    """Write what pages ask of the ledger, for the build of the book: claims, verdicts and values.

    Parameters
    ----------
    target : Path
        Of JSON; the same as a table stands beside it, as CSV.
    """
    found = evaluate()
    content = [
        {key: claim.get(key) for key in ("id", "says", "who", "where", "page", "figure")}
        | {"decided": decided(claim)}
        | {"at": {scale: asdict(found[claim["id"]][scale]) for scale in claim["at"]}}
        for claim in read()
    ]
    rows = [
        {
            "claim": claim["id"],
            "says": claim["says"],
            "who": claim["who"],
            "where": claim["where"],
            "page": claim["page"],
        }
        | {"decided by": claim["decided"], "profile": scale, "verdict": one["verdict"], "from": one["text"]}
        | one["values"]
        for claim in content
        for scale, one in claim["at"].items()
    ]
    with replacing(target.with_suffix(".csv")) as aside:
        pd.DataFrame(rows).to_csv(aside, index=False)
    with replacing(target) as aside:
        aside.write_text(json.dumps({"claims": content, "moved": moved()}, indent=1) + "\n", encoding="utf-8")
    return target
