"""Drawing and table of the page about what computations cost as they grow."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from placeprior.book import figures
from placeprior.book.style import INK, MUTED
from placeprior.evidence import scaling


def draw(table: pd.DataFrame) -> Figure:
    """Draw cost against size on logarithmic axes, each relative to its smallest.

    Parameters
    ----------
    table : pandas.DataFrame
        Of :func:`placeprior.evidence.scaling.collect`.
    """
    fig, axes = figures.subplots(2, 3, size=(6.6, 3.9), sharey=True)
    for ax, (what, own) in zip(axes.flat, table.groupby("what", sort=False), strict=False):
        size = own["size"].to_numpy() / own["size"].min()
        dear = own["seconds"].to_numpy() / own["seconds"].iloc[own["size"].argmin()]
        ax.loglog(size, size ** own["expected"].iloc[0], "--", color=MUTED)
        ax.loglog(size, dear, "o-", color=INK)
        ticks = [2.0**power for power in range(int(np.log2(size.max()) + 0.1) + 1)]
        ax.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
        ax.set_xticks([], minor=True)
        ax.set_title(what)
    for ax in axes[:, 0]:
        ax.set_ylabel("times the time")
    for ax in axes[-1]:
        ax.set_xlabel("times the size")
    return fig


def slopes(table: pd.DataFrame) -> pd.DataFrame:
    """The exponents measured beside those expected, as text; a row a quantity.

    Parameters
    ----------
    table : pandas.DataFrame
        As for :func:`draw`.
    """
    rows = {}
    for what, own in table.groupby("what", sort=False):
        last = own.loc[own["size"].idxmax()]
        rows[what] = (
            scaling.GROWING[what][0],
            f"{own['size'].min():,g} to {last['size']:,g}",
            f"{last['expected']:g}",
            f"{last['slope']:.2f} ± {last['error']:.2f}",
            f"{last['seconds']:.2f}",
        )
    heads = ["counted in", "sizes", "expected exponent", "measured", "seconds of the largest"]
    return pd.DataFrame.from_dict(rows, orient="index", columns=heads).rename_axis("what grows")
