"""Which column is what: named by the user, or found by the usual names."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from placeprior.data.columns import USUAL, Choice, find, plain
from placeprior.errors import CubeError

EPA = [
    "State Code",
    "County Code",
    "Site Num",
    "Parameter Code",
    "POC",
    "Latitude",
    "Longitude",
    "Date Local",
    "Arithmetic Mean",
    "AQI",
]


@given(*(st.sampled_from(USUAL[part]) for part in ("station", "date", "lon", "lat")), st.booleans())
def test_the_usual_names_are_found_in_any_case_and_order(station, date, lon, lat, upper):
    names = ["ozone", lat, station, date, lon, "temp"]
    names = [name.upper().replace("_", " ") for name in names] if upper else names
    roles = find(names, Choice(target=names[0]))
    assert [plain(name) for name in (*roles.station, roles.date, roles.lon, roles.lat)] == [station, date, lon, lat]
    assert roles.others == [names[5]]


def test_a_site_of_epa_is_named_by_three_columns_and_codes_are_no_predictors():
    roles = find(EPA, Choice())
    assert roles.station == ("State Code", "County Code", "Site Num")
    assert roles.target == "Arithmetic Mean" and not roles.others
    assert set(roles.left_out) == {"Parameter Code", "POC", "AQI"}


def test_what_the_user_says_wins():
    names = ["id", "when", "east", "north", "no2", "wind", "hum"]
    roles = find(names, Choice("id", "when", "east", "north", "no2", predictors=("wind",)))
    assert (roles.date, roles.lon, roles.lat, roles.others) == ("when", "east", "north", ["wind"])
    assert find(names, Choice("id", "when", "east", "north", "no2", drop=("hum",))).left_out == {"hum": "as you asked"}


def test_one_column_that_is_left_is_the_target():
    assert find(["site", "date", "lon", "lat", "ozone"], Choice()).target == "ozone"


@pytest.mark.parametrize(
    "names, choice, said",
    [
        (["site", "lon", "lat", "o3"], Choice(), "--date"),
        (["site", "date", "lat", "o3"], Choice(), "--lon"),
        (["site", "date", "lon", "lat", "a", "b"], Choice(), "--target"),
        (["site", "date", "lon", "lat", "a"], Choice(target="b"), "no such column"),
        (["site", "date", "lon", "lat", "a"], Choice(target="lat"), "no such column"),
        (["site", "date", "lon", "lat", "a"], Choice(drop=("zz",)), "no such column"),
        (["site", "date", "lon", "lat", "a", "A"], Choice(), "are one name"),
    ],
)
def test_what_cannot_be_told_is_refused_with_the_option_that_tells(names, choice, said):
    with pytest.raises(CubeError, match=said):
        find(names, choice)
