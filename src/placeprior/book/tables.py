"""Tables that several pages and the README share: arms by splits, and how a page shows a table."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from placeprior.arms import SPLITS, arm_order, called, splits_in, with_arm
from placeprior.book.words import INTERVAL, gain, minus
from placeprior.scores import metrics

#: What a cell of :func:`gains` holds, for the caption of a table.
CELL = f"{INTERVAL} over places and trainings, bold where it is clear; of a checkerboard also the two partitions apart"


def cells(frame: pd.DataFrame, metric: str = "r2", digits: int = 2) -> pd.DataFrame:
    """Arms by splits, each cell a mean over seeds, the two partitions of a checkerboard apart: ``0.43 / 0.44 ± 0.01``.

    The ± is the standard deviation between seeds within a fold. How far folds lie from each other is not in it: they
    are other test sets.

    Parameters
    ----------
    frame : pandas.DataFrame
        Scores of one task, as :func:`placeprior.runs.store.scores`.
    metric : str
    digits : int

    Returns
    -------
    pandas.DataFrame
        Text; a dash where no run is. Splits whose folds are parts of one test have the mean over folds. One seed has
        no ±.
    """
    part = with_arm(frame[frame["metric"] == metric]).dropna(subset=["value"])
    names, columns = [called(a) for a in arm_order(with_arm(frame)["arm"])], splits_in(frame)
    table = pd.DataFrame(index=names, columns=columns, data="–", dtype=object)
    for (name, split), own in part.groupby(["arm", "split"]):
        folds = own.groupby("fold")["value"]
        means = folds.mean()
        told = means if split.startswith("checkerboard") else [means.mean()]
        sd = metrics.between_seeds(own)
        text = " / ".join(f"{value:.{digits}f}" for value in told) + (f" ± {sd:.{digits}f}" if np.isfinite(sd) else "")
        table.loc[called(name), split] = minus(text)
    return table.rename(columns=SPLITS).rename_axis("told about the place")


def gains(found: pd.DataFrame, digits: int = 3) -> pd.DataFrame:
    """Arms by splits, each cell a difference and its interval, bold where it is clear.

    Of a checkerboard, the differences on its two partitions follow the interval.

    Parameters
    ----------
    found : pandas.DataFrame
        As :func:`placeprior.evidence.matched.differences`.
    digits : int
    """
    names = [called(a) for a in arm_order(found["arm"])]
    table = pd.DataFrame(index=names, columns=splits_in(found), data="–", dtype=object)
    for row in found.itertuples():
        apart = row.apart if row.split.startswith("checkerboard") and len(row.apart) > 1 else None
        table.loc[called(row.arm), row.split] = gain(row, digits, apart)
    return table.rename(columns=SPLITS).rename_axis("arm")


def plain(frame: pd.DataFrame) -> Any:
    """A table as a page shows it, without a caption.

    Parameters
    ----------
    frame : pandas.DataFrame
        Formatted; a named index becomes the first column.
    """
    from IPython.display import Markdown

    return Markdown(_text(frame))


def captioned(frame: pd.DataFrame, caption: str, name: str = "") -> Any:
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

    label = f":name: {name}\n" if name else ""
    return Markdown(f":::{{table}} {caption}\n{label}\n{_text(frame)}\n:::\n")


def folded(title: str, *tables: Any) -> str:
    """Tables of :func:`captioned` in a box that opens on a click, as Markdown text.

    Parameters
    ----------
    title : str
        Of the box.
    *tables
        As :func:`captioned` returns them.
    """
    inside = "\n\n".join(table.data for table in tables)
    return f"::::{{admonition}} {title}\n:class: dropdown note\n\n{inside}\n::::\n"


def _text(frame: pd.DataFrame) -> str:
    """A table in Markdown, columns of numbers to the right."""
    body = frame.reset_index() if frame.index.name else frame
    # Cells aligned right do not wrap on the page; a difference with its interval must.
    sides = ["right" if body[c].astype(str).str.fullmatch(r"[\d\s.,:/%±+−–-]+").all() else "left" for c in body]
    # A split's name must not break in the middle of a narrow column.
    return body.to_markdown(index=False, disable_numparse=True, colalign=sides).replace(" · ", "\u00a0·\u00a0")
