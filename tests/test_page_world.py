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


def test_a_day_is_named_on_the_first_map_and_shows_what_is_asked_for(land, days):
    fig = world.draw_day(land, days.isel(time=1), {"pm25_true": 40, "smoke_surface": 60, "aod": 0.3})
    assert titles(fig) == ["13 January"]
    said = [ax.get_xlabel() for ax in fig.axes if ax.get_xlabel()]
    assert [text.split(" [")[0] for text in said] == ["true PM2.5", "smoke surface", "AOD (grey: cloud)"]


def test_the_ground_has_four_maps_with_units_where_there_are_any(land, days):
    said = [ax.get_xlabel() for ax in world.draw_ground(land, days).axes if ax.get_xlabel()]
    assert said == ["elevation [m]", "basin", "urbanity", "aridity"]


def test_each_setting_of_placeness_has_its_panel(monitors):
    fig = world.draw_placeness({0.0: monitors, 1.0: monitors, 2.0: monitors})
    assert titles(fig) == ["placeness 0", "placeness 1", "placeness 2"]
    assert len({tuple(ax.collections[0].get_facecolor()[0]) for ax in fig.axes}) == 3


def test_fields_are_those_of_the_land(land, days):
    made = world.fields(land, days[["elevation", "basin"]])
    assert made["basin"].dims == ("lat", "lon") and made["elevation"].attrs["units"] == "m"
    known = made["elevation"].values[np.isfinite(made["elevation"].values)]
    assert known == pytest.approx(days["elevation"].values.ravel(), rel=1e-6)


def test_moments_stand_beside_those_of_real_years_and_their_band():
    real = pd.DataFrame({"t-1": [10.0, -0.1, np.nan], "t-2": [12.0, -0.1, np.nan]}, index=["mean", "lag-1", "top"])
    band = pd.DataFrame({"low": [9.6, -0.11, np.nan], "high": [12.4, -0.09, np.nan]}, index=real.index)
    own = band.assign(task="world", value=[9.0, 0.25, 0.5], inside=[0, 0, 1]).rename_axis("moment").reset_index()
    table = world.moment_table(real, pd.concat([own, own.assign(task="world-regional", inside=1)]))
    assert list(table.columns) == ["unit", "EPA, 1", "EPA, 2", "band", "world", "without people"]
    assert list(table.loc[MOMENTS["mean"][1]]) == ["µg m-3", "10.0", "12.0", "9.6 to 12.4", "**9.0**", "9.0"]
    assert list(table.loc[MOMENTS["lag-1"][1]])[1:4] == ["−0.10", "−0.10", "−0.11 to −0.09"]
    assert list(table.loc[MOMENTS["top"][1]])[1:] == ["–", "–", "– to –", "0.50", "0.50"]
