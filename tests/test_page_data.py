"""What the page about the data draws and tabulates, on a small cube."""

import numpy as np
import pytest

from placeprior.book import data as page
from placeprior.data.cube import predictors
from placeprior.data.world.simulation import World
from placeprior.scores.association import associations
from placeprior.space.splits import HISTORY


@pytest.fixture(scope="module")
def cube():
    return World(stations=15, days=70).cube()


pytestmark = pytest.mark.usefixtures("styled")


def test_every_variable_is_listed_with_its_unit_and_role(cube):
    table = page.variable_table(cube).set_index("name")
    assert list(table.loc["`lon`"]) == ["station", "° east", "longitude", "where"]
    assert table.loc["`pm25`", "role"] == "target" and table.loc["`pm25`", "unit"] == "µg m-3"
    assert set(table.index) == {"`lon`", "`lat`", *(f"`{name}`" for name in cube.data_vars)}


def test_means_leave_out_what_was_not_measured(cube):
    few = cube.copy(deep=True)
    few["pm25"][0], few["pm25"][1] = np.nan, np.nan
    few["pm25"][1, 3:5] = [4.0, 6.0]
    assert np.isnan(page.means(few)[0]) and page.means(few)[1] == 5.0


def test_stations_are_chosen_by_what_they_measured(cube):
    planted = cube.copy(deep=True)
    planted["pm25"][:] = 10.0
    planted["pm25"][2, 5] = 900.0
    planted["pm25"][4], planted["pm25"][6], planted["pm25"][8, 1:] = 12.0, 3.0, np.nan
    assert list(page.telling_stations(planted).values()) == [2, 4, 6, 8]


def test_the_example_of_a_window_was_measured_and_has_its_history(cube):
    station, day = page.example_of_a_window(cube)
    assert np.isfinite(cube["pm25"].values[station, day]) and day >= HISTORY


def test_a_station_that_reports_rarely_is_drawn_as_dots(cube):
    days = np.isfinite(cube["pm25"].values).mean(1)
    fig = page.draw_series(cube, {"often": int(days.argmax()), "rarely": int(days.argmin())})
    often, rarely = (ax.lines[0] for ax in fig.axes)
    assert (often.get_linewidth(), often.get_marker()) == (0.9, "") and rarely.get_marker() == "o"
    assert fig.axes[1].get_title(loc="left").startswith("rarely: world-")


def test_the_tail_counts_down_to_the_largest_value_but_one():
    values = np.sort(np.random.default_rng(0).lognormal(2, 1, 500))
    right = page.draw_tail(values).axes[1]
    assert right.lines[0].get_ydata()[-1] == pytest.approx(100 / 500)
    assert right.lines[0].get_xdata()[-1] == values[-2]


def test_missing_days_are_shares_of_a_month(cube):
    table = page.missing_by_month(cube, ["pm25", "aod"])
    january = np.isnan(cube["pm25"].values[:, :31]).mean()
    assert table.loc["pm25"].iloc[0] == pytest.approx(100 * january) and table.shape == (2, 3)


def test_stations_are_sorted_by_how_often_they_report(cube):
    fig = page.draw_missing(cube)
    grid = fig.axes[1].images[0].get_array()
    assert (np.diff((~np.asarray(grid, bool)).sum(1)) <= 0).all() and len(grid) == 15
    assert [label.get_text() for label in fig.axes[0].get_yticklabels()][0] == "PM2.5"


def test_associations_separate_days_from_places(cube):
    planted = cube.copy(deep=True)
    level = np.arange(15.0)[:, None]
    swing = np.random.default_rng(0).normal(size=(15, 70))
    planted["pm25"][:] = 50 + level + 0.1 * swing
    planted["temperature"][:] = level - swing  # with the place, against the day
    found = associations(planted).set_index("name")
    assert set(found.index) == set(predictors(cube))
    assert found.loc["temperature", "within"] == pytest.approx(-1, abs=0.01)
    assert found.loc["temperature", "between"] == pytest.approx(1, abs=0.02)
    assert np.isnan(found.loc["doy_sin", "between"]) and found["within"].is_monotonic_increasing
    assert found.loc["aod", "n"] == np.isfinite(cube["aod"].values).sum()


def test_a_pair_of_bars_a_predictor(cube):
    found = associations(cube)
    (ax,) = page.draw_associations(found).axes
    assert len(ax.patches) == 2 * len(found) and ax.get_yticklabels()[0].get_text() == page.on_axis(found.name[0])


def test_windows_end_at_the_day_and_pm25_has_none(cube):
    windows, day = {"small": 3, "large": 9}, HISTORY + 12
    axes = page.draw_window(cube, 0, day, windows).axes
    spans = [[patch for patch in ax.patches if patch.get_hatch() is None] for ax in axes]
    assert [len(own) for own in spans] == [2, 2, 0]
    assert {own.get_x() + own.get_width() for own in spans[0]} == {day + 0.5}
    assert [text.get_text() for text in axes[0].texts] == ["large: 9 days", "small: 3 days"]
