"""Rules of claims about neighbouring methods: transport, variograms, clusters, pretraining and downscaling.

Each takes a scale and what the claim's rule says, and returns a :class:`placeprior.book.verdicts.Found`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from placeprior import evidence
from placeprior.arms import called, where, with_arm
from placeprior.book.verdicts import NOT_RUN, Found, bound, compared
from placeprior.book.words import UNIT, minus
from placeprior.errors import StoreError, UnknownName
from placeprior.evidence import choosing, downscaling

#: Numbers of a residual variogram that claims ask for, in words.
VARIOGRAM = {"nugget": "nugget", "sill": "partial sill", "share": "share of the sill"}


def _rows(scale: str, name: str, **wanted: Any) -> pd.DataFrame | None:
    """The rows of a table of evidence that have some values, or None where there are none yet."""
    try:
        table = evidence.read(scale, name)
    except StoreError:
        return None
    if "arm" in wanted and "arm" not in table:
        table = with_arm(table)
    for key, value in wanted.items():
        table = table[table[key] == value]
    return table if len(table) else None


def _foretold(scale: str, *, task: str, arm: str, distance: str, expects: str, more: bool = False) -> Found:
    """Ask how a distance between regions goes with the loss between them, alone or more than that of centroids."""
    rows = _rows(scale, "transferability", task=task, arm=arm, distance=distance, loss="rmse")
    if rows is None:
        return NOT_RUN
    names = ("more", "more_low", "more_high") if more else ("spearman", "low", "high")
    return compared(dict(zip(("difference", "low", "high"), rows[list(names)].iloc[0], strict=True)), expects)


def _chosen(
    scale: str, *, task: str, way: str, against: str, budget: int, expects: str, name: str = "choosing"
) -> Found:
    """Compare the RMSE, in percent, of learning from regions chosen one way with that of another."""
    rows = _rows(scale, name, task=task)
    if rows is None:
        return NOT_RUN
    found = choosing.against(rows, way, against, budget, np.random.default_rng(0))
    return compared(found, expects, unit="%", digits=1)


def _retrieval(scale: str, *, task: str, arm: str, expects: str, part: str = "test") -> Found:
    """Compare how far off an encoder finds places, pretrained with some weights, with plain contrast, km."""
    rows = _rows(scale, "contrast", arm=arm, part=part)
    return NOT_RUN if rows is None else compared(rows.iloc[0], expects, unit="km", digits=0)


def _residual(
    scale: str, *, task: str, split: str, arm: str, what: str, expects: str, than: float | None = None
) -> Found:
    """Ask what an arm's residual variogram has more of than no location's, or than a number, whole interval and all."""
    if what not in VARIOGRAM:
        raise UnknownName("number of a residual variogram", what, VARIOGRAM)
    rows = _rows(scale, "residual_variograms", task=task, split=split, arm=arm, what=what)
    if rows is None:
        return NOT_RUN
    row = rows.iloc[0]
    if than is None:
        apart = {"difference": row["difference"], "low": row["difference_low"], "high": row["difference_high"]}
        return compared(apart, expects) if math.isfinite(row["difference"]) else NOT_RUN
    verdict = compared(
        {"difference": row["value"] - than, "low": row["low"] - than, "high": row["high"] - than}, expects
    )
    values = {key: float(row[key]) for key in ("value", "low", "high")}
    return Found(verdict.verdict, values, f"{row['value']:.2f} ({row['low']:.2f} to {row['high']:.2f})")


def _seeds(
    scale: str, *, name: str, where: dict[str, Any], by: str, first: str, second: str, column: str, at_least: int
) -> Found:
    """Count the seeds in which a row of a table of evidence has more than another that differs in one word."""
    rows = _rows(scale, name, **where)
    if rows is None:
        return NOT_RUN
    wide = rows[rows[by].isin([first, second])].pivot(index="seed", columns=by, values=column)
    if not {first, second} <= set(wide):
        return NOT_RUN
    gap = wide[first] - wide[second]
    values = {"more": int((gap > 0).sum()), "of": len(gap), "value": float(gap.mean())}
    text = f"{values['more']} of {values['of']} seeds, {minus(format(values['value'], '+.2f'))} in the mean"
    return Found(bound(values["more"], at_least, None), values, text)


def _downscaled(
    scale: str, *, task: str, arm: str, against: str, score: str, expects: str, name: str = "downscaling"
) -> Found:
    """Compare two arms that make coarse fields fine, over blocks of days and worlds; above zero is better."""
    rows = _rows(scale, name)
    if rows is None:
        return NOT_RUN
    unit = UNIT if score == "crps" else ""
    return compared(downscaling.differences(rows, score, against).loc[arm], expects, unit=unit)


def _variogram(scale: str, *, task: str, arm: str, at_most: float) -> Found:
    """Ask how far an arm's semivariogram is from the truth's in any world, as a share of it, from 100 to 500 km."""
    rows = _rows(scale, "downscaling")
    if rows is None:
        return NOT_RUN
    worlds = [downscaling.ratios(own, "variogram").loc[arm] for _, own in rows.groupby("seed")]
    off = max(float((ratio[ratio.index > downscaling.NEAR_KM] - 1).abs().max()) for ratio in worlds)
    return Found(bound(off, None, at_most), {"value": off}, f"{off:.3f}")


RULES: dict[str, Callable[..., Found]] = {
    "foretold": _foretold,
    "chosen": _chosen,
    "retrieval": _retrieval,
    "residual": _residual,
    "seeds": _seeds,
    "downscaled": _downscaled,
    "variogram": _variogram,
}
_SAID = {
    "foretold": "rank correlation of {distance} with what {arm} loses between regions{beyond}: {expects} zero",
    "chosen": "RMSE of {budget} regions chosen by {way} minus those by {against}{beyond}, percent: {expects} zero",
    "retrieval": "retrieval error with {arm} minus that of plain contrast, {part} places: {expects} zero",
    "residual": "{what} of the residuals of {arm}{beyond}, {split}: {expects} {than}",
    "seeds": "seeds in which {column} of {name} is larger with “{first}” than with “{second}”: at least {at_least}",
    "downscaled": "{score} of {arm} against {against} in downscaling{beyond}, blocks and worlds: {expects} zero",
    "variogram": "how far the semivariogram of {arm} is from the truth's, 100 to 500 km: at most {at_most:.0%}",
}


def said(rule: dict[str, Any]) -> str:
    """One of these rules in words.

    >>> said({"kind": "chosen", "budget": 2, "way": "centroid", "against": "random", "expects": "below"})
    'RMSE of 2 regions chosen by centroid minus those by random, percent: below zero'
    """
    words = {key: called(value) if isinstance(value, str) else value for key, value in rule.items()}
    words = {"part": "test", "beyond": ""} | words
    if rule["kind"] == "foretold" and rule.get("more"):
        words["beyond"] = ", minus that of kilometres between centroids"
    if rule["kind"] == "chosen" and rule.get("name") == "unions":
        words["beyond"] = ", one model of the union"
    if rule["kind"] == "downscaled" and rule.get("name") == "downscaling_longer":
        words["beyond"] = ", twice the steps"
    if rule["kind"] == "residual":
        words |= {"what": VARIOGRAM[rule["what"]], "split": where(rule["split"])}
        words |= {"than": f"{rule['than']:g}"} if "than" in rule else {"than": "zero", "beyond": " minus no location's"}
    return _SAID[rule["kind"]].format(**words)
