"""Figures of encoders that share an architecture and differ in what they were trained on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
from matplotlib.figure import Figure
from scipy.stats import spearmanr

from placeprior.arms import BASES, arm_order, splits_in, where
from placeprior.book import figures, prior
from placeprior.book.families import short
from placeprior.book.results import Results
from placeprior.book.style import BLUE, GREY, INK, MUTED, PAPER, VERMILION, look
from placeprior.book.tables import CELL, captioned, gains
from placeprior.book.words import INTERVAL, minus, signed
from placeprior.evidence import matched
from placeprior.evidence.families import trained
from placeprior.evidence.upstream import PARTS, Probed

#: What an encoder was trained on: word, colour and marker.
CORPORA = {name: prior.look(name) for name in ("untrained", "fmow", "yfcc", "geoclip")}
#: Settings in which two files of a pair may differ (:data:`placeprior.encoders.pretrained.COMPARED`).
_SETTINGS = {
    "min_radius": "smallest radius",
    "max_radius": "largest radius",
    "map_range": "extent",
    "hidden_dim": "width",
    "frequency_num": "scales",
    "activation": "activation",
}
_PARTS = {"basis": (VERMILION, "o"), "corpus": (BLUE, "^"), "both together": (GREY, "s")}
_BASIS_MARKERS = ("o", "s", "^", "D")


def named(arm: str) -> str:
    """An arm's name where all are joined alike, and those without a training of their own are trained with the task.

    >>> named("xyz-fmow-tuned-hadamard"), named("xyz-hadamard")
    ('xyz, from fMoW', 'xyz, end to end')
    """
    return short(arm) + (", end to end" if arm in map(trained, BASES) else "")


def pairs_table(pairs: Mapping[str, Mapping[str, tuple[str, str]]], name: str) -> Any:
    """The published pairs and what else than the corpus differs in each, as a page shows it.

    Parameters
    ----------
    pairs : mapping
        As :func:`placeprior.evidence.facts.pairs`.
    name : str
        To refer to the table.
    """
    rows = []
    for basis in sorted(pairs, key=lambda basis: bool(pairs[basis])):
        told = [f"{_SETTINGS[key]} {fmow} and {yfcc}" for key, (fmow, yfcc) in pairs[basis].items()]
        rows.append((BASES[basis], "confounded" if told else "exact", "; ".join(told) or "nothing"))
    return captioned(
        pd.DataFrame(rows, columns=["architecture", "pair", "what else differs (fMoW and YFCC)"]),
        "The architectures that were published for both corpora, and in which settings that the formula reads the two "
        "files differ.",
        name,
    )


def gain_table(found: pd.DataFrame, of: Results, against: str, name: str, what: str = "R²") -> Any:
    """Differences of one task as a page shows them; None where there are none.

    Parameters
    ----------
    found : pandas.DataFrame
        As :func:`placeprior.evidence.upstream.answer`.
    of : Results
    against : str
        What the arms are compared with.
    name : str
        To refer to the table.
    what : str
        The score and its unit.
    """
    if found.empty:
        return None
    cells = gains(found)
    return captioned(
        cells.set_axis(cells.index.str.replace(", Hadamard", "")).rename_axis("arm"),
        f"{of.heading}: test {what} minus that of {against} on the same rows, {CELL}; up to {found['fits'].max()} fits "
        f"a cell, {of.origin}.",
        name,
    )


def draw_forest(found: pd.DataFrame, quantity: str) -> Figure:
    """Draw differences of arms, one panel a split, around a dashed line at zero.

    Parameters
    ----------
    found : pandas.DataFrame
        As :func:`placeprior.evidence.matched.differences`.
    quantity : str
        Label of the x axes.
    """
    table = matched.by_fit(found)
    panels = {where(split): table[table["split"] == split] for split in splits_in(table)}
    fig = figures.forests(panels, quantity, reference=0)
    for ax, part in zip(fig.axes, panels.values(), strict=False):
        arms = arm_order(part["arm"])
        ax.set_yticks(range(len(arms)), [named(arm) for arm in arms])
    return fig


def draw_cells(found: pd.DataFrame, bases: Sequence[str]) -> Figure:
    """Draw the gain of every basis against what it was trained on: one line a basis, one panel a split.

    Parameters
    ----------
    found : pandas.DataFrame
        Differences to the same network without a place, as :func:`placeprior.evidence.matched.differences`.
    bases : sequence of str
    """
    trainings = [corpus for corpus in CORPORA if corpus != "geoclip"]
    place = {trained(b, c): (number, x) for number, b in enumerate(bases) for x, c in enumerate(trainings)}
    found = found[found["arm"].isin(place)].assign(order=[place.get(a, (0, 0))[1] for a in found["arm"]])
    splits = splits_in(found)
    fig, axes = figures.panels(len(splits), len(splits), row=3.3, extra=0, width=6.4 if len(splits) > 1 else 4.8)
    for ax, split in zip(axes, splits, strict=True):
        here = found[found["split"] == split].sort_values("order")
        for number, b in enumerate(bases):
            own = here[[place[a][0] == number for a in here["arm"]]]
            at, colour = own["order"] + 0.09 * (number - 1), look(trained(b)).colour
            ax.plot(at, own["difference"], color=colour, marker=_BASIS_MARKERS[number % 4], label=BASES[b], zorder=3)
            ax.vlines(at, own["low"].astype(float), own["high"].astype(float), color=colour, lw=1.4, alpha=0.7)
        ax.axhline(0, color=MUTED, lw=1, ls="--", zorder=1)
        ax.set_title(where(split))
        ax.set_xticks(range(len(trainings)), ["random", "fMoW", "YFCC"])
        ax.set_xlim(-0.3, len(trainings) - 0.7)
    axes[0].set_ylabel("ΔR² to none+head")
    fig.legend(*axes[0].get_legend_handles_labels(), loc="outside upper left", ncols=3, fontsize="small")
    return fig


def draw_spreads(spread: pd.DataFrame) -> Figure:
    """Draw the parts of scores beside what training alone would give, one panel a split.

    Parameters
    ----------
    spread : pandas.DataFrame
        As :func:`placeprior.evidence.upstream.two_way`.
    """
    splits = splits_in(spread)
    fig, axes = figures.panels(
        len(splits), len(splits), row=2.3, extra=0, width=6.4 if len(splits) > 1 else 4.8, sharey=True
    )
    for ax, split in zip(axes, splits, strict=True):
        for at, row in enumerate(spread[spread["split"] == split].itertuples()):
            colour, marker = _PARTS[row.part]
            ax.scatter(row.spread, at, s=52, color=colour, marker=marker, ec=PAPER, zorder=3)
            ax.plot([row.chance] * 2, [at - 0.32, at + 0.32], color=MUTED, lw=2, zorder=2)
        ax.set_yticks(range(len(PARTS)), PARTS)
        ax.set(title=where(split), xlabel="spread of R²", ylim=(len(PARTS) - 0.5, -0.5))
        ax.set_xlim(0, None)
        ax.grid(axis="y", visible=False)
    return fig


def draw_probes(probed: Probed, bases: Sequence[str], panels: Mapping[str, str]) -> Figure:
    """Draw how much more of each fact is read after training on YFCC than on fMoW: each basis, and their mean.

    Parameters
    ----------
    probed : Probed
    bases : sequence of str
    panels : mapping
        Title to split.
    """
    facts = range(len(probed.targets))
    fig, axes = figures.panels(len(panels), len(panels), row=3.2, extra=0, sharey=True)
    for ax, (title, split) in zip(axes, panels.items(), strict=True):
        for number, b in enumerate(bases):
            ax.scatter(
                probed.gap("yfcc", "fmow", split, [b])[0],
                facts,
                s=38,
                alpha=0.65,
                color=look(trained(b)).colour,
                marker=("o", "s", "^", "v")[number % 4],
                lw=0,
                label=BASES[b],
                zorder=3,
            )
        point, low, high = probed.gap("yfcc", "fmow", split, bases)
        ax.hlines(facts, low, high, color=INK, lw=2, zorder=2)
        ax.scatter(point, facts, s=62, color=INK, marker="D", ec=PAPER, zorder=4, label="mean of pairs")
        ax.axvline(0, color=MUTED, lw=1, ls="--", zorder=1)
        ax.set(title=title, xlabel="ΔR², YFCC − fMoW", ylim=(len(facts) - 0.5, -0.5))
        ax.grid(axis="y", visible=False)
    axes[0].set_yticks(facts, [prior.TARGETS[target] for target in probed.targets])
    fig.legend(*axes[0].get_legend_handles_labels(), loc="outside upper left", ncols=4, fontsize="small")
    return fig


def probe_table(read: Probed, bases: Sequence[str], splits: Sequence[str], profile: str, name: str) -> Any:
    """Differences between trainings in what is read from the vectors, mean over bases, as a page shows them.

    Parameters
    ----------
    read : Probed
    bases, splits : sequence of str
    profile : str
        Whose monitors they are.
    name : str
        To refer to the table.
    """
    from IPython.display import Markdown

    rows = []
    for first, second in (("yfcc", "fmow"), ("fmow", "untrained"), ("yfcc", "untrained")) if read.targets else ():
        for split in splits:
            told = zip(*read.gap(first, second, split, bases), strict=True)
            numbers = (minus(f"{value:+.2f} ({signed(low, high, 2)})") for value, low, high in told)
            rows.append((f"{CORPORA[first][0]} − {CORPORA[second][0]}", where(split), *numbers))
    if not rows:
        return Markdown("*No measured places are in the committed results.*")
    return captioned(
        pd.DataFrame(rows, columns=["R² of the probe", "split", *(prior.TARGETS[fact] for fact in read.targets)]),
        f"Difference in R² of what is read from the vectors, mean over the exact pairs, {INTERVAL} from a bootstrap "
        f"over blocks of places; profile {profile}, real measurements; terrain: the embedded world's.",
        name,
    )


def draw_foretold(beside: pd.DataFrame) -> Figure:
    """Draw what a network gains by a vector against what a probe reads from it, one panel a split.

    Parameters
    ----------
    beside : pandas.DataFrame
        As :func:`placeprior.evidence.upstream.foretold`.
    """
    splits = splits_in(beside)
    fig, axes = figures.panels(len(splits), len(splits), row=3.3, extra=0)
    for ax, split in zip(axes, splits, strict=True):
        here = beside[beside["split"] == split]
        for key, (word, colour, marker) in CORPORA.items():
            part, size = here[here["vector"].str.endswith(key)], 110 if marker == "*" else 48
            ax.scatter(
                part["probe"], part["gain"], s=size, marker=marker, color=colour, ec=PAPER, lw=0.6, label=word, zorder=3
            )
        ax.axhline(0, color=MUTED, lw=1, ls="--", zorder=1)
        ax.set(title=where(split), xlabel="R² of the probe, mean PM2.5")
    axes[0].set_ylabel("ΔR² of the network")
    fig.legend(*axes[0].get_legend_handles_labels(), loc="outside upper left", ncols=4, fontsize="small")
    return fig


def foretold_table(beside: pd.DataFrame, profile: str, name: str) -> Any:
    """Rank correlation of what a probe reads and what a network gains, as a page shows it.

    Parameters
    ----------
    beside : pandas.DataFrame
        As :func:`placeprior.evidence.upstream.foretold`.
    profile : str
        Whose runs they are.
    name : str
        To refer to the table.
    """
    from IPython.display import Markdown

    rows = []
    for split, own in beside.groupby("split", sort=False):
        rank = spearmanr(own["probe"], own["gain"])
        p = "below 0.01" if rank.pvalue < 0.01 else f"{rank.pvalue:.2f}"
        rows.append((where(split), str(len(own)), minus(f"{rank.statistic:+.2f}"), p))
    if not rows:
        return Markdown("*The weather task has too few of these runs yet.*")
    return captioned(
        pd.DataFrame(rows, columns=["split", "vectors", "rank correlation", "p-value"]),
        f"Rank correlation of what a probe reads with what a network gains; profile {profile}, real measurements.",
        name,
    )


def verdict(clear: Sequence[int]) -> str:
    """What comparisons of photographs with satellite scenes say of the study's explanation, as a sentence.

    Parameters
    ----------
    clear : sequence of int
        Of each comparison: +1 where photographs are clearly better, -1 where worse, else 0.
    """
    if not len(clear):
        return "Photographs and satellite scenes have not been compared yet."
    if all(sign > 0 for sign in clear):
        return (
            "That agrees with the explanation that photographs make the difference, and does not prove it: the corpora "
            "differ in more than that."
        )
    if not any(sign > 0 for sign in clear):
        return (
            "With the architecture held fixed, photographs are then not reliably better for PM2.5: the explanation is "
            "not borne out by these encoders."
        )
    return "So what there is of an effect depends on the task and on whether the region is known."
