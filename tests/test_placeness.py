"""The knob of the embedded world: what differs between worlds, who begins to win where, and the control's verdict."""

import numpy as np
import pandas as pd
import pytest

from placeprior.book import placeness as page
from placeprior.evidence import map_error, matched, placeness
from placeprior.runs import configuration
from placeprior.scores import metrics

pytestmark = pytest.mark.usefixtures("styled")


def found(*rows):
    """Differences of (arm, placeness, difference, half interval) on one split."""
    table = [
        {
            "split": "spatial",
            "arm": arm,
            "against": "none+head",
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


def test_differences_are_taken_world_by_world(monkeypatch):
    def one(scores, sums, reference, **options):
        return pd.DataFrame([{"split": "spatial", "arm": arm, "difference": len(scores)} for arm in reference])

    monkeypatch.setattr(placeness.matched, "differences", one)
    scores = pd.DataFrame({"task": ["world", "world", "world-0"], "placeness": [1.0, 1.0, 0.0]})
    table = placeness.differences(scores, pd.DataFrame(), {"lonlat": "none"})
    assert table[["task", "placeness", "difference"]].values.tolist() == [["world", 1.0, 2], ["world-0", 0.0, 1]]
    assert set(table["against"]) == {"none"}
    assert placeness.differences(scores.iloc[:0], pd.DataFrame(), {"lonlat": "none"}).empty


def test_levels_are_means_over_folds_with_the_spread_of_seeds():
    scores = pd.DataFrame(
        [("spatial", "none", 1.0, 1, 0, 0.2), ("spatial", "none", 1.0, 1, 1, 0.4), ("spatial", "none", 1.0, 2, 0, 0.5)],
        columns=["split", "arm", "placeness", "fold", "seed", "value"],
    )
    (row,) = placeness.levels(scores).itertuples()
    assert row.level == pytest.approx(0.4) and row.sd == pytest.approx(0.2 / np.sqrt(2))
    assert page.level(row) == "0.40 ± 0.14"
    (row,) = placeness.levels(scores.iloc[2:].assign(value=-0.5)).itertuples()
    assert page.level(row) == "−0.50"


def test_an_arm_starts_to_win_where_it_wins_from_there_on():
    table = found(
        ("lonlat", 0.0, 0.2, 0.1),
        ("lonlat", 2.0, 0.3, 0.1),
        ("lonlat", 1.0, 0.2, 0.1),
        ("sincos", 0.0, 0.2, 0.1),
        ("sincos", 1.0, 0.1, 0.3),
        ("sincos", 2.0, 0.2, 0.1),
        ("geoclip-hadamard", 1.0, 0.2, 0.1),
        ("geoclip-hadamard", 2.0, -0.2, 0.1),
    )
    start = placeness.starts(table).set_index("arm")["start"]
    assert start["lonlat"] == 0 and start["sincos"] == 2 and np.isnan(start["geoclip-hadamard"])
    assert page.starts(placeness.starts(table))["clearly better from placeness"].tolist() == ["0", "2", "never"]


def test_false_alarms_are_counted_with_an_exact_interval():
    table = found(*(("lonlat", 0.0, size, 0.1) for size in (0.2, 0.05, -0.05, -0.3)), ("sincos", 0.0, 0.1, np.nan))
    (row,) = placeness.clears(table).itertuples()
    assert (row.arm, row.worlds, row.above, row.below) == ("lonlat", 4, 1, 1)
    assert row.low == pytest.approx(1 - 0.975 ** (1 / 4)) and row.mean == pytest.approx(-0.025)
    shown = page.clears(placeness.clears(table)).iloc[0]
    assert shown["clearly better"] == "1" and shown["mean ΔR²"].startswith("−0.0250 (−0.")
    one = page.clears(placeness.clears(table.iloc[:1])).iloc[0]
    assert one["mean ΔR²"] == "+0.2000", "one world has no spread"


@pytest.mark.parametrize(
    ("lows", "text"),
    [
        ([], "nothing can be judged"),
        ([0.0, 0.05], "The control is passed"),
        ([0.2], "Of 1 arm, 1 is clearly better more often"),
        ([0.2, 0.01, 0.3], "Of 3 arms, 2 are clearly better more often"),
    ],
)
def test_the_control_is_passed_or_fails(lows, text):
    assert text in page.passed(pd.DataFrame({"low": lows}))


def test_a_row_for_each_split_and_arm_and_a_column_for_each_setting():
    table = found(("sincos", 0.0, 0.2, 0.1), ("lonlat", 2.0, -0.2, 0.1), ("lonlat", 0.0, 0.0, 0.1))
    shown = page.by_placeness(table, page.verdict, [0.0, 2.0], against=True)
    assert shown.columns.tolist() == ["split", "arm", "against", "placeness 0", "placeness 2"]
    assert shown["arm"].tolist() == ["lon/lat", "sin/cos"]
    assert shown[["placeness 0", "placeness 2"]].values.tolist() == [["not told apart", "worse"], ["better", "–"]]
    assert "against" not in page.by_placeness(table, page.verdict, [0.0])


def maps():
    """Sums of two arms' maps on two squares, each of one cell near a station and one far from any."""
    rows = []
    for variant, error in (("none", 2.0), ("lonlat", 1.0)):
        for piece in ("near", "far", "mean", "stations"):
            for number in range(3):
                sums = dict.fromkeys(metrics.SUMS, 0.0) | {"n": 10.0, "sum_y": 10.0 * number, "sum_e2": 10 * error**2}
                sums["sum_y2"] = 10.0 * number**2 + (0 if piece == "mean" else 5.0)
                key = {"task": "world", "variant": variant, "fusion": "-" if variant == "none" else "channels"}
                key |= {"split": "spatial", "fold": 1, "seed": 0, "run": variant, "part": piece, "name": f"0:{number}"}
                rows.append(key | {"placeness": 1.0, "world": 0, "cells": 2, "lon": -100.0, "lat": 40.0} | sums)
    return pd.DataFrame(rows)


def test_maps_are_compared_part_by_part_and_the_truth_is_taken_apart():
    table = placeness.on_maps(maps(), {"lonlat": "none"}).set_index("piece")
    assert set(table.index) <= set(map_error.PARTS) and table.loc["near", "difference"] == pytest.approx(-1)
    assert placeness.on_maps(maps(), {"sincos": "none"}).empty
    y = np.repeat([0.0, 1.0, 2.0], 2)
    assert placeness.between_places(maps())[1.0] == pytest.approx(y.var() / (y.var() + 0.5))


def test_scores_against_the_truth_have_a_column_a_part():
    scores = pd.DataFrame(
        [
            ("spatial", "lonlat", "map", 2.0, -0.5),
            ("spatial", "lonlat", "map", 3.0, 0.1),
            ("spatial", "none", "near", 1, 0),
        ],
        columns=["split", "arm", "part", "rmse", "r2"],
    )
    shown = page.truth(scores)
    assert shown["arm"].tolist() == ["no location", "lon/lat"]
    assert shown["all land"].tolist() == ["–", "2.50"] and shown["R², all land"].tolist() == ["–", "−0.20"]


def test_every_drawing_has_a_panel_for_each_split_or_arm():
    table = found(("lonlat", 0.0, 0.2, 0.1), ("lonlat", 2.0, 0.3, 0.1), ("sincos", 0.0, 0.0, 0.1))
    fits = table[["split", "arm", "placeness"]].assign(value=0.1)
    fig = page.draw_gains(table, fits, "ΔR²")
    assert [ax.get_title("left") for ax in fig.axes] == ["WR · spatial"] and fig.axes[0].get_xticks().tolist() == [0, 2]
    fig = page.draw_null(table)
    assert [ax.get_title("left") for ax in fig.axes] == ["lon/lat", "sin/cos"]
    assert all(ax.get_xlabel() == "ΔR² of one world" for ax in fig.axes)
    fig = page.draw_truth(table.iloc[:2].assign(piece=["map", "days"]))
    assert fig.axes[0].get_title("left") == "WR · spatial, placeness 0"
    assert [text.get_text() for text in fig.axes[0].get_yticklabels()] == list(page.PIECES.values())


def test_tables_of_no_differences_have_the_columns_of_some():
    assert set(matched.FOUND) < set(
        placeness.differences(pd.DataFrame({"task": [], "placeness": []}), None, {}).columns
    )
