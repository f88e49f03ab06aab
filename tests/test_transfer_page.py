"""The page on transfer: its figures, table and sentences from small tables, and the rules that decide its claims."""

from __future__ import annotations

import dataclasses
import itertools

import numpy as np
import pandas as pd
import pytest

from placeprior.book import figures, neighbouring
from placeprior.book import transfer as page
from placeprior.book.verdicts import NOT_RUN
from placeprior.errors import StoreError
from placeprior.evidence import choosing, foreseen, transferability
from placeprior.space.regions import REGIONS, regions

ARMS = ("none+head", "geoclip-hadamard")
NAMES = ("centroids", "km", "geoclip", "geoclip, published", "geoclip, MMD", "smooth-random", "size")


@pytest.fixture(scope="module")
def own():
    """Regions on a line: the loss grows with the kilometres; `size` is constant."""
    rng = np.random.default_rng(0)
    where = np.arange(REGIONS, dtype=float)
    rows = []
    for s, t in itertools.product(range(REGIONS), repeat=2):
        for arm in ARMS:
            error = 4 * np.exp(0.05 * abs(where[s] - where[t]) + 0.02 * rng.normal() * (s != t))
            rows += [("rmse", arm, s + 1, t + 1, error), ("r2", arm, s + 1, t + 1, 1 - error / 20)]
        for name in NAMES if s != t else ():
            noise = {"centroids": 0.0, "km": 0.1, "size": 0.0}.get(name, 4.0)
            apart = 1.0 if name == "size" else abs(where[s] - where[t]) + noise * rng.uniform()
            rows.append(("distance", name, s + 1, t + 1, apart))
    pairs = pd.DataFrame(rows, columns=["kind", "name", "source", "target", "value"]).assign(task="world", sd=np.nan)
    ways = [
        ("world", arm, way, budget, target, 0, loss + 0.01 * rng.normal())
        for arm in ARMS
        for target in range(1, REGIONS + 1)
        for way, loss in (
            ("lot", 0.3),
            ("centroids", 0.1),
            ("km", 0.1),
            ("geoclip", 0.2),
            ("inputs", 0.15),
            ("best", 0.05),
        )
        for budget in choosing.BUDGETS
    ]
    ways += [("world", arm, "every", 15, target, 0, 0.2) for arm in ARMS for target in range(1, REGIONS + 1)]
    seen = [
        ("world", arm, s, r, f"{r}", -110.0 + 2 * r, 38.0, loss := abs(s - r) / 20, loss + 0.01 * rng.normal(), 0.1 * r)
        for arm in ARMS
        for s, r in itertools.permutations(range(1, REGIONS + 1), 2)
    ]
    chosen = pd.DataFrame(ways, columns=choosing.COLUMNS)
    taught = chosen[(chosen["arm"] == ARMS[0]) & chosen["target"].isin([1, 4]) & (chosen["way"] != "inputs")]
    return page.Transfer(
        "demo",
        "world",
        pairs,
        transferability.judged(pairs),
        chosen,
        pd.DataFrame(seen, columns=foreseen.COLUMNS),
        taught.assign(loss=taught["loss"] - 0.1),
    )


def test_figures_hold_every_distance_that_varies(own):
    figures.style()
    fig, table = page.draw_correlations([own, own])
    names = [text.get_text() for text in fig.axes[0].get_yticklabels()]
    assert "transport, GeoCLIP" in names and "number of rows" not in names
    assert set(table["distance"]) == set(NAMES) and set(table["loss"]) == {"rmse"}
    fig, table = page.draw_choices([own])
    assert {text.get_text() for text in fig.legends[0].get_texts()} == {w[0] for w in page.WAYS.values()} | {
        "all 15 others"
    }
    assert [ax.get_title("left") for ax in fig.axes] == ["Embedded world", "Embedded world: one model"]
    without = dataclasses.replace(own, unions=own.unions.iloc[:0])
    assert page.draw_choices([without])[1]["judged"].nunique() == 1
    places = np.column_stack([np.linspace(-120, -75, 64), np.linspace(30, 45, 64)])
    fig, table = page.draw_matrix(own, places, regions(places))
    assert table["source"].nunique() == 1 and len(fig.axes) >= 5


def test_sentences_and_table_say_what_the_numbers_say(own):
    said = page.sentences(own)
    looked = own.found[own.found["distance"].str.startswith("geoclip") & (own.found["loss"] == "rmse")]
    few = (looked["partial_p"] <= page.UNLIKELY).sum()
    assert "Embedded world" in said and f"{few} of {len(looked)} correlations" in said
    assert f"{own.row('centroids')['spearman']:.2f} for kilometres between centroids" in said
    table = page.compared([own])
    assert table.loc[table["chosen by"] == "transport, GeoCLIP", "1 against centroids"].item().startswith("**+10")
    assert (table.loc[table["chosen by"] == "nearest centroids", "1 against centroids"] == "–").all()
    assert list(table["chosen by"])[4:] == [f"{page.WAYS[way][0]}, one model" for way in ("centroids", "km", "geoclip")]
    # exp(-0.1) - 1, in every target
    assert "2 targets" in page.together(own) and page.together(own).count("**−9.5 (−9.5 to −9.5)** %") == 3
    assert page.together(dataclasses.replace(own, unions=own.unions.iloc[:0])) == ""


def test_rules_decide_by_intervals(own, monkeypatch):
    tables = {"transferability": own.found, "choosing": own.chosen, "unions": own.unions}
    monkeypatch.setattr(neighbouring.evidence, "read", lambda _, name: tables[name])
    asked = {"task": "world", "arm": "none+head", "expects": "above"}
    assert neighbouring.RULES["foretold"]("demo", distance="km", **asked).verdict == "supported"
    assert neighbouring.RULES["foretold"]("demo", distance="geoclip", more=True, **asked).verdict == "contradicted"
    assert neighbouring.RULES["foretold"]("demo", distance="size", **asked).verdict == "undecided"
    choice = {"task": "world", "budget": 1, "expects": "below"}
    assert neighbouring.RULES["chosen"]("demo", way="geoclip", against="lot", **choice).verdict == "supported"
    assert neighbouring.RULES["chosen"]("demo", way="geoclip", against="centroids", **choice).verdict == "contradicted"
    assert neighbouring.RULES["chosen"]("demo", way="km", against="lot", **(choice | {"task": "other"})) == NOT_RUN
    assert neighbouring.RULES["chosen"]("demo", way="km", against="lot", name="unions", **choice).verdict == "supported"
    told = {"kind": "chosen", "way": "km", "against": "lot", "name": "unions", "budget": 1, "expects": "below"}
    assert "one model of the union" in neighbouring.said(told)

    def absent(*_):
        raise StoreError("not there")

    monkeypatch.setattr(neighbouring.evidence, "read", absent)
    assert neighbouring.RULES["foretold"]("demo", distance="km", **asked) == NOT_RUN
