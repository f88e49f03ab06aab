"""Committed results: written together or not at all, read only as they were written, never dropped without a word."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pandas as pd
import pytest

from placeprior.arms import arm
from placeprior.errors import BusyError, StoreError
from placeprior.files import integrity, lock
from placeprior.runs import committed, configuration, making, plan, store
from placeprior.runs.collecting import collect_scores
from placeprior.runs.committed import FILES, MANIFEST, flaw

ROOT = Path(__file__).parents[1]
PIECE = "stations/toy/none.parquet"
ALL = (*FILES, MANIFEST, PIECE)
READ = {"scores.csv": store.scores, PIECE: store.sums, "stamps.json": store.stamps}


@pytest.fixture
def kept(project, made):
    """A project whose four runs are committed and whose store is gone; the folder of its results."""
    shutil.copytree(made / "results", project / "results")
    return store.results("tiny")


def files(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def rows(edit):
    """A damage to a table of scores, line by line."""
    return lambda raw: "".join(edit(raw.decode().splitlines(keepends=True))).encode()


def flip(at):
    def flipped(raw: bytes) -> bytes:
        raw = bytearray(raw)
        raw[int(at * (len(raw) - 1))] ^= 4
        return bytes(raw)

    return flipped


DAMAGE = {
    "empty": lambda raw: b"",
    "text": lambda raw: b"not a table",
    "binary": lambda raw: b"\xff\xfe\x00",
    "list": lambda raw: b"[1]",
    "none": lambda raw: b"{}",
    "cut": lambda raw: raw[: len(raw) - 20],
    "half": lambda raw: raw[: len(raw) // 2],
    "longer": lambda raw: raw + b"\n",
    "flipped first": flip(0.0),
    "flipped within": flip(0.4),
    "flipped late": flip(0.9),
    "line ends": lambda raw: raw.replace(b"\n", b"\r\n") + b" ",
    "conflict": lambda raw: b"<<<<<<< ours\n" + raw + b"=======\n>>>>>>> theirs\n",
    "gone": None,
}
OF_SCORES = {
    "cut at a row": rows(lambda lines: lines[:-5]),
    "rows twice": rows(lambda lines: [*lines, *lines[1:6]]),
    "no rows": rows(lambda lines: lines[:1]),
    "value empty": rows(lambda lines: [re.sub(r",[-\d.]+,(\d+,\w+)$", r",,\1", line) for line in lines]),
    "value infinite": rows(lambda lines: [lines[0], re.sub(r",[-\d.]+,(\d+,\w+)$", r",inf,\1", lines[1]), *lines[2:]]),
    "value a word": rows(lambda lines: [lines[0], re.sub(r",[-\d.]+,(\d+,\w+)$", r",many,\1", lines[1]), *lines[2:]]),
    "metric misspelt": rows(lambda lines: [line.replace(",mae,", ",maee,") for line in lines]),
    "split misspelt": rows(lambda lines: [line.replace(",spatial,", ",spatail,") for line in lines]),
    "column renamed": rows(lambda lines: [lines[0].replace("value", "values"), *lines[1:]]),
    "sorted": rows(lambda lines: [lines[0], *lines[:0:-1]]),
}
CASES = [(name, how, damage) for name in ALL for how, damage in DAMAGE.items()] + [
    ("scores.csv", how, damage) for how, damage in OF_SCORES.items()
]


@pytest.mark.parametrize(
    ("name", "damage"), [(name, damage) for name, _, damage in CASES], ids=[f"{name}-{how}" for name, how, _ in CASES]
)
def test_damage_is_named_with_the_way_back_and_nothing_is_dropped(kept, name, damage):
    path, whole = kept / name, (kept / name).read_bytes()
    if damage is None:
        path.unlink()
    else:
        path.write_bytes(damage(whole))
        assert path.read_bytes() != whole
    before = files(kept)
    for use in (READ.get(name, lambda _: committed.check(kept)), collect_scores, lambda _: committed.check(kept)):
        with pytest.raises(StoreError, match="`git checkout -- results/tiny`.*`placeprior runs collect tiny`") as told:
            use("tiny")
        assert name in str(told.value) and "\n" not in str(told.value)
    assert files(kept) == before
    path.write_bytes(whole)
    collect_scores("tiny")
    assert files(kept)[name] == whole


def test_a_lost_companion_is_noticed_whichever_file_is_read(kept):
    (kept / "stamps.json").unlink()
    for read in READ.values():
        with pytest.raises(StoreError, match="stamps.json is missing"):
            read("tiny")


def test_the_other_way_back_is_the_store(kept, made):
    shutil.copytree(made / "store", store.store())
    folder, whole = kept, files(kept)
    (folder / "scores.csv").write_text("half")
    for name in (*FILES, MANIFEST):
        (folder / name).unlink()
    shutil.rmtree(folder / committed.PIECES)
    collect_scores("tiny")
    assert files(folder) == whole


def test_a_table_that_may_not_be_read_is_not_called_damaged(kept, monkeypatch):
    monkeypatch.setattr(Path, "read_bytes", lambda path: (_ for _ in ()).throw(PermissionError(13, "no", str(path))))
    with pytest.raises(StoreError, match="cannot read .*manifest.json.*make it readable") as told:
        store.scores("tiny")
    assert "checkout" not in str(told.value)


# --- written together ---


@pytest.fixture
def grown(kept):
    """The same, with a run more to collect: an added seed. Returns the folder, and its files before."""
    from conftest import RUNS_YML

    (kept.parents[1] / "runs.yml").write_text(RUNS_YML.replace("seed: [0]", "seed: [0, 1]", 1), encoding="utf-8")
    configuration.read.cache_clear()
    new = next(run for run in plan.runs("tiny") if run.seed == 1)
    making.make(new, log=lambda _: None)
    return kept, files(kept)


@pytest.mark.parametrize("where", ["to_csv", "to_parquet", "write_text"])
@pytest.mark.parametrize("which", [0, 1, 2])
def test_on_a_full_disk_nothing_has_changed(grown, monkeypatch, where, which):
    folder, before = grown
    owner = Path if where == "write_text" else pd.DataFrame
    real, calls = getattr(owner, where), []

    def full(self, *words, **options):
        if not str(self).endswith(".part"):  # the lock's note, which may fail
            calls.append(self)
            if len(calls) > which:
                raise OSError(28, "No space left on device")
        return real(self, *words, **options)

    monkeypatch.setattr(owner, where, full)
    if where != "write_text" and which:  # written once
        collect_scores("tiny")
        return
    with pytest.raises(StoreError, match="No space left on device.*what was there is unchanged"):
        collect_scores("tiny")
    assert files(folder) == before
    monkeypatch.undo()


class Killed(BaseException):
    """As a signal would end it."""


@pytest.mark.parametrize("step", range(12))
def test_killed_at_any_rename_the_results_are_the_old_or_the_new(grown, monkeypatch, step):
    folder, before = grown
    calls = []
    with monkeypatch.context() as patched:
        for name in ("replace", "rename"):
            real = getattr(os, name)

            def end(source, target, real=real):
                if "results" in str(target):
                    calls.append(target)
                    if len(calls) > step:
                        raise Killed
                real(source, target)

            patched.setattr(os, name, end)
        try:
            collect_scores("tiny")
        except Killed:
            pass
    found = store.scores("tiny")["run"].nunique(), store.sums("tiny")["run"].nunique(), len(store.stamps("tiny"))
    assert found == ((4, 4, 4) if step == 0 else (5, 5, 5))
    committed.check(folder)
    collect_scores("tiny")
    assert set(files(folder)) == set(before) and len(store.stamps("tiny")) == 5


def test_two_collections_at_once_wait_for_each_other_or_say_who_is_at_it(grown, monkeypatch):
    folder, before = grown
    root = folder.parents[1]
    code = (
        f"import time, pathlib\nfrom placeprior.files import lock\n"
        f"with lock.hold(pathlib.Path({str(root / '.collect-tiny.lock')!r}), 'collecting profile tiny'):\n"
        "    print('held', flush=True)\n    time.sleep(60)"
    )
    other = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    try:
        assert other.stdout.readline() == "held\n"
        real = lock.hold
        monkeypatch.setattr(lock, "hold", lambda path, doing, wait=0: real(path, doing, min(wait, 0.2)))
        with pytest.raises(BusyError, match=f"process {other.pid} of .* is collecting profile tiny since .*wait"):
            collect_scores("tiny")
        assert files(folder) == before
    finally:
        other.kill()  # a lock that nobody holds any more is free at once
        other.wait()
    collect_scores("tiny")
    assert files(folder) != before


@pytest.mark.slow
def test_collections_at_once_all_end_well(grown):
    folder, _ = grown
    code = (
        "from conftest import toy_cube\nfrom pathlib import Path\n"
        "from placeprior import data\nfrom placeprior.runs import collecting\n"
        "data.TASKS['toy'], data.FILES['toy'] = toy_cube, lambda: [Path('toy.csv')]\ncollecting.collect_scores('tiny')"
    )
    folders = (ROOT / "tests", ROOT / "scripts", ROOT / "src")
    here = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, folders))}
    running = [subprocess.Popen([sys.executable, "-c", code], cwd=folder.parents[1], env=here) for _ in range(2)]
    while any(process.poll() is None for process in running):  # readers meanwhile
        assert store.scores("tiny")["run"].nunique() in (4, 5)
        time.sleep(0.02)
    assert [process.returncode for process in running] == [0] * 2
    committed.check(folder)
    assert set(ALL) <= set(files(folder)) and not list(folder.glob(".*")) and len(store.stamps("tiny")) == 5


def test_readers_that_finish_one_staged_set_together_do_not_stumble_over_folders_that_vanish(tmp_path):
    def reads(_):
        integrity.finish(tmp_path, "index.json")

    with ThreadPoolExecutor(4) as readers:
        for _ in range(300):
            for folder in ("a", "b", "c"):
                (tmp_path / integrity.STAGED / folder).mkdir(parents=True)
                (tmp_path / integrity.STAGED / folder / "part").write_text("whole")
            list(readers.map(reads, range(4)))
            assert not (tmp_path / integrity.STAGED).exists()
    assert {path.read_text() for path in tmp_path.glob("?/part")} == {"whole"}


# --- what fits together ---


def tables(kept):
    return store.scores("tiny"), store.sums("tiny"), store.stamps("tiny")


@pytest.mark.parametrize(
    ("column", "value", "told"),
    [
        ("value", "many", "row 3 of the scores has no finite value"),
        ("value", float("inf"), "row 3 .* no finite value"),
        ("value", None, "row 3 .* no finite value"),
        ("n", 0, "row 3 .* no count"),
        ("n", float("nan"), "row 3 .* no count"),
        ("metric", "maee", "row 3 .* unknown metric"),
        ("metric", "r2", "row [0-9] .* stands twice"),
        ("split", "spatail", "row 3 .* no such split"),
        ("fold", 9, "row 3 .* no such split and fold"),
        ("fusion", "glued", "row 3 .* no such fusion"),
        ("run", "0123456789ab", "run 0123456789ab is in the scores or"),
    ],
)
def test_a_wrong_row_is_named(kept, column, value, told):
    frame, summed, stamped = tables(kept)
    assert flaw(frame, summed, stamped) is None
    frame = frame.astype({column: object})
    at = frame.index[(frame["metric"] == "mbe")][0]
    frame = pd.concat([frame.drop(at).iloc[:2], frame.loc[[at]], frame.drop(at).iloc[2:]], ignore_index=True)
    frame.loc[2, column] = value
    assert re.search(told, flaw(frame, summed, stamped))


def test_tables_of_other_runs_do_not_fit(kept):
    frame, summed, stamped = tables(kept)
    first = frame["run"].iloc[0]
    assert first in flaw(frame[frame["run"] != first], summed, stamped)
    assert first in flaw(frame, summed[summed["run"] != first], stamped)
    assert first in flaw(frame, summed, {key: value for key, value in stamped.items() if key != first})
    assert "4 of 5 metrics" in flaw(frame.iloc[1:], summed, stamped)
    assert "stands twice in a run's sums" in flaw(frame, pd.concat([summed, summed.iloc[:1]]), stamped)
    assert "not a finite number" in flaw(frame, summed.assign(sum_e=float("nan")), stamped)
    assert "columns" in flaw(frame.drop(columns="n"), summed, stamped)


def test_undefined_is_not_wrong(kept):
    frame, summed, stamped = tables(kept)
    frame.loc[frame["metric"] == "rmse_35", "value"] = float("nan")
    assert flaw(frame, summed, stamped) is None


def test_what_does_not_fit_is_not_written(kept):
    frame, summed, stamped = tables(kept)
    before = files(kept)
    with pytest.raises(StoreError, match="stands twice.*what was there is unchanged"):
        committed.write(kept, pd.concat([frame, frame]), summed, stamped, lambda written: {})
    assert files(kept) == before


# --- the index itself ---


def test_no_flipped_bit_of_an_index_passes():
    raw = integrity.sealed({"id": "0123456789ab", "scores": {"r2": 0.5, "rmse_35": float("nan")}, "files": {}}).encode()
    assert integrity.opened(raw, ("id",))["scores"]["r2"] == 0.5
    for at in range(8 * len(raw)):
        flipped = bytearray(raw)
        flipped[at // 8] ^= 1 << at % 8
        with pytest.raises(ValueError):
            integrity.opened(bytes(flipped), ("id",))


@pytest.mark.parametrize("profile", sorted(p.name for p in (ROOT / "results").iterdir() if (p / MANIFEST).exists()))
def test_the_results_of_the_repository_are_whole(profile, monkeypatch):
    monkeypatch.chdir(ROOT)
    folder = ROOT / "results" / profile
    committed.check(folder)
    assert flaw(store.scores(profile), store.sums(profile), store.stamps(profile)) is None
    told = json.loads((folder / MANIFEST).read_text())
    assert told["runs"] == len(store.stamps(profile))


def test_new_runs_leave_the_pieces_of_others_as_they_are(grown, monkeypatch):
    folder, before = grown
    real = pd.DataFrame.to_parquet
    # As another version of the library would: the same rows, other bytes.
    monkeypatch.setattr(
        pd.DataFrame, "to_parquet", lambda self, path, **how: real(self, path, **how | {"compression": None})
    )
    collect_scores("tiny")
    new = {name for name, raw in files(folder).items() if name.startswith("stations/") and raw != before.get(name)}
    run = next(run for run in plan.runs("tiny") if run.seed == 1)
    assert new == {f"stations/toy/{arm(run.variant, run.fusion)}.parquet"}


def test_pieces_of_dropped_runs_go(kept):
    from conftest import RUNS_YML

    assert (kept / "stations" / "toy" / "idw.parquet").exists()
    (kept.parents[1] / "runs.yml").write_text(RUNS_YML.replace("idw, ", ""), encoding="utf-8")
    configuration.read.cache_clear()
    collect_scores("tiny", drop=True)
    assert not (kept / "stations" / "toy" / "idw.parquet").exists()
    assert "idw" not in set(store.scores("tiny")["variant"]) and len(store.sums("tiny"))
