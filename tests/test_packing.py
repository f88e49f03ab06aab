"""Runs made in a pack are those made alone: same ids, same results within rounding, each in its own entry."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from typer.testing import CliRunner

from placeprior.cli.runs import app
from placeprior.errors import ConfigError, TrainingError
from placeprior.runs import making, packing, plan, store

RUNS = """
profiles:
  many:
    size: demo
    settings: {width: 8, summary: 8, window: 3, epochs: 3, batch: 128}
    tasks: {toy: {load: toy}}
    matrices:
      core:
        task: [toy]
        model: [idw, none, sincos/hadamard, random-vector/hadamard, smooth-random/hadamard, urban/hadamard]
        split: [spatial]
        fold: [1, 2]
        seed: [0, 1]
pages: {}
"""


@pytest.fixture
def many(project):
    (project / "runs.yml").write_text(RUNS, encoding="utf-8")
    return plan.runs("many")


def quiet(_):
    pass


def of(runs, *models):
    return [run for run in runs if run.model in models]


def test_what_can_be_trained_together_is_dealt_into_packs(many):
    dealt = packing.packs(many, 3)
    assert sorted(run.id for pack in dealt for run in pack) == sorted(run.id for run in many), "each once"
    assert max(map(len, dealt)) == 3
    for pack in dealt:
        models = {run.model for run in pack}
        assert len(models) == 1 or models == {"random-vector/hadamard", "smooth-random/hadamard"}, "of one width"
        assert "idw" not in models or len(pack) == 1
    assert [[run.id] for run in many] == [[run.id for run in pack] for pack in packing.packs(many, 1)]
    with pytest.raises(ConfigError, match="at least 1 run; got 0"):
        packing.packs(many, 0)


def test_runs_of_two_arms_folds_and_seeds_come_out_as_alone(many, project, monkeypatch):
    one, other = of(many, "random-vector/hadamard"), of(many, "smooth-random/hadamard")
    pack = [one[0], one[3], other[1]]
    assert len({(run.fold, run.seed) for run in pack}) == 3
    packing.make_pack(pack, quiet)
    kept = {run.id: (store.read(run.id), store.table(run.id, "predictions"), store.tensors(run.id)) for run in pack}
    curves = {run.id: store.table(run.id, "history") for run in pack}
    (project / "store").rename(project / "packed")
    for run in pack:
        making.make(run, quiet)
        alone, (result, predictions, tensors) = store.read(run.id), kept[run.id]
        assert result["stamp"].pop("packed") == 3 and "packed" not in alone["stamp"]
        assert result["stamp"].keys() == alone["stamp"].keys() and result["stamp"]["seconds"] > 0
        assert result.keys() == alone.keys() and result["run"] == alone["run"] and result["sizes"] == alone["sizes"]
        assert result["best_epoch"] == alone["best_epoch"]
        # Until rounding carries a number across the corner of a relu, which it may in any step, they are the same.
        first = curves[run.id].iloc[0], store.table(run.id, "history").iloc[0]
        assert first[0]["loss"] == pytest.approx(first[1]["loss"], rel=1e-5)
        assert result["scores"]["rmse"] == pytest.approx(alone["scores"]["rmse"], rel=0.02)
        expected = store.table(run.id, "predictions")
        np.testing.assert_array_equal(predictions[["station", "day", "pm25"]], expected[["station", "day", "pm25"]])
        np.testing.assert_allclose(predictions["estimate"], expected["estimate"], atol=0.5)  # their spread is 2.6
        assert tensors.keys() == store.tensors(run.id).keys()
        for name, value in store.tensors(run.id).items():
            assert tensors[name].shape == value.shape, name


def test_what_is_there_is_left_out_and_what_is_cut_off_leaves_nothing(many, monkeypatch):
    pack, lines = of(many, "none"), []
    making.make(pack[0], quiet)
    before = store.read(pack[0].id)
    with monkeypatch.context() as patched:
        patched.setattr(packing, "train_together", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            packing.make_pack(pack, quiet)
    assert [path.name for path in store.store().iterdir() if path.is_dir()] == [pack[0].id]
    packing.make_pack(pack, lines.append)
    assert len(lines) == 3 and store.read(pack[0].id) == before
    assert [store.read(run.id)["stamp"].get("packed") for run in pack] == [None, 3, 3, 3]
    monkeypatch.setattr(packing, "train_together", None)
    packing.make_pack(pack, quiet)  # all are there: nothing is trained


def test_a_pack_that_does_not_fit_is_halved(many, monkeypatch):
    pack, lines, train, sizes = of(many, "none"), [], packing.train_together, []

    def scarce(members, *rest):
        sizes.append(len(members))
        if len(members) > 2:
            raise torch.cuda.OutOfMemoryError("out of memory")
        return train(members, *rest)

    monkeypatch.setattr(packing, "train_together", scarce)
    packing.make_pack(pack, lines.append)
    assert sizes == [4, 2, 2] and "2 at once" in lines[0]
    assert all(store.is_whole(run.id) and store.read(run.id)["stamp"]["packed"] == 2 for run in pack)


def test_a_run_that_fails_is_named_and_the_others_are_kept(many, monkeypatch):
    pack, train = of(many, "none"), packing.train_together

    def diverge(members, *rest):
        members[1].data.target[:] = torch.inf
        return train(members, *rest)

    monkeypatch.setattr(packing, "train_together", diverge)
    with pytest.raises(TrainingError, match=f"run {pack[1].id}.*not a number"):
        packing.make_pack(pack, quiet)
    assert [store.is_whole(run.id) for run in pack] == [True, False, True, True]


def test_the_command_makes_a_profile_in_packs(many):
    done = CliRunner().invoke(app, ["make", "many", "--pack", "4"], catch_exceptions=False)
    assert done.exit_code == 0 and f"0 of {len(many)} runs are made" in done.output
    assert f"{len(many)} of {len(many)}: " in done.output
    assert all(store.is_whole(run.id) for run in many)
    again = CliRunner().invoke(app, ["make", "many", "--pack", "4"], catch_exceptions=False)
    assert f"{len(many)} of {len(many)} runs are made, 0 to be made" in again.output
