"""What a page shows of one task: its scores, the station sums of the same runs, and how its figures are labelled."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import pandas as pd

from placeprior.arms import of_part, with_arm
from placeprior.book.words import capital
from placeprior.runs import committed, configuration, progress, store

#: The tasks that pages set beside each other, and what each is called in a sentence.
TASKS = {"world": "embedded world", "weather-2019": "weather, 2019", "neighbours-2021": "neighbours, 2021"}


@dataclass(frozen=True)
class Results:
    """Committed results of one task.

    Attributes
    ----------
    profile, task : str
    title : str
        What the task is called in a sentence; :attr:`heading` begins one.
    scores : pandas.DataFrame
        As :func:`placeprior.runs.store.scores`, with a column ``arm``.
    sums : pandas.DataFrame
        As :func:`placeprior.runs.store.sums`, of the same runs.
    """

    profile: str
    task: str
    title: str
    scores: pd.DataFrame
    sums: pd.DataFrame

    @property
    def embedded(self) -> bool:
        """Whether the task is of the embedded world."""
        return self.task.startswith("world")

    @property
    def heading(self) -> str:
        """The title as a heading."""
        return capital(self.title)

    @property
    def short(self) -> str:
        """One word for the names of figures and tables."""
        return self.task.split("-")[0]

    @property
    def origin(self) -> str:
        """For captions: the profile, and whether anything was measured."""
        return f"profile {self.profile}, {'embedded world' if self.embedded else 'real measurements'}"


def lacking(profile: str, *names: str) -> list[str]:
    """What of these matrices, trials and tables of evidence the committed results do not hold whole, a phrase each.

    Parameters
    ----------
    profile : str
    *names : str
        As ``runs.yml`` calls them; what the profile does not ask for is lacking too.
    """
    spec, found = configuration.profile(profile), []
    asked = {*spec.get("matrices", {}), *spec.get("trials", {}), *spec.get("evidence", {})}
    for name in names:
        made, of = progress.count(profile, name) if name in asked else (0, 0)
        if made < of or not of:
            found.append(f"`{name}` of profile `{profile}` ({made} of {of})")
    return found


def has(profile: str, *names: str) -> bool:
    """Whether the committed results hold all of these matrices, trials and tables of evidence."""
    return not lacking(profile, *names)


def missing(profile: str, *names: str) -> Any:
    """What is still to be run, as a line that holds the place of a section.

    Parameters
    ----------
    profile : str
    *names : str
        As for :func:`lacking`.

    Returns
    -------
    IPython.display.Markdown
        Empty where nothing lacks.
    """
    from IPython.display import Markdown

    left = lacking(profile, *names)
    return Markdown(f"*Still to be run: {', '.join(left)}.*" if left else "")


def spent(*names: str, profiles: Collection[str]) -> Any:
    """How many runs a page rests on and what they took, as a line.

    Parameters
    ----------
    *names : str
        Matrices of ``runs.yml``; of a profile that asks for none of them nothing is told.
    profiles : collection of str

    Returns
    -------
    IPython.display.Markdown
    """
    from IPython.display import Markdown

    told = []
    for profile in profiles:
        mine = [name for name in names if name in configuration.profile(profile)["matrices"]]
        stamps = store.stamps(profile)
        runs = set(store.scores(profile, *mine)["run"]) & set(stamps) if mine else set()
        minutes = committed.core_minutes(stamps[run] for run in runs)
        if runs:
            told.append(f"`{profile}`, {len(runs)} runs, {minutes:.0f} minutes of a core")
    return Markdown(f"*Made for this page: {'; '.join(told)}.*" if told else "")


def load(
    profile: str,
    task: str,
    *matrices: str,
    arms: Collection[str] | None = None,
    splits: Collection[str] | None = None,
    seeds: Collection[int] | None = None,
) -> Results:
    """Committed results of a task.

    Parameters
    ----------
    profile, task : str
    *matrices : str
        Only runs that these matrices of ``runs.yml`` ask for; all without one.
    arms, splits, seeds : collection, optional
        Only these; all without. Without `splits`, those that train on a part of the stations (``spatial@100``,
        ``transfer``) are left out.

    Returns
    -------
    Results
        With empty tables where nothing was run.
    """
    scores = with_arm(store.scores(profile, *matrices))
    keep = scores["task"] == task
    keep &= ~of_part(scores["split"]) if splits is None else scores["split"].isin(splits)
    if arms is not None:
        keep &= scores["arm"].isin(arms)
    if seeds is not None:
        keep &= scores["seed"].isin(seeds)
    scores, sums = scores[keep], store.sums(profile)
    return Results(profile, task, TASKS.get(task, task), scores, sums[sums["run"].isin(scores["run"])])
