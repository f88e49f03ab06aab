"""The report on a person's own stations: tables and drawings, from the folder of their comparison; words: `advice`."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.figure import Figure

from placeprior.arms import arm, arm_order, with_arm
from placeprior.book import figures
from placeprior.book.maps import projected
from placeprior.coords import nearest_km
from placeprior.errors import StoreError
from placeprior.evidence import uncertainty, verdict
from placeprior.evidence.gains import gains
from placeprior.evidence.verdict import Answer, asks, spoken
from placeprior.runs import delivery, plan, store
from placeprior.runs.inputs import cube_of
from placeprior.runs.plan import Run
from placeprior.space import domain
from placeprior.space.splits import lonlat_of, towards_of

PART = 0.6  # of a country's map: stations that fill less of it get a map of their own
ABOUT = ("target", "unit", "table", "embedded", "rows")  # what a comparison says of itself
AROUND = 6e4  # metres around them
WIDTH = 5.2  # inches of a figure: on a phone its letters stay readable
SHORT = {
    "random": "other days",
    "spatial": "new stations",
    "checkerboard": "new regions",
    "knndm": "your distances",
    "year": "another year",
}


@dataclass
class Yours:
    """A finished comparison, in the folder that is the working directory."""

    profile: str
    about: dict[str, Any]
    runs: list[Run]
    cube: xr.Dataset

    @property
    def task(self) -> str:
        """The one task of a comparison."""
        return self.runs[0].task

    @property
    def embedded(self) -> bool:
        """Whether the table is simulated."""
        return bool(self.about["embedded"])

    @property
    def lonlat(self) -> np.ndarray:
        """Places of the stations, (n, 2)."""
        return lonlat_of(self.cube)

    @property
    def quantity(self) -> tuple[str, str | None]:
        """Name of the target, and its unit where it is known."""
        unit = self.about["unit"]
        return self.about["target"], None if unit == "unstated" else unit

    @cached_property
    def block_km(self) -> float:
        """Least side of the blocks that intervals are taken over."""
        return domain.block_km(self.lonlat)

    @cached_property
    def answers(self) -> list[Answer]:
        """What was found, a split each."""
        return verdict.answers(self.profile, self.task, self.block_km)

    @cached_property
    def wanted_km(self) -> np.ndarray:
        """From the places where estimates are wanted to the nearest station."""
        return nearest_km(towards_of(self.cube), self.lonlat)[0]

    @cached_property
    def question(self) -> tuple[str, pd.DataFrame]:
        """The split that tests at the distances that are wanted, and the distances of all."""
        return verdict.nearest_question(self.profile, self.wanted_km)

    @property
    def answer(self) -> Answer:
        """The answer to the person's own question."""
        return next(each for each in self.answers if each.split == self.question[0])

    @cached_property
    def chosen(self) -> tuple[str, pd.Series]:
        """The network to keep, chosen by validation rows, and their RMSE by model."""
        return verdict.chosen(self.profile, self.question[0])

    @property
    def line(self) -> str:
        """The verdict in one line."""
        return verdict.line(self.answers, self.question[0])

    @cached_property
    def found(self) -> pd.DataFrame:
        """Gains of all arms over the network without a place."""
        return gains(self.profile, self.task, block_km=self.block_km)


def load(profile: str) -> Yours:
    """The comparison in the working directory.

    Raises
    ------
    StoreError
        It is not finished, or a file of it is not as it was written.
    """
    again = "run the same `placeprior compare` again, which goes on from there"
    try:
        about = json.loads(Path("about.json").read_text(encoding="utf-8"))
    except ValueError as error:
        raise StoreError(f"about.json is not as it was written ({error}); {again}") from None
    runs = plan.runs(profile)
    if left := sum(not store.is_stored(run.id) for run in runs):
        raise StoreError(f"{left} of the {len(runs)} fits of this comparison are not made yet; {again}")
    if not isinstance(about, dict) or (lacking := [name for name in ABOUT if name not in about]):
        raise StoreError(f"about.json does not say {lacking[0] if isinstance(about, dict) else 'anything'}; {again}")
    if lost := {run.id for run in runs} - set(store.scores(profile)["run"]):
        raise StoreError(f"the scores of {len(lost)} of the {len(runs)} fits are not collected yet; {again}")
    return Yours(profile, about, runs, cube_of(runs[0]))


def short(split: str) -> str:
    """What a split asks, in two words.

    >>> short("checkerboard-2.5")
    'new regions'
    """
    return SHORT.get(split.partition("-")[0], split)


# --- tables ---


def scores(yours: Yours) -> pd.DataFrame:
    """R2 and RMSE of every arm on every split, as text: means over folds and seeds."""
    frame = with_arm(store.scores(yours.profile))
    cells = frame.groupby(["metric", "arm", "split", "fold"])["value"].mean().groupby(["metric", "arm", "split"]).mean()
    splits = [answer.split for answer in yours.answers]
    table = pd.DataFrame(index=arm_order(frame["arm"]), columns=splits, data="–", dtype=object)
    for (name, split), value in cells["r2"].items():
        table.loc[name, split] = f"{round(value, 2) + 0.0:.2f} ({cells['rmse'][name, split]:.3g})".replace("-", "−")
    return table.rename(index=spoken, columns=short).rename_axis("arm")


def coverage(yours: Yours) -> pd.DataFrame:
    """How often intervals hold, by split: of the network that is quoted; mean over folds."""
    wanted = {answer.split: answer.arm for answer in yours.answers}
    runs = [run for run in yours.runs if wanted.get(run.split) == arm(run.variant, run.fusion)]
    found = uncertainty.collect(runs)
    return found.groupby(["split", "level"])[["coverage", "low", "high", "width", "tenth"]].mean().reset_index()


# --- drawings ---


def draw_gains(yours: Yours) -> Figure:
    """Gains over the network without a place, a panel a split; see :func:`placeprior.book.figures.forest`."""
    own = yours.found[yours.found["arm"] != "mean"]
    answers = sorted(yours.answers, key=lambda answer: answer.split != yours.question[0])
    heights = [own.loc[own["split"] == answer.split, "arm"].nunique() + 1.5 for answer in answers]
    ratios = {"height_ratios": heights}
    fig, axes = figures.subplots(
        len(answers), size=(WIDTH, 0.27 * sum(heights) + 0.5), squeeze=False, gridspec_kw=ratios
    )
    for ax, answer in zip(axes.flat, answers, strict=True):
        rows = [
            {"arm": row.arm, "value": value, "low": row.low, "high": row.high, "difference": row.difference}
            for row in own[own["split"] == answer.split].itertuples()
            for value in row.each
        ]
        drawn = figures.forest(ax, pd.DataFrame(rows), "", reference=0.0)
        ax.set_yticks(range(len(drawn)), [spoken(name) for name in drawn])
        ax.set_title(asks(answer.split) + (" (your question)" if answer.split == yours.question[0] else ""), x=-0.55)
    axes.flat[-1].set_xlabel("gain in R²")
    return fig


def draw_map(yours: Yours) -> Figure:
    """Error at every station that the splits between or beyond stations test."""
    split = max(
        (answer.split for answer in yours.answers if not answer.split.startswith(("random", "year"))),
        key=lambda name: (len(delivery.errors(yours.profile, "none+head", name)), name == yours.question[0]),
        default=yours.answers[0].split,
    )
    answer = next(each for each in yours.answers if each.split == split)
    table = delivery.errors(yours.profile, answer.arm, split)
    lonlat = table[["lon", "lat"]].to_numpy(float)
    fig, ax = figures.subplots(size=(WIDTH, 4.2), maps=lonlat)
    _near(ax, lonlat)
    figures.station_map(
        ax, lonlat, table["rmse"].to_numpy(), f"RMSE of {yours.quantity[0]}", unit=yours.quantity[1], size=22
    )
    ax.set_title(f"{asks(split)}: {spoken(answer.arm)}")
    figures.label(fig, yours.profile, n=len(table), of="stations", embedded=yours.embedded, table=yours.about["table"])
    return fig


def _near(ax: Any, lonlat: np.ndarray) -> None:
    """Show no more of a country's map than the stations' surroundings, where they fill a part of it only."""
    xy = projected(lonlat, ax)
    low, high = xy.min(0), xy.max(0)
    wide = np.array([np.ptp(ax.get_xlim()), np.ptp(ax.get_ylim())])
    if ((high - low) > wide * PART).any():
        return
    middle, half = (low + high) / 2, np.maximum((high - low) / 2, (high - low).max() / 4) + AROUND
    ax.set_xlim(middle[0] - half[0], middle[0] + half[0])
    ax.set_ylim(middle[1] - half[1], middle[1] + half[1])
    ax.set_frame_on(True)
    ax.spines["geo"].set(edgecolor=figures.MUTED, linewidth=0.5)


def draw_distances(yours: Yours) -> Figure:
    """Distributions of distances: of each way of testing, and of the places where estimates are wanted."""
    question, distances = yours.question
    fig, ax = figures.subplots(size=(WIDTH, 4.4))
    kinds = plt.rcParams["axes.prop_cycle"].by_key()["color"]
    for number, answer in enumerate(yours.answers):
        km = np.sort(distances.loc[distances["split"] == answer.split, "km"].to_numpy(float).clip(min=1))
        name = short(answer.split) + (" (nearest)" if answer.split == question else "")
        ax.step(km, np.arange(1, len(km) + 1) / len(km), where="post", lw=2, color=kinds[number], label=name)
    km = np.sort(yours.wanted_km.clip(min=1))
    ax.plot(
        km,
        np.arange(1, len(km) + 1) / len(km),
        color=figures.INK,
        lw=3,
        ls=(0, (1, 1)),
        label="where you want estimates",
    )
    ax.set(
        xscale="log",
        xlabel="distance to the nearest station that is known [km]",
        ylabel="share of the places",
        ylim=(0, 1.02),
    )
    ax.xaxis.set_major_formatter("{x:g}")
    ax.legend(loc="upper center", bbox_to_anchor=(0.45, -0.2), ncols=2, fontsize="small")
    figures.label(
        fig,
        yours.profile,
        n=len(km),
        of="places where estimates are wanted",
        embedded=yours.embedded,
        table=yours.about["table"],
    )
    return fig


def draw_coverage(yours: Yours) -> Figure:
    """How often intervals hold at the stations tested, beside what they promise."""
    table = coverage(yours)
    fig, ax = figures.subplots(size=(WIDTH, 1.3 + 0.5 * len(yours.answers)))
    bounded = table[np.isfinite(table["width"])].groupby("level")["split"].nunique()
    level = bounded[bounded == bounded.max()].index.max() if len(bounded) else table["level"].min()
    own = table[table["level"] == level].set_index("split")
    splits = [answer.split for answer in yours.answers if answer.split in own.index]
    for row, split in enumerate(splits):
        line = own.loc[split]
        ax.plot([line["low"], line["high"]], [row, row], color=figures.MUTED, lw=2)
        ax.plot(line["coverage"], row, "o", color=figures.INK)
        wide = "no bound" if np.isinf(line["width"]) else f"{line['width']:.3g} {yours.quantity[1] or ''}".strip()
        ax.annotate(
            f"width {wide}",
            (1.0, row - 0.28),
            xycoords=("axes fraction", "data"),
            ha="right",
            fontsize="small",
            color=figures.MUTED,
        )
    figures.rows(ax, [short(split) for split in splits], zero=False)
    ax.axvline(level, color=figures.MUTED, lw=1, ls="--")
    ax.set_xlabel(f"share of station-days inside their interval of {level:.0%}")
    figures.label(
        fig, yours.profile, n=len(splits), of="ways of testing", embedded=yours.embedded, table=yours.about["table"]
    )
    return fig
