"""What the page on who is served says, tabulates and draws, from made-up numbers."""

from __future__ import annotations

from types import SimpleNamespace

import matplotlib

matplotlib.use("Agg")

import numpy as np
import pandas as pd
import pytest

from placeprior.book import served, served_figures
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
        for measure in ("rmse", *served.SCORES, *(f"towards-{turn}" for turn in range(0, 360, 45)))
    ]
    bias = pd.DataFrame(rows, columns=["arm", "seed", "measure", "value", "chance", "sd", "p"])
    own = Results("tiny", task, "embedded world", pd.DataFrame(), pd.DataFrame())
    return served.Served(own, maps, maps, bias, [])


def gaps(changes):
    rows = [
        {
            "arm": f"arm{i}",
            "who": "west − east",
            "value": value,
            "change": change,
            "clear": clear,
            "low": 0.0,
            "high": 0.0,
        }
        for i, (value, change, clear) in enumerate(changes)
    ]
    return pd.DataFrame(rows)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ([(1.0, 0.5, 0)], "none of 1 changes"),
        (
            [(1.0, 0.5, 1), (1.0, 0.1, 0)],
            "1 of 2 changes of a gap or of the spread over regions is clear: 1 towards a less",
        ),
        ([(1.0, 0.5, 1), (0.1, -0.9, -1)], "are clear: 1 towards a less even service, 1 towards a more even one"),
        ([(-1.0, -0.5, -1)], "is clear: 1 towards a less even service, 0 towards"),
    ],
)
def test_clear_changes_are_counted_by_what_they_do_to_evenness(changes, words):
    assert words in served.changed(gaps(changes))


def test_the_reference_does_not_count_as_changed():
    assert "none of 0 changes" in served.changed(gaps([(1.0, 0.5, 1)]), reference="arm0")


@pytest.mark.parametrize(
    ("p", "words"), [([0.9], "0 of 1 arms are"), ([0.01, 0.9], "1 of 2 arms is"), ([0.01] * 2, "2 of 2 arms are")]
)
def test_arms_beyond_chance_are_counted(p, words):
    arms = [f"arm{i}" for i in range(len(p))]
    assert words in served.beyond_chance(pd.DataFrame({"arm": arms, "measure": "scale", "p": p}), arms)


def test_agreement_by_luck_depends_on_the_seeds():
    assert "one case of 8; so 12 %" in served.by_chance(3) and "One seed cannot agree" in served.by_chance(1)


@pytest.mark.parametrize(
    ("up", "down", "arms", "words"),
    [
        ([1, 1], [0, 0], 2, "too few"),
        ([9, 9], [0, 0], 10, "borne out"),
        ([0, 0], [9, 9], 10, "contradicted"),
        ([9, 0], [0, 9], 10, "neither holds"),
    ],
)
def test_a_claim_holds_where_most_measures_say_so_of_most_encoders(up, down, arms, words):
    assert words in served.verdict(pd.DataFrame({"arms": arms, "raise": up, "lower": down}))


def test_tables_say_what_was_found():
    own = made()
    even = error_maps.evenness(own.out, "none+head", own.arms, 0.0)
    assert own.arms == list(ARMS) and own.stations == 60
    table = served.regions(own, even)
    assert list(table) == ["stations", "inverse distance", "no location, extra head", "lon/lat", "GeoCLIP"]
    assert list(table.index) == ["West", "**spread**", "**all stations**"] and table["stations"].iloc[-1] == "60"
    table = served.gap_changes(even)
    assert list(table.index) == ["lon/lat", "GeoCLIP"] and list(table) == ["west − east", "spread over regions", "RMSE"]
    assert table.loc["lon/lat", "RMSE"].startswith("**−0.9") and table.loc["lon/lat", "spread over regions"] == "–"
    assert served.improved(own, ["lonlat"]).loc["lon/lat", ["all stations", "far"]].tolist() == ["100", "–"]
    assert served.scores(own).loc["lon/lat", "by scale, nats"] == "1.500 ± 0.707 (+1)"


def test_counts_and_patterns_become_text():
    found = pd.DataFrame([("scale", 9, 4, 2, -0.5, -0.8, -0.1), ("ssi", 2, 1, 1, np.nan, np.nan, np.nan)])
    found.columns = ["measure", "arms", "raise", "lower", "rho", "low", "high"]
    table = served.raised({"embedded world": found})
    assert table.iloc[0].tolist() == ["embedded world", "by scale", 9, 4, 2, 3, "−0.50 (−0.80 to −0.10)"]
    assert table.iloc[1, -1] == "–" and served.raised({}).empty
    text = served.planted(pd.DataFrame({"scale": [-1.23]}, index=["dealt"]))
    assert text.loc["dealt", "by scale"] == "−1.2" and text.loc["dealt", "by direction"] == "–"


def test_figures_are_labelled_with_their_origin():
    own = made()
    even = error_maps.evenness(own.out, "none+head", own.arms, 0.0)
    change = {"world": error_maps.changes(own.bias, "none+head", ["idw"])}
    told = [
        served_figures.draw_maps(own),
        served_figures.draw_gaps(own, even),
        served_figures.draw_semivariograms([own]),
        served_figures.draw_scores(own),
        served_figures.draw_rose([own]),
    ]
    assert all("embedded world (simulated) · profile tiny · n = 60 stations" in text for text in told)
    assert "n = 2 arms at most" in served_figures.draw_trade([own], change)
    assert "left: embedded world (simulated), profile tiny" in served_figures.draw_semivariograms(
        [own, made("weather-2019")]
    )


def test_what_was_not_made_is_said():
    none = made("weather-2019", {})
    empty = error_maps.evenness(none.out, "none+head", none.arms, 0.0)
    told = [
        served_figures.draw_maps(none),
        served_figures.draw_gaps(none, empty),
        served_figures.draw_scores(none),
        served_figures.draw_rose([none]),
        served_figures.draw_trade([none], {"weather-2019": error_maps.changes(none.bias, "none+head", [])}),
    ]
    assert set(told) == {"real measurements · profile tiny · n = 0 maps"}


def test_a_score_stands_as_a_line_among_those_of_chance():
    observed = SimpleNamespace(null=np.linspace(0.1, 0.2, 99), score=0.4)
    (ax,) = served_figures.draw_null(observed).axes
    assert sum(bar.get_height() for bar in ax.patches) == 99 and ax.lines[0].get_xdata()[0] == 0.4
    (ax,) = served_figures.draw_null(None).axes
    assert not ax.axison and "too few" in ax.texts[0].get_text()
