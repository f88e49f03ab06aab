"""How many of kriging's labels, of what weight, as rough as the truth: a student's error at validation stations.

No test row is read, so that settings can be chosen by it (:mod:`placeprior.runs.estimators.pseudo`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from placeprior.runs.estimators import pseudo, trees
from placeprior.runs.inputs import Inputs
from placeprior.runs.plan import Run

#: Labels; whether all weigh as much as a measurement; whether kriging's expected error is added to them as noise.
TRIED = (
    (0, False, False),
    (pseudo.LABELLED // 4, False, False),
    (pseudo.LABELLED, False, False),
    (pseudo.LABELLED, True, False),
    (pseudo.LABELLED, False, True),
    (4 * pseudo.LABELLED, False, False),
)


def collect(runs: Sequence[Run]) -> pd.DataFrame:
    """Fit a student with each setting of :data:`TRIED`, in each cell.

    Parameters
    ----------
    runs : sequence of Run
        Of a student; they need not be made.

    Returns
    -------
    pandas.DataFrame
        ``task, split, fold, seed, labels, alike, noisy``; ``weight``, the mean of the labels' weights; ``rmse`` at
        validation rows, µg m-3.
    """
    rows = []
    for run in runs:
        inputs = Inputs.of(run)
        with threadpool_limits(1):
            own = trees.Rows(inputs)
            held = inputs.parts.validation
            for number, alike, noisy in TRIED:
                more, weight = None, np.nan
                if number:
                    found = pseudo.labelled(inputs, number=number)
                    if alike:
                        found = replace(found, weight=np.ones(len(found.label)))
                    if noisy:
                        rng = np.random.default_rng([run.stream, 2])
                        found = replace(found, label=found.label + found.spread * rng.normal(size=len(found.label)))
                    more, weight = pseudo.examples(inputs, own, found), float(found.weight.mean())
                missed = trees.fit_boosted(own, run.stream, more=more).predict(own.x(held)) - own.y(held)
                cell = [run.task, run.split, run.fold, run.seed, number, int(alike), int(noisy), weight]
                rows.append([*cell, float(np.sqrt((missed**2).mean()))])
    return pd.DataFrame(rows, columns=["task", "split", "fold", "seed", "labels", "alike", "noisy", "weight", "rmse"])
