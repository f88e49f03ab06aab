"""README's first screen: one figure and its tables, from results alone."""

from __future__ import annotations

import re

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from placeprior import compare, figures, ledger, matched, matrix
from placeprior.errors import StoreError
from placeprior.looks import arm_order, look

#: The matrices of README's tables: the main variants and their controls.
MAIN = ("core", "controls")


def draw(profile: str) -> Figure:
    """README's figure: R2 by split, and its paired difference to no location, one row a task.

    Returns
    -------
    matplotlib Figure
    """
    frame, sums = ledger.scores(profile, *MAIN), ledger.sums(profile)
    if frame.empty:
        raise StoreError(f"there are no results of profile {profile!r}; run `placeprior runs run --profile {profile}`")
    figures.style()
    tasks = sorted(set(frame["task"]), reverse=True)
    fig, axes = figures.subplots(len(tasks), 2, size=(9.0, 3.1 * len(tasks) + 0.7), squeeze=False)
    arms = arm_order(compare.with_arm(frame)["arm"])
    for (left, right), task in zip(axes, tasks, strict=True):
        part = frame[frame["task"] == task]
        own = compare.with_arm(part[part["metric"] == "r2"])
        gaps = matched.by_fit(matched.differences(part, sums, reach=matched.reach(profile, task)))
        gaps = gaps[gaps["arm"] != "idw"]
        order = compare.splits_in(part)
        _panel(left, own, order)
        _panel(right, gaps, order)
        left.set(ylabel="test R²", title=f"{task}: R², mean and range of fits")
        right.axhline(0, color="#777777", lw=1, ls="--")
        right.set(ylabel="R² minus R² of no location", title=f"gain from place, {compare.INTERVAL}")
    handles = figures.legend(axes[0, 0], arms).legend_handles
    axes[0, 0].get_legend().remove()
    fig.legend(handles=handles, loc="outside upper center", ncols=3)
    figures.label(fig, profile, n=frame["run"].nunique(), of="runs", embedded=set(tasks) == {"world"},
                  note="WR: within region, OoR: out of region")  # fmt: skip
    return fig


def _panel(ax: Axes, drawn: pd.DataFrame, order: list[str]) -> None:
    """Every arm side by side in each split: bars are intervals where there are columns for them, else ranges."""
    shown = arm_order(drawn["arm"])
    bars = {key: (*_ends(fits), fits.groupby("fold")["value"].mean().mean())
            for key, fits in drawn.groupby(["split", "arm"])}  # fmt: skip
    if bars:
        # One failed arm must not flatten all others: means far outside the rest stand at the edge, as a number.
        ends = np.array(list(bars.values()))
        low, high = np.percentile(ends[:, 2], [5, 95])
        room = 1.0 * max(high - low, 0.02)
        floor, top = max(ends.min(), low - room), min(ends.max(), high + room)
        pad = 0.06 * (top - floor)
        ax.set_ylim(floor - pad, top + pad)
        for (split, name), (start, stop, mean) in bars.items():
            x = order.index(split) + (shown.index(name) - (len(shown) - 1) / 2) * min(0.13, 0.84 / len(shown))
            style = look(name)
            ax.plot([x, x], [start, stop], color=style.colour, lw=2, solid_capstyle="round")
            at = float(np.clip(mean, floor, top))
            ax.plot(x, at, style.marker, color=style.colour, ms=7, mec="white", mew=0.6)
            if at != mean:
                text = f"{mean:.1f} ".replace("-", "−")
                ax.text(x - 0.06, at, text, ha="right", va="center", fontsize="x-small", color=style.colour)
    ax.set_xticks(range(len(order)), [compare.SPLITS.get(s, s).replace(" · ", "\n") for s in order])
    ax.set_xlim(-0.55, len(order) - 0.45)
    ax.grid(axis="x", visible=False)
    for edge in np.arange(len(order) - 1) + 0.5:
        ax.axvline(edge, color="#e6e6e6", lw=0.8)


def _ends(fits: pd.DataFrame) -> tuple[float, float]:
    """Both ends of a bar; the mean itself where there should be an interval and is none."""
    if "low" not in fits:
        return float(fits["value"].min()), float(fits["value"].max())
    low, high, mean = (float(fits[name].iloc[0]) for name in ("low", "high", "difference"))
    return (low, high) if np.isfinite(low) else (mean, mean)


def readme(profile: str = "demo", *others: str) -> None:
    """Draw ``results/<profile>/headline.png`` and write README's tables; called by hand when results changed.

    Parameters
    ----------
    profile : str
        Drawn and tabulated.
    *others : str
        Further profiles, tabulated.
    """
    fig = draw(profile)
    fig.savefig(ledger.results(profile) / "headline.png", dpi=130)
    plt.close(fig)
    lines = [f"![Test R² by split for each way of telling the place, and its gain over telling nothing; "
             f"profile {profile}](results/{profile}/headline.png)"]  # fmt: skip
    for name in (profile, *others):
        frame = ledger.scores(name, *MAIN)
        for task in dict.fromkeys(frame["task"]):
            part = frame[frame["task"] == task]
            kind = "embedded world, simulated" if task == "world" else "real measurements"
            seeds = part["seed"].nunique()
            lines += ["", f"Test R², mean over {seeds} seed{'s' * (seeds > 1)} ± sd between seeds, the partitions of a "
                      f"checkerboard apart; `{task}` ({kind}), profile `{name}`, {part['run'].nunique()} runs:", "",
                      compare.cells(part).to_markdown(disable_numparse=True)]  # fmt: skip
    path = matrix.root() / "README.md"
    text = path.read_text(encoding="utf-8")
    text = _between(text, "result", lines)
    text = _between(text, "ran", _ran())
    path.write_text(text, encoding="utf-8")


def _ran() -> list[str]:
    """What of the comparison has run, and where, as far as committed results tell."""
    rows = []
    for name in matrix.configuration()["profiles"]:
        stamps = ledger.stamps(name) if name != "smoke" else {}
        frame = ledger.scores(name)
        for task in dict.fromkeys(frame["task"]) if stamps else []:
            made = [stamps[run] for run in set(frame.loc[frame["task"] == task, "run"])]
            trained = [stamp for stamp in made if stamp["parameters"]]
            where = ", ".join(sorted({f"{s['device']}, {s['threads']} thread a run" for s in trained}))
            minutes = sum(stamp["seconds"] for stamp in trained) / 60
            rows.append(f"| `{name}` | `{task}` | {matrix.profile(name)['size']} | {len(trained)} trained, "
                        f"{len(made) - len(trained)} baselines | {minutes:.0f} min ({where}) |")
        if not stamps and name != "smoke":
            rows.append(f"| `{name}` | all | {matrix.profile(name)['size']} | not run yet | - |")
    return ["| profile | task | model size | runs | time, summed over runs |", "|---|---|---|---|---|", *rows, "",
            _variants()]


def _variants() -> str:
    """One sentence on the paper's other encoder: have its runs been made anywhere?"""
    made = sorted({name for profile in matrix.configuration()["profiles"] for name in ledger.scores(profile)["variant"]
                   if name.startswith("satclip")})
    satclip = (f"SatCLIP ({', '.join(made)}) has run too." if made else
               "SatCLIP has not run: `placeprior weights satclip-l10 satclip-l40` fetches its weights, which needs a "
               "network once; `make demo-full`, `make aqs` and `make paper` then run it.")
    return ("Of the paper's variants, no location, coordinates, sines and cosines, and GeoCLIP (Hadamard and "
            f"concatenated) have run. {satclip} The paper's own predictors have not been at hand.")


def _between(text: str, name: str, lines: list[str]) -> str:
    """Replace what stands between two markers."""
    begin, end = f"<!-- {name}:begin -->", f"<!-- {name}:end -->"
    pattern = re.compile(f"{begin}.*?{end}", flags=re.S)
    if not pattern.search(text):
        raise StoreError(f"README.md has no {begin} … {end}; put the two lines back")
    return pattern.sub(lambda _: "\n".join([begin, *lines, end]), text)
