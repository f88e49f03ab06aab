"""Who is served: maps add up, groups are who they say, gaps are seen and not invented, chance scores as chance."""

from __future__ import annotations

from functools import partial

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from placeprior.coords import great_circle_km
from placeprior.errors import StoreError
from placeprior.evidence import station_errors, who_is_served
from placeprior.runs import store
from placeprior.runs.plan import Run
from placeprior.scores import paired
from placeprior.scores.metrics import station_sums


def spread_out(n=60):
    """Places over the country that no random generator is needed for."""
    i = np.arange(1, n + 1)
    return np.column_stack([-120 + 42 * (i * 0.6180339887498949 % 1), 30 + 17 * (i * 0.7548776662466927 % 1)])


def sums_of(lonlat, errors, run="a" * 12, days=30, seed=0):
    """Station sums of one run whose errors have one size a station."""
    rng = np.random.default_rng(seed)
    station = np.repeat(np.arange(len(lonlat)), days)
    y = rng.gamma(2, 8, station.size)
    sums = station_sums(station, y, y + np.asarray(errors, float)[station] * rng.choice([-1, 1], station.size))
    names = [f"s{i:03d}" for i in range(len(lonlat))]
    return sums.assign(run=run, name=names, lon=lonlat[:, 0], lat=lonlat[:, 1]).reset_index(drop=True)


# --- maps and groups --------------------------------------------------------------------------------------------------


def test_every_state_has_one_climate_region():
    members = [state for states in station_errors.CLIMATES.values() for state in states]
    assert len(members) == len(set(members)) == 49
    places = [[-74.0, 40.7], [-104.99, 39.74], [-118.24, 34.05], [-93.27, 44.98], [-77.04, 38.90]]
    assert station_errors.climates(places).tolist() == ["Northeast", "Southwest", "West", "Upper Midwest", "Northeast"]


def test_a_map_adds_fits_up_whatever_their_order():
    lonlat = spread_out(12)
    one, two = sums_of(lonlat, np.full(12, 2.0)), sums_of(lonlat[:6], np.full(6, 4.0), run="b" * 12, days=10)
    table = station_errors.by_station(pd.concat([two, one]))
    assert table.index.tolist() == sorted(one["name"])
    assert table["n"].tolist() == [40.0] * 6 + [30.0] * 6
    assert table["rmse"].to_numpy() == pytest.approx([np.sqrt((30 * 4 + 10 * 16) / 40)] * 6 + [2.0] * 6)
    pd.testing.assert_frame_equal(
        table, station_errors.by_station(pd.concat([one, two]).sample(frac=1, random_state=0))
    )


def test_a_station_is_near_the_nearest_that_the_fit_did_not_test():
    lonlat = spread_out(20)
    whole = sums_of(lonlat, np.ones(20))
    west = lonlat[:, 0] < np.median(lonlat[:, 0])
    fits = pd.concat([whole[west].assign(run="w" * 12), whole[~west].assign(run="e" * 12)])
    km = station_errors.known_km(fits)
    apart = great_circle_km(lonlat, lonlat)
    expected = np.where(west, apart[:, ~west].min(1), apart[:, west].min(1))
    assert km[whole["name"]].to_numpy() == pytest.approx(expected)
    assert station_errors.known_km(whole).isna().all()  # nothing is left that it could be near to


def test_groups_are_who_they_say():
    towns, empty = [[-118.24, 34.05], [-74.0, 40.7], [-87.65, 41.85]], [[-107.0, 47.0], [-101.0, 42.0], [-114.0, 39.0]]
    places = np.array(towns + empty)
    masks = station_errors.who(places, km=[1, 2, 3, 4, 5, 6])
    assert masks["city"].sum() == 2 and not masks["city"][3:].any()
    assert masks["country"].sum() == 2 and not masks["country"][:3].any()
    assert np.flatnonzero(masks["west"]).tolist() == [0, 3, 4, 5]
    assert np.flatnonzero(masks["near"]).tolist() == [0, 1] and np.flatnonzero(masks["far"]).tolist() == [4, 5]
    assert masks["all"].all() and "South" not in masks
    assert not {"near", "far"} & set(station_errors.who(places))


# --- evenness ---------------------------------------------------------------------------------------------------------


SEEDS = (0, 1, 2)


def compared(errors, reference, lonlat=None):
    lonlat = spread_out() if lonlat is None else lonlat
    own, other = (
        {seed: station_errors.by_station(sums_of(lonlat, e, seed=seed)) for seed in SEEDS} for e in (errors, reference)
    )
    return station_errors.evenness(own, other, station_errors.who(lonlat))


def test_an_arm_that_fails_the_west_widens_the_gap():
    lonlat = spread_out()
    west = lonlat[:, 0] < station_errors.MERIDIAN
    rng = np.random.default_rng(0)
    base = rng.uniform(2, 3, len(lonlat))
    found = compared(base + 2 * west, base, lonlat)
    gap = found.loc["west − east"]
    assert gap["low"] > 1 and gap["clear"] == 1 and gap["change"] == pytest.approx(2, abs=0.2)
    assert found.loc["west", "change"] == pytest.approx(2, abs=0.1) and found.loc["east", "change"] == 0
    assert found.loc["spread", "low"] > 0
    assert gap["value"] == pytest.approx(found.loc["west", "value"] - found.loc["east", "value"])
    assert gap["stations"] == len(lonlat)


def test_an_arm_is_as_even_as_itself():
    errors = np.random.default_rng(1).gamma(4, 1, 60)
    found = compared(errors, errors)
    assert (found["change"] == 0).all() and (found[["low", "high"]].dropna() == 0).all(axis=None)
    assert (found["value_low"] <= found["value_high"]).sum() > 5 and (found["clear"] == 0).all()


def test_a_group_is_scored_as_its_rows_are_and_its_interval_is_that_of_paired():
    lonlat, rng = spread_out(), np.random.default_rng(3)
    one, two = (
        {seed: sums_of(lonlat, rng.gamma(4, 1, 60), run=f"{arm}{seed}", seed=seed) for seed in SEEDS} for arm in "ab"
    )
    found = station_errors.evenness(
        *({seed: station_errors.by_station(t) for seed, t in maps.items()} for maps in (one, two)),
        station_errors.who(lonlat),
    ).loc["all"]
    runs = [
        pd.Series([f"{arm}{seed}" for seed in SEEDS], pd.MultiIndex.from_tuples([(1, s) for s in SEEDS]))
        for arm in "ab"
    ]
    sums = pd.concat([*one.values(), *two.values()])
    theirs = paired.single([(1.0, runs[0]), (-1.0, runs[1])], sums, metric="rmse")
    assert [found["change"], found["low"], found["high"]] == pytest.approx(
        [theirs["difference"], theirs["low"], theirs["high"]]
    )


def test_a_smaller_error_everywhere_is_not_a_wider_gap():
    errors = np.random.default_rng(2).gamma(4, 1, 60)
    found = compared(0.5 * errors, errors)
    gaps = found.loc[[f"{one} − {two}" for one, two in station_errors.PAIRS[:2]]]
    assert gaps["change"].to_numpy() == pytest.approx(-gaps["value"].to_numpy(), rel=1e-9)


def test_one_seed_has_no_interval_and_only_shared_seeds_count():
    lonlat = spread_out()
    maps = {seed: station_errors.by_station(sums_of(lonlat, np.full(60, 2.0 + seed), seed=seed)) for seed in SEEDS}
    found = station_errors.evenness({1: maps[1]}, maps, station_errors.who(lonlat))
    assert found.loc["all", "value"] == pytest.approx(3.0) and found[["low", "value_low"]].isna().all(axis=None)


def test_maps_of_other_rows_are_refused():
    lonlat = spread_out()
    own, other = (
        station_errors.by_station(sums_of(lonlat, np.ones(60))),
        station_errors.by_station(sums_of(lonlat[:59], np.ones(59))),
    )
    with pytest.raises(StoreError, match="60 and 59 stations"):
        station_errors.evenness({0: own}, {0: other}, station_errors.who(lonlat))


# --- scores -----------------------------------------------------------------------------------------------------------


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=40))
def test_the_better_half_is_half_and_better(errors):
    marks = who_is_served.better_half(errors)
    good = marks == 1
    assert good.sum() == (len(errors) + 1) // 2 and set(marks) <= {-1.0, 1.0}
    assert good.all() or np.asarray(errors)[good].max() <= np.asarray(errors)[~good].min()


@pytest.fixture(scope="module")
def places():
    rng = np.random.default_rng(5)
    return np.column_stack([rng.uniform(-92, -82, 80), rng.uniform(35, 43, 80)])


@pytest.fixture(scope="module")
def null(places):
    return who_is_served.chance(places, arrangements=19)


def scored(lonlat, errors, null):
    rows = who_is_served.score(station_errors.by_station(sums_of(lonlat, errors)), null)
    return pd.DataFrame(rows, columns=who_is_served.COLUMNS[5:]).set_index("measure")


def test_a_bad_corner_is_found(places, null):
    """Errors that grow eastwards: relative information is beyond chance."""
    errors = 1 + (places[:, 0] + 92) / 5
    found = scored(places, errors, null)
    assert (found.loc[list(who_is_served.STEPS), "p"] <= 1 / (1 + who_is_served.PERMUTATIONS) + 1e-9).all()
    assert found.loc["direction", "value"] > found.loc["direction", "chance"] + 3 * found.loc["direction", "sd"]


def test_towns_that_are_served_badly_as_a_whole_are_surprising():
    rng = np.random.default_rng(7)
    towns = np.repeat(np.column_stack([np.linspace(-110, -80, 10), np.tile([34, 44], 5)]), 8, axis=0)
    lonlat = towns + rng.uniform(-0.4, 0.4, towns.shape)
    null = who_is_served.chance(lonlat, permutations=9, arrangements=19)
    found = scored(lonlat, np.where(np.arange(80) // 8 % 2, 1.0, 3.0) + rng.uniform(0, 0.1, 80), null)
    assert found.loc["ssi", "p"] == 1 / 20


def test_errors_without_a_pattern_score_as_chance(places, null):
    drawn = [np.random.default_rng(k).gamma(4, 1, len(places)) for k in range(8)]
    p = [scored(places, errors, null).loc[[*who_is_served.STEPS, "ssi"], "p"] for errors in drawn]
    assert 0.25 < np.mean(p) < 0.75


def test_one_null_serves_all_arms(places, null):
    """The scores see ranks, so that other errors at the same places have the same chance."""
    from placeprior.scores.fairness.geobias import sri

    errors = np.random.default_rng(3).gamma(2, 3, len(places))
    rng = np.random.default_rng(0)
    own = sri(
        places,
        errors,
        kind="direction",
        radius_km=who_is_served.RADIUS_KM,
        step=45.0,
        least=station_errors.LEAST,
        permutations=who_is_served.PERMUTATIONS,
        rng=rng,
    )
    assert own.null.mean() == pytest.approx(null["direction"].mean(), rel=0.05)
    assert own.null.std() == pytest.approx(null["direction"].std(), rel=0.35)


@settings(max_examples=3, deadline=None)
@given(scale=st.floats(0.1, 10))
def test_scores_do_not_change_with_the_size_of_all_errors(places, null, scale):
    errors = np.random.default_rng(4).gamma(2, 3, len(places))
    one, other = scored(places, errors, null), scored(places, scale * errors, null)
    kept = [*who_is_served.STEPS, "ssi", "moran"]
    assert other.loc[kept, "value"].to_numpy() == pytest.approx(one.loc[kept, "value"].to_numpy())
    assert other.loc["rmse", "value"] == pytest.approx(scale * one.loc["rmse", "value"])


def test_what_few_stations_cannot_say_is_missing():
    lonlat = spread_out(12)
    found = scored(lonlat, np.arange(1.0, 13), who_is_served.chance(lonlat))
    assert np.isnan(found.loc["direction", "value"]) and np.isfinite(found.loc["rmse", "value"])


# --- the table --------------------------------------------------------------------------------------------------------


def run_of(variant, fold, seed=0, split="checkerboard-16"):
    return Run("world", variant, "-", split, fold, seed, {}, "-", {})


def test_the_table_has_a_row_a_map_and_measure(monkeypatch, places):
    west = places[:, 0] < -88
    whole = sums_of(places, np.random.default_rng(6).gamma(4, 1, len(places)))
    monkeypatch.setattr(who_is_served, "chance", partial(who_is_served.chance, permutations=9, arrangements=3))
    monkeypatch.setattr(store, "table", lambda run, name: {"1": whole[west], "2": whole[~west]}[run])
    monkeypatch.setattr(Run, "id", property(lambda self: str(self.fold)))
    table = who_is_served.collect(
        [run_of(v, fold, seed) for seed in (0, 1) for v in ("none", "none+head") for fold in (1, 2)]
    )
    assert list(table) == who_is_served.COLUMNS
    assert len(table.groupby(["variant", "seed"])) == 4 and not table.duplicated(who_is_served.COLUMNS[:6]).any()
    rmse = table.loc[table["measure"] == "rmse", "value"]
    assert rmse.to_numpy() == pytest.approx(np.sqrt(whole["sum_e2"].sum() / whole["n"].sum()), rel=1e-3)
    with pytest.raises(StoreError, match="not fold 2"):
        who_is_served.collect([run_of("none", 1)])
