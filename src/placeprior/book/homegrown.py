"""Figures and tables of the encoder that is pretrained here: which pairs weigh, how far off it finds places."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from placeprior.book import figures
from placeprior.book.style import BLUE, INK, MUTED, ORANGE
from placeprior.book.words import minus
from placeprior.encoders.contrast import Gamma
from placeprior.evidence.contrast import NEAREST, PLAIN, UNTRAINED
from placeprior.runs.climates import Climates
from placeprior.runs.pretraining import ARMS

SHOWN = 4000  # pairs: as many marks as an eye can tell apart


def draw_tails(known: Climates, gamma: Gamma, near: float) -> tuple[Figure, pd.DataFrame]:
    """Draw pairs of places by distance and dissimilarity, with what is expected; the two tails in two colours.

    Parameters
    ----------
    known : Climates
    gamma : callable
        Kilometres -> expected dissimilarity.
    near : float
        Up to which distance the upper tail counts, km.

    Returns
    -------
    figure
    table : pandas.DataFrame
        What is drawn: ``km, dissimilarity, expected``.
    """
    first, second = np.triu_indices(len(known.km), 1)
    some = np.random.default_rng(0).choice(len(first), min(SHOWN, len(first)), replace=False)
    km, found = known.km[first[some], second[some]], known.unlike[first[some], second[some]]
    expected = gamma(km)
    fig, ax = figures.subplots(size=(6.4, 3.4))
    excess, deficit = (found > expected) & (km <= near), found < expected
    for chosen, colour, word in (
        (excess, ORANGE, "excess: near, yet unlike"),
        (deficit, BLUE, "deficit: more alike than expected"),
        (~excess & ~deficit, MUTED, "neither"),
    ):
        ax.scatter(km[chosen], found[chosen], s=5, color=colour, alpha=0.5, lw=0, label=word)
    line = np.linspace(0, km.max(), 200)
    ax.plot(line, gamma(line), color=INK, lw=2, label="expected, γ")
    ax.axvline(near, color=MUTED, lw=1, ls="--")
    ax.set(xlabel="distance [km]", ylabel="dissimilarity, 1 − cos", xlim=(0, None), ylim=(0, None))
    fig.legend(loc="outside upper left", ncols=2, fontsize="small", markerscale=3)
    return fig, pd.DataFrame({"km": km, "dissimilarity": found, "expected": expected})


def retrieved(table: pd.DataFrame, part: str = "test") -> pd.DataFrame:
    """Error of each arm on held-out places, over seeds: mean and its spread, median, share within 200 km, difference.

    Parameters
    ----------
    table : pandas.DataFrame
        As :func:`placeprior.evidence.contrast.collect`.
    part : str
    """
    own, rows = table[table["part"] == part], {}
    for arm in (UNTRAINED, NEAREST, *ARMS):
        here = own[own["arm"] == arm]
        one, spread = here.iloc[0], here["mean_km"].std()
        signed = f"{one['difference']:+.0f} ({one['low']:+.0f} to {one['high']:+.0f})"
        rows[arm] = {
            "mean error [km]": f"{here['mean_km'].mean():.0f}" + (f" ± {spread:.0f}" if spread > 0 else ""),
            "median": f"{here['median_km'].mean():.0f}",
            "within 200 km": f"{here['within_200_km'].mean():.0%}",
            "minus plain": "–" if arm == PLAIN else minus(signed),
        }
    return pd.DataFrame(rows).T.rename_axis("what weighs more")
