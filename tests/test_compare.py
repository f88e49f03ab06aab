"""Tables, paired differences over several fits, and verdicts."""

import numpy as np
import pandas as pd
import pytest

from placeprior.book.tables import cells, gains
from placeprior.book.words import agreement, looked, minus, rule
from placeprior.runs import store
from placeprior.scores import metrics


@pytest.fixture
def results():
    """Two arms and two seeds over 40 stations; the second arm's errors are half the first's."""
    rng = np.random.default_rng(0)
    score_rows, sum_rows = [], []
    for seed in (0, 1):
        station = np.repeat(np.arange(40), 30)
        y = 10 + rng.normal(size=station.size) * 5
        error = rng.normal(size=station.size) * 3
        for variant, fusion, shrink in (("none", "-", 1.0), ("geoclip", "hadamard", 0.5)):
            table = metrics.station_sums(station, y, y + shrink * error)
            run = f"{variant}{seed}"
            total = metrics.from_sums(table.to_numpy().sum(0))
            score_rows += [
                ["world", variant, fusion, "spatial", 1, seed, name, float(value), len(y), run]
                for name, value in total.items()
            ]
            names = [f"s{i:02d}" for i in range(40)]
            lon, lat = np.tile(np.arange(-120.0, -80, 5), 5), np.repeat(np.arange(30.0, 50, 4), 8)
            sum_rows.append(table.reset_index(drop=True).assign(run=run, name=names, lon=lon, lat=lat))
    return pd.DataFrame(score_rows, columns=store.COLUMNS), pd.concat(sum_rows)


def test_cells_list_arms_in_the_books_order_and_mark_what_is_absent(results):
    frame, _ = results
    other = frame[frame["seed"] == 0].assign(split="random")
    table = cells(pd.concat([frame, other[other["variant"] == "none"]]))
    assert list(table.columns) == ["WR · random", "WR · spatial"]
    assert list(table.index) == ["no location", "GeoCLIP, Hadamard"]
    assert table.iloc[1, 0] == "–"
    assert "±" in table.iloc[1, 1] and "±" not in table.iloc[0, 0]


def fits(split, values):
    """Scores of one arm on one split, by (fold, seed)."""
    return pd.DataFrame(
        [
            ["world", "none", "-", split, fold, seed, "r2", value, 9, f"{fold}{seed}"]
            for (fold, seed), value in values.items()
        ],
        columns=store.COLUMNS,
    )


def test_partitions_stand_apart_and_their_difference_is_in_no_sd():
    values = {(1, 0): 0.40, (1, 1): 0.44, (2, 0): 0.90, (2, 1): 0.94}
    cell = cells(fits("checkerboard-16", values)).iloc[0, 0]
    assert cell == "0.42 / 0.92 ± 0.03"
    assert cells(fits("spatial", values)).iloc[0, 0] == "0.67 ± 0.03", "two tenths are parts of one test"
    alone = {(1, 0): 0.4, (2, 0): -0.9}
    assert cells(fits("checkerboard-16", alone)).iloc[0, 0] == "0.40 / −0.90"
    assert np.isnan(metrics.between_seeds(fits("spatial", alone)))


def test_gains_are_bold_where_clear_and_say_where_there_is_no_interval():
    rows = [
        ["checkerboard-16", "lonlat", 0.02, 0.01, 0.03, 1, pd.Series([0.05, -0.01])],
        ["checkerboard-16", "sincos", -0.02, -0.05, 0.01, 0, pd.Series([-0.02])],
        ["spatial", "lonlat", 0.5, np.nan, np.nan, 0, pd.Series([0.4, 0.6])],
    ]
    found = gains(pd.DataFrame(rows, columns=["split", "arm", "difference", "low", "high", "clear", "apart"]))
    assert found.loc["lon/lat", "OoR · 16°"] == "**+0.020** (+0.010 to +0.030; +0.050 / −0.010)"
    assert found.loc["sin/cos", "OoR · 16°"] == "−0.020 (−0.050 to +0.010)"
    assert found.loc["lon/lat", "WR · spatial"] == "+0.500 (no interval)"
    assert found.loc["sin/cos", "WR · spatial"] == "–"


def test_what_was_looked_at_is_counted_alone_and_together():
    found = pd.DataFrame(
        {
            "difference": [5.0, 2.1, 0.1],
            "se": 1.0,
            "dof": 100.0,
            "low": [3.0, 0.1, np.nan],
            "high": [7.0, 4.1, np.nan],
            "clear": [1, 1, 0],
        }
    )
    said = looked(found)
    assert "Of 3 differences, 2 have an interval and 2 are clear" in said and "1 stays clear" not in said
    assert "2 stay clear" in said
    many = pd.concat([found, *[found.iloc[[1]].assign(difference=0.5, low=-1.5, high=2.5, clear=0)] * 5])
    assert "1 stays clear" in looked(many)
    assert "excludes zero" in rule() and "one seed" in rule()


@pytest.mark.parametrize(
    ("split", "arm", "clear", "verdict"),
    [
        ("random", "geoclip-hadamard", 1, "agrees"),
        ("random", "geoclip-hadamard", -1, "does not agree"),
        ("random", "geoclip-hadamard", 0, "undecided"),
        ("checkerboard-16", "geoclip-hadamard", 1, "reported as equal or mixed"),
        ("checkerboard-8", "lonlat", -1, "agrees"),
        ("checkerboard-8", "geoclip-concat", 1, "–"),
    ],
)
def test_verdicts(split, arm, clear, verdict):
    assert agreement(split, arm, clear) == verdict


def test_minus_signs_are_for_numbers_only():
    text = "-0.5 to -1, (-2), m s-1, checkerboard-16, 2021-01-06"
    assert minus(text) == "−0.5 to −1, (−2), m s-1, checkerboard-16, 2021-01-06"
