"""Tables and drawings of the page on downscaling."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter, ScalarFormatter

from placeprior.book import figures
from placeprior.book.style import (
    BLUE,
    GREEN,
    INK,
    MUTED,
    OLIVE,
    ORANGE,
    PAPER,
    PINK,
    UNIT,
    VERMILION,
    colourbar,
    colours,
)
from placeprior.book.words import gain, minus
from placeprior.downscaling.fields import Setting
from placeprior.evidence import downscaling
from placeprior.evidence.downscaling import ARMS, MAPPED, TRUTH

#: Arms whose structure is drawn.
LOOKS = {
    "bilinear": (INK, "X"),
    "regression drawn": (OLIVE, "P"),
    "unet": (ORANGE, "s"),
    "vae": (GREEN, "D"),
    "diffusion": (BLUE, "^"),
    "diffusion random": (PINK, "v"),
    "diffusion tuned": (VERMILION, "o"),
}
SCORES = {
    "rmse": ("RMSE", 2),
    "nse": ("NSE", 3),
    "anomaly r2": ("anomaly R²", 3),
    "r2": ("squared correlation", 3),
    "crps": ("CRPS", 2),
}


def scores(table: pd.DataFrame) -> pd.DataFrame:
    """Scores of every arm, mean over worlds, as a page shows them."""
    found = downscaling.means(table, *SCORES)
    shown = pd.DataFrame(
        {
            name: [minus(f"{value:.{digits}f}") if np.isfinite(value) else "–" for value in found[metric]]
            for metric, (name, digits) in SCORES.items()
        },
        index=[ARMS[arm] for arm in found.index],
    )
    return shown.rename_axis("arm")


def gains(table: pd.DataFrame, columns: dict[str, tuple[str, str]]) -> pd.DataFrame:
    """Differences with their intervals, bold where clear: by heading, the score and the arm compared with."""
    shown = pd.DataFrame("–", index=[*ARMS], columns=[*columns], dtype=object)
    for heading, (score, against) in columns.items():
        for row in downscaling.differences(table, score, against).itertuples():
            shown.loc[row.Index, heading] = gain(row, 3)
    return shown.rename(index=ARMS).rename_axis("arm")


def day(table: pd.DataFrame) -> dict[str, np.ndarray]:
    """The kept maps of one day, (ny, nx), by arm."""
    own = table[table["metric"] == "map"].sort_values("at")
    setting = Setting()
    return {arm: own.loc[own["arm"] == arm, "value"].to_numpy().reshape(setting.rows, -1) for arm in MAPPED}


def draw_day(maps: dict[str, np.ndarray]) -> Figure:
    """Draw one day's fields on one scale."""
    fig, axes = figures.subplots(2, 2, size=(6.4, 5.6))
    high = float(np.percentile(maps[TRUTH], 99))
    for ax, (arm, values) in zip(axes.flat, maps.items(), strict=True):
        drawn = ax.imshow(values, origin="lower", vmin=0, vmax=high, cmap=colours("amount"), interpolation="nearest")
        ax.set_title(arm if arm == TRUTH else ARMS[arm])
        ax.set(xticks=[], yticks=[], xlabel="west to east", ylabel="south to north")
    colourbar(axes, drawn, "PM2.5")
    return fig


def structure(table: pd.DataFrame) -> pd.DataFrame:
    """What :func:`draw_structure` draws: ratios to the truth by distance and wavelength, and autocorrelation by lag."""
    found = {name: downscaling.ratios(table, name) for name in ("variogram", "power")}
    found["fine acf"] = downscaling.curve(table, "fine acf")
    parts = [part.stack().rename("value").reset_index().assign(what=name) for name, part in found.items()]
    return pd.concat(parts, ignore_index=True)


def draw_structure(found: pd.DataFrame) -> Figure:
    """Draw how arms vary in space, as a share of the truth's, and in time, beside the truth."""
    fig, axes = figures.subplots(1, 3, size=(6.4, 3.6))
    kinds = {
        "variogram": ("up to this distance [km]", "semivariogram / truth's"),
        "power": ("wavelength [km]", "power / truth's"),
        "fine acf": ("lag [days]", "autocorrelation"),
    }
    for ax, (what, (x, y)) in zip(axes, kinds.items(), strict=True):
        own = found[found["what"] == what].pivot(index="at", columns="arm", values="value")
        for arm, (colour, marker) in LOOKS.items():
            ax.plot(own.index, own[arm], color=colour, marker=marker, ms=5, mec=PAPER, mew=0.5, lw=1, label=ARMS[arm])
        if what == "fine acf":
            ax.plot(own.index, own[TRUTH], color=MUTED, lw=2, ls="--", label="truth")
        else:
            ax.axhline(1, color=MUTED, lw=2, ls="--")
        if what == "power":
            ax.set_xscale("log")
            ax.set_xticks([60, 120, 300, 600])
            ax.xaxis.set_major_formatter(ScalarFormatter())
            ax.xaxis.set_minor_formatter(NullFormatter())
        ax.set(xlabel=x, ylabel=y)
        ax.set_ylim(bottom=0)
    handles, names = axes[2].get_legend_handles_labels()
    fig.legend(handles, names, loc="outside upper center", ncols=3, fontsize="small", frameon=False)
    return fig


def costs(table: pd.DataFrame) -> pd.Series:
    """Minutes of one thread, by arm, mean over worlds."""
    return downscaling.means(table, "cpu seconds")["cpu seconds"] / 60


__all__ = ["UNIT", "costs", "day", "draw_day", "draw_structure", "gains", "scores", "structure"]
