"""What the trials say: the doubling test's criterion, orders, sizes, rates and what was tried."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from test_law import made

from placeprior.book import budget as page
from placeprior.book import contrasts
from placeprior.book.verdicts import NOT_RUN
from placeprior.errors import UnknownName
from placeprior.evidence import budget
from placeprior.network.sizes import SIZES
from placeprior.runs import trials

CONFIG = SIZES["study"]
SEEDS = (0, 1, 2)


def doubling(moves, seeds=SEEDS):
    """The trial beside a main table: the main table's scores, and those with twice the budget, moved."""
    scores, sums = made(seeds=seeds)
    r2 = scores[scores["metric"] == "r2"].rename(columns={"value": "r2"}).drop(columns=["metric", "n"])
    later = r2.assign(r2=r2["r2"] + r2["variant"].map(moves), run=r2["run"] + "-twice", budget=2)
    return pd.concat([r2.assign(budget=1), later]).reindex(columns=trials.COLUMNS), sums


def test_a_difference_holds_where_it_moves_by_a_hundredth_or_half_its_standard_error():
    table, sums = doubling({"none+head": 0.02, "lonlat": 0.02 + 0.009, "geoclip": 0.02 - 0.05})
    found = budget.doubled(table, sums).set_index(["split", "fold", "arm"])
    assert len(found) == 3 * 3 and (found["seeds"] == 3).all()
    assert found["rise"].xs("none+head", level="arm").to_numpy() == pytest.approx([0.02] * 3)
    one = found.xs("lonlat", level="arm")
    assert one["moved"].to_numpy() == pytest.approx([0.009] * 3) and one["held"].all()
    other = found.xs("geoclip-hadamard", level="arm")
    assert other["moved"].to_numpy() == pytest.approx([-0.05] * 3) and not other["held"].any()
    assert (other["allowed"] >= 0.01).all() and (other["low"] < other["difference"]).all()
    assert other["allowed"].to_numpy() == pytest.approx(np.maximum(0.01, other["se"] / 2))
    curve = budget.curve(found.reset_index())
    curve = curve[(curve["split"] == "spatial") & (curve["arm"] == "lonlat")].sort_values("budget")
    assert curve["difference"].diff().iloc[1] == pytest.approx(0.009)
    assert np.ptp(curve["high"] - curve["low"]) == pytest.approx(0, abs=1e-12)
    told = (
        page.counts({"demo": found.reset_index()}, {"demo": budget.orders(table, sums)}).set_index("task").loc["world"]
    )
    assert told["differences that hold"] == "3 of 6" and told["largest move"] == "0.050"
    assert told["level rises by"] == "+0.020 to +0.020"


@pytest.mark.usefixtures("styled")
def test_a_panel_a_task_or_a_profile_and_what_is_simulated_is_said():
    table, sums = doubling({"none+head": 0.02, "lonlat": 0.02, "geoclip": 0.02})
    found = budget.doubled(table, sums)
    real = found.assign(task="weather-2019")
    text = page.draw_doubling({"aqs": real, "demo": found})
    assert [ax.get_title("left") for ax in plt.gcf().axes] == ["weather-2019", "world"]
    assert text.startswith("real measurements · profile aqs") and "profile demo: embedded world (simulated)" in text
    assert page.draw_doubling({"demo": found}).startswith("embedded world (simulated)")


def test_claims_count_what_moves_and_what_turns_round(monkeypatch):
    table, sums = doubling({"none+head": 0.0, "lonlat": 0.5, "geoclip": 0.0})
    monkeypatch.setattr(contrasts.trials, "read", lambda *_: table)
    monkeypatch.setattr(contrasts.store, "sums", lambda _: sums)
    monkeypatch.setattr(contrasts.results, "has", lambda *_: True)
    asked = {"task": "world", "of": "differences", "at_most": 3}
    found = contrasts.doubling("demo", **asked)
    assert found.values == {"turned": 3, "of": 6, "most": pytest.approx(0.5, abs=0.01)}, (
        "lon/lat moves, GeoCLIP does not"
    )
    assert (
        found.verdict == "supported" and contrasts.doubling("demo", **asked | {"at_most": 2}).verdict == "contradicted"
    )
    orders = budget.orders(table, sums)
    turned = contrasts.doubling("demo", **asked | {"of": "orders"}).values
    assert turned == {"turned": (~orders["kept"]).sum(), "of": len(orders)}
    assert contrasts.doubling("demo", **asked | {"task": "moon"}) == NOT_RUN
    with pytest.raises(UnknownName, match="ranks"):
        contrasts.doubling("demo", **asked | {"of": "ranks"})
    monkeypatch.setattr(contrasts.results, "has", lambda *_: False)
    assert contrasts.doubling("demo", **asked) == NOT_RUN


def test_a_wide_standard_error_allows_more():
    table, sums = doubling({"none+head": 0.0, "lonlat": 0.03, "geoclip": 0.0})
    narrow = budget.doubled(table, sums)
    loud = sums["sum_e2"].where(~(sums["run"].str.endswith("lonlat") & (sums["name"] < "s020")), sums["sum_e2"] * 9)
    wide = budget.doubled(table, sums.assign(sum_e2=loud))
    one, other = (each[(each["arm"] == "lonlat") & (each["split"] == "spatial")].iloc[0] for each in (narrow, wide))
    assert other["se"] > 3 * one["se"] and not one["held"] and other["held"]


def test_without_sums_there_is_no_standard_error_and_only_a_hundredth_is_allowed():
    table, sums = doubling({"none+head": 0.0, "lonlat": 0.011, "geoclip": 0.0})
    found = budget.doubled(table, sums.iloc[:0]).set_index(["split", "fold", "arm"])
    assert found["se"].isna().all() and (found["allowed"] == 0.01).all()
    assert not found["held"].xs("lonlat", level="arm").any()
    assert budget.orders(table, sums.iloc[:0]).empty


def test_fits_with_one_budget_are_not_counted():
    table, sums = doubling({"none+head": 0.0, "lonlat": 0.0, "geoclip": 0.0})
    lacking = (table["budget"] == 2) & (table["variant"] == "none+head") & (table["seed"] == 0)
    found = budget.doubled(table[~lacking], sums)
    assert (found["seeds"] == 2).all()
    for few in (table[table["budget"] == 1], pd.DataFrame(columns=trials.COLUMNS)):
        nothing, order = budget.doubled(few, sums), budget.orders(few, sums)
        assert nothing.empty and order.empty


def test_an_order_that_is_clear_and_turns_round_is_found():
    table, sums = doubling({"none+head": 0.0, "lonlat": 0.0, "geoclip": 0.0})
    found = budget.orders(table, sums)
    near = found[found["split"] == "spatial"]
    assert set(near["better"]) == {"geoclip-hadamard"} and set(near["worse"]) == {"none+head", "lonlat"}
    assert (found["low"] > 0).all() and (found["low"] < found["difference"]).all() and found["kept"].all()
    table, sums = doubling({"none+head": 0.0, "lonlat": 0.5, "geoclip": 0.0})
    again = budget.orders(table, sums)
    turned = again[(again["worse"] == "lonlat") & (again["split"] == "spatial")]
    assert len(turned) == 1 and not turned["kept"].item() and turned["twice"].item() < 0
    assert again[again["worse"] == "none+head"]["kept"].all()


def test_sizes_compare_within_a_size_smallest_first():
    table = pd.DataFrame(
        {
            "task": "world",
            "split": "spatial",
            "fold": 1,
            "seed": 0,
            "variant": ["none+head", "lonlat"] * 2,
            "fusion": ["-", "channels"] * 2,
            "width": [32, 32, 8, 8],
            "window": 14,
            "r2": [0.5, 0.6, 0.3, 0.35],
            "parameters": [30_000, 30_100, 2_000, 2_100],
        }
    )
    found = budget.sizes(table)
    assert found["size"].tolist() == ["8 units, 14 days", "32 units, 14 days"] and set(found["arm"]) == {"lonlat"}
    assert found["difference"].tolist() == pytest.approx([0.05, 0.1])
    assert found["parameters"].tolist() == [2_000, 30_000]


def trial(**columns):
    plain = {name: getattr(CONFIG, name) for name in budget.SETTINGS}
    return pd.DataFrame(plain | {"task": "world", "fold": 1, "seed": 0} | columns)


def test_the_cost_of_one_rate_is_in_validation_loss():
    table = trial(
        split="spatial",
        variant=["none"] * 3 + ["none+head"] * 2,
        fusion="-",
        rate=[3.3e-3, 1e-2, 3e-2, 3.3e-3, 3e-2],
        validation_loss=[0.2, 0.22, 0.3, 0.1, 0.1],
    )
    found = budget.rates(table, CONFIG)
    assert found["arm"].tolist() == ["none"], "an arm without the common rate says nothing of it"
    assert found["best"].item() == 3.3e-3 and found["cost"].item() == pytest.approx(0.1)
    assert budget.rates(table[table["rate"] != 1e-2], CONFIG).empty
    text = page.rates({"aqs": found})
    assert text.loc["no location"].tolist() == ["10.0% (largest 10.0%)"]


def test_what_was_tried_is_named_by_what_it_changes():
    table = trial(
        split=["spatial", "spatial", "checkerboard-16", "spatial"],
        variant="none+head",
        fusion="-",
        rate=[3e-3, 1e-2, 1e-2, 1e-2],
        epochs=[10, 10, 10, 5],
        validation_loss=[0.3, 0.2, 0.25, 0.4],
        seconds=[10, 20, 30, 5],
    )
    found = budget.tried(table, CONFIG)
    assert found.index.tolist() == [budget.CHOSEN, "rate 0.003", "epochs 5"]
    assert found.columns.tolist() == ["spatial", "checkerboard-16", "seconds"]
    assert found.loc[budget.CHOSEN].tolist() == [0.2, 0.25, 25] and np.isnan(found.loc["epochs 5", "checkerboard-16"])
    text = page.recipes({"demo": found})
    assert text.columns.tolist() == ["demo, WR · spatial", "demo, OoR · 16°", "demo, seconds"]
    assert text.loc[budget.CHOSEN].tolist() == ["0.2000", "0.2500", "25"]
