"""The page about something simpler: what its drawings show, and its tables of errors and of additions."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from test_matched import made

from placeprior.arms import with_arm
from placeprior.book import baselines, results
from placeprior.scores.paired import FOUND
from placeprior.space import variogram


def test_the_variogram_is_drawn_with_its_curve():
    km, gamma, pairs = np.array([50.0, 500.0]), np.array([0.4, 0.9]), np.array([10, 30])
    curve = variogram.Variogram(nugget=0.2, sill=0.7, range_km=300.0, power=1.0)
    assert "n = 40 pairs" in baselines.draw_variogram(km, gamma, pairs, curve, "demo")
    (ax,) = plt.gcf().axes
    assert ax.collections[0].get_sizes().tolist() == [12 + 30, 12 + 90]
    assert ax.lines[0].get_ydata()[-1] == curve(variogram.MAX_KM)


def test_weights_are_written_beside_their_monitors():
    places = {"A": (50.0, 0.0), "D": (-100.0, 20.0)}
    text = baselines.draw_weights(places, np.array([1.1, -0.1]), np.array([0.6, 0.4]), "demo")
    assert "n = 2 monitors, made up" in text
    assert [each.get_text() for each in plt.gcf().axes[0].texts] == ["A: 110% (60%)", "D: −10% (40%)"]


def test_errors_stand_beside_what_an_arm_reads_on_the_fits_that_all_have(monkeypatch):
    frame, sums = made({"none": 3, "kriging": 1}, {None: [(1, 0), (1, 1)], "kriging": [(1, 0)]})
    frame = with_arm(frame)

    def load(profile, task, **_):
        part = frame if task == "weather-2019" else frame[frame["arm"] == "none"]
        return results.Results(profile, task, results.TASKS[task], part, sums)

    monkeypatch.setattr(baselines.results, "load", load)
    monkeypatch.setattr(
        baselines.store, "stamps", lambda _: {run: {"seconds": 7.0, "parameters": 0} for run in frame["run"]}
    )
    asked = [("aqs", "weather-2019"), ("aqs", "neighbours-2021")]
    told = baselines.levels(asked, ["spatial"], "tab-x").data
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in told.splitlines() if line.startswith("| ")]
    assert rows[0] == ["arm", "reads", "weather: WR\u00a0·\u00a0spatial", "seconds a run"]
    assert [row[:2] for row in rows[1:]] == [["ordinary kriging", "the day's monitors"], ["no location", "predictors"]]
    assert all("±" not in row[2] for row in rows[1:]), "one seed is shared"
    assert "No rival" in baselines.levels(asked[1:], ["spatial"], "tab-x").data


def test_additions_are_compared_with_what_they_were_added_to(monkeypatch):
    def gains(profile, task, *, against):
        row = dict.fromkeys(FOUND, 0.0) | {"split": "spatial", "difference": 0.1, "clear": 1}
        known = {"gbt": [("gbt+lonlat", np.nan), ("idw", 0.0)], "none": [("none+kriging", 0.05)]}
        rows = [row | {"arm": arm, "low": low, "high": 0.15} for arm, low in known.get(against, [])]
        return pd.DataFrame(rows, columns=["arm", "split", *FOUND])

    monkeypatch.setattr(baselines, "gains", gains)
    told = baselines.additions([("aqs", "weather-2019")], ["spatial"], "tab-x").data
    assert "boosted trees, lon/lat, against boosted trees" in told and "+0.10 (one seed)" in told
    assert "**+0.10** (+0.05 to +0.15)" in told and "inverse" not in told
    monkeypatch.setattr(baselines, "gains", lambda *_, **__: pd.DataFrame(columns=["arm", "split", *FOUND]))
    assert "No such pair" in baselines.additions([("aqs", "weather-2019")], ["spatial"], "tab-x").data


@pytest.mark.usefixtures("styled")
def test_signs_say_whether_all_is_simulated():
    row = dict.fromkeys(FOUND, 0.0) | {"arm": "gbt", "split": "spatial", "difference": 0.1, "clear": 1, "stations": 7}
    table = pd.DataFrame([row])
    text = baselines.draw_signs({"weather": table, "embedded world": table}, "aqs and demo", reference="none")
    assert text.startswith("real measurements · profile aqs and demo") and "n = 7 stations at most" in text
    alone = baselines.draw_signs({"embedded world": table}, "demo", reference="none")
    assert alone.startswith("embedded world (simulated)")


def test_what_is_handed_over_has_one_value_a_cell():
    table = pd.DataFrame([dict.fromkeys(["task", "split", "arm", *FOUND], 0)])
    assert "each" not in baselines.handed(table) and "low" in baselines.handed(table)
