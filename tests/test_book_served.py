"""What the page on who is served tabulates and draws, from made-up numbers."""

from __future__ import annotations

import matplotlib

matplotlib.use("Agg")

import numpy as np
import pandas as pd
import pytest

from placeprior.book import served
from placeprior.book.results import Results
from placeprior.evidence import error_maps
from placeprior.evidence.error_maps import ErrorMaps
from placeprior.scores import metrics

ARMS = {"idw": 3.0, "none+head": 2.0, "lonlat": 1.0, "geoclip-hadamard": 2.5}

pytestmark = pytest.mark.usefixtures("styled")


def made(task="world", arms=ARMS):
    """A task with maps of a few arms over sixty stations, and scores of bias of two seeds."""
    rng = np.random.default_rng(0)
    lonlat = np.column_stack([rng.uniform(-120, -75, 60), rng.uniform(32, 46, 60)])
    place = pd.DataFrame({"lon": lonlat[:, 0], "lat": lonlat[:, 1]}, index=[f"s{i}" for i in range(60)])
    whole = {}
    for arm, size in arms.items():
        errors = size * rng.uniform(0.8, 1.2, 60)
        sums = dict.fromkeys(metrics.SUMS, 0.0) | {"n": 10.0, "sum_e": 10 * errors, "sum_e2": 10 * errors**2}
        whole[arm] = place.assign(**sums, rmse=errors, bias=errors)
    west = lonlat[:, 0] < -100
    masks = {"all": west | True, "West": west, "west": west, "east": ~west} if arms else {}
    maps = ErrorMaps(whole, {arm: {0: table, 1: table} for arm, table in whole.items()}, masks)
    rows = [
        {"arm": arm, "seed": seed, "measure": measure, "value": size + seed, "chance": 1.0, "sd": 0.5, "p": 0.01 * size}
        for arm, size in arms.items()
        for seed in (0, 1)
        for measure in ("rmse", *served.SCORES)
    ]
    bias = pd.DataFrame(rows, columns=["arm", "seed", "measure", "value", "chance", "sd", "p"])
    own = Results("tiny", task, "embedded world", pd.DataFrame(), pd.DataFrame())
    return served.Served(own, maps, bias)


def even(own):
    return error_maps.evenness(own.out, lambda _: "none+head", own.arms, 0.0)


def test_maps_show_errors_and_what_telling_the_place_changes():
    own = made()
    assert own.arms == ["none+head", "lonlat", "geoclip-hadamard"]
    assert served.draw_maps(own) == "embedded world (simulated) · profile tiny · n = 60 stations"


def test_gaps_have_a_panel_each_and_a_row_an_arm():
    found = {"weather, 2019": even(made("weather-2019")), "embedded world": even(made())}
    fig, table = served.draw_gaps(found)
    assert [ax.get_title("left") for ax in fig.axes] == list(served.GAPS.values())
    west = fig.axes[list(served.GAPS).index("west − east")]
    assert [text.get_text() for text in fig.axes[0].get_yticklabels()] == ["lon/lat", "GeoCLIP"]
    assert len(west.collections) == 4, "two arms of two tasks"
    assert "none+head" not in set(table["arm"]) and set(table["who"]) <= set(served.GAPS)


def test_clear_changes_are_counted_task_by_task():
    numbers = {"change": [0.9, 0.2, 0.1], "low": [0.7, 0.01, np.nan], "clear": [1, 1, 0], "se": 0.09, "dof": 30.0}
    table = pd.DataFrame({"arm": ["lonlat", "sincos", "sincos"], "who": "spread"} | numbers)
    told = served.counted({"weather, 2019": table, "embedded world": table.iloc[[2, 2]]})
    assert told == (
        "2 of 2 changes are clear on *weather, 2019*, and 2 by {term}`Holm's rule`; "
        "0 of 0 changes are clear on *embedded world*, and 0 by {term}`Holm's rule`."
    )
    assert ", and 1 by" in served.counted({"weather, 2019": table.assign(se=[0.09, 0.15, 0.1])})
    assert served.counted({}) == ""


def test_scores_stand_beside_the_band_of_chance():
    fig, table = served.draw_scores(made())
    assert [ax.get_title("left") for ax in fig.axes] == [served.SCORES[key] for key in served.DRAWN]
    assert all(len(ax.patches) == 1 and len(ax.collections) == 3 for ax in fig.axes)
    assert set(table["measure"]) == set(served.DRAWN) and "idw" not in set(table["arm"])


def test_counts_and_patterns_become_text():
    table = served.raised([made(), made("weather-2019", {})], ["idw"])
    row = table[table["measure"] == "by scale"].iloc[0].tolist()
    assert row == ["embedded world", "by scale", "2", "1", "1", "0", "–"]
    text = served.planted(pd.DataFrame({"scale": [-1.23]}, index=["dealt"]))
    assert text.loc["dealt", "by scale"] == "−1.2" and text.loc["dealt", "by direction"] == "–"
