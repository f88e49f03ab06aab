"""Figures, tables and the one verdict of what probes read from encoders."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from placeprior.arms import BASES, FORMULAS, RIVALS
from placeprior.book import figures
from placeprior.book.style import GREEN, GREY, GRID, MUTED, ORANGE, PAPER
from placeprior.book.words import minus, signed
from placeprior.evidence.facts import OOR, WR, trained
from placeprior.evidence.gallery import TRAINED
from placeprior.evidence.prior import GAINS, IDW, Reading

Floats = NDArray[np.float64]

#: Facts: how they are called, and the quantity and unit on a map.
TARGETS = {
    "density": "population density",
    "elevation": "stylised terrain",
    "city": "closeness to a city",
    "pm25": "mean PM2.5",
}
BARS = {
    "density": ("density", "log$_{10}$ people km$^{-2}$"),
    "elevation": ("stylised terrain", "m"),
    "city": ("near a city", "1 or 0"),
    "pm25": ("mean PM2.5, measured", figures.UNIT),
}
#: Ways of holding places out.
SPLITS = {
    "spatial": "places at random",
    "blocks": "blocks of 500 km",
    "checkerboard-8": "checkerboard 8°",
    "checkerboard-16": "checkerboard 16°",
}
#: Name, colour and marker of each training.
LOOKS = {"untrained": ("random weights", GREY, "X"), "fmow": ("fMoW", GREEN, "s"), "yfcc": ("YFCC", ORANGE, "^")}
#: Names of encoders that are no pair of an architecture and a corpus; they look as their arms do.
ALONE = {
    "idw": "inverse distance (no vector)",
    "lonlat": "lon/lat",
    "siren-sh": "spherical harmonics",
    "slepian": "Slepian functions",
    "geoclip": "GeoCLIP",
    "geoclip-slepian": "GeoCLIP and Slepian",
}
CORPORA = {"fmow": "satellite scenes", "yfcc": "photographs"}


def look(name: str) -> tuple[str, str, str]:
    """Printed name, colour and marker of a training, or of an encoder: those of its training where it has one."""
    training = name.rpartition("-")[2]
    if training in TRAINED:
        return LOOKS[training]
    drawn = figures.look(name, None if name in (*FORMULAS, *RIVALS) else "hadamard")
    return ALONE.get(name, drawn.name.partition(",")[0]), drawn.colour, drawn.marker


def said(name: str) -> str:
    """An encoder's printed name.

    >>> said("xyz-yfcc"), said("geoclip")
    ('xyz (YFCC)', 'GeoCLIP')
    """
    base, _, training = name.rpartition("-")
    return f"{BASES[base]} ({LOOKS[training][0]})" if training in TRAINED else look(name)[0]


# --- figures ----------------------------------------------------------------------------------------------------------


def draw_facts(lonlat: Floats, known: pd.DataFrame) -> Figure:
    """A map a fact.

    Parameters
    ----------
    lonlat : ndarray, shape (n, 2)
    known : pandas.DataFrame
        As :func:`placeprior.evidence.facts.known`.
    """
    fig, axes = figures.panels(known.shape[1], row=2.5, extra=0.4, maps=True)
    for ax, target in zip(axes, known, strict=True):
        quantity, unit = BARS[target]
        kind = "count" if target == "density" else "amount"
        figures.station_map(ax, lonlat, known[target], quantity, unit=unit, size=7, kind=kind)
    return fig


def draw_alive(alive: pd.Series, bases: Sequence[str]) -> Figure:
    """Share of numbers that differ between places, a row an architecture.

    Parameters
    ----------
    alive : pandas.Series
        As :func:`placeprior.evidence.prior.alive`.
    bases : sequence of str
    """
    fig, ax = figures.subplots(size=(6.4, 0.34 * len(bases) + 1.5))
    for row, base in enumerate(bases):
        ax.plot(100 * alive[trained(base)], [row] * 3, color=GRID, lw=1.5, zorder=1)
    for how in TRAINED:
        word, colour, marker = LOOKS[how]
        drawn = {"s": 58 if how != "untrained" else 150, "color": colour, "marker": marker, "ec": PAPER, "lw": 0.7}
        ax.scatter(100 * alive[[f"{b}-{how}" for b in bases]], range(len(bases)), zorder=3, label=word, **drawn)
    ax.set_yticks(range(len(bases)), [BASES[base] for base in bases])
    ax.set(xlabel="numbers alive at the monitors [%]", xlim=(-3, 103), ylim=(len(bases) - 0.5, -0.5))
    fig.legend(loc="outside upper left", ncols=3, fontsize="small")
    return fig


def draw_bounds(truth: Floats, without: Floats, within: Floats, name: str) -> Figure:
    """Estimates of the terrain without and with bounds against the truth, m, shape (n,) each."""
    fig, axes = figures.subplots(1, 2, size=(6.4, 3.3))
    span = np.array([truth.min(), truth.max()])
    for ax, estimates, title in zip(axes, (without, within), ("without bounds", "with bounds"), strict=True):
        ax.scatter(truth, estimates, s=9, color=look(name)[1], alpha=0.6, lw=0)
        ax.plot(span, span, color=figures.INK, lw=1, ls="--")
        ax.set(title=title, xlabel="stylised terrain [m]")
    axes[0].set_yscale("symlog", linthresh=1e4)
    axes[0].set_ylabel("estimate [m]")
    return fig


def draw_within_and_out(reading: Reading) -> Figure:
    """R2 among the training places (across) against R2 in held-out cells (upwards), a panel a fact."""
    encoders, targets = dict.fromkeys(reading.scores.index.get_level_values("encoder")), reading.targets
    fig, axes = figures.panels(len(targets), row=2.7, extra=1.1)
    handles = {}
    for number, (ax, target) in enumerate(zip(axes, targets, strict=True)):
        for name in encoders:
            text, colour, marker = look(name)
            point = [reading.scores.loc[(name, split, target), "r2"] for split in (WR, OOR)]
            drawn = {"s": 110 if marker == "*" else 48, "color": colour, "marker": marker, "ec": PAPER, "lw": 0.6}
            handles[text] = ax.scatter(*point, alpha=0.9, zorder=3, **drawn)
        ax.axline((0, 0), slope=1, color=MUTED, lw=1, ls="--", zorder=1)
        ax.axhline(0, color=GRID, lw=1, zorder=1)
        ax.set_title(TARGETS[target])
        _edge(ax, number, len(targets), "R², places at random", "R², cells of 16°")
    fig.legend(handles.values(), handles.keys(), loc="outside upper left", ncols=3, fontsize="small")
    return fig


def _edge(ax: Axes, number: int, count: int, x: str, y: str) -> None:
    """Names of the axes of two columns of panels: below the last row, and left of the first column."""
    if number // 2 == (count - 1) // 2:
        ax.set_xlabel(x)
    if number % 2 == 0:
        ax.set_ylabel(y)


def draw_architectures(reading: Reading, targets: Sequence[str], bases: Sequence[str], others: Sequence[str]) -> Figure:
    """R2 in held-out cells with its interval, a row an architecture, and below them encoders of other kinds.

    Parameters
    ----------
    reading : Reading
    targets, bases, others : sequence of str
        Facts, a panel each; architectures; other encoders.
    """
    names = [BASES[base] for base in bases] + [said(other) for other in others]
    fig, axes = figures.subplots(1, len(targets), size=(6.4, 0.42 * len(names) + 1.5), squeeze=False, sharey=True)
    for ax, target in zip(axes.flat, targets, strict=True):
        for row, what in enumerate([*bases, *others]):
            own = trained(what) if what in bases else [what]
            shifts = np.linspace(-0.24, 0.24, len(own)) if len(own) > 1 else [0]
            for shift, name in zip(shifts, own, strict=True):
                one, (text, colour, marker) = reading.scores.loc[(name, OOR, target)], look(name)
                ax.plot([one["low"], one["high"]], [row + shift] * 2, color=colour, lw=1.6, zorder=2)
                drawn = {"s": 70 if marker == "*" else 34, "color": colour, "marker": marker, "ec": PAPER, "lw": 0.5}
                ax.scatter(one["r2"], row + shift, zorder=3, label=text if what == bases[0] else None, **drawn)
        ax.axvline(0, color=MUTED, lw=1, ls="--", zorder=1)
        ax.axhline(len(bases) - 0.5, color=GRID, lw=0.8)
        ax.set(title=TARGETS[target], xlabel="R², cells of 16°", ylim=(len(names) - 0.5, -0.6))
        ax.grid(axis="y", visible=False)
    axes[0, 0].set_yticks(range(len(names)), names)
    fig.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside upper left", ncols=3, fontsize="small")
    return fig


def draw_gains(found: pd.DataFrame) -> Figure:
    """What training on either corpus adds to random weights, among the training places (hollow) and far off (filled).

    Parameters
    ----------
    found : pandas.DataFrame
        As :func:`placeprior.evidence.prior.gains`.
    """
    targets = list(dict.fromkeys(found["target"]))
    index = found[found["second"] == "untrained"].set_index(["first", "split", "target"])
    fig, ax = figures.subplots(size=(6.4, 0.95 * len(targets) + 1.5))
    for row, target in enumerate(targets):
        for place, (corpus, split) in enumerate([(corpus, split) for corpus in CORPORA for split in (WR, OOR)]):
            one, (word, colour, marker) = index.loc[(corpus, split, target)], LOOKS[corpus]
            at, far = row - 0.3 + 0.2 * place, split == OOR
            ax.plot([one["low"], one["high"]], [at, at], color=colour, lw=2, zorder=2, alpha=1 if far else 0.55)
            drawn = {"s": 52, "marker": marker, "ec": colour, "lw": 1.4, "color": colour if far else PAPER}
            text = f"{word}, {SPLITS[split]}" if row == 0 else None
            ax.scatter(one["difference"], at, zorder=3, label=text, **drawn)
    figures.rows(ax, [TARGETS[target] for target in targets])
    ax.set_xlabel("R² minus that of random weights")
    fig.legend(loc="outside upper left", ncols=2, fontsize="small")
    return fig


def draw_fading(reading: Reading, apart: pd.Series, bases: Sequence[str]) -> Figure:
    """R2 against the median distance to the nearest training place, a panel a fact; of a training, means over bases.

    Parameters
    ----------
    reading : Reading
    apart : pandas.Series
        As :func:`placeprior.evidence.prior.apart`.
    bases : sequence of str
    """
    targets = reading.targets
    fig, axes = figures.panels(len(targets), row=2.5, extra=1.1, sharex=True)
    for number, (ax, target) in enumerate(zip(axes, targets, strict=True)):
        for name in (*TRAINED, IDW, "slepian", "geoclip"):
            own = [f"{base}-{name}" for base in bases] if name in TRAINED else [name]
            text, colour, marker = look(name)
            curve = [reading.r2(own, split)[target] for split in apart.index]
            drawn = {"color": colour, "marker": marker, "ms": 9 if marker == "*" else 5.5, "lw": 1.5}
            ax.plot(range(len(apart)), curve, label=text, **drawn)
        ax.axhline(0, color=MUTED, lw=1, ls="--", zorder=1)
        ax.set_title(TARGETS[target])
        ax.set_xticks(range(len(apart)), [f"{km:.0f}" for km in apart])
        _edge(ax, number, len(targets), "median distance [km]", "R²")
    fig.legend(*axes[0].get_legend_handles_labels(), loc="outside upper left", ncols=3, fontsize="small")
    return fig


# --- tables and words -------------------------------------------------------------------------------------------------


def bounds_table(without: pd.DataFrame, within: pd.DataFrame, name: str) -> pd.DataFrame:
    """R2 without and with bounds as text: of the terrain from one encoder, and the lowest of all.

    Parameters
    ----------
    without, within : pandas.DataFrame
        R2, encoder by target.
    name : str
    """
    rows = {
        f"{said(name)}, {TARGETS['elevation']}": [table.loc[name, "elevation"] for table in (without, within)],
        f"lowest of {without.size}": [table.min(axis=None) for table in (without, within)],
    }
    shown = {what: [minus(f"{free:,.1f}"), minus(f"{bound:+.2f}")] for what, (free, bound) in rows.items()}
    return pd.DataFrame.from_dict(shown, orient="index", columns=["without bounds", "with bounds"]).rename_axis("R² of")


def gains_table(found: pd.DataFrame) -> pd.DataFrame:
    """Differences between trainings as text, bold where clear, a row a fact and pair, a column a split."""
    rows = []
    index = found.set_index(["target", "first", "second", "split"])
    for target in dict.fromkeys(found["target"]):
        for first, second in sorted(GAINS, key=lambda pair: [LOOKS[how][0] for how in pair]):
            row = {"fact": TARGETS[target], "difference": f"{LOOKS[first][0]} − {LOOKS[second][0]}"}
            for split, name in SPLITS.items():
                one = index.loc[(target, first, second, split)]
                bold = "**" if one["clear"] else ""
                row[name] = minus(f"{bold}{one['difference']:+.2f}{bold} ({signed(one['low'], one['high'], 2)})")
            rows.append(row)
    return pd.DataFrame(rows)


def scores_table(reading: Reading, split: str, names: Iterable[str]) -> pd.DataFrame:
    """R2 with its interval as text, a row an encoder, a column a fact, and the AUC of closeness to a city."""
    rows = []
    for name in names:
        own = reading.of(name, split)
        cells = {TARGETS[at]: f"{one['r2']:.2f} ({signed(one['low'], one['high'], 2)})" for at, one in own.iterrows()}
        rows.append({"encoder": said(name)} | cells | {"AUC": f"{own.loc['city', 'auc']:.2f}"})
    return pd.DataFrame(rows).map(minus)


def verdict(corpus: str, prior: bool, level: tuple[float, float, float]) -> str:
    """Whether training on a corpus makes a prior, as a sentence.

    Parameters
    ----------
    corpus : str
    prior : bool
        As :func:`placeprior.evidence.prior.is_prior`.
    level : (float, float, float)
        Mean R2 of population density in held-out cells, and its interval.
    """
    mean, low, high = level
    found = (
        "makes a prior of a basis: it puts people on the map where no training place is near"
        if prior
        else "does not clearly put people on the map where no training place is near, as far as a straight line can "
        "read it"
    )
    return minus(
        f"Training on {CORPORA[corpus]} {found} (population density in held-out cells: mean R² {mean:+.2f}, "
        f"{signed(low, high, 2)})."
    )
