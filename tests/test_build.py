"""Cubes from sources: the right cell, every day, the same bytes whatever happened on the way."""

import itertools

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from placeprior.data import build, calendar, tables
from placeprior.data.cube import check_cube, from_table, predictors
from placeprior.data.sources import Item, Period, Region, Source
from placeprior.data.sources.records import keep
from placeprior.errors import ConfigError, CubeError, SourceError

PERIOD, REGION = Period.parse("2021-01-20/2021-02-10"), Region(-110.0, 35.0, -104.0, 41.0)
PLACES = {"a": (-108.93, 36.21), "b": (-105.17, 40.48), "c": (-106.61, 35.08)}


def truth(name, lon, lat, day):
    """What the toy sources say, a function of the cell's centre and the day."""
    return {
        "temperature_max": lon + day,
        "wind_speed": 0.1 * lat,
        "aod_055": 0.01 * (lat + day),
        "elevation": 100 * lat - lon,
    }[name]


class Monitors(Source):
    name, title, version, licence, citation, homepage = "aqs", "monitors", "1", "free", "cite", "https://x.example"
    provides = {"pm25": ("µg m-3", "daily mean PM2.5")}

    def list(self, period, region):
        return [Item(f"{year}.csv", f"https://x.example/{year}", 10) for year in period.years]

    def read(self, folder, period, region):
        rows = [
            {"station": name, "date": day, "lon": lon, "lat": lat, "pm25": 5.0 + n}
            for name, (lon, lat) in PLACES.items()
            for n, day in enumerate(period.days)
        ]
        return from_table(pd.DataFrame(rows), calendar=False)


class Field(Source):
    licence, citation, homepage, version = "free", "cite", "https://y.example", "2"

    def __init__(self, name, provides, step=0.25, lacks=(), static=False):
        self.name, self.title, self.provides = name, f"the {name}", {n: ("1", n) for n in provides}
        self.step, self.lacks, self.static, self.reads = step, lacks, static, 0

    def list(self, period, region):
        return [Item(f"{month.label}.nc", f"https://y.example/{month.label}", 10) for month in period.months]

    def read(self, folder, period, region):
        self.reads += 1
        x = np.arange(-111, -103, self.step) + self.step / 2
        y = (np.arange(34, 42, self.step) + self.step / 2)[::-1]
        day = np.array([d.day_of_year for d in period.days if d.day not in self.lacks], float)
        known = [d for d in period.days if d.day not in self.lacks]
        made = {}
        for name in self.provides:
            values = truth(name, x[None, None], y[None, :, None], day[:, None, None])
            values = np.broadcast_to(values, (len(day), len(y), len(x))).astype(np.float32)
            made[name] = (("y", "x"), values[0]) if self.static else (("time", "y", "x"), values)
        field = xr.Dataset(made, coords={"x": x, "y": y}, attrs={"crs": "EPSG:4326"})
        return field if self.static else field.assign_coords(time=known).reindex(time=period.days)


@pytest.fixture
def sources(monkeypatch, tmp_path):
    """Four toy sources, two of which provide wind, with the records of what they fetched."""
    every = {
        s.name: s
        for s in (
            Monitors(),
            Field("daymet", ["temperature_max"], lacks=(31,)),
            Field("gridmet", ["temperature_max", "wind_speed"]),
            Field("power", ["aod_055"], step=1.0),
            Field("elevation", ["elevation"], static=True),
        )
    }
    monkeypatch.setattr(build, "chosen", lambda names: [s for n, s in every.items() if n in names])
    for source in every.values():
        for item in source.list(PERIOD, REGION):
            keep(tmp_path / "cache" / source.name / item.path, {"sha256": "00", "size": 10, "retrieved": "2026-01-01"})
    return every


def stations(tmp_path, names, folder="out", say=lambda line: None):
    return build.at_monitors(PERIOD, REGION, names, tmp_path / "cache", tmp_path / folder, say)


ALL = ["aqs", "daymet", "gridmet", "power", "elevation"]


def test_a_station_gets_the_cell_it_lies_in_on_every_day(sources, tmp_path):
    cube = check_cube(build.load(stations(tmp_path, ALL)))
    assert cube.sizes == {"station": 3, "time": 22}
    lon, lat = PLACES["b"]
    day = cube["time"].dt.dayofyear.values
    centre = np.floor(np.array([lon, lat]) / 0.25) * 0.25 + 0.125
    at = cube.sel(station="b")
    assert at["wind_speed"].values == pytest.approx(0.1 * centre[1], rel=1e-6)
    assert at["aod_055"].values == pytest.approx(0.01 * (np.floor(lat) + 0.5 + day), rel=1e-5)
    assert at["elevation"].values == pytest.approx(100 * centre[1] - centre[0], rel=1e-6)
    assert at["pm25"].values[:3].tolist() == [5.0, 6.0, 7.0]
    assert cube.attrs["gaps"] == "aod_055" and cube.attrs["neighbours"] == 1


def test_variables_keep_their_order(sources, tmp_path):
    cube = build.load(stations(tmp_path, ALL))
    wanted = ["temperature_max", "wind_speed", "aod_055", "elevation", *calendar.PROVIDES]
    assert predictors(cube) == wanted


def test_of_two_sources_the_preferred_one_gives_the_variable(sources, tmp_path):
    cube = build.load(stations(tmp_path, ALL))
    assert cube["temperature_max"].attrs["source"] == "the daymet"
    missing = np.isnan(cube["temperature_max"].values).all(0)
    assert cube["time"].values[missing].astype("datetime64[D]").tolist() == [np.datetime64("2021-01-31").item()]
    assert cube["wind_speed"].attrs["source"] == "the gridmet"


def test_every_variable_says_where_it_comes_from(sources, tmp_path):
    cube = build.load(stations(tmp_path, ALL))
    for name in ("pm25", "wind_speed", "elevation"):
        assert {"source", "version", "licence", "citation", "sha256", "retrieved"} <= set(cube[name].attrs)


def test_a_grid_cell_gets_the_source_cell_of_its_centre(sources, tmp_path):
    path = build.grid(PERIOD, REGION, ALL, tmp_path / "cache", tmp_path / "out", 0.5, lambda line: None)
    cube = check_cube(build.load(path))
    assert cube["wind_speed"].dims == ("time", "y", "x") and cube.sizes["time"] == 22
    column, row = 3, 2
    lon, lat = float(cube["lon"][column]), float(cube["lat"][row])
    assert bool(cube["land"][row, column])
    centre = np.floor(lon / 0.25) * 0.25 + 0.125
    day = cube["time"].dt.dayofyear.values
    known = day != 31
    found = cube["temperature_max"].values[:, row, column]
    assert found[known] == pytest.approx((centre + day)[known], rel=1e-6) and np.isnan(found[~known]).all()
    length = calendar.day_length([lat], [day[0]])[0, 0]
    assert cube["day_length"].values[0, row, column] == pytest.approx(length, rel=1e-5)


def test_what_was_interrupted_anywhere_ends_in_the_same_bytes(sources, tmp_path):
    steps = []
    whole = tables.digest(stations(tmp_path, ALL, "whole", steps.append))
    for stop in range(len(steps)):
        counter = itertools.count()

        def interrupt(line, counter=counter, stop=stop):
            if next(counter) == stop:
                raise KeyboardInterrupt

        folder = f"cut-{stop}"
        with pytest.raises(KeyboardInterrupt):
            stations(tmp_path, ALL, folder, interrupt)
        assert tables.digest(stations(tmp_path, ALL, folder)) == whole


def test_finished_parts_are_not_read_again(sources, tmp_path):
    def interrupt(line):
        if line.startswith("gridmet: 2021-02"):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stations(tmp_path, ALL, say=interrupt)
    reads = sources["daymet"].reads, sources["gridmet"].reads
    stations(tmp_path, ALL)
    assert (sources["daymet"].reads, sources["gridmet"].reads) == reads


def test_a_finished_cube_is_left_alone_until_its_files_change(sources, tmp_path):
    first = stations(tmp_path, ALL)
    before, reads = tables.digest(first), sources["gridmet"].reads
    stations(tmp_path, ALL)
    assert tables.digest(first) == before and sources["gridmet"].reads == reads
    keep(tmp_path / "cache/gridmet/2021-01-20_2021-01-31.nc", {"sha256": "11", "size": 10, "retrieved": "2026-01-02"})
    stations(tmp_path, ALL)
    assert sources["gridmet"].reads > reads


def test_what_was_not_fetched_is_named(sources, tmp_path):
    for path in (tmp_path / "cache/power").iterdir():
        path.unlink()
    with pytest.raises(SourceError, match="power: nothing was fetched.*placeprior data fetch"):
        stations(tmp_path, ALL)


def test_a_station_cube_needs_the_monitors(sources, tmp_path):
    with pytest.raises(ConfigError, match="'aqs'"):
        stations(tmp_path, ["gridmet"])


def test_the_task_reads_the_cube_by_its_period(sources, tmp_path, monkeypatch):
    from placeprior import data

    made = stations(tmp_path, ALL)
    monkeypatch.setenv("PLACEPRIOR_DATA", str(tmp_path / "out"))
    period = made.stem.removeprefix("stations-")
    cube = data.load("stations", period=period)
    assert "wind_speed" in cube and data.recipe("stations", period=period) == data.recipe("stations", period=period)
    with pytest.raises(ConfigError, match="option 'period'"):
        data.load("stations")


def test_day_length_is_half_a_day_at_the_equator_and_turns_with_the_hemisphere():
    length = calendar.day_length([0.0, 45.0, -45.0, 80.0], np.arange(1, 366))
    assert length[0] == pytest.approx(43_200, rel=1e-9)
    assert length[1] + length[2] == pytest.approx(86_400, rel=1e-9)
    assert length[3].min() == 0 and length[3].max() == 86_400
    assert 170 < np.argmax(length[1]) + 1 < 175


def test_a_raster_that_breaks_the_contract_is_refused(sources, tmp_path):
    path = build.grid(PERIOD, REGION, ALL, tmp_path / "cache", tmp_path / "out", 0.5, lambda line: None)
    good = build.load(path).load()
    with pytest.raises(CubeError, match="wind_speed on 2021-01-20 is not finite"):
        bad = good.copy(deep=True)
        bad["wind_speed"][0, 2, 3] = np.inf
        check_cube(bad)
    with pytest.raises(CubeError, match="float64"):
        check_cube(good.assign(wind_speed=good["wind_speed"].astype("float64")))
    with pytest.raises(CubeError, match="no coordinate 'land'"):
        check_cube(good.drop_vars("land"))


def test_a_map_takes_the_days_that_its_model_looks_at(sources, tmp_path):
    from types import SimpleNamespace

    from placeprior.runs.daily_maps import fields_on

    path = build.grid(PERIOD, REGION, ALL, tmp_path / "cache", tmp_path / "out", 0.5, lambda line: None)
    built, run = build.load(path), SimpleNamespace(id="0a", window=5)
    days = fields_on(run, np.datetime64("2021-02-03"), built)["time"].values.astype("datetime64[D]")
    assert [str(days[0]), str(days[-1]), len(days)] == ["2021-01-30", "2021-02-03", 5]
    assert fields_on(SimpleNamespace(window=1), np.datetime64("2021-01-20"), built).sizes["time"] == 1
    for day in ("2021-01-22", "2021-03-01"):
        with pytest.raises(ConfigError, match=f"no map of {day}.*4 days before it.*2021-01-24 to 2021-02-10"):
            fields_on(run, np.datetime64(day), built)


# --- cubes on disk that lost something --------------------------------------------------------------------------------


def chunks(path):
    return sorted(file for file in path.rglob("c/*") if file.is_file()) + sorted(
        file for file in path.rglob("c/*/*") if file.is_file()
    )


DAMAGE = {
    "lost": (lambda file: file.unlink(), "lacks 1 of"),
    "empty": (lambda file: file.write_bytes(b""), "other bytes in 1 of"),
    "torn": (lambda file: file.write_bytes(file.read_bytes()[:-7]), "other bytes in 1 of"),
    "a bit": (lambda file: file.write_bytes(bytes([file.read_bytes()[0] ^ 1]) + file.read_bytes()[1:]), "other bytes"),
    "more": (lambda file: file.with_name("99").write_bytes(file.read_bytes()), "more than was written: 1 of"),
}


@pytest.mark.parametrize("damage", DAMAGE)
@pytest.mark.parametrize("kind", ["stations", "grid"])
def test_a_cube_that_lost_a_chunk_is_not_read_as_missing_data(sources, tmp_path, damage, kind):
    if kind == "stations":
        path = stations(tmp_path, ALL)
    else:
        path = build.grid(PERIOD, REGION, ALL, tmp_path / "cache", tmp_path / "out", 0.5, lambda line: None)
    build.load(path)
    spoil, said = DAMAGE[damage]
    spoil(chunks(path)[-1])
    message = f"{path.name} is damaged: it .*{said}.*such as .*; remove it and build"
    with pytest.raises(CubeError, match=message) as caught:
        build.load(path)
    assert "\n" not in str(caught.value)


def test_metadata_that_is_lost_or_torn_is_named(sources, tmp_path):
    path = stations(tmp_path, ALL)
    head = (path / "zarr.json").read_text()
    (path / "wind_speed" / "zarr.json").write_text("{")
    with pytest.raises(CubeError, match="such as wind_speed/zarr.json"):
        build.load(path)
    for text in ("", head[:50], "{}", "[]"):
        (path / "zarr.json").write_text(text)
        with pytest.raises(CubeError, match="kept no checksums"):
            build.load(path)
    (path / "zarr.json").unlink()
    with pytest.raises(CubeError, match="lost its zarr.json"):
        build.load(path)


def test_a_damaged_cube_or_part_is_built_again(sources, tmp_path):
    path = stations(tmp_path, ALL)
    whole = tables.digest(path)
    chunks(path)[0].unlink()
    stations(tmp_path, ALL)
    assert tables.digest(path) == whole

    def spoil(line):
        if line.startswith("gridmet: 2021-02"):
            part = next((tmp_path / "again").glob(".*.parts/daymet-2021-01*.zarr"))
            chunks(part)[0].unlink()
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stations(tmp_path, ALL, "again", spoil)
    assert tables.digest(stations(tmp_path, ALL, "again")) == whole


def test_files_that_a_system_leaves_are_no_damage(sources, tmp_path):
    path = stations(tmp_path, ALL)
    (path / ".DS_Store").write_bytes(b"x")
    assert build.load(path).sizes["station"]
