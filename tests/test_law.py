"""The gain by distance, by number of stations: known answers, weights, and what is left out."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from placeprior.arms import with_arm
from placeprior.book import contrasts
from placeprior.book import law as page
from placeprior.book.verdicts import NOT_RUN
from placeprior.data.world.simulation import World
from placeprior.errors import StoreError
from placeprior.evidence import law
from placeprior.runs import store
from placeprior.scores import metrics

DAYS = 15
ERRORS = {"none+head": lambda km: 4.0, "lonlat": lambda km: 4.0, "geoclip-hadamard": lambda km: np.where(km < 40, 2, 4)}
ARMS = ["lonlat", "geoclip-hadamard"]
MODELS = {
    "none+head": ("none+head", "-"),
    "lonlat": ("lonlat", "channels"),
    "geoclip-hadamard": ("geoclip", "hadamard"),
}


def places(n):
    """Places over the country that no random generator is needed for."""
    i = np.arange(1, n + 1)
    return np.column_stack([-120 + 42 * (i * 0.6180339887498949 % 1), 30 + 17 * (i * 0.7548776662466927 % 1)])


CELLS = (("spatial", 1, 60), ("checkerboard-16", 1, 150), ("checkerboard-16", 2, 150))


def made(cells=CELLS, seeds=(0, 1), own=ERRORS):
    """Scores and station sums of arms whose errors have the sizes that a function of the distance gives."""
    rows, tables = [], []
    for split, fold, stations in cells:
        rng = np.random.default_rng([fold, stations])
        station = np.repeat(np.arange(stations), DAYS)
        km = rng.uniform(0, 40 if split == "spatial" else 600, stations)
        y = rng.gamma(4, 5, station.size)
        for seed in seeds:
            for arm, size in own.items():
                noise = np.random.default_rng([seed, fold, stations, *arm.encode()]).normal(size=y.size)
                sums = metrics.station_sums(station, y, y + size(km[station]) * noise)
                run = f"{split}-{fold}-{seed}-{arm}"
                rows += [
                    ["world", *MODELS[arm], split, fold, seed, name, float(value), y.size, run]
                    for name, value in metrics.from_sums(sums.to_numpy().sum(0)).items()
                ]
                lonlat = places(stations)
                tables.append(
                    sums.reset_index(drop=True).assign(
                        run=run,
                        name=[f"s{i:03d}" for i in range(stations)],
                        nearest_km=km,
                        lon=lonlat[:, 0],
                        lat=lonlat[:, 1],
                    )
                )
    return pd.DataFrame(rows, columns=store.COLUMNS), pd.concat(tables, ignore_index=True)


def of(found, arm):
    return found[found["arm"] == arm].set_index("low_km")


def test_of_one_fold_and_all_distances_the_gain_is_the_difference_in_r2():
    scores, sums = made(cells=[("spatial", 1, 60)])
    found = law.by_distance(scores, sums, ARMS, bins=[(0, np.inf)])
    r2 = with_arm(scores[scores["metric"] == "r2"]).groupby("arm")["value"].mean()
    for arm in ARMS:
        assert of(found, arm)["gain"].item() == pytest.approx(r2[arm] - r2["none+head"], abs=1e-9)
    assert (found["rows"] == 60 * DAYS).all() and (found["stations"] == 60).all()


def test_the_gain_is_clear_as_far_as_it_was_put():
    found = law.by_distance(*made(), ARMS)
    one, other = of(found, "geoclip-hadamard"), of(found, "lonlat")
    near, far = one[one["high_km"] <= 40], one[one.index >= 40]
    assert len(near) == 2 and (near["clear"] == 1).all() and not far["clear"].any()
    assert len(other) == 4 and other["clear"].abs().sum() <= 1  # of arms that are alike, one in twenty by chance
    variance = 4 * 5**2  # of the gamma distribution
    assert near["gain"].to_numpy() == pytest.approx(np.full(len(near), (16 - 4) / variance), rel=0.25)


def test_bins_with_their_rows_add_up_to_the_whole_over_splits_with_unequal_seeds():
    scores, sums = made()
    dropped = scores[(scores["split"] == "spatial") & (scores["seed"] == 1)]["run"]
    scores = scores[~scores["run"].isin(dropped)]
    whole, parts = (
        law.by_distance(scores, sums, ARMS, bins=bins) for bins in ([(0, np.inf)], [(0, 30), (30, 100), (100, np.inf)])
    )
    for arm in ARMS:
        one, many = of(whole, arm), of(parts, arm)
        assert (many["gain"] * many["rows"]).sum() / one["rows"].item() == pytest.approx(one["gain"].item())
        assert many["rows"].sum() == one["rows"].item() == 360 * DAYS


def test_one_training_has_a_gain_but_no_interval():
    found = law.by_distance(*made(seeds=[0]), ARMS)
    assert found["gain"].notna().all() and found[["low", "high"]].isna().all(axis=None) and not found["clear"].any()


def test_fits_that_an_arm_lacks_are_left_out_for_it_alone_few_stations_and_unknown_distances_for_all():
    scores, sums = made()
    again = scores.assign(split=scores["split"] + "@25", run=scores["run"] + "x")
    lacking = (scores["split"] == "spatial") & (scores["variant"] == "geoclip")
    sums.loc[sums["run"].str.startswith("checkerboard-16-2"), "nearest_km"] = np.nan
    found = law.by_distance(
        pd.concat([scores[~lacking], again]),
        pd.concat([sums, sums.assign(run=sums["run"] + "x")]),
        ARMS,
        bins=[(0, np.inf)],
    )
    assert dict(zip(found["arm"], found["rows"], strict=True)) == {"lonlat": 210 * DAYS, "geoclip-hadamard": 150 * DAYS}
    assert found["splits"].tolist() == [2, 1]
    assert law.by_distance(scores, sums.assign(nearest_km=np.nan), ARMS).empty


def test_gains_at_two_distances_are_set_against_each_other():
    scores, sums = made()
    near, far = (law.between(scores, sums, "geoclip-hadamard", at) for at in ((0, 40), (40, np.inf)))
    both = law.between(scores, sums, "geoclip-hadamard", (40, np.inf), less=(0, 40))
    assert both["gain"] == pytest.approx(far["gain"] - near["gain"]) and near["clear"] == 1
    assert both["clear"] == -1 and far["clear"] == 0 and both["fits"] == 6
    bins = of(law.by_distance(scores, sums, ["geoclip-hadamard"], bins=[(0, 40), (40, np.inf)]), "geoclip-hadamard")
    assert [near["gain"], far["gain"]] == pytest.approx(bins["gain"].tolist())
    assert [near["low"], far["low"]] == pytest.approx(bins["low"].tolist())
    same = law.between(scores, sums, "geoclip-hadamard", (0, 40), less=(0, 40))
    assert same["gain"] == 0 == same["clear"]
    assert law.between(scores, sums, "geoclip-hadamard", (5000, 6000)) is None
    assert law.between(scores, sums, "sincos", (0, 40)) is None


def test_arms_on_other_rows_are_refused():
    scores, sums = made()
    sums.loc[sums["run"].str.endswith("1-lonlat") & (sums["name"] == "s003"), "n"] -= 1
    with pytest.raises(StoreError, match="do not test the same rows at s003"):
        law.by_distance(scores, sums, ARMS)


def test_an_oracle_is_an_arm_whose_gain_is_given_by_station():
    scores, sums = made(cells=[("spatial", 1, 60)])
    oracle = pd.Series(5.0, sums["name"].unique())
    found = law.by_distance(scores, sums, ARMS, bins=[(0, np.inf)], oracle=oracle)
    total = sums[sums["run"] == "spatial-1-0-lonlat"][metrics.SUMS].sum()
    variance = total["sum_y2"] / total["n"] - (total["sum_y"] / total["n"]) ** 2
    assert of(found, law.ORACLE)["gain"].item() == pytest.approx(5 / variance)


def test_place_adds_nothing_to_a_world_without_placeness_and_more_with_more():
    options = {"stations": 20, "days": 40, "fires": 2}
    none, one, two = (law.place_part(**options, placeness=p) for p in (0.0, 1.0, 2.0))
    assert (none == 0).all() and 0 < one.mean() < two.mean()
    cube, blind = (World(**options, placeness=p).cube() for p in (1.0, 0.0))
    days = np.isfinite(cube["pm25"].values[0]) & (np.arange(40) >= 20)
    part = (cube["pm25_true"] - blind["pm25_true"]).transpose("station", "time").values[0, days]
    assert one.iloc[0] == pytest.approx(float((part**2).mean()), rel=1e-5)


def test_by_stations_compares_the_same_fits_at_every_number():
    few, low = made(cells=[("spatial", 1, 60)], own=ERRORS | {"geoclip-hadamard": lambda km: 4.0})
    few, low = few.assign(split="spatial@25", run=few["run"] + "x"), low.assign(run=low["run"] + "x")
    whole, sums = made(seeds=(0, 1, 2))
    stations = pd.Series({run: 25 if run.endswith("x") else 780 for run in [*few["run"], *whole["run"]]})
    found = law.by_stations(pd.concat([few, whole]), pd.concat([low, sums]), stations, ARMS)
    assert found.groupby("arm")["trained"].apply(list).to_dict() == {arm: [25, 780] for arm in ARMS}
    assert set(found["seeds"]) == {2} and set(found["folds"]) == {1}
    assert found[found["arm"] == "geoclip-hadamard"]["clear"].tolist() == [0, 1]
    assert law.by_stations(whole, sums, stations, ARMS).empty


@pytest.mark.usefixtures("styled")
def test_merged_bins_stand_apart_and_a_point_without_an_interval_is_a_cross():
    scores, sums = made(seeds=[0])
    bins = [*law.BINS_KM, *law.MERGED_KM]
    found = law.by_distance(scores, sums, ARMS, bins=bins, oracle=pd.Series(5.0, sums["name"].unique()))
    page.stacked({"world": found}, {"world": "demo"}, page.draw_by_distance, "km", n=150, of="stations")
    (ax,) = plt.gcf().axes
    labels = [tick.get_text() for tick in ax.get_xticklabels()]
    assert labels == ["<10", "10–\n40", "40–\n160", "160–\n640", "<40", "160+"]
    drawn = [line.get_marker() for line in ax.lines if len(line.get_xdata()) and line.get_marker() not in ("None", "")]
    assert drawn and set(drawn) == {"x"}
    near = found[(found["high_km"] <= 40) & (found["low_km"] < 40) & (found["arm"] == "lonlat")].set_index("high_km")
    merged = near[(near["low_km"] < 1) & (near.index == 40)]
    assert merged["rows"].item() == near["rows"].sum() - merged["rows"].item()


def test_blocks_are_as_wide_whichever_arms_are_asked_for():
    scores, sums = made()
    alone, both = (law.by_distance(scores, sums, arms) for arms in (["lonlat"], ARMS))
    columns = ["gain", "low", "high", "blocks"]
    assert of(alone, "lonlat")[columns].equals(of(both, "lonlat")[columns])


@pytest.mark.usefixtures("styled")
def test_tasks_stand_below_each_other_on_one_scale_and_hand_their_numbers_on():
    scores, sums = made()
    found = law.by_distance(scores, sums, ARMS, oracle=pd.Series(5.0, sums["name"].unique()))
    profiles = {"weather-2019": "aqs", "world": "demo"}
    text = page.stacked(
        {"weather-2019": found, "world": found}, profiles, page.draw_by_distance, "km", n=150, of="stations"
    )
    fig = plt.gcf()
    assert [ax.get_title("left") for ax in fig.axes] == ["weather, 2019", "embedded world (simulated)"]
    assert fig.axes[0].get_ylim() == fig.axes[1].get_ylim()
    assert [tick.get_text() for tick in fig.axes[1].get_xticklabels()] == ["<10", "10–\n40", "40–\n160", "160–\n640"]
    assert text.startswith("real measurements · profile aqs") and "below: embedded world, profile demo" in text
    alone = page.stacked(
        {"world": found, "weather-2019": found.iloc[:0]}, profiles, page.draw_by_distance, "", n=1, of=""
    )
    assert alone.startswith("embedded world (simulated) · profile demo") and "below" not in alone


def test_claims_ask_between_distances_and_both_partitions(monkeypatch):
    scores, sums = made()
    monkeypatch.setattr(contrasts.store, "scores", lambda _: scores)
    monkeypatch.setattr(contrasts.store, "sums", lambda _: sums)
    asked = {"task": "world", "arm": "geoclip-hadamard", "km": [40, np.inf], "expects": "below"}
    found = contrasts.distance("demo", **asked, less=[0, 40])
    assert found.values["difference"] == law.between(scores, sums, "geoclip-hadamard", (40, np.inf), (0, 40))["gain"]
    assert found.verdict == "supported" and contrasts.distance("demo", **asked).verdict == "undecided"
    assert contrasts.distance("demo", **asked | {"task": "moon"}) == NOT_RUN
    half = scores[~((scores["split"] == "checkerboard-16") & (scores["fold"] == 2))]
    monkeypatch.setattr(contrasts.store, "scores", lambda _: half)
    assert contrasts.distance("demo", **asked) == NOT_RUN
    assert contrasts.distance("demo", **asked | {"km": [0, 20]}) == NOT_RUN, "near stations of that partition count too"
