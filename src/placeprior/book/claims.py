"""The ledger of claims: what is said, by whom, the rule that decides, and whether our results bear it out.

``book/claims.yml`` names for each claim a rule and, for each profile in which it can be asked, the task and the verdict
that was recorded when the sentences that rest on it were written. A verdict is computed from committed results alone:
*supported*, *contradicted*, *undecided* (the interval leaves both open) or *not run*.
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from placeprior.book import contrasts, decisions, neighbouring, rules
from placeprior.book.verdicts import Found
from placeprior.errors import ConfigError, UnknownName
from placeprior.files.replacing import replacing
from placeprior.runs import configuration

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


#: Where rules are written: each room has them in ``RULES`` by their kind, and ``said`` puts one in words.
ROOMS = (decisions, rules, contrasts, neighbouring)
#: How a claim is decided: each takes a scale and what the claim's rule says, and returns a :class:`Found`.
RULES: dict[str, Callable[..., Found]] = {kind: rule for room in ROOMS for kind, rule in room.RULES.items()}


def evaluate() -> dict[str, dict[str, Found]]:
    """What the committed results say about every claim, by its id and scale."""
    return {claim["id"]: {scale: judge(claim, scale) for scale in claim["at"]} for claim in read()}


def moved(found: Mapping[str, Mapping[str, Found]]) -> list[str]:
    """Claims whose recorded verdict is no longer the computed one, a line each.

    Parameters
    ----------
    found : mapping
        As :func:`evaluate`, which takes its time.
    """
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
    return next(room.said(rule) for room in ROOMS if rule["kind"] in room.RULES)


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
        {"claim" if key == "id" else key: claim[key] for key in ("id", "says", "who", "where", "page")}
        | {"decided by": claim["decided"], "profile": scale, "verdict": one["verdict"], "from": one["text"]}
        | one["values"]
        for claim in content
        for scale, one in claim["at"].items()
    ]
    with replacing(target.with_suffix(".csv")) as aside:
        pd.DataFrame(rows).to_csv(aside, index=False)
    with replacing(target) as aside:
        aside.write_text(json.dumps({"claims": content, "moved": moved(found)}, indent=1) + "\n", encoding="utf-8")
    return target
