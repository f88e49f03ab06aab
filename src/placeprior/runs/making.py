"""Making runs: each is trained at most once, its results are stored under its id, and asked for again they are read.

An entry (:mod:`placeprior.runs.entry`) that is not what was written is made again.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError

from placeprior.arms import CORRECTED, RIVALS
from placeprior.errors import DamagedEntry, StoreError
from placeprior.files import lock
from placeprior.network.model import PlaceModel
from placeprior.network.training import Trained, estimate, train
from placeprior.network.windows import Windows
from placeprior.provenance import processor, versions
from placeprior.runs import estimators, store
from placeprior.runs.entry import LIVE, Made, begin, put, score, write
from placeprior.runs.inputs import Inputs
from placeprior.runs.networks import THREADS, build_model, needs_process, restore
from placeprior.runs.plan import Run


@dataclass(frozen=True)
class Beforehand:
    """What was trained in a pack, before its entry is written (:mod:`placeprior.runs.packing`).

    ``seconds`` and ``core_seconds`` are the run's share of those of the pack, of ``together`` runs.
    """

    inputs: Inputs
    made: Made
    seconds: float
    core_seconds: float
    together: int


def make(run: Run, log: Any = print, beforehand: Beforehand | None = None) -> Path:
    """Make one run, unless the store has it.

    Parameters
    ----------
    run : Run
    log : callable
        Receives one line when the run is done, and one before when a damaged entry is made again.
    beforehand : Beforehand, optional
        What it came to, where it is trained already: it is then only scored and written.

    Returns
    -------
    Path
        The store entry; of a store at a URL, the folder in which it was made, gone by now.
    """
    entry = store.store() / run.id
    try:
        if store.is_whole(run.id):
            return entry
        if beforehand is None and needs_process(run):
            return _make_unlimited(run.id, entry)
        if store.has(run.id):
            log(f"{run.id}  {_flaw(run.id)}: made again")
        work = begin(entry)  # before training: an unwritable store should cost a second, not an hour
    except OSError as error:
        raise StoreError(
            f"cannot write to {entry.parent}: {error.strerror}; make it writable and start again, "
            "finished runs are kept"
        ) from error
    try:
        with lock.hold(work / LIVE, "making a run"):
            _fill_entry(work, run, log, beforehand)
        (work / LIVE).unlink(missing_ok=True)
        put(work, entry)
    except (OSError, SafetensorError) as error:
        if store.is_whole(run.id):  # another process was quicker: it made the same
            return entry
        raise StoreError(
            f"could not write run {entry.name} to {entry.parent}: {error}; free some space and start "
            "again, finished runs are kept"
        ) from error
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return entry


def _make_unlimited(run_id: str, entry: Path) -> Path:
    """Make a run in a process of its own, for PyTorch chooses its instructions once a process."""
    done = processor.unlimited(processor.COMMAND, "runs", "run", run_id, stderr=subprocess.PIPE)
    if done.returncode:
        raise StoreError(f"run {run_id} ended with code {done.returncode}: {done.stderr.strip()[-500:]}")
    return entry


def _flaw(run_id: str) -> str:
    """What is wrong with an entry, in words."""
    try:
        store.check(run_id)
    except DamagedEntry as error:
        return str(error).partition("; ")[0]
    return "another process has just made it"


def _fill_entry(work: Path, run: Run, log: Any, beforehand: Beforehand | None) -> None:
    torch.set_num_threads(THREADS)
    started, begun = time.perf_counter(), time.process_time()
    device, packed = device_at_hand(), {}
    inputs = Inputs.of(run) if beforehand is None else beforehand.inputs
    if beforehand is not None:
        made, packed = beforehand.made, {"packed": beforehand.together}
        started, begun = started - beforehand.seconds, begun - beforehand.core_seconds
    elif run.variant in RIVALS:
        network = _plain_network(inputs) if run.variant == CORRECTED else None
        made = Made({"test": estimators.estimate(inputs, network)}, {"parameters": 0})
    else:
        made = trained(inputs, device)
    result, tables = score(made, inputs)
    result["stamp"] = (
        versions()
        | processor.stamp()
        | {
            "device": device,
            "threads": THREADS,
            "seconds": time.perf_counter() - started,
            "core_seconds": time.process_time() - begun,
        }
        | packed
    )
    write(work, made, result, tables)
    log(
        f"{run.id}  {run.label}: R2 {result['scores']['r2']:.3f}, RMSE {result['scores']['rmse']:.2f} µg m-3, "
        f"{result['stamp']['seconds']:.0f} s"
    )


def device_at_hand() -> str:
    """Where networks are trained here."""
    return "cuda" if torch.cuda.is_available() else "cpu"


def trained(inputs: Inputs, device: str) -> Made:
    """Train a run's network on its training rows and let it estimate the validation and the test rows."""
    run, parts, windows = inputs.run, inputs.parts, windows_of(inputs, device)
    fitted = train(
        network_of(inputs).to(device),
        windows,
        windows.rows(parts.train),
        windows.rows(parts.validation),
        run.settings,
        huber=inputs.huber,
        seed=run.stream,
    )
    return came_to(inputs, windows, fitted)


def network_of(inputs: Inputs) -> PlaceModel:
    """The network that a run's inputs suit, as training starts with it."""
    dim = 0 if inputs.place is None else inputs.place.shape[1]
    return build_model(inputs.run, len(inputs.names), dim, inputs.module)


def windows_of(inputs: Inputs, device: str) -> Windows:
    """What a run's network sees, on a device."""
    return Windows(inputs.features, inputs.run.window, inputs.place, inputs.target, device)


def came_to(inputs: Inputs, windows: Windows, trained: Trained) -> Made:
    """What a trained network estimates, and what is kept of it and of its training."""
    model, parts = trained.model, inputs.parts
    estimates = {}
    for part in ("validation", "test"):
        scaled, attention = estimate(model, windows, windows.rows(getattr(parts, part)))
        estimates[part] = inputs.y_scale.inverse(scaled)
    facts: dict[str, Any] = {}
    if (gaps := inputs.gaps) is not None:
        facts["gaps"] = json.loads(gaps.to_json(orient="records"))
    facts |= {
        "parameters": sum(p.numel() for p in model.parameters()),
        "best_epoch": trained.best_epoch,
        "validation_loss": trained.history[trained.best_epoch - 1]["validation_loss"],
        "training_seconds": trained.seconds,
        "attention": attention.tolist(),
        "predictors": inputs.names,
    }
    tensors = {f"model.{k}": v.cpu().contiguous() for k, v in model.state_dict().items()}
    for name in ("x_scale", "y_scale", "place_scale"):
        scaler = getattr(inputs, name)
        if scaler is not None:
            tensors |= {f"{name}.mean": torch.tensor(scaler.mean), f"{name}.scale": torch.tensor(scaler.scale)}
    return Made(estimates, facts, trained.history, tensors)


def _plain_network(inputs: Inputs) -> Callable[[np.ndarray], np.ndarray]:
    """The run's network without a place, made where it is not yet: mask (station, time) -> estimates (n,), µg m-3."""
    plain = replace(inputs.run, variant="none", fusion="-", weights="-")
    make(plain, log=lambda _: None)
    model, scalers = restore(plain)
    windows = Windows(inputs.features, plain.window)
    return lambda mask: scalers["y_scale"].inverse(estimate(model, windows, windows.rows(mask))[0])
