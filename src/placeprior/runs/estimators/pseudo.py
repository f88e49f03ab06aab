r"""Boosted trees that also learn from kriging's labels at places without a monitor (Duan, Jiang & Carlson 2024).

A satellite sees everywhere, and monitors are few. The idea: let ordinary kriging of each day's monitors label places
where only the predictors are known, and let a *student* learn from measurements and labels together. What a student can
add to its *teacher*, kriging, is what predictors know; what it can take over is kriging's error.

A label is worth less the less kriging knows there. With the fitted nugget :math:`n` and the expected squared error
:math:`v` of what is there without the nugget, a label has the weight

.. math:: w = \frac{n}{n + v}

while a measurement, whose own error is the nugget, has weight one.

The teacher reads training monitors only. Three arms are controls: ``leaked`` lets it read all monitors, the test's
included, as kriging before splitting does; ``shuffled`` deals the labels anew; ``true`` gives the truth, which the
embedded world alone knows, at weight one: the most that labels at these places could bring.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from placeprior.coords.land import Land
from placeprior.data import elsewhere
from placeprior.data.cube import predictors
from placeprior.errors import ConfigError
from placeprior.runs.estimators import trees
from placeprior.runs.inputs import Inputs
from placeprior.space.kriging import krige
from placeprior.space.variogram import variogram

LABELS = ("kriged", "leaked", "shuffled", "true")
RESOLUTION = 1.5  # degrees between the places without a monitor: a grid over the land, as a map has
LABELLED = 16_384  # labels, drawn from all places and days: a quarter of the measurements that trees see
TRUTH = "pm25_true"  # of the embedded world


@dataclass(frozen=True)
class Labelled:
    """Rows at places without a monitor.

    Attributes
    ----------
    place, day : ndarray of int, shape (n,)
        Positions in :func:`places` and in the cube's time.
    label : ndarray, shape (n,)
        µg m-3.
    spread : ndarray, shape (n,)
        Kriging's expected error, µg m-3; 0 where the truth is told.
    weight : ndarray, shape (n,)
        Of a label beside a measurement's 1.
    """

    place: np.ndarray
    day: np.ndarray
    label: np.ndarray
    spread: np.ndarray
    weight: np.ndarray


def places() -> np.ndarray:
    """The places without a monitor: cells of the land, lonlat (m, 2), degrees."""
    return Land(RESOLUTION).places


def student(inputs: Inputs, labels: str = "kriged", place: str = "") -> np.ndarray:
    """What trees that learnt from measurements and labels say at the test rows, µg m-3 (n,).

    Parameters
    ----------
    inputs : Inputs
    labels : str
        Of :data:`LABELS`.
    place : str
        What else a row says about its place, as for :class:`.trees.Rows`.
    """
    rows = trees.Rows(inputs, place)
    more = examples(inputs, rows, labelled(inputs, labels))
    return trees.fit_boosted(rows, inputs.run.stream, more=more).predict(rows.x(inputs.parts.test))


def labelled(inputs: Inputs, labels: str = "kriged", number: int | None = None) -> Labelled:
    """Draw rows at places without a monitor, on days with training rows, and label them.

    Parameters
    ----------
    inputs : Inputs
    labels : str
        Of :data:`LABELS`.
    number : int, optional
        Instead of :data:`LABELLED`.

    Raises
    ------
    ConfigError
        If the truth is asked for outside the embedded world.
    """
    parts, pm25 = inputs.parts, inputs.cube["pm25"].values.astype(np.float64)
    lonlat, rng = places(), np.random.default_rng([inputs.run.stream, 1])
    days = np.flatnonzero(parts.train.any(0) & parts.pool.any(0))
    everything = len(lonlat) * len(days)
    drawn = rng.choice(everything, min(LABELLED if number is None else number, everything), replace=False)
    place, day = np.unravel_index(np.sort(drawn), (len(lonlat), len(days)))
    day = days[day]
    if labels == "true":
        if inputs.run.data["load"] != "world":
            raise ConfigError(
                "the truth where no monitor stands is known in the embedded world alone, and task "
                f"{inputs.run.task!r} is another; leave {inputs.run.variant!r} out of its matrices in runs.yml"
            )
        label = _fields(inputs, [TRUTH])[place, day, 0]
        return Labelled(place, day, label, np.zeros(len(label)), np.ones(len(label)))

    read = np.isfinite(pm25) if labels == "leaked" else parts.pool
    values = np.where(read, pm25, np.nan)
    curve = variogram(values, inputs.lonlat)  # of days divided by their standard deviation
    wanted = np.zeros((len(lonlat), pm25.shape[1]), bool)
    wanted[place, day] = True
    variance = np.full(wanted.shape, np.nan)
    label = krige(values, inputs.lonlat, lonlat, wanted, curve, variance=variance)[place, day]
    v = variance[place, day]
    scale = np.zeros(pm25.shape[1])
    scale[days] = np.nanstd(values[:, days], axis=0)
    if labels == "shuffled":
        label = rng.permutation(label)
    return Labelled(place, day, label, np.sqrt(v) * scale[day], curve.nugget / (curve.nugget + v))


def examples(inputs: Inputs, rows: trees.Rows, found: Labelled) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Predictors (n, column), labels (n,) and weights (n,) of labelled rows, for :func:`.trees.fit_boosted`."""
    fields = _fields(inputs, predictors(inputs.cube))
    features, _ = inputs.at(fields, inputs.cube["time"].values, places())
    return trees.windows(features, rows.tell(places()), found.place, found.day), found.label, found.weight


def _fields(inputs: Inputs, names: list[str]) -> np.ndarray:
    """Fields of the task at :func:`places`, (place, time, name)."""
    data, days = inputs.run.data, np.arange(inputs.cube.sizes["time"])
    found = elsewhere.fields(inputs.cube, data["load"], data["options"], places(), days, names)
    return np.stack([found[name] for name in names], axis=-1)
