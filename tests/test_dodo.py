"""Tasks: one doit at a time, the last good book never lost, and what was damaged between two starts made again."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
RUNS = (
    "profiles:\n"
    + "".join(
        f"""\
  {profile}:
    size: demo
    settings: {{width: 4, summary: 4, window: 3, epochs: 1, batch: 64}}
    live: [core]
    tasks: {{world: {{load: world, options: {{stations: 24, days: 40}}}}}}
    matrices:
      core: {{task: [world], model: [idw, none], split: [spatial], seed: [0]}}
"""
        for profile in ("demo", "aqs", "predictors", "paper")
    )
    + "pages:\n  leak: {notebook: 63_leak, profile: aqs}\n"
)
MORE = """


def _slow():
    import time

    (ROOT / "started").touch()
    time.sleep(60)


def task_slow():
    return {"actions": [_slow]}


def task_quick():
    return {"actions": ["echo quick >> quick"], "file_dep": ["runs.yml"]}


def _page(page):
    CHAPTERS.mkdir(parents=True, exist_ok=True)
    (CHAPTERS / f"{page}.ipynb").write_text("{}" * 100)
"""
# The build without jupyter-book: `step` is the rename at which the process is killed, as kill -9 would.
BUILD = """
import os, sys, types
import dodo

dodo._alone()


def builds(command, **_):
    made = dodo.HTML.parents[1] / "unfinished" / "_build" / "html"
    made.mkdir(parents=True)
    (made / "index.html").write_text("new")
    return types.SimpleNamespace(returncode=0)


step, count, rename = int(sys.argv[1]), [], dodo.Path.rename


def renames(path, target):
    count.append(target)
    if len(count) > step:
        os._exit(9)
    return rename(path, target)


dodo.subprocess.run = builds
dodo.Path.rename = renames
assert dodo._build() is True
"""


@pytest.fixture
def tasks(tmp_path):
    """A project folder with the real tasks and a few quick ones more."""
    (tmp_path / "runs.yml").write_text(RUNS)
    (tmp_path / "dodo.py").write_text((ROOT / "dodo.py").read_text() + MORE)
    (tmp_path / "notebooks").mkdir()
    (tmp_path / "notebooks" / "63_leak.py").touch()
    return tmp_path


def here() -> dict[str, str]:
    return {key: value for key, value in os.environ.items() if key != "PLACEPRIOR_DATA"}


def doit(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    words = (sys.executable, "-m", "doit", *words)
    return subprocess.run(words, cwd=folder, capture_output=True, text=True, env=here())


def test_a_second_doit_is_told_who_is_at_it_and_does_nothing(tasks):
    words = [sys.executable, "-m", "doit", "-n", "2", "slow"]
    first = subprocess.Popen(words, cwd=tasks, env=here(), start_new_session=True, stdout=subprocess.DEVNULL)
    try:
        while not (tasks / "started").exists():
            assert first.poll() is None
            time.sleep(0.05)
        second = doit(tasks, "quick")
        assert second.returncode == 1 and len(second.stderr.splitlines()) == 1
        assert f"process {first.pid} of" in second.stderr and "running doit -n 2 slow since" in second.stderr
        assert "wait for it, or stop it" in second.stderr and not (tasks / "quick").exists()
        assert doit(tasks, "list").returncode == 0, "to look changes nothing"
    finally:
        os.killpg(first.pid, signal.SIGKILL)
        first.wait()
    again = doit(tasks, "quick")
    assert again.returncode == 0, again.stderr
    assert (tasks / "quick").read_text() == "quick\n"


def spoilt_row(path: Path) -> None:
    with sqlite3.connect(path) as database:
        database.execute("update doit set task_data = substr(task_data, 1, 9)")


DAMAGE = {
    "empty": lambda path: path.write_bytes(b""),
    "text": lambda path: path.write_bytes(b"no database" * 500),
    "cut": lambda path: path.write_bytes(path.read_bytes()[:5000]),
    "cut late": lambda path: path.write_bytes(path.read_bytes()[:-1000]),
    "overwritten": lambda path: path.write_bytes(path.read_bytes()[:100] + b"\xff" * 900 + path.read_bytes()[1000:]),
    "row": spoilt_row,
}


def test_a_spoilt_memory_of_doit_is_one_line_and_begun_anew(tasks):
    assert doit(tasks, "quick").returncode == 0
    whole, times = (tasks / ".doit.db").read_bytes(), 1
    for name, damage in DAMAGE.items():
        (tasks / ".doit.db").write_bytes(whole)
        damage(tasks / ".doit.db")
        done, times = doit(tasks, "quick"), times + 1
        assert done.returncode == 0, (name, done.stderr)
        assert done.stderr.splitlines() == ["note: .doit.db was damaged; every task is looked at afresh"], name
        assert (tasks / "quick").read_text() == "quick\n" * times, name
    assert doit(tasks, "quick").stderr == "" and (tasks / "quick").read_text() == "quick\n" * times


@pytest.mark.parametrize("step", range(3))
def test_the_last_good_book_is_never_lost(tasks, step):
    html = tasks / "_build" / "html"
    html.mkdir(parents=True)
    (html / "index.html").write_text("old")
    (html / "more.html").write_text("old")
    killed = subprocess.run([sys.executable, "-c", BUILD, str(step)], cwd=tasks, env=here())
    assert killed.returncode == (0 if step == 2 else 9)
    assert {path.read_text() for path in (tasks / "_build").rglob("index.html")} >= {"new" if step == 2 else "old"}
    assert doit(tasks, "quick").returncode == 0  # the next start, whatever it is about
    assert (html / "index.html").read_text() == ("new" if step == 2 else "old")
    assert (html / "more.html").exists() is (step < 2)
    done = subprocess.run([sys.executable, "-c", BUILD, "9"], cwd=tasks, env=here())
    assert done.returncode == 0 and (html / "index.html").read_text() == "new"
    assert [path.name for path in (tasks / "_build").iterdir()] == ["html"]


def test_a_chapter_that_was_cut_is_named_and_made_again(tasks):
    chapter = tasks / "book" / "chapters" / "leak.ipynb"
    assert doit(tasks, "page:leak").returncode == 0
    whole = chapter.read_bytes()
    for spoilt in (whole[:50], b"", whole.replace(b"{", b"[", 1)):
        chapter.write_bytes(spoilt)
        done = doit(tasks, "page:leak")
        assert done.returncode == 0 and "page leak: leak.ipynb is not what was made" in done.stdout
        assert chapter.read_bytes() == whole
    assert "-- page:leak" in doit(tasks, "page:leak").stdout, "up to date"


@pytest.mark.parametrize(
    "name", ["scores.csv", "stations/world/none.parquet", "stamps.json", "values.json", "manifest.json"]
)
def test_damaged_results_end_make_in_one_line_before_anything_is_made(tasks, name):
    shutil.copytree(ROOT / "results" / "demo", tasks / "results" / "demo")
    path = tasks / "results" / "demo" / name
    path.write_bytes(path.read_bytes()[:-60])
    done = doit(tasks, "quick")
    assert done.returncode == 1 and len(done.stderr.splitlines()) == 1 and done.stdout == ""
    assert name in done.stderr and "git checkout -- results/demo" in done.stderr and not (tasks / "quick").exists()


@pytest.mark.slow
def test_a_damaged_entry_of_the_store_is_made_again_by_its_task(tasks):
    assert (first := doit(tasks, "train")).returncode == 0, first.stderr
    entries = sorted((tasks / "store").glob("[!.]*"))
    whole = (entries[0] / "predictions.parquet").read_bytes()
    flipped = bytearray(whole)
    flipped[100] ^= 1
    (entries[0] / "predictions.parquet").write_bytes(flipped)
    (entries[1] / "run.json").unlink()
    done = doit(tasks, "train")
    assert done.returncode == 0 and done.stdout.count("made again") == 2, done.stdout + done.stderr
    assert (entries[0] / "predictions.parquet").read_bytes() == whole and (entries[1] / "run.json").exists()
