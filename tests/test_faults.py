"""Faults of machines and hands, drawn at random: whatever is killed, cut, flipped, full or done twice at once,
what is read afterwards is what was written, and the same command goes on from there.

A few dozen cases here; ``make test-deep`` runs hundreds. A case is its seed.
"""

from __future__ import annotations

import os
import re
import resource
import shutil
import signal
import time
import traceback
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from conftest import RUNS_YML

from placeprior.errors import PlacePriorError, StoreError
from placeprior.runs import collecting, committed, configuration, making, plan, store

FEW, MANY = range(48), range(48, 648)
PATIENCE = 120  # seconds for a child that nobody kills
FINE, REFUSED, DEFECT = 0, 3, 4  # how a child ends


def child(action: Callable[[], object], room: int | None = None) -> int:
    """Start an action in a process of its own, which may write files of at most ``room`` bytes; its id."""
    process = os.fork()
    if process:
        return process
    try:
        if room is not None:  # a disk that is full, for a test without a disk of its own
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (room, room))
        action()
        os._exit(FINE)
    except StoreError:
        os._exit(REFUSED)
    except BaseException:
        traceback.print_exc()
        os._exit(DEFECT)


def ended(process: int, after: float | None = None) -> int:
    """How a child ended: its exit code, or minus the signal; killed ``after`` so many seconds."""
    started = time.monotonic()
    while True:
        done, status = os.waitpid(process, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status)
        waited = time.monotonic() - started
        if waited > (PATIENCE if after is None else after):
            os.kill(process, signal.SIGKILL)
            os.waitpid(process, 0)
            assert after is not None, "a child did not end by itself"
            return -signal.SIGKILL
        time.sleep(0.002)


def make_all() -> None:
    for run in plan.runs("tiny"):
        making.make(run, log=lambda _: None)


def make_and_collect() -> None:
    make_all()
    collecting.collect_scores("tiny")


def files(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()
    }


def spoil(path: Path, rng: np.random.Generator) -> str:
    """Damage a file in one of the ways that disks and editors have."""
    whole = path.read_bytes()
    how = rng.choice(["bit", "cut", "longer", "zeros", "gone", "swapped"])
    at = int(rng.integers(len(whole)))
    if how == "bit":
        spoilt = whole[:at] + bytes([whole[at] ^ 1 << int(rng.integers(8))]) + whole[at + 1 :]
    elif how == "cut":
        spoilt = whole[:at]
    elif how == "longer":
        spoilt = whole + rng.bytes(int(rng.integers(1, 50)))
    elif how == "zeros":
        spoilt = whole[:at] + bytes(len(whole) - at)
    else:
        spoilt = whole[at:] + whole[:at]
    path.write_bytes(spoilt)
    if how == "gone":
        path.unlink()
    elif spoilt == whole:  # zeros in place of zeros
        path.write_bytes(whole + b"\0")
    return how


def check_all(made: Path) -> None:
    """After any fault: make and collect go through, and give what they gave without one."""
    make_and_collect()
    for run in plan.runs("tiny"):
        store.check(run.id)
        for name in ("predictions.parquet", "stations.parquet", "weights.safetensors"):
            assert (store.store() / run.id / name).read_bytes() == (made / "store" / run.id / name).read_bytes(), name
    committed.check(store.results("tiny"))
    found, wanted = files(store.results("tiny")), files(made / "results" / "tiny")
    assert set(found) == set(wanted)
    for name in found.keys() - {committed.STAMPS, committed.VALUES, committed.MANIFEST}:
        assert found[name] == wanted[name], name


def damaged_entry(made: Path, rng: np.random.Generator) -> None:
    """A file of the store is not what was written: no read passes it, and it is made again and said."""
    shutil.copytree(made / "store", store.store())
    run = plan.runs("tiny")[int(rng.integers(4))]
    path = store.store() / run.id / str(rng.choice(["run.json", *store.TABLES]))
    how, said = spoil(path, rng), []
    with pytest.raises(StoreError) as told:
        store.check(run.id)
    assert run.id in str(told.value) and "\n" not in str(told.value), (path.name, how)
    whole = {"run.json": store.read, "weights.safetensors": store.tensors}
    with pytest.raises(StoreError):
        whole[path.name](run.id) if path.name in whole else store.table(run.id, path.stem)
    making.make(run, log=said.append)
    assert said[0].endswith("made again") and len(said) == 2
    store.check(run.id)


def damaged_results(made: Path, rng: np.random.Generator) -> None:
    """A committed file is not what was written: it is named, and nothing is changed or dropped."""
    shutil.copytree(made / "results", Path("results"))
    if rng.random() < 0.5:
        shutil.copytree(made / "store", store.store())
    folder = store.results("tiny")
    name = str(rng.choice(sorted(files(folder))))
    spoil(folder / name, rng)
    before = files(folder)
    for use in (lambda: committed.check(folder), lambda: collecting.collect_scores("tiny")):
        with pytest.raises(StoreError) as told:
            use()
        assert name in str(told.value) and "git checkout" in str(told.value) and "\n" not in str(told.value)
    assert files(folder) == before


def killed(made: Path, rng: np.random.Generator) -> None:
    """Killed at any moment of making or collecting."""
    if rng.random() < 0.4:
        shutil.copytree(made / "store", store.store())
    for _ in range(int(rng.integers(1, 4))):
        ended(child(make_and_collect), after=float(rng.exponential(0.3)))
        for path in store.store().glob("[!.]*"):
            store.check(path.name)
        committed.check(store.results("tiny"))


def full(made: Path, rng: np.random.Generator) -> None:
    """A disk that is full: refused in one line, and what was there is unchanged."""
    if rng.random() < 0.6:
        shutil.copytree(made / "store", store.store())
        shutil.copytree(made / "results", Path("results"))
        shutil.rmtree(store.store() / plan.runs("tiny")[int(rng.integers(4))].id)
    code = ended(child(make_and_collect, room=int(10 ** rng.uniform(0, 5))))
    assert code in (FINE, REFUSED)
    for path in store.store().glob("[!.]*"):
        store.check(path.name)
    committed.check(store.results("tiny"))


def at_once(made: Path, rng: np.random.Generator) -> None:
    """Several processes make and collect the same, one perhaps killed on the way: the others end well."""
    if rng.random() < 0.5:
        shutil.copytree(made / "store", store.store())
        shutil.rmtree(store.store() / plan.runs("tiny")[int(rng.integers(4))].id)
    running = [child(make_and_collect) for _ in range(int(rng.integers(2, 4)))]
    if rng.random() < 0.5:
        ended(running.pop(), after=float(rng.exponential(0.3)))
    assert [ended(process) for process in running] == [FINE] * len(running)


FAULTS = (damaged_entry, damaged_results, killed, full, at_once)


def run_case(seed: int, made: Path) -> None:
    rng = np.random.default_rng(seed)
    fault = FAULTS[seed % len(FAULTS)]
    fault(made, rng)
    if fault is damaged_results:
        shutil.rmtree("results")  # one of the ways back
    check_all(made)


@pytest.mark.parametrize("seed", FEW)
def test_after_any_fault_the_same_command_goes_on(project, made, seed):
    run_case(seed, made)


@pytest.mark.deep
@pytest.mark.parametrize("seed", MANY)
def test_after_any_of_many_faults_the_same_command_goes_on(project, made, seed):
    run_case(seed, made)


JUNK = (
    "2020-01-01",
    "5",
    "1.5",
    "null",
    "true",
    "[]",
    "{}",
    "[a]",
    "{a: 1}",
    "''",
    "-1",
    "1e999",
    ".nan",
    "!!set {a}",
    "&x 1",
    "*x",
    "\t",
    ":",
    "- ",
    "\xe9",
    "\0",
    "'",
    '"',
    "{",
    "}",
    "[",
    "]",
    "|",
    "# ",
    "toy",
    "none",
    "yes",
    "<<",
)


def slips(project: Path, seed: int, number: int) -> None:
    """A few words of ``runs.yml`` lost, doubled or replaced: it is read, or refused in one line."""
    rng = np.random.default_rng(seed)
    for _ in range(number):
        words = re.split(r"(\s+|[\[\]{},:])", RUNS_YML)
        for at in rng.integers(len(words), size=rng.integers(1, 4)):
            words[at] = str(rng.choice([str(rng.choice(JUNK)), "", words[at] * 2, words[rng.integers(len(words))]]))
        (project / "runs.yml").write_text("".join(words), encoding="utf-8")
        configuration.read.cache_clear()
        try:
            plan.runs("tiny")
            plan.live("tiny")
        except PlacePriorError as error:
            assert "\n" not in str(error), "".join(words)


@pytest.mark.parametrize("seed", range(3))
def test_any_slip_in_runs_yml_is_one_line(project, seed):
    slips(project, seed, 60)


@pytest.mark.deep
@pytest.mark.parametrize("seed", range(3, 43))
def test_any_of_many_slips_in_runs_yml_is_one_line(project, seed):
    slips(project, seed, 60)
