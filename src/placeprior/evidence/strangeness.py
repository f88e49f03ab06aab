"""How strange the vectors of test stations are to a model that was trained on others."""

from __future__ import annotations

import numpy as np
import xarray as xr

from placeprior import encoders
from placeprior.runs.inputs import place_scaler
from placeprior.scores import vectors
from placeprior.space.splits import folds, lonlat_of, split


def by_fold(cube: xr.Dataset, name: str, variant: str, fusion: str, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Strangeness of a variant's scaled vectors in each fold of a split.

    Parameters
    ----------
    cube : xarray.Dataset
        Whose stations.
    name : str
        Of the split.
    variant, fusion : str
        Decide the vectors and how they are scaled, from training stations alone.
    seed : int
        Of the split.

    Returns
    -------
    ratio, apart : ndarray, shape (fold,)
        As :func:`placeprior.scores.vectors.strangeness`.
    """
    told, found = encoders.embed(variant, lonlat_of(cube)), []
    for fold in folds(name):
        parts = split(name, cube, seed, fold)
        train, test = parts.train.any(1), parts.test.any(1)
        scaled = place_scaler(told[train], fusion)(told)
        found.append(vectors.strangeness(scaled[train], scaled[test]))
    ratio, apart = np.array(found).T
    return ratio, apart
