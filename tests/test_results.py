"""What pages take from committed results, and the small things they share."""

from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from placeprior.book import figures, results, tables
from placeprior.runs import plan, store

ROOT = Path(__file__).parents[1]


@pytest.fixture(autouse=True)
def here(monkeypatch):
    monkeypatch.chdir(ROOT)


def test_results_of_a_task_are_its_own_and_sums_are_of_the_same_runs():
    found = results.load("aqs", "weather-2019")
    assert set(found.scores["task"]) == {"weather-2019"} and not found.scores["split"].str.contains("@").any()
    assert set(found.sums["run"]) == set(found.scores["run"])
    assert (found.embedded, found.heading, found.short) == (False, "Weather, 2019", "weather")
    assert found.origin == "profile aqs, real measurements"


def test_results_can_be_narrowed():
    found = results.load("demo", "world", "book", arms=["none", "lonlat"], splits=["spatial"], seeds=[0])
    runs = {run.id for run in plan.runs("demo", "book")}
    assert found.embedded and set(found.scores["run"]) <= runs
    assert {*found.scores["arm"]} == {"none", "lonlat"} and {*found.scores["split"]} == {"spatial"}
    assert {*found.scores["seed"]} == {0}


def test_a_task_without_runs_has_empty_tables():
    found = results.load("demo", "weather-2019")
    assert found.scores.empty and found.sums.empty and "run" in found.sums


@pytest.mark.parametrize(("count", "rows", "columns"), [(1, 1, 1), (2, 1, 2), (3, 2, 2), (4, 2, 2)])
def test_panels_show_no_empty_axes(count, rows, columns):
    fig, axes = figures.panels(count, 2, row=2.0, extra=0.5)
    assert len(axes) == count and all(ax.get_visible() for ax in axes)
    assert axes[0].get_subplotspec().get_gridspec().get_geometry() == (rows, columns)
    assert len([ax for ax in fig.axes if ax.get_visible()]) == count
    assert np.allclose(fig.get_size_inches(), [6.4, 2.0 * rows + 0.5])
    plt.close(fig)


def test_a_table_has_its_numbers_to_the_right_and_a_caption_where_one_is_given():
    frame = pd.DataFrame({"R²": ["−0.5 ± 0.1", "0.25"], "told": ["WR · random", "no"]}, index=["a", "b"])
    bare = tables.plain(frame.rename_axis("arm")).data
    assert bare.splitlines()[1].replace("-", "") == "|:|:|:|" and "WR\u00a0·\u00a0random" in bare
    shown = tables.captioned(frame, "What is told", "tab-told").data
    assert shown.startswith(":::{table} What is told\n:name: tab-told\n") and "| arm" not in shown


def test_what_a_page_rests_on_is_counted():
    text = results.spent("core", profiles=["demo"]).data
    runs = set(store.scores("demo", "core")["run"]) & set(store.stamps("demo"))
    assert runs and text.startswith(f"*Made for this page: `demo`, {len(runs)} runs, ")
    assert not results.spent("no such matrix", profiles=["demo"]).data


def test_what_lacks_is_named_and_what_no_profile_asks_for_lacks_too():
    assert results.has("demo", "core") and results.missing("demo", "core").data == ""
    assert not results.has("demo", "core", "no-such-matrix")
    assert results.lacking("demo", "no-such-matrix") == ["`no-such-matrix` of profile `demo` (0 of 0)"]
    assert results.missing("demo", "no-such-matrix").data.startswith("*Still to be run: `no-such-matrix`")
