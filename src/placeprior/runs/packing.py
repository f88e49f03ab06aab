"""Runs whose networks have one shape, trained at once on one device, and each written as if it had been made alone.

On a graphics processor one such network does not fill the device; a pack of them does
(:mod:`placeprior.network.stacked`, ``benchmarks/README.md``).
"""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable, Iterable

import torch

from placeprior import encoders
from placeprior.arms import HEAD_ONLY, RIVALS
from placeprior.errors import ConfigError, StoreError, TrainingError
from placeprior.network.packed import Member, train_together
from placeprior.runs import store
from placeprior.runs.entry import begin
from placeprior.runs.inputs import Inputs
from placeprior.runs.making import Beforehand, came_to, device_at_hand, make, network_of, windows_of
from placeprior.runs.networks import THREADS, needs_process
from placeprior.runs.plan import Run

Log = Callable[[str], object]


def packs(runs: Iterable[Run], most: int) -> list[list[Run]]:
    """Deal runs into packs that can be trained together; what cannot is a pack of one.

    Parameters
    ----------
    runs : iterable of Run
    most : int
        Runs of a pack at most.

    Returns
    -------
    list of list of Run
        In the order in which their first runs were given. Within a pack, runs of one fold stand together.

    Raises
    ------
    ConfigError
        ``most`` is not at least 1.
    """
    if most < 1:
        raise ConfigError(f"a pack has at least 1 run; got {most}")
    if most == 1:
        return [[run] for run in runs]
    alike: dict[str, list[Run]] = {}
    for run in runs:
        alike.setdefault(_shape(run) or run.id, []).append(run)
    dealt = []
    for group in alike.values():
        group.sort(key=lambda run: (run.split, run.fold, run.seed))  # of about as many rows: nobody waits for long
        dealt += [group[start : start + most] for start in range(0, len(group), most)]
    return dealt


def _shape(run: Run) -> str | None:
    """What runs of a pack have in common; None where a run is made alone: rivals, and encoders that are trained."""
    if run.variant in RIVALS or needs_process(run):
        return None
    fusion, place = HEAD_ONLY if run.variant == HEAD_ONLY else run.fusion, None
    if run.tells_place:
        encoder = encoders.load(run.variant)
        if hasattr(encoder, "module"):
            return None
        # An encoder that is fitted to the training stations may be as wide as these are many.
        place = encoder.dim or (run.variant, run.split, run.fold)
    return json.dumps([run.data, run.config, fusion, place], sort_keys=True)


def make_pack(runs: list[Run], log: Log = print) -> None:
    """Make the runs of a pack that the store lacks; cut off, it leaves no entry, or those that were written.

    A graphics processor whose memory a pack does not fit into takes it in halves.

    Raises
    ------
    TrainingError
        The loss of some was not a number; the others are stored.
    StoreError
        The store cannot be written.
    """
    missing = [run for run in runs if not store.is_whole(run.id)]
    if len(missing) == 1 or any(_shape(run) is None for run in missing):
        for run in missing:
            make(run, log)
        return
    if not missing:
        return
    _try_to_write(missing[0])
    try:
        failed = _made_together(missing, log)
    except torch.cuda.OutOfMemoryError:
        failed = None
    if failed is None:
        torch.cuda.empty_cache()
        half = len(missing) // 2
        log(f"{len(missing)} runs at once do not fit into the device's memory: {half} at once")
        make_pack(missing[:half], log)
        make_pack(missing[half:], log)
    elif failed:
        raise TrainingError("; ".join(failed))


def _made_together(runs: list[Run], log: Log) -> list[str]:
    """Train and write runs; what failed, in words."""
    torch.set_num_threads(THREADS)
    device, failed = device_at_hand(), []
    started, begun = time.perf_counter(), time.process_time()
    inputs = [Inputs.of(run) for run in runs]
    trained = train_together([_member(one) for one in inputs], runs[0].settings, device)
    seconds, core_seconds = time.perf_counter() - started, time.process_time() - begun
    for run, own, outcome in zip(runs, inputs, trained, strict=True):
        if isinstance(outcome, TrainingError):
            failed.append(f"run {run.id}, {run.label}: {outcome}")
            continue
        done, spent = time.perf_counter(), time.process_time()
        made = came_to(own, windows_of(own, device), outcome)
        share = seconds / len(runs) + time.perf_counter() - done, core_seconds / len(runs) + time.process_time() - spent
        make(run, log, Beforehand(own, made, *share, len(runs)))
    return failed


def _member(inputs: Inputs) -> Member:
    windows, parts = windows_of(inputs, "cpu"), inputs.parts
    rows = windows.rows(parts.train), windows.rows(parts.validation)
    return Member(network_of(inputs), windows, *rows, inputs.huber, inputs.run.stream)


def _try_to_write(run: Run) -> None:
    """Fail before training where the store cannot be written: that should cost a second, not an hour."""
    entry = store.store() / run.id
    try:
        shutil.rmtree(begin(entry), ignore_errors=True)
    except OSError as error:
        raise StoreError(
            f"cannot write to {entry.parent}: {error.strerror}; make it writable and start again"
        ) from error


def told(runs: list[Run]) -> list[str]:
    """Make a pack, and say in a line each what its runs came to: a task for :func:`placeprior.runs.cluster.spread`."""
    lines: list[str] = []
    make_pack(runs, lines.append)
    return lines
