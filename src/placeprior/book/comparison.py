"""The page that compares every arm on every split: which arms it shows, levels, sizes, and the reported numbers."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from placeprior.arms import HEAD_ONLY, SPLITS, arm_order, called, splits_in, where, with_arm
from placeprior.book import results
from placeprior.book.words import REPORTED, agreement, minus, reported, reported_sign
from placeprior.runs import configuration
from placeprior.scores.interval import surviving

#: What is told, its controls and placebos, and the rivals without a network.
MATRICES = ("core", "controls", "elsewhere", "rivals", "rivals-elsewhere", "memory")
SHOWN = ("random", "spatial", "checkerboard-8", "checkerboard-16", "checkerboard-30")
ARMS = (
    *("idw", "kriging", "gbt", "gbt+lonlat", "gbt+geoclip", "gbt+urban", "none+kriging", "none", "none+head"),
    *("random-vector-hadamard", "smooth-random-hadamard", "shuffled-hadamard", "onehot-hadamard", "urban-hadamard"),
    *("lonlat", "sincos", "geoclip-hadamard", "geoclip-concat"),
)


def load(profile: str, task: str) -> results.Results:
    """What the main comparison holds of a task: what is told, its placebos, and rivals; one row of splits for all.

    Parameters
    ----------
    profile, task : str
    """
    known = configuration.profile(profile)["matrices"]
    return results.load(profile, task, *(name for name in MATRICES if name in known), splits=SHOWN)


def main(found: pd.DataFrame) -> pd.DataFrame:
    """Differences of the arms and splits of the main comparison alone.

    Parameters
    ----------
    found : pandas.DataFrame
        As :func:`placeprior.evidence.gains.gains`.
    """
    return found[found["arm"].isin(ARMS) & found["split"].isin(SHOWN)]


def download(tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Several tables of differences as one, for the file under a figure."""
    columns = ["split", "arm", "difference", "low", "high", "clear", "stations", "fits"]
    return pd.concat([table[columns].assign(task=title) for title, table in tables.items()], ignore_index=True)


def looks(tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """How many of a task's differences are clear on each split, and which stay so by Holm's rule, as text.

    Parameters
    ----------
    tables : mapping
        Title to differences (:func:`placeprior.evidence.gains.gains`).
    """
    rows = []
    for title, table in tables.items():
        for split in splits_in(table):
            own = table[table["split"] == split].reset_index(drop=True)
            stay = surviving(own)
            signs = {"": stay[stay["clear"] > 0], "**worse:** ": stay[stay["clear"] < 0]}
            kept = [f"{word}{'; '.join(map(called, part['arm']))}" for word, part in signs.items() if len(part)]
            told = int(own["low"].notna().sum())
            stays = ". ".join(kept) or ("none" if told else "no interval")
            rows.append([title, where(split), f"{(own['clear'] != 0).sum()} of {told}", stays])
    return pd.DataFrame(rows, columns=["task", "split", "clear one by one", "clear together"])


def levels(scores: pd.DataFrame) -> pd.DataFrame:
    """Test R2 by arm and split, mean over seeds; the two partitions of a checkerboard apart, as ``A / B``.

    Parameters
    ----------
    scores : pandas.DataFrame
        Of one task, as :func:`placeprior.runs.store.scores`.

    Returns
    -------
    pandas.DataFrame
        Text; a dash where no run is.
    """
    frame = with_arm(scores)
    r2 = frame[frame["metric"] == "r2"].groupby(["arm", "split", "fold"])["value"].mean()
    table = pd.DataFrame("–", [called(a) for a in arm_order(frame["arm"])], splits_in(frame), dtype=object)
    for (name, split), folds in r2.groupby(level=["arm", "split"]):
        # Tenths drawn at random are of one kind; the partitions of a checkerboard are two places.
        means = folds.to_numpy() if split.startswith("checkerboard") else [folds.mean()]
        table.loc[called(name), split] = minus(" / ".join(f"{value:.2f}" for value in means))
    return table.rename(columns=SPLITS).rename_axis("told about the place, or rival")


def sizes(tasks: Mapping[str, results.Results]) -> pd.DataFrame:
    """What the scores of each task, by its title, and split rest on, as text."""
    rows = []
    for title, own in tasks.items():
        fits = own.scores[own.scores["metric"] == "r2"]
        for split in splits_in(fits):
            here = fits[fits["split"] == split]
            one = here.drop_duplicates(["fold", "seed"])
            tested = own.sums[own.sums["run"].isin(one["run"])]
            stations = tested.groupby("run")["name"].nunique().mean()
            numbers = (here["run"].nunique(), int(one["n"].mean()), round(stations), tested["name"].nunique())
            rows.append((title, where(split), *(f"{number:,}" for number in numbers)))
    heads = ["task", "split", "runs", "test rows a fit", "test stations a fit", "stations over all fits"]
    return pd.DataFrame(rows, columns=heads)


def beside_reported(tasks: Mapping[str, tuple[pd.DataFrame, pd.DataFrame]]) -> pd.DataFrame:
    """R2 of no location and of each arm, as reported (second-hand) and as found, and whether the direction agrees.

    Both are means over the folds that both were run on: two partitions of a checkerboard are two questions.

    Parameters
    ----------
    tasks : mapping
        Title to scores, with the column ``arm``, and differences (:func:`placeprior.evidence.gains.matched_gains`).

    Returns
    -------
    pandas.DataFrame
        Text; a row for each split and arm of which anything is reported and something was run.
    """
    every = pd.concat([scores for scores, _ in tasks.values()])
    r2 = {
        title: scores[scores["metric"] == "r2"].groupby(["split", "arm", "fold"])["value"].mean()
        for title, (scores, _) in tasks.items()
    }
    rows = []
    for split in splits_in(every):
        for name in arm_order(every["arm"]):
            if name in ("none", HEAD_ONLY) or reported_sign(split, name) is None:
                continue
            told = reported(split, name)
            if REPORTED.get(split, {}).get(name):
                told = f"{reported(split, 'none')} → {told}"
            row = {"split": where(split), "arm": called(name), "reported (second-hand)": told}
            for title, (_, found) in tasks.items():
                gain = found[(found["split"] == split) & (found["arm"] == name)]
                row[title] = _found_beside(r2[title], gain, split, name)
            rows.append(row)
    return pd.DataFrame(rows)


def _found_beside(r2: pd.Series, gain: pd.DataFrame, split: str, name: str) -> str:
    """R2 by split, arm and fold, of no location and of an arm, and whether the arm's gain agrees, as text."""
    if (split, name) not in r2.index:
        return "not run"
    if gain["low"].notna().any():
        said = agreement(split, name, int(gain["clear"].iloc[0]))
        said = "equal or mixed there" if said.startswith("reported") else said
    else:
        said = "trained once" if len(gain) else "its reference was not run"
    own = r2.loc[(split, name)]
    if (split, "none") not in r2.index:
        return minus(f"– → {own.mean():.2f}, {said}")
    none, own = pd.concat([r2.loc[(split, "none")], own], axis=1, join="inner").mean()
    return minus(f"{none:.2f} → {own:.2f}, {said}")
