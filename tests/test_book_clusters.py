"""The page about clusters: its tables say what the evidence says, its map has a mark a station."""

import numpy as np
import pandas as pd
import pytest

from placeprior.book import clusters
from placeprior.evidence.clusters import COLUMNS

pytestmark = pytest.mark.usefixtures("styled")
ROWS = [
    ["planted", "own days", 0, "W2", "knee", 0.5, 0.6, 2, 0.0],
    ["planted", "own days", 1, "W2", "knee", 0.7, 0.6, 3, 0.0],
    ["planted", "own days", 0, "W2", "truth", 0.9, 0.9, 3, 0.0],
    ["planted", "neighbours", 0, "log-covariances, k-means", "-", 0.8, 0.7, 3, 0.0],
    ["again", "world", 0, "W2", "knee", 1.0, 1.0, 1, 0.0],
    ["again", "world-a", 0, "W2", "knee", 0.8, 0.9, 3, 0.1],
]
TABLE = pd.DataFrame(ROWS, columns=COLUMNS)


def test_planted_agreement_is_a_mean_over_seeds_by_arm_and_way_of_tuning():
    found = clusters.planted(TABLE)
    assert list(found.index) == ["without the penalty", "k-means, log-covariances"]
    assert found.loc["without the penalty", "own days, no label"] == "0.60 ± 0.14 / 0.60"
    assert found.loc["without the penalty", "own days, radius by truth"] == "0.90 / 0.90"
    assert found.loc["without the penalty", "neighbours, no label"] == "–"


def test_agreement_of_halves_averages_worlds_and_counts_clusters():
    found = clusters.again({"demo": TABLE})
    assert found.loc["without the penalty", "embedded world"] == "0.90 ± 0.14"
    assert found.loc["without the penalty", "embedded world: clusters"] == "1–3"


def test_each_station_has_a_mark_of_its_kind():
    lonlat = np.array([[-120.0, 40], [-100, 35], [-80, 40]])
    import matplotlib.pyplot as plt

    told = clusters.draw_folds(lonlat, np.array([1, 2, 1]), "demo", embedded=True)
    assert "n = 3 stations" in told and "simulated" in told
    sizes = [len(dots.get_offsets()) for dots in plt.gcf().axes[0].collections if dots.get_label() in ("1", "2")]
    assert sizes == [2, 1]
