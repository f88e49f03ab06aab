"""How much a trained network leans on each of its inputs, and on the place it is told: permutation importance.

Give every test row another row's values of one input, leave all else, and estimate again. How much larger the error
becomes is the importance of that input to *this* network (Breiman, 2001, *Random forests*; Fisher, Rudin & Dominici,
2019, *All models are wrong, but many are useful*, who call it model reliance)::

    importance = RMSE(permuted) - RMSE(as it was)          in µg m-3; positive: the network relies on the input

Which row the values are taken from decides what is asked:

``within``
    Another tested day of the same station. The place keeps its level and loses its days.
``across``
    Another tested station on the same day. The day keeps its level and the place loses its own.
``free``
    Any value of any row and any day of its window, as in the reference code of Karimzadeh, Wang & Crooks (2025). It
    makes windows that never were.

In the first two a window of days moves as a whole. Inputs that tell the same share the credit, so that each can look
dispensable: hence also groups of them, moved together.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from placeprior.network.windows import Windows

SHUFFLES = ("within", "across", "free")
ROWS = 1_500  # test rows looked at in a fit: stations and fits differ by more than what further rows would tell
REPEATS = 5
PLACE, INPUTS = "place", "all inputs"
#: Inputs that tell the same thing or come from the same source.
GROUPS = {
    "calendar": ("doy_sin", "doy_cos"),
    "wind direction": ("wind_sin", "wind_cos"),
    "seen from space": ("aod", "smoke"),
    "weather": (
        "temperature",
        "temperature_max",
        "temperature_min",
        "dew_point",
        "humidity",
        "pressure",
        "visibility",
        "wind_speed",
        "wind_sin",
        "wind_cos",
        "boundary_layer_height",
        "precipitation",
    ),
}


def circle(group: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A random permutation that leaves every row in its group and, where there is another, none in its place.

    The rows of a group are put in a circle in random order, and each takes from the next.

    Parameters
    ----------
    group : ndarray of int, shape (n,)
    rng : numpy.random.Generator

    Returns
    -------
    ndarray of int, shape (n,)
        The row that each takes its values from; itself where it is alone.
    """
    order = np.lexsort((rng.random(len(group)), group))
    new = np.diff(group[order]) != 0
    first, last = np.flatnonzero(np.append(True, new)), np.flatnonzero(np.append(new, True))
    following = np.roll(order, -1)
    following[last] = order[first]
    donor = np.empty_like(order)
    donor[order] = following
    return donor


def groups_of(names: Sequence[str]) -> dict[str, list[int]]:
    """What is permuted: each predictor, each group of which two or more are there, and all together.

    Returns
    -------
    dict
        Name to positions in ``names``.
    """
    found = {name: [i] for i, name in enumerate(names)}
    together = GROUPS | {INPUTS: tuple(names)}
    wanted = {group: [i for i, name in enumerate(names) if name in members] for group, members in together.items()}
    return found | {group: columns for group, columns in wanted.items() if len(columns) > 1}


@dataclass
class Permuted:
    """Estimates with and without permutation.

    Attributes
    ----------
    rows : ndarray of int, shape (n,)
        Which of the rows given were looked at.
    original : ndarray, shape (n,)
    permuted : dict
        (shuffle, predictor) to estimates, shape (repeats, n).
    moved : dict
        Shuffle to the share of rows that had another to take from.
    """

    rows: np.ndarray
    original: np.ndarray
    permuted: dict[tuple[str, str], np.ndarray]
    moved: dict[str, float]


@torch.inference_mode()
def permute(
    model: torch.nn.Module,
    data: Windows,
    rows: torch.Tensor,
    names: Sequence[str],
    *,
    seed: int | Sequence[int],
    count: int = ROWS,
    repeats: int = REPEATS,
) -> Permuted:
    """Estimate ``count`` of the rows with each input in turn taken from other rows.

    One draw serves all inputs and, the seed being the same, all models tested on these rows: they are compared on the
    same permutations.

    Parameters
    ----------
    model : torch.nn.Module
        Takes windows (b, window, feature) and places (b, dim) or None; gives (b,).
    data : Windows
    rows : tensor of int, shape (n, 2)
        (station, day) of every test row; values are taken from these and no others.
    names : sequence of str
        The features, in order.
    seed : int or sequence of int
    count, repeats : int

    Returns
    -------
    Permuted
        In scaled units. The place is not permuted ``within`` a station, where it is constant; groups are not permuted
        ``free``, which breaks their inputs apart as well.
    """
    rng = np.random.default_rng(seed)
    station, day = rows.numpy().T
    picked = np.sort(rng.choice(len(rows), min(count, len(rows)), replace=False))
    x, place, _ = data.gather(rows[picked])
    model.eval()
    original = model(x, place).numpy()
    result = Permuted(picked, original, {}, {})
    inputs = groups_of(names)
    for shuffle in SHUFFLES:
        asked = {k: c for k, c in inputs.items() if shuffle != "free" or k in names}
        if place is not None and shuffle != "within":
            asked |= {PLACE: []}
        made = {name: np.empty((repeats, len(picked)), original.dtype) for name in asked}
        for repeat in range(repeats):
            group = {"within": station, "across": day, "free": np.zeros_like(day)}[shuffle]
            donor = circle(group, rng)[picked]
            result.moved[shuffle] = float(np.mean(donor != picked))
            other, elsewhere, _ = data.gather(rows[donor])
            if shuffle == "free":  # over rows and days of the window alike
                single = rng.permutation(len(picked) * data.window)
                other = x.reshape(-1, len(names))[single].reshape(x.shape)
            for name, columns in asked.items():
                if name == PLACE:
                    made[name][repeat] = model(x, elsewhere).numpy()
                elif torch.equal(other[..., columns], x[..., columns]):  # the calendar, on the same day
                    made[name][repeat] = original
                else:
                    mixed = x.clone()
                    mixed[..., columns] = other[..., columns]
                    made[name][repeat] = model(mixed, place).numpy()
        result.permuted |= {(shuffle, name): values for name, values in made.items()}
    return result
