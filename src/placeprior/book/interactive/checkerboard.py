"""Which stations a checkerboard tests, how far they are from those trained on, and what arms scored there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import xarray as xr

from placeprior.arms import arm_order
from placeprior.book.interactive.widget import Widget, canvas, country, key, packed, radios, row, slider
from placeprior.book.layout import origin
from placeprior.book.results import Results
from placeprior.book.style import BLUE, GREEN, ORANGE, look
from placeprior.coords import CONUS_BOX, EARTH_RADIUS_KM
from placeprior.space.splits import folds, lonlat_of, split

SIZES = range(2, 31)  # degrees
FIRST = 16
#: Arms whose scores are told; the random vector is the placebo.
ARMS = ("kriging", "gbt", "none+head", "lonlat", "geoclip-hadamard", "random-vector-hadamard")
PLACEBO = "random-vector-hadamard"


def checkerboard(cube: xr.Dataset, results: Results, arms: Sequence[str] = ARMS) -> Widget:
    """Map of a checkerboard's training and tested stations, their distances, and committed scores where there are any.

    Parameters
    ----------
    cube : xarray.Dataset
        Whose stations are shown; splits are at seed 0.
    results : Results
        Of the same task.
    arms : sequence of str
        Whose scores are told.
    """
    # Which stations validate is drawn by lot, so it is told; who is tested, and all distances, the script works out.
    parts = {
        f"{size}/{fold}": split(f"checkerboard-{size}", cube, seed=0, fold=fold)
        for size in SIZES
        for fold in folds(f"checkerboard-{size}")
    }
    first = parts[f"{FIRST}/1"]
    used = (first.train | first.validation | first.test).any(1)
    aside = {
        key: packed(np.packbits(part.validation.any(1)[used], bitorder="little"), "u1") for key, part in parts.items()
    }
    body = [
        row(
            slider("size", "Side of a cell", SIZES[0], SIZES[-1], 1, FIRST),
            radios("fold", "Tested", {str(fold): f"partition {fold}" for fold in folds(f"checkerboard-{FIRST}")}),
        ),
        canvas("map", "Map of the stations that are trained on, validate and are tested"),
        key(),
        canvas(
            "distances", "Share of tested stations with a training station nearer than a distance", "How far is a test?"
        ),
        '<div class="scores scrolls"></div>',
    ]
    return Widget(
        "checkerboard",
        f"which stations does a checkerboard test? ({results.title})",
        "\n".join(body),
        {
            "country": country(),
            "box": CONUS_BOX,
            "radius": EARTH_RADIUS_KM,
            "stations": packed(lonlat_of(cube)[used], "f8"),
            "aside": aside,
            "scores": scored(results, arms),
            "placebo": look(PLACEBO).name,
            "tints": {"train": BLUE, "validation": GREEN, "test": ORANGE},
        },
        origin(results.profile, n=int(used.sum()), of="stations", embedded=results.embedded, note="split at seed 0"),
    )


def scored(results: Results, arms: Sequence[str]) -> dict[str, list[dict[str, Any]]]:
    """R² of arms on checkerboards, a list under ``"<size>/<fold>"``: ``name, value, fits``, mean over seeds."""
    scores = results.scores
    part = scores[(scores["metric"] == "r2") & scores["split"].str.fullmatch(r"checkerboard-\d+")]
    part = part[part["arm"].isin(arms)]
    found: dict[str, list[dict[str, Any]]] = {}
    for (name, fold), own in part.groupby(["split", "fold"]):
        values = own.groupby("arm")["value"].agg(["mean", "size"])
        found[f"{name.partition('-')[2]}/{fold}"] = [
            {"name": look(arm).name, "value": round(float(values["mean"][arm]), 4), "fits": int(values["size"][arm])}
            for arm in arm_order(values.index)
        ]
    return found
