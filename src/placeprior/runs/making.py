"""Making runs: each is trained at most once, its results are stored under its id, and asked for again they are read.

``store/<id>/`` holds ``run.json`` (what the run is, its scores, its stamp, the SHA-256 of the other files),
``history.csv``, ``predictions.parquet`` (test rows), ``validation.parquet``, ``stations.parquet`` and
``weights.safetensors``. An entry is written under a temporary name and renamed when complete, so that a killed run
leaves nothing that could be taken for a result; one that is not what was written is made again.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
import xarray as xr
from safetensors import SafetensorError
from safetensors.torch import save_file

from placeprior import data, encoders
from placeprior.data import gapfill
from placeprior.data.cube import predictors
from placeprior.errors import BusyError, CubeError, DamagedEntry, StoreError
from placeprior.files import lock
from placeprior.network.fusion import HEAD
from placeprior.network.model import PlaceModel
from placeprior.network.training import estimate, train
from placeprior.network.windows import Scaler, Windows
from placeprior.provenance import processor, versions
from placeprior.runs import committed, estimators, plan, store
from placeprior.runs.plan import Run
from placeprior.scores import metrics
from placeprior.space.neighbours import matched_features, neighbour_features
from placeprior.space.splits import Split, lonlat_of, split

LIVE = ".live"  # the lock that a process holds in an entry while it makes it
LEFT_BEHIND = 2 * 86_400  # seconds after which an unfinished entry is taken for dead
ENCODER_STREAM = 1_000_000  # keeps an encoder's seeds apart from the network's, which are 1000 * seed + fold
SPLIT_SEED = 0  # of every run's split: runs that differ in their seed alone test the same rows
NEIGHBOUR_FEATURES = ["neighbour_pm25", "neighbour_log10_km"]
THREADS = 1  # one thread a run: bit-equal results, and runs share the cores


@lru_cache(maxsize=3)
def _cube(spec: str) -> xr.Dataset:
    spec = json.loads(spec)
    return data.load(spec["load"], **spec["options"])


def cube_of(run: Run) -> xr.Dataset:
    """The cube a run is about, loaded once a process."""
    return _cube(json.dumps({key: run.data[key] for key in ("load", "options")}, sort_keys=True))


def parts_of(run: Run, cube: xr.Dataset) -> Split:
    """The run's partition of a cube: the split and the fold decide it, the run's seed does not."""
    return split(run.split, cube, SPLIT_SEED, run.fold)


# --- one run ---------------------------------------------------------------------------------------------------------


class Prepared:
    """Everything a run's model sees, with all scaling fitted on training rows.

    A task that is about leaks (``leak`` in ``runs.yml``) does on purpose what must not be done: with ``neighbours`` the
    neighbour feature is made from all monitors, those held out included, and with ``scalers`` all scaling is fitted on
    training and test rows together, as in the reference code of Karimzadeh, Wang & Crooks (2025). With ``neighbours:
    unmatched`` a training row's neighbours are all there are, however much nearer than a test row's.

    Attributes
    ----------
    features : ndarray of float32, shape (station, time, feature)
        Scaled predictors, the neighbour features last where the task has them.
    gaps : pandas.DataFrame or None
        How well the gaps of satellite data were filled (:class:`placeprior.data.gapfill.Filler`), where the task has
        any.
    place : ndarray of float32, shape (station, dim), or None
    x_scale, y_scale, place_scale : Scaler
    huber : float
        Half the range of the training target, in scaled units: the reference's ``Huber(1)`` on a target scaled
        to -1..1, up to a constant factor.
    """

    def __init__(self, run: Run, cube: xr.Dataset, parts: Split) -> None:
        names = predictors(cube)
        features = _stacked(cube)
        self.gaps = None
        if filler := filler_of(run, cube, parts):
            features, self.gaps = filler(features, cube["time"].values), filler.accuracy()
        if cube.attrs.get("neighbours"):
            known = cube["pm25"].values, lonlat_of(cube), pool_of(run, cube, parts)
            if run.data.get("neighbours") == "unmatched":
                near = neighbour_features(*known)
            else:
                rng = np.random.default_rng([SPLIT_SEED, run.fold, run.seed])
                near = matched_features(*known, parts.train, parts.test, rng)
            if own := set(names) & set(NEIGHBOUR_FEATURES):
                raise CubeError(
                    f"the cube of task {run.task!r} has a predictor {min(own)!r} of its own, and the "
                    "neighbour features are made for each fold; drop it from the cube, or its attribute "
                    "'neighbours'"
                )
            features = np.concatenate([features, near], axis=-1)
            names += NEIGHBOUR_FEATURES
        features = features.astype(np.float32)
        fitted = parts.train | parts.test if "scalers" in run.data.get("leak", ()) else parts.train
        self.names = names
        self.x_scale = Scaler.fit(features[fitted])
        self.features = self.x_scale(features)

        pm25 = cube["pm25"].values.astype(np.float32)
        y = pm25[fitted]
        self.y_scale = Scaler.fit(y[:, None])
        self.target = self.y_scale(pm25[..., None])[..., 0]
        self.huber = float((y.max() - y.min()) / 2 / self.y_scale.scale[0])

        self.place, self.place_scale, self.module = None, None, None
        if run.variant not in plan.NO_PLACE:
            vectors = place_encoder(run, cube, parts)(lonlat_of(cube))
            known = parts.train.any(1)
            self.place_scale = place_scaler(vectors[known], run.fusion)
            self.module = trainable(run)
            if self.module is not None:
                self.place_scale = Scaler(np.zeros(vectors.shape[1], np.float32), np.ones(vectors.shape[1], np.float32))
                with torch.inference_mode():
                    scaler = place_scaler(self.module(torch.from_numpy(vectors[known])).numpy(), run.fusion)
                self.module.mean.copy_(torch.from_numpy(scaler.mean))
                self.module.scale.copy_(torch.from_numpy(scaler.scale))
            self.place = self.place_scale(vectors)


def _stacked(cube: xr.Dataset) -> np.ndarray:
    """All predictors of a cube side by side, shape (station, time, feature)."""
    return np.stack([cube[name].transpose("station", "time").values for name in predictors(cube)], axis=-1)


def filler_of(run: Run, cube: xr.Dataset, parts: Split) -> gapfill.Filler | None:
    """What fills the gaps of a run's predictors, at its stations and on its maps; None where the task has no gaps.

    It is not stored: fitted anew to the same rows with the same seed, it fills to the last bit as before.
    """
    gaps = cube.attrs.get("gaps", "").split()
    if not gaps:
        return None
    return gapfill.Filler(
        _stacked(cube),
        predictors(cube),
        gaps,
        parts.train,
        lonlat_of(cube),
        cube["time"].values,
        seed=1000 * run.seed + run.fold,
    )


def pool_of(run: Run, cube: xr.Dataset, parts: Split) -> np.ndarray:
    """The station-days whose labels the neighbour feature reads: the split's pool, or all where the task leaks them."""
    return np.isfinite(cube["pm25"].values) if "neighbours" in run.data.get("leak", ()) else parts.pool


def place_encoder(run: Run, cube: xr.Dataset, parts: Split) -> Callable[[np.ndarray], np.ndarray]:
    """What turns places into the run's vectors, fitted to its places where it must be: lonlat (n, 2) -> (n, dim)."""
    return encoders.fit(run.variant, lonlat_of(cube), parts.train.any(1), run.seed)


def trainable(run: Run) -> torch.nn.Module | None:
    """The part of the run's encoder that is trained with the network, with the weights it starts from; or None.

    What is random in them is drawn from a stream of its own, apart from the network's (:func:`build_model`).
    """
    if run.variant in plan.NO_PLACE:
        return None
    encoder = encoders.load(run.variant)
    if not hasattr(encoder, "module"):
        return None
    return encoder.module(torch.Generator().manual_seed(ENCODER_STREAM + 1000 * run.seed + run.fold))


def place_scaler(vectors: np.ndarray, fusion: str) -> Scaler:
    """Scale place vectors: per column where they are channels, by one number where they are an embedding.

    Channels are coordinates with their own units. The columns of an embedding share theirs; scaling each by itself
    would blow up those that hardly vary over the training stations and matter elsewhere.
    """
    scaler = Scaler.fit(vectors)
    if fusion == "channels":
        return scaler
    common = np.sqrt(np.mean(scaler.scale.astype(np.float64) ** 2))
    return Scaler(scaler.mean, np.full_like(scaler.scale, common))


def build_model(run: Run, n_features: int, dim: int, module: torch.nn.Module | None = None) -> PlaceModel:
    """The run's network with its initial weights, which the seed and the fold decide.

    Parameters
    ----------
    run : Run
    n_features, dim : int
        Predictors a day, and numbers that tell the place.
    module : torch.nn.Module, optional
        Turns these numbers into the place vector, and is trained with the rest.
    """
    config = run.settings
    generator = torch.Generator().manual_seed(1000 * run.seed + run.fold)
    fusion = HEAD if run.variant == plan.HEAD_ONLY else run.fusion
    return PlaceModel(
        n_features,
        dim if module is None else module.dim,
        fusion,
        width=config.width,
        summary=config.summary,
        dropout=config.dropout,
        precision=config.precision,
        encoder=module,
        generator=generator,
    )


def make(run: Run, log: Any = print) -> Path:
    """Make one run, unless the store has it.

    Parameters
    ----------
    run : Run
    log : callable
        Receives one line when the run is done, and one before when a damaged entry is made again.

    Returns
    -------
    Path
        The store entry.
    """
    entry = store.store() / run.id
    try:
        if store.is_whole(run.id):
            return entry
        if run.config.get("precision") == "bfloat16" and processor.is_limited() and not torch.cuda.is_available():
            return _make_unlimited(run.id, entry)
        if entry.exists():
            log(f"{run.id}  {_flaw(run.id)}: made again")
        work = _begin_entry(entry)  # before training: an unwritable store should cost a second, not an hour
    except OSError as error:
        raise StoreError(
            f"cannot write to {entry.parent}: {error.strerror}; make it writable and start again, "
            "finished runs are kept"
        ) from error
    try:
        with lock.hold(work / LIVE, "making a run"):
            _fill_entry(work, run, log)
        (work / LIVE).unlink(missing_ok=True)
        _put(work, entry)
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
    command = [sys.executable, "-c", "from placeprior.cli import main; main()", "runs", "run", run_id]
    done = subprocess.run(command, env=os.environ | processor.LIFTED, stderr=subprocess.PIPE, text=True)
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


def _begin_entry(entry: Path) -> Path:
    if entry.exists() and not entry.is_dir():
        raise StoreError(f"{entry} is a file, and the run's folder belongs there; move it away and start again")
    entry.parent.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(prefix=f".{entry.name}-", dir=entry.parent))
    now = work.stat().st_mtime  # by the file system's clock, as the age of the others is; this machine's may be wrong
    for left in entry.parent.glob(".*-*"):  # by runs that were killed; a live one may be on another machine
        with contextlib.suppress(FileNotFoundError, BusyError, StoreError):  # renamed since it was listed, or alive
            if now - left.stat().st_mtime > LEFT_BEHIND:
                with lock.hold(left / LIVE, "sweeping"):
                    shutil.rmtree(left, ignore_errors=True)
    return work


def _put(work: Path, entry: Path) -> None:
    """Rename a complete entry to its place, unless another process has put one there; a damaged one gives way."""
    with lock.hold(entry.parent / ".lock", "putting a run into the store", wait=60):
        if store.is_whole(entry.name):
            return
        aside = work.with_name(f"{work.name}-old")
        if entry.exists():
            os.rename(entry, aside)
        os.rename(work, entry)
    shutil.rmtree(aside, ignore_errors=True)


def _fill_entry(work: Path, run: Run, log: Any) -> None:
    torch.set_num_threads(THREADS)
    started, begun = time.perf_counter(), time.process_time()
    cube = cube_of(run)
    parts = parts_of(run, cube)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    result: dict[str, Any] = {"run": asdict(run), "id": run.id, "sizes": parts.sizes()}
    tensors: dict[str, torch.Tensor] = {}
    history: list[dict[str, float]] = []
    # Validation rows decide nothing here; kept, they say how wide an interval around an estimate must be.
    estimates: dict[str, np.ndarray] = {}

    if run.variant in plan.BASELINES:
        estimates["test"] = estimators.estimate(run.variant, run, cube, parts)
        result["parameters"] = 0
    else:
        config = run.settings
        ready = Prepared(run, cube, parts)
        dim = 0 if ready.place is None else ready.place.shape[1]
        model = build_model(run, len(ready.names), dim, ready.module).to(device)
        windows = Windows(ready.features, config.window, ready.place, ready.target, device)
        trained = train(
            model,
            windows,
            windows.rows(parts.train),
            windows.rows(parts.validation),
            config,
            huber=ready.huber,
            seed=1000 * run.seed + run.fold,
        )
        for part in ("validation", "test"):
            scaled, attention = estimate(model, windows, windows.rows(getattr(parts, part)))
            estimates[part] = scaled * ready.y_scale.scale[0] + ready.y_scale.mean[0]
        history = trained.history
        if ready.gaps is not None:
            result["gaps"] = json.loads(ready.gaps.to_json(orient="records"))
        result |= {
            "parameters": sum(p.numel() for p in model.parameters()),
            "best_epoch": trained.best_epoch,
            "validation_loss": history[trained.best_epoch - 1]["validation_loss"],
            "training_seconds": trained.seconds,
            "attention": attention.tolist(),
            "predictors": ready.names,
        }
        tensors = {f"model.{k}": v.cpu().contiguous() for k, v in model.state_dict().items()}
        for name in ("x_scale", "y_scale", "place_scale"):
            scaler = getattr(ready, name)
            if scaler is not None:
                tensors |= {f"{name}.mean": torch.tensor(scaler.mean), f"{name}.scale": torch.tensor(scaler.scale)}

    estimates.setdefault("validation", np.empty(0))  # a baseline's are not asked for
    masks = {
        part: getattr(parts, part) if len(values) else np.zeros_like(parts.test) for part, values in estimates.items()
    }
    tables = {part: _rows(cube, masks[part], values) for part, values in estimates.items()}
    sums = metrics.station_sums(tables["test"]["station"], tables["test"]["pm25"].to_numpy(), estimates["test"])
    total = sums.to_numpy().sum(0)
    result["scores"] = {k: float(v) for k, v in metrics.from_sums(total).items()}
    result["n"] = int(total[0])
    result["stamp"] = (
        versions()
        | processor.stamp()
        | {
            "device": device,
            "threads": THREADS,
            "seconds": time.perf_counter() - started,
            "core_seconds": time.process_time() - begun,
        }
    )
    sums.insert(0, "nearest_km", parts.distance_km(cube))
    sums.insert(0, "lat", cube["lat"].values[sums.index])
    sums.insert(0, "lon", cube["lon"].values[sums.index])
    sums.insert(0, "name", cube["station"].values[sums.index])
    pd.DataFrame(history).to_csv(work / "history.csv", index=False)
    tables["test"].to_parquet(work / "predictions.parquet", index=False)
    tables["validation"].to_parquet(work / "validation.parquet", index=False)
    sums.reset_index(drop=True).to_parquet(work / "stations.parquet", index=False)
    save_file(tensors, work / "weights.safetensors")
    store.seal(work, result)
    log(
        f"{run.id}  {run.label}: R2 {result['scores']['r2']:.3f}, RMSE {result['scores']['rmse']:.2f} µg m-3, "
        f"{result['stamp']['seconds']:.0f} s"
    )


def _rows(cube: xr.Dataset, mask: np.ndarray, estimate: np.ndarray) -> pd.DataFrame:
    """Estimates beside what was measured, in the order of ``np.nonzero(mask)``."""
    station, day = np.nonzero(mask)
    return pd.DataFrame(
        {
            "station": station.astype(np.int32),
            "day": day.astype(np.int32),
            "pm25": cube["pm25"].values[mask].astype(np.float32),
            "estimate": estimate.astype(np.float32),
        }
    )


# --- keeping it -----------------------------------------------------------------------------------------------------


def collect_scores(profile: str, *, drop: bool = False) -> Path:
    """Write a profile's scores, station sums and stamps from all runs made so far, here or elsewhere.

    Runs known only from the committed tables are kept, those of models whose weights are not at hand here among them.

    Parameters
    ----------
    profile : str
    drop : bool
        Drop the committed runs that ``runs.yml`` no longer asks for. A slip in that file looks the same, so that it
        must be said.

    Returns
    -------
    Path
        ``results/<profile>/scores.csv``.

    Raises
    ------
    StoreError
        Runs would be dropped, a stored run or a committed table is damaged, or nothing was made yet.
    BusyError
        Another process is collecting.
    """
    with lock.hold(plan.root() / f".collect-{profile}.lock", f"collecting profile {profile}", wait=60):
        return _collect(profile, drop)


def _collect(profile: str, drop: bool) -> Path:
    wanted = {run.id: run for run in plan.runs(profile)}
    stored = [i for i in wanted if (store.store() / i).exists()]
    folder = store.results(profile)
    committed.check(folder)
    old_scores, old_sums = store.scores(profile), store.sums(profile)
    model = old_scores["variant"] + "/" + old_scores["fusion"]
    asked = old_scores["run"].isin(wanted) | model.isin(plan.absent(profile))
    if not (drop or asked.all()):
        raise StoreError(_would_drop(profile, old_scores[~asked], old_scores["run"].nunique()))
    keep = set(old_scores.loc[asked, "run"]) - set(stored)
    stamps = {i: s for i, s in store.stamps(profile).items() if i in keep}
    score_rows, sum_rows = [], [part for part in [old_sums[old_sums["run"].isin(keep)]] if len(part)]
    for run_id in stored:
        result, run = store.read(run_id), wanted[run_id]
        head = [run.task, run.variant, run.fusion, run.split, run.fold, run.seed]
        score_rows += [[*head, metric, value, result["n"], run_id] for metric, value in result["scores"].items()]
        entry = store.table(run_id, "stations")
        entry.insert(0, "run", run_id)
        sum_rows.append(entry)
        stamps[run_id] = result["stamp"] | {
            "sizes": result["sizes"],
            "parameters": result["parameters"],
            "best_epoch": result.get("best_epoch"),
            "attention": result.get("attention"),
        }
        if "gaps" in result:
            stamps[run_id]["gaps"] = result["gaps"]
    score_rows += old_scores[old_scores["run"].isin(keep)].values.tolist()
    frame = pd.DataFrame(score_rows, columns=store.COLUMNS).sort_values([*store.KEY, "metric"])
    if not score_rows:
        raise StoreError(f"no run of profile {profile!r} was made yet; `placeprior runs list {profile}` shows them")
    station_sums = pd.concat(sum_rows).sort_values(["run", "name"])
    for column in station_sums.select_dtypes("float64"):
        station_sums[column] = station_sums[column].astype(np.float32)
    committed.write(folder, frame, station_sums, stamps, lambda written: store.values(written, stamps))
    return folder / committed.SCORES


def _would_drop(profile: str, rows: pd.DataFrame, total: int) -> str:
    """Name the runs that a collection would drop, and the two ways on."""
    runs = rows.drop_duplicates("run")
    named = [
        f"{run.task} {run.variant}{'' if run.fusion == '-' else '/' + run.fusion} {run.split} fold {run.fold} "
        f"seed {run.seed}"
        for run in runs.head(3).itertuples()
    ]
    more = f" and {len(runs) - len(named):,} more" if len(runs) > len(named) else ""
    return (
        f"runs.yml no longer asks for {len(runs):,} of the {total:,} committed runs of profile {profile!r}: "
        f"{', '.join(named)}{more}; if that is a slip, mend runs.yml; if it is meant, drop them with "
        f"`placeprior runs collect {profile} --drop`"
    )
