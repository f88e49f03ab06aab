"""The command line: what it writes, and that every mistake ends in one line that names it and leaves nothing behind."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from typer.testing import CliRunner, Result

from placeprior import cli, encoders
from placeprior.runs import configuration, making, plan

SETTINGS = "{width: 4, summary: 4, window: 3, epochs: 2, batch: 64}"
RUNS = f"""\
profiles:
  tiny:
    size: demo
    settings: {SETTINGS}
    live: [core]
    tasks: {{toy: {{load: toy}}}}
    matrices:
      core: {{task: [toy], model: [idw, none], split: [spatial], fold: [1], seed: [0]}}
      more: {{task: [toy], model: [sincos/channels], split: [spatial], fold: [1], seed: [0]}}
  demo:
    size: demo
    settings: {SETTINGS}
    live: [core]
    tasks: {{world: {{load: world, options: {{stations: 24, days: 40}}}}}}
    matrices:
      core: {{task: [world], model: [none], split: [spatial], seed: [0]}}
pages: {{}}
"""
PLACES = "name,lon,lat\nIndianapolis,-86.2,39.7\nSeattle,-122.3,47.6\nIndianapolis,-86.2,39.7\n"
DAYS = """\
station,date,lon,lat,pm25,wind [m s-1]
a,2020-01-01,-86.2,39.7,5,1
a,2020-01-03,-86.2,39.7,6,2
b,2020-01-02,-96.2,41.7,7,
"""


def call(*words: object) -> Result:
    return CliRunner().invoke(cli.app, [str(word) for word in words])


def fine(*words: object) -> str:
    result = call(*words)
    assert result.exit_code == 0, (result.output, result.exception)
    return result.stdout


def refused(*words: object) -> str:
    """Run what must end in one line on stderr with code 1, and write, change or remove no file."""

    def files() -> dict[Path, bytes]:
        return {path: path.read_bytes() for path in Path.cwd().rglob("*") if path.is_file()}

    before = files()
    result = call(*words)
    assert isinstance(result.exception, SystemExit), result.exception
    assert result.exit_code == 1
    assert result.stderr.startswith("error: ") and result.stderr.count("\n") == 1, result.stderr
    assert files() == before
    return result.stderr


@pytest.fixture
def here(project):
    """The toy project of ``conftest``, with the matrix above."""
    (project / "runs.yml").write_text(RUNS, encoding="utf-8")
    (project / "places.csv").write_text(PLACES, encoding="utf-8")
    configuration.read.cache_clear()
    return project


def an_id(profile: str, model: str) -> str:
    return next(run.id for run in plan.runs(profile) if run.model == model)


# --- the program ------------------------------------------------------------------------------------------------------


def test_help_is_quick_because_it_imports_nothing_heavy():
    code = (
        "import sys; from typer.testing import CliRunner; from placeprior import cli\n"
        "assert CliRunner().invoke(cli.app, ['--help']).exit_code == 0\n"
        "heavy = {'numpy', 'pandas', 'xarray', 'torch', 'scipy', 'matplotlib', 'yaml'} & set(sys.modules)\n"
        "sys.exit(f'imported: {heavy}' if heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    "words",
    [
        "",
        "runs",
        "runs list",
        "runs run",
        "runs show",
        "runs collect",
        "distance",
        "embed",
        "data",
        "data check",
        "data from-csv",
        "data moments",
        "map",
        "book",
        "versions",
    ],
)
def test_every_help_has_an_example(words):
    assert f"Example: placeprior {words}".strip() in " ".join(fine(*words.split(), "--help").split())


def test_unknown_option_is_a_usage_error(here):
    assert call("runs", "list", "--bogus").exit_code == 2


def test_versions():
    assert "torch" in fine("versions") and "python" in fine("versions")


def test_ctrl_c_is_one_line_and_130(here, monkeypatch):
    def stop(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(making, "make", stop)
    result = call("runs", "run", an_id("tiny", "none"))
    assert result.exit_code == 130
    assert result.stderr.startswith("interrupted: finished runs are kept") and result.stderr.count("\n") == 1


def test_outside_a_project(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert "no runs.yml" in refused("runs", "list")


# --- runs -------------------------------------------------------------------------------------------------------------


def test_a_run_from_list_to_show(here):
    run = an_id("tiny", "none")
    assert "0 of 3 runs of profile tiny are made" in fine("runs", "list", "tiny")
    assert "sincos/channels" in fine("runs", "list", "tiny", "--matrix", "more")
    assert f"{run}  toy none spatial" in fine("runs", "run", run)
    assert "already made" in fine("runs", "run", run)
    line = next(line for line in fine("runs", "list", "tiny").splitlines() if run in line)
    assert line.split()[-2:] == ["yes", "store"]
    shown = fine("runs", "show", run)
    for word in ("rmse", "validation", "best epoch", "torch", "parameters"):
        assert word in shown

    entry = here / "store" / run / "run.json"
    entry.write_text(entry.read_text(encoding="utf-8")[: entry.stat().st_size // 2], encoding="utf-8")
    said = refused("runs", "show", run)
    assert "run.json" in said and "cannot be read" in said and f"placeprior runs run {run}" in said
    assert "run.json" in (again := fine("runs", "run", run)) and "made again" in again
    assert "already made" in fine("runs", "run", run) and fine("runs", "show", run)


def test_show_falls_back_on_committed_scores(here):
    run = an_id("tiny", "sincos/channels")
    fine("runs", "run", run)
    assert f"{Path('results/tiny').resolve()}: 1 runs, 1 new, 0 dropped" in fine("runs", "collect", "tiny")
    stored = fine("runs", "show", run)
    shutil.rmtree("store")
    shown = fine("runs", "show", run)
    assert "committed scores of profile tiny" in shown
    assert all(word in shown for word in ("rmse", "parameters", "torch"))
    score = next(line for line in stored.splitlines() if line.strip().startswith("r2"))
    assert score in shown.splitlines()
    assert next(line for line in fine("runs", "list", "tiny").splitlines() if run in line).split()[-1] == "scores"


def test_collect_drops_runs_only_when_told_to(here):
    run = an_id("tiny", "sincos/channels")
    for model in ("idw", "sincos/channels"):
        fine("runs", "run", an_id("tiny", model))
    fine("runs", "collect", "tiny")
    (here / "runs.yml").write_text(RUNS.replace("sincos/channels", "lonlat/channels"), encoding="utf-8")
    configuration.read.cache_clear()
    said = refused("runs", "collect", "tiny")
    assert "1 of the 2 committed runs" in said and "toy sincos/channels spatial fold 1 seed 0" in said
    assert "placeprior runs collect tiny --drop" in said
    assert "1 runs, 0 new, 1 dropped" in fine("runs", "collect", "tiny", "--drop")
    assert run not in Path("results/tiny/scores.csv").read_text()


def test_unknown_run_profile_and_matrix(here):
    assert "'tiny'" in refused("runs", "list", "tinny")
    assert "unknown matrix 'cor'; did you mean 'core'" in refused("runs", "list", "tiny", "--matrix", "cor")
    assert "nothere" in refused("runs", "run", "nothere")
    assert "unknown run 'nothere'" in refused("runs", "show", "nothere")
    run = plan.runs("tiny")[0].id
    assert "not in the store" in refused("runs", "show", run)


@pytest.mark.parametrize(
    ("right", "wrong", "said"),
    [
        ("sincos/channels", "sincso/channels", "unknown variant 'sincso'; did you mean 'sincos'"),
        ("[idw, none]", "[idw, nona]", "nona"),
        ("sincos/channels", "sincos/hadamrad", "did you mean 'hadamard'"),
        ("[spatial]", "[spatail]", "did you mean 'spatial'"),
        ("    size: demo", "    siez: small", "did you mean 'size'"),
        ("epochs: 2", "epohcs: 2", "did you mean 'epochs'"),
        ("load: toy", "load: tyo", "tyo"),
        ("stations: 24", "statoins: 24", "did you mean 'stations'"),
        ("profiles:", "profiles: [", "not valid YAML"),
    ],
)
def test_a_typo_in_the_matrix_is_named(here, right, wrong, said):
    (here / "runs.yml").write_text(RUNS.replace(right, wrong), encoding="utf-8")
    configuration.read.cache_clear()
    profile = "demo" if "statoins" in wrong else "tiny"
    assert said in refused("runs", "list", profile)


def test_a_loss_that_is_no_number_keeps_what_was_made(here, monkeypatch):
    first = an_id("tiny", "idw")
    fine("runs", "run", first)
    monkeypatch.setattr("placeprior.network.training.huber_loss", lambda y, *_, **__: (y * float("nan")).sum())
    assert "loss is not a number" in refused("runs", "run", an_id("tiny", "none"))
    assert (here / "store" / first / "run.json").is_file()


def test_a_store_that_cannot_be_written(here):
    (here / "store").write_text("a file where the folder should be")
    assert "cannot write" in refused("runs", "run", an_id("tiny", "idw"))


def test_a_run_is_found_while_other_data_are_absent(here, monkeypatch):
    monkeypatch.delenv("PLACEPRIOR_DATA", raising=False)
    (here / "runs.yml").write_text(
        RUNS.replace(
            "  tiny:",
            f"""\
  aqs:
    size: demo
    settings: {SETTINGS}
    tasks: {{weather-2019: {{load: weather-2019}}}}
    matrices:
      core: {{task: [weather-2019], model: [none], split: [spatial], seed: [0]}}
  tiny:""",
        ),
        encoding="utf-8",
    )
    configuration.read.cache_clear()
    assert "PLACEPRIOR_DATA" in refused("runs", "list", "aqs")
    fine("runs", "run", an_id("tiny", "idw"))


# --- embed ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["out.parquet", "out.csv"])
def test_embed_keeps_order_and_values(here, monkeypatch, name):
    monkeypatch.setattr("placeprior.cli.embed.ROWS", 2)  # several pieces
    assert "3 places" in fine("embed", "places.csv", "--encoder", "sincos", "-o", name)
    table = pd.read_parquet(name) if name.endswith("parquet") else pd.read_csv(name)
    lonlat = pd.read_csv("places.csv")[["lon", "lat"]].to_numpy()
    assert list(table) == ["lon", "lat", "e0", "e1", "e2", "e3"]
    np.testing.assert_array_equal(table[["lon", "lat"]], lonlat)
    np.testing.assert_array_equal(table.iloc[:, 2:].to_numpy("float32"), encoders.embed("sincos", lonlat))
    assert not list(here.glob(".*part"))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is empty"),
        ("lon,lat\n", "no rows"),
        ("lon,latitude\n1,2\n", "no column 'lat'; it has lon, latitude"),
        ("place,lat\n1,2\n", "no column 'lon'"),
        ("lon,lat,lat\n1,2,3\n", "column 'lat' occurs twice"),
        ("lon,lat\n1,2\n3,\n", "row 2: lon=3, lat=nan"),
        ("lon,lat\n1,2\n3,4\n5,inf\n", "row 3: lon=5, lat=inf"),
        ("lon,lat\n1,2\n3,north\n", "row 2: lat is 'north'"),
        ("lon,lat\n1,2\n3,4\n47.6,-122.3\n", "row 3: lon=47.6, lat=-122.3"),
        ("lon,lat\n39.7,-86.2\n", "are lon and lat swapped"),
        ("lon,lat\n200,5\n", "subtract 360"),
        ("lon,lat\n12,5,48,1\n", "cannot be read as CSV"),
        ("lon,lat\n1,2\n12,5,48,1\n", "line 3"),
        (b"\xff\xfe\x00", "UTF-8"),
    ],
)
def test_bad_places_are_named_and_nothing_is_written(here, monkeypatch, text, said):
    monkeypatch.setattr("placeprior.cli.embed.ROWS", 2)
    Path("bad.csv").write_bytes(text if isinstance(text, bytes) else text.encode())
    for name in ("out.parquet", "out.csv"):
        message = refused("embed", "bad.csv", "--encoder", "sincos", "-o", name)
        assert said in message and "bad.csv" in message


def test_real_antarctic_places_are_not_swapped(here):
    Path("south.csv").write_text("lon,lat\n39.7,-86.2\n-60,-70\n")
    fine("embed", "south.csv", "--encoder", "lonlat", "-o", "south.csv.parquet")


def test_embed_refuses_files_and_names(here):
    Path("old.csv").write_text("keep me")
    out = ("-o", "old.csv")
    assert "did you mean 'sincos'" in refused("embed", "places.csv", "--encoder", "sincso", *out)
    assert "nope.pth" in refused("embed", "places.csv", "--encoder", "geoclip", "--weights", "nope.pth", *out)
    assert "no such file" in refused("embed", "absent.csv", "--encoder", "sincos", *out)
    assert "give the result another name" in refused("embed", "places.csv", "--encoder", "sincos", "-o", "./places.csv")
    assert "*.parquet or *.csv" in refused("embed", "places.csv", "--encoder", "sincos", "-o", "out.txt")
    assert "cannot write" in refused("embed", "places.csv", "--encoder", "sincos", "-o", "runs.yml/out.csv")
    assert "cannot write" in refused("embed", "places.csv", "--encoder", "sincos", "-o", "absent/out.csv")


def test_a_failure_half_way_leaves_no_file(here, monkeypatch):
    class Breaks:
        name, dim, fingerprint, costly = "breaks", 1, "breaks", False

        def __call__(self, lonlat):
            raise KeyboardInterrupt

    monkeypatch.setattr(encoders, "load", lambda *_: Breaks())
    before = sorted(here.iterdir())
    assert call("embed", "places.csv", "--encoder", "breaks", "-o", "out.parquet").exit_code == 130
    assert sorted(here.iterdir()) == before


# --- data -------------------------------------------------------------------------------------------------------------


def test_a_table_becomes_a_cube_and_is_read_back(here):
    Path("days.csv").write_text(DAYS)
    made = fine("data", "from-csv", "days.csv", "-o", "days.nc")
    assert "2 stations, 3 days from 2020-01-01 to 2020-01-03" in made
    mark = made.split("fingerprint ")[1].split()[0]
    assert mark in fine("data", "check", "days.nc") and mark in fine("data", "check", "days.csv")
    with xr.open_dataset("days.nc") as cube:
        assert cube["wind"].attrs["units"] == "m s-1" and cube["pm25"].attrs["units"] == "µg m-3"
    assert "40 stations" in fine("data", "check", "toy")


@pytest.mark.parametrize(
    ("right", "wrong", "said"),
    [
        (DAYS, "", "is empty"),
        ("pm25", "pm2.5", "missing column 'pm25'"),
        (",-86.2,39.7,", ",39.7,-86.2,", "swapped"),
        ("2020-01-03", "2020-01-01", "two rows"),
        ("-96.2", "", "lon"),
        (",7,", ",7000,", "7000"),
    ],
)
def test_bad_tables_are_named_and_nothing_is_written(here, right, wrong, said):
    Path("bad.csv").write_text(DAYS.replace(right, wrong))
    assert said in refused("data", "check", "bad.csv")
    assert said in refused("data", "from-csv", "bad.csv", "-o", "bad.nc")


def test_data_refuses_files_and_names(here, monkeypatch):
    monkeypatch.delenv("PLACEPRIOR_DATA", raising=False)
    Path("text.nc").write_text(PLACES)
    assert "no such file" in refused("data", "check", "absent.csv")
    assert "no such file" in refused("data", "check", "absent.nc")
    assert "cannot be read as netCDF" in refused("data", "check", "text.nc")
    assert "did you mean 'world'" in refused("data", "check", "wrold")
    assert "PLACEPRIOR_DATA" in refused("data", "check", "weather-2019")
    assert "*.nc" in refused("data", "from-csv", "places.csv", "-o", "out.csv")


# --- map and book -----------------------------------------------------------------------------------------------------


def test_a_map_of_the_embedded_world(here):
    run = an_id("demo", "none")
    assert "not in the store" in refused("map", run, "--day", "2021-01-20", "-o", "day.nc")
    fine("runs", "run", run)
    assert "2021-01-03 to 2021-02-09" in refused("map", run, "--day", "2021-01-02", "-o", "day.nc")
    for name in ("day.nc", "day.png"):
        assert "embedded world" in fine("map", run, "--day", "2021-01-20", "-o", name, "--resolution", 4)
    with xr.open_dataset("day.nc") as made:
        assert made.attrs["embedded"] == 1 and run in made.attrs["source"]
        known = np.isfinite(made["estimate"].values)
        assert known.any() and (known == np.isfinite(made["pm25_true"].values)).all()
    assert Path("day.png").read_bytes().startswith(b"\x89PNG")
    assert "*.nc or *.png" in refused("map", run, "--day", "2021-01-20", "-o", "day.tif")
    assert call("map", run, "--day", "2021-13-20", "-o", "day.nc").exit_code == 2


def test_maps_of_a_year_of_the_embedded_world(here):
    run = an_id("demo", "none")
    fine("runs", "run", run)
    assert "2021-02-09" in fine("map", run, "--year", 2021, "-o", "year.zarr", "--resolution", 5)
    with xr.open_zarr("year.zarr", consolidated=False) as made:
        assert made.attrs["embedded"] == 1 and np.isfinite(made["estimate"].values).any(axis=(1, 2)).all()
    assert "there already" in refused("map", run, "--year", 2021, "-o", "year.zarr", "--resolution", 5)
    assert "no day of 2020" in refused("map", run, "--year", 2020, "-o", "other.zarr")
    assert "*.zarr" in refused("map", run, "--year", 2021, "-o", "year.nc")
    assert "one of them" in refused("map", run, "-o", "year.zarr")


def test_the_plan_of_a_year_of_maps_is_printed_and_nothing_made(here):
    run = an_id("demo", "none")
    fine("runs", "run", run)
    before = sorted(Path().iterdir())
    said = fine("map", run, "--year", 2021, "-o", "plan.zarr", "--resolution", 5, "--plan")
    for word in (
        "land cells x 38 days",
        "2021-01-03 to 2021-02-09",
        "strips",
        "minutes of one core",
        "MB in plan.zarr",
    ):
        assert word in said
    assert "1 km" in said and "on 1 GPU" in said and "on 8" in said and "NOT measured" in said
    assert sorted(Path().iterdir()) == before
    assert "a year" in refused("map", run, "--day", "2021-01-20", "-o", "day.nc", "--plan")
    assert "no day of 2020" in refused("map", run, "--year", 2020, "-o", "other.zarr", "--plan")


def test_a_map_needs_predictors_everywhere(here):
    assert "stations only" in refused("map", an_id("tiny", "none"), "--day", "2021-01-20", "-o", "day.nc")


def test_book_needs_a_project_and_a_right_matrix(here):
    assert "dodo.py" in refused("book")
    (here / "dodo.py").write_text("raise SystemExit(3)")
    (here / "runs.yml").write_text(RUNS.replace("[spatial]", "[spatail]"), encoding="utf-8")
    configuration.read.cache_clear()
    pytest.importorskip("jupyter_book", reason="the book's own requirements are not installed")
    assert "did you mean 'spatial'" in refused("book")


def test_book_calls_doit_and_hands_on_its_code(here):
    pytest.importorskip("jupyter_book", reason="the book's own requirements are not installed")
    (here / "dodo.py").write_text("def task_book():\n    return {'actions': ['touch made']}\n")
    assert "index.html" in fine("book", "--jobs", "1")
    assert (here / "made").is_file()
    (here / "dodo.py").write_text("def task_book():\n    return {'actions': ['false']}\n")
    assert call("book", "--jobs", "1").exit_code != 0


def test_help_keeps_units_in_brackets():
    assert "[m s-1]" in fine("data", "from-csv", "--help")


# --- a terminal that cannot write everything --------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252", "utf-8"])
def test_what_a_terminal_cannot_write_is_replaced(tmp_path, encoding):
    table = "station,date,lon,lat,pm25,wind [m\u207b\u00b2 \u65e5]\nS\u00e3o \u2192,2021-01-01,-90,40,5,1\n"
    (tmp_path / "mine.csv").write_text(table, encoding="utf-8")
    bad = tmp_path / "\u65e5.csv"
    bad.write_text(table.replace("pm25", "pm"), encoding="utf-8")
    environment = os.environ | {"PYTHONIOENCODING": encoding, "PYTHONUTF8": "0", "COLUMNS": "200"}
    for path, code in (("mine.csv", 0), (bad.name, 1)):
        done = subprocess.run(
            [sys.executable, "-c", "from placeprior.cli import main; main()", "data", "check", path],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            timeout=120,
        )
        said = (done.stdout + done.stderr).decode(encoding, "replace")  # to ASCII, click writes UTF-8
        assert done.returncode == code and "Traceback" not in said and "pm25" in said
