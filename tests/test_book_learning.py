"""Learning curves and years: gains over the matched reference, where they begin, and whether they carry over."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from test_matched import made

from placeprior.arms import with_arm
from placeprior.book import learning as page
from placeprior.book import tables
from placeprior.evidence import learning
from placeprior.scores import metrics

FITS = {None: [(1, 0), (1, 1), (1, 2)]}


def curve():
    """Two arms and both references with 25 and with 100 stations; GeoCLIP is better with 100 alone."""
    few, few_sums = made({"none": 3, "none+head": 3, "lonlat-channels": 3, "geoclip-hadamard": 3}, FITS)
    all_, sums = made({"none": 3, "none+head": 3, "lonlat-channels": 3, "geoclip-hadamard": 0.1}, FITS)
    few, few_sums = few.assign(run="f" + few["run"]), few_sums.assign(run="f" + few_sums["run"])
    scores = with_arm(pd.concat([few.assign(stations=25, rows=500.0), all_.assign(stations=100, rows=2000.0)]))
    return learning.Curve("demo", "world", "spatial", scores, pd.concat([few_sums, sums]), 0.0)


@pytest.mark.parametrize(
    ("arm", "arms", "base"),
    [
        ("geoclip-hadamard", ["none", "none+head"], "none+head"),
        ("geoclip-hadamard", ["none"], "none"),
        ("sincos", ["none", "none+head"], "none"),
        ("none+head", ["none", "none+head"], "none"),
    ],
)
def test_the_reference_is_the_same_network_without_the_place(arm, arms, base):
    assert learning.reference(arm, arms) == base


def test_gains_are_against_the_matched_reference_at_each_number():
    found = learning.gains(curve())
    assert found["arm"].tolist() == ["none+head"] * 2 + ["lonlat"] * 2 + ["geoclip-hadamard"] * 2
    assert found["reference"].tolist() == ["none"] * 4 + ["none+head"] * 2
    assert found["trained"].tolist() == [25, 100] * 3 and set(found["stations"]) == {6}
    scores = curve().scores
    r2 = scores[(scores["metric"] == "r2") & (scores["stations"] == 100)].groupby("arm")["value"].mean()
    assert found["difference"].iloc[-1] == pytest.approx(r2["geoclip-hadamard"] - r2["none+head"])


def test_growth_is_the_gain_with_all_stations_less_that_with_the_fewest():
    gains = learning.gains(curve())
    found = learning.growth(curve(), gains)
    assert found.index.tolist() == ["lonlat", "geoclip-hadamard"]
    own = gains[gains["arm"] == "geoclip-hadamard"]["difference"].tolist()
    assert found.loc["geoclip-hadamard", "difference"] == pytest.approx(own[1] - own[0])
    assert np.isnan(found.loc["lonlat", "pays_from"]) or found.loc["lonlat", "pays_from"] == 100


def test_curves_and_tables_say_every_number_of_stations():
    one = curve()
    gains = learning.gains(one)
    assert "n = 24 runs" in page.draw_curves(one, "demo", embedded=True)
    assert [tick.get_text() for tick in plt.gcf().axes[0].get_xticklabels()] == ["25", "100"]
    assert "n = 6 tested stations" in page.draw_gains(gains, "demo", embedded=True)
    assert len(plt.gcf().axes[0].containers) == 3
    for draw in (page.draw_curves, page.draw_gains):
        assert "n = 0 runs" in draw(None, "aqs", embedded=False)
    levels = page.levels(one, "r2")
    assert levels.columns.tolist() == ["25", "100"] and levels.loc["GeoCLIP, Hadamard", "100"] == "1.00 ± 0.00"
    rows = page.gain_rows(gains, learning.gains(one, "rmse"))
    assert rows.loc[5, ["arm", "against", "training stations"]].tolist() == [
        "GeoCLIP, Hadamard",
        "no location, extra head",
        "100",
    ]


def years(away=3.0):
    """Runs across two years; what GeoCLIP errs on another year than its own is `away`."""
    parts = []
    for first in ("2018", "2021"):
        for second in ("2018", "2021"):
            errors = {"none+head": 3, "geoclip-hadamard": 1 if first == second else away}
            scores, sums = made(errors, FITS, split=f"year-{first}-{second}", seed=int(second))
            name = f"{first[-1]}{second[-1]}"
            parts.append((scores.assign(run=name + scores["run"]), sums.assign(run=name + sums["run"])))
    scores, sums = (pd.concat(each, ignore_index=True) for each in zip(*parts, strict=True))
    return with_arm(scores).join(scores["split"].str.extract(learning.YEAR)), sums


def test_gains_by_year_fill_a_square():
    scores, sums = years()
    found = learning.by_year(scores, sums)
    assert found[["trained", "tested"]].to_numpy().tolist() == [
        [first, second] for first in ("2018", "2021") for second in ("2018", "2021")
    ]
    square = page.squares(found, "difference")["geoclip-hadamard"]
    assert square.loc["2018", "2018"] > square.loc["2021", "2018"]
    gains = found[found["arm"] == "geoclip-hadamard"]
    assert "n = 4 runs" in page.draw_years(gains, "difference", "aqs", runs=4)
    fig = plt.gcf()
    numbers = [text.get_text() for text in fig.axes[0].texts]
    assert len(numbers) == 4 and all(number[0] in "+−" for number in numbers)
    assert fig.axes[0].images[0].norm.vmin == -fig.axes[0].images[0].norm.vmax
    assert fig.axes[-1].get_ylabel() == "ΔR² to no location, extra head"
    assert "n = 0" in page.draw_years(gains.iloc[:0], "difference", "aqs", runs=0)


def test_what_is_carried_to_another_year_is_compared_on_the_same_rows():
    scores, sums = years()
    found = learning.carried(scores, sums).set_index("what")
    assert found.loc["change", "difference"] == pytest.approx(
        found.loc["other", "difference"] - found.loc["same", "difference"]
    )
    assert found.loc["same", "difference"] > found.loc["other", "difference"]
    rows = page.carried_rows(found.reset_index())
    assert rows["arm"].tolist() == ["GeoCLIP, Hadamard"] and rows["against"].tolist() == ["no location, extra head"]
    assert rows.columns[2:].tolist() == [
        "trained on the year of test",
        "trained on another year",
        "difference of the two",
        "another year, without a place",
    ]


def test_without_years_there_are_no_gains():
    empty = pd.DataFrame(columns=["task", "variant", "fusion", "split", "run", "arm", "trained", "tested"])
    sums = pd.DataFrame(columns=["run", "name", "lon", "lat", *metrics.SUMS])
    for found in (learning.by_year, learning.carried):
        assert found(empty, sums).empty
    assert page.carried_rows(learning.carried(empty, sums)).empty


def test_folded_tables_are_in_one_box():
    one = tables.captioned(pd.DataFrame({"a": ["x"]}), "A caption.", "tab-a")
    text = tables.folded("Title", one, one)
    assert text.startswith("::::{admonition} Title\n:class: dropdown note\n") and text.endswith("::::\n")
    assert text.count(":::{table} A caption.") == 2
