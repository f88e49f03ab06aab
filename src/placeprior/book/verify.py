"""Making runs and pages anew in a fresh store, and comparing what comes out with what is committed."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from placeprior.book import pages
from placeprior.errors import MissingData, UnknownName
from placeprior.evidence import collection, rerun, tables
from placeprior.provenance import processor
from placeprior.runs import bucket, committed, configuration, making, plan, store

EVERY = "all"
COPIED = ("runs.yml", "notebooks", "results", "pyproject.toml", "LICENSE")
#: One row a value that was compared.
COLUMNS = ["profile", "what", "value", "committed", "own", "difference", "tolerance", "moved"]


def folder() -> Path:
    """Where runs and pages are made anew; what an interrupted verification made is found there by the next."""
    return configuration.root() / ".verify"


def asked(page: str) -> dict[str, list[plan.Run]]:
    """The runs that a page rests on, by profile: those of the matrices and tables of evidence that it needs.

    Parameters
    ----------
    page : str
        A key of ``pages`` in ``runs.yml``, or ``all``: what ``make book`` trains, and every page.

    Raises
    ------
    UnknownName
        If there is no such page.
    """
    known = configuration.content()["pages"]
    if page == EVERY:
        return {
            name: [run for run in plan.runs(name) if run.id in plan.live(name)]
            for name in dict.fromkeys(spec.get("profile", "demo") for spec in known.values())
            if plan.live(name)
        }
    if page not in known:
        raise UnknownName("page", page, [*known, EVERY])
    found: dict[str, list[plan.Run]] = {}
    for name, needed in known[page].get("needs", {}).items():
        with contextlib.suppress(MissingData):  # without its data a profile is left out, and verify says so
            spec = configuration.profile(name)
            for matrix in needed:
                if matrix in spec["matrices"]:
                    runs = plan.runs(name, matrix)
                elif matrix in spec.get("evidence", {}):
                    runs = plan.evidence(name, matrix)
                else:
                    runs = []  # a trial: its table says all there is
                found.setdefault(name, []).extend(runs)
    return {name: list({run.id: run for run in runs}.values()) for name, runs in found.items()}


def cost(profile: str, runs: Sequence[plan.Run]) -> float:
    """Core-minutes that these runs took when they were made, as far as the committed stamps know."""
    stamps = store.stamps(profile)
    return committed.core_minutes(stamps[run.id] for run in runs if run.id in stamps)


def verify(page: str, log: Callable[[str], None] = print) -> pd.DataFrame:
    """Make a page and its runs anew and compare every score and every number of its tables with the committed ones.

    Parameters
    ----------
    page : str
        As for :func:`asked`.
    log : callable
        Receives one line for each step.

    Returns
    -------
    pandas.DataFrame
        Columns :data:`COLUMNS`. ``moved`` is True where a value differs by more than its tolerance: nothing on a
        processor of the kind that made the committed run, elsewhere what :func:`tolerance` says.
    """
    wanted = asked(page)
    spec = configuration.content()["pages"]
    chosen = list(spec) if page == EVERY else [page]
    needed = {name: {each for one in chosen for each in spec[one].get("needs", {}).get(name, [])} for name in wanted}
    found = []
    with _fresh() as place:
        for profile, runs in wanted.items():
            for number, run in enumerate(runs, 1):
                log(f"run {number} of {len(runs)} of {profile}: {run.label}")
                making.make(run, log=lambda _: None)
            found.append(_runs(profile, {run.id for run in runs}))
            for name in sorted(needed[profile]):
                if name in configuration.profile(profile).get("evidence", {}) and _is_kept(profile, name):
                    log(f"evidence {name} of {profile}")
                    found.append(_table(profile, name))
        for one in chosen:
            pages.execute(one, place / "book" / "chapters" / f"{one}.ipynb")
    shutil.rmtree(folder(), ignore_errors=True)
    return pd.concat(found, ignore_index=True) if found else pd.DataFrame(columns=COLUMNS)


@contextlib.contextmanager
def _fresh() -> Iterator[Path]:
    """Work in a copy of the project without its store, wherever that is."""
    root, place = configuration.root(), folder()
    place.mkdir(exist_ok=True)
    for name in COPIED:
        source, target = root / name, place / name
        if source.is_dir():
            shutil.rmtree(target, ignore_errors=True)
            shutil.copytree(source, target)
        elif source.is_file():
            shutil.copy(source, target)
    elsewhere = os.environ.pop(bucket.VARIABLE, None)
    os.chdir(place)
    try:
        yield place
    finally:
        os.chdir(root)
        if elsewhere is not None:
            os.environ[bucket.VARIABLE] = elsewhere


def tolerance(profile: str) -> pd.Series:
    """How far a score may move on another kind of processor: twice its standard deviation between seeds.

    Returns
    -------
    pandas.Series
        By task, split and metric, from all arms and folds with several seeds; µg m-3, or none for R2.
    """
    frame = store.scores(profile)
    cell = ["task", "split", "metric", "variant", "fusion", "fold"]
    spread = frame.groupby(cell)["value"].agg(["var", "count"]).query("count > 1").reset_index()
    pooled = spread.assign(sum=spread["var"] * (spread["count"] - 1), dof=spread["count"] - 1)
    total = pooled.groupby(["task", "split", "metric"])[["sum", "dof"]].sum()
    return 2 * np.sqrt(total["sum"] / total["dof"])


def _runs(profile: str, ids: set[str]) -> pd.DataFrame:
    frame = store.scores(profile)
    compared = rerun.rerun(profile)
    labels = frame.drop_duplicates("run").set_index(store.KEY)["run"]
    compared["run"] = labels.loc[pd.MultiIndex.from_frame(compared[store.KEY])].to_numpy() if len(compared) else ""
    compared = compared[compared["run"].isin(ids)].dropna(subset=["difference"])
    allowed, here, stamps = tolerance(profile), processor.stamp(), store.stamps(profile)
    rows = []
    for row in compared.itertuples():
        same = all(stamps[row.run].get(key) == value for key, value in here.items())
        most = 0.0 if same else float(allowed.get((row.task, row.split, row.metric), 0.0))
        what = f"{row.task} {row.arm} {row.split} fold {row.fold} seed {row.seed}"
        moved = abs(row.difference) > most
        rows.append([profile, what, row.metric, row.committed, row.own, row.difference, most, moved])
    return pd.DataFrame(rows, columns=COLUMNS)


def _is_kept(profile: str, name: str) -> bool:
    return tables.path(profile, name).is_file()


def _table(profile: str, name: str) -> pd.DataFrame:
    """Make a table of evidence anew and compare its numbers, column by column: the largest difference of each."""
    committed = tables.read(profile, name)
    own = collection.MAKERS[name].collect(plan.evidence(profile, name))
    rows = []
    for column in committed.select_dtypes("number"):
        if len(own) != len(committed) or column not in own:
            rows.append([profile, f"table {name}", column, len(committed), len(own), np.nan, 0.0, True])
            continue
        apart = (own[column].to_numpy(float) - committed[column].to_numpy(float)).round(rerun.DECIMALS)
        worst = int(np.nanargmax(np.abs(apart))) if np.isfinite(apart).any() else 0
        pair = [float(table[column].iloc[worst]) for table in (committed, own)]
        rows.append([profile, f"table {name}", column, *pair, apart[worst], 0.0, bool(abs(apart[worst]) > 0)])
    return pd.DataFrame(rows, columns=COLUMNS)
