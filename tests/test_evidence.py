"""Evidence: made once from the runs that runs.yml names, and again when those change."""

import shutil
import subprocess
from pathlib import Path

import pandas as pd
import pytest
from conftest import RUNS_YML

from placeprior import evidence
from placeprior.errors import StoreError, UnknownName
from placeprior.evidence import collection
from placeprior.provenance import processor
from placeprior.runs import collecting, configuration, making, plan, store

ROOT = Path(__file__).parents[1]
SPEC = "    evidence:\n      subsets: {task: [toy], model: [none], split: [spatial], fold: [1], seed: [%s]}\n  far:"


@pytest.fixture
def counted(project, monkeypatch):
    """A project whose evidence counts the test rows of each run."""
    maker = collection.Maker(
        lambda runs: pd.DataFrame(
            {"run": [r.id for r in runs], "rows": [len(store.table(r.id, "predictions")) for r in runs]}
        )
    )
    monkeypatch.setitem(collection.MAKERS, "subsets", maker)
    ask(project, "0")
    return project


def ask(project, seeds):
    (project / "runs.yml").write_text(RUNS_YML.replace("  far:", SPEC % seeds, 1), encoding="utf-8")
    configuration.read.cache_clear()


def test_evidence_makes_its_runs_and_is_fresh_until_they_change(counted):
    assert not evidence.is_fresh("tiny", "subsets")
    with pytest.raises(StoreError, match="subsets.csv does not exist; make it with `doit evidence:tiny:subsets`"):
        evidence.read("tiny", "subsets")
    said = []
    collection.make("tiny", "subsets", said.append)
    table = evidence.read("tiny", "subsets")
    assert len(table) == 1 and (table["rows"] > 0).all() and "1 rows from 1 runs" in said[-1]
    assert evidence.is_fresh("tiny", "subsets")
    ask(counted, "0, 1")
    assert not evidence.is_fresh("tiny", "subsets")
    collection.make("tiny", "subsets", said.append)
    assert len(evidence.read("tiny", "subsets")) == 2
    assert not list((counted / "results").rglob(".*.tmp"))


def test_runs_that_compute_with_other_instructions_are_gathered_in_a_process_of_their_own(counted, monkeypatch):
    asked = []

    def unlimited(code, *arguments, **options):
        asked.append((code, arguments))
        return subprocess.CompletedProcess([], len(asked) - 1, "made there\n", "no space\n")

    monkeypatch.setattr(collection, "needs_process", lambda run: True)
    monkeypatch.setattr(processor, "unlimited", unlimited)
    said = []
    collection.make("tiny", "subsets", said.append)
    assert asked == [(collection.AGAIN, ("tiny", "subsets"))] and said[-1] == "made there"
    assert not evidence.path("tiny", "subsets").exists()  # nothing is gathered here
    with pytest.raises(StoreError, match="tiny/subsets was not made: no space"):
        collection.make("tiny", "subsets", said.append)


def test_a_failed_table_leaves_the_old_one(counted, monkeypatch):
    collection.make("tiny", "subsets", print)
    before = evidence.path("tiny", "subsets").read_bytes()

    def fail(*args, **kwargs):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(pd.DataFrame, "to_csv", fail)
    with pytest.raises(StoreError, match="what was there is unchanged"):
        collection.make("tiny", "subsets", print)
    assert evidence.path("tiny", "subsets").read_bytes() == before


def test_evidence_from_sums_is_made_from_committed_results_alone(counted, monkeypatch):
    def collect(runs):
        found = store.stored_sums(r.id for r in runs)
        return pd.DataFrame({"run": list(found), "n": [part["n"].sum() for part in found.values()]})

    monkeypatch.setitem(collection.MAKERS, "subsets", collection.Maker(collect, from_sums=True))
    (run,) = plan.evidence("tiny", "subsets")
    making.make(run, log=lambda line: None)
    rows = len(store.table(run.id, "predictions"))
    collecting.collect_scores("tiny")
    shutil.rmtree(store.store())
    collection.make("tiny", "subsets", lambda line: None)
    assert evidence.read("tiny", "subsets").values.tolist() == [[run.id, rows]]
    assert not store.is_stored(run.id), "nothing had to be trained again"


def test_unknown_evidence_is_refused(counted):
    with pytest.raises(UnknownName, match="unknown evidence 'subset'; did you mean 'subsets'"):
        evidence.read("tiny", "subset")


@pytest.mark.parametrize(
    "damage",
    [
        lambda raw: raw[:-9],
        lambda raw: raw + raw.splitlines(True)[-1],
        lambda raw: raw.replace(b"1", b"2"),
        lambda raw: b"",
        lambda raw: b"text",
        lambda raw: b"\xff\xfe",
    ],
)
def test_a_table_that_is_not_what_was_written_is_named_and_made_again(counted, damage):
    collection.make("tiny", "subsets", print)
    file = evidence.path("tiny", "subsets")
    whole = file.read_bytes()
    file.write_bytes(damage(whole + b""))
    assert file.read_bytes() != whole
    with pytest.raises(StoreError, match="not what was written.*git checkout -- results/tiny.*doit evidence:tiny"):
        evidence.read("tiny", "subsets")
    assert not evidence.is_fresh("tiny", "subsets")
    collection.make("tiny", "subsets", print)
    assert evidence.is_fresh("tiny", "subsets") and file.read_bytes() == whole


@pytest.mark.parametrize("raw", [b"", b"{", b"[]", b'{"subsets": 1}', b"\xff", b"<<<<<<< ours\n{}"])
def test_spoilt_stamps_are_named(counted, raw):
    collection.make("tiny", "subsets", print)
    (store.results("tiny") / evidence.STAMPS).write_bytes(raw)
    for use in (evidence.read, evidence.is_fresh):
        with pytest.raises(StoreError, match="evidence.json cannot be read .*git checkout -- results/tiny/evid"):
            use("tiny", "subsets")


def test_a_table_from_fewer_runs_says_so(counted):
    said = []
    ask(counted, "0, 1")
    collection.make("tiny", "subsets", said.append)
    ask(counted, "0")
    collection.make("tiny", "subsets", said.append)
    assert "from 1 runs (before: 2;" in said[-1]


@pytest.mark.parametrize("profile", ["demo", "aqs"])
@pytest.mark.parametrize("name", sorted(configuration.EVIDENCE))
def test_the_evidence_of_the_repository_is_whole(profile, name, monkeypatch):
    monkeypatch.chdir(ROOT)
    if name not in configuration.profile(profile)["evidence"]:
        pytest.skip(f"profile {profile} has no {name}")
    if not evidence.path(profile, name).exists():
        pytest.skip(f"{name} of profile {profile} is not made yet")
    assert len(evidence.read(profile, name))
