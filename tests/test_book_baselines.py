"""The page about baselines: what its drawings show, and how a pair of best arms is written."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from test_matched import made

from placeprior.book import baselines, results
from placeprior.evidence import matched
from placeprior.space import kriging


def test_the_variogram_is_drawn_with_its_curve():
    km, gamma, pairs = np.array([50.0, 500.0]), np.array([0.4, 0.9]), np.array([10, 30])
    curve = kriging.Variogram(nugget=0.2, sill=0.7, range_km=300.0, power=1.0)
    assert "n = 40 pairs" in baselines.draw_variogram(km, gamma, pairs, curve, "demo", embedded=True)
    (ax,) = plt.gcf().axes
    assert ax.collections[0].get_sizes().tolist() == [12 + 30, 12 + 90]
    assert ax.lines[0].get_ydata()[-1] == curve(kriging.MAX_KM)


def test_weights_are_written_beside_their_monitors():
    places = {"A": (50.0, 0.0), "D": (-100.0, 20.0)}
    text = baselines.draw_weights(places, np.array([1.1, -0.1]), np.array([0.6, 0.4]), "demo", embedded=True)
    assert "n = 2 monitors, made up" in text
    assert [each.get_text() for each in plt.gcf().axes[0].texts] == ["A: 110% (60%)", "D: −10% (40%)"]


def test_differences_have_a_panel_a_split():
    frame, sums = made({"none": 3, "gbt": 1}, {None: [(1, 0), (1, 1)]})
    source = results.Results("demo", "world", "embedded world", frame, sums)
    found = matched.differences(frame, sums, "none", metric="rmse")
    assert "n = 6 stations at most" in baselines.draw_differences(source, found, embedded=True)
    assert [ax.get_title() for ax in plt.gcf().axes] == ["WR · spatial"]
    assert "n = 0 runs" in baselines.draw_differences(source, found.iloc[:0], embedded=True)


def test_a_pair_is_written_with_its_interval():
    row = {"split": "spatial", "arm": "lonlat", "against": "gbt", "value": 3.0, "value_against": 2.5}
    found = pd.DataFrame([row | {"difference": 0.5, "low": 0.2, "high": 0.8, "clear": 1}])
    table = baselines.pair_rows({"weather-2019": found, "world": found.iloc[:0]}, "network", "baseline")
    assert table.to_numpy().tolist() == [
        ["weather, 2019", "WR · spatial", "lon/lat", "3.00", "boosted trees", "2.50", "**+0.50** (+0.20 to +0.80)"]
    ]
    assert table.columns.tolist() == ["data", "split", "network", "RMSE", "baseline", "its RMSE", "difference"]
