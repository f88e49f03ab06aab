"""The trained network without a place, corrected by what it missed at the training monitors that day."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from placeprior.runs.estimators.interpolation import kriged
from placeprior.runs.inputs import Inputs


def corrected(inputs: Inputs, network: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    """What a network says at the test rows, plus its errors at the training rows, kriged day by day.

    The errors are those at the rows it was trained on. A network of this size, shown every row a few times, has hardly
    learnt them by heart; five more trainings for out-of-fold errors would cost more than the rest of the table. The
    validation stations would give errors at new places, but they are a tenth of the stations, and no other rival
    reads their labels.

    Parameters
    ----------
    inputs : Inputs
    network : callable
        Of the same inputs: mask (station, time) -> its estimates there (n,), µg m-3.
    """
    train, test = inputs.parts.train, inputs.parts.test
    missed = np.full(train.shape, np.nan)
    missed[train] = inputs.cube["pm25"].values[train] - network(train)
    return network(test) + np.nan_to_num(kriged(missed, inputs))
