"""Carrying out a list of runs on the cores of one machine; stopped at any moment, it goes on where it was."""

from __future__ import annotations

import multiprocessing
import os
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import TYPE_CHECKING

from placeprior.errors import StoreError
from placeprior.runs import store
from placeprior.runs.plan import Run

if TYPE_CHECKING:
    from distributed import Client

WATCH = 1.0  # seconds between two looks whether the parent is still there


def _begin(folder: str, parent: int) -> None:
    """Work in the comparison's folder, and end when the process that asked has ended, however it did."""
    os.chdir(folder)

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(WATCH)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def _make(run: Run) -> str:
    from placeprior.runs import making

    making.make(run, log=lambda _: None)
    return run.id


def carry_out(runs: Sequence[Run], folder: Path, jobs: int, workers: Client | None = None) -> Iterator[Run]:
    """Make what is not made yet, and yield each run when it is done, those first that are done already.

    Parameters
    ----------
    runs : sequence of Run
    folder : Path
        The project in which they are.
    jobs : int
        Processes at once.
    workers : distributed.Client, optional
        Make them there (:func:`placeprior.runs.cluster.client`), not in processes of this machine.

    Raises
    ------
    StoreError
        A process was ended from outside, as for want of memory.
    """
    left = []
    for run in runs:
        if store.is_whole(run.id):
            yield run
        else:
            left.append(run)
    if not left:
        return
    if workers is not None:
        from placeprior.runs import cluster

        for run, _ in cluster.spread(cluster.make, left, workers):
            yield run
        return
    known = {run.id: run for run in left}
    os.environ.setdefault("OMP_NUM_THREADS", "1")  # read when a process loads its libraries: one core a run
    context = multiprocessing.get_context("spawn")
    start: Callable[..., None] = _begin
    with ProcessPoolExecutor(min(jobs, len(left)), context, start, (str(folder), os.getpid())) as pool:
        waiting = {pool.submit(_make, run) for run in left}
        try:
            while waiting:
                done, waiting = wait(waiting, return_when=FIRST_COMPLETED)
                for each in done:
                    yield known[each.result()]
        except BrokenProcessPool:
            raise StoreError(
                f"a process that made runs was ended from outside, perhaps for want of memory; finished runs "
                "are kept: start "
                f"again, with fewer at once (--jobs {max(jobs // 2, 1)})"
            ) from None
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
