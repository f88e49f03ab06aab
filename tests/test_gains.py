"""The gain of an arm over the network without a place, from committed results."""

import numpy as np
import pandas as pd
import pytest

from placeprior.arms import RIVALS, with_arm
from placeprior.evidence import gains as module
from placeprior.evidence.gains import gains
from placeprior.scores import metrics

#: How far each arm errs, in units of the reference's errors.
SHRINK = {"none+head": 1.0, "geoclip/hadamard": 0.5, "kriging": 0.7, "random-vector/hadamard": 1.3}


@pytest.fixture
def scored(monkeypatch):
    """Four arms over 40 stations on a spatial split; rivals have one seed."""
    module._gains.cache_clear()
    rng = np.random.default_rng(0)
    lonlat = np.column_stack([rng.uniform(-120, -75, 40), rng.uniform(30, 47, 40)])
    scores, sums = [], []
    for seed in (0, 1):
        station = np.repeat(np.arange(40), 30)
        y = 10 + np.random.default_rng(1).normal(size=station.size) * 5
        for model, shrink in SHRINK.items():
            variant, _, fusion = model.partition("/")
            if variant in RIVALS and seed:
                continue
            table = metrics.station_sums(station, y, y + shrink * 3 * rng.normal(size=station.size))
            run = f"{len(sums):012x}"
            r2 = float(metrics.from_sums(table.to_numpy().sum(0))["r2"])
            scores.append(["world", variant, fusion or "-", "spatial", 1, seed, "r2", r2, len(y), run])
            where = {"run": run, "name": [f"s{i:02d}" for i in range(40)], "lon": lonlat[:, 0], "lat": lonlat[:, 1]}
            sums.append(table.reset_index(drop=True).assign(**where))
    columns = ["task", "variant", "fusion", "split", "fold", "seed", "metric", "value", "n", "run"]
    frame = pd.DataFrame(scores, columns=columns)
    monkeypatch.setattr(module.store, "scores", lambda *_: frame)
    monkeypatch.setattr(module.store, "sums", lambda *_: pd.concat(sums))
    yield frame
    module._gains.cache_clear()


def test_gains_are_over_the_network_without_a_place_and_rivals_stand_beside_every_seed(scored):
    found = gains("demo", "world").set_index(["arm", "split"])
    assert ("none+head", "spatial") not in found.index
    assert found.loc[("geoclip-hadamard", "spatial"), "clear"] == 1
    assert found.loc[("random-vector-hadamard", "spatial"), "clear"] == -1
    assert found.loc[("kriging", "spatial"), "seeds"] == 2 and found.loc[("kriging", "spatial"), "clear"] == 1
    r2 = with_arm(scored).groupby("arm")["value"].mean()
    expected = r2["geoclip-hadamard"] - r2["none+head"]
    assert found.loc[("geoclip-hadamard", "spatial"), "difference"] == pytest.approx(expected, abs=1e-6)


def test_another_reference_turns_the_sign_and_a_task_without_runs_has_no_rows(scored):
    over = gains("demo", "world").set_index("arm").loc["geoclip-hadamard", "difference"]
    under = gains("demo", "world", against="geoclip-hadamard").set_index("arm").loc["none+head", "difference"]
    assert under == pytest.approx(-over)
    assert gains("demo", "moon").empty and gains("demo", "world", few=True).empty


def test_what_a_caller_changes_is_its_own(scored):
    gains("demo", "world")["difference"] = 0.0
    assert gains("demo", "world")["difference"].abs().min() > 0


def test_coordinates_stand_against_the_network_without_the_layer_that_vectors_bring(scored, monkeypatch):
    none = scored[scored["variant"] == "none+head"].assign(variant="none", run=lambda table: table["run"] + "n")
    early = scored[scored["variant"] == "geoclip"].assign(
        variant="lonlat", fusion="channels", run=lambda table: table["run"] + "l"
    )
    sums = module.store.sums("demo")
    again = [sums[sums["run"] == run[:-1]].assign(run=run) for table in (none, early) for run in table["run"]]
    frame, every = pd.concat([scored, none.assign(value=none["value"] - 0.1), early]), pd.concat([sums, *again])
    monkeypatch.setattr(module.store, "scores", lambda *_: frame)
    monkeypatch.setattr(module.store, "sums", lambda *_: every)
    module._gains.cache_clear()
    found = module.matched_gains("demo", "world").set_index("arm")
    assert found["reference"].to_dict() == {arm: "none" if arm == "lonlat" else "none+head" for arm in found.index}
    assert list(found.index).index("lonlat") < list(found.index).index("geoclip-hadamard")
    assert module.matched_gains("demo", "moon").empty
