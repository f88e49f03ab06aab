"""What results say about a claim: a verdict, the numbers that decide, and how an interval or a bound decides."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from placeprior.book.words import minus, signed
from placeprior.errors import ConfigError, UnknownName
from placeprior.scores.interval import clear

EXPECTED = {"above": "above zero", "below": "below zero", "alike": "within a margin of zero"}


@dataclass(frozen=True)
class Found:
    """What results say about a claim at one scale.

    Attributes
    ----------
    verdict : str
        Of :data:`placeprior.book.claims.VERDICTS`.
    values : dict
        Numbers that a page may print.
    text : str
        The deciding number in words, for the ledger.
    """

    verdict: str
    values: dict[str, float]
    text: str


NOT_RUN = Found("not run", {}, "")


def compared(row: Mapping[str, Any], expects: str, within: float = 0.02, unit: str = "", digits: int = 3) -> Found:
    """Whether a difference is where it is expected.

    Parameters
    ----------
    row : mapping
        ``difference, low, high``, and ``fits`` where it is known.
    expects : str
        ``above``, ``below`` or ``alike``: the whole interval above zero, below, or no farther from it than `within`.
    within : float
    unit : str
        Of the difference, for the ledger; none for a difference of R² and the like.
    digits : int
        Behind the point, in the ledger.

    Returns
    -------
    Found
        Undecided where there is no interval.
    """
    if expects not in EXPECTED:
        raise UnknownName("expectation", expects, EXPECTED)
    values = {key: float(row[key]) for key in ("difference", "low", "high")}
    low, high = values["low"], values["high"]
    fits = f"; {int(row['fits'])} fit{'s' if row['fits'] != 1 else ''}" if "fits" in row else ""
    told = f"{minus(format(values['difference'], f'+.{digits}f'))}{unit and f' {unit}'}"
    text = f"{told} ({signed(low, high, digits)}{fits})"
    values = {key: value for key, value in values.items() if math.isfinite(value)}
    values |= {key: int(row[key]) for key in ("fits", "folds", "seeds") if key in row}
    if not math.isfinite(low):
        return Found("undecided", values, text)
    if expects == "alike":
        inside, outside = -within < low and high < within, low > within or high < -within
    else:
        sign = clear(low, high) * (1 if expects == "above" else -1)
        inside, outside = sign > 0, sign < 0
    return Found("supported" if inside else "contradicted" if outside else "undecided", values, text)


def is_half(found: pd.DataFrame, split: str) -> bool:
    """Whether of a checkerboard one partition alone was run, which says nothing about the other; also of no row.

    Parameters
    ----------
    found : pandas.DataFrame
        A row at most, with ``folds``.
    split : str
    """
    return found.empty or (split.startswith("checkerboard") and found["folds"].item() < 2)


def bound(value: float, at_least: float | None, at_most: float | None) -> str:
    """Whether a number keeps to a bound: the verdict."""
    if (at_least is None) == (at_most is None):
        raise ConfigError("a rule that compares a number needs either at_least or at_most")
    holds = value >= at_least if at_least is not None else value <= at_most  # type: ignore[operator]
    return "supported" if holds else "contradicted"
