"""What the page about the data draws and tabulates, on a small cube and its record."""

import numpy as np
import pytest

from placeprior.book import data as page
from placeprior.data.world.simulation import World
from placeprior.evidence import record
from placeprior.space.splits import HISTORY


@pytest.fixture(scope="module")
def cube():
    return World(stations=15, days=70).cube()


@pytest.fixture(scope="module")
def parts(cube):
    return {part: own.reset_index(drop=True) for part, own in record.record(cube).groupby("part")}


pytestmark = pytest.mark.usefixtures("styled")


def test_every_variable_is_listed_with_its_unit_and_role(cube):
    table = page.variable_table(cube).set_index("name")
    assert list(table.loc["`lon`"]) == ["station", "° east", "longitude", "where"]
    assert table.loc["`pm25`", "role"] == "target" and table.loc["`pm25`", "unit"] == "µg m-3"
    assert set(table.index) == {"`lon`", "`lat`", *(f"`{name}`" for name in cube.data_vars)}


def test_stations_are_drawn_with_their_means_and_days(parts):
    above, below = page.draw_stations(parts["station"], days=70).axes[:2]
    drawn = [np.ma.compressed(ax.collections[-1].get_array()) for ax in (above, below)]
    assert sorted(drawn[0]) == pytest.approx(sorted(parts["station"]["value"]))
    assert sorted(drawn[1]) == pytest.approx(sorted(100 * parts["station"]["n"] / 70))


def test_a_station_that_reports_rarely_is_drawn_as_dots(parts):
    fig = page.draw_series(parts["chosen"], parts["day"], "2021-01-01")
    often, rarely = fig.axes[0].lines[0], fig.axes[-1].lines[0]
    assert (often.get_linewidth(), often.get_marker()) == (0.9, "") and rarely.get_marker() == "o"
    assert fig.axes[-1].get_title(loc="left").startswith("every sixth day (")
    day = parts["day"][parts["day"]["name"] == "every sixth day"]
    assert np.isfinite(rarely.get_ydata()).sum() == len(day)


def test_each_year_has_its_tail_and_a_normal_one(parts):
    (ax,) = page.draw_tail({"a": parts, "b": parts}).axes
    assert [line.get_label() for line in ax.lines[:4]] == ["a", "normal, as a", "b", "normal, as b"]
    level = parts["level"]
    assert ax.lines[0].get_ydata()[-1] == pytest.approx(100 * level.loc[level["value"] > 0, "value"].iloc[-1])


def test_the_example_of_a_window_was_measured_and_has_its_history(cube):
    station, day = page.example_of_a_window(cube)
    assert np.isfinite(cube["pm25"].values[station, day]) and day >= HISTORY


def test_windows_end_at_the_day_and_pm25_has_none(cube):
    windows, day = {"large": 9, "small": 3}, HISTORY + 12
    axes = page.draw_window(cube, 0, day, windows).axes
    spans = [[patch for patch in ax.patches if patch.get_hatch() is None] for ax in axes]
    assert [len(own) for own in spans] == [2, 2, 0]
    assert {own.get_x() + own.get_width() for own in spans[0]} == {day + 0.5}
    assert [text.get_text() for text in axes[0].texts] == ["9 days", "3 days"]
