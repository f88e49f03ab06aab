"""Years: gains by year of training and of test, and whether they carry over."""

import pandas as pd
import pytest
from test_matched import made

from placeprior.arms import with_arm
from placeprior.book import law as page
from placeprior.evidence import years
from placeprior.scores import metrics

FITS = {None: [(1, 0), (1, 1), (1, 2)]}


def runs(away=3.0):
    """Runs across two years; what GeoCLIP errs on another year than its own is `away`."""
    parts = []
    for first in ("2018", "2021"):
        for second in ("2018", "2021"):
            errors = {"none+head": 3, "geoclip-hadamard": 1 if first == second else away}
            scores, sums = made(errors, FITS, split=f"year-{first}-{second}", seed=int(second))
            name = f"{first[-1]}{second[-1]}"
            parts.append((scores.assign(run=name + scores["run"]), sums.assign(run=name + sums["run"])))
    scores, sums = (pd.concat(each, ignore_index=True) for each in zip(*parts, strict=True))
    return with_arm(scores).join(scores["split"].str.extract(years.YEAR)), sums


def test_what_is_carried_to_another_year_is_compared_on_the_same_rows():
    scores, sums = runs()
    found = years.carried(scores, sums).set_index("what")
    assert found.index.tolist() == ["same", "other", "change", "cost"] and set(found["arm"]) == {"geoclip-hadamard"}
    assert found.loc["change", "difference"] == pytest.approx(
        found.loc["other", "difference"] - found.loc["same", "difference"]
    )
    assert found.loc["same", "difference"] > found.loc["other", "difference"]
    assert set(found["fits"]) == {6}  # two pairs of years, three seeds


def test_both_gains_and_their_difference_are_told():
    text = page.carried_over(years.carried(*runs()))
    parts = ["trained on the same year", "on another", "the second minus the first"]
    assert [text.index(part) for part in parts] == sorted(text.index(part) for part in parts)
    assert text.count("GeoCLIP, Hadamard") == text.count(" to ") == 3


def test_without_years_there_are_no_gains():
    empty = pd.DataFrame(columns=["task", "variant", "fusion", "split", "run", "arm", "trained", "tested"])
    sums = pd.DataFrame(columns=["run", "name", "lon", "lat", *metrics.SUMS])
    assert years.carried(empty, sums).empty
