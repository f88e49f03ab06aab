"""What grows with what: slopes of known powers are found, and every size is measured."""

import numpy as np
import pandas as pd
import pytest

from placeprior.book import scaling as page
from placeprior.evidence import collection, scaling


def powers(noise: float = 0.0) -> pd.DataFrame:
    """A table whose times are powers with the expected exponents."""
    rng = np.random.default_rng(0)
    rows = [
        (what, size, 0.1 * size**expected * np.exp(noise * rng.normal()))
        for what, (_, expected, sizes) in scaling.GROWING.items()
        for size in sizes
    ]
    return pd.DataFrame(rows, columns=["what", "size", "seconds"])


def test_an_exact_power_has_its_exponent():
    found = scaling.slopes(powers())
    np.testing.assert_allclose(found["slope"], found["expected"])
    np.testing.assert_allclose(found[["off", "error"]], 0, atol=1e-9)


def test_a_fixed_cost_flattens_the_slope():
    table = powers()
    table["seconds"] += table.groupby("what")["seconds"].transform("max")
    assert (scaling.slopes(table)["slope"] < scaling.slopes(table)["expected"] - 0.3).all()


def test_every_size_is_measured_in_turns_and_the_least_counts(monkeypatch):
    asked = []
    monkeypatch.setattr(scaling, "_task", lambda what, size, run: lambda: asked.append((what, size)))
    monkeypatch.setattr(scaling, "_seconds", lambda task: task() or 1.0 + len(asked) % 7 + len(asked))
    found = scaling.collect([None])
    assert list(found.columns) == ["what", "size", "seconds", "expected", "slope", "error", "off"]
    for what, (_, _, sizes) in scaling.GROWING.items():
        assert [size for name, size in asked if name == what] == [sizes[0], *sizes * scaling.ROUNDS]
        own = found[found["what"] == what]
        assert own["size"].tolist() == list(sizes) and own["slope"].nunique() == 1


@pytest.mark.parametrize("what", ["stations", "days", "window", "width"])
def test_a_training_of_each_kind_runs(monkeypatch, what):
    monkeypatch.setattr(scaling, "STATIONS", 3)
    monkeypatch.setattr(scaling, "DAYS", 22)
    scaling._task(what, {"window": 9, "width": 8}.get(what, 25), None)()


def test_what_is_timed_is_not_compared_when_results_are_verified():
    assert [name for name, maker in collection.MAKERS.items() if maker.timed] == ["scaling"]


def test_the_page_draws_and_tells_what_was_measured(styled):
    table = powers(0.01)
    table = table.join(scaling.slopes(table), on="what")
    assert [ax.get_title(loc="left") for ax in page.draw(table).axes] == list(scaling.GROWING)
    told = page.slopes(table)
    assert list(told.index) == list(scaling.GROWING) and told.loc["width", "expected exponent"] == "2"
