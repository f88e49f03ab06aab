"""What a network leans on, as pages read it from the table of :mod:`placeprior.evidence.importance`."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.stats import spearmanr

from placeprior.arms import arm_order, splits_in, with_arm
from placeprior.evidence import tables
from placeprior.evidence.importance import COLUMNS
from placeprior.evidence.permutation import GROUPS, PLACE
from placeprior.scores.interval import clear

UNTOLD = ("none", "none+head")
ASKED = ["split", "arm", "shuffle", "predictor"]


@dataclass(frozen=True)
class Measured:
    """Importance in one task.

    Attributes
    ----------
    fits : pandas.DataFrame
        As :func:`placeprior.evidence.importance.collect`, with a column ``arm``.
    arms : pandas.DataFrame
        One row of ``split, arm, shuffle, predictor``: ``mean, low, high, clear``, over fits.
    """

    fits: pd.DataFrame
    arms: pd.DataFrame

    @property
    def splits(self) -> list[str]:
        """In the book's order."""
        return splits_in(self.fits)

    @property
    def names(self) -> list[str]:
        """Arms in the book's order."""
        return arm_order(self.fits["arm"])

    @property
    def told(self) -> list[str]:
        """Arms that are told a place."""
        return [arm for arm in self.names if arm not in UNTOLD]

    @property
    def untold(self) -> str | None:
        """The arm without a place: no location, or the extra head alone where that is missing."""
        return next((arm for arm in UNTOLD if arm in self.names), None)

    @property
    def lead(self) -> str | None:
        """The arm that is shown first: GeoCLIP by Hadamard product, or else the first that is told a place."""
        return next((arm for arm in ("geoclip-hadamard", *self.told) if arm in self.told), self.untold)

    @property
    def singles(self) -> list[str]:
        """Inputs by themselves, in the order of the task; neither groups nor the place."""
        free = self.fits.loc[self.fits["shuffle"] == "free", "predictor"].unique()
        return [name for name in free if name != PLACE]

    @property
    def asked(self) -> pd.DataFrame:
        """The rows of ``arms`` that are shown: within and across; of the calendar, the same everywhere, only within."""
        calendar = self.arms["predictor"].isin(["calendar", *GROUPS["calendar"]])
        shuffle = self.arms["shuffle"]
        return self.arms[(shuffle == "within") | ((shuffle == "across") & ~calendar)]

    def of(self, split: str, arm: str, shuffle: str) -> pd.DataFrame:
        """``mean, low, high, clear`` by predictor, of one arm and shuffle on one split."""
        asked = self.asked
        same = (asked["split"] == split) & (asked["arm"] == arm) & (asked["shuffle"] == shuffle)
        return asked[same].set_index("predictor")[["mean", "low", "high", "clear"]]


def measured(profile: str, task: str) -> Measured:
    """Importance in a task, from a profile's committed table; of no fits where there is no table."""
    there = tables.path(profile, "importance").is_file()
    fits = with_arm(tables.read(profile, "importance") if there else pd.DataFrame(columns=COLUMNS))
    fits = fits[fits["task"] == task]
    arms = fits.groupby(ASKED, sort=False)[["mean", "mean_low", "mean_high"]].first().reset_index()
    arms = arms.rename(columns={"mean_low": "low", "mean_high": "high"})
    return Measured(fits, arms.assign(clear=clear(arms["low"].to_numpy(float), arms["high"].to_numpy(float))))


def leaning(fits: pd.DataFrame, scores: pd.DataFrame) -> pd.DataFrame:
    """How much each fit that is told a place leans on it, and what it gains from being told.

    Parameters
    ----------
    fits : pandas.DataFrame
        Of :class:`Measured`.
    scores : pandas.DataFrame
        Of the same task, with a column ``arm``.

    Returns
    -------
    pandas.DataFrame
        ``split, arm, fold, seed``; ``leaning``, the importance of the place shuffled across stations, with the interval
        ``low, high`` of this one network; ``reference``, the arm without a place that is otherwise the same
        (``none+head`` for encoders, where it was trained); ``gain``, its RMSE minus that of the fit, µg m-3. Fits
        without a reference are left out.
    """
    rmse = scores[scores["metric"] == "rmse"].pivot_table(
        index=["split", "fold", "seed"], columns="arm", values="value"
    )
    rows = []
    for fit in fits[(fits["predictor"] == PLACE) & (fits["shuffle"] == "across")].itertuples():
        own = rmse.loc[key] if (key := (fit.split, fit.fold, fit.seed)) in rmse.index else pd.Series(dtype=float)
        wanted = UNTOLD[:1] if fit.fusion == "channels" else UNTOLD[::-1]
        base = next((arm for arm in wanted if np.isfinite(own.get(arm, np.nan))), None)
        if base and np.isfinite(own.get(fit.arm, np.nan)):
            told = (fit.value, fit.low, fit.high, own[base] - own[fit.arm])
            rows.append((fit.split, fit.arm, fit.fold, fit.seed, base, *told))
    return pd.DataFrame(rows, columns=["split", "arm", "fold", "seed", "reference", "leaning", "low", "high", "gain"])


def leaning_counts(found: pd.DataFrame) -> dict[str, float]:
    """How leaning and gain go together over the fits of :func:`leaning`.

    Returns
    -------
    dict
        ``fits``; ``lean``, those whose interval of the leaning lies above zero, and ``helped``, those of these with a
        gain; ``below`` the diagonal, and ``harm``, by how much more these err with a wrong place than with none (mean,
        µg m-3); rank correlations of leaning and gain over all fits, ``correlation``, and among those of one split and
        fold, ``alike`` (mean); NaN where there are too few fits.
    """
    lean, below = found[found["low"] > 0], found[found["gain"] < found["leaning"]]
    groups = [own for _, own in found.groupby(["split", "fold"]) if len(own) >= 4]
    alike = [value for own in groups if np.isfinite(value := _rank_correlation(own["leaning"], own["gain"]))]
    return {
        "fits": len(found),
        "lean": len(lean),
        "helped": int((lean["gain"] > 0).sum()),
        "below": len(below),
        "harm": float((below["leaning"] - below["gain"]).mean()),
        "correlation": _rank_correlation(found["leaning"], found["gain"]) if len(found) >= 8 else np.nan,
        "alike": float(np.mean(alike)) if len(found) >= 8 and alike else np.nan,
    }


def _rank_correlation(one: pd.Series, other: pd.Series) -> float:
    varied = one.nunique() > 1 and other.nunique() > 1
    return float(spearmanr(one, other)[0]) if varied else np.nan


def ranking(found: Measured) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Every input by itself, in networks that are told no place: importance by shuffle, and the rank each way gives it.

    Returns
    -------
    wide : pandas.DataFrame
        Importance, µg m-3, mean over splits: predictors by shuffles.
    ranks : pandas.DataFrame
        1 for the largest; in column ``reference`` as the reference code would list them, upside down.
    """
    own = found.arms[(found.arms["arm"] == found.untold) & found.arms["predictor"].isin(found.singles)]
    wide = own.pivot_table(index="predictor", columns="shuffle", values="mean")
    ranks = wide.rank(ascending=False, method="first").astype(int)
    ranks.insert(0, "reference", (-wide["free"]).rank(ascending=False, method="first").astype(int))
    return wide, ranks
