"""What a person would use instead of the network: interpolation, trees, both, and patterns of whole series.

================  ======================================================================================================
``mean``          mean of the station's own training days; at a new station, of all stations
``idw``           inverse-distance mean of the day's training monitors
``kriging``       ordinary kriging of the day's training monitors
``gbt`` ``rf``    boosted trees, a random forest, on the same windows of predictors as the network
``…+lonlat``      the trees also get longitude and latitude
``…+geoclip``     the trees also get GeoCLIP's vector, in few numbers
``…+urban``       the trees also get population density, two numbers
``gbt+kriging``   boosted trees, and what they missed at the training monitors that day, kriged
``gbt+kinds``     boosted trees of their own for each kind of weather; ``gbt+lots`` for as many lots of stations
``none+kriging``  the trained network without a place, and what it missed, kriged
``gbt+pseudo``    boosted trees that also learn from kriging's labels at places without a monitor; ``-leaked``,
                  ``-shuffled`` and ``-true`` are controls, and the first of them reads the test's labels on purpose
``eof``           temporal patterns of the training monitors, mixed by a network of longitude and latitude
``eof+…``         the same patterns, as many as serve best, mixed by a network of an encoder's vector (``lonlat``,
                  ``geoclip``, ``random-vector``), by ``kriging``, or by boosted trees of the place (``gbt``)
================  ======================================================================================================

Each stands on :class:`placeprior.runs.inputs.Inputs`, as the network does, and reads no label that the split holds out,
but for the control that is named so. Where nothing is known on a day, it says the training mean. Settings of the
boosted trees were chosen by validation rows, as the training of networks was; the others are usual ones.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from threadpoolctl import threadpool_limits

from placeprior.arms import APART, CORRECTED, PSEUDO, RIVALS
from placeprior.errors import UnknownName
from placeprior.runs.estimators import kinds, pseudo, trees
from placeprior.runs.estimators.correction import corrected
from placeprior.runs.estimators.interpolation import idw, kriging, station_mean
from placeprior.runs.estimators.patterns import decomposed, eof
from placeprior.runs.inputs import Inputs

SIMPLE = {"mean": station_mean, "idw": idw, "kriging": kriging, "eof": eof, "gbt+kriging": trees.boosted_and_kriged}


def estimate(inputs: Inputs, network: Callable[[np.ndarray], np.ndarray] | None = None) -> np.ndarray:
    """Estimate the test rows of a rival's run.

    Parameters
    ----------
    inputs : Inputs
        Of a run whose variant is one of :data:`~placeprior.runs.RIVALS`; its seed and fold decide every draw.
    network : callable, optional
        For ``none+kriging``, what it corrects: mask (station, time) -> estimates there (n,), µg m-3.

    Returns
    -------
    ndarray of float64, shape (n,)
        µg m-3, in the order of ``np.nonzero(parts.test)``; never NaN.

    Raises
    ------
    UnknownName
        If there is no such rival.
    """
    name = inputs.run.variant
    if name not in RIVALS:
        raise UnknownName("rival", name, RIVALS)
    mean = float(inputs.cube["pm25"].values[inputs.parts.train].mean(dtype=np.float64))
    with threadpool_limits(1):  # one thread a run: bit-equal results, and runs share the cores
        if name == CORRECTED:
            found = corrected(inputs, network)
        elif name in SIMPLE:
            found = SIMPLE[name](inputs)
        elif name in APART:
            found = kinds.apart(inputs, name.removeprefix("gbt+"))
        elif name in PSEUDO:
            labels, _, place = name.removeprefix("gbt+pseudo").partition("+")
            found = pseudo.student(inputs, labels.removeprefix("-") or "kriged", place)
        else:
            kind, _, place = name.partition("+")
            found = {"gbt": trees.boosted, "rf": trees.forest, "eof": decomposed}[kind](inputs, place)
    return np.where(np.isfinite(found), found, mean).astype(np.float64)
