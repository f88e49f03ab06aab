"""The first screen of README and book: what each way of telling the place adds, from committed results alone."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from placeprior.arms import splits_in
from placeprior.book import claims, comparison, figures
from placeprior.book.style import MUTED, PAPER, look
from placeprior.book.words import minus
from placeprior.errors import StoreError, UnknownName
from placeprior.evidence.gains import REFERENCE, WITHOUT_CHANCE, matched_gains
from placeprior.files.replacing import replacing
from placeprior.runs import committed, configuration, store

TASKS = {
    "weather-2019": "real PM2.5 of 2019 from weather",
    "neighbours-2021": "real PM2.5 of 2021 from neighbouring monitors",
    "world": "embedded world (simulated)",
}
#: The two main splits in words, for those who have not read the page on splits yet.
PLAIN = {"spatial": "between known stations", "checkerboard-16": "in new regions (16°)"}
LIMIT = 0.26  # of the axis: a rival far beyond it must not flatten the rest
DESCRIBED = (
    "Gain in test R² over the network without a place, by split, for each way of telling the place, with placebos and "
    "rivals"
)
#: What the figure shows of all arms: one of each kind, placebos and the strongest rivals among them.
DRAWN = (
    "idw",
    "kriging",
    "none+kriging",
    "gbt",
    "gbt+geoclip",
    "random-vector-hadamard",
    "smooth-random-hadamard",
    "urban-hadamard",
    "lonlat",
    "sincos",
    "geoclip-hadamard",
    "geoclip-concat",
)


def tasks(*profiles: str) -> list[tuple[str, str]]:
    """Profiles and tasks that have main results, real measurements first."""
    found = [
        (profile, task)
        for task in TASKS
        for profile in profiles
        if task in configuration.profile(profile)["tasks"]
        and (REFERENCE == comparison.load(profile, task).scores["arm"]).any()
    ]
    if not found:
        raise StoreError(
            f"there are no results of {' or '.join(profiles)}; `placeprior runs list {profiles[0]}` lists "
            "the runs, `make demo-full` and `make aqs` make them"
        )
    return found


def draw(*profiles: str) -> Figure:
    """What each way of telling the place adds over no place, real measurements first, rivals and placebos beside.

    Parameters
    ----------
    *profiles : str
        Whose results are shown, one row of panels a task that is more than begun; all panels have one scale.
    """
    shown = tasks(*profiles)
    figures.style()
    found = {task: matched_gains(profile, task) for profile, task in shown}
    arms = [arm for arm in DRAWN if any((table["arm"] == arm).any() for table in found.values())]
    occurring = splits_in(pd.concat([table[table["arm"].isin(arms)] for table in found.values()]))
    splits = [split for split in PLAIN if split in occurring]  # the others stand on the page of the comparison
    shown = [(profile, task) for profile, task in shown if _begun(found[task], arms, splits)] or shown
    size = (2.4 + 2.1 * len(splits), len(shown) * (0.27 * len(arms) + 0.75) + 0.6)
    fig, axes = figures.subplots(len(shown), len(splits), size=size, squeeze=False, sharey=True, sharex=True)
    for line, (_, task) in zip(axes, shown, strict=True):
        for ax, split in zip(line, splits, strict=True):
            table = found[task][found[task]["split"] == split].set_index("arm")
            for row, arm in enumerate(arms):
                if arm in table.index:
                    _mark(ax, row, arm, table.loc[arm])
            ax.set_title(PLAIN[split], fontsize="medium")
        figures.rows(line[0], [look(arm).name for arm in arms], zero=False)
        line[0].set_ylabel(TASKS[task].replace(" (", "\n("), fontsize="medium")
        for ax in line:
            ax.axvline(0, color=MUTED, lw=1, ls="--", zorder=1)
            ax.grid(axis="y", visible=False)
    axes[0, 0].set_xlim(-LIMIT, LIMIT)
    axes[-1, (len(splits) - 1) // 2].set_xlabel("test R² minus that of the same network, told no location")
    scores = pd.concat([comparison.load(profile, task).scores for profile, task in shown])
    runs = scores.loc[scores["split"].isin(splits), "run"].nunique()
    figures.label(
        fig,
        " and ".join(dict.fromkeys(profile for profile, _ in shown)),
        n=runs,
        of="runs",
        embedded=all(task == "world" for _, task in shown),
        note="and simulated where a row says so; 95 % intervals over places and trainings; hollow: trained once; "
        "an arrow: beyond the axis",
        data=pd.concat([found[task].assign(task=task) for _, task in shown])[
            ["task", "split", "arm", "difference", "low", "high", "clear", "fits"]
        ].query("split in @splits"),
    )
    return fig


def _begun(table: pd.DataFrame, arms: Sequence[str], splits: Sequence[str]) -> bool:
    """Whether half of the arms were run on each split: a row of nearly empty panels tells nothing."""
    run = table[table["arm"].isin(arms)].groupby("split")["arm"].nunique()
    return bool((2 * run.reindex(splits, fill_value=0) >= len(arms)).all())


def _mark(ax: Axes, row: int, arm: str, found: pd.Series) -> None:
    """One arm's gain and interval, hollow where it was trained once; what lies beyond the axis becomes an arrow."""
    drawn, value = look(arm), float(found["difference"])
    if np.isfinite(found["low"]):
        low, high = max(found["low"], -LIMIT), min(found["high"], LIMIT)
        ax.plot([low, high], [row, row], color=drawn.colour, lw=2, solid_capstyle="butt", zorder=2)
        for end, at, tip in ((found["low"], -LIMIT, "<"), (found["high"], LIMIT, ">")):
            if abs(end) > LIMIT and np.sign(end) == np.sign(at):
                ax.plot(at, row, tip, color=drawn.colour, ms=5, clip_on=False, zorder=3)
    if abs(value) < LIMIT:
        once = found["seeds"] == 1 and arm not in WITHOUT_CHANCE
        style = {"mfc": PAPER, "mec": drawn.colour, "mew": 1.4} if once else {"mec": PAPER, "mew": 0.6}
        ax.plot(value, row, ls="", marker=drawn.marker, color=drawn.colour, ms=7, zorder=3, **style)
        return
    side = 1 if value > 0 else -1
    where = {"ha": "right" if side > 0 else "left", "va": "center", "fontsize": "small"}
    ax.text(side * 0.97 * LIMIT, row - 0.32, minus(f"{value:+.2f}"), color=drawn.colour, **where)


def said(text: str) -> str:
    """Markdown of the book as README shows it: numbers in place of the role ``val``, links to pages as their names.

    Parameters
    ----------
    text : str

    Raises
    ------
    UnknownName
        If there is no such number.
    """
    decided = {
        f"claims.{name}.{scale}.{field}": value
        for name, found in (claims.evaluate() if "claims." in text else {}).items()
        for scale, each in found.items()
        for field, value in each.values.items()
    }
    text = re.sub(r"\{val\}`([^`]+)`", lambda asked: _number(asked[1], decided), text)
    return re.sub(r"\{doc\}`(?:chapters/)?([\w-]+)`", r"*\1*", text)


def _number(asked: str, decided: dict[str, float]) -> str:
    """What the role ``val`` prints."""
    address, _, form = asked.partition(":")
    profile, _, key = address.partition(".")
    known = decided
    if profile != "claims":
        values = json.loads((store.results(profile) / "values.json").read_text(encoding="utf-8"))
        known = {f"{profile}.{name}": value for name, value in values.items()}
    if address not in known:
        raise UnknownName("value", address, known)
    return minus(format(known[address], form) if form else f"{known[address]:,}")


def readme(*profiles: str) -> None:
    """Draw ``results/headline.svg`` and write README's first screen, from the book's own abstract; by hand.

    Parameters
    ----------
    *profiles : str
        Such as ``"aqs", "demo"``.
    """
    fig = draw(*profiles)
    root = configuration.root()
    with replacing(root / "results" / "headline.svg") as aside:
        figures.save(fig, aside)
    plt.close(fig)
    abstract = (root / "book" / "_abstract.md").read_text(encoding="utf-8")
    advice = (root / "book" / "_advice.md").read_text(encoding="utf-8")
    text = (root / "README.md").read_text(encoding="utf-8")
    lines = [said(abstract).strip(), "", f"![{DESCRIBED}](results/headline.svg)", "", said(advice).strip()]
    _write(root / "README.md", _between(_between(text, "result", lines), "ran", _ran()))
    _write(root / "book" / "_ran.md", "\n".join([*_ran(), ""]))


def _write(path: Path, text: str) -> None:
    store.replace(path, lambda part: part.write_text(text, encoding="utf-8"))


def _ran() -> list[str]:
    """What of the comparison has run, and where, as far as committed results tell."""
    rows = []
    for name in configuration.content()["profiles"]:
        stamps = store.stamps(name) if name != "smoke" else {}
        frame, known = store.scores(name), configuration.profile(name)["tasks"]
        # Draws of a world, and leaks put back on purpose, are the same task made differently: one row.
        alike: dict[str, list[str]] = {}
        for task in dict.fromkeys(frame["task"]) if stamps else []:
            alike.setdefault(known[task]["load"], []).append(task)
        for same in alike.values():
            made = [stamps[run] for run in set(frame.loc[frame["task"].isin(same), "run"])]
            trained = [stamp for stamp in made if stamp["parameters"]]
            where = ", ".join(sorted({f"{s['device']}, {s['threads']} thread a run" for s in trained}))
            more = f" and {len(same) - 1} variants of it" if len(same) > 1 else ""
            rows.append(
                f"| `{name}` | `{same[0]}`{more} | {configuration.profile(name)['size']} | {len(trained)} trained, "
                f"{len(made) - len(trained)} rivals | {committed.core_minutes(trained):.0f} min ({where}) |"
            )
        if not stamps and name != "smoke":
            rows.append(f"| `{name}` | all | {configuration.profile(name)['size']} | not run yet | - |")
    return [
        "| profile | task | model size | runs | time, summed over runs |",
        "|---|---|---|---|---|",
        *rows,
        "",
        _variants(),
    ]


def _variants() -> str:
    """One sentence on the paper's other encoder: have its runs been made anywhere?"""
    made = sorted(
        {
            name
            for profile in configuration.content()["profiles"]
            for name in store.scores(profile)["variant"]
            if name.startswith("satclip")
        }
    )
    satclip = (
        f"SatCLIP ({', '.join(made)}) has run too."
        if made
        else "SatCLIP has not run: `placeprior weights satclip-l10 satclip-l40` fetches its weights, which needs a "
        "network once; `make demo-full`, `make aqs` and `make paper` then run it."
    )
    return (
        "Of the paper's variants, no location, coordinates, sines and cosines, and GeoCLIP (Hadamard and "
        f"concatenated) have run. {satclip} The paper's own predictors have not been at hand."
    )


def _between(text: str, name: str, lines: list[str]) -> str:
    """Replace what stands between two markers."""
    begin, end = f"<!-- {name}:begin -->", f"<!-- {name}:end -->"
    pattern = re.compile(f"{begin}.*?{end}", flags=re.S)
    if not pattern.search(text):
        raise StoreError(f"README.md has no {begin} … {end}; put the two lines back")
    return pattern.sub(lambda _: "\n".join([begin, *lines, end]), text)
