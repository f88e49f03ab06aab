"""Boosted trees that are many: one model a kind of weather, and one a lot of as many stations.

If clusters of places mean something, a model of its own for each should estimate better than one for all, although it
learns from fewer rows. Lots of the same sizes show what fewer rows alone cost.
"""

from __future__ import annotations

import numpy as np

from placeprior.runs.estimators import trees
from placeprior.runs.inputs import Inputs
from placeprior.space import clusters
from placeprior.space.splits import FOLDS


def apart(inputs: Inputs, by: str) -> np.ndarray:
    """Boosted trees at the test rows, fitted to each group of stations by themselves.

    A tested station belongs to the group that its predictors put it in, which are known everywhere; no label is read.
    A group without a training row is estimated by trees of all.

    Parameters
    ----------
    inputs : Inputs
    by : {"kinds", "lots"}
        Kinds of weather (:func:`placeprior.space.clusters.folds`), or the same sizes dealt to stations by lot.
    """
    rows, parts, seed = trees.Rows(inputs), inputs.parts, inputs.run.stream
    group = groups(inputs, by)
    found = np.full(parts.test.shape, np.nan)
    for number in np.unique(group):
        own = (group == number)[:, None]
        tested = parts.test & own
        if not tested.any():
            continue
        fitted, checked = ((mask & own) if (mask & own).any() else mask for mask in (parts.train, parts.validation))
        found[tested] = trees.fit_boosted(rows, seed, fitted, checked=checked).predict(rows.x(tested))
    return found[parts.test]


def groups(inputs: Inputs, by: str) -> np.ndarray:
    """The group of each station, from 1, shape (station,); the run's seed decides the draws of both."""
    rng = np.random.default_rng(inputs.run.stream)
    kinds = clusters.folds(inputs.cube, FOLDS, rng)
    return kinds if by == "kinds" else rng.permutation(kinds)
