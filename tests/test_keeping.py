"""A kept network and what is asked of it: one line for every slip, no number where nothing is known, nothing lost."""

import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from typer.testing import CliRunner

from placeprior.book import yours
from placeprior.cli import app
from placeprior.data import example
from placeprior.data.columns import Choice
from placeprior.data.stations import read
from placeprior.errors import MissingWeights, StoreError
from placeprior.files import integrity
from placeprior.network.sizes import SIZES
from placeprior.runs import comparing, keeping, plan
from placeprior.runs.plan import Run, changed

BASE = example.example(24, 45)
SOME = BASE[BASE["site_id"].isin(["S001", "S002"])].reset_index(drop=True)
HUMIDITY, TEMPERATURE = "humidity [%]", "temperature [degC]"


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    """A network of the station-days of an example, trained for an epoch."""
    folder = tmp_path_factory.mktemp("kept")
    BASE.to_csv(folder / "s.csv", index=False)
    cube = comparing.prepare(read(folder / "s.csv", Choice()).cube, comparing.Asked())
    fingerprint, config = keeping.encoders.load("sincos").fingerprint, changed(SIZES["demo"].with_(epochs=1))
    run = Run("table", "sincos", "channels", "spatial", 1, 0, {"load": "table", "options": {}}, fingerprint, config)
    stations = np.repeat(cube["station"].values, 20)
    errors = np.random.default_rng(0).normal(0, 2, stations.size).astype(np.float32)
    about = {"target": "pm25", "unit": "µg m-3", "table": "s.csv", "embedded": 1, "split": "spatial"}
    keeping.keep(run, cube, pd.DataFrame({"station": stations, "error": errors}), folder / "model", about)
    return folder / "model"


@pytest.fixture
def ask(model, tmp_path, monkeypatch):
    """Estimate for a table, a grid or a file that is there; what was written and what was said."""
    monkeypatch.chdir(tmp_path)

    def run(what, output="", kept=model):
        path = Path(what if isinstance(what, str) else "p.nc" if isinstance(what, xr.Dataset) else "p.csv")
        if isinstance(what, xr.Dataset):
            what.to_netcdf(path, engine="scipy")
        elif not isinstance(what, str):
            what.to_csv(path, index=False)
        before = sorted(Path().rglob("*"))
        output = output or ("e.nc" if path.suffix == ".nc" else "e.csv")
        done = CliRunner().invoke(app, ["predict", str(kept), str(path), "-o", output])
        if done.exit_code:
            assert done.exit_code == 1 and not done.stdout and done.stderr.count("\n") == 1, done.output
            assert done.stderr.startswith("error: ") and sorted(Path().rglob("*")) == before
            return None, done.stderr
        if output.endswith(".csv"):
            return pd.read_csv(output), done.output
        with xr.open_dataset(output, engine="scipy") as made:
            return made.load(), done.output

    return run


def grid(**places):
    """The example's first six stations as a grid of two by three."""
    names = [name for name in BASE.columns if "[" in name][1:]
    some = BASE[BASE["site_id"] < "S007"]
    places = {"lat": [35.0, 36.0], "lon": [-100.0, -99.0, -98.0]} | places
    fields = {
        name.partition(" ")[0]: (
            ("time", "lat", "lon"),
            some[name].to_numpy(np.float32).reshape(6, -1).T.reshape(-1, 2, 3).copy(),
            {"units": name.partition("[")[2][:-1]},
        )
        for name in names
    }
    return xr.Dataset(fields, {"time": pd.to_datetime(some["date"].unique()).to_numpy()} | places)


# --- tables ---


def test_a_predictor_without_a_value_is_told_as_the_mean_and_said(ask):
    blank, said = ask(SOME.assign(**{HUMIDITY: np.nan}))
    assert "no value of humidity" in said and blank["estimate"].notna().all()
    for code in (-9999.0, 9999.0):  # in every row: only the model knows that these are no values
        coded, said = ask(SOME.assign(**{HUMIDITY: code}))
        assert f"humidity is {code:g} in 90 rows: taken for missing" in said
        pd.testing.assert_frame_equal(coded, blank)


def test_where_nothing_is_known_there_is_no_estimate(ask):
    own = [name for name in SOME if "[" in name][1:]
    nothing = SOME.assign(**{name: SOME[name].where(SOME["site_id"] != "S001") for name in own})
    made, said = ask(nothing)
    there = made["station"] == "S001"
    assert (
        made.loc[there, ["estimate", "low", "high"]].isna().all(axis=None)
        and "50% of the rows have no predictor" in said
    )
    assert (made.loc[there, "history_known"] == 0).all() and made.loc[~there, "estimate"].notna().all()


def test_days_without_a_full_window_are_said(ask):
    made, said = ask(SOME[SOME["date"] == "2021-01-20"])
    assert (made["history_known"] < 0.2).all() and "100% of the rows know less than half of their window" in said


@pytest.mark.parametrize(
    "change, note",
    [
        (lambda t: t.rename(columns={TEMPERATURE: "temperature [K]"}), "temperature is in 'K' here, and in 'degC'"),
        (lambda t: t.assign(**{TEMPERATURE: t[TEMPERATURE] + 273.15}), "is it in another unit?"),
        (lambda t: t.assign(**{HUMIDITY: t[HUMIDITY] / 100}), "humidity is 0."),
        (lambda t: t.assign(longitude=-t["longitude"]), "with the other sign of its longitude (2 such places)"),
        (lambda t: t.assign(date=t["date"].where(t.index != 3, "2012-01-04")), "is a date in another year?"),
    ],
)
def test_a_slip_that_may_be_meant_is_one_note(ask, change, note):
    assert note in ask(change(SOME))[1]
    assert note not in ask(SOME)[1]


@pytest.mark.parametrize(
    "change, said",
    [
        (
            lambda t: t.rename(columns={HUMIDITY: "Humidity [%]"}),
            "no humidity, which the model was trained with (is it",
        ),
        (lambda t: t.drop(columns=HUMIDITY), "no humidity, which the model was trained with; name the columns"),
        (lambda t: t.assign(**{HUMIDITY: t[HUMIDITY].astype(object).where(t.index != 4, "wet")}), "humidity is 'wet'"),
        (lambda t: t.assign(**{HUMIDITY: t[HUMIDITY].astype(str).str.replace(".", ",")}), "decimals with a point"),
        (lambda t: pd.concat([t, t[:3]]), "keep one, or average them"),
        (lambda t: t.assign(date=t["date"] + "T06:00"), "aggregate to daily means first\n"),
        (lambda t: t.rename(columns={"date": "when"}), "rename that with the day"),
        (lambda t: t.assign(longitude=-9999), "'S001': lon is -9999: a code for missing"),
    ],
)
def test_a_table_that_cannot_be_read_is_refused_by_what_a_person_can_do_here(ask, change, said):
    refusal = ask(change(SOME))[1]
    assert said in refusal and "--" not in refusal  # no option that this command has not


def test_a_predictor_whose_name_counts_is_read_as_it_was_asked_for(tmp_path):
    SOME.rename(columns={HUMIDITY: "heat index"}).to_csv(tmp_path / "s.csv", index=False)
    found = read(tmp_path / "s.csv", Choice(), target=False, needed=["heat index"])
    assert "heat index" in found.cube and "temperature" not in found.cube


# --- grids ---


def test_a_grid_is_read_whatever_its_longitudes_order_and_names(ask):
    right = ask(grid())[0]
    for other in (
        grid().assign_coords(lon=[260.0, 261.0, 262.0]),
        grid().isel(lat=[1, 0]),
        grid().transpose("lon", "time", "lat"),
        grid().rename(time="valid_time", lat="latitude", lon="longitude"),
    ):
        made, said = ask(other)
        made = made.rename({old: new for old, new in zip(made.dims, ("time", "lat", "lon"), strict=True) if old != new})
        values = made["estimate"].transpose("time", "lat", "lon").sortby("lat").values
        np.testing.assert_allclose(values, right["estimate"].values, rtol=1e-5)
        assert "exchanged" not in said and "other sign" not in said


def test_a_mask_and_codes_of_a_grid_are_no_values(ask):
    blank, masked, coded = grid(), grid(), grid()
    blank["humidity"][:] = np.nan
    coded["humidity"][:] = -9999
    for name in masked.data_vars:
        masked[name][:, 0, 0] = np.nan
    made, said = ask(coded)
    assert "humidity is -9999 in 270 cells" in said
    xr.testing.assert_equal(made["estimate"], ask(blank)[0]["estimate"])
    made, said = ask(masked)
    assert made["estimate"][:, 0, 0].isnull().all() and made["estimate"][:, 1, 1].notnull().all()
    assert "17% of the cells and days have no predictor" in said and (made["history_known"][:, 0, 0] == 0).all()


@pytest.mark.parametrize(
    "made, said",
    [
        (lambda: grid(lon=[1000.0, 2000.0, 3000.0]), "give degrees, not metres"),
        (lambda: grid(lon=[-100.0, -99.0, -9999.0]), "-9999: give degrees"),
        (lambda: grid(lat=[35.0, np.nan]), "not a finite number"),
        (lambda: grid(lat=[-100.0, -99.0], lon=[35.0, 36.0, 37.0]), "lon and lat swapped?"),
        (lambda: grid().rename(lat="rows"), "is no grid, with dimensions of time, latitude and longitude"),
        (lambda: grid().isel(time=[0, 1, 3]), "not one after the other"),
        (lambda: grid().assign(humidity=grid()["humidity"].where(grid()["humidity"] < 80, np.inf)), "not finite"),
        (lambda: grid().assign(humidity=grid()["humidity"].expand_dims(level=[1, 2])), "on (level, time, lat, lon)"),
        (lambda: grid().assign(humidity=(("lat", "lon"), np.full((2, 3), "wet"))), "give numbers on (time, lat, lon)"),
        (lambda: grid().rename(humidity="Humidity"), "(is it 'Humidity'?)"),
    ],
)
def test_a_grid_that_cannot_be_read_is_refused_with_its_name(ask, made, said):
    refusal = ask(made())[1]
    assert refusal.startswith("error: p.nc") and said in refusal


def test_a_grid_without_days_or_with_a_torn_chunk_is_refused(ask, tmp_path):
    grid().isel(time=slice(0, 0)).to_zarr(tmp_path / "none.zarr", zarr_format=2)
    assert "time is empty" in ask("none.zarr", "e.zarr")[1]
    grid().to_zarr(tmp_path / "torn.zarr", zarr_format=2)
    (tmp_path / "torn.zarr" / "humidity" / "0.0.0").write_bytes(b"xx")
    assert ask("torn.zarr", "e.zarr")[1].startswith("error: torn.zarr: it cannot be read as Zarr")
    (tmp_path / "no.nc").write_bytes(b"no")
    assert ask("no.nc")[1].startswith("error: no.nc: it cannot be read as netCDF")


# --- where it is written ---


def test_an_output_that_cannot_be_is_refused_before_any_work(ask, tmp_path, monkeypatch):
    monkeypatch.setattr(keeping, "read", None)
    (tmp_path / "there.csv").mkdir()
    assert "there is a folder of that name" in ask(SOME, "there.csv")[1]
    assert "No such file or directory" in ask(SOME, "absent/e.csv")[1]


def test_training_is_not_begun_for_a_folder_that_cannot_become_a_model(tmp_path, monkeypatch):
    monkeypatch.setattr(keeping, "trained", None)
    (tmp_path / "file").write_text("mine")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine.txt").write_text("mine")
    for name, said in (("full", "holds no kept model"), ("file", "Not a directory"), ("file/m", "Not a directory")):
        with pytest.raises(StoreError, match=said):
            keeping.keep(None, None, None, tmp_path / name, {})
    assert (tmp_path / "file").read_text() == (tmp_path / "full" / "mine.txt").read_text() == "mine"


# --- what is kept ---


@pytest.mark.parametrize(
    "change, error, said",
    [
        (lambda about: about.update(form=2), StoreError, "another version of placeprior"),
        (lambda about: about["run"].update(version=99), StoreError, "computations 99"),
        (lambda about: about["run"].update(weights="formula:other"), MissingWeights, "is not the one that"),
        (lambda about: about.pop("target"), StoreError, "no 'target'"),
        (lambda about: about.update(files=["a"]), StoreError, "not as it was written"),
    ],
)
def test_a_model_of_another_version_or_encoder_is_refused(model, tmp_path, change, error, said):
    shutil.copytree(model, tmp_path / "m")
    about = integrity.opened((tmp_path / "m" / keeping.MODEL).read_bytes(), ())
    change(about)
    (tmp_path / "m" / keeping.MODEL).write_text(integrity.sealed(about), encoding="utf-8")
    with pytest.raises(error, match=said):
        keeping.read(tmp_path / "m")


@pytest.mark.parametrize("about", [{}, [], {"target": "pm25"}])
def test_a_comparison_whose_words_or_scores_are_not_there_is_not_finished(tmp_path, monkeypatch, about):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(plan, "runs", lambda profile: [])
    Path("about.json").write_text(json.dumps(about), encoding="utf-8")
    with pytest.raises(StoreError, match="about.json does not say .*compare` again"):
        yours.load("yours")
