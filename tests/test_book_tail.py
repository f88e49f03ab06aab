"""The page about parts of an error: every arm is drawn where its scores are, real measurements first."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex

from placeprior.book import tail
from placeprior.book.signs import MARKS
from placeprior.evidence import strata, subsets

pytestmark = pytest.mark.usefixtures("styled")
METRICS = [*tail.PARTS, *(f"{what}_{level}" for what in ("far", "pod") for level in tail.LEVELS)]


def made(task="world", splits=("spatial",)):
    """A table as the evidence has it, all scores 0.5 and all differences -0.25."""
    parts = ["all", "smoke", "no-smoke", "high-35", *strata.SEASONS]
    asked = [("all", metric) for metric in METRICS] + [(stratum, "rmse") for stratum in parts]
    arms = (("none", "-"), ("none+head", "-"), ("geoclip", "hadamard"))
    rows = [(task, *arm, split, *score) for arm in arms for split in splits for score in asked]
    table = pd.DataFrame(rows, columns=["task", "variant", "fusion", "split", "stratum", "metric"])
    for name in subsets.REFERENCES.values():
        lacks = table["variant"].isin({"none": ["none"], "head": ["none", "none+head"]}[name])
        for column, value in (("difference", -0.25), ("low", -0.5), ("high", -0.1)):
            table[f"{column}_{name}"] = np.where(lacks, np.nan, value)
    return subsets.referenced(table.assign(value=0.5, n=1234, fits=4))


DRAWINGS = [tail.draw_parts, tail.draw_strata, tail.draw_events]


@pytest.mark.parametrize("draw", DRAWINGS)
def test_every_drawing_says_its_origin_and_names_its_arms(draw):
    table = made() if draw is tail.draw_events else subsets.told(made())
    assert draw(table, ["demo"]).startswith("embedded world (simulated) · profile demo · n = 1,234")
    words = {text.get_text().replace("\n", " ") for text in plt.gcf().findobj(plt.Text)}
    assert "GeoCLIP, Hadamard" in words and "embedded world WR · spatial" in words


def test_real_measurements_come_first_and_panels_say_which_are_simulated():
    table = pd.concat([made(), made("weather-2019")])
    text = tail.draw_parts(subsets.told(table), ["aqs", "demo"])
    assert text.startswith("real measurements · profile aqs and demo") and "simulated where a panel says so" in text
    titles = [ax.get_title("left").split("\n")[0] for ax in plt.gcf().axes]
    assert titles == ["weather, 2019", "embedded world"]


@pytest.mark.parametrize("draw", DRAWINGS)
def test_without_results_a_line_says_so(draw):
    assert "n = 0" in draw(made().iloc[:0], ["aqs"])


def test_a_model_that_told_no_such_day_is_not_drawn():
    table = made()
    table.loc[table["metric"] == "far_55", "value"] = np.nan
    tail.draw_events(table, ["demo"])
    above, below = plt.gcf().axes
    assert len(above.collections) == len(below.collections) + 3
    assert [text.get_text() for text in below.texts] == ["no such day told"]


def test_a_smaller_error_points_up_and_is_told_in_per_cent_of_the_reference():
    tail.draw_strata(subsets.told(made()), ["demo"])
    (ax,) = plt.gcf().axes
    assert [text.get_text() for text in ax.get_yticklabels()][:3] == ["all days", "at least 35", "smoke"]
    assert [text.get_text() for text in ax.get_xticklabels()] == ["GeoCLIP,\nHadamard"], "heads of columns are narrow"
    assert {text.get_text() for text in ax.texts} == {f"−{25 / 0.75:.0f}"}
    assert {to_hex(dots.get_facecolor()[0]) for dots in ax.collections} == {MARKS[1][1]}
