"""A person's own comparison: a folder with a cube and a ``runs.yml`` of its own, where all else works as here.

The folder is a small project: the plan is its ``runs.yml``, what is made lies in its ``store``, and what it came to in
its ``results``. So a comparison that was stopped goes on, and nothing in it depends on when or how often it was.
"""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
import yaml

from placeprior import encoders
from placeprior.arms import RIVALS
from placeprior.coords import nearest_km
from placeprior.data.cube import predictors
from placeprior.data.tables import digest
from placeprior.errors import ConfigError, CoordinateError, MissingWeights
from placeprior.files.replacing import replacing
from placeprior.network.sizes import SIZES
from placeprior.runs import plan
from placeprior.runs.inputs import SPLIT_SEED
from placeprior.runs.plan import Run
from placeprior.space import domain
from placeprior.space.splits import HISTORY, Split, folds, lonlat_of, split, towards_of

PROFILE, TASK = "yours", "table"
SIMPLE = ("mean", "idw", "kriging", "gbt", "gbt+lonlat")
PLACE = ("geoclip", "urban")  # encoders: a pretrained one, and what people do
PLACEBOS = ("random-vector", "smooth-random")
MORE_PLACE = ("sphere2vec-c",)  # what only a thorough comparison adds: a basis, which random waves stand for else
#: Arms that are trained again, so that what a training's chance does is known; the first encoder is too.
AGAIN = ("none+head", "lonlat/channels")
#: Station-days with a measurement up to which these are trained three times: where fits are short, chance is large.
SMALL = 40_000
#: Arms that are asked about stations and regions, and else by a thorough comparison alone.
BETWEEN_ONLY = ("gbt+lonlat", "urban/hadamard")
MATCHED = 4000  # stations up to which folds are matched by distance: all pairs are looked at
MEASURED = 100  # days of a year with a measurement, for it to be a year to test on
BATCHES = 12  # of a trial
#: What a rival takes beside a network of size ``demo`` that is trained on the same rows.
RIVAL_COST = {"mean": 0.0, "idw": 0.01, "kriging": 0.02, "gbt": 1.7}
TREE_ROWS = 65_536  # that trees are shown, however many there are
RUN_SECONDS = 1.0  # of a run, for reading and writing


@dataclass(frozen=True)
class Asked:
    """What a person asks for.

    Attributes
    ----------
    encoders : tuple of str
        In place of :data:`PLACE`.
    towards : ndarray, shape (m, 2), or None
        Where estimates are wanted; the hull of the stations when left out.
    thorough : bool
        Three seeds and all folds at the size of the book's real runs.
    """

    encoders: tuple[str, ...] = ()
    towards: np.ndarray | None = None
    thorough: bool = False


@dataclass
class Plan:
    """What will be compared.

    Attributes
    ----------
    runs : list of Run
    splits : pandas.DataFrame
        A row a split: ``split, regime, folds, rows, train, test`` (stations), ``km`` (median distance of a tested
        station to the nearest trained on).
    wanted_km : ndarray
        Distance of the places where estimates are wanted to their nearest station.
    left_out : dict of str to str
        Arms and splits that cannot be run, and why.
    """

    runs: list[Run]
    splits: pd.DataFrame
    wanted_km: np.ndarray
    left_out: dict[str, str] = field(default_factory=dict)


def arms(cube: xr.Dataset, asked: Asked) -> tuple[list[str], dict[str, str]]:
    """The models that are compared, as ``runs.yml`` writes them, and those that cannot be, with the reason."""
    known, missing = [], {}
    for name in dict.fromkeys(asked.encoders or (*PLACE, *(MORE_PLACE if asked.thorough else ()))):
        if name in PLACEBOS:  # tried anyhow
            continue
        try:
            encoders.require(name)
            encoder = encoders.load(name)
            everywhere = np.ones(cube.sizes["station"], bool)
            fitted = encoder.fit(lonlat_of(cube), everywhere, 0) if hasattr(encoder, "fit") else encoder
            told = np.asarray(fitted(lonlat_of(cube)))
            if (told == told[0]).all():  # population density at sea: centred it is zero, and a product with it silences
                missing[name] = "it gives all these stations one vector, and tells none from another"
            else:
                known.append(f"{name}/hadamard")
        except (MissingWeights, CoordinateError) as error:
            missing[name] = str(error)
    placebos = [f"{name}/hadamard" for name in PLACEBOS]
    return [*SIMPLE, "none+head", "lonlat/channels", *known, *placebos], missing


def split_names(cube: xr.Dataset, thorough: bool) -> tuple[dict[str, list[int]], dict[str, str]]:
    """The splits that are asked, with their folds, and those that cannot be, with the reason."""
    lonlat, y = lonlat_of(cube), np.isfinite(cube["pm25"].values)
    side = domain.cell_degrees(lonlat)
    names = {"random": [1], "spatial": [1, 2], f"checkerboard-{side:g}": [1, 2], "knndm": [1]}
    missing = {}
    if len(lonlat) > MATCHED:
        del names["knndm"]
        missing["knndm"] = f"folds matched by distance look at all pairs of stations, and {len(lonlat):,} are too many"
    years = pd.Series(y.any(0)).groupby(cube["time"].dt.year.values).sum()
    years = list(years[years >= MEASURED].index)
    if len(years) > 1:
        names[f"year-{years[-2]}-{years[-1]}"] = [1]
    if thorough:
        names = {name: list(folds(name)) for name in names}
        half = domain.SIDES[max(domain.SIDES.index(side) - 3, 0)]
        names[f"checkerboard-{half:g}"] = [1, 2]
    for name in list(names):
        try:
            for fold in names[name]:
                split(name, cube, SPLIT_SEED, fold)
        except ConfigError as error:
            del names[name]
            missing[name] = str(error)
    return names, missing


def prepare(cube: xr.Dataset, asked: Asked) -> xr.Dataset:
    """The cube with the places where estimates are wanted and, where no predictor moves, the neighbours as inputs."""
    lonlat = lonlat_of(cube)
    places = domain.hull_places(lonlat) if asked.towards is None else asked.towards
    cube = cube.assign_coords(towards_lon=("towards", places[:, 0]), towards_lat=("towards", places[:, 1]))
    moving = [name for name in predictors(cube) if not name.startswith("doy_") and not cube[name].attrs.get("static")]
    cube.attrs["neighbours"] = int(not moving)  # else nothing tells a network what day it is
    return cube


def lay(folder: Path, cube: xr.Dataset, asked: Asked) -> dict[str, str]:
    """Write cube and ``runs.yml`` into a folder, whole or not at all; say what is left out and why.

    A cube that is the same as the one that lies there leaves it alone.
    """
    folder.mkdir(parents=True, exist_ok=True)
    file = _put(folder, cube)
    models, missing = arms(cube, asked)
    splits, lacking = split_names(cube, asked.thorough)
    if not splits:
        raise ConfigError("no way of testing is left: " + "; ".join(lacking.values()))
    matrices: dict[str, Any] = {}
    for name, own in splits.items():
        here = models if asked.thorough else asked_on(name, models)
        networks = [model for model in here if model not in RIVALS]
        one = {"task": [TASK], "split": [name], "fold": own}
        matrices[name] = one | {"model": here, "seed": [0]}
        if asked.thorough:
            matrices[f"{name} again"] = one | {"model": networks, "seed": [1, 2]}
        else:
            again = [model for model in networks if model in (*AGAIN, _first(models))]
            seeds = [1, 2] if np.isfinite(cube["pm25"].values).sum() <= SMALL else [1]
            matrices[f"{name} again"] = one | {"model": again, "seed": seeds}
    size = "study" if asked.thorough else "demo"
    settings = {"precision": "float32"} if asked.thorough else {}
    content = {
        "profiles": {
            PROFILE: {
                "size": size,
                "settings": settings,
                "tasks": {TASK: {"load": "table", "options": {"file": file}}},
                "matrices": matrices,
            }
        },
        "pages": {},
    }
    with replacing(folder / "runs.yml") as aside:
        aside.write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")
    return missing | lacking


def _put(folder: Path, cube: xr.Dataset) -> str:
    """Write the cube under a name that tells its content; those of earlier tables go."""
    aside = folder / f".{os.getpid()}.nc"
    try:
        cube.to_netcdf(aside, engine="scipy")
        file = folder / f"cube-{digest(aside)[:12]}.nc"
        os.replace(aside, file)
    finally:
        aside.unlink(missing_ok=True)
    for old in folder.glob("cube-*.nc"):
        if old != file:
            old.unlink()
    return file.name


def asked_on(name: str, models: Sequence[str]) -> list[str]:
    """The arms that a comparison that is not thorough asks about one split.

    New stations and new regions are what place is about: there all are asked. Folds matched by distance lie between
    the two and do without :data:`BETWEEN_ONLY`; other days of stations that are known do without placebos too.
    """
    if name.startswith(("spatial", "checkerboard")):
        return list(models)
    placebos = [f"{placebo}/hadamard" for placebo in PLACEBOS] if name.startswith(("random", "year")) else []
    return [model for model in models if model not in (*BETWEEN_ONLY, *placebos)]


def _first(models: Sequence[str]) -> str:
    """The first encoder, which is trained again too."""
    return next((model for model in models if model.endswith("/hadamard")), "")


def planned(cube: xr.Dataset, left_out: dict[str, str]) -> Plan:
    """The plan of the folder that is the working directory."""
    listed = plan.runs(PROFILE)
    rows = []
    for name in dict.fromkeys(run.split for run in listed):
        parts = [split(name, cube, SPLIT_SEED, fold) for fold in sorted({r.fold for r in listed if r.split == name})]
        rows.append({"split": name, "regime": parts[0].regime, "folds": len(parts)} | _sizes(parts, cube))
    wanted = nearest_km(towards_of(cube), lonlat_of(cube))[0]
    return Plan(listed, pd.DataFrame(rows), wanted, left_out)


def _sizes(parts: Sequence[Split], cube: xr.Dataset) -> dict[str, float]:
    sizes = [part.sizes() for part in parts]
    return {
        "rows": int(np.mean([size["train"]["rows"] for size in sizes])),
        "train": int(np.mean([size["train"]["stations"] for size in sizes])),
        "test": int(np.mean([size["test"]["stations"] for size in sizes])),
        "km": float(np.median(np.concatenate([part.distance_km(cube) for part in parts]))),
    }


def trial(cube: xr.Dataset, size: str) -> tuple[float, float]:
    """What one row, shown once, takes a network, measured on a few batches of one without a place.

    The stations beyond the first few are not looked at, so that it takes no memory to ask about very many.

    Returns
    -------
    core, clock : float
        Seconds of a core, and by the clock: more where others use the machine.
    """
    import torch

    from placeprior.network.model import PlaceModel
    from placeprior.network.training import train
    from placeprior.network.windows import Scaler, Windows

    torch.set_num_threads(1)
    config = SIZES[size].with_(precision="float32", epochs=1)
    names = predictors(cube)
    rng = np.random.default_rng(0)
    some = np.sort(rng.permutation(cube.sizes["station"])[:50])
    values = np.stack([cube[name].values[some] for name in names], -1)
    features = Scaler.fit(values.reshape(-1, len(names)))(values)
    target = np.nan_to_num(
        Scaler.fit(cube["pm25"].values[some].reshape(-1, 1))(cube["pm25"].values[some][..., None])[..., 0]
    )
    rows = np.stack(
        [
            rng.integers(len(some), size=BATCHES * config.batch),
            rng.integers(HISTORY, cube.sizes["time"], size=BATCHES * config.batch),
        ],
        1,
    )
    data, pairs = Windows(features, config.window, None, target), torch.as_tensor(rows)
    took = []
    for seed in (0, 1):  # the first also warms up
        model = PlaceModel(len(names), 0, "head", width=config.width, summary=config.summary, dropout=config.dropout)
        began, started = time.process_time(), time.perf_counter()
        train(model, data, pairs, pairs[:64], config, huber=3.0, seed=seed)
        took.append((time.process_time() - began, time.perf_counter() - started))
    core, clock = min(took)
    return core / len(pairs), max(core, clock) / len(pairs)


def seconds(planned: Plan, a_row: float, a_demo_row: float, size: str) -> dict[str, float]:
    """What each run will take of a core, by id: a network by its rows and epochs, a rival by :data:`RIVAL_COST`.

    Parameters
    ----------
    planned : Plan
    a_row, a_demo_row : float
        Seconds of a core that :func:`trial` measured, of a network of this size and of size ``demo``.
    size : str
    """
    rows = dict(zip(planned.splits["split"], planned.splits["rows"], strict=True))
    each = {}
    for run in planned.runs:
        if run.variant in RIVALS:
            kind, seen = run.variant.partition("+")[0], rows[run.split]
            seen = min(seen, TREE_ROWS) if kind == "gbt" else seen
            took = RIVAL_COST[kind] * a_demo_row * seen * SIZES["demo"].epochs
        else:
            took = a_row * rows[run.split] * SIZES[size].epochs
        each[run.id] = RUN_SECONDS + took
    return each
