"""The page about parts of an error: every arm is drawn where its scores are, and every cell says what was found."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from placeprior.book import tail
from placeprior.evidence import strata, subsets

METRICS = [
    *(f"{what}_{part}" for what in ("mse", "var", "r2") for part in ("between", "within")),
    *(f"{what}_{level}" for what in ("far", "pod") for level in tail.LEVELS),
    *(f"q{quantile}_mbe" for quantile in tail.QUANTILES),
]


def made(task="world", arms=(("none", "-"), ("none+head", "-"), ("geoclip", "hadamard")), splits=("spatial",)):
    """A table as the evidence has it, all scores 0.5 and all differences -0.25."""
    parts = ["all", "smoke", "no-smoke", "high-35", *strata.SEASONS]
    asked = [("all", metric) for metric in ("r2", *METRICS)] + [(stratum, "rmse") for stratum in parts]
    rows = [(task, *arm, split, *score) for arm in arms for split in splits for score in asked]
    table = pd.DataFrame(rows, columns=["task", "variant", "fusion", "split", "stratum", "metric"])
    for name in subsets.REFERENCES.values():
        lacks = table["variant"].isin({"none": ["none"], "head": ["none", "none+head"]}[name])
        for column, value in (("difference", -0.25), ("low", -0.5), ("high", -0.1)):
            table[f"{column}_{name}"] = np.where(lacks, np.nan, value)
    return subsets.referenced(table.assign(value=0.5, n=1234))


DRAWINGS = [tail.draw_parts, tail.draw_means_and_days, tail.draw_events, tail.draw_quantiles, tail.draw_strata]


@pytest.mark.parametrize("draw", DRAWINGS)
def test_every_drawing_says_its_origin_and_names_its_arms(draw):
    assert draw(made(), "demo", embedded=True).startswith("embedded world (simulated) · profile demo · n = 1,234")
    fig = plt.gcf()
    words = {text.get_text().replace("\n", " ") for text in fig.findobj(plt.Text)}
    assert "GeoCLIP, Hadamard" in words and "WR · spatial" in {word.split(":")[0] for word in words}


@pytest.mark.parametrize("draw", DRAWINGS)
def test_without_results_a_line_says_so(draw):
    assert "real measurements · profile aqs · n = 0" in draw(made().iloc[:0], "aqs", embedded=False)


def test_bars_are_as_long_as_the_error_and_the_variance():
    table = made()
    table.loc[table["metric"] == "mse_within", "value"] = 2.0
    tail.draw_parts(table, "demo", embedded=True)
    ends = [patch.get_x() + patch.get_width() for patch in plt.gcf().axes[0].patches]
    assert ends == [0.5] * 4 + [1.0, 2.5, 2.5, 2.5]


def test_a_model_that_told_no_such_day_is_not_drawn():
    table = made()
    table.loc[table["metric"] == "far_55", "value"] = np.nan
    tail.draw_events(table, "demo", embedded=True)
    above, below = plt.gcf().axes
    assert len(above.collections) == len(below.collections) + 3
    assert [text.get_text() for text in below.texts] == ["no such day told"]


def test_a_difference_in_per_cent_is_of_the_reference():
    tail.draw_strata(made(), "demo", embedded=True)
    kinds, seasons = plt.gcf().axes
    assert [text.get_text() for text in kinds.get_yticklabels()] == ["all days", "no smoke", "smoke", "at least 35"]
    assert len(seasons.collections) == 4
    assert {round(float(dots.get_offsets()[0][0]), 6) for dots in kinds.collections} == {round(-25 / 0.75, 6)}


def test_scores_are_listed_by_task_split_and_arm_with_a_dash_for_none():
    table = pd.concat([made("weather-2019"), made(splits=("checkerboard-16", "spatial"))])
    found = tail.scores_of(table, {("all", "r2"): "R²", ("all", "other"): "other"})
    assert found["task"].drop_duplicates().tolist() == ["Embedded world", "Weather, 2019"]
    assert found["split"].tolist()[:6] == ["WR · spatial"] * 3 + ["OoR · 16°"] * 3
    assert set(found["R²"]) == {"0.50"} and set(found["other"]) == {"–"}


def test_intervals_are_folded_a_table_a_stratum():
    told = subsets.told(made())
    text = tail.intervals(told, "world", "profile demo, embedded world")
    assert text.count(":::{table}") == 8 and "{admonition} Embedded world: differences of RMSE" in text
    assert ":name: tab-tail-world-jja" in text and "**−0.250** (−0.500 to −0.100)" in text
    assert tail.intervals(told.assign(low=np.nan), "world", "") == ""
