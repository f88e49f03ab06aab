"""The knob of the embedded world: what differs between worlds, false alarms, and maps against the truth."""

import numpy as np
import pandas as pd
import pytest

from placeprior.book import placeness as page
from placeprior.evidence import map_error, placeness
from placeprior.runs import configuration
from placeprior.scores import metrics

pytestmark = pytest.mark.usefixtures("styled")


def found(*rows):
    """Differences of (arm, placeness, difference, half interval) on one split."""
    table = [
        {
            "split": "spatial",
            "arm": arm,
            "placeness": value,
            "difference": difference,
            "low": difference - half,
            "high": difference + half,
            "clear": int(np.sign(difference)) * (abs(difference) > half),
        }
        for arm, value, difference, half in rows
    ]
    return pd.DataFrame(table)


def test_worlds_on_the_line_differ_in_nothing_but_the_knob(monkeypatch):
    tasks = {
        "world": {"load": "world", "options": {"stations": 60}},
        "world-0": {"load": "world", "options": {"stations": 60, "placeness": 0}},
        "other": {"load": "world", "options": {"stations": 60, "placeness": 0, "seed": 1}},
        "weather": {"load": "weather-2019"},
    }
    monkeypatch.setattr(configuration, "profile", lambda name: {"tasks": tasks})
    assert placeness.knobs("demo").to_dict() == {"world": 1.0, "world-0": 0.0, "other": 0.0}
    assert placeness.line("demo") == ["world", "world-0"]


def test_false_alarms_are_counted_with_an_exact_interval():
    table = found(*(("lonlat", 0.0, size, 0.1) for size in (0.2, 0.05, -0.05, -0.3)), ("sincos", 0.0, 0.1, np.nan))
    (row,) = placeness.clears(table).itertuples()
    assert (row.arm, row.worlds, row.above, row.below) == ("lonlat", 4, 1, 1)
    assert row.low == pytest.approx(1 - 0.975 ** (1 / 4)) and row.mean == pytest.approx(-0.025)
    shown = page.clears(placeness.clears(table)).iloc[0]
    assert shown["clearly better"].startswith("1 (1 to ") and shown["mean ΔR²"].startswith("−0.025 (−0.")
    one = page.clears(placeness.clears(table.iloc[:1])).iloc[0]
    assert one["mean ΔR²"] == "+0.200", "one world has no spread"


def maps():
    """Sums of two arms' maps on two squares, each of one cell near a station and one far from any."""
    rows = []
    for variant, error in (("none+head", 2.0), ("lonlat", 1.0)):
        for piece in ("near", "far", "mean", "stations"):
            for number in range(3):
                sums = dict.fromkeys(metrics.SUMS, 0.0) | {"n": 10.0, "sum_y": 10.0 * number, "sum_e2": 10 * error**2}
                sums["sum_y2"] = 10.0 * number**2 + (0 if piece == "mean" else 5.0)
                key = {"task": "world", "variant": variant, "fusion": "channels" if variant == "lonlat" else "-"}
                key |= {"split": "spatial", "fold": 1, "seed": 0, "run": variant, "part": piece, "name": f"0:{number}"}
                rows.append(key | {"placeness": 1.0, "world": 0, "cells": 2, "lon": -100.0, "lat": 40.0} | sums)
    return pd.DataFrame(rows)


def test_gains_are_taken_world_by_world_without_inverse_distance(monkeypatch):
    worlds = {"world": {}, "world-0": {"placeness": 0}, "world-2": {"placeness": 2}}
    tasks = {name: {"load": "world", "options": options} for name, options in worlds.items()}
    monkeypatch.setattr(configuration, "profile", lambda name: {"tasks": tasks})
    none = found().reindex(columns=["arm", "split"])

    def one(profile, task):
        table = found(("idw", 0.0, 0.5, 0.1), ("lonlat", 0.0, 0.2, 0.1)).drop(columns="placeness")
        return none if task == "world-2" else table

    monkeypatch.setattr(placeness, "gains", one)
    table = placeness.turned("demo", "spatial")
    assert table[["task", "placeness", "arm"]].values.tolist() == [["world", 1.0, "lonlat"], ["world-0", 0.0, "lonlat"]]
    assert placeness.turned("demo", "random").empty


def test_maps_are_compared_part_by_part_with_the_network_without_a_place():
    table = placeness.on_maps(maps()).set_index("piece")
    assert set(table.index) <= set(map_error.PARTS) and table.loc["near", "difference"] == pytest.approx(-1)
    assert placeness.on_maps(maps()[maps()["variant"] == "lonlat"]).empty


def test_errors_against_the_truth_have_a_column_a_part():
    shown = page.truth(maps()).set_index("arm")
    assert list(shown) == list(page.PIECES.values()) and shown.index.tolist() == ["no location, extra head", "lon/lat"]
    assert shown.loc["no location, extra head", "near a station"] == "2.00"
    assert shown.loc["lon/lat", "near a station"].startswith("−1.00 (")
    alone = page.truth(maps()[maps()["variant"] == "lonlat"])
    assert alone.iloc[0, 1:].tolist() == ["–"] * len(page.PIECES)


def test_arms_have_a_line_against_the_knob():
    table = found(
        ("lonlat", 0.0, 0.2, 0.1), ("lonlat", 2.0, 0.3, 0.1), ("sincos", 0.0, 0.0, 0.1), ("none", 1.0, 0.0, 0.1)
    )
    (ax,) = page.draw_gains(table).axes
    assert ax.get_xticks().tolist() == [0, 1, 2]
    assert len(ax.lines) == 3, "an arm of the usual world alone has no line: two arms and zero"
