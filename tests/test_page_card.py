"""What the data card draws and tabulates, on made-up sources and a small cube."""

import numpy as np
import pandas as pd
import pytest

from placeprior.book import card
from placeprior.data.sources import Period, Region, chosen
from placeprior.data.study import FEATURES, RANGES
from placeprior.data.world.simulation import World


@pytest.fixture(scope="module")
def cube():
    return World(stations=15, days=70).cube()


pytestmark = pytest.mark.usefixtures("styled")


def test_every_feature_has_a_unit_and_a_source_or_is_computed():
    table = card.feature_table(chosen()).set_index("here")
    assert len(table) == len(FEATURES) and (table["unit here"] != "").all()
    assert table.loc["`year`", "source"] == "computed"
    assert table.loc["`precipitation`", "source"] == "daymet, else gridmet"


def test_the_plan_adds_up_the_sources_it_is_asked_for():
    fetched = pd.DataFrame(
        {"files": [1200, 3], "bytes": [3.6e9, 2e4], "account": ["login", ""], "cite": ["x", "y"]}, index=["a", "b"]
    )
    table = card.plan_table(fetched, 1e6, {"without": ["b"], "all": ["a", "b"]})
    assert list(table.iloc[0]) == ["`a`", "1,200", "3.6 GB", "1.0 h", "NASA Earthdata", "x"]
    assert list(table.iloc[1])[1:5] == ["3", "1 MB", "1 min", "none"]
    assert list(table.iloc[2])[:4] == ["**without**", "3", "1 MB", "1 min"]
    assert list(table.iloc[3])[:4] == ["**all**", "1,203", "3.6 GB", "1.0 h"]


def test_what_is_fetched_is_counted_without_a_network():
    sources = {source.name: source for source in chosen(["aqs", "maiac"])}
    table = card.fetched(sources, Period.parse("2021-08"), Region.parse("-118,36,-116,39"))
    assert list(table.index) == ["aqs", "maiac"] and (table["files"] > 0).all() and (table["bytes"] > 0).all()
    assert table.loc["aqs", "account"] == "" and "Earthdata" in table.loc["maiac", "account"]


def test_a_citation_has_links():
    class Source:
        title, licence, homepage = "T", "free", "https://home.org"
        provides = {"x": ("1", "")}
        citation = "Who 2020, J., doi:10.1/a.b, see https://data.org/c."

    assert card.cited(Source) == (
        "[T](https://home.org): Who 2020, J., [doi:10.1/a.b](https://doi.org/10.1/a.b), see <https://data.org/c>. "
        "Licence: free."
    )


def test_variables_come_as_the_study_lists_them_then_others(cube):
    names = card.variables(cube)
    assert names[0] == "pm25" and names.index("doy_sin") < names.index("precipitation") < names.index("humidity")


def test_values_beyond_the_published_range_are_told(cube):
    spoilt = cube.copy(deep=True)
    spoilt["wind_speed"][:] = 10.0
    spoilt["wind_speed"][0, 0] = 1000.5
    spoilt["doy_sin"][:] = 1.0 + 1e-7
    table = card.range_table(spoilt).set_index("variable")
    cells = spoilt["wind_speed"].size
    assert table.loc["`wind_speed`", "all values"] == f"**outside**: {100 / cells:.2f} %"
    assert list(table.loc["`wind_speed`", ["least", "median", "most", "reference"]]) == [
        "10",
        "10",
        "1,000",
        "0.3 to 19.8",
    ]
    assert table.loc["`doy_sin`", "all values"] == "within" and table.loc["`humidity`", "reference"] == "–"
    assert all(low < high for low, high in RANGES.values())


def test_filling_is_averaged_over_runs():
    run = {"variable": "aod", "beside": "", "n_fitted": 1000, "n_held_out": 10, "mbe": -0.02, "r2": -0.5, "share": 0.25}
    table = card.filling_table(pd.DataFrame([run | {"rmse": 0.1}, run | {"rmse": 0.3}]))
    assert list(table.iloc[0]) == ["`aod`", "no other band", "1,000", "10", "0.200", "−0.020", "−0.50", "25"]


def test_gaps_name_variables_and_months(cube):
    ax = card.draw_gaps(cube).axes[0]
    assert [t.get_text() for t in ax.get_xticklabels()] == ["Jan", "Feb", "Mar"]
    assert {"PM2.5", "AOD", "wind speed"} <= {t.get_text() for t in ax.get_yticklabels()}


def test_missing_days_are_shares_of_a_month(cube):
    table = card.missing_by_month(cube, ["pm25", "aod"])
    january = np.isnan(cube["pm25"].values[:, :31]).mean()
    assert table.loc["pm25"].iloc[0] == pytest.approx(100 * january) and table.shape == (2, 3)
