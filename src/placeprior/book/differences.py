"""Differences of arms to their references as pages show them: a panel a split, tables, and what stays clear of many."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import pandas as pd

from placeprior.arms import arm_order, called, splits_in, where
from placeprior.book import figures
from placeprior.book.results import Results
from placeprior.book.style import UNIT
from placeprior.book.tables import CELL, captioned, folded, gains
from placeprior.book.words import INTERVAL, NOTE, gain, looked
from placeprior.evidence import matched
from placeprior.scores.interval import surviving

#: What a difference is of, by metric.
QUANTITIES = {"r2": "R²", "rmse": f"RMSE in {UNIT}"}


def draw(task: Results, found: pd.DataFrame, quantity: str, arms: Collection[str] | None = None) -> str:
    """Draw differences with their intervals and single fits, one panel a split; a line that says so where none are.

    Parameters
    ----------
    task : Results
        What they are of.
    found : pandas.DataFrame
        As :func:`placeprior.evidence.matched.differences`.
    quantity : str
        Label of the x axes.
    arms : collection of str, optional
        Only these; all without.

    Returns
    -------
    str
        The line under the figure (:func:`placeprior.book.figures.label`).
    """
    fits = matched.by_fit(found if arms is None else found[found["arm"].isin(arms)])
    if fits.empty:
        return figures.nothing(task.title, task.profile, embedded=task.embedded)
    panels = {where(split): fits[fits["split"] == split] for split in splits_in(fits)}
    fig = figures.forests(panels, quantity, reference=0)
    return figures.label(
        fig, task.profile, n=fits["stations"].max(), of="stations at most", embedded=task.embedded, note=NOTE
    )


def tables(
    tasks: Mapping[str, Results],
    found: Mapping[tuple[str, str], pd.DataFrame],
    against: str,
    name: str,
    *,
    arms: Collection[str],
) -> Any:
    """Tables of differences in R2, a task each, with those in RMSE folded below.

    Parameters
    ----------
    tasks : mapping
        Results by task; one without such arms is passed over.
    found : mapping
        Differences, as :func:`placeprior.evidence.matched.differences`, by task and metric (``r2``, ``rmse``).
    against : str
        What the arms are compared with, in the caption.
    name : str
        The tables are called ``tab-<name>-<task>-<metric>``.
    arms : collection of str
        Only these.

    Returns
    -------
    IPython.display.Markdown
    """
    from IPython.display import Markdown

    shown = []
    for key, task in tasks.items():
        parts = []
        for metric, what in QUANTITIES.items():
            own = found[key, metric]
            own = own[own["arm"].isin(arms)]
            if len(own):
                caption = (
                    f"{task.heading}: test {what} minus that of {against} on the same rows, {CELL}; "
                    f"up to {own['fits'].max()} fits a cell, {task.origin}."
                )
                parts.append(captioned(gains(own), caption, f"tab-{name}-{task.short}-{metric}"))
        if parts:
            r2, rmse = parts
            shown.append(f"{r2.data}\n\n{folded(f'{task.heading}: the same in {UNIT}', rmse)}")
    return Markdown("\n\n".join(shown) or "*No such runs are in the results.*")


def pairs(found: pd.DataFrame, digits: int = 3) -> pd.DataFrame:
    """Pairs of arms by splits, each cell a difference and its interval, bold where it is clear.

    Parameters
    ----------
    found : pandas.DataFrame
        As :func:`placeprior.evidence.matched.differences`, with a column ``against``: the arm that ``arm`` is compared
        with.
    digits : int

    Returns
    -------
    pandas.DataFrame
        Text, with columns ``arm`` and ``against``; a dash where there is no such difference.
    """
    order = {arm: number for number, arm in enumerate(arm_order([*found["arm"], *found["against"]]))}
    asked = sorted(set(zip(found["arm"], found["against"], strict=True)), key=lambda pair: [order[arm] for arm in pair])
    cells = {(row.arm, row.against, row.split): gain(row, digits) for row in found.itertuples()}
    splits = splits_in(found)
    rows = [[*map(called, pair), *(cells.get((*pair, split), "–") for split in splits)] for pair in asked]
    return pd.DataFrame(rows, columns=["arm", "against", *map(where, splits)])


def staying(found: pd.DataFrame, digits: int = 3) -> pd.DataFrame:
    """The differences of a table that stay clear when all of them are looked at together (Holm's rule), as text.

    Parameters
    ----------
    found : pandas.DataFrame
        As for :func:`pairs`: all that were looked at.
    digits : int

    Returns
    -------
    pandas.DataFrame
        ``split, arm, against, difference``; a row each, in the book's order.
    """
    kept = surviving(found.reset_index(drop=True))
    rows = [
        [where(split), called(row.arm), called(row.against), gain(row, digits)]
        for split in splits_in(kept)
        for row in kept[kept["split"] == split].itertuples()
    ]
    return pd.DataFrame(rows, columns=["split", "arm", "against", "difference"])


def together(task: Results, found: pd.DataFrame) -> Any:
    """What stays clear of all differences of a page: a sentence that counts them, and a table of those that stay.

    Parameters
    ----------
    task : Results
    found : pandas.DataFrame
        As for :func:`pairs`: all that were looked at.

    Returns
    -------
    IPython.display.Markdown
        Empty where nothing was looked at.
    """
    from IPython.display import Markdown

    if found.empty:
        return Markdown("")
    text, stay = f"**{task.heading}.** {looked(found)}\n\n", staying(found)
    caption = f"{task.heading}: differences in R² that stay clear when all are looked at together; {task.origin}."
    return Markdown(text + (captioned(stay, caption).data if len(stay) else ""))


def pair_tables(tasks: Mapping[str, Results], found: Mapping[str, pd.DataFrame], name: str) -> Any:
    """Tables of differences in R2 between the arms of a pair, a task each.

    Parameters
    ----------
    tasks : mapping
        Results by task.
    found : mapping
        Differences by task, as for :func:`pairs`; an empty one is passed over.
    name : str
        The tables are called ``tab-<name>-<task>``.

    Returns
    -------
    IPython.display.Markdown
    """
    from IPython.display import Markdown

    shown = [
        captioned(
            pairs(found[key]),
            f"{task.heading}: test R² minus that of the arm under “against” on the same rows, {INTERVAL} over places "
            f"and trainings, bold where it is clear; {task.origin}.",
            f"tab-{name}-{task.short}",
        ).data
        for key, task in tasks.items()
        if len(found[key])
    ]
    return Markdown("\n\n".join(shown) or "*No such runs are in the results.*")
