"""Parts of the test rows, parts of an error, and the table of both."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import jaccard_score, mean_pinball_loss, precision_score, recall_score

from placeprior.coords import great_circle_km
from placeprior.errors import StoreError
from placeprior.evidence import matched, strata, subsets
from placeprior.runs import store
from placeprior.runs.plan import Run
from placeprior.scores import error_parts, metrics, paired

SEEDS = st.integers(0, 2**32 - 1)


def toy(seed=0, stations=12, days=30, missing=0.3):
    """Rows of stations and days, some missing; gamma-distributed values, estimates with errors of place and day."""
    rng = np.random.default_rng(seed)
    station, day = np.nonzero(rng.random((stations, days)) >= missing)
    if not station.size:
        station, day = np.array([0]), np.array([0])
    y = rng.gamma(1.5, 15, station.size) + rng.normal(size=stations)[station]
    estimate = 0.7 * y + 4 * rng.normal(size=y.size)
    estimate += 3 * rng.normal(size=stations)[station] + rng.normal(size=days)[day]
    return station, day, y, estimate


def totals(station, y, estimate, **options):
    return error_parts.station_sums(station, y, estimate, int(station.max()) + 1, **options).sum(0)


# --- the parts of an error --------------------------------------------------------------------------------------------


@settings(max_examples=60, deadline=None)
@given(SEEDS, st.integers(1, 20), st.integers(2, 40), st.floats(0, 0.9))
def test_parts_add_up_to_the_whole(seed, stations, days, missing):
    station, day, y, estimate = toy(seed, stations, days, missing)
    sums = error_parts.station_sums(station, y, estimate, stations)
    found = error_parts.from_sums(sums.sum(0))
    daily = np.stack([np.bincount(day, v, days) for v in (np.ones_like(y), estimate - y, y)])
    found |= error_parts.by_day(daily, sums.sum(0))
    for one, other in (("between", "within"), ("day", "map")):
        assert found[f"mse_{one}"] + found[f"mse_{other}"] == pytest.approx(np.mean((estimate - y) ** 2), rel=1e-9)
        assert found[f"var_{one}"] + found[f"var_{other}"] == pytest.approx(np.var(y), rel=1e-9, abs=1e-9)
        assert min(found[f"{what}_{part}"] for what in ("mse", "var") for part in (one, other)) >= -1e-9


def test_parts_are_what_their_names_say():
    station, day, y, estimate = toy()
    rows = pd.DataFrame({"station": station, "day": day, "y": y, "f": estimate})
    found = error_parts.from_sums(totals(station, y, estimate))
    means = rows.groupby("station")[["y", "f"]].transform("mean")
    away = rows[["y", "f"]] - means
    assert found["r2_between"] == pytest.approx(
        1 - ((means["f"] - means["y"]) ** 2).sum() / ((means["y"] - y.mean()) ** 2).sum()
    )
    assert found["r2_within"] == pytest.approx(1 - ((away["f"] - away["y"]) ** 2).sum() / (away["y"] ** 2).sum())
    share = found["var_between"] / found["var"]
    assert found["r2"] == pytest.approx(share * found["r2_between"] + (1 - share) * found["r2_within"])


@settings(max_examples=30, deadline=None)
@given(SEEDS)
def test_days_as_groups_are_stations_as_groups_of_the_turned_table(seed):
    station, day, y, estimate = toy(seed)
    daily = np.stack([np.bincount(day, v, 30) for v in (np.ones_like(y), estimate - y, y)])
    turned = error_parts.from_sums(totals(day, y, estimate))
    for name, value in error_parts.by_day(daily, totals(station, y, estimate)).items():
        other = name.replace("day", "between").replace("map", "within")
        assert value == pytest.approx(turned[other], rel=1e-9, abs=1e-9)


def test_an_error_of_places_is_between_and_an_error_of_days_is_within():
    station, _, y, _ = toy()
    places = error_parts.from_sums(totals(station, y, y + station))
    assert places["mse_within"] == pytest.approx(0, abs=1e-9) and places["r2_within"] == pytest.approx(1)
    error = np.random.default_rng(1).normal(size=y.size)
    error -= (np.bincount(station, error) / np.bincount(station))[station]
    days = error_parts.from_sums(totals(station, y, y + error))
    assert days["mse_between"] == pytest.approx(0, abs=1e-9) and days["r2_between"] == pytest.approx(1)
    assert days["mse"] == pytest.approx(np.mean(error**2))


# --- scores -----------------------------------------------------------------------------------------------------------


@settings(max_examples=25, deadline=None)
@given(SEEDS)
def test_scores_equal_those_of_scikit_learn_and_of_metrics(seed):
    station, _, y, estimate = toy(seed)
    found = error_parts.from_sums(totals(station, y, estimate))
    others = metrics.from_sums(metrics.station_sums(station, y, estimate).to_numpy().sum(0))
    assert [found[k] for k in ("r2", "rmse", "mbe")] == pytest.approx([others[k] for k in ("r2", "rmse", "mbe")])
    assert found["pinball_90"] == pytest.approx(mean_pinball_loss(y, estimate, alpha=0.9))
    for level in (35, 55):
        was, told = y >= level, estimate >= level
        if was.any() and told.any():
            assert found[f"pod_{level}"] == pytest.approx(recall_score(was, told))
            assert found[f"far_{level}"] == pytest.approx(1 - precision_score(was, told))
            assert found[f"csi_{level}"] == pytest.approx(jaccard_score(was, told))
            assert found[f"bias_{level}"] == pytest.approx(told.sum() / was.sum())


def test_nothing_is_said_of_alarms_that_were_never_raised():
    found = error_parts.from_sums(totals(np.zeros(3, int), np.array([5.0, 36, 40]), np.array([5.0, 6, 7])))
    assert found["pod_35"] == 0 and np.isnan(found["far_35"]) and np.isnan(found["pod_55"])
    assert np.isnan(found["q98_mbe"])  # too few days for a quantile


def test_one_row_has_no_r2():
    found = error_parts.from_sums(totals(np.zeros(1, int), np.array([7.3]), np.array([9.1])))
    assert np.isnan([found[name] for name in ("r2", "r2_between", "r2_within")]).all() and found["rmse"] > 0


@pytest.mark.parametrize("shift", [-4.0, 2.5])
def test_a_shift_moves_every_quantile_and_more_spread_only_the_high_ones(shift):
    rng = np.random.default_rng(0)
    station = np.repeat([0, 1, 2], [300, 120, error_parts.ENOUGH_DAYS - 1])
    y = rng.gamma(2, 5, station.size)
    found = error_parts.from_sums(totals(station, y, y + shift))
    assert [found[f"q{q}_{s}"] for q in (50, 90, 98) for s in ("mbe", "rmse")] == pytest.approx([shift, abs(shift)] * 3)
    sums = error_parts.station_sums(station, y, y + shift, 3)
    assert sums[:, error_parts.SUMS.index("n_q")].tolist() == [1, 1, 0]
    wide = error_parts.from_sums(totals(station, y, np.where(y > 20, 1.5 * y, y)))
    assert wide["q50_mbe"] == 0 < wide["q98_mbe"]


# --- strata -----------------------------------------------------------------------------------------------------------


def cube_of_rows(pm25, lonlat, **extra):
    time = pd.date_range("2021-06-01", periods=pm25.shape[1])
    layers = {"pm25": pm25, **extra}
    coords = {
        "time": time,
        "lon": ("station", lonlat[:, 0]),
        "lat": ("station", lonlat[:, 1]),
        "station": [f"s{i:02d}" for i in range(len(lonlat))],
    }
    data = {k: (("station", "time"), np.asarray(v, np.float32), {"role": "target"}) for k, v in layers.items()}
    return xr.Dataset(data, coords)


@pytest.fixture
def cube():
    rng = np.random.default_rng(3)
    lonlat = np.column_stack([rng.uniform(-105, -95, 30), rng.uniform(35, 42, 30)])
    pm25 = rng.gamma(2, 9, (30, 140))
    pm25[rng.random(pm25.shape) < 0.4] = np.nan
    return cube_of_rows(pm25, lonlat, smoke=rng.integers(0, 4, pm25.shape))


def test_median_around_is_that_of_the_other_monitors_in_reach(cube):
    found = strata.others_near(cube, 250, 3)
    near = great_circle_km(*[np.column_stack([cube["lon"], cube["lat"]])] * 2) <= 250
    np.fill_diagonal(near, False)
    for i in (0, 7, 29):
        for day in range(0, 140, 7):
            values = cube["pm25"].values[near[i], day]
            values = values[np.isfinite(values)]
            expected = np.median(values) if len(values) >= 3 else np.nan
            np.testing.assert_allclose(found[i, day], expected, rtol=1e-6)
    assert np.isfinite(found).any() and np.isnan(found).any()


def test_an_episode_does_not_depend_on_the_value_it_selects(cube):
    before = strata.masks(cube)["episode"]
    changed = cube.copy(deep=True)
    changed["pm25"].values[4] = 500
    after = strata.masks(changed)["episode"]
    np.testing.assert_array_equal(before[4], after[4])
    assert (after > before).any()


def test_strata_are_what_they_say(cube):
    found = strata.masks(cube)
    seasons = np.stack([found[name] for name in strata.SEASONS])
    assert (seasons.sum(0) == 1).all() and found["JJA"][:, 0].all() and found["SON"][:, -1].all()
    assert (found["smoke"] ^ found["no-smoke"]).all() and not (found["episode"] & found["no-episode"]).any()
    assert (found["high-55"] <= found["high-35"]).all()
    assert found["high-35"].sum() == np.nansum(cube["pm25"].values >= 35)
    assert not {"smoke", "no-smoke"} & set(strata.masks(cube.drop_vars("smoke")))
    winter = cube.assign_coords(time=pd.date_range("2021-11-01", periods=140))
    assert not strata.masks(winter)["episode"].any()


# --- the table --------------------------------------------------------------------------------------------------------


ARMS = {"none": ("-", 1.0), "none+head": ("-", 0.9), "geoclip": ("hadamard", 0.5)}


@pytest.fixture
def stored(cube, monkeypatch):
    """Stored runs of three arms and two seeds; an arm's errors are a share of those without location."""
    runs, tables = [], {}
    for seed in (0, 1):
        rng = np.random.default_rng(seed)
        station, day = np.nonzero(np.isfinite(cube["pm25"].values) & (np.arange(30) % 2 == seed)[:, None])
        y = cube["pm25"].values[station, day]
        error = rng.normal(size=y.size) * 6 - 0.3 * (y - y.mean()) + rng.normal(size=30)[station]
        for variant, (fusion, share) in ARMS.items():
            run = Run("toy", variant, fusion, "spatial", 1, seed, {}, "-", {})
            estimate = y + share * error + rng.normal(size=y.size)
            tables[run.id] = pd.DataFrame({"station": station, "day": day, "pm25": y, "estimate": estimate})
            runs.append(run)
    monkeypatch.setattr(store, "table", lambda run_id, name: tables[run_id])
    monkeypatch.setattr(subsets, "cube_of", lambda run: cube)
    return runs, tables


def test_differences_are_those_of_the_comparison(stored, cube):
    runs, tables = stored
    found = subsets.collect(runs)
    score_rows, sum_rows = [], []
    for run in runs:
        table = tables[run.id]
        sums = metrics.station_sums(*(table[name].to_numpy() for name in ("station", "pm25", "estimate")))
        head, tail = [run.task, run.variant, run.fusion, run.split, 1, run.seed], [len(table), run.id]
        score_rows += [[*head, k, float(v), *tail] for k, v in metrics.from_sums(sums.to_numpy().sum(0)).items()]
        place = {"lon": cube["lon"].values[sums.index], "lat": cube["lat"].values[sums.index]}
        names = [f"s{i:02d}" for i in sums.index]
        sum_rows.append(sums.assign(run=run.id, name=names, **place).reset_index(drop=True))
    frame, sums = pd.DataFrame(score_rows, columns=store.COLUMNS), pd.concat(sum_rows)
    ours = found[(found["stratum"] == "all") & (found["variant"] == "geoclip")].set_index("metric")
    for reference, name in subsets.REFERENCES.items():
        for metric in ("r2", "rmse", "mbe"):
            reach = {"spatial": paired.residual_range(matched.terms(frame, "none"), sums)}
            theirs = matched.differences(frame, sums, reference, metric=metric, reach=reach)
            theirs = theirs.set_index("arm").loc["geoclip-hadamard"]
            got = ours.loc[metric, [f"{what}_{name}" for what in ("difference", "low", "high", "fits")]]
            wanted = theirs[["difference", "low", "high", "fits"]]
            assert list(got.astype(float)) == pytest.approx(list(wanted.astype(float)), rel=1e-3, abs=1e-4)
    assert ours.loc["r2", "value"] == pytest.approx(
        frame[(frame["metric"] == "r2") & (frame["variant"] == "geoclip")]["value"].mean(), abs=1e-4
    )
    assert ours.loc["r2", ["fits", "stations"]].tolist() == [2, 30]


def test_table_has_a_row_for_each_part_and_score_and_no_difference_of_an_arm_to_itself(stored):
    found = subsets.collect(stored[0])
    assert list(found.columns) == subsets.COLUMNS
    assert not found.duplicated(["task", "variant", "fusion", "split", "stratum", "metric"]).any()
    assert np.isfinite(found["value"]).all()
    plain = found[found["variant"] == "none"]
    assert plain[["difference_none", "low_none", "fits_none"]].isna().all(axis=None)
    assert plain["difference_head"].notna().any()
    sums = found[(found["stratum"] == "all") & (found["variant"] == "geoclip")].set_index("metric")["value"]
    assert sums["mse_between"] + sums["mse_within"] == pytest.approx(sums["mse"], rel=1e-4)
    kept = found.groupby("stratum")["metric"].agg(set)
    assert {"r2", "rmse", "mbe"} <= kept["smoke"] and kept["high-35"] == set(subsets.EVERYWHERE)
    # A stratum is scored on its own rows: the seasons' rows add up to all.
    n = found[(found["variant"] == "none") & (found["metric"] == "rmse")].set_index("stratum")["n"]
    assert n[[s for s in strata.SEASONS if s in n]].sum() == pytest.approx(n["all"], abs=2)


def test_few_stations_have_a_difference_and_no_interval(stored):
    runs, tables = stored
    for run_id, table in tables.items():
        tables[run_id] = table[table["station"] < 8]
    found = subsets.collect(runs)
    found = found[(found["variant"] == "geoclip") & (found["metric"] == "rmse")]
    assert found["difference_none"].notna().all() and found[["low_none", "high_none"]].isna().all(axis=None)


def test_a_missing_counterpart_is_left_out_and_other_rows_are_refused(stored):
    runs, tables = stored
    part = [run for run in runs if (run.variant, run.seed) != ("none", 1)]
    found = subsets.collect(part)
    row = found[(found["variant"] == "geoclip") & (found["metric"] == "rmse") & (found["stratum"] == "all")].iloc[0]
    assert (row["fits"], row["fits_none"], row["fits_head"]) == (2, 1, 2)
    tables[runs[0].id] = tables[runs[0].id].iloc[1:]
    with pytest.raises(StoreError, match="fold 1, seed 0 do not test the same rows"):
        subsets.collect(runs)


# --- what pages read --------------------------------------------------------------------------------------------------


def rows(arms, **columns):
    """Rows of the table, one an arm of (variant, fusion), RMSE on all days unless told otherwise."""
    table = pd.DataFrame(arms, columns=["variant", "fusion"]).assign(task="world", stratum="all", metric="rmse")
    empty = {f"{what}_{name}": np.nan for what in ("difference", "low", "high") for name in ("none", "head")}
    return table.assign(**empty | columns)


def test_an_encoder_is_referred_to_the_extra_head_where_it_was_trained_and_coordinates_to_no_location():
    arms = [("geoclip", "hadamard"), ("lonlat", "channels"), ("geoclip", "concat")]
    differences = {"difference_none": [-3.0, -2.0, -1.0], "difference_head": [-0.5, np.nan, np.nan]}
    found = subsets.referenced(rows(arms, **differences, high_head=-0.1, low_head=-1.0))
    assert found["arm"].tolist() == ["lonlat", "geoclip-hadamard", "geoclip-concat"]
    assert found["reference"].tolist() == ["none", "none+head", "none"]
    assert found["difference"].tolist() == [-2.0, -0.5, -1.0] and found["clear"].tolist() == [0, -1, 0]


def test_only_arms_that_are_told_a_place_and_have_a_reference_are_told():
    arms = [("none", "-"), ("none+head", "-"), ("idw", "-"), ("lonlat", "channels"), ("sincos", "channels")]
    found = subsets.told(subsets.referenced(rows(arms, difference_none=[np.nan, 1, 1, 1, np.nan])))
    assert found["arm"].tolist() == ["lonlat"]


def test_the_proxy_is_compared_with_the_smoke_that_is_known(monkeypatch):
    pm25 = np.array([[40.0, 10.0, np.nan, 50.0]])
    smoke, episode = (np.array([row], bool) for row in ([1, 1, 1, 0], [1, 0, 1, 1]))
    monkeypatch.setattr(strata, "masks", lambda cube: {"smoke": smoke, "episode": episode})
    found = strata.proxy_agreement(xr.Dataset({"pm25": (("station", "time"), pm25)}))
    assert found == {"days": 3, "smoke": 2, "episode": 2, "right": 0.5, "found": 0.5, "heavy_found": 1.0}
    monkeypatch.setattr(strata, "masks", lambda cube: {"smoke": smoke & False, "episode": episode & False})
    none = strata.proxy_agreement(xr.Dataset({"pm25": (("station", "time"), pm25)}))
    assert np.isnan([none["right"], none["found"], none["heavy_found"]]).all()
