"""Figures and tables of the page on transfer: who teaches whom, what foretells it, and whom to learn from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from placeprior import evidence
from placeprior.arms import BASES, arm_order, called
from placeprior.book import figures, results
from placeprior.book.style import BLUE, INK, LAND, MUTED, PAPER, VERMILION, look
from placeprior.book.words import capital, minus, signed
from placeprior.coords import project
from placeprior.evidence import choosing, foreseen, transferability, unions
from placeprior.evidence.gains import REFERENCE
from placeprior.scores.interval import clear
from placeprior.space.regions import REGIONS

NEEDED = ("transferred", "transferability", "choosing", "foreseen")
GEOCLIP = "geoclip-hadamard"
#: Distances in the order of the figure, by what they read.
GROUPS = {
    "places": {
        "centroids": "between centroids, km",
        "nearest": "to the nearest station, km",
        "km": "transport, km",
        "km, normal laws": "transport of normal laws, km",
        "km, own largest": "transport, km over own largest",
    },
    "GeoCLIP": {
        "geoclip": "transport, GeoCLIP",
        "km and geoclip": "transport, km and GeoCLIP",
        "geoclip, published": "as published, GeoCLIP",
        "geoclip, means": "between means, GeoCLIP",
        "geoclip, MMD": "MMD, GeoCLIP",
    },
    "encoders": {"lonlat": "lon/lat", "sincos": "sin/cos", "urban": "population density"} | BASES,
    "chance": {"random-vector": "random vectors", "smooth-random": "random waves", "shuffled": "shuffled GeoCLIP"},
    "inputs": {
        "inputs": "transport, predictors",
        "inputs, means": "between means, predictors",
        "inputs, MMD": "MMD, predictors",
        "size": "number of rows",
    },
    "measured": {"moments": "mean and sd of PM2.5", "otdd": "transport, predictors and PM2.5"},
}
PRINTED = {key: name for group in GROUPS.values() for key, name in group.items()}
UNLIKELY = 0.05
#: Ways to choose regions: printed name, colour, marker.
WAYS = {
    "lot": ("by lot", MUTED, "x"),
    "centroids": ("nearest centroids", INK, "s"),
    "km": ("transport, km", VERMILION, "o"),
    "geoclip": ("transport, GeoCLIP", BLUE, "^"),
    "inputs": ("transport, predictors", "#029e73", "D"),
    "best": ("best, known afterwards", INK, "_"),
}


@dataclass(frozen=True)
class Transfer:
    """One task: pairs of regions, how distances go with the loss, what choosing comes to, what was foreseen where."""

    profile: str
    task: str
    pairs: pd.DataFrame
    found: pd.DataFrame
    chosen: pd.DataFrame
    foreseen: pd.DataFrame
    unions: pd.DataFrame  # empty where no model was trained on several regions

    @property
    def embedded(self) -> bool:
        """Whether the task is of the embedded world."""
        return self.task.startswith("world")

    @property
    def title(self) -> str:
        """What the task is called at the head of a panel."""
        return capital(results.TASKS.get(self.task, self.task))

    @property
    def arms(self) -> list[str]:
        """In the book's order."""
        return arm_order(self.found["arm"].unique())

    def row(self, distance: str, arm: str = REFERENCE, loss: str = "rmse") -> pd.Series:
        """How one distance goes with one arm's loss."""
        own = self.found.set_index(["arm", "loss", "distance"])
        return own.loc[arm, loss, distance]


def load(profiles: Sequence[str]) -> list[Transfer]:
    """Every task of the profiles whose evidence is whole, in their order."""
    found = []
    for profile in dict.fromkeys(profiles):
        if results.has(profile, *NEEDED):
            tables = [evidence.read(profile, name) for name in NEEDED]
            together = results.has(profile, "unions")
            tables.append(evidence.read(profile, "unions") if together else tables[2].iloc[:0])
            found += [
                Transfer(profile, task, *(table[table["task"] == task] for table in tables))
                for task in tables[1]["task"].unique()
            ]
    return found


# --- figures ----------------------------------------------------------------------------------------------------------


def draw_matrix(
    own: Transfer, lonlat: np.ndarray, region: np.ndarray, arm: str = REFERENCE
) -> tuple[Figure, pd.DataFrame]:
    """Regions by number; the loss from each (row) into each (column); one teacher's losses, foretold and real.

    The teacher is that of the middling agreement.

    Parameters
    ----------
    own : Transfer
    lonlat : ndarray, shape (station, 2)
    region : ndarray of int, shape (station,)
    arm : str

    Returns
    -------
    figure
    table : pandas.DataFrame
        The losses of the teacher's map.
    """
    lost = 100 * np.expm1(transferability.losses(own.pairs, arm).values)
    fig = figures.subplots(size=(6.8, 5.6))[0]
    fig.clear()
    grid = fig.add_gridspec(2, 2, height_ratios=[1.25, 1])
    ax = figures.conus_axes(fig.add_subplot(grid[0, 0], projection=figures.ALBERS))
    plane, numbers = 1000 * project(lonlat), np.unique(region)
    ax.scatter(*plane.T, s=5, c=np.array(["#0173b2", "#de8f05", "#029e73", "#c976b9"])[region % 4], lw=0, alpha=0.8)
    for number in numbers:
        ax.text(*plane[region == number].mean(0), str(number), ha="center", va="center", fontsize=10, weight="bold")
    ax.set_title("sixteen regions")
    ax = fig.add_subplot(grid[0, 1])
    top = float(np.nanpercentile(lost, 97))
    drawn = ax.imshow(np.ma.masked_invalid(lost), cmap="viridis", vmin=min(0.0, float(np.nanmin(lost))), vmax=top)
    for ticks in (ax.set_xticks, ax.set_yticks):
        ticks(range(1, len(numbers), 2), numbers[1::2])
    ax.set_xlabel("tested in region")
    ax.set_ylabel("trained in region")
    ax.grid(visible=False)
    ax.set_facecolor(LAND)
    fig.colorbar(drawn, ax=ax, extend="max", label="loss, %", shrink=0.8)
    told = own.foreseen[own.foreseen["arm"] == arm]
    agreed = foreseen.agreement(told, "km").sort_values()
    teacher = int(agreed.index[len(agreed) // 2])
    told = told[told["source"] == teacher]
    real, expected = (100 * np.expm1(told[name].to_numpy()) for name in ("loss", "km"))
    low, high = (float(end) for end in np.percentile(np.concatenate([real, expected]), (3, 97)))
    axes = [figures.conus_axes(fig.add_subplot(grid[1, i], projection=figures.ALBERS)) for i in (0, 1)]
    places = 1000 * project(told[["lon", "lat"]].to_numpy())
    for ax, values, word in zip(axes, (expected, real), ("foretold by km", "real"), strict=True):
        dots = ax.scatter(*places.T, c=values, s=22, cmap="viridis", vmin=low, vmax=high, lw=0.3, ec=PAPER)
        ax.set_title(f"loss of region {teacher}'s model, {word}")
    fig.colorbar(dots, ax=axes, extend="both", label="loss, %", shrink=0.8)
    return fig, told


def draw_correlations(sources: Sequence[Transfer]) -> tuple[Figure, pd.DataFrame]:
    """Rank correlation of every distance with the loss, a panel a task; the interval of the network without a place.

    Returns
    -------
    figure
    table : pandas.DataFrame
        What is drawn.
    """
    present = {name for own in sources for name in own.found.dropna(subset="spearman")["distance"]}  # none constant
    shown = [(group, name) for group, names in GROUPS.items() for name in names if name in present]
    fig, axes = figures.subplots(1, len(sources), size=(6.4, 0.19 * len(shown) + 1.2), sharey=True, squeeze=False)
    for ax, own in zip(axes.flat, sources, strict=True):
        for arm in own.arms:
            rows = [own.row(name, arm) for _, name in shown]
            mark = look(arm)
            x, y = [row["spearman"] for row in rows], np.arange(len(rows))
            if arm == REFERENCE:
                ax.hlines(y, [row["low"] for row in rows], [row["high"] for row in rows], color=mark.colour, lw=1.4)
            fill = mark.colour if arm == REFERENCE else PAPER
            ax.plot(x, y, marker=mark.marker, color=mark.colour, mfc=fill, ms=4.5, label=called(arm), ls="")
        chance = 2 * own.found.loc[own.found["arm"] == REFERENCE, "chance"].median()
        ax.axvspan(-chance, chance, color=LAND, zorder=0)
        figures.rows(ax, [PRINTED[name] for _, name in shown])
        for edge in np.flatnonzero([a[0] != b[0] for a, b in zip(shown, shown[1:], strict=False)]):
            ax.axhline(edge + 0.5, color=MUTED, lw=0.4)
        ax.set_title(own.title)
        ax.set_xlabel("Spearman's ρ with the loss")
        ax.tick_params(axis="y", labelsize=8)
    figures.legend_above(fig, list(dict.fromkeys(arm for own in sources for arm in own.arms)), linestyle="", ncols=3)
    table = pd.concat([own.found.assign(profile=own.profile) for own in sources], ignore_index=True)
    return fig, table[table["loss"] == "rmse"]


def draw_choices(sources: Sequence[Transfer]) -> tuple[Figure, pd.DataFrame]:
    """What is lost by every way of choosing regions against how many are chosen; mean over arms and targets.

    A panel a task for the mean of the chosen regions' models, and one for a single model of their union, where any was
    trained.
    """
    asked = [(own.title, own.chosen, own.task) for own in sources]
    asked += [(f"{own.title}: one model", own.unions, own.task) for own in sources if len(own.unions)]
    fig, axes = figures.panels(len(asked), 2, row=2.9)
    tables = []
    for ax, (title, losses, task) in zip(axes, asked, strict=True):
        means = 100 * np.expm1(losses.groupby(["way", "budget"])["loss"].mean())
        for way, (name, colour, marker) in WAYS.items():
            if way in means:
                line = means[way]
                ax.plot(line.index, line, marker=marker, color=colour, label=name, lw=1, ms=5)
        if choosing.EVERY in means:
            every = means[choosing.EVERY]
            ax.axhline(float(every.iloc[0]), color=MUTED, ls=":", lw=1.2, label=f"all {int(every.index[0])} others")
        ax.set_xticks(choosing.BUDGETS)
        ax.set_xlabel("regions chosen")
        ax.set_ylabel("RMSE over own model, %")
        ax.set_title(title)
        tables.append(means.rename("loss").reset_index().assign(task=task, judged=title))
    fig.legend(*axes[0].get_legend_handles_labels(), loc="outside upper center", ncols=3, fontsize=9)
    return fig, pd.concat(tables, ignore_index=True)


# --- tables and sentences ---------------------------------------------------------------------------------------------


def compared(sources: Sequence[Transfer]) -> pd.DataFrame:
    """RMSE of every way to choose against lots and against nearest centroids, percent, with intervals over targets.

    First of the mean of the chosen regions' models, then of one model of their union.
    """
    rows = []
    for own in sources:
        for losses, word in ((own.chosen, ""), (own.unions, unions.TOGETHER)):
            for way in [way for way in ("centroids", "km", "geoclip", "inputs") if way in set(losses["way"])]:
                cells = [own.title, WAYS[way][0] + word]
                for other in ("lot", "centroids"):
                    cells += ["–" if way == other else _percent(losses, way, other, budget) for budget in (1, 4)]
                rows.append(cells)
    return pd.DataFrame(
        rows,
        columns=["task", "chosen by", "1 against lot", "4 against lot", "1 against centroids", "4 against centroids"],
    )


def _percent(losses: pd.DataFrame, way: str, other: str, budget: int) -> str:
    """A difference of :func:`.choosing.against` in words, bold where its interval excludes zero; a dash: not run."""
    if not {way, other} <= set(losses.loc[losses["budget"] == budget, "way"]):
        return "–"
    told = choosing.against(losses, way, other, budget, np.random.default_rng(0))
    text = minus(f"{told['difference']:+.1f}") + f" ({signed(told['low'], told['high'], 1)})"
    return f"**{text}**" if clear(told["low"], told["high"]) else text


def together(own: Transfer) -> str:
    """What one model of several regions has over the mean of their models' estimates, in words."""
    if own.unions.empty:
        return ""
    both = unions.beside(own.unions, own.chosen)
    told = [
        f"{_percent(both, way + unions.TOGETHER, way, budget)} % for {word}"
        for way, budget, word in (
            ("centroids", 4, "the four nearest"),
            ("geoclip", 4, "four by GeoCLIP's transport"),
            (choosing.EVERY, REGIONS - 1, f"all {REGIONS - 1}"),
        )
        if ((both["way"] == way + unions.TOGETHER) & (both["budget"] == budget)).any()
    ]
    if not told:
        return ""
    arms = ", ".join(called(name) for name in arm_order(own.unions["arm"].unique()))
    return (
        f"**{own.title}**, {arms}, {own.unions['target'].nunique()} targets: one model of the union has an RMSE that "
        f"differs from that of its regions' models averaged by {', '.join(told)}."
    )


def sentences(own: Transfer) -> str:
    """What the correlations of a task say, in words, all numbers from the table."""
    rate = own.found[(own.found["arm"] == REFERENCE) & (own.found["loss"] == "rmse")].set_index("distance")["spearman"]
    told = {name: minus(f"{value:.2f}") for name, value in rate.items()}
    if np.isnan(rate["geoclip, published"]):  # one pair without a distance is enough
        told["geoclip, published"] = "not to be had (Sinkhorn's iteration does not end for every pair)"
    plain, clip = (own.row(name)["foretold"] for name in ("centroids", "geoclip"))
    seen = own.foreseen[own.foreseen["arm"] == REFERENCE]
    maps = {name: minus(f"{foreseen.agreement(seen, name).mean():.2f}") for name in foreseen.DISTANCES}
    looked = own.found[(own.found["loss"] == "rmse") & own.found["distance"].isin(GROUPS["GeoCLIP"])].dropna(
        subset="partial"
    )
    return (
        f"**{own.title}**, {called(REFERENCE)}: ρ is {told['geoclip']} for transport between GeoCLIP's vectors, "
        f"{told['centroids']} for kilometres between centroids, {told['geoclip, published']} as published, "
        f"{told['smooth-random']} for random waves, and highest, {told[rate.idxmax()]}, for {PRINTED[rate.idxmax()]}. "
        f"A line in GeoCLIP's transport foretells {100 * clip:.0f} % of the variance of losses into a region that it "
        f"never saw, one in kilometres between centroids {100 * plain:.0f} %. Once kilometres between centroids are "
        f"taken from both, {(looked['partial_p'] <= UNLIKELY).sum()} of {len(looked)} correlations of GeoCLIP's "
        "distances are beyond chance of one in twenty. "
        f"Station by station, losses foretold by kilometres go with the real ones by ρ = {maps['km']} "
        f"(mean over teachers), by GeoCLIP {maps['geoclip']}."
    )
