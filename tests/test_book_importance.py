"""The page about what a network leans on: what is shown, how leaning is counted, and what is drawn where."""

import itertools

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from placeprior.arms import with_arm
from placeprior.book import importance as page
from placeprior.book import results
from placeprior.evidence import permutation, reliance

ARMS = (("none", "-"), ("none+head", "-"), ("geoclip", "hadamard"), ("lonlat", "channels"))
ORDER = ["aod", "smoke", "doy_sin", "calendar", "place"]  # from the most important to the least


def fits():
    """A row a fit and predictor; importance falls in the order above, and is clear above 0.25."""
    rows = []
    asked = itertools.product(ARMS, ("spatial", "checkerboard-16"), (0, 1), permutation.SHUFFLES, ORDER)
    for (variant, fusion), split, seed, shuffle, predictor in asked:
        if (predictor == "place" and shuffle == "within") or (predictor == "calendar" and shuffle == "free"):
            continue
        if predictor == "place" and variant.startswith("none"):
            continue
        value = 0.5 - 0.1 * ORDER.index(predictor)
        rows.append((variant, fusion, split, seed, shuffle, predictor, value, value - 0.25, value + 0.25))
    columns = ["variant", "fusion", "split", "seed", "shuffle", "predictor", "value", "low", "high"]
    table = with_arm(pd.DataFrame(rows, columns=columns)).assign(task="world", fold=1)
    return table.assign(mean=table["value"], mean_low=table["low"], mean_high=table["high"])


@pytest.fixture
def found(monkeypatch, tmp_path):
    file = tmp_path / "importance.csv"
    file.touch()
    monkeypatch.setattr(reliance.tables, "path", lambda profile, name: file)
    monkeypatch.setattr(reliance.tables, "read", lambda profile, name: fits())
    return reliance.measured("demo", "world")


def nothing(found):
    return reliance.Measured(found.fits.iloc[:0], found.arms.iloc[:0])


SOURCE = results.Results("demo", "world", "embedded world", pd.DataFrame(), pd.DataFrame())


def test_what_is_shown_leaves_out_the_calendar_across_stations_and_the_free_shuffle(found):
    shown = found.asked.groupby("shuffle")["predictor"].unique().map(set).to_dict()
    assert shown == {"within": set(ORDER) - {"place"}, "across": {"aod", "smoke", "place"}}
    assert found.of("spatial", "lonlat", "within")["clear"].to_dict() == {
        "aod": 1,
        "smoke": 1,
        "doy_sin": 1,
        "calendar": 0,
    }


def test_arms_are_told_apart_by_whether_they_are_told_a_place(found):
    assert found.told == ["lonlat", "geoclip-hadamard"] and found.lead == "geoclip-hadamard"
    assert found.untold == "none" and found.singles == ["aod", "smoke", "doy_sin"]
    assert nothing(found).lead is None


def test_without_a_table_nothing_was_measured(monkeypatch, tmp_path):
    monkeypatch.setattr(reliance.tables, "path", lambda profile, name: tmp_path / "none.csv")
    empty = reliance.measured("demo", "world")
    assert empty.fits.empty and empty.splits == [] and empty.asked.empty


def scores(gap=0.5):
    """RMSE 4 without a place, `gap` less with one; the extra head alone is a tenth better."""
    rows = [
        (split, 1, seed, arm, {"none": 4.0, "none+head": 3.9}.get(arm, 4.0 - gap))
        for split in ("spatial", "checkerboard-16")
        for seed in (0, 1)
        for arm in ("none", "none+head", "lonlat", "geoclip-hadamard")
    ]
    return pd.DataFrame(rows, columns=["split", "fold", "seed", "arm", "value"]).assign(metric="rmse")


def test_a_gain_is_over_the_network_that_lacks_the_place_alone(found):
    leaning = reliance.leaning(found.fits, scores()).set_index("arm")
    assert set(leaning.loc["lonlat", "reference"]) == {"none"}
    assert set(leaning.loc["geoclip-hadamard", "reference"]) == {"none+head"}
    assert set(leaning.loc["lonlat", "gain"].round(6)) == {0.5}
    assert set(leaning.loc["geoclip-hadamard", "gain"].round(6)) == {0.4}
    alone = reliance.leaning(found.fits, scores().query("arm != 'none+head'")).set_index("arm")
    assert set(alone["reference"]) == {"none"}
    assert reliance.leaning(found.fits, scores().query("not arm.str.startswith('none')")).empty


def test_leaning_is_counted_by_its_interval_and_the_diagonal():
    table = pd.DataFrame({"split": "spatial", "fold": 1, "leaning": [1.0, 1, 2, 3], "gain": [2.0, -1, 1, 0.5]})
    table["low"] = [0.5, 0.5, -0.5, -0.5]
    counts = reliance.leaning_counts(table)
    assert [counts[key] for key in ("fits", "lean", "helped", "below")] == [4, 2, 1, 3]
    assert counts["harm"] == pytest.approx((2 + 1 + 2.5) / 3) and np.isnan(counts["correlation"])
    many = reliance.leaning_counts(pd.concat([table, table.assign(split="checkerboard-16")]))
    assert many["correlation"] == pytest.approx(many["alike"])
    none = reliance.leaning_counts(table.iloc[:0])
    assert none["fits"] == 0 and np.isnan(none["harm"])


def test_the_reference_codes_ranking_is_upside_down(found):
    wide, ranks = reliance.ranking(found)
    assert ranks["reference"].sort_values().index.tolist() == ["doy_sin", "smoke", "aod"]
    assert ranks["free"].sort_values().index.tolist() == ["aod", "smoke", "doy_sin"]
    assert wide.loc["doy_sin", "free"] == pytest.approx(0.3)


def test_every_drawing_says_its_origin_and_its_fits(found):
    assert "n = 4 fits" in page.draw_singles(SOURCE, found, embedded=True)
    assert [text.get_text() for text in plt.gcf().axes[0].get_yticklabels()][:2] == [
        "satellite haze (AOD)",
        "smoke seen from space",
    ]
    assert "n = 16 fits" in page.draw_groups(SOURCE, found, embedded=True)
    assert len(plt.gcf().axes) == 4
    leaning = reliance.leaning(found.fits, scores())
    assert "n = 8 fits" in page.draw_leaning({"one": leaning, "none": leaning.iloc[:0]}, "demo", embedded=True)
    for draw in (page.draw_singles, page.draw_groups):
        assert "n = 0 runs" in draw(SOURCE, nothing(found), embedded=True)
    assert "n = 0 runs" in page.draw_leaning({}, "demo", embedded=True)
