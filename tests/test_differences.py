"""Differences as pages show them: panels, tables with RMSE folded below, pairs, and what stays clear of many."""

import matplotlib.pyplot as plt
import pandas as pd
import pytest

from placeprior.book import differences
from placeprior.book.results import Results
from placeprior.evidence import matched

pytestmark = pytest.mark.usefixtures("styled")


def found(*rows):
    """Differences of (split, arm, difference, half interval), each of three fits."""
    each = pd.Series([0.1, 0.2, 0.3], pd.MultiIndex.from_tuples([(1, 0), (1, 1), (2, 0)]))
    table = []
    for split, arm, difference, half in rows:
        clear = 0 if abs(difference) <= half else 1 if difference > 0 else -1
        told = {"difference": difference, "low": difference - half, "high": difference + half, "clear": clear}
        told |= {"se": half / 2, "dof": 30.0, "stations": 40, "fits": 3, "apart": each.groupby(level=0).mean()}
        table.append({"split": split, "arm": arm, **told, "each": each})
    return pd.DataFrame(table, columns=matched.FOUND)


@pytest.fixture
def task():
    return Results("demo", "world", "embedded world", pd.DataFrame(), pd.DataFrame())


def test_a_panel_a_split_and_a_line_where_nothing_is(task):
    told = found(("spatial", "lonlat", 0.1, 0.05), ("random", "lonlat", 0.1, 0.2))
    text = differences.draw(task, told, "ΔR²")
    titles = [ax.get_title("left") for ax in plt.gcf().axes]
    assert titles == ["WR · random", "WR · spatial"] and "n = 40 stations at most" in text
    assert "n = 0 runs" in differences.draw(task, told.iloc[:0], "ΔR²")
    assert "n = 0 runs" in differences.draw(task, told, "ΔR²", ["sincos"])


def test_rmse_is_folded_below_r2_and_a_task_without_runs_is_passed_over(task):
    told, none = found(("spatial", "lonlat", 0.1, 0.05), ("spatial", "sincos", 0.1, 0.05)), found()
    other = Results("aqs", "weather-2019", "weather, 2019", pd.DataFrame(), pd.DataFrame())
    every = {("world", "r2"): told, ("world", "rmse"): told, ("weather", "r2"): none, ("weather", "rmse"): none}
    text = differences.tables({"world": task, "weather": other}, every, "`none`", "x", arms=["lonlat"]).data
    assert ":name: tab-x-world-r2" in text and ":name: tab-x-world-rmse" in text and "tab-x-weather" not in text
    assert text.index("-r2") < text.index("the same in") < text.index("-rmse")
    assert "Embedded world: test R² minus that of `none`" in text and "up to 3 fits" in text
    assert "sin/cos" not in text
    assert "No such runs" in differences.tables({"weather": other}, every, "`none`", "x", arms=["lonlat"]).data


def test_pairs_are_told_apart_by_what_they_are_compared_with():
    told = found(("spatial", "geoclip-hadamard", 0.1, 0.05), ("random", "geoclip-hadamard", 0.2, 0.3))
    told["against"] = ["none+head", "urban-hadamard"]
    table = differences.pairs(told)
    assert table["against"].tolist() == ["no location, extra head", "population density, Hadamard"]
    assert table["WR · random"].tolist() == ["–", "+0.200 (−0.100 to +0.500)"]
    assert table["WR · spatial"].tolist() == ["**+0.100** (+0.050 to +0.150)", "–"]
    assert differences.pairs(told.iloc[:0]).columns.tolist() == ["arm", "against"]


def test_only_what_survives_all_looks_stays():
    told = found(
        ("spatial", "lonlat", 0.1, 0.01), ("random", "lonlat", 0.1, 0.099), ("random", "sincos", -0.1, 0.01)
    ).assign(against="none")
    told.index = [5, 5, 7]
    table = differences.staying(told)
    assert table[["split", "arm"]].values.tolist() == [["WR · random", "sin/cos"], ["WR · spatial", "lon/lat"]]
    assert set(table["against"]) == {"no location"} and table["difference"].str.startswith("**").all()
    assert differences.staying(told.iloc[:0]).empty


def test_all_looks_are_counted_and_those_that_stay_are_listed(task):
    told = found(("spatial", "lonlat", 0.1, 0.01), ("spatial", "sincos", 0.1, 0.2)).assign(against="none")
    text = differences.together(task, told).data
    assert text.startswith("**Embedded world.** Of 2 differences, 2 have an interval and 1 is clear.")
    assert "1 stays clear" in text and "lon/lat" in text and "sin/cos" not in text
    assert ":::{table}" not in differences.together(task, told.iloc[1:]).data
    assert differences.together(task, told.iloc[:0]).data == ""


def test_pairs_of_every_task_have_a_table_of_their_own(task):
    told = found(("spatial", "geoclip-hadamard", 0.1, 0.05)).assign(against="urban-hadamard")
    other = Results("aqs", "weather-2019", "weather, 2019", pd.DataFrame(), pd.DataFrame())
    text = differences.pair_tables({"a": task, "b": other}, {"a": told, "b": told.iloc[:0]}, "x").data
    assert ":name: tab-x-world" in text and "tab-x-weather" not in text
    assert "No such runs" in differences.pair_tables({"b": other}, {"b": told.iloc[:0]}, "x").data
