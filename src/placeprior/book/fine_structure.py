"""What the page on artefacts draws and tabulates: national maps, their fine part, spectra, density of photographs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, NullLocator

from placeprior import coords, evidence
from placeprior.arms import arm_order, called, with_arm
from placeprior.book import figures, layers
from placeprior.book.style import BLUE, GREEN, INK, MUTED, ORANGE
from placeprior.book.words import capital, gain
from placeprior.errors import StoreError
from placeprior.evidence import artefacts, national_maps
from placeprior.evidence.national_maps import TRUTH
from placeprior.scores import spectra

KINDS = {"clean": "clean day", "winter": "stagnant winter day", "smoke": "smoke day"}
#: GeoCLIP's vectors and their three networks: the source in the evidence, how it is called, its colour.
SCALES = {
    "encoder": ("all three added", figures.INK),
    "scale 1": ("σ = 1", GREEN),
    "scale 16": ("σ = 16", ORANGE),
    "scale 256": ("σ = 256", BLUE),
}
TICKS = [1500, 500, 200, 100, 50]  # km
SHIFT = 0.3  # photographs per 10,000 km2, added where the axis is logarithmic: many places have none


@dataclass(frozen=True)
class Maps:
    """National maps of one task, and the evidence on their fine structure; empty where nothing was made.

    Attributes
    ----------
    profile : str
    embedded : bool
    maps, table : pandas.DataFrame
        As :func:`placeprior.evidence.national_maps.collect` and :func:`placeprior.evidence.artefacts.collect`.
    """

    profile: str
    embedded: bool
    maps: pd.DataFrame
    table: pd.DataFrame

    @property
    def title(self) -> str:
        """What the maps are of, in a sentence; :attr:`heading` begins one."""
        return "embedded world" if self.embedded else "real measurements"

    @property
    def heading(self) -> str:
        """The title as a heading."""
        return capital(self.title)

    @property
    def kinds(self) -> list[str]:
        """The days that there are, of :data:`KINDS`."""
        return [kind for kind in KINDS if len(self.maps) and kind in set(self.maps["kind"])]

    @property
    def arms(self) -> list[str]:
        """The arms with maps, in the book's order."""
        return arm_order(set(self.maps["arm"]) - {TRUTH}) if len(self.maps) else []

    @property
    def sources(self) -> list[str]:
        """The truth, where it is known, and the arms."""
        return [TRUTH, *self.arms] if len(self.maps) and TRUTH in set(self.maps["arm"]) else self.arms

    def layers(self, kind: str) -> dict[str, xr.DataArray]:
        """The maps of a day, each under the printed name of its source."""
        of_day = self.maps[self.maps["kind"] == kind]
        return {called(name): national_maps.layer(of_day[of_day["arm"] == name]) for name in self.sources}

    def date(self, kind: str) -> pd.Timestamp:
        """The day of a kind."""
        return pd.Timestamp(self.maps.loc[self.maps["kind"] == kind, "day"].iloc[0])

    def rows(self, what: str) -> pd.DataFrame:
        """Rows of the evidence about this task."""
        own = self.table["task"] == self.maps["task"].iloc[0]
        return self.table[own & (self.table["what"] == what)]


def load(profile: str, *, embedded: bool) -> Maps:
    """National maps of a profile and the evidence on them; real measurements may have none yet.

    Raises
    ------
    StoreError
        If the embedded world has none.
    """
    try:
        maps, table = (evidence.read(profile, name) for name in ("national_maps", "artefacts"))
    except StoreError:
        if embedded:
            raise
        return Maps(profile, embedded, pd.DataFrame(), pd.DataFrame())
    return Maps(profile, embedded, with_arm(maps), table)


# --- maps -------------------------------------------------------------------------------------------------------------


def draw_day(own: Maps, kind: str) -> Any:
    """Every arm's map of a day, on one colour scale; a line that says so where there is none."""
    if kind not in own.kinds:
        return figures.nothing(KINDS[kind], own.profile, embedded=own.embedded, of="maps")
    shown = own.layers(kind)
    of = shown[TRUTH] if TRUTH in shown else np.stack(list(shown.values()))
    fig = layers.side_by_side(shown, f"PM2.5 on {own.date(kind):%d %B %Y}", float(np.nanpercentile(of, 99)))
    cells = int(np.isfinite(next(iter(shown.values()))).sum())
    of_what = f"cells of {national_maps.RESOLUTION}° a map"
    return figures.label(fig, own.profile, n=cells, of=of_what, embedded=own.embedded)


def fine_parts(maps: Mapping[str, xr.DataArray]) -> dict[str, xr.DataArray]:
    """The high-pass part of each map: see :func:`placeprior.scores.spectra.highpass`."""
    # A cell of the plain grid, by the mean of its two sides in the middle of the country.
    cell = national_maps.RESOLUTION * np.pi / 180 * coords.EARTH_RADIUS_KM * (1 + np.cos(spectra.PARALLEL)) / 2
    return {
        title: layer.copy(data=spectra.highpass(layer.values, np.isfinite(layer.values), cell))
        for title, layer in maps.items()
    }


def draw_fine(own: Maps, kind: str) -> Any:
    """The fine part of every arm's map of a day, or of the first day there is."""
    if not own.kinds:
        return figures.nothing("fine parts", own.profile, embedded=own.embedded, of="maps")
    kind = kind if kind in own.kinds else own.kinds[0]
    fine = fine_parts(own.layers(kind))
    top = float(np.nanpercentile(np.abs(np.stack(list(fine.values()))), 98))
    fig = layers.side_by_side(fine, f"fine part of PM2.5, {own.date(kind):%d %B %Y}", top, kind="difference")
    return figures.label(fig, own.profile, n=len(fine), of="maps", embedded=own.embedded)


def days(present: Sequence[Maps]) -> pd.DataFrame:
    """The chosen days and the level of their maps over land, µg m-3, as text."""
    rows = []
    for own in present:
        for kind in own.kinds:
            levels = {name: np.nanpercentile(layer, [50, 99]) for name, layer in own.layers(kind).items()}
            known = "{:.1f}, {:.1f}".format(*levels.pop(TRUTH)) if TRUTH in levels else "–"
            low, high = (np.min(list(levels.values()), 0), np.max(list(levels.values()), 0))
            ranges = (f"{first:.1f} to {last:.1f}" for first, last in zip(low, high, strict=True))
            rows.append((own.title, KINDS[kind], f"{own.date(kind):%d %B %Y}", known, *ranges))
    heads = ["maps of", "day", "date", "truth: median, 99 %", "medians of the arms' maps", "their 99th percentiles"]
    return pd.DataFrame(rows, columns=heads)


# --- spectra ----------------------------------------------------------------------------------------------------------


def wavelength_axis(ax: Axes, wavelengths: pd.Series) -> None:
    """Long waves left, short right, on logarithmic axes; a dotted line where waves begin to be local."""
    longest = wavelengths.max() * 1.05
    ax.set(xscale="log", yscale="log", xlabel="wavelength [km]", xlim=(longest, wavelengths.min() * 0.95))
    ax.xaxis.set_major_locator(FixedLocator([tick for tick in TICKS if tick <= longest]))
    ax.xaxis.set_minor_locator(NullLocator())
    ax.xaxis.set_major_formatter("{x:g}")
    ax.axvline(spectra.LOCAL_KM, color=MUTED, lw=1, ls=":", zorder=1)


def draw_encoder(encoder: pd.DataFrame) -> Figure:
    """Spectra of GeoCLIP's vectors and of its three networks.

    Parameters
    ----------
    encoder : pandas.DataFrame
        Rows of the evidence with ``what`` ``spectrum``, about the encoder.
    """
    fig, ax = figures.subplots(size=(6.4, 3.9))
    for source, (text, colour) in SCALES.items():
        own = encoder[encoder["source"] == source].sort_values("x")
        ax.plot(own["x"], own["value"], color=colour, label=text, lw=2)
    for sigma in (16, 256):
        low, _, high = spectra.wavelengths(sigma)
        span = max(low, encoder["x"].min() * 0.95), min(high, encoder["x"].max() * 1.05)
        ax.axvspan(*span, color=SCALES[f"scale {sigma}"][1], alpha=0.1, lw=0)
    ax.axhline(spectra.CELL_KM**2, color=MUTED, ls="--", lw=1, zorder=1)
    wavelength_axis(ax, encoder["x"])
    ax.set_ylabel("power / variance [km²]")
    ax.legend(fontsize="small")
    return fig


def draw_spectra(present: Sequence[Maps]) -> Figure:
    """Spectra of the maps of all arms, one panel a task."""
    fig, axes = figures.panels(len(present), len(present), row=3.6, sharey=True)
    for ax, own in zip(axes, present, strict=True):
        table = own.rows("spectrum")
        for name in [TRUTH, *own.arms]:
            part, drawn = table[table["source"] == name].sort_values("x"), figures.look(name)
            if len(part):
                style = {"color": drawn.colour, "lw": 1.4, "marker": drawn.marker, "markevery": 5, "ms": 4}
                style |= {"ls": "--"} if name == "idw" else {}
                style |= {"color": INK, "lw": 2.4, "marker": None} if name == TRUTH else {}
                ax.plot(part["x"], part["value"], label=called(name), **style)
        wavelength_axis(ax, table["x"])
        ax.set_title(own.title)
    axes[0].set_ylabel("power / variance [km²]")
    _legend(fig, axes)
    return fig


def _legend(fig: Figure, axes: Sequence[Axes]) -> None:
    handles = {text: handle for ax in axes for handle, text in zip(*ax.get_legend_handles_labels(), strict=True)}
    fig.legend(handles.values(), handles.keys(), loc="outside upper center", ncols=2, fontsize="small")


def shares(present: Sequence[Maps]) -> pd.DataFrame:
    """Local share and amplitude of each source's maps, and the share's differences, as text."""
    rows = []
    for own in present:
        local, amplitude = (own.rows(what).set_index("source") for what in ("share", "amplitude"))
        against = {base: artefacts.share_differences(own.rows("map"), base) for base in ("none", TRUTH)}
        for name in [name for name in [TRUTH, *own.arms] if name in local.index]:
            points = {base: _points(found, name) for base, found in against.items() if name != TRUTH}
            value, low, high = 100 * local.loc[name, ["value", "low", "high"]].astype(float)
            size = f"{amplitude.loc[name, 'value']:.2f}"
            text = f"{value:.1f} ({low:.1f} to {high:.1f})"
            rows.append((own.title, called(name), text, size, points.get("none", "–"), points.get(TRUTH, "–")))
    share, size = f"% of variance below {spectra.LOCAL_KM:.0f} km", f"its size [{figures.UNIT}]"
    heads = ["maps of", "arm", share, size, "minus no location [points]", "minus truth [points]"]
    return pd.DataFrame(rows, columns=heads)


def _points(found: pd.DataFrame, name: str) -> str:
    """A difference of shares in percentage points, with its interval."""
    if name not in found.index:
        return "–"
    row = found.loc[name].copy()
    row[["difference", "low", "high"]] *= 100
    return gain(row, 1)


# --- photographs ------------------------------------------------------------------------------------------------------


def correlation(row: Any) -> str:
    """A rank correlation and its interval, bold where this excludes zero."""
    clear = int(row["low"] > 0) - int(row["high"] < 0)
    return gain(pd.Series({"difference": row["value"], "low": row["low"], "high": row["high"], "clear": clear}), 2)


def relations(present: Sequence[Maps], what: str) -> pd.DataFrame:
    """Rank correlations of one quantity with the density of photographs, plain and with people held fixed, as text."""
    rows = []
    for own in present:
        plain, partial = (own.rows(name).set_index("source") for name in (what, f"{what}|people"))
        for name in [name for name in [TRUTH, *own.arms] if name in plain.index]:
            title = "truth (no difference)" if name == TRUTH else called(name)
            rows.append((own.title, title, correlation(plain.loc[name]), correlation(partial.loc[name])))
    return pd.DataFrame(rows, columns=["maps of", "arm", "ρ with density of photographs", "people held fixed"])


def draw_classes(present: Sequence[Maps]) -> Figure:
    """Local energy minus that of no location by class of density, one panel a task."""
    fig, axes = figures.panels(len(present), len(present), row=3.4)
    for ax, own in zip(axes, present, strict=True):
        table = own.rows("decile")
        arms = [name for name in own.arms if name in set(table["source"]) and name != "idw"]
        for number, name in enumerate(arms):
            part, drawn = table[table["source"] == name].sort_values("x"), figures.look(name)
            x = (part["x"] + SHIFT) * 1.05 ** (number - (len(arms) - 1) / 2)
            ax.vlines(x, part["low"], part["high"], color=drawn.colour, lw=1.6, alpha=0.8)
            ax.plot(x, part["value"], color=drawn.colour, marker=drawn.marker, ms=5, lw=1, label=drawn.name)
        ax.axhline(0, color=MUTED, lw=1, ls="--", zorder=1)
        ax.set(xscale="log", xlabel="photographs per 10,000 km²", title=own.title)
    axes[0].set_ylabel("local energy minus no location\n[µg² m⁻⁶]")
    _legend(fig, axes)
    return fig


def draw_stations(errors: Mapping[str, pd.DataFrame], arm: str) -> Figure:
    """Differences of error at stations against the density of photographs, with a running median, one panel a task.

    Parameters
    ----------
    errors : mapping
        Title to table, as :func:`placeprior.evidence.artefacts.at_stations`. Extreme values are cut at the edges.
    arm : str
        Whose errors they are, for the colour.
    """
    fig, axes = figures.panels(len(errors), len(errors), row=3.0)
    for ax, (title, found) in zip(axes, errors.items(), strict=True):
        x = artefacts.photo_density(found[["lon", "lat"]].to_numpy(float)) + SHIFT
        y, order = found["difference"].to_numpy(), np.argsort(x)
        edge = max(float(np.percentile(np.abs(y), 98)), 1e-6)
        ax.scatter(x, np.clip(y, -edge, edge), s=8, color=figures.look(arm).colour, alpha=0.35, lw=0)
        smooth = pd.Series(y[order]).rolling(max(len(y) // 5, 3), center=True).median()
        ax.plot(x[order], smooth, color=figures.INK, lw=1.8)
        ax.axhline(0, color=MUTED, lw=1, ls="--")
        ax.set(xscale="log", title=title, ylim=(-edge * 1.05, edge * 1.05))
    axes[len(axes) // 2].set_xlabel("photographs per 10,000 km²")
    axes[0].set_ylabel(f"difference of error [{figures.UNIT}]")
    return fig


def luck(intervals: pd.DataFrame) -> str:
    """How many of the intervals that were looked at exclude zero, as a sentence."""
    clear = int(((intervals["low"] > 0) | (intervals["high"] < 0)).sum())
    told = f"{clear} {'excludes' if clear == 1 else 'exclude'} zero"
    return f"Of {len(intervals)} intervals over stations, {told}; the more one looks, the more is found by luck."
