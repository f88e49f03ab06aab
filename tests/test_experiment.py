"""Runs are made once, kept whole or not at all, read afterwards, and collected into small tables."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from conftest import RUNS_YML, toy_cube
from sklearn.metrics import r2_score

from placeprior.errors import CubeError, StoreError, TrainingError
from placeprior.files import lock
from placeprior.runs import configuration, inputs, making, plan, progress, store
from placeprior.runs import entry as entries_of
from placeprior.runs.collecting import collect_scores
from placeprior.runs.inputs import Inputs, place_scaler
from placeprior.runs.making import make
from placeprior.scores import metrics
from placeprior.space.neighbours import neighbour_pm25
from placeprior.space.splits import lonlat_of, split


def quiet(_):
    """A log that nobody reads."""


def by_model(profile="tiny"):
    return {run.model: run for run in plan.runs(profile)}


def entries():
    """What lies in the store beside its lock."""
    return sorted(p.name for p in store.store().iterdir() if p.name != ".lock")


def forbid(monkeypatch):
    def fail(*_, **__):
        raise AssertionError("trained again")

    monkeypatch.setattr(making, "train", fail)


def test_a_run_is_made_once_and_read_afterwards(project, monkeypatch):
    run, lines = by_model()["sincos/hadamard"], []
    entry = make(run, lines.append)
    assert len(lines) == 1 and run.id in lines[0] and run.label in lines[0]
    before = {p.name: p.read_bytes() for p in entry.iterdir()}
    assert set(before) == {
        "run.json",
        "history.csv",
        "predictions.parquet",
        "validation.parquet",
        "stations.parquet",
        "weights.safetensors",
    }
    forbid(monkeypatch)
    assert make(run, lines.append) == entry and len(lines) == 1
    assert {p.name: p.read_bytes() for p in entry.iterdir()} == before
    assert entries() == [run.id]


def test_an_entry_says_what_it_is_and_its_parts_agree(project):
    run = by_model()["sincos/channels"]
    make(run, quiet)
    result, rows, sums = store.read(run.id), store.table(run.id, "predictions"), store.table(run.id, "stations")
    assert result["run"]["variant"] == "sincos" and plan.Run(**result["run"]).id == run.id
    parts, cube = split("spatial", toy_cube(), 0), toy_cube()
    assert result["sizes"] == parts.sizes() and result["n"] == parts.test.sum() == len(rows)
    np.testing.assert_array_equal(rows["pm25"], cube["pm25"].values[rows["station"], rows["day"]])
    assert parts.test[rows["station"], rows["day"]].all()
    assert result["scores"]["r2"] == pytest.approx(r2_score(rows["pm25"], rows["estimate"]), abs=1e-5)
    again = metrics.from_sums(sums[metrics.SUMS].to_numpy().sum(0))
    assert {k: float(v) for k, v in again.items()} == pytest.approx(result["scores"], nan_ok=True)
    tested = parts.test.any(1)
    assert sums["name"].tolist() == cube["station"].values[tested].tolist()
    np.testing.assert_array_equal(sums[["lon", "lat"]], np.column_stack([cube.lon[tested], cube.lat[tested]]))
    history = store.table(run.id, "history")
    assert result["best_epoch"] == 1 + int(history["validation_loss"].argmin()) and len(history) == 2
    assert result["predictors"] == ["wind", "warmth"] and sum(result["attention"]) == pytest.approx(1, abs=1e-4)
    weights = store.tensors(run.id)
    assert sum(v.numel() for k, v in weights.items() if k.startswith("model.")) == result["parameters"]
    assert result["stamp"]["threads"] == 1 and result["stamp"]["seconds"] > 0 and result["stamp"]["torch"]


def test_made_again_it_is_equal_to_the_bit(project):
    run = by_model()["sincos/hadamard"]
    one = {p.name: p.read_bytes() for p in make(run, quiet).iterdir()}
    shutil.rmtree(store.store())
    torch.manual_seed(12345)
    two = {p.name: p.read_bytes() for p in make(run, quiet).iterdir()}
    for name in ("predictions.parquet", "stations.parquet", "weights.safetensors"):
        assert one[name] == two[name], name


def test_idw_is_the_neighbour_feature_of_the_training_pool(project):
    run, cube = by_model()["idw"], toy_cube()
    make(run, quiet)
    parts, rows = split("spatial", cube, 0), store.table(run.id, "predictions")
    expected = neighbour_pm25(cube["pm25"].values, lonlat_of(cube), parts.pool)[parts.test]
    np.testing.assert_array_equal(rows["estimate"], expected)
    assert store.read(run.id)["parameters"] == 0 and len(store.tensors(run.id)) == 0


class Killed(BaseException):
    """As a signal would end it: not an Exception."""


@pytest.mark.parametrize("where", [(making, "train"), (entries_of, "save_file")])
@pytest.mark.parametrize("how", [Killed, KeyboardInterrupt, TrainingError])
def test_a_run_that_ends_half_way_leaves_no_entry(project, monkeypatch, where, how):
    run = by_model()["none"]

    def end(*_, **__):
        raise how("half-way")

    with monkeypatch.context() as patched:
        patched.setattr(*where, end)
        with pytest.raises(how):
            make(run, quiet)
    assert not store.is_stored(run.id) and run.id not in progress.done("tiny")
    make(run, quiet)
    assert store.is_stored(run.id)


def test_leftovers_of_a_killed_run_are_never_taken_for_a_result(project):
    run = by_model()["none"]
    (store.store() / f".{run.id}-x1").mkdir(parents=True)
    (store.store() / f".{run.id}-x1" / "run.json").write_text("{}")
    (store.store() / run.id).mkdir()
    (store.store() / run.id / "history.csv").write_text("half")
    assert not store.is_stored(run.id) and progress.done("tiny") == set()
    make(run, quiet)
    assert store.read(run.id)["id"] == run.id and len(store.table(run.id, "history")) == 2


def test_old_leftovers_are_swept_and_young_ones_left_to_their_run(project):
    run = by_model()["none"]
    old, young = (store.store() / f".{run.id}-{name}" for name in ("old", "young"))
    for folder in (old, young):
        folder.mkdir(parents=True)
    os.utime(old, (0, 0))
    make(run, quiet)
    assert not old.exists() and young.exists()


def test_leftovers_that_vanish_while_they_are_looked_at_are_no_error(project):
    # Another process renames its entry between the listing and the look: a link to nowhere is as absent.
    store.store().mkdir()
    (store.store() / ".0123456789ab-gone").symlink_to(project / "nowhere")
    make(by_model()["idw"], quiet)
    assert store.is_stored(by_model()["idw"].id)


def test_a_run_that_another_process_finished_first_is_left_as_it_stands(project, monkeypatch):
    run, entry, fill = by_model()["idw"], store.store() / by_model()["idw"].id, making._fill_entry

    def overtaken(work, *rest):
        fill(work, *rest)
        shutil.copytree(work, entry, ignore=shutil.ignore_patterns(entries_of.LIVE))
        (entry / "first").touch()

    monkeypatch.setattr(making, "_fill_entry", overtaken)
    assert make(run, quiet) == entry
    assert (entry / "first").exists() and entries() == [run.id]


def test_a_run_overtaken_in_the_last_moment_is_no_error(project, monkeypatch):
    # By a process that does not know the lock: on a file system without locks, or an older version.
    run, rename = by_model()["idw"], os.rename

    def overtaken(source, target):
        shutil.copytree(source, target)
        rename(source, target)

    monkeypatch.setattr(entries_of.os, "rename", overtaken)
    make(run, quiet)
    assert store.is_stored(run.id) and entries() == [run.id]


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"{}", b'{"id": "other", "scores": {"r2": 1}}', b"\xff\xfe"])
def test_a_damaged_entry_is_named_and_made_again(project, content):
    run, said = by_model()["idw"], []
    whole = {p.name: p.read_bytes() for p in make(run, quiet).iterdir()}
    (store.store() / run.id / "run.json").write_bytes(content)
    for read in (lambda: store.read(run.id), lambda: collect_scores("tiny")):
        with pytest.raises(StoreError, match=f"run.json of .* {run.id} .*`placeprior runs run {run.id}`") as told:
            read()
        assert "\n" not in str(told.value)
    assert not store.is_stored(run.id) and run.id not in progress.done("tiny")
    make(run, said.append)
    assert len(said) == 2 and run.id in said[0] and said[0].endswith("made again")
    again = {p.name: p.read_bytes() for p in (store.store() / run.id).iterdir()}
    assert set(again) == set(whole) and again["predictions.parquet"] == whole["predictions.parquet"]
    assert entries() == [run.id]


@pytest.mark.parametrize("name", ["predictions.parquet", "stations.parquet", "history.csv", "weights.safetensors"])
@pytest.mark.parametrize("how", ["empty", "gone", "cut", "flipped", "longer"])
def test_a_damaged_or_missing_table_is_named_and_the_run_made_again(project, name, how):
    run, said = by_model()["none"], []
    path = make(run, quiet) / name
    whole = path.read_bytes()
    flipped = bytearray(whole)
    flipped[len(whole) // 2] ^= 1
    path.write_bytes({"empty": b"", "gone": b"", "cut": whole[:-9], "flipped": flipped, "longer": whole + b"\n"}[how])
    if how == "gone":
        path.unlink()
    read = store.tensors if name.startswith("weights") else lambda i: store.table(i, name.split(".")[0])
    with pytest.raises(StoreError, match=f"stored run {run.id} .*{name}.*`placeprior runs run {run.id}`"):
        read(run.id)
    assert not store.is_whole(run.id)
    make(run, said.append)
    assert name in said[0] and said[0].endswith("made again") and store.is_whole(run.id)
    assert path.read_bytes() == whole or name == "history.csv"  # which holds seconds


def test_a_run_json_that_someone_changed_is_noticed(project):
    run = by_model()["none"]
    path = make(run, quiet) / "run.json"
    content = json.loads(path.read_text())
    for change in ({"scores": content["scores"] | {"r2": 0.99}}, {"n": 1}, {"stamp": None}, {"seal": "0" * 64}):
        path.write_text(json.dumps(content | change, indent=1))
        with pytest.raises(StoreError, match="its seal does not match"):
            store.read(run.id)
    for name in ("files", "scores", "seal", "stamp"):
        path.write_text(json.dumps({key: value for key, value in content.items() if key != name}, indent=1))
        with pytest.raises(StoreError, match=f"has no '{name}'"):
            store.read(run.id)


def test_an_entry_can_be_read_by_others_and_one_that_may_not_be_is_not_thrown_away(project, monkeypatch):
    run = by_model()["none"]
    entry = make(run, quiet)
    assert entry.stat().st_mode & 0o755 == 0o755
    assert all(path.stat().st_mode & 0o444 == 0o444 for path in entry.iterdir())

    def denied(path):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "read_bytes", denied)
    for use in (lambda: make(run, quiet), lambda: store.read(run.id), lambda: store.table(run.id, "stations")):
        with pytest.raises(StoreError, match="may not be read; ask .*chmod") as told:
            use()
        assert "remove" not in str(told.value) and "again" not in str(told.value)
    monkeypatch.undo()
    assert {p.name for p in entry.iterdir()} >= {"run.json", *store.TABLES}


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_another_user_reads_a_shared_store_and_is_told_whom_to_ask_for_a_shut_one(project):
    run = by_model()["none"]
    entry = make(run, quiet)
    for folder in (entry, *entry.parents):
        if Path(tempfile.gettempdir()) in folder.parents:
            folder.chmod(0o755)

    def other(expected):
        process = os.fork()
        if not process:
            try:
                os.setuid(65534)
                expected()
                os._exit(0)
            except BaseException as error:
                print(repr(error), flush=True)
                os._exit(1)
        return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])

    def reads():
        assert store.is_whole(run.id) and len(store.tensors(run.id)) and make(run, quiet) == entry

    def is_told():
        for use in (lambda: store.read(run.id), lambda: make(run, quiet)):
            with pytest.raises(StoreError, match="may not be read; ask root for it: .chmod -R a.rX"):
                use()

    assert other(reads) == 0
    (entry / "weights.safetensors").chmod(0o600)
    with_shut_weights = other(lambda: store.read(run.id)), other(lambda: store.tensors(run.id))
    assert with_shut_weights == (0, 1)
    entry.chmod(0o700)
    assert other(is_told) == 0


def test_an_entry_that_is_a_file_is_refused_before_anything_is_trained(project, monkeypatch):
    run = by_model()["none"]
    store.store().mkdir()
    (store.store() / run.id).write_text("mine")
    forbid(monkeypatch)
    with pytest.raises(StoreError, match="is a file, and the run's folder belongs there; move it away"):
        make(run, quiet)
    assert (store.store() / run.id).read_text() == "mine"


def test_a_clock_that_is_ahead_ends_no_run_of_another(project, monkeypatch):
    work = store.store() / ".0123456789ab-live"
    work.mkdir(parents=True)
    real = time.time
    monkeypatch.setattr(time, "time", lambda: real() + 3 * 86_400)
    make(by_model()["idw"], quiet)
    assert work.is_dir()


def test_a_run_that_still_works_after_days_is_not_swept(project):
    work = store.store() / ".0123456789ab-live"
    work.mkdir(parents=True)
    with lock.hold(work / entries_of.LIVE, "making a run"):
        os.utime(work, (0, 0))
        make(by_model()["idw"], quiet)
        assert work.is_dir()
    os.utime(work, (0, 0))
    make(by_model()["none"], quiet)
    assert not work.exists()


def test_an_absent_run_is_named_with_its_command(project):
    with pytest.raises(StoreError, match="run 00 is not in the store.*placeprior runs run 00"):
        store.read("00")


def test_a_folder_that_cannot_be_written_is_one_clear_error_and_loses_nothing(project):
    run = by_model()["idw"]
    (project / "store").write_text("a file stands where the folder belongs")
    with pytest.raises(StoreError, match="cannot write to .*store"):
        make(run, quiet)
    (project / "store").unlink()
    make(run, quiet)
    (project / "results").write_text("here too")
    with pytest.raises(StoreError, match="cannot write .*results"):
        collect_scores("tiny")
    assert (project / "results").read_text() == "here too"


def test_a_full_disk_is_one_clear_error(project, monkeypatch):
    from safetensors import SafetensorError

    def full(*_, **__):
        raise SafetensorError("I/O error: No space left on device (os error 28)")

    monkeypatch.setattr(entries_of, "save_file", full)
    with pytest.raises(StoreError, match="No space left.*finished runs are kept"):
        make(by_model()["none"], quiet)
    assert entries() == []


# --- what a model sees ---


@pytest.mark.parametrize(("name", "neighbours"), [("spatial", 0), ("random", 1), ("checkerboard-16", 1)])
def test_no_held_out_label_reaches_an_input_or_a_scaler(project, name, neighbours):
    run, cube = by_model()["sincos/hadamard"], toy_cube().assign_attrs(neighbours=neighbours)
    parts = split(name, cube, 0)
    changed = cube.copy(deep=True)
    changed["pm25"].values[parts.test | parts.validation] += 400
    one, two = Inputs(run, cube, parts), Inputs(run, changed, parts)
    assert one.features.tobytes() == two.features.tobytes() and one.place.tobytes() == two.place.tobytes()
    for scaler in ("x_scale", "y_scale", "place_scale"):
        np.testing.assert_array_equal(getattr(one, scaler).mean, getattr(two, scaler).mean)
        np.testing.assert_array_equal(getattr(one, scaler).scale, getattr(two, scaler).scale)
    assert one.huber == two.huber
    assert one.names == ["wind", "warmth", *inputs.NEIGHBOUR_FEATURES][: 2 + 2 * neighbours]


@pytest.mark.parametrize(("leak", "moved"), [(["neighbours"], "features"), (["scalers"], "y_scale")])
def test_a_leak_lets_held_out_labels_in_and_only_where_it_says(project, leak, moved):
    run, cube = by_model()["none"], toy_cube().assign_attrs(neighbours=1)
    run = replace(run, data=run.data | {"leak": leak})
    parts = split("spatial", cube, 0)
    changed = cube.copy(deep=True)
    changed["pm25"].values[parts.test] += 400
    one, two = Inputs(run, cube, parts), Inputs(run, changed, parts)
    differ = {
        "features": not np.allclose(one.features[..., -2], two.features[..., -2]),
        "y_scale": one.y_scale.mean[0] != pytest.approx(two.y_scale.mean[0]),
    }
    assert [name for name, is_so in differ.items() if is_so] == [moved]
    np.testing.assert_array_equal(one.features[..., 0], two.features[..., 0])


def test_neighbours_in_training_are_as_far_as_in_the_test_unless_the_task_says_otherwise(project):
    run, cube = by_model()["none"], toy_cube(stations=144).assign_attrs(neighbours=1)
    parts = split("checkerboard-16", cube, 0)
    near = {}
    for name, data in (("matched", {}), ("unmatched", {"neighbours": "unmatched"})):
        ready = Inputs(replace(run, data=run.data | data), cube, parts)
        log_km = ready.features[..., -1] * ready.x_scale.scale[-1] + ready.x_scale.mean[-1]
        near[name] = {part: np.median(10 ** log_km[getattr(parts, part)]) for part in ("train", "test")}
    assert near["matched"]["train"] == pytest.approx(near["matched"]["test"], rel=0.15)
    assert near["unmatched"]["train"] < 0.7 * near["unmatched"]["test"]
    assert near["matched"]["test"] == pytest.approx(near["unmatched"]["test"], rel=1e-4)


def test_a_predictor_with_the_name_of_a_made_one_is_refused_not_doubled(project):
    run, cube = by_model()["none"], toy_cube().assign_attrs(neighbours=1).rename(wind="neighbour_pm25")
    with pytest.raises(CubeError, match="predictor 'neighbour_pm25' of its own.*drop it"):
        Inputs(run, cube, split("spatial", cube, 0))


def test_the_seed_of_training_does_not_move_the_split(project):
    run, cube = by_model()["none"], toy_cube()
    one, two = (inputs.parts_of(replace(run, seed=seed), cube) for seed in (0, 1))
    assert one.test.tobytes() == two.test.tobytes() and one.validation.tobytes() == two.validation.tobytes()


def test_a_run_keeps_what_calibration_and_distance_ask_for(project):
    run, cube = by_model()["sincos/hadamard"], toy_cube()
    make(run, quiet)
    parts, held = inputs.parts_of(run, cube), store.table(run.id, "validation")
    np.testing.assert_array_equal(held["pm25"], cube["pm25"].values[parts.validation].astype(np.float32))
    assert np.isfinite(held["estimate"]).all()
    near = store.table(run.id, "stations").set_index("name")["nearest_km"]
    np.testing.assert_allclose(near[cube["station"].values[parts.test.any(1)]], parts.distance_km(cube))
    stamp = store.read(run.id)["stamp"]
    assert stamp["processor"] and stamp["instructions"]


def test_held_out_predictors_and_places_do_not_move_a_scaler(project):
    run, cube = by_model()["sincos/hadamard"], toy_cube()
    parts = split("spatial", cube, 0)
    changed = cube.copy(deep=True)
    changed["wind"].values[~parts.train] += 1000
    held = ~parts.train.any(1)
    changed["lon"].values[held] = -70.0
    one, two = Inputs(run, cube, parts), Inputs(run, changed, parts)
    np.testing.assert_array_equal(one.x_scale.mean, two.x_scale.mean)
    np.testing.assert_array_equal(one.place_scale.mean, two.place_scale.mean)
    np.testing.assert_array_equal(one.place[~held], two.place[~held])


def test_channels_are_scaled_by_column_and_embeddings_by_one_number():
    vectors = np.random.default_rng(0).normal([0, 5, -3], [1, 10, 0.1], (200, 3)).astype(np.float32)
    by_column, by_one = place_scaler(vectors, "channels"), place_scaler(vectors, "hadamard")
    np.testing.assert_allclose(by_column(vectors).std(0), 1, rtol=1e-4)
    assert len(set(by_one.scale.tolist())) == 1
    assert np.sqrt((by_one(vectors) ** 2).sum(1).mean() / 3) == pytest.approx(1, rel=1e-4)


def test_loss_turns_linear_at_half_the_range_of_the_training_target(project):
    run, cube = by_model()["none"], toy_cube()
    parts = split("spatial", cube, 0)
    ready, y = Inputs(run, cube, parts), cube["pm25"].values[parts.train]
    assert ready.huber == pytest.approx((y.max() - y.min()) / 2 / y.std(), rel=1e-4)


def test_variants_of_one_seed_share_their_test_rows(project):
    rows = []
    for run in by_model().values():
        make(run, quiet)
        rows.append(store.table(run.id, "predictions")[["station", "day", "pm25"]])
    assert all(other.equals(rows[0]) for other in rows[1:])


# --- collecting ---


def test_collect_writes_every_score_once_and_is_stable(project):
    for run in plan.runs("tiny"):
        make(run, quiet)
    path = collect_scores("tiny")
    frame = store.scores("tiny")
    assert list(frame.columns) == store.COLUMNS and len(frame) == 4 * len(metrics.METRICS)
    assert not frame.duplicated(["run", "metric"]).any() and set(frame["metric"]) == set(metrics.METRICS)
    sums, stamps = store.sums("tiny"), store.stamps("tiny")
    assert set(sums["run"]) == set(stamps) == {run.id for run in plan.runs("tiny")}
    for run_id, part in sums.groupby("run"):
        own = frame[(frame["run"] == run_id) & (frame["metric"] == "r2")]["value"].item()
        assert metrics.from_sums(part[metrics.SUMS].to_numpy().sum(0))["r2"] == pytest.approx(own, abs=1e-4)
    before = {p: p.read_bytes() for p in path.parent.rglob("*") if p.is_file()}
    collect_scores("tiny")
    assert {p: p.read_bytes() for p in path.parent.rglob("*") if p.is_file()} == before


def test_collect_keeps_runs_made_elsewhere_and_drops_those_no_longer_asked_for_when_told(project):
    for run in plan.runs("tiny"):
        make(run, quiet)
    collect_scores("tiny")
    whole = store.scores("tiny")
    models = by_model()
    shutil.rmtree(store.store() / models["none"].id)  # made on another machine, as far as this one knows
    (project / "runs.yml").write_text(RUNS_YML.replace(", sincos/hadamard", ""), encoding="utf-8")
    configuration.read.cache_clear()
    before = {p: p.read_bytes() for p in store.results("tiny").rglob("*") if p.is_file()}
    with pytest.raises(StoreError, match="1 of the 4 committed runs of profile 'tiny': toy sincos/hadamard .* --drop"):
        collect_scores("tiny")
    assert {p: p.read_bytes() for p in store.results("tiny").rglob("*") if p.is_file()} == before
    collect_scores("tiny", drop=True)
    expected = whole[whole["run"] != models["sincos/hadamard"].id].reset_index(drop=True)
    pd.testing.assert_frame_equal(store.scores("tiny"), expected)
    kept = {run.id for run in plan.runs("tiny")}
    assert set(store.sums("tiny")["run"]) == set(store.stamps("tiny")) == kept


def test_committed_scores_count_as_done_unless_the_pages_need_the_run_itself(project):
    run = by_model("far")["none"]
    make(run, quiet)
    collect_scores("far")
    shutil.rmtree(store.store())
    assert progress.done("far") == {run.id}
    live = by_model()["none"]
    make(live, quiet)
    collect_scores("tiny")
    assert progress.done("tiny") == {live.id}
    shutil.rmtree(store.store())
    assert progress.done("tiny") == set()


def test_before_anything_is_made_everything_is_empty(project):
    assert store.scores("tiny").empty and store.sums("tiny").empty and store.stamps("tiny") == {}
    assert progress.done("tiny") == set()
    with pytest.raises(StoreError, match="no run of profile 'tiny' was made yet"):
        collect_scores("tiny")
    assert not (project / "results").exists()


def test_another_runs_json_in_its_place_is_noticed(project):
    models = by_model()
    for model in ("idw", "none"):
        make(models[model], quiet)
    one, two = (store.store() / models[m].id / "run.json" for m in ("idw", "none"))
    one.write_text(json.dumps(json.loads(two.read_text())))
    with pytest.raises(StoreError, match=models["idw"].id):
        store.read(models["idw"].id)


def test_what_is_quoted_does_not_depend_on_the_machine_that_collected_last(project):
    for run in plan.runs("tiny"):
        make(run, quiet)
    collect_scores("tiny")
    first = (store.results("tiny") / "values.json").read_bytes()
    shutil.rmtree(store.store())
    collect_scores("tiny")
    assert (store.results("tiny") / "values.json").read_bytes() == first


def test_gaps_are_filled_from_training_rows_alone(project):
    run = by_model()["none"]
    cube = toy_cube(stations=80, days=45)
    seen = np.random.default_rng(1).random((80, 45)) < 0.7
    depth = (0.1 * cube["wind"] + 0.01 * cube["warmth"].fillna(15)).where(seen)
    cube["aod_055"] = (
        ("station", "time"),
        depth.values.astype(np.float32),
        {"units": "1", "long_name": "depth", "role": "predictor"},
    )
    cube.attrs["gaps"] = "aod_055"
    parts = split(run.split, cube, run.seed, run.fold)
    ready = Inputs(run, cube, parts)
    at = ready.names.index("aod_055")
    filled = ready.features[..., at] * ready.x_scale.scale[at] + ready.x_scale.mean[at]
    known = np.isfinite(depth.values)
    np.testing.assert_allclose(filled[known], depth.values[known], atol=1e-5)
    expected = (0.1 * cube["wind"] + 0.01 * cube["warmth"].fillna(15)).values
    usable = ~known & cube["warmth"].notnull().values
    assert np.abs(filled - expected)[usable].mean() < 0.5 * expected.std()
    assert ready.gaps["variable"].tolist() == ["aod_055"]
    changed = cube.copy(deep=True)
    held_out = ~parts.train
    changed["aod_055"].values[held_out & known] += 1.0
    again = Inputs(run, changed, parts).features[..., at]
    assert np.array_equal(again[~(held_out & known)], ready.features[..., at][~(held_out & known)])


def test_an_entry_that_appears_while_it_is_looked_for_is_no_error(project, monkeypatch):
    # Another process puts the entry after this one has found none.
    monkeypatch.setattr(store.folder, "sizes", lambda run_id: None)
    monkeypatch.setattr(store.folder, "has", lambda run_id: True)
    assert not store.is_whole("0123456789ab") and not store.is_stored("0123456789ab")
