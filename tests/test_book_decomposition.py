"""The page about patterns in time: curves of both bases, and levels on shared folds."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from placeprior.book import decomposition
from placeprior.evidence import matched
from placeprior.evidence.decomposition import COLUMNS

pytestmark = pytest.mark.usefixtures("styled")


def test_both_bases_are_drawn_as_means_over_folds():
    rows = [
        ["world", "checkerboard-16", fold, k, 0.5, honest, honest / 2, 0.5, 6.0, 10]
        for fold, honest in ((1, 4.0), (2, 2.0))
        for k in (1, 5)
    ]
    told = decomposition.draw_projection({"demo": pd.DataFrame(rows, columns=COLUMNS)})
    assert "n = 20 test stations" in told and "simulated" in told
    (ax,) = plt.gcf().axes
    honest, leaky = (line.get_ydata() for line in ax.lines[:2])
    np.testing.assert_allclose(honest, [3, 3])
    np.testing.assert_allclose(leaky, [1.5, 1.5])


def test_levels_are_of_folds_that_all_arms_have():
    scores = pd.DataFrame(
        [
            ["spatial", "kriging", 1, 0],
            ["spatial", "kriging", 2, 0],
            ["spatial", "eof", 1, 0],
            ["spatial", "eof", 1, 1],
        ],
        columns=["split", "arm", "fold", "seed"],
    )
    kept = matched.same_folds(scores)
    assert set(kept["fold"]) == {1} and len(kept) == 3
