"""What the project's own real tasks are read from: NOAA's archives and EPA's files, fetched and read as they are."""

from __future__ import annotations

import os
import re
from datetime import date

import numpy as np
import pytest
from providers import Fault
from providers import aqs as epa
from providers import gsod as noaa
from typer.testing import CliRunner

from placeprior import cli, data
from placeprior.data import tables
from placeprior.data.sources import Period, Region, needed
from placeprior.data.sources.gsod import SOURCE
from placeprior.data.sources.records import is_good, recorded
from placeprior.data.sources.transfer import Transfer
from placeprior.errors import ConfigError, SourceError

REGION = Region.parse("-122,36,-119,40")
PERIOD = Period.parse("2019-03-01/2019-03-04")
YEAR = Period(date(2019, 1, 1), date(2019, 12, 31))


def fetch(tmp_path):
    return SOURCE.fetch(PERIOD, REGION, tmp_path, Transfer(pause=0.01, retries=2, timeout=5))


def test_a_years_archive_becomes_stations(provider, tmp_path):
    noaa.make(provider.root, PERIOD, REGION)
    assert [path.name for path in fetch(tmp_path)] == ["2019.tar.gz"]
    cube = SOURCE.read(tmp_path / "gsod", PERIOD, REGION)
    assert cube["station"].values.tolist() == list(noaa.STATIONS), "nothing from elsewhere in the world"
    assert set(cube.data_vars) == set(SOURCE.provides) and cube.sizes["time"] == 4
    wanted = (noaa.fahrenheit("72000000002", date(2019, 3, 3)) - 32) / 1.8
    assert cube["temperature"].sel(station="72000000002", time="2019-03-03") == pytest.approx(wanted, rel=1e-6)


def test_a_transfer_that_is_cut_goes_on_and_ends_whole(provider, tmp_path):
    noaa.make(provider.root, PERIOD, REGION)
    path = f"{noaa.HOST}/2019.tar.gz"
    provider.fail(path, Fault(cut=300), Fault(status=503))
    (got,) = fetch(tmp_path)
    assert got.read_bytes() == (provider.root / path).read_bytes() and is_good(got)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"<html>busy</html>", "is a web page"),
        (noaa.pack({"1.csv": noaa.table("1", (-120, 37), [date(2019, 3, 1)])})[:-20], "damaged"),
        (noaa.pack({"1.csv": noaa.table("1", (-120, 37), [date(2018, 3, 1)])}), "holds '2018-03-01', not 2019"),
        (noaa.pack({"1.csv": "STATION,DATE\n1,2019-01-01\n"}), "has no column 'LATITUDE'"),
        (noaa.pack({"readme.txt": "nothing"}), "holds no station's table"),
    ],
)
def test_what_is_no_archive_of_that_year_is_refused(provider, tmp_path, content, said):
    provider.put(f"{noaa.HOST}/2019.tar.gz", content)
    with pytest.raises(SourceError, match=said):
        fetch(tmp_path)
    assert not (tmp_path / "gsod" / "2019.tar.gz").exists() and recorded(tmp_path / "gsod" / "2019.tar.gz") is None


def test_every_real_task_says_what_it_is_read_from():
    # simulated, built from what `data build` fetched, or somebody's own
    assert set(data.READ_FROM) == set(data.TASKS) - {"world", "stations", "table"}
    found = {source.name: [item.path for item in items] for source, items in needed.files(data.READ_FROM)}
    assert found == {"aqs": [f"daily_88101_{year}.zip" for year in range(2018, 2023)], "gsod": ["2019.tar.gz"]}
    assert [source.name for source, _ in needed.files(["neighbours-2021"])] == ["aqs"]
    for own in ("world", "table"):
        with pytest.raises(ConfigError, match=f"nothing is to be fetched for {own}"):
            needed.files([own])


@pytest.fixture
def everything(provider, tmp_path, monkeypatch):
    """Small files of every year, and an empty folder for them."""
    for year in range(2018, 2023):
        epa.make(provider.root, Period(date(year, 3, 1), date(year, 3, 4)), REGION)
    noaa.make(provider.root, YEAR, REGION)
    monkeypatch.setenv("PLACEPRIOR_DATA", str(tmp_path / "tables"))
    return provider


def run(*arguments):
    return CliRunner().invoke(cli.app, ["data", *arguments])


def test_one_command_fetches_what_the_runs_read(everything, tmp_path):
    planned = run("plan", "--for", "aqs")
    assert planned.exit_code == 0 and "for aqs: 6 files" in planned.output and not everything.asked
    fetched = run("fetch", "--for", "aqs")
    assert fetched.exit_code == 0, fetched.output
    assert len({path for path, _ in everything.asked}) == 6 and not any("88502" in path for path, _ in everything.asked)
    assert run("check", "--for", "aqs").exit_code == 0
    for task in data.READ_FROM:
        cube = data.load(task)
        assert np.isfinite(cube["pm25"].values).any() and data.recipe(task) and "event" not in cube
    assert np.isfinite(data.load("weather-2019")["temperature"].values).all()
    asked = len(everything.asked)
    assert run("fetch", "--for", "aqs").exit_code == 0 and len(everything.asked) == asked, "nothing twice"
    victim = tmp_path / "tables" / "2019.tar.gz"
    os.truncate(victim, 100)
    told = run("check", "--for", "weather-2019")
    assert told.exit_code == 1 and "2019.tar.gz is damaged" in told.output
    assert run("fetch", "--for", "weather-2019").exit_code == 0 and is_good(victim)


def test_a_file_that_was_downloaded_by_hand_is_checked_and_kept(everything, tmp_path):
    folder = tmp_path / "tables"
    folder.mkdir()
    own = everything.root / epa.HOST / "daily_88101_2021.zip"
    (folder / own.name).write_bytes(own.read_bytes())
    assert run("fetch", "--for", "neighbours-2021").exit_code == 0
    assert not everything.asked and is_good(folder / own.name)


def test_a_compact_table_beside_is_named(everything, tmp_path):
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    (folder / "aqs_pm25_daily_2018_2022.parquet").touch()
    told = run("fetch", "--for", "neighbours-2021", "-o", str(folder))
    assert told.exit_code == 0 and "is read first" in told.output and (folder / "daily_88101_2021.zip").exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["plan"], "either --year .* or --for"),
        (["fetch", "--year", "2021", "--for", "aqs"], "either --year .* or --for"),
        (["fetch", "--for", "nothing"], "profile"),
        (["fetch", "--for", "demo"], "nothing is to be fetched"),
    ],
)
def test_what_is_asked_has_to_be_clear(everything, arguments, said):
    told = run(*arguments)
    assert told.exit_code == 1 and re.search(said, told.output) and not everything.asked


def test_a_folder_has_to_be_named(monkeypatch):
    monkeypatch.delenv(tables.VARIABLE, raising=False)
    told = run("fetch", "--for", "neighbours-2021")
    assert told.exit_code == 1 and "export PLACEPRIOR_DATA=FOLDER" in told.output
