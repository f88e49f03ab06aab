"""What the page that compares every arm tabulates, from made-up numbers."""

import pandas as pd
import pytest

from placeprior.book import comparison
from placeprior.book.results import Results

ARMS = ("none", "lonlat", "geoclip-hadamard")


def made(split="random", folds=(1,)):
    """Two seeds of three arms, R2 of 0.1, 0.2, 0.3, a tenth more on the second fold, each testing two stations."""
    rows = [
        {"arm": arm, "split": split, "fold": fold, "seed": seed, "metric": "r2", "value": (n + fold) / 10, "n": 1200}
        for n, arm in enumerate(ARMS)
        for fold in folds
        for seed in (0, 1)
    ]
    scores = pd.DataFrame(rows)
    scores["variant"], scores["fusion"] = zip(*[arm.partition("-")[::2] for arm in scores["arm"]], strict=True)
    scores["run"] = [f"{row.arm}-{row.fold}-{row.seed}" for row in scores.itertuples()]
    sums = pd.DataFrame([{"run": run, "name": name} for run in scores["run"] for name in "ab"])
    return Results("tiny", "weather-2019", "weather, 2019", scores, sums)


def test_partitions_are_shown_apart_and_never_as_a_spread():
    table = comparison.levels(made("checkerboard-16", (1, 2)).scores)
    assert table.loc["GeoCLIP, Hadamard", "OoR · 16°"] == "0.30 / 0.40"
    assert comparison.levels(made().scores).loc["lon/lat", "WR · random"] == "0.20"


def test_sizes_count_runs_rows_and_stations():
    assert comparison.sizes({"one": made()}).to_numpy().tolist() == [["one", "WR · random", "6", "1,200", "2", "2"]]
    assert comparison.sizes({}).empty


@pytest.mark.parametrize(("clear", "words"), [(1, "agrees"), (-1, "does not agree"), (0, "undecided")])
def test_directions_stand_beside_the_reported_ones(clear, words):
    found = pd.DataFrame({"split": "random", "arm": ["geoclip-hadamard"], "clear": [clear], "low": [0.1]})
    table = comparison.beside_reported({"here": (made().scores, found)}).set_index("arm")
    assert table.loc["GeoCLIP, Hadamard", "reported (second-hand)"] == "0.73 → 0.79"
    assert table.loc["GeoCLIP, Hadamard", "here"] == f"0.10 → 0.30, {words}"
    assert table.loc["lon/lat", "here"] == "0.10 → 0.20, its reference was not run"
    alone = comparison.beside_reported({"here": (made().scores, found.assign(low=float("nan")))}).set_index("arm")
    assert alone.loc["GeoCLIP, Hadamard", "here"] == "0.10 → 0.30, trained once"
    alone = comparison.beside_reported({"here": (made().scores, found[:0])}).set_index("arm")
    assert alone.loc["GeoCLIP, Hadamard", "here"] == "0.10 → 0.30, its reference was not run"
    own = made().scores
    table = comparison.beside_reported({"here": (own[own["arm"] != "none"], found)}).set_index("arm")
    assert table.loc["GeoCLIP, Hadamard", "here"] == f"– → 0.30, {words}"  # a split that no location was not run on


def test_levels_beside_the_reported_ones_are_of_the_same_folds():
    scores = pd.DataFrame(
        {
            "arm": ["none", "geoclip-hadamard", "geoclip-hadamard"],
            "fold": [1, 1, 2],
            "value": [0.5, 0.6, 0.2],
            "split": "checkerboard-8",
            "metric": "r2",
        }
    )
    found = pd.DataFrame({"split": ["checkerboard-8"], "arm": ["geoclip-hadamard"], "clear": [0], "low": [0.0]})
    table = comparison.beside_reported({"here": (scores, found)}).set_index("arm")
    assert table.loc["GeoCLIP, Hadamard", "here"] == "0.50 → 0.60, undecided"


def test_other_arms_and_splits_stay_out_of_the_grid():
    found = pd.DataFrame({"arm": ["lonlat", "tile-hadamard", "lonlat"], "split": ["spatial", "spatial", "state"]})
    assert len(comparison.main(found)) == 1


def test_what_stays_clear_of_many_is_named():
    row = {"split": "spatial", "se": 0.01, "dof": 40.0, "low": 0.0, "high": 0.0}
    found = pd.DataFrame(
        [
            row | {"arm": "lonlat", "difference": 0.1, "clear": 1},
            row | {"arm": "sincos", "difference": 0.022, "clear": 1},
            row | {"arm": "none", "difference": -0.1, "clear": -1},
        ]
        + [row | {"arm": f"x{i}", "difference": 0.0, "clear": 0} for i in range(10)]
    )
    table = comparison.looks({"here": found})
    assert table.to_numpy().tolist() == [["here", "WR · spatial", "3 of 13", "lon/lat. **worse:** no location"]]
