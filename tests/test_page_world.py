"""What the page about the embedded world draws and tabulates, on a small world and on made-up numbers."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from placeprior import coords
from placeprior.book import figures, world
from placeprior.data.world.moments import MOMENTS
from placeprior.data.world.simulation import World

SMALL = World(stations=12, days=20)


@pytest.fixture(autouse=True)
def _closed():
    with plt.rc_context():
        figures.style()
        yield
    plt.close("all")


@pytest.fixture(scope="module")
def monitors():
    return SMALL.components(SMALL.monitors, range(20))


@pytest.fixture(scope="module")
def land():
    return coords.Land(3.0)


@pytest.fixture(scope="module")
def days(land):
    return SMALL.components(land.places, [3, 12])


def titles(fig):
    return [ax.get_title(loc="left") for ax in fig.axes if ax.get_title(loc="left")]


def test_a_day_is_named_on_the_truth_and_has_its_parts_and_the_haze(land, days):
    fig = world.draw_day(land, days.isel(time=1), (40, 15, 12, 6, 60, 0.3))
    assert titles(fig) == ["13 January"]
    said = [ax.get_xlabel() for ax in fig.axes if ax.get_xlabel()]
    assert [text.split(" [")[0] for text in said] == [
        "true PM2.5",
        "background",
        "local",
        "heating",
        "smoke surface",
        "AOD (grey: cloud)",
    ]


def test_the_ground_has_four_maps_with_units_where_there_are_any(land, days):
    said = [ax.get_xlabel() for ax in world.draw_ground(land, days).axes if ax.get_xlabel()]
    assert said == ["elevation [m]", "basin", "urbanity", "aridity"]


def test_the_year_stacks_to_the_mean_of_the_parts_and_marks_days(monitors):
    fig = world.draw_year(monitors, pd.to_datetime(monitors.time.values[[2, 9]]))
    (ax,) = fig.axes
    assert len(ax.lines) == 2 and len(ax.collections) == 4
    top = ax.collections[-1].get_paths()[0].vertices[:, 1].max()
    assert top == pytest.approx(float(sum(monitors[name].mean("place") for name in world.PARTS).max()), rel=1e-5)


def test_each_setting_of_placeness_has_its_panel(monitors):
    fig = world.draw_placeness({0.0: monitors, 1.0: monitors, 2.0: monitors})
    assert titles(fig) == ["placeness 0", "placeness 1", "placeness 2"]
    assert len({tuple(ax.collections[0].get_facecolor()[0]) for ax in fig.axes}) == 3


def test_every_knob_is_listed_with_its_value_and_default():
    table = world.knob_table(SMALL).set_index("knob")
    assert list(table.loc["`stations`", ["here", "default"]]) == [12, 400] and (table["what it does"] != "").all()


def test_monitors_are_counted_by_how_often_they_report():
    table = world.monitor_table(SMALL.cube()).set_index("monitors reporting")["count"]
    assert table["station-days in all"] == "240" and sum(int(count) for count in table[:3]) == 12
    assert int(table["slightly negative values, kept"]) == int((SMALL.cube()["pm25"] < 0).sum())


def test_sizes_of_the_parts_are_those_of_their_values(monitors):
    table = world.sizes(monitors)
    assert list(table.index) == ["true PM2.5", "background", "local", "heating", "smoke at the ground"]
    assert table.loc["heating", "largest"] == f"{monitors.heating.values.max():.1f}"


def test_moments_stand_beside_those_of_real_years_and_their_band():
    real = pd.DataFrame({"a": [10.0, -0.1, np.nan], "b": [12.0, -0.1, np.nan]}, index=["mean", "lag-1", "top"])
    simulated = pd.DataFrame({0: [9.0, 0.25, 0.5]}, index=real.index)
    table = world.moment_table(real, simulated, simulated[0])
    assert list(table.columns) == ["unit", "AQS (a)", "AQS (b)", "band", "world, seed 0", "world without people"]
    assert list(table.loc[MOMENTS["mean"][1]]) == ["µg m-3", "10.0", "12.0", "9.6 to 12.4", "9.0", "9.0"]
    assert list(table.loc[MOMENTS["lag-1"][1]])[1:] == ["−0.10", "−0.10", "−0.11 to −0.09", "0.25", "0.25"]
    assert list(table.loc[MOMENTS["top"][1]])[1:4] == ["–", "–", "– to –"]
