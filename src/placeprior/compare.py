"""Tables, verdicts and their wording that several pages and the README share, from results alone."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from placeprior import metrics
from placeprior.interval import LEVEL, surviving
from placeprior.looks import UNIT, arm, arm_order, look
from placeprior.paired import BLOCK_KM

#: Splits as every table lists them, and what each holds out.
SPLITS = {
    "random": "WR · random", "spatial": "WR · spatial", "knndm": "kNNDM", "blocks": "blocks (buffered)",
    "checkerboard-8": "OoR · 8°", "checkerboard-16": "OoR · 16°", "checkerboard-30": "OoR · 30°",
    "state": "OoR · state",
}  # fmt: skip
NAMES = {"r2": "R²", "rmse": "RMSE", "mae": "MAE", "mbe": "MBE", "rmse_35": "RMSE on high days"}
UNITS = {"r2": None} | {name: UNIT for name in ("rmse", "mae", "mbe", "rmse_35")}

#: R2 that Karimzadeh, Wang & Crooks (2025) are said to report, second-hand: one value, or one for each partition.
REPORTED: dict[str, dict[str, tuple[float, ...]]] = {
    "random": {"none": (0.73,), "lonlat": (0.74,), "sincos": (0.75,), "geoclip-hadamard": (0.79,),
               "geoclip-concat": (0.73,)},
    "spatial": {"none": (0.62,), "geoclip-hadamard": (0.67,)},
    "checkerboard-8": {"none": (0.59, 0.53), "geoclip-hadamard": (0.60, 0.54)},
    "checkerboard-16": {"none": (0.46, 0.64), "geoclip-hadamard": (0.50, 0.63)},
    "checkerboard-30": {"none": (0.38, 0.52), "geoclip-hadamard": (0.47, 0.61)},
}  # fmt: skip
#: Where the study is said to report a direction in words only: coordinates mostly fall below no location out of region.
IN_WORDS = {(split, name): -1 for split in SPLITS if split.startswith("checker") for name in ("lonlat", "sincos")}


def with_arm(frame: pd.DataFrame) -> pd.DataFrame:
    """Scores with a column ``arm`` (see :func:`placeprior.matrix.arm`)."""
    names = [arm(v, f) for v, f in zip(frame["variant"], frame["fusion"], strict=True)]
    return frame.assign(arm=pd.Series(names, index=frame.index, dtype=object))


def splits_in(frame: pd.DataFrame) -> list[str]:
    """The splits that occur, in the book's order."""
    found, known = set(frame["split"]), list(SPLITS)
    return sorted(found, key=lambda s: (known.index(s) if s in known else len(known), s))


def cells(frame: pd.DataFrame, metric: str = "r2", digits: int = 2) -> pd.DataFrame:
    """Arms by splits, each cell a mean over seeds, the two partitions of a checkerboard apart: ``0.43 / 0.44 ± 0.01``.

    The ± is the standard deviation between seeds within a fold. How far folds lie from each other is not in it: they
    are other test sets.

    Parameters
    ----------
    frame : pandas.DataFrame
        Scores of one task, as :func:`placeprior.ledger.scores`.
    metric : str
    digits : int

    Returns
    -------
    pandas.DataFrame
        Text; a dash where no run is. Splits whose folds are parts of one test have the mean over folds. One seed has
        no ±.
    """
    part = with_arm(frame[frame["metric"] == metric]).dropna(subset=["value"])
    names, columns = [look(a).name for a in arm_order(with_arm(frame)["arm"])], splits_in(frame)
    table = pd.DataFrame(index=names, columns=columns, data="–", dtype=object)
    for (name, split), own in part.groupby(["arm", "split"]):
        folds = own.groupby("fold")["value"]
        means = folds.mean()
        told = means if split.startswith("checkerboard") else [means.mean()]
        sd = metrics.between_seeds(own)
        text = " / ".join(f"{value:.{digits}f}" for value in told) + (f" ± {sd:.{digits}f}" if np.isfinite(sd) else "")
        table.loc[look(name).name, split] = minus(text)
    return table.rename(columns=SPLITS).rename_axis("told about the place")


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


INTERVAL = f"{100 * LEVEL:.0f} % interval"
#: For the line under a figure of differences.
NOTE = f"{INTERVAL}s over places and trainings"
#: What a cell of :func:`cells` holds, and one of :func:`gains`, for the caption of a table.
TABLE = "mean over seeds ± their standard deviation, the two partitions of a checkerboard apart"
CELL = f"{INTERVAL} over places and trainings, bold where it is clear; of a checkerboard also the two partitions apart"


def rule() -> str:
    """What an interval is and what *clear* means: the sentences that every page with differences shows."""
    return (
        "Each difference is the mean over folds of the mean over seeds, on the same test rows, with a "
        f"{INTERVAL} for what other places and other trainings would have given: square blocks of the map, "
        f"{BLOCK_KM:.0f} km wide or as far as errors are alike, are left out in turn, and seeds are compared with each "
        "other. *Better*, *worse* and *clear* mean that this interval excludes zero, and nothing else. Where there is "
        "one seed alone, nothing tells the noise of training: there is no interval, and nothing is clear. How often "
        "the interval holds, and how often it finds a difference where there is none, is measured in {doc}`intervals`."
    )


def looked(found: pd.DataFrame) -> str:
    """How many of the differences that were looked at are clear, one by one and together, as a sentence.

    Parameters
    ----------
    found : pandas.DataFrame
        All of them, as :func:`placeprior.matched.differences`.
    """
    told = int(np.isfinite(found["low"].astype(float)).sum())
    clear, stay = int((found["clear"] != 0).sum()), len(surviving(found))
    return (
        f"Of {len(found)} differences, {told} have an interval and {clear} {'is' if clear == 1 else 'are'} clear. The "
        f"more one looks, the more is found by luck: looked at all together ({{term}}`Holm's rule`), {stay} "
        f"{'stays' if stay == 1 else 'stay'} clear."
    )


def signed(low: float, high: float, digits: int = 3) -> str:
    """An interval as text."""
    if not np.isfinite(low):
        return "no interval"
    return f"{low:+.{digits}f} to {high:+.{digits}f}".replace("-", "−")


def minus(text: str) -> str:
    """Turn hyphens before numbers into minus signs; names, dates and the exponents of units stay.

    >>> minus("-0.5 to +0.2 m s-1, checkerboard-16, 2021-01-06")
    '−0.5 to +0.2 m s-1, checkerboard-16, 2021-01-06'
    """
    return re.sub(r"(?<![\w)\]}.-])-(?=\.?\d)", "−", text)


def gains(found: pd.DataFrame, digits: int = 3) -> pd.DataFrame:
    """Arms by splits, each cell a difference and its interval, bold where it is clear.

    Of a checkerboard, the differences on its two partitions follow the interval.

    Parameters
    ----------
    found : pandas.DataFrame
        As :func:`placeprior.matched.differences`.
    digits : int
    """
    names = [look(a).name for a in arm_order(found["arm"])]
    table = pd.DataFrame(index=names, columns=splits_in(found), data="–", dtype=object)
    for row in found.itertuples():
        apart = row.apart if row.split.startswith("checkerboard") and len(row.apart) > 1 else None
        table.loc[look(row.arm).name, row.split] = gain(row, digits, apart)
    return table.rename(columns=SPLITS).rename_axis("arm")


def gain(row: Any, digits: int = 3, apart: pd.Series | None = None) -> str:
    """A cell of :func:`gains`.

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


def written(row: Any, digits: int = 3, unit: str = "") -> str:
    """A difference and its interval, as a sentence writes them."""
    return minus(f"{row.difference:+.{digits}f}{unit} ({signed(row.low, row.high, digits)})")


def said(name: str) -> str:
    """An arm's name inside a sentence, where a comma would read as the start of another arm.

    >>> said("geoclip-hadamard")
    'GeoCLIP (Hadamard)'
    """
    first, _, rest = look(name).name.partition(", ")
    return f"{first} ({rest})" if rest else first


def who(found: pd.DataFrame, of: int, every: str) -> str:
    """Arms of a sentence; `every` where it is all of them.

    Parameters
    ----------
    found : pandas.DataFrame
        Rows with a column ``arm``.
    of : int
        How many arms there are.
    every : str
        Said in place of a list of all.
    """
    if found.empty:
        return "none"
    return every if len(found) == of > 1 else listed([said(name) for name in found["arm"]])


def listed(words: Sequence[str]) -> str:
    """Words as an English list.

    >>> listed(["a", "b", "c"])
    'a, b and c'
    """
    words = list(words)
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def table(frame: pd.DataFrame, caption: str, name: str = "") -> Any:
    """A table as a page shows it: captioned, figures aligned, in a box that scrolls on a phone.

    Parameters
    ----------
    frame : pandas.DataFrame
        Formatted; a named index becomes the first column.
    caption : str
        Says profile and sample size too.
    name : str
        To refer to it, ``tab-…``.
    """
    from IPython.display import Markdown

    body = frame.reset_index() if frame.index.name else frame
    # Cells aligned right do not wrap on the page; a difference with its interval must.
    sides = ["right" if body[c].astype(str).str.fullmatch(r"[\d\s.,:/%±+−–-]+").all() else "left" for c in body]
    # A split's name must not break in the middle of a narrow column.
    text = body.to_markdown(index=False, disable_numparse=True, colalign=sides).replace(" · ", "\u00a0·\u00a0")
    label = f":name: {name}\n" if name else ""
    return Markdown(f":::{{table}} {caption}\n{label}\n{text}\n:::\n")
