"""What the page on real measurements tabulates and draws, from made-up numbers."""

from __future__ import annotations

import matplotlib

matplotlib.use("Agg")

import numpy as np
import pandas as pd
import pytest

from placeprior.book import aqs
from placeprior.book.results import Results

ARMS = ("none", "lonlat", "geoclip-hadamard")


pytestmark = pytest.mark.usefixtures("styled")


def made(task="weather-2019", title="weather, 2019"):
    """Two seeds of three arms on one split, R2 of 0.1, 0.2, 0.3, each testing two stations."""
    rows = [
        {"task": task, "arm": arm, "split": "random", "fold": 1, "seed": seed, "metric": "r2", "value": (n + 1) / 10}
        for n, arm in enumerate(ARMS)
        for seed in (0, 1)
    ]
    scores = pd.DataFrame(rows).assign(n=1200)
    scores["run"] = [f"{row.arm}-{row.seed}" for row in scores.itertuples()]
    sums = pd.DataFrame([{"run": run, "name": name} for run in scores["run"] for name in "ab"])
    return Results("tiny", task, title, scores, sums)


def test_sizes_count_runs_rows_and_stations():
    assert aqs.sizes([made()]).to_numpy().tolist() == [["weather, 2019", "WR · random", "6", "1,200", "2", "2"]]
    assert aqs.sizes([]).empty


def test_scores_are_shown_with_errors_folded_below_or_a_line_that_there_are_none():
    own = made()
    own.scores[["variant", "fusion"]] = [arm.partition("-")[::2] for arm in own.scores["arm"]]
    text = aqs.score_tables(own).data
    assert "tab-aqs-weather-r2" in text.partition("::::")[0] and "tab-aqs-weather-rmse-35" in text.partition("::::")[2]
    none = Results("tiny", "weather-2019", "weather, 2019", own.scores.iloc[:0], own.sums)
    assert aqs.score_tables(none).data == "*No runs of task `weather-2019` are in `results/tiny`.*"


def test_few_stations_may_hold_much_of_the_change():
    gains = pd.DataFrame({"gain": [10.0, *([-1.0] * 30)], "n": 1.0})
    assert aqs.concentration({"one": gains}).to_numpy().tolist() == [["one", "31", "3 %", "1", "25 %"]]


@pytest.mark.parametrize(("clear", "words"), [(1, "agrees"), (-1, "does not agree"), (0, "undecided")])
def test_directions_stand_beside_the_reported_ones(clear, words):
    gaps = pd.DataFrame({"split": "random", "arm": ["geoclip-hadamard"], "clear": [clear]})
    table = aqs.beside_reported([made()], {"weather-2019": gaps}).set_index("arm")
    assert table.loc["GeoCLIP, Hadamard", "reported (second-hand)"] == "0.73 → 0.79"
    assert table.loc["GeoCLIP, Hadamard", "weather, 2019"] == f"0.10 → 0.30, {words}"
    assert table.loc["lon/lat", "weather, 2019"] == "no fits yet"


def test_cost_is_read_from_the_stamps():
    own = made()
    stamp = {"seconds": 30.0, "device": "cpu", "threads": 2, "torch": "2", "system": "Linux"}
    stamps = {run: stamp | {"parameters": 1000 * (n + 1)} for n, run in enumerate(own.scores["run"][:2])}
    stamps[own.scores["run"][2]] = stamp | {"parameters": None}  # a rival without a network
    (row,) = aqs.cost([own], stamps).to_numpy().tolist()
    assert row == ["weather-2019", "3", "2", "2", "1,000 to 2,000", "cpu, 2 threads", "torch 2, Linux"]
    assert aqs.cost([own], {})["parameters"].tolist() == ["–"]


def test_maps_and_attention_have_a_panel_a_task():
    gains = pd.DataFrame({"lon": [-100.0, -90.0], "lat": [40.0, 35.0], "gain": [1.0, -2.0], "n": 5.0})
    titles = [ax.get_title(loc="left") for ax in aqs.draw_gains({"one": gains, "two": gains}).axes]
    assert [title for title in titles if title] == ["one, 2 stations", "two, 2 stations"]
    weights = pd.DataFrame({"arm": np.repeat(ARMS, 2), "lag": [-1, 0] * 3, "weight": [0.4, 0.6] * 3})
    fig = aqs.draw_attention({"one": weights, "two": weights})
    assert len(fig.axes) == 2 and len(fig.legends[0].get_texts()) == len(ARMS)
    assert fig.axes[0].lines[-1].get_ydata()[0] == 0.5  # an even spread over two days
