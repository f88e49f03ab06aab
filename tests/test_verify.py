"""Making anew and comparing: nothing moves on the machine that made it, and what moves is told."""

import json
import shutil
from pathlib import Path

import pandas as pd
import pytest

from placeprior.book import pages, verify
from placeprior.errors import UnknownName
from placeprior.runs import configuration, plan, store
from placeprior.runs.collecting import collect_scores
from placeprior.runs.making import make


@pytest.fixture
def own(project, monkeypatch):
    """A project whose runs are committed and whose one page needs them; pages are noted, not executed."""
    text = (project / "runs.yml").read_text(encoding="utf-8")
    text = text.replace("parameters: {count: 3}", "needs: {tiny: [core]}")
    (project / "runs.yml").write_text(text, encoding="utf-8")
    configuration.read.cache_clear()
    (project / "notebooks").mkdir()
    for run in plan.runs("tiny"):
        make(run, log=lambda _: None)
    collect_scores("tiny")
    shutil.rmtree(project / "store")
    shown = []
    monkeypatch.setattr(pages, "execute", lambda page, target, **_: shown.append((page, target)))
    return project, shown


def test_the_same_machine_moves_nothing_and_makes_every_run_again(own):
    project, shown = own
    lines = []
    found = verify.verify("toy", log=lines.append)
    assert len(found) and not found["moved"].any() and (found["difference"] == 0).all()
    assert len(lines) == 4 and lines[0].startswith("run 1 of 4 of tiny: toy ")
    assert [page for page, _ in shown] == ["toy"] and ".verify" in shown[0][1].parts
    assert not (project / ".verify").exists() and not (project / "store").exists()
    assert Path.cwd() == project


def test_a_value_that_is_not_the_committed_one_is_told(own):
    project, _ = own
    table = store.scores("tiny")
    run = table["run"].iloc[0]
    frame = pd.read_csv(project / "results" / "tiny" / "scores.csv")
    frame.loc[(frame["run"] == run) & (frame["metric"] == "rmse"), "value"] += 0.5
    from placeprior.runs import committed

    stamps = store.stamps("tiny")
    committed.write(
        project / "results" / "tiny",
        frame,
        store.sums("tiny"),
        stamps,
        lambda written: committed.values(written, stamps),
    )
    moved = verify.verify("toy", log=lambda _: None).query("moved")
    assert moved["value"].tolist() == ["rmse"] and moved["difference"].item() == pytest.approx(-0.5)


def test_another_processor_may_move_as_far_as_seeds_do(own, monkeypatch):
    monkeypatch.setattr(verify.processor, "stamp", lambda: {"processor": "another", "instructions": "others"})
    monkeypatch.setattr(
        verify, "tolerance", lambda _: pd.Series(0.1, pd.MultiIndex.from_tuples([("toy", "spatial", "r2")]))
    )
    found = verify.verify("toy", log=lambda _: None)
    assert set(found.loc[found["value"] == "r2", "tolerance"]) == {0.1}


def test_the_tolerance_is_twice_the_spread_between_seeds(monkeypatch):
    rows = [["t", "none", "-", "spatial", 1, seed, "r2", value, 9, "x"] for seed, value in enumerate((0.1, 0.3))]
    rows += [["t", "idw", "-", "spatial", 1, 0, "r2", 0.9, 9, "y"]]  # one seed tells no spread
    monkeypatch.setattr(store, "scores", lambda _: pd.DataFrame(rows, columns=store.COLUMNS))
    assert verify.tolerance("demo").loc["t", "spatial", "r2"] == pytest.approx(2 * 0.02**0.5)


def test_what_was_interrupted_goes_on(own, monkeypatch):
    project, _ = own
    made = []
    real = verify.making.make

    def stop(run, log):
        if len(made) == 2:
            raise KeyboardInterrupt
        made.append(run.id)
        return real(run, log=log)

    monkeypatch.setattr(verify.making, "make", stop)
    with pytest.raises(KeyboardInterrupt):
        verify.verify("toy", log=lambda _: None)
    assert Path.cwd() == project
    kept = {path.parent.name for path in (project / ".verify" / "store").glob("*/run.json")}
    assert kept == set(made)
    before = {name: (project / ".verify" / "store" / name / "run.json").stat().st_mtime_ns for name in made}
    monkeypatch.setattr(verify.making, "make", real)
    monkeypatch.setattr(verify.shutil, "rmtree", lambda *_, **__: None)
    monkeypatch.setattr(verify.shutil, "copytree", lambda *_, **__: None)
    verify.verify("toy", log=lambda _: None)
    after = {name: (project / ".verify" / "store" / name / "run.json").stat().st_mtime_ns for name in made}
    assert before == after and json.loads((project / ".verify" / "store" / made[0] / "run.json").read_text())


def test_a_page_that_is_not_there_is_refused(project):
    with pytest.raises(UnknownName, match="'tony'"):
        verify.asked("tony")


def test_all_means_what_the_book_trains(project):
    assert [run.id for run in verify.asked("all")["tiny"]] == [run.id for run in plan.runs("tiny")]
