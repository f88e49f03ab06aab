"""Words that several pages and the README share: names in sentences, numbers with signs, what *clear* means."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from placeprior.arms import SPLITS, called
from placeprior.scores.interval import LEVEL, surviving
from placeprior.scores.paired import BLOCK_KM

UNIT = "µg m⁻³"  #: of PM2.5, as it is printed

NAMES = {"r2": "R²", "rmse": "RMSE", "mae": "MAE", "mbe": "MBE", "rmse_35": "RMSE on high days"}

#: Variables of a cube whose printed name is not theirs with spaces.
VARIABLES = {
    "pm25": "PM2.5",
    "aod": "satellite haze (AOD)",
    "smoke": "smoke seen from space",
    "doy_sin": "day of year, sine",
    "doy_cos": "day of year, cosine",
    "wind_sin": "wind direction, sine",
    "wind_cos": "wind direction, cosine",
    "boundary_layer_height": "mixed layer height",
    "neighbour_pm25": "neighbours' PM2.5",
}

INTERVAL = f"{100 * LEVEL:.0f} % interval"
#: For the line under a figure of differences.
NOTE = f"{INTERVAL}s over places and trainings"

#: R2 that Karimzadeh, Wang & Crooks (2025) are said to report, second-hand: one value, or one for each partition.
REPORTED: dict[str, dict[str, tuple[float, ...]]] = {
    "random": {
        "none": (0.73,),
        "lonlat": (0.74,),
        "sincos": (0.75,),
        "geoclip-hadamard": (0.79,),
        "geoclip-concat": (0.73,),
    },
    "spatial": {"none": (0.62,), "geoclip-hadamard": (0.67,)},
    "checkerboard-8": {"none": (0.59, 0.53), "geoclip-hadamard": (0.60, 0.54)},
    "checkerboard-16": {"none": (0.46, 0.64), "geoclip-hadamard": (0.50, 0.63)},
    "checkerboard-30": {"none": (0.38, 0.52), "geoclip-hadamard": (0.47, 0.61)},
}
#: Where the study is said to report a direction in words only: coordinates mostly fall below no location out of region.
IN_WORDS = {(split, name): -1 for split in SPLITS if split.startswith("checker") for name in ("lonlat", "sincos")}


def variable(name: str) -> str:
    """A variable of a cube in words.

    >>> variable("aod"), variable("dew_point")
    ('satellite haze (AOD)', 'dew point')
    """
    return VARIABLES.get(name, name.replace("_", " "))


def minus(text: str) -> str:
    """Turn hyphens before numbers into minus signs; names, dates and the exponents of units stay.

    >>> minus("-0.5 to +0.2 m s-1, checkerboard-16, 2021-01-06")
    '−0.5 to +0.2 m s-1, checkerboard-16, 2021-01-06'
    """
    return re.sub(r"(?<![\w)\]}.-])-(?=\.?\d)", "−", text)


def capital(text: str) -> str:
    """With a capital first letter, whatever the others are.

    >>> capital("real PM2.5 of EPA")
    'Real PM2.5 of EPA'
    """
    return text[:1].upper() + text[1:]


def signed(low: float, high: float, digits: int = 3) -> str:
    """An interval as text."""
    if not np.isfinite(low):
        return "no interval"
    return f"{low:+.{digits}f} to {high:+.{digits}f}".replace("-", "−")


def gain(row: Any, digits: int = 3, apart: pd.Series | None = None) -> str:
    """A difference and its interval, as a cell of :func:`placeprior.book.tables.gains`.

    Parameters
    ----------
    row
        With ``difference, low, high, clear``.
    digits : int
    apart : pandas.Series, optional
        The difference of each fold.
    """
    mean = minus(f"{row.difference:+.{digits}f}")
    partitions = "" if apart is None else "; " + " / ".join(minus(f"{value:+.{digits}f}") for value in apart)
    return (f"**{mean}**" if row.clear else mean) + f" ({signed(row.low, row.high, digits)}{partitions})"


def listed(words: Sequence[str]) -> str:
    """Words as an English list.

    >>> listed(["a", "b", "c"])
    'a, b and c'
    """
    words = list(words)
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def said(name: str) -> str:
    """An arm's name inside a sentence, where a comma would read as the start of another arm.

    >>> said("geoclip-hadamard")
    'GeoCLIP (Hadamard)'
    """
    first, _, rest = called(name).partition(", ")
    return f"{first} ({rest})" if rest else first


def rule() -> str:
    """What an interval is and what *clear* means: the sentences that every page with differences shows."""
    return (
        "Each difference is the mean over folds of the mean over seeds, on the same test rows, with a "
        f"{INTERVAL} for what other places and other trainings would have given: square blocks of the map, "
        f"{BLOCK_KM:.0f} km wide or as far as errors are alike, are left out in turn, and seeds are compared with each "
        "other. *Better*, *worse* and *clear* mean that this interval excludes zero, and nothing else. Where there is "
        "one seed alone, nothing tells the noise of training: there is no interval, and nothing is clear. How often "
        "the interval holds, and how often it finds a difference where there is none, is measured in {doc}`scores`."
    )


def looked(found: pd.DataFrame) -> str:
    """How many of the differences that were looked at are clear, one by one and together, as a sentence.

    Parameters
    ----------
    found : pandas.DataFrame
        All of them, as :func:`placeprior.evidence.matched.differences`.
    """
    told = int(np.isfinite(found["low"].astype(float)).sum())
    clear, stay = int((found["clear"] != 0).sum()), len(surviving(found))
    return (
        f"Of {len(found)} differences, {told} have an interval and {clear} {'is' if clear == 1 else 'are'} clear. The "
        f"more one looks, the more is found by luck: looked at all together ({{term}}`Holm's rule`), {stay} "
        f"{'stays' if stay == 1 else 'stay'} clear."
    )


def reported_sign(split: str, name: str) -> int | None:
    """Direction against no location that the study is said to report: +1, -1, 0 (equal or mixed), None (nothing).

    >>> reported_sign("random", "geoclip-hadamard"), reported_sign("checkerboard-16", "geoclip-hadamard")
    (1, 0)
    """
    values = REPORTED.get(split, {})
    if name not in values:
        return IN_WORDS.get((split, name))
    signs = {int(np.sign(round(a - b, 6))) for a, b in zip(values[name], values["none"], strict=True)}
    return signs.pop() if len(signs) == 1 else 0


def agreement(split: str, name: str, clear: int) -> str:
    """Whether what was found points the way the study is said to: agrees, does not, undecided, or a dash.

    >>> agreement("random", "geoclip-hadamard", 1), agreement("random", "geoclip-hadamard", 0)
    ('agrees', 'undecided')
    """
    sign = reported_sign(split, name)
    if sign is None:
        return "–"
    if sign == 0:
        return "reported as equal or mixed"
    return "undecided" if clear == 0 else "agrees" if clear == sign else "does not agree"


def reported(split: str, name: str) -> str:
    """The reported R2 as text, both partitions where there are two."""
    values = REPORTED.get(split, {}).get(name)
    if values:
        return " / ".join(f"{v:.2f}" for v in values)
    return "below no location (in words)" if (split, name) in IN_WORDS else "–"
