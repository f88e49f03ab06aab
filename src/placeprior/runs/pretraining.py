"""Pretraining a location encoder from nothing: the embedded world's places against their PM2.5-free climatology.

:func:`pretrain` trains the two towers of :mod:`placeprior.encoders.contrast` to find the place of a climate
(:mod:`placeprior.runs.climates`); an **arm** says which wrong pairs weigh how much. :func:`retrieval` tries that on
places of held-out blocks. :func:`ship` writes the place's tower as the encoder ``homegrown``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import gstools
import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import save_file

from placeprior import coords, data
from placeprior.data.world import World
from placeprior.encoders import contrast, homegrown
from placeprior.encoders.contrast import Gamma, Towers, deficit, excess, info_nce, log_weights, multiplied
from placeprior.errors import ConfigError, TrainingError, UnknownName
from placeprior.files import integrity
from placeprior.files.replacing import replacing
from placeprior.network.training import cycle
from placeprior.runs.climates import Climates, climates

Floats = NDArray[np.float64]

BIN_KM, FARTHEST_KM, FEWEST = 50.0, 1500.0, 50  # of the variogram: width, last distance, pairs that a bin needs
LEVEL = 0.01 / coords.EARTH_RADIUS_KM  # a rise a km that counts as none: 0.01 a radian, as published
ANTIPODE_KM = np.pi * coords.EARTH_RADIUS_KM

#: What weighs more than 1 among wrong pairs. All but the first and the last have the same mean weight.
ARMS = {
    "plain": "nothing",
    "even": "every pair alike",
    "near": "near pairs, by distance alone",
    "excess": "near pairs less alike than expected",
    "deficit": "pairs more alike than expected, near or far",
    "both": "either tail",
    "excess, flat": "as excess, expecting the mean everywhere",
    "deficit, flat": "as deficit, expecting the mean everywhere",
    "excess, shuffled": "as excess, expecting what shuffled places show",
    "deficit, shuffled": "as deficit, expecting what shuffled places show",
    "multiplied": "as excess, by exp(excess) multiplied into the logit: the public code",
}


@dataclass(frozen=True)
class Recipe:
    """How a pair of towers is trained; the same for every arm, chosen by the validation places of ``plain``, seed 0."""

    steps: int = 400
    batch: int = 256
    rate: float = 1e-2
    mean_weight: float = 2.0


DEFAULT = Recipe()


def expected(unlike: Floats, km: Floats) -> Gamma:
    """Fit the dissimilarity that is expected at a distance: a stable variogram with a nugget, of all pairs of places.

    Parameters
    ----------
    unlike, km : ndarray, shape (n, n)
        Symmetric.

    Returns
    -------
    callable
        Distances in km, of any shape -> expected dissimilarity.

    Raises
    ------
    ConfigError
        Fewer than five bins of :data:`BIN_KM` hold :data:`FEWEST` pairs.
    """
    first, second = np.triu_indices(len(km), 1)
    apart, found = km[first, second], unlike[first, second]
    number = (apart // BIN_KM).astype(int)
    pairs = np.bincount(number)
    used = np.flatnonzero((pairs >= FEWEST) & (np.arange(len(pairs)) < FARTHEST_KM / BIN_KM))
    if len(used) < 5:
        raise ConfigError(
            f"a variogram needs five distances with {FEWEST} pairs each; {len(km)} places have {len(used)}: give more"
        )
    centre = np.bincount(number, apart)[used] / pairs[used]
    mean = np.bincount(number, found)[used] / pairs[used]
    model = gstools.Stable(dim=2)
    model.fit_variogram(centre, mean, nugget=True, weights=np.sqrt(pairs[used]))
    return model.variogram


def nearby(gamma: Gamma) -> float:
    """Up to which distance a pair is near, km: the variogram's range, or the last distance that it was fitted to."""
    return min(contrast.reach(gamma, BIN_KM, LEVEL, ANTIPODE_KM), FARTHEST_KM)


def weighing(known: Climates, arm: str, mean: float) -> Floats:
    """``log w`` of every two training places for an arm of :data:`ARMS`, shape (m, m).

    Parameters
    ----------
    known : Climates
    arm : str
    mean : float
        Mean weight of wrong pairs, of every arm but ``plain`` and ``multiplied``.
    """
    if arm not in ARMS:
        raise UnknownName("arm of the pretraining", arm, ARMS)
    unlike, km = known.unlike, known.km
    tail, _, how = arm.partition(", ")
    if arm in ("plain", "even"):
        return log_weights(np.full(km.shape, float(arm == "even")), mean)
    gamma = expected(unlike, km)
    near = km <= nearby(gamma)
    if how == "flat":
        other = np.full(km.shape, unlike[~np.eye(len(km), dtype=bool)].mean())
    elif how == "shuffled":
        order = np.random.default_rng(0).permutation(len(km))
        other = expected(unlike[np.ix_(order, order)], km)(km)
    else:
        other = gamma(km)
    tails = {"near": near, "deficit": deficit(unlike, other), "excess": excess(unlike, other) * near}
    if arm == "multiplied":
        return tails["excess"]
    tails["both"] = tails["deficit"] + tails["excess"]
    return log_weights(tails[tail], mean)


def pretrain(known: Climates, arm: str, seed: int, recipe: Recipe = DEFAULT, weights: Floats | None = None) -> Towers:
    """Train the towers.

    Parameters
    ----------
    known : Climates
    arm : str
        Of :data:`ARMS`.
    seed : int
        Draws first weights and batches.
    recipe : Recipe
    weights : ndarray, optional
        What :func:`weighing` says, if it is known.

    Raises
    ------
    TrainingError
        The loss is not a finite number.
    """
    rows = known.rows("train")
    if len(rows) < recipe.batch:
        raise ConfigError(f"a batch of {recipe.batch} places is more than the {len(rows)} to train on; take fewer")
    weights = weighing(known, arm, recipe.mean_weight) if weights is None else weights
    log_weight = torch.from_numpy(weights.astype(np.float32))
    lonlat, environment = (torch.from_numpy(x[rows].astype(np.float32)) for x in (known.lonlat, known.environment))
    generator = torch.Generator().manual_seed(seed)
    towers = Towers(environment.shape[1], generator)
    descent = cycle(towers.parameters(), recipe.rate, recipe.steps)
    loss_of = multiplied if arm == "multiplied" else info_nce
    for step in range(recipe.steps):
        some = torch.randperm(len(rows), generator=generator)[: recipe.batch]
        loss = loss_of(towers(lonlat[some], environment[some]), log_weight[some][:, some])
        if not torch.isfinite(loss):
            raise TrainingError(f"the loss is {loss.item()} in step {step}; lower the rate (now {recipe.rate})")
        descent.step(loss)
    return towers.eval()


@torch.inference_mode()
def retrieval(towers: Towers, known: Climates, part: str) -> Floats:
    """How far the best place of an environment is from its own, km, for every place of a part.

    All land is searched, so that nothing tells that a place was held out.
    """
    asked = known.rows(part)
    lonlat, environment = (torch.from_numpy(x.astype(np.float32)) for x in (known.lonlat, known.environment))
    best = towers(lonlat, environment[asked]).argmax(1).numpy()
    return _km(known, asked, best)


def nearest(known: Climates, part: str) -> Floats:
    """The same without learning: the training place with the most similar environment."""
    asked, trained = known.rows(part), known.rows("train")
    alike = contrast.dissimilarity(known.environment[[*asked, *trained]])[: len(asked), len(asked) :]
    return _km(known, asked, trained[alike.argmin(1)])


def _km(known: Climates, asked: NDArray[np.intp], found: NDArray[np.intp]) -> Floats:
    return np.diagonal(coords.great_circle_km(known.lonlat[asked], known.lonlat[found]))


def ship(
    task: Mapping[str, Any], arm: str, seed: int = 0, recipe: Recipe = DEFAULT, folder: Path | None = None
) -> Path:
    """Pretrain the encoder ``homegrown`` and write it, with a stamp that says how, beside the package's modules.

    Parameters
    ----------
    task : mapping
        Options of the embedded world, as in ``runs.yml``.
    arm : str
    seed : int
    recipe : Recipe
    folder : Path, optional
        Elsewhere.

    Returns
    -------
    Path
        The weights file.
    """
    towers = pretrain(climates(World(**task)), arm, seed, recipe)
    path = homegrown.PATH if folder is None else folder / homegrown.PATH.name
    tensors = {name: tensor.contiguous() for name, tensor in towers.place.state_dict().items()}
    with replacing(path) as aside:
        save_file(tensors, aside)
    stamp = {
        "sha256": integrity.digest(path),
        "arm": arm,
        "seed": seed,
        "recipe": asdict(recipe),
        "world": dict(task),
        "data": data.recipe("world", **task),
        "again": "doit homegrown",
    }
    with replacing(path.with_suffix(".json")) as aside:
        aside.write_text(json.dumps(stamp, indent=1) + "\n", encoding="utf-8")
    return path
