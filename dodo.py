"""Turns runs.yml into tasks: runs, pages, book, committed results. Resumable: only what lacks or changed is made."""

import atexit
import contextlib
import functools
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

from doit.exceptions import TaskFailed
from doit.tools import config_changed

from placeprior import encoders, evidence
from placeprior.cli.terminal import forgive
from placeprior.data import tables
from placeprior.encoders import satclip, torchspatial
from placeprior.errors import MissingData, PlacePriorError
from placeprior.files import integrity, lock
from placeprior.runs import committed, configuration, plan, progress, store, trials

DOIT_CONFIG = {"default_tasks": ["book"], "backend": "sqlite3", "dep_file": ".doit.db", "verbosity": 2}
ROOT = Path(__file__).parent
CHAPTERS = ROOT / "book" / "chapters"
LEDGER = CHAPTERS / "claims.json"
HTML = ROOT / "_build" / "html" / "index.html"
LAST = ROOT / "_build" / "last"  # the last good book, while a new one takes its place
READING = ("dumpdb", "help", "info", "list", "tabcompletion")  # commands of doit that change nothing
forgive()
INTERRUPTED = 130  # the shell's code for Ctrl-C
TRAINED = ("demo", "aqs", "predictors", "paper")
RESULTS = (".csv", ".parquet")
CARD = "card"  # the page on built cubes


def _quiet_interrupt() -> None:
    """Let Ctrl-C, which reaches every worker, say one line instead of a traceback from each process."""
    first = os.getpid()

    def stop(*_):
        if os.getpid() == first:
            print("interrupted: finished runs are kept; the same command goes on from there", file=sys.stderr)
        sys.exit(INTERRUPTED)

    signal.signal(signal.SIGINT, stop)


def _check() -> None:
    """Try what every task depends on, so that a mistake in it ends here, in one line."""
    if not os.access(ROOT, os.W_OK):
        sys.exit(f"error: cannot write in {ROOT}; make it writable, or clone the project elsewhere")
    try:
        for profile in TRAINED:
            _runs(profile)
            committed.check(store.results(profile))
        if {"doit"} & set(Path(sys.argv[0]).parts[-2:]) and sys.argv[1:2] not in ([word] for word in READING):
            _alone()
    except PlacePriorError as error:
        sys.exit(f"error: {error}")


def _alone() -> None:
    """Let one doit at a time work in this folder, and mend what one that was killed left."""
    held = contextlib.ExitStack()
    doing = " ".join(["running doit", *sys.argv[1:]])
    held.enter_context(lock.hold(ROOT / ".doit.lock", doing))
    atexit.register(held.close)
    if LAST.exists() and not HTML.parent.exists():
        LAST.rename(HTML.parent)
    memory = ROOT / DOIT_CONFIG["dep_file"]
    if memory.exists() and not _is_database(memory):
        print(f"note: {memory.name} was damaged; every task is looked at afresh", file=sys.stderr)
        memory.unlink()


def _is_database(path: Path) -> bool:
    """Whether what doit remembers of its tasks can be read."""
    try:
        with contextlib.closing(sqlite3.connect(path)) as database:
            for (text,) in database.execute("select task_data from doit"):
                json.loads(text)
            return database.execute("pragma quick_check").fetchone() == ("ok",)
    except (sqlite3.DatabaseError, ValueError, TypeError):
        return False


def _told(action):
    """End what a user can mend in its message; doit would print the traceback of an exception."""

    @functools.wraps(action)
    def told(*arguments):
        try:
            return action(*arguments)
        except PlacePriorError as error:
            return TaskFailed(f"error: {error}")

    return told


@_told
def _make(run_id: str, profile: str) -> None:
    from placeprior.runs import making

    making.make(plan.find(run_id, profile), log=lambda line: print(line, flush=True))


@_told
def _gather(profile: str, name: str) -> None:
    from placeprior.evidence import collection

    collection.make(profile, name, log=lambda line: print(line, flush=True))


@_told
def _collect(profile: str) -> None:
    from placeprior.runs import collecting

    collecting.collect_scores(profile)
    trials.collect_trials(profile)


def _is_made(run_id: str, profile: str) -> bool:
    """Whether a run is in the store to the last byte or, where the store knows nothing of it, in committed scores."""
    return store.is_whole(run_id) or (not (store.store() / run_id).exists() and run_id in progress.kept(profile))


def _runs(profile: str):
    try:
        return plan.runs(profile)
    except MissingData:
        return None


@functools.cache
def _live(profile: str) -> list[str]:
    """Runs that the pages show more of than their scores: the book waits for these."""
    live = plan.live(profile)
    return [run.id for run in plan.runs(profile) if run.id in live]


@_told
def _refuse(profile: str) -> None:
    plan.runs(profile)


def task_train():
    """Make one run of a profile (train:demo:ID)."""
    for profile in TRAINED:
        for run in [] if _runs(profile) is None else plan.every_run(profile):
            yield {
                "name": f"{profile}:{run.id}",
                "actions": [(_make, [run.id, profile])],
                "uptodate": [(_is_made, [run.id, profile])],
                "title": lambda task, label=run.label: f"run {task.name.split(':')[-1]} {label}",
            }


@_told
def _page(page: str) -> None:
    from placeprior.book import pages

    pages.execute(page, CHAPTERS / f"{page}.ipynb")


def task_evidence():
    """Make a table beyond scores from stored runs, training those the store lacks (evidence:aqs:subsets)."""
    for profile in TRAINED:
        for name in configuration.profile(profile).get("evidence", {}) if _runs(profile) is not None else []:
            yield {
                "name": f"{profile}:{name}",
                "actions": [(_gather, [profile, name])],
                # Without targets: doit would make a stale table anew for any page that reads it, and `make book`
                # changes no committed results.
                "uptodate": [(evidence.is_fresh, [profile, name])],
            }


@_told
def _pretrain() -> None:
    from placeprior.evidence import contrast
    from placeprior.runs import pretraining

    world = configuration.profile("demo")["tasks"]["world"]["options"]
    print(pretraining.ship(world, contrast.best(evidence.read("demo", "contrast"))))


def task_homegrown():
    """Pretrain the encoder `homegrown` again, with the arm that is best on validation places (evidence contrast)."""
    return {"actions": [_pretrain]}


def task_page():
    """Execute a notebook into a chapter (page:comparison)."""
    for page, spec in configuration.content()["pages"].items():
        own = spec.get("profile", "demo") == "demo"  # of other profiles nothing but committed results is shown
        notebook = ROOT / "notebooks" / f"{spec['notebook']}.py"
        yield {
            "name": page,
            "actions": [(_page, [page])],
            "file_dep": sorted({str(notebook), str(ROOT / "runs.yml"), *_shown(), *map(str, _imported(notebook))}),
            "task_dep": [f"train:demo:{run_id}" for run_id in _live("demo")] if own else [],
            "targets": [str(CHAPTERS / f"{page}.ipynb")],
            "uptodate": [_same_chapter(page), config_changed(_cubes() if page == CARD else _weights())],
        }


def _same_chapter(page: str):
    """Up to date while the chapter is, byte for byte, the one that was made."""
    chapter = CHAPTERS / f"{page}.ipynb"

    def check(task, values):
        task.value_savers.append(lambda: {"chapter": integrity.digest(chapter)})
        if not chapter.is_file() or "chapter" not in values:
            return False
        same = values["chapter"] == integrity.digest(chapter)
        if not same:
            print(f"page {page}: {chapter.name} is not what was made; it is made again", flush=True)
        return same

    return check


@functools.cache
def _weights() -> str:
    """The encoders whose weights are at hand, of those that a person may fetch: pages show what they can ask."""
    return " ".join(name for name in (*satclip.ENCODERS, *torchspatial.PUBLISHED) if encoders.is_at_hand(name))


def _cubes() -> str:
    """The built cubes at hand and when each was made: the data card shows what is in them."""
    try:
        found = sorted(tables.folder().glob("*.zarr/zarr.json"))
    except MissingData:
        return ""
    return " ".join(f"{path.parent}:{path.stat().st_mtime_ns}" for path in found)


def _shown() -> list[str]:
    """The committed tables that pages read."""
    return [str(p) for profile in TRAINED for p in (ROOT / "results" / profile).rglob("*") if p.suffix in RESULTS]


def _imported(source: Path) -> set[Path]:
    """The package's modules that a notebook or module imports, those that these import, and so on."""
    from placeprior.book import imports

    return imports.closure(source, ROOT / "src") if source.is_file() else set()


def _build() -> bool:
    # Afresh: a warning on a page that has not changed since would otherwise pass unseen. And aside: a build that
    # fails leaves the last good book in its place.
    aside = HTML.parents[1] / "unfinished"
    shutil.rmtree(aside, ignore_errors=True)
    builder = Path(sys.executable).with_name("jupyter-book")
    command = [builder, "build", ROOT, "--path-output", aside, "--all", "-W", "-n", "--keep-going"]
    done = subprocess.run([*map(str, command)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode:
        lines = done.stdout.splitlines()
        print("\n".join([x for x in lines if "WARNING" in x or "ERROR" in x] or lines[-30:]), file=sys.stderr)
        return False
    shutil.rmtree(LAST, ignore_errors=True)
    if HTML.parent.exists():
        HTML.parent.rename(LAST)
    (aside / "_build" / "html").rename(HTML.parent)  # killed before this, the next start brings the last one back
    for done_with in (LAST, aside):
        shutil.rmtree(done_with, ignore_errors=True)
    return True


@_told
def _claims() -> None:
    from placeprior.book import claims

    claims.write(LEDGER)


def task_claims():
    """Compute the verdict of every claim from the committed results."""
    module = ROOT / "src" / "placeprior" / "book" / "claims.py"
    return {
        "actions": [_claims],
        "file_dep": sorted(
            {str(module), str(ROOT / "book" / "claims.yml"), str(ROOT / "runs.yml"), *_shown()}
            | set(map(str, _imported(module)))
        ),
        "targets": [str(LEDGER), str(LEDGER.with_suffix(".csv"))],
    }


def task_book():
    """Build the book."""
    pages = [str(CHAPTERS / f"{page}.ipynb") for page in configuration.content()["pages"]]
    written = [
        str(p)
        for p in (ROOT / "book").rglob("*")
        if p.is_file() and CHAPTERS not in p.parents and "__pycache__" not in p.parts
    ]
    values = [str(p) for p in sorted((ROOT / "results").glob("*/values.json")) if p.parent.name != "smoke"]
    return {
        "actions": [_build],
        "file_dep": [*pages, str(LEDGER), *written, *values, str(ROOT / "_config.yml"), str(ROOT / "_toc.yml")],
        "task_dep": ["page"],
        "targets": [str(HTML)],
    }


def task_demo_full():
    """Every matrix of the embedded world, live or not."""
    yield from _everything("demo-full", "demo")


def _everything(task: str, profile: str):
    """All runs of a profile, then its scores, then its evidence."""
    known = _runs(profile)
    yield {
        "basename": task,
        "actions": [(_refuse if known is None else _collect, [profile])],
        "task_dep": [f"train:{profile}:{run.id}" for run in ([] if known is None else plan.every_run(profile))],
    }
    yield {
        "basename": f"{task}-evidence",
        "actions": [],
        "task_dep": [
            task,
            *(
                f"evidence:{profile}:{name}"
                for name in configuration.profile(profile).get("evidence", {})
                if known is not None
            ),
        ],
    }


def task_bench():
    """Speed and memory: the paper-size model against Keras, encoders against public code, cubes, packs."""
    topics = ("speed", "encoders", "sources", "packing")
    return {"actions": [f"'{sys.executable}' benchmarks/{name}.py" for name in topics]}


def task_aqs():
    """Every run on real data (needs PLACEPRIOR_DATA)."""
    yield from _everything("aqs", "aqs")


def task_predictors():
    """The study's own predictors at its model size, for a GPU (needs a cube of `placeprior data build`)."""
    yield from _everything("predictors", "predictors")


def task_paper():
    """The same at the paper's size, for a GPU."""
    yield from _everything("paper", "paper")


_quiet_interrupt()
_check()
