"""The first screen of README and book: what each way of telling the place adds, from committed results alone."""

from __future__ import annotations

import re
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from placeprior.arms import CORRECTED, HEAD_ONLY, RIVALS, SPLITS, arm_order, splits_in, with_arm
from placeprior.book import figures
from placeprior.book.style import look
from placeprior.book.words import minus
from placeprior.errors import StoreError
from placeprior.runs import configuration, plan, store
from placeprior.scores.interval import pooled_noise
from placeprior.scores.paired import fits, paired, residual_range

#: The matrices of the main tables: what is told, its controls and placebos, and the rivals without a network.
MAIN = ("core", "controls", "elsewhere", "rivals", "rivals-elsewhere", "memory")
REFERENCE = HEAD_ONLY
TASKS = {
    "weather-2019": "real PM2.5 of 2019 from weather",
    "neighbours-2021": "real PM2.5 of 2021 from neighbouring monitors",
    "world": "embedded world (simulated)",
}
#: What the figure shows of all arms: one of each kind, placebos and the strongest rivals among them.
DRAWN = (
    "gbt",
    "gbt+lonlat",
    "kriging",
    "random-vector-hadamard",
    "smooth-random-hadamard",
    "urban-hadamard",
    "lonlat",
    "geoclip-hadamard",
    "geoclip-concat",
)


def main(profile: str, task: str) -> pd.DataFrame:
    """A task's scores in the main matrices of a profile, with the column ``arm``."""
    known = [name for name in MAIN if name in configuration.profile(profile)["matrices"]]
    frame = with_arm(store.scores(profile, *known))
    return frame[frame["task"] == task]


def levels(frame: pd.DataFrame) -> pd.DataFrame:
    """Test R2 by arm and split, mean over seeds; the two partitions of a checkerboard apart, as ``A / B``.

    Parameters
    ----------
    frame : pandas.DataFrame
        As :func:`main`.

    Returns
    -------
    pandas.DataFrame
        Text; a dash where no run is.
    """
    r2 = frame[frame["metric"] == "r2"].groupby(["arm", "split", "fold"])["value"].mean()
    table = pd.DataFrame("–", [look(a).name for a in arm_order(frame["arm"])], splits_in(frame), dtype=object)
    for (arm, split), folds in r2.groupby(level=["arm", "split"]):
        # Tenths drawn at random are of one kind; the partitions of a checkerboard are two places.
        means = folds.to_numpy() if split.startswith("checkerboard") else [folds.mean()]
        table.loc[look(arm).name, split] = minus(" / ".join(f"{value:.2f}" for value in means))
    return table.rename(columns=SPLITS).rename_axis("told about the place, or rival")


def gains(frame: pd.DataFrame, sums: pd.DataFrame) -> pd.DataFrame:
    """Difference in R2 of every arm to the network without a place, but with the layer that a place brings along.

    Parameters
    ----------
    frame : pandas.DataFrame
        As :func:`main`.
    sums : pandas.DataFrame
        As :func:`placeprior.runs.store.sums`.

    Returns
    -------
    pandas.DataFrame
        ``arm, split`` and the columns of :func:`placeprior.scores.paired.paired`.
    """
    rows = []
    for split in splits_in(frame):
        here = frame[frame["split"] == split]
        base = fits(here, arm=REFERENCE)
        terms = {
            arm: [(1.0, _beside(fits(here, arm=arm), base, arm)), (-1.0, base)]
            for arm in arm_order(here["arm"])
            if arm != REFERENCE
        }
        reach = residual_range(terms, sums)
        found = paired(terms, sums, range_km=reach)
        if len(found):
            found = paired(terms, sums, range_km=reach, noise=pooled_noise(found))
            rows.append(found.rename_axis("arm").reset_index().assign(split=split))
    return pd.concat(rows, ignore_index=True) if rows else pd.DataFrame(columns=["arm", "split", "difference"])


def _beside(own: pd.Series, base: pd.Series, arm: str) -> pd.Series:
    """An arm's fits by those of the reference: a rival that no training's chance decides stands beside every seed."""
    if arm not in RIVALS or arm == CORRECTED:
        return own
    one = own.groupby(level="fold").first()
    there = base.index[base.index.get_level_values("fold").isin(one.index)]
    return pd.Series(one[there.get_level_values("fold")].to_numpy(), there)


def gains_table(found: pd.DataFrame) -> pd.DataFrame:
    """:func:`gains` as text: bold where the interval excludes zero."""
    names = [look(a).name for a in arm_order(found["arm"])]
    table = pd.DataFrame("–", names, splits_in(found), dtype=object)
    for row in found.itertuples():
        mean = f"**{row.difference:+.3f}**" if row.clear else f"{row.difference:+.3f}"
        within = f" ({row.low:+.3f} to {row.high:+.3f})" if np.isfinite(row.low) else " (one seed)"
        table.loc[look(row.arm).name, row.split] = minus(mean + within)
    return table.rename(columns=SPLITS).rename_axis(f"R² minus that of {look(REFERENCE).name}")


def tasks(*profiles: str) -> list[tuple[str, str]]:
    """Profiles and tasks that have main results, real measurements first."""
    found = [
        (profile, task)
        for task in TASKS
        for profile in profiles
        if task in configuration.profile(profile)["tasks"] and (REFERENCE == main(profile, task)["arm"]).any()
    ]
    if not found:
        raise StoreError(
            f"there are no results of {' or '.join(profiles)}; `placeprior runs list {profiles[0]}` lists "
            "the runs, `make demo-full` and `make aqs` make them"
        )
    return found


def draw(*profiles: str) -> Figure:
    """The gain over no location by split, one row a task: real measurements first, rivals and placebos beside."""
    shown = tasks(*profiles)
    figures.style()
    fig, axes = figures.subplots(len(shown), 1, size=(7.2, 2.7 * len(shown) + 0.8), squeeze=False)
    present: list[str] = []
    for ax, (profile, task) in zip(axes[:, 0], shown, strict=True):
        found = gains(main(profile, task), store.sums(profile))
        found = found[found["arm"].isin(DRAWN)]
        order = splits_in(found)
        arms = arm_order(found["arm"])
        present = arm_order({*present, *arms})
        for row in found.itertuples():
            x = order.index(row.split) + (arms.index(row.arm) - (len(arms) - 1) / 2) * 0.8 / len(arms)
            style = look(row.arm)
            if np.isfinite(row.low):
                ax.plot([x, x], [row.low, row.high], color=style.colour, lw=1.6, solid_capstyle="round")
            ax.plot(x, row.difference, style.marker, color=style.colour, ms=6, mec="white", mew=0.5)
        ax.axhline(0, color="#777777", lw=1, ls="--")
        middle = found["difference"].to_numpy(float)
        ax.set_ylim(max(-0.45, middle.min() - 0.12), min(0.45, middle.max() + 0.12))
        ax.set_xticks(range(len(order)), [SPLITS.get(s, s).replace(" · ", "\n") for s in order])
        ax.set_xlim(-0.5, len(order) - 0.5)
        ax.grid(axis="x", visible=False)
        ax.set(title=TASKS[task], ylabel="R² minus\nno location")
    handles = [
        plt.Line2D([], [], color=look(a).colour, marker=look(a).marker, ls="", label=look(a).name) for a in present
    ]
    fig.legend(handles=handles, loc="outside upper center", ncols=3, fontsize="small")
    figures.label(
        fig,
        " and ".join(dict.fromkeys(profile for profile, _ in shown)),
        n=sum(main(profile, task)["run"].nunique() for profile, task in shown),
        of="runs",
        embedded=all(task == "world" for _, task in shown),
        note="the panels say which are simulated; "
        "95 % intervals over places and trainings; WR: within region, OoR: out of region",
    )
    return fig


def readme(*profiles: str) -> None:
    """Draw ``results/headline.png``; write README's tables and ``book/_result.md``, by hand when results changed.

    Parameters
    ----------
    *profiles : str
        Such as ``"aqs", "demo"``.
    """
    fig = draw(*profiles)
    figure = configuration.root() / "results" / "headline.png"
    fig.savefig(figure, dpi=130)
    plt.close(fig)
    described = (
        "Gain in test R² over the network without a place, by split, for each way of telling the place, with "
        "placebos and rivals"
    )
    tables: list[str] = []
    for profile, task in tasks(*profiles):
        frame = main(profile, task)
        config = plan.settings(profile)
        found = gains(frame, store.sums(profile))
        seeds = frame.groupby("split")["seed"].nunique()
        counted = ", ".join(f"{SPLITS.get(s, s)} {seeds[s]}" for s in splits_in(frame))
        tables += [
            "",
            f"**{TASKS[task][0].upper()}{TASKS[task][1:]}** (`{task}`, profile `{profile}`: "
            f"{frame['run'].nunique()} runs; networks of width {config.width}, {config.window} days, {config.epochs} "
            f"epochs; seeds: {counted}). Test R², mean over seeds, both partitions of a checkerboard apart:",
            "",
            levels(frame).to_markdown(disable_numparse=True),
            "",
            "Difference to the network without a place that has the same extra layer, with 95 % interval over blocks "
            "of the map and trainings (bold: it excludes zero):",
            "",
            gains_table(found).to_markdown(disable_numparse=True),
        ]
    root = configuration.root()
    text = (root / "README.md").read_text(encoding="utf-8")
    text = _between(text, "result", [f"![{described}](results/headline.png)", *tables])
    _write(root / "README.md", _between(text, "ran", _ran()))
    _write(
        root / "book" / "_result.md",
        "\n".join([f"```{{image}} ../results/headline.png\n:alt: {described}\n```", *tables]) + "\n",
    )


def _write(path: Path, text: str) -> None:
    store.replace(path, lambda part: part.write_text(text, encoding="utf-8"))


def _ran() -> list[str]:
    """What of the comparison has run, and where, as far as committed results tell."""
    rows = []
    for name in configuration.content()["profiles"]:
        stamps = store.stamps(name) if name != "smoke" else {}
        frame = store.scores(name)
        for task in dict.fromkeys(frame["task"]) if stamps else []:
            made = [stamps[run] for run in set(frame.loc[frame["task"] == task, "run"])]
            trained = [stamp for stamp in made if stamp["parameters"]]
            where = ", ".join(sorted({f"{s['device']}, {s['threads']} thread a run" for s in trained}))
            # Of a core where it is known; on a machine that did other work beside it, the clock ran for longer.
            minutes = sum(stamp.get("core_seconds", stamp["seconds"]) for stamp in trained) / 60
            rows.append(
                f"| `{name}` | `{task}` | {configuration.profile(name)['size']} | {len(trained)} trained, "
                f"{len(made) - len(trained)} rivals | {minutes:.0f} min ({where}) |"
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
