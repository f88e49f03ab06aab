"""The run matrix: ids that say what a run is, and typos in ``runs.yml`` that are named."""

from __future__ import annotations

import dataclasses
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml
from conftest import RUNS_YML

from placeprior import data, encoders
from placeprior.arms import arm
from placeprior.errors import ConfigError, MissingData, UnknownName
from placeprior.runs import configuration, plan
from placeprior.space.splits import folds

ROOT = Path(__file__).parents[1]
RUN = plan.Run("t", "none", "-", "spatial", 1, 0, {"load": "x", "options": {}, "recipe": "0"}, "-", {"width": 8})


def write(project, old="", new=""):
    assert old in RUNS_YML
    (project / "runs.yml").write_text(RUNS_YML.replace(old, new, 1), encoding="utf-8")
    configuration.read.cache_clear()  # a file changed twice within one tick of the clock
    return plan


def test_an_id_is_twelve_hex_digits_and_the_same_in_every_process(project):
    ids = [run.id for run in plan.runs("tiny")]
    assert all(len(i) == 12 and int(i, 16) >= 0 for i in ids) and len(set(ids)) == len(ids)
    assert RUN.id == dataclasses.replace(RUN).id
    code = f"from placeprior.runs.plan import Run; print(Run(*{dataclasses.astuple(RUN)!r}).id)"
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONHASHSEED": "77"},
    )
    assert done.stdout.strip() == RUN.id


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("task", "u"),
        ("variant", "lonlat"),
        ("fusion", "concat"),
        ("split", "random"),
        ("fold", 2),
        ("seed", 1),
        ("data", {"load": "x", "options": {}, "recipe": "1"}),
        ("weights", "ab"),
        ("config", {"width": 10}),
        ("version", plan.VERSION + 1),
    ],
)
def test_an_id_changes_with_everything_that_decides_the_result(field, value):
    assert dataclasses.replace(RUN, **{field: value}).id != RUN.id


@pytest.mark.parametrize(
    ("variant", "window", "tells_place"),
    [("idw", 1, False), ("eof", 1, False), ("none+kriging", 9, False), ("none", 9, False), ("sincos", 9, True)],
)
def test_a_run_says_how_far_it_looks_back_and_whether_it_is_told_a_place(variant, window, tells_place):
    run = dataclasses.replace(RUN, variant=variant, config={"window": 9}, seed=3, fold=2)
    assert (run.window, run.tells_place, run.stream) == (window, tells_place, 3002)
    assert dataclasses.replace(run, variant="none", config={}).window == 21  # as published


def test_every_field_of_a_run_enters_its_id():
    # Should a field be added, the list above must learn it.
    assert {f.name for f in dataclasses.fields(plan.Run)} == {
        "task",
        "variant",
        "fusion",
        "split",
        "fold",
        "seed",
        "data",
        "weights",
        "config",
        "version",
    }


def test_the_order_of_keys_does_not_enter_the_id():
    other = dataclasses.replace(RUN, data=dict(reversed(RUN.data.items())))
    assert other.id == RUN.id


def test_the_product_is_complete_with_both_partitions_and_nothing_twice(project):
    tiny, far = plan.runs("tiny"), plan.runs("far")
    assert [run.model for run in tiny] == ["idw", "none", "sincos/channels", "sincos/hadamard"]
    assert [(r.split, r.fold, r.model) for r in far] == [
        (split, fold, model)
        for split, models in (("random", ["idw", "none"]), ("checkerboard-16", ["idw", "none"]))
        for model, fold in sorted(((m, f) for m in models for f in folds(split)), key=lambda p: models.index(p[0]))
    ]
    assert plan.runs("tiny", "core") == tiny
    assert {run.id for run in tiny}.isdisjoint(run.id for run in far)


def test_a_changed_file_is_read_again_and_a_setting_changes_ids_of_trained_runs_only(project):
    before = {run.model: run.id for run in plan.runs("tiny")}
    after = {run.model: run.id for run in write(project, "epochs: 2", "epochs: 3").runs("tiny")}
    assert [model for model in before if before[model] == after[model]] == ["idw"]


def test_changed_data_change_every_id(project):
    before = {run.id for run in plan.runs("tiny")}
    (project / "toy.csv").write_text("other\n")
    plan._data.cache_clear()
    assert before.isdisjoint(run.id for run in plan.runs("tiny"))


def test_the_project_is_found_from_below_and_its_absence_is_said(project, tmp_path_factory, monkeypatch):
    below = project / "notebooks" / "deep"
    below.mkdir(parents=True)
    monkeypatch.chdir(below)
    assert configuration.root() == project
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    monkeypatch.chdir(elsewhere)
    with pytest.raises(ConfigError, match="no runs.yml in .*change into the project's folder"):
        plan.runs("tiny")


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        ("profiles:", "profile:", "key of .* runs.yml 'profile'.*'profiles'"),
        ("    size:", "    sise:", "'sise'.*did you mean 'size'"),
        ("    settings:", "    setting:", "'setting'.*'settings'"),
        ("size: demo", "size: smal", "unknown size 'smal'.*demo"),
        ("epochs: 2", "epoch: 2", "unknown training setting 'epoch'.*'epochs'"),
        ("epochs: 2", "epochs: many", "epochs.*'many'"),
        ("load: toy", "lod: toy", "'lod'.*'load'"),
        ("load: toy", "load: tyo", "unknown task 'tyo'"),
        ("{load: toy}", "{options: {}}", "task 'toy'.*'load'"),
        ("task: [toy]", "task: [toi]", "unknown task 'toi'.*'toy'"),
        ("split: [spatial]", "split: [spatail]", "unknown split 'spatail'.*'spatial'"),
        ("split: [spatial]", "splits: [spatial]", "'splits'.*'split'"),
        ("split: [spatial]", "split: spatial", "list 'split'.*'spatial'"),
        ("seed: [0]", "seed: []", r"list 'seed'.*\[\]"),
        ("seed: [0]", "seed: [one]", "seed.*'one'"),
        ("seed: [0]", "seed: [-1]", "seed.*-1"),
        ("sincos/hadamard", "sincos/hadamart", "unknown fusion 'hadamart'.*'hadamard'"),
        ("sincos/hadamard", "sincoss/hadamard", "unknown (variant|encoder) 'sincoss'.*'sincos'"),
        ("sincos/hadamard", "nonne", "unknown variant 'nonne'.*'none'"),
        ("sincos/hadamard", "sincos", "'sincos'.*does not say how the place joins"),
        ("none,", "none/concat,", "'none/concat'.*no place vector"),
        ("none,", "idw/concat,", "'idw/concat'.*no place vector"),
        ("none,", "null,", "model.*None"),
        ("live: [core]", "live: [cor]", "'cor'.*'core'"),
        ("live: [core]", "live: true", "live.*list"),
        ("notebook: 00_toy", "notbook: 00_toy", "'notbook'.*'notebook'"),
        ("notebook: 00_toy, ", "", "page 'toy'.*'notebook'"),
        ("    matrices:", "    matrixes:", "'matrixes'.*'matrices'"),
        ("size: demo", "size: [small", "not valid YAML.*line"),
        ("  tiny:", "\ttiny:", "not valid YAML.*line 2"),
        (RUNS_YML, "", "mapping.*None"),
        (RUNS_YML, "profiles: {}", "'pages'"),
        (RUNS_YML, "profiles: [tiny]\npages: {}", "profiles.*mapping"),
        ("settings: {", "settings: #", "settings.*mapping.*None"),
    ],
)
def test_a_typo_in_runs_yml_is_named(project, old, new, named):
    write(project, old, new)
    with pytest.raises(ConfigError, match=named):
        plan.runs("tiny")


SLIPS = [
    ("  far:", "  tiny:", "runs.yml line 1[0-9]: key 'tiny' stands already in line 2"),
    ("    live: [core]", "    live: [core]\n    size: paper", "line 6: key 'size' stands already in line 3"),
    ("seed: [0]", "seed: [0]\n        seed: [1]", "key 'seed' stands already in line"),
    ("pages:", "pages: {}\npages:", "key 'pages' stands already"),
    ("epochs: 2,", "epochs: 2, epochs: 3,", "key 'epochs' stands already in line 4"),
    ("fold: [1]", "fold: [3]", "no fold 3; 'spatial' has 1 to 2"),
    ("fold: [1]", "fold: [1, 9]", "no fold 9"),
    ("fold: [1]", "fold: {spatial: [9]}", "no fold 9; 'spatial' has 1 to 2"),
    ("fold: [1]", "fold: {spatail: [1]}", "split in fold .*'spatail'; did you mean 'spatial'"),
    ("[spatial]\n        fold: [1]", "[spatial, state]\n        fold: [4]", "no fold of split .spatial.; .*.state"),
    ("seed: [0]", "seed: [0, 1, 0]", "seed of matrix 'core' .* lists 0 twice"),
    ("[spatial]", "[spatial, spatial]", "lists 'spatial' twice"),
    ("seed: [0]", f"seed: {list(range(20_000))}", "asks for 80,000 runs a fold, more than 20,000"),
    ("seed: [0]", "seed: [99999999999999999999]", "not a whole number from 0 to"),
    ("seed: [0]", f"seed: [{'9' * 5000}]", "cannot be read|not a whole number"),
    ("seed: [0]", "seed: [true]", "True is not a whole number"),
    ("seed: [0]", "seed: [2020-01-01]", "line 1[0-9]: '2020-01-01' is read as a timestamp; put it in quotes"),
    ("seed: [0]", "seed: [[0]]", r"\[0\] is not a whole number"),
    ("task: [toy]", "task: [[toy]]", r"task of matrix 'core' .*\['toy'\] is not a name"),
    ("task: [toy]", "task: [{a: 1}]", "task of matrix 'core' .*is not a name"),
    ("task: [toy]", "task: [2020]", "2020 is not a name"),
    ("task: [toy]", "task: [2020-01-01]", "read as a timestamp"),
    ("toy: {load: toy}", "2020-01-01: {load: toy}", "a key must be a name, and '2020-01-01' is read as a timestamp"),
    ("toy: {load: toy}", "2020: {load: toy}", "a key must be a name, and '2020' is read as a int"),
    ("toy: {load: toy}", "on: {load: toy}", "a key must be a name, and 'on' is read as a bool"),
    ("toy: {load: toy}", "[a]: {load: toy}", "a key must be a name, and what stands there is read as a seq"),
    ("load: toy", "load: [toy]", "load of task 'toy' .*must be a name"),
    ("load: toy", "load: 2020-01-01", "read as a timestamp"),
    ("load: toy", "load: toy, leak: [[a]]", "leak of task 'toy' .*must be a name"),
    ("load: toy", "load: toy, options: {day: 2020-01-01}", "read as a timestamp"),
    ("size: demo", "size: [small]", "size of profile 'tiny' .*must be a name"),
    ("size: demo", "size: {small: 1}", "size of profile 'tiny' .*must be a name"),
    ("size: demo", "size: !!python/object/apply:os.getcwd []", "line 3: .*python/object"),
    ("size: demo", "size: !!binary aGVsbG8=", "read as a binary"),
    ("live: [core]", "live: [[core]]", "live of profile 'tiny' .*must be a name"),
    ("live: [core]", "live: [{core: 1}]", "live of profile 'tiny' .*must be a name"),
    ("notebook: 00_toy", "notebook: 5", "notebook of page 'toy' .*must be a name"),
    ("profile: tiny", "profile: [tiny]", "profile of page 'toy' .*must be a name"),
    ("  toy: {notebook", "  ../toy: {notebook", "a page .*is named '../toy'"),
    ("  far:", "  ../far:", "a profile .*is named '../far'"),
    (
        "  far:",
        "    evidence:\n      subset: {task: [toy], model: [none], split: [spatial], seed: [0]}\n  far:",
        "evidence of profile 'tiny' 'subset'; did you mean 'subsets'",
    ),
    ("seed: [0]", "seed: " + "[" * 60 + "]" * 60, "nested deeper than 20 levels"),
    ("seed: [0]", "seed: " + "[" * 9000, "nested deeper than 20 levels"),
    ("seed: [0]", "seed: &a [*a]", "alias"),
    (
        "pages:",
        "x: &a [1,1,1,1,1,1,1,1,1]\n"
        + "".join(
            f"{new}: &{new} [{', '.join([f'*{old}'] * 9)}]\n" for old, new in zip("abcdefg", "bcdefgh", strict=True)
        )
        + "pages:",
        "more than 200,000 values",
    ),
    ("load: toy", "load: \x01", "not valid YAML"),
    ("profiles:", "--- {}\n---\nprofiles:", "not valid YAML"),
    ("pages:", "#" * 1_100_000 + "\npages:", "bytes, more than 1,000,000"),
]


@pytest.mark.parametrize(("old", "new", "named"), SLIPS, ids=[new.strip()[:30] for _, new, _ in SLIPS])
def test_a_slip_in_runs_yml_is_one_line_and_quick(project, old, new, named):
    started = time.perf_counter()
    with pytest.raises(ConfigError, match=named) as told:
        write(project, old, new).runs("tiny")
    assert time.perf_counter() - started < 10
    assert "\n" not in str(told.value) and len(str(told.value)) < 500


@pytest.mark.parametrize("raw", [RUNS_YML.encode("utf-16"), RUNS_YML.replace("toy", "t\xf6y").encode("latin-1")])
def test_a_runs_yml_that_is_not_utf_8_is_named(project, raw):
    (project / "runs.yml").write_bytes(raw)
    configuration.read.cache_clear()
    with pytest.raises(ConfigError, match="runs.yml is not UTF-8 .line [0-9]+.; save it with that encoding"):
        plan.runs("tiny")


def test_a_mark_of_utf_8_and_aliases_are_read(project):
    first, last = RUNS_YML.split("  far:")
    merged = first.replace("{load: toy}", "&toy {load: toy}") + "  far:" + last.replace("{load: toy}", "{<<: *toy}")
    (project / "runs.yml").write_bytes(b"\xef\xbb\xbf" + merged.encode())
    configuration.read.cache_clear()
    far = plan.runs("far")
    write(project)
    assert plan.runs("far") == far


def test_unknown_profile_matrix_and_run_are_named(project):
    with pytest.raises(UnknownName, match="unknown profile 'tinny'; did you mean 'tiny'"):
        plan.runs("tinny")
    with pytest.raises(UnknownName, match="unknown matrix 'coar'.*'core'"):
        plan.runs("tiny", "coar")
    with pytest.raises(ConfigError, match="'0123456789ab'"):
        plan.find("0123456789ab")
    run = plan.runs("far")[1]
    assert plan.find(run.id) == run


def test_live_runs_are_those_of_the_named_matrices(project):
    assert plan.live("tiny") == {run.id for run in plan.runs("tiny")}
    assert plan.live("far") == set()


COMMITTED = sorted(yaml.safe_load((ROOT / "runs.yml").read_text(encoding="utf-8"))["profiles"])


@pytest.mark.parametrize("name", COMMITTED)
def test_committed_profiles_parse(name, monkeypatch):
    monkeypatch.chdir(ROOT)
    monkeypatch.delenv("PLACEPRIOR_DATA", raising=False)
    plan._data.cache_clear()
    loads = {spec["load"] for spec in configuration.profile(name)["tasks"].values()}
    if loads != {"world"}:
        with pytest.raises(MissingData, match="PLACEPRIOR_DATA"):
            plan.runs(name)
        monkeypatch.setattr(data, "recipe", lambda task, **_: task)  # as if the files were at hand
    runs = plan.runs(name)
    plan._data.cache_clear()
    assert runs and len({run.id for run in runs}) == len(runs)
    assert plan.live(name) <= {run.id for run in runs} if loads == {"world"} else True


def test_committed_pages_name_a_profile_that_exists(monkeypatch):
    monkeypatch.chdir(ROOT)
    content = configuration.content()
    assert {spec.get("profile", "demo") for spec in content["pages"].values()} <= set(content["profiles"])


def test_listing_runs_imports_no_pytorch(project):
    write(project, "load: toy", "load: world")
    code = "import sys; from placeprior.runs import plan, store; plan.runs('tiny'); print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=project)
    assert done.stdout.strip() == "False"


def test_an_arm_is_named_by_what_sets_it_apart():
    assert [arm(*pair) for pair in (("none", "-"), ("lonlat", "channels"), ("geoclip", "channels"))] == [
        "none",
        "lonlat",
        "geoclip-channels",
    ]
    assert arm("geoclip") == arm("geoclip", float("nan")) == "geoclip"


def test_folds_of_a_matrix_may_be_chosen(project):
    write(project, "split: [random, checkerboard-16]", "split: [checkerboard-16]\n        fold: [2]")
    assert {run.fold for run in plan.runs("far")} == {2}


def test_a_leak_makes_another_run_and_no_leak_the_same(project):
    clean = plan.runs("tiny")
    write(project, "toy: {load: toy}", "toy: {load: toy, leak: []}")
    assert [run.id for run in plan.runs("tiny")] == [run.id for run in clean]
    write(project, "toy: {load: toy}", "toy: {load: toy, leak: [scalers]}")
    leaky = plan.runs("tiny")
    assert not {run.id for run in leaky} & {run.id for run in clean}
    assert leaky[0].data["leak"] == ["scalers"]
    write(project, "toy: {load: toy}", "toy: {load: toy, leak: [scaler]}")
    with pytest.raises(UnknownName, match="leak of task 'toy' 'scaler'; did you mean 'scalers'"):
        plan.runs("tiny")


def test_evidence_names_runs_of_the_profile(project):
    spec = "    evidence:\n      subsets: {task: [toy], model: [none], split: [spatial], fold: [1], seed: [0]}\n  far:"
    write(project, "  far:", spec)
    (run,) = plan.evidence("tiny", "subsets")
    assert run in plan.runs("tiny")
    with pytest.raises(UnknownName, match="evidence of profile 'tiny' 'subset'; did you mean 'subsets'"):
        plan.evidence("tiny", "subset")
    write(project, "  far:", spec.replace("model: [none]", "model: none"))
    with pytest.raises(ConfigError, match="evidence 'subsets' of profile 'tiny' needs a list 'model'; got 'none'"):
        plan.evidence("tiny", "subsets")


@pytest.mark.parametrize("name", ["smoke", "demo"])
def test_committed_evidence_is_made_from_runs_of_a_matrix(name, monkeypatch):
    monkeypatch.chdir(ROOT)
    made, absent = {run.id for run in plan.runs(name)}, plan.absent(name)
    for kind in configuration.profile(name)["evidence"]:
        assert {run.id for run in plan.evidence(name, kind) if run.model not in absent} <= made, kind


def test_a_baseline_has_no_configuration_but_the_one_that_corrects_a_network(project):
    write(project, "model: [idw, none, sincos", "model: [idw, kriging, none+kriging, none+head, none, sincos")
    runs = {run.variant: run for run in plan.runs("tiny")}
    assert runs["idw"].config == runs["kriging"].config == {}
    assert runs["none+kriging"].config == runs["none"].config == runs["none+head"].config != {}


# --- encoders of one's own


@pytest.fixture
def registry(project, monkeypatch):
    """A project whose entries under ``encoders`` leave nothing behind."""
    encoders.list_encoders()
    monkeypatch.setattr(encoders.registry, "_FACTORIES", dict(encoders.registry._FACTORIES))
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.delitem(sys.modules, "foreign", raising=False)
    plan._fingerprint.cache_clear()
    (project / "foreign.py").write_text("def twice(lonlat):\n    return lonlat * 2\n\nnumber = 3\n")
    (project / "tables").mkdir()
    (project / "tables" / "mine.csv").write_text("lon,lat,e0\n-86,40,1\n")
    yield project
    plan._fingerprint.cache_clear()


def adopting(project, entry, model="mine/hadamard"):
    content = RUNS_YML.replace("sincos/hadamard", model, 1) + f"encoders: {entry}\n"
    (project / "runs.yml").write_text(content, encoding="utf-8")
    configuration.read.cache_clear()
    return plan.runs("tiny")


@pytest.mark.parametrize("entry", ["{table: tables/mine.csv}", "{python: 'foreign:twice'}"])
def test_an_encoder_of_runs_yml_is_a_variant_wherever_one_stands_in_the_project(registry, entry, monkeypatch):
    monkeypatch.chdir(registry / "tables")
    for _ in range(2):
        runs = adopting(registry, f"{{mine: {entry}}}")
        assert runs[-1].model == "mine/hadamard" and runs[-1].weights == encoders.load("mine").fingerprint
    assert runs[:-1] == adopting(registry, "{}", "sincos/hadamard")[:-1]


@pytest.mark.parametrize(
    ("entry", "error", "named"),
    [
        ("[mine]", ConfigError, "encoders in runs.yml must be a mapping"),
        ("{mine: tables/mine.csv}", ConfigError, "encoder 'mine' in runs.yml must be a mapping"),
        ("{mine: {tabel: tables/mine.csv}}", UnknownName, "encoder 'mine' in runs.yml 'tabel'; did you mean 'table'"),
        ("{mine: {}}", ConfigError, "encoder 'mine' in runs.yml needs either a 'table' or a 'python'"),
        ("{mine: {table: a.csv, python: 'a:b'}}", ConfigError, "needs either a 'table' or a 'python'"),
        ("{mine: {table: 5}}", ConfigError, "needs 'table: PATH'.*5"),
        ("{mine: {python: foreign.twice}}", ConfigError, "PACKAGE.MODULE:ATTRIBUTE.*'foreign.twice'"),
        ("{mine: {python: 'foreign:'}}", ConfigError, "PACKAGE.MODULE:ATTRIBUTE.*'foreign:'"),
        ("{mine: {table: tables/mine.csv, trained: true}}", ConfigError, "trained of encoder 'mine'"),
        ("{mine: {python: 'foreign:twice', trained: 1}}", ConfigError, "trained of encoder 'mine'"),
        ("{mine: {python: 'foreign:twice', trained: true}}", ConfigError, "'mine' is to be trained.*torch.nn.Module"),
        ("{Mine: {table: tables/mine.csv}}", ConfigError, "an encoder cannot be named 'Mine'"),
        ("{5: {table: tables/mine.csv}}", ConfigError, "a key must be a name, and '5' is read as a int"),
        ("{geoclip: {table: tables/mine.csv}}", ConfigError, "'geoclip' in runs.yml: .*exists already; choose another"),
        ("{idw: {table: tables/mine.csv}}", ConfigError, "encoder 'idw'.*name of a model without a place vector"),
        ("{mine: {table: tables/nowhere.csv}}", MissingData, "nowhere.csv of encoder 'mine' is missing; put it there"),
        ("{mine: {python: 'nowhere:twice'}}", ConfigError, "'nowhere:twice' cannot be .*No module.*put nowhere"),
        ("{mine: {python: 'foreign:thrice'}}", ConfigError, "'foreign:thrice' cannot be imported .*thrice"),
        ("{mine: {python: 'foreign:number'}}", ConfigError, "encoder 'mine' is of type int; give"),
        ("{other: {table: tables/mine.csv}}", UnknownName, "unknown variant 'mine'.*other"),
    ],
)
def test_a_wrong_encoder_of_runs_yml_is_named(registry, entry, error, named):
    with pytest.raises(error, match=named):
        adopting(registry, entry)


def test_an_absent_table_hinders_only_the_profile_that_uses_it(registry):
    with pytest.raises(MissingData):
        adopting(registry, "{mine: {table: tables/nowhere.csv}}")
    assert plan.runs("far") and plan.find(plan.runs("far")[0].id)


def test_an_entry_changed_under_a_running_process_is_refused(registry):
    adopting(registry, "{mine: {table: tables/mine.csv}}")
    with pytest.raises(ConfigError, match="'mine' in runs.yml: .*start a new process"):
        adopting(registry, "{mine: {python: 'foreign:twice'}}")


def test_a_matrix_and_a_table_of_evidence_have_names_of_their_own(project):
    evidence = "    evidence:\n      subsets: {task: [toy], model: [none], split: [spatial], seed: [0]}\n  far:"
    trial = evidence.replace("evidence", "trials").replace("}\n  far:", ", settings: [{epochs: 2}]}\n")
    write(project, "  far:", evidence)
    assert plan.evidence("tiny", "subsets")
    write(project, "  far:", trial + evidence)
    with pytest.raises(ConfigError, match="profile 'tiny' in runs.yml has two things named 'subsets'.*rename one"):
        plan.runs("tiny")
