"""A network that is kept: trained on all of a person's rows, and all that an estimate elsewhere needs, in one folder.

The folder holds ``model.json`` (what it is, with a checksum of each file), ``weights.safetensors``, ``stations.nc``
(what it was trained on) and ``residuals.parquet`` (errors at stations that were held out in a comparison, which say how
wide an interval must be). Nothing in it is code.
"""

from __future__ import annotations

import json
import tempfile
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
import xarray as xr
from safetensors import SafetensorError
from safetensors.torch import load, save_file

from placeprior import encoders
from placeprior.data.cube import predictors
from placeprior.errors import MissingWeights, StoreError
from placeprior.files import integrity
from placeprior.network.model import PlaceModel
from placeprior.runs import store
from placeprior.runs.inputs import Inputs
from placeprior.runs.making import trained
from placeprior.runs.networks import THREADS, restored
from placeprior.runs.plan import VERSION, Run
from placeprior.scores.conformal import radius
from placeprior.space.splits import HISTORY, Split

FORM = 1  # of the folder
FILES = ("weights.safetensors", "stations.nc", "residuals.parquet")
MODEL = "model.json"
NEEDED = ("form", "run", "files", "target", "unit", "split", "embedded")  # of what it says


def everything(cube: xr.Dataset) -> Split:
    """All rows that have a history, to train on; nothing is left to validate or to test.

    The rows that such a training estimates are its own, so their errors say nothing and are not kept.
    """
    measured = np.isfinite(cube["pm25"].values)
    rows = measured.copy()
    rows[:, : HISTORY - 1] = False
    few = np.zeros_like(rows)
    few.flat[np.flatnonzero(rows)[:1]] = True
    return Split("all", "WR", 1, 0, rows, few, few, measured)


def residuals(runs: list[Run]) -> pd.DataFrame:
    """Errors of runs at the rows they tested, the mean of the seeds' estimates: ``station, error``."""
    frames = []
    for fold in sorted({run.fold for run in runs}):
        tables = [store.table(run.id, "predictions") for run in runs if run.fold == fold]
        mean = np.mean([table["estimate"].to_numpy(np.float64) for table in tables], axis=0)
        error = (mean - tables[0]["pm25"].to_numpy(np.float64)).astype(np.float32)
        frames.append(pd.DataFrame({"station": tables[0]["station"], "error": error}))
    return pd.concat(frames, ignore_index=True)


def keep(run: Run, cube: xr.Dataset, errors: pd.DataFrame, folder: Path, about: dict[str, Any]) -> None:
    """Train a run's network on all rows, and write the folder whole or not at all.

    Parameters
    ----------
    run : Run
        Of a comparison: its variant, fusion and settings are kept, its split is not.
    cube : xarray.Dataset
    errors : pandas.DataFrame
        As :func:`residuals`.
    folder : Path
        Must not exist, or hold such a model.
    about : dict
        What else is to be remembered.
    """
    _refuse(folder)
    torch.set_num_threads(THREADS)
    own = Run(run.task, run.variant, run.fusion, "all", 1, run.seed, run.data, run.weights, run.config, run.version)
    made = trained(Inputs(own, cube, everything(cube)), "cuda" if torch.cuda.is_available() else "cpu")

    def write(aside: Path) -> tuple[str, ...]:
        save_file(made.tensors, aside / FILES[0])
        cube.to_netcdf(aside / FILES[1], engine="scipy")
        errors.to_parquet(aside / FILES[2], index=False)
        return FILES

    integrity.replace(folder, MODEL, write, form=FORM, run=asdict(own), training=made.history[-1], **about)


def _refuse(folder: Path) -> None:
    """Refuse what cannot become the folder of a model, before minutes are spent on training."""
    try:
        there = [path.name for path in folder.iterdir()] if folder.exists() else []
        if there and MODEL not in there:
            raise StoreError(f"{folder} is there and holds no kept model; name another folder with -o")
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=folder):
            pass
    except OSError as error:
        why = error.strerror or error
        raise StoreError(f"cannot write the folder {folder} ({why}); name another with -o") from None
    if not there:
        folder.rmdir()  # made again when there is something to put into it


@dataclass
class Kept:
    """A kept network, read from its folder.

    Attributes
    ----------
    about : dict
        The content of ``model.json``.
    run : Run
    model : PlaceModel
    inputs : Inputs
        What it sees, with the scaling it was trained with.
    errors : pandas.DataFrame
        As :func:`residuals`.
    """

    about: dict[str, Any]
    run: Run
    model: PlaceModel
    inputs: Inputs
    errors: pd.DataFrame

    @property
    def cube(self) -> xr.Dataset:
        """What it was trained on."""
        return self.inputs.cube

    @cached_property
    def predictors(self) -> list[str]:
        """Names of what it must be told of each day, the calendar included."""
        return predictors(self.cube)

    def half_width(self, level: float) -> float:
        """Half the width of an interval (:func:`placeprior.scores.conformal.radius`), in the target's unit."""
        return radius(self.errors["error"].to_numpy(), self.errors["station"].to_numpy(), level)


def read(folder: Path) -> Kept:
    """Read a kept network.

    Raises
    ------
    StoreError
        It is not there, is not what was written, or is of another version.
    MissingWeights
        The encoder at hand is not the one that it was trained with.
    """
    remedy = "make it with `placeprior fit`"
    integrity.finish(folder, MODEL)
    if not (folder / MODEL).is_file():
        raise StoreError(f"{folder} holds no kept model ({MODEL} is missing); {remedy}")
    try:
        about = integrity.opened((folder / MODEL).read_bytes(), NEEDED)
        made = (about["form"], about["run"].get("version"))
        if made != (FORM, VERSION):
            raise StoreError(
                f"{folder} was made by another version of placeprior (form {made[0]}, computations {made[1]}), and "
                f"this one reads form {FORM}, computations {VERSION}; {remedy} again, or use that version"
            )
        integrity.compare(folder, about["files"], whole=True)
        tensors = load((folder / FILES[0]).read_bytes())
        with xr.open_dataset(folder / FILES[1], engine="scipy") as opened:
            cube = opened.load()
        run = Run(**about["run"])
        _refuse_other_encoder(run, folder)
        model, scalers = restored(run, tensors)
        errors = pd.read_parquet(folder / FILES[2])
    except (
        OSError,
        ValueError,
        KeyError,
        TypeError,
        RuntimeError,
        AttributeError,
        SafetensorError,
        json.JSONDecodeError,
    ) as error:
        why = (str(error).splitlines() or [type(error).__name__])[0]
        raise StoreError(f"{folder} is not as it was written ({why}); {remedy} again") from error
    return Kept(about, run, model, Inputs(run, cube, everything(cube), scalers), errors)


def _refuse_other_encoder(run: Run, folder: Path) -> None:
    """Refuse weights other than those that the network was trained with: their vectors mean something else to it."""
    if run.tells_place and (found := encoders.load(run.variant).fingerprint) != run.weights:
        raise MissingWeights(
            f"encoder {run.variant!r} is not the one that {folder} was trained with (fingerprint {found[:32]}, then "
            f"{run.weights[:32]}); bring those weights, or make the model again with `placeprior fit`"
        )
