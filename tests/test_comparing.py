"""A comparison on one's own stations: planned, made, stopped, resumed, told, kept and used."""

import json
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr
import yaml
from typer.testing import CliRunner

from placeprior.book import advice
from placeprior.cli import app
from placeprior.data import example, stations
from placeprior.data.columns import Choice
from placeprior.evidence.verdict import PLACEBOS, Answer
from placeprior.runs import comparing, gridded, plan

RUN = CliRunner()


@pytest.fixture(scope="module")
def few():
    """Few arms and stations: seconds a comparison."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(comparing, "SIMPLE", ("mean", "idw"))
        patch.setattr(comparing, "PLACE", ("urban",))
        patch.setattr(comparing, "PLACEBOS", ("smooth-random",))
        yield patch


def toy(frame):
    """The cube of a table."""
    with tempfile.TemporaryDirectory() as folder:
        frame.to_csv(f"{folder}/s.csv", index=False)
        return stations.read(Path(folder) / "s.csv", Choice()).cube


@pytest.fixture(scope="module")
def made(few, tmp_path_factory):
    """A finished comparison of a table of the embedded world."""
    folder = tmp_path_factory.mktemp("own")
    example.example(30, 50).to_csv(folder / "stations.csv", index=False)
    done = RUN.invoke(app, ["compare", str(folder / "stations.csv"), "-o", str(folder / "report"), "--jobs", "2"])
    assert done.exit_code == 0, done.output
    return folder, done.output


@pytest.mark.slow
def test_a_plan_is_printed_and_nothing_written(few, tmp_path):
    example.example(30, 50).to_csv(tmp_path / "s.csv", index=False)
    done = RUN.invoke(app, ["compare", str(tmp_path / "s.csv"), "-o", str(tmp_path / "r"), "--plan"])
    assert done.exit_code == 0, done.output
    for word in ("simulated", "Between your stations", "In regions without stations", "minutes of one core", "fits"):
        assert word in done.output
    assert not (tmp_path / "r").exists() and "verdict" not in done.output


@pytest.mark.slow
def test_a_comparison_ends_in_a_verdict_that_its_numbers_bear_out(made):
    folder, output = made
    report = json.loads((folder / "report" / "report.json").read_text(encoding="utf-8"))
    assert output.strip().splitlines()[-1] == f"verdict: {report['verdict']}"
    scores = pd.read_csv(folder / "report" / "scores.csv")
    rows = pd.read_parquet(folder / "report" / "predictions.parquet")
    for run, own in scores[scores["metric"] == "r2"].groupby("run"):
        head = own.iloc[0]
        part = rows[(rows["arm"] == head["arm"]) & (rows["split"] == head["split"])]
        part = part[(part["fold"] == head["fold"]) & (part["seed"] == head["seed"])]
        error = ((part["measured"] - part["estimate"]) ** 2).sum()
        spread = ((part["measured"] - part["measured"].mean()) ** 2).sum()
        assert 1 - error / spread == pytest.approx(head["value"], abs=1e-4), run
    for answer in report["answers"]:
        assert {"helps": answer["low"], "harms": -(answer["high"] or 0)}.get(answer["verdict"], 1) > 0
    html = (folder / "report" / "index.html").read_text(encoding="utf-8")
    assert "Simulated" in html and html.count("<figure") == 4
    assert not re.search(r"(src|href)=\"(?!data:|https://doi)", html)  # nothing is fetched


@pytest.mark.deep
@pytest.mark.parametrize("more", [("--jobs", "1"), ("--scheduler", "local:2")], ids=["here", "on workers"])
def test_what_is_made_again_after_a_loss_is_the_same_report(made, more):
    folder, _ = made
    report, store = folder / "report", folder / "report" / "work" / "store"
    before = {name: (report / name).read_bytes() for name in ("index.html", "report.json", "scores.csv")}
    lost = sorted(path for path in store.iterdir() if (path / "run.json").is_file())[::5]
    for path in lost:
        (path / "run.json").unlink()
    done = RUN.invoke(app, ["compare", str(folder / "stations.csv"), "-o", str(report), *more])
    assert done.exit_code == 0, done.output
    assert "are made already" in done.output
    assert {name: (report / name).read_bytes() for name in before} == before


#: The command with the arms that cost little: what is killed is the same.
CHEAP = (
    "from placeprior.runs import comparing; comparing.SIMPLE, comparing.PLACEBOS = ('mean', 'idw'), (); "
    "from placeprior.cli import main; main()"
)
KILLS = 10


@pytest.mark.deep
def test_killed_at_ten_moments_it_goes_on_to_the_same_report(tmp_path):
    example.example(24, 45).to_csv(tmp_path / "s.csv", index=False)
    rng = np.random.default_rng()

    def start(out):
        command = [sys.executable, "-c", CHEAP, "compare", "s.csv", "-o", out, "--encoders", "urban", "--jobs", "1"]
        return subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    began = time.monotonic()
    assert start("whole").wait() == 0
    took = time.monotonic() - began
    moments, killed = [], 0
    for _ in range(KILLS):
        moments.append(rng.uniform(0.1, 0.55) * took)
        running = start("often")
        try:
            running.wait(moments[-1])
        except subprocess.TimeoutExpired:
            running.kill()
            killed += 1
        running.wait()
    assert killed >= KILLS // 2, moments  # one that goes on from a whole store ends sooner
    assert start("often").wait() == 0, moments
    for name in ("index.html", "report.json", "scores.csv", "predictions.parquet"):
        same = (tmp_path / "often" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()
        assert same, (name, moments)


def test_what_varies_along_some_of_a_grids_dimensions_is_told_everywhere():
    grid = xr.Dataset(
        {"wind": (("time", "lat", "lon"), np.arange(24.0).reshape(4, 2, 3)), "height": (("lat", "lon"), np.eye(2, 3))},
        {"time": pd.date_range("2021-01-01", periods=4), "lat": [1.0, 2.0], "lon": [3.0, 4.0, 5.0]},
    )
    grid["season"] = ("time", np.arange(4.0))
    sizes = {"lat": 2, "lon": 3, "time": 4}
    fields = {name: gridded.on_all(grid[name].variable, sizes, grid[name].values) for name in grid.data_vars}
    assert {field.shape for field in fields.values()} == {(2, 3, 4)}
    assert (fields["wind"][1, 2] == grid["wind"][:, 1, 2].values).all() and (
        fields["season"][0, 1] == np.arange(4)
    ).all()
    assert (fields["height"][:, :, 3] == np.eye(2, 3)).all()


@pytest.mark.slow
def test_a_kept_network_estimates_elsewhere_and_flags_what_is_far(made, tmp_path):
    folder, _ = made
    model = tmp_path / "model"
    fit = RUN.invoke(app, ["fit", str(folder / "report"), "--arm", "lonlat/channels", "-o", str(model)])
    assert fit.exit_code == 0, fit.output
    assert {path.name for path in model.iterdir()} == {
        "model.json",
        "weights.safetensors",
        "stations.nc",
        "residuals.parquet",
    }
    frame = pd.read_csv(folder / "stations.csv")
    first = frame[frame["site_id"] == "S001"]
    far = first.assign(site_id="far", longitude=10.0, latitude=50.0)
    pd.concat([first, far]).to_csv(tmp_path / "p.csv", index=False)
    done = RUN.invoke(
        app, ["predict", str(model), str(tmp_path / "p.csv"), "-o", str(tmp_path / "e.csv"), "--level", "0.5"]
    )
    assert done.exit_code == 0, done.output
    found = pd.read_csv(tmp_path / "e.csv")
    assert len(found) == 2 * len(first) and (found["high"] > found["low"]).all()
    assert found.groupby("station")["far"].all().to_dict() == {"S001": False, "far": True}
    assert found.loc[found["station"] == "far", "unlike_place"].all()

    names = [re.sub(r" \[.*", "", name) for name in first.columns[5:-1]]
    time = pd.to_datetime(first["date"]).to_numpy()
    lat, lon = first["latitude"].iloc[:1].to_numpy(), first["longitude"].iloc[:1].to_numpy()
    fields = {
        name: (("time", "lat", "lon"), first.iloc[:, 5 + at].to_numpy(np.float32)[:, None, None])
        for at, name in enumerate(names)
    }
    xr.Dataset(fields, {"time": time, "lat": lat, "lon": lon}).to_netcdf(tmp_path / "g.nc", engine="scipy")
    done = RUN.invoke(
        app, ["predict", str(model), str(tmp_path / "g.nc"), "-o", str(tmp_path / "e.nc"), "--level", "0.5"]
    )
    assert done.exit_code == 0, done.output
    with xr.open_dataset(tmp_path / "e.nc", engine="scipy") as grid:
        own = found[found["station"] == "S001"]
        np.testing.assert_allclose(grid["estimate"].values.ravel(), own["estimate"], rtol=1e-4)
        assert set(np.unique(grid["unlike"].values)) <= {0, 4}
    with xr.open_dataset(tmp_path / "g.nc", engine="scipy") as grid:
        grid.load().drop_vars("time").to_netcdf(tmp_path / "d.nc", engine="scipy")
    refused = RUN.invoke(app, ["predict", str(model), str(tmp_path / "d.nc"), "-o", str(tmp_path / "x.nc")])
    assert refused.exit_code == 1 and "time has no coordinate of dates" in refused.output
    lacking = first.drop(columns=first.columns[5])
    lacking.to_csv(tmp_path / "l.csv", index=False)
    refused = RUN.invoke(app, ["predict", str(model), str(tmp_path / "l.csv"), "-o", str(tmp_path / "x.csv")])
    assert refused.exit_code == 1 and "which the model was trained with" in refused.output


def test_what_cannot_be_answered_ends_in_one_line(tmp_path):
    frame = example.example(24, 45)
    for name, own in (("one", frame[frame["site_id"] == "S001"]), ("day", frame[frame["date"] == "2021-01-01"])):
        own.to_csv(tmp_path / f"{name}.csv", index=False)
        done = RUN.invoke(app, ["compare", str(tmp_path / f"{name}.csv"), "--plan"])
        assert done.exit_code == 1 and done.output.count("error: ") == 1
    for words in (
        ["compare", str(tmp_path / "no.csv")],
        ["fit", str(tmp_path)],
        ["predict", str(tmp_path), "x.csv", "-o", "y.csv"],
    ):
        done = RUN.invoke(app, words)
        assert done.exit_code == 1 and "error: " in done.output
    assert (
        RUN.invoke(app, ["compare", str(tmp_path / "one.csv"), "--encoders", "geoclp"]).output.count("did you mean")
        == 1
    )


@pytest.fixture(scope="module")
def laid(tmp_path_factory):
    """A comparison that was stopped before its first fit."""
    work = tmp_path_factory.mktemp("begun") / "work"
    cube = comparing.prepare(toy(example.example(24, 45)), comparing.Asked())
    comparing.lay(work, cube, comparing.Asked(("sincos",)))
    (work / "about.json").write_text("{}", encoding="utf-8")
    return work


@pytest.fixture
def begun(laid, tmp_path):
    """A copy of it."""
    shutil.copytree(laid, tmp_path / "work")
    return tmp_path


def _tear(work):
    (work / "about.json").write_text('{"rows": 10', encoding="utf-8")


def _flip(work):
    (cube,) = work.glob("cube-*.nc")
    raw = bytearray(cube.read_bytes())
    raw[-7] ^= 64
    cube.write_bytes(raw)


@pytest.mark.parametrize(
    "spoil, said",
    [
        (lambda work: None, "fits of this comparison are not made yet; run the same `placeprior compare` again"),
        (_tear, "about.json is not as it was written"),
        (_flip, ".nc is not as it was written"),
        (lambda work: next(work.glob("cube-*.nc")).unlink(), "a cube that `placeprior compare` made"),
        (lambda work: (work / "runs.yml").unlink(), "runs.yml"),
    ],
    ids=["unfinished", "torn", "flipped", "lost cube", "lost plan"],
)
def test_a_comparison_that_is_not_whole_keeps_no_network_and_says_why(begun, spoil, said):
    spoil(begun / "work")
    plan._data.cache_clear()  # a command is a process of its own
    done = RUN.invoke(app, ["fit", str(begun), "-o", str(begun / "model")])
    assert done.exit_code == 1 and done.stderr.startswith("error: ") and done.stderr.count("\n") == 1
    assert said in done.stderr and not (begun / "model").exists()


def test_encoders_that_know_another_country_are_left_out_and_said():
    frame = example.example(30, 50)
    frame["longitude"] += 105
    frame["latitude"] += 10
    cube = toy(frame)
    models, missing = comparing.arms(cube, comparing.Asked(("slepian", "urban")))
    assert "slepian/hadamard" not in models and "urban/hadamard" in models
    assert "contiguous United States" in missing["slepian"]


def test_an_encoder_that_tells_all_stations_the_same_is_left_out_and_said():
    frame = example.example(30, 50)
    frame["longitude"] += 50  # the middle of the Atlantic, where nobody lives
    frame["latitude"] -= 10
    models, missing = comparing.arms(toy(frame), comparing.Asked(("urban", "sincos")))
    assert "urban/hadamard" not in models and "sincos/hadamard" in models
    assert "one vector" in missing["urban"]


def test_a_small_table_is_trained_on_more_often_and_a_large_one_is_answered_in_time(monkeypatch, tmp_path):
    cube = comparing.prepare(toy(example.example(30, 50)), comparing.Asked())

    def seeds(limit, folder):
        monkeypatch.setattr(comparing, "SMALL", limit)
        comparing.lay(tmp_path / folder, cube, comparing.Asked())
        content = yaml.safe_load((tmp_path / folder / "runs.yml").read_text(encoding="utf-8"))
        matrices = content["profiles"][comparing.PROFILE]["matrices"]
        return {seed for name, own in matrices.items() if name.endswith("again") for seed in own["seed"]}

    assert (seeds(10**6, "a"), seeds(1, "b")) == ({1, 2}, {1})


def test_a_gain_beside_which_no_placebo_was_tried_is_not_called_geography():
    answer = Answer("random", "On other days", "helps", "geoclip-hadamard", 0.2, 0.1, 0.3, r2={"geoclip-hadamard": 0.5})
    assert "left open" in advice.beside(answer)
    answer.r2 |= dict.fromkeys(PLACEBOS, 0.1)
    assert "where the place is" in advice.beside(answer)


def test_vectors_of_small_numbers_are_vectors():
    models, missing = comparing.arms(toy(example.example(24, 45)), comparing.Asked(("geoclip",)))
    assert "geoclip/hadamard" in models and not missing
