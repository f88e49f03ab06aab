"""Tables, paired differences and verdicts that several pages and the README share, from results alone."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from placeprior import metrics
from placeprior.errors import StoreError
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


def spread(frame: pd.DataFrame, metric: str = "r2", digits: int = 2) -> pd.DataFrame:
    """Arms by splits, each cell ``mean ± sd`` over seeds and folds.

    Parameters
    ----------
    frame : pandas.DataFrame
        Scores of one task, as :func:`placeprior.ledger.scores`.
    metric : str
    digits : int

    Returns
    -------
    pandas.DataFrame
        Text; a dash where no run is. One fit has no sd.
    """
    part = with_arm(frame[frame["metric"] == metric])
    columns = splits_in(frame)
    table = pd.DataFrame(index=[look(a).name for a in arm_order(part["arm"])], columns=columns, data="–", dtype=object)
    for (name, split), values in part.groupby(["arm", "split"])["value"]:
        values = values.dropna()
        if len(values):
            sd = f" ± {values.std():.{digits}f}" if len(values) > 1 else ""
            table.loc[look(name).name, split] = f"{values.mean():.{digits}f}{sd}".replace("-", "−")
    return table.rename(columns=SPLITS).rename_axis("told about the place")


def differences(
    frame: pd.DataFrame,
    sums: pd.DataFrame,
    *,
    against: str = "none",
    metric: str = "r2",
    draws: int = 2000,
    seed: int = 0,
    level: float = 0.95,
) -> pd.DataFrame:
    """Differences of a metric to one arm on the same rows, with bootstrap intervals over stations.

    The estimate is the mean over fits (seeds and folds) of ``score(arm) - score(against)``. One resample draws as many
    stations as were tested in any fit, with replacement (Efron, 1979), and every fit of every arm is scored on it: what
    is hard for both cancels, and a station that several seeds test counts as one piece of evidence.

    Parameters
    ----------
    frame, sums : pandas.DataFrame
        Scores of one task, as :func:`placeprior.ledger.scores`, and the station sums of at least these runs.
    against, metric : str
    draws, seed : int
    level : float
        Of the intervals.

    Returns
    -------
    pandas.DataFrame
        One row a fit: ``split, arm, fold, seed, value``; and, equal for all fits of an arm in a split, their mean
        ``difference``, the interval ``low, high`` and ``stations``. Fits whose counterpart is missing are left out.
    """
    runs = with_arm(frame).drop_duplicates("run")[["split", "arm", "fold", "seed", "run"]]
    tables = dict(list(sums[sums["run"].isin(runs["run"])].groupby("run")))
    columns = ["split", "arm", "fold", "seed", "value", "difference", "low", "high", "stations"]
    rows = []
    for split in splits_in(runs):
        fits = runs[(runs["split"] == split) & runs["run"].isin(tables)].set_index(["arm", "fold", "seed"])["run"]
        base = fits[fits.index.get_level_values("arm") == against].droplevel("arm")
        for name in arm_order(fits.index.get_level_values("arm")):
            own = fits[fits.index.get_level_values("arm") == name].droplevel("arm")
            shared = own.index.intersection(base.index).sort_values()
            if name == against or shared.empty:
                continue
            pairs = [_aligned(tables[own[fit]], tables[base[fit]]) for fit in shared]
            names = sorted(set().union(*(pair[0] for pair in pairs)))
            weights = metrics.resamples(len(names), draws, seed)
            place = pd.Series(np.arange(len(names)), index=names)
            points, drawn = [], []
            for stations, first, second in pairs:
                here = weights[:, place[stations].to_numpy()]
                points.append(_score(first.sum(0), metric) - _score(second.sum(0), metric))
                drawn.append(_score(here @ first, metric) - _score(here @ second, metric))
            points = np.array(points, dtype=float)
            if np.isnan(points).all():
                continue
            # A fit without a row to score (no high day) says nothing; the others still do.
            drawn = np.array(drawn)[~np.isnan(points)]
            low, high = np.nanquantile(_mean(drawn), [(1 - level) / 2, (1 + level) / 2])
            rows += [[split, name, fold, number, value, np.nanmean(points), low, high, len(names)]
                     for (fold, number), value in zip(shared, points, strict=True)]  # fmt: skip
    return pd.DataFrame(rows, columns=columns)


def _score(sums: np.ndarray, metric: str) -> np.ndarray:
    return metrics.scores(sums)[metric]


def _mean(values: np.ndarray) -> np.ndarray:
    """Mean over fits of the finite values, NaN where none is."""
    finite = np.isfinite(values)
    with np.errstate(invalid="ignore"):
        return np.where(finite, values, 0.0).sum(0) / finite.sum(0)


def _aligned(first: pd.DataFrame, second: pd.DataFrame) -> tuple[list[str], np.ndarray, np.ndarray]:
    a, b = (table.set_index("name")[metrics.SUMS].sort_index().astype(float) for table in (first, second))
    if not a.index.equals(b.index) or not np.array_equal(a["n"], b["n"]):
        raise StoreError(f"runs {first['run'].iloc[0]} and {second['run'].iloc[0]} do not test the same rows; collect "
                         "the results again")
    return a.index.tolist(), a.to_numpy(), b.to_numpy()


def arms_of(table: pd.DataFrame) -> pd.DataFrame:
    """One row for each split and arm of :func:`differences`: its mean, interval, and how many fits point up.

    Returns
    -------
    pandas.DataFrame
        ``split, arm, difference, low, high, stations, fits, positive, clear``; ``clear`` is +1 or -1 where the
        interval excludes zero on that side, else 0.
    """
    grouped = table.groupby(["split", "arm"], sort=False)
    found = grouped.agg(difference=("difference", "first"), low=("low", "first"), high=("high", "first"),
                        stations=("stations", "first"), fits=("value", "size"),
                        positive=("value", lambda v: int((v > 0).sum()))).reset_index()  # fmt: skip
    found["clear"] = (found["low"] > 0).astype(int) - (found["high"] < 0).astype(int)
    return found


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
#: What a cell of :func:`gains` holds, for the caption of a table.
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
    return f"{low:+.{digits}f} to {high:+.{digits}f}".replace("-", "−")


def minus(text: str) -> str:
    """Turn hyphens before numbers into minus signs; names, dates and the exponents of units stay.

    >>> minus("-0.5 to +0.2 m s-1, checkerboard-16, 2021-01-06")
    '−0.5 to +0.2 m s-1, checkerboard-16, 2021-01-06'
    """
    return re.sub(r"(?<![\w)\]}.-])-(?=\.?\d)", "−", text)


def gains(found: pd.DataFrame) -> pd.DataFrame:
    """Arms by splits, each cell a difference and its interval: bold where that excludes zero.

    An asterisk marks a clear mean of fits that disagree in sign.

    Parameters
    ----------
    found : pandas.DataFrame
        As :func:`arms_of`.
    """
    names = [look(a).name for a in arm_order(found["arm"])]
    cells = pd.DataFrame(index=names, columns=splits_in(found), data="–", dtype=object)
    for row in found.itertuples():
        mean = f"{row.difference:+.3f}".replace("-", "−")
        mean = f"**{mean}**" if row.clear else mean
        mixed = "\\*" if row.clear and 0 < row.positive < row.fits else ""
        cells.loc[look(row.arm).name, row.split] = f"{mean}{mixed} ({signed(row.low, row.high)})"
    return cells.rename(columns=SPLITS).rename_axis("arm")


def said(name: str) -> str:
    """An arm's name inside a sentence, where a comma would read as the start of another arm.

    >>> said("geoclip-hadamard")
    'GeoCLIP (Hadamard)'
    """
    first, _, rest = look(name).name.partition(", ")
    return f"{first} ({rest})" if rest else first


def who(found: pd.DataFrame, of: int, every: str) -> str:
    """Arms of a sentence, an asterisk after those whose fits disagree in sign; `every` where it is all of them.

    Parameters
    ----------
    found : pandas.DataFrame
        Rows of :func:`arms_of`.
    of : int
        How many arms there are.
    every : str
        Said in place of a list of all.
    """
    marks = ["\\*" if row.clear and 0 < row.positive < row.fits else "" for row in found.itertuples()]
    if not marks:
        return "none"
    if len(marks) == of > 1 and len(set(marks)) == 1:
        return every + marks[0]
    return listed([said(name) + mark for name, mark in zip(found["arm"], marks, strict=True)])


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
