"""A person's own table becomes a cube, or is refused in one line."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from placeprior.data import example, rows
from placeprior.data.columns import Choice
from placeprior.data.cube import predictors
from placeprior.data.stations import read
from placeprior.data.survey import survey
from placeprior.errors import CubeError, PlacePriorError

RNG = np.random.default_rng(0)


def table(sites=24, days=50, lon=5.0, lat=50.0):
    """Ozone at stations on a grid of half degrees."""
    date = pd.date_range("2020-02-20", periods=days).strftime("%Y-%m-%d")
    frame = pd.DataFrame(
        {
            "Site ID": np.repeat([f"A{i}" for i in range(sites)], days),
            "Date": np.tile(date, sites),
            "Longitude": np.repeat(lon + np.arange(sites) % 6 / 2, days),
            "Latitude": np.repeat(lat + np.arange(sites) // 6 / 2, days),
            "ozone [ppb]": RNG.normal(0, 10, sites * days).round(2),
            "wind": RNG.normal(3, 1, sites * days).round(2),
        }
    )
    return frame


@pytest.fixture
def csv(tmp_path):
    def write(frame, **options):
        path = tmp_path / "stations.csv"
        frame.to_csv(path, index=False, **options)
        return path

    return write


OZONE = Choice(target="ozone")


def test_a_table_of_anything_becomes_a_cube_negative_values_and_gaps_included(csv):
    frame = table().drop(index=[3, 60])
    found = read(csv(frame), OZONE)
    cube = found.cube
    assert dict(cube.sizes) == {"station": 24, "time": 50} and found.rows == len(frame)
    assert cube.attrs["target"] == "ozone" and cube["pm25"].attrs["units"] == "ppb"
    assert predictors(cube) == ["wind", "doy_sin", "doy_cos"]
    assert (
        int(np.isnan(cube["pm25"].values).sum()) == 2
        and cube["pm25"].values[np.isfinite(cube["pm25"].values)].min() < 0
    )
    station, day = found.at
    np.testing.assert_allclose(cube["pm25"].values[station, day], frame["ozone [ppb]"], rtol=1e-6)


@pytest.mark.parametrize("form", ["parquet", "csv.gz", "nc", "zarr"])
def test_every_form_of_a_table_is_the_same_cube(csv, tmp_path, form):
    frame, path = table(), tmp_path / f"other.{form}"
    whole = read(csv(frame), OZONE).cube
    if form == "parquet":
        frame.assign(Date=pd.to_datetime(frame["Date"])).to_parquet(path)
    elif form == "csv.gz":
        frame.to_csv(path, index=False)
    else:
        made = whole.drop_vars(["doy_sin", "doy_cos"]).rename(pm25="ozone")
        made.attrs = {}
        made.to_netcdf(path, engine="scipy") if form == "nc" else made.to_zarr(path)
    xr.testing.assert_equal(read(path, OZONE).cube, whole)


def test_reading_in_pieces_changes_nothing_and_rows_are_counted_from_the_top(csv, monkeypatch):
    frame = table()
    whole = read(csv(frame), OZONE).cube
    monkeypatch.setattr(rows, "PIECE", 101)
    xr.testing.assert_equal(read(csv(frame), OZONE).cube, whole)
    frame["Date"] = frame["Date"].where(frame.index != 700, "12/31/20")
    with pytest.raises(CubeError, match="row 701 .*YYYY-MM-DD"):
        read(csv(frame), OZONE)


def test_the_example_says_that_it_is_simulated(csv):
    found = read(csv(example.example(25, 50)), Choice())
    assert found.cube.attrs["embedded"] == 1 and any("simulated" in note for note in found.notes)
    assert not read(csv(table()), OZONE).cube.attrs["embedded"]


def test_longitudes_of_0_to_360_are_wrapped_and_said(csv):
    frame = table(lon=357.5)
    found = read(csv(frame), OZONE)
    assert float(found.cube["lon"].max()) <= 0 and float(found.cube["lon"].min()) == -2.5
    assert any("360" in note for note in found.notes)


def test_hourly_rows_are_refused_until_their_mean_is_asked_for(csv):
    frame = pd.concat([table().assign(Date=lambda t, h=hour: t["Date"] + f"T{h:02d}:00") for hour in (0, 12)])
    with pytest.raises(CubeError, match="--daily mean"):
        read(csv(frame), OZONE)
    found = read(csv(frame), Choice(target="ozone", daily="mean"))
    mean = frame.groupby([frame["Site ID"], frame["Date"].str[:10]])["ozone [ppb]"].mean()
    np.testing.assert_allclose(found.cube["pm25"].sel(station="A3").values, mean["A3"], rtol=1e-5)
    assert any("averaged" in note for note in found.notes)


def test_a_predictor_with_the_name_of_the_target_in_a_cube_is_kept_under_another(csv):
    found = read(csv(table().rename(columns={"wind": "pm25"})), OZONE)
    assert "pm25 (predictor)" in predictors(found.cube) and found.cube["pm25"].attrs["long_name"] == "ozone"


def _epa(frame):
    """The same with the columns that EPA gives its daily files."""
    site = frame.pop("Site ID")
    code, _ = pd.factorize(site)
    own = {"State Code": "06", "County Code": "001", "Site Num": code, "Parameter Name": "Ozone"}
    own |= {"Units of Measure": "Parts per million", "AQI": 3 * frame["ozone [ppb]"], "Observation Percent": 100.0}
    frame = frame.rename(columns={"ozone [ppb]": "Arithmetic Mean", "Date": "Date Local"})
    return frame.assign(**own)


def test_columns_of_epa_tell_quantity_and_unit_and_do_not_tell_the_target_twice(csv):
    found = read(csv(_epa(table())), Choice())
    assert found.cube.attrs["target"] == "Ozone" and found.cube["pm25"].attrs["units"] == "ppm"
    assert not {"AQI", "Observation Percent"} & set(found.cube)
    assert "left out: AQI, Observation Percent (of the same measurement)" in found.notes


def test_rows_of_several_quantities_are_not_taken_for_one(csv):
    frame = _epa(table())
    frame.loc[frame.index[::2], "Parameter Name"] = "Nitrogen dioxide"
    with pytest.raises(CubeError, match="several things .Nitrogen dioxide, Ozone."):
        read(csv(frame), Choice())


def _monthly(frame):
    frame = frame[frame["Date"] <= "2020-02-29"]
    dates = pd.date_range("2018-01-01", periods=10, freq="MS").strftime("%Y-%m-%d")
    return frame.assign(Date=np.tile(dates, 24))


@pytest.mark.parametrize(
    "change, said",
    [
        (lambda t: pd.concat([t, t.iloc[:1]]), "2 rows for .*--daily mean"),
        (lambda t: t.assign(Date=t["Date"].str[:7]), "table of months or years"),
        (lambda t: t.assign(Date="2020-02-30"), "YYYY-MM-DD"),
        (lambda t: t.assign(Date="25" + (pd.to_datetime(t["Date"]).dt.strftime("63-%m-%d"))), "another calendar"),
        (lambda t: t.assign(Date=t["Date"].where(t.index != 3, "1020-02-23")), "row 4 .*mistyped year"),
        (lambda t: t.assign(Date=np.tile(np.arange(43881, 43931), 24)), "43881.*count of days"),
        (lambda t: t.assign(**{"ozone [ppb]": "high"}), "a class is none"),
        (lambda t: t.assign(Longitude=t["Longitude"] * 1e5), "not metres"),
        (lambda t: t.assign(Longitude=t["Latitude"], Latitude=t["Longitude"] + 90), "swapped"),
        (lambda t: t.assign(Longitude=RNG.uniform(0, 9, len(t))), "moves"),
        (lambda t: t.iloc[:0], "no rows"),
        (lambda t: t.rename(columns={"wind": "Date "}), "occurs twice"),
    ],
)
def test_what_is_wrong_is_refused_in_one_line_that_names_the_file(csv, change, said):
    path = csv(change(table()))
    with pytest.raises(CubeError, match=said) as refused:
        read(path, OZONE)
    assert str(refused.value).startswith(str(path)) and "\n" not in str(refused.value)


@pytest.mark.parametrize("name, content", [("a.csv", ""), ("b.parquet", "no"), ("c.nc", "no"), ("d.xlsx", "no")])
def test_a_file_that_is_no_table_is_refused(tmp_path, name, content):
    (tmp_path / name).write_text(content)
    with pytest.raises(PlacePriorError, match=name):
        read(tmp_path / name, OZONE)


@pytest.mark.parametrize(
    "change, said",
    [
        (_monthly, "monthly"),
        (lambda t: t[t["Site ID"] == "A1"], "1 station;"),
        (lambda t: t[t["Date"] == "2020-02-20"], "spans 1 day;"),
        (lambda t: t.assign(**{"ozone [ppb]": 7}), "without variation"),
        (lambda t: t.assign(**{"ozone [ppb]": RNG.integers(0, 2, len(t))}), "a class"),
    ],
)
def test_what_cannot_be_compared_on_is_refused(csv, change, said):
    with pytest.raises(CubeError, match=said):
        survey(read(csv(change(table())), OZONE).cube, 21)


def test_odd_predictors_are_left_out_or_warned_of(csv):
    frame = table()
    frame["same"], frame["none"], frame["height"] = 1.0, "", np.repeat(RNG.normal(size=24), 50)
    frame["copy"] = 2 * frame["ozone [ppb]"] + 1
    frame["steps"] = np.exp(frame["ozone [ppb]"] / 10)
    frame["class"] = RNG.integers(1, 5, len(frame))
    cube, said = survey(read(csv(frame), OZONE).cube, 21)
    assert "same" not in cube and "none" not in cube and {"copy", "height"} <= set(predictors(cube))
    text = "\n".join(said)
    for name in ("copy", "steps"):
        assert f"{name} is ozone in disguise" in text
    assert "height never changes in time" in text and "class is ozone" not in text
    assert any("4 different values" in line for line in survey(read(csv(frame), Choice(target="class")).cube, 21)[1])
