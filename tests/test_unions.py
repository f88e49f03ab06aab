"""Unions of regions: who is chosen for a target, what the split trains and tests, and what its table is made of."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from conftest import toy_cube

from placeprior.errors import ConfigError, StoreError, UnknownName
from placeprior.evidence import choosing, transfer
from placeprior.evidence import unions as table_of
from placeprior.runs import plan
from placeprior.runs.inputs import cube_of, parts_of
from placeprior.scores import metrics
from placeprior.space import unions
from placeprior.space.regions import REGIONS, WAYS, regions
from placeprior.space.splits import folds, lonlat_of, split


@pytest.fixture(scope="module")
def cube():
    return toy_cube(130, 40)


@pytest.mark.parametrize("way", WAYS)
def test_a_union_teaches_and_the_target_alone_is_tested(cube, way):
    region, whole = regions(lonlat_of(cube)), split("transfer", cube, 0, 1)
    assert folds(f"union-{way}-3") == tuple(range(1, REGIONS + 1))
    for target in (1, 7, 16):
        part = split(f"union-{way}-3", cube, 0, target)
        taught = set(region[(part.train | part.validation | part.pool).any(1)])
        assert taught == set(unions.chosen(way, 3, lonlat_of(cube), region, target))
        assert len(taught) == 3 and target not in taught and part.regime == "OoR"
        own = (region == target)[:, None] & whole.test  # the rows on which `transfer` asks the target's own model
        np.testing.assert_array_equal(part.test, own)
        # A region teaches the same alone and in a union: a station that is tested in it teaches nobody.
        assert not (part.pool.any(1) & whole.test.any(1)).any()


@pytest.mark.parametrize("way", WAYS)
def test_fewer_regions_are_the_first_of_more(cube, way):
    lonlat = lonlat_of(cube)
    region = regions(lonlat)
    four = unions.chosen(way, 4, lonlat, region, 5)
    assert unions.chosen(way, 2, lonlat, region, 5) == four[:2] and len(set(four) - {5}) == 4
    assert set(unions.chosen(way, REGIONS - 1, lonlat, region, 5)) == set(range(1, REGIONS + 1)) - {5}


def test_lots_differ_and_measurements_choose_nothing(cube):
    lonlat = lonlat_of(cube)
    region = regions(lonlat)
    lots = {tuple(unions.chosen(f"lot{n}", 4, lonlat, region, 5)) for n in (1, 2, 3)}
    assert len(lots) == 3
    other = cube.assign(pm25=cube["pm25"] * 3 + 1)
    for way in WAYS:
        one, two = (split(f"union-{way}-2", each, 0, 5) for each in (cube, other))
        np.testing.assert_array_equal(one.train, two.train)


@pytest.mark.parametrize("name", ["union-km", "union-km-0", "union-km-16", "union-lot4-2", "union-2"])
def test_a_union_that_cannot_be_is_refused(cube, name):
    with pytest.raises(UnknownName):
        split(name, cube, 0, 1)


def test_too_large_a_budget_is_refused(cube):
    lonlat = lonlat_of(cube)
    with pytest.raises(ConfigError, match="a union of 16 regions"):
        unions.chosen("km", REGIONS, lonlat, regions(lonlat), 1)


def test_losses_are_those_of_the_target_against_its_own_model(project, monkeypatch):
    """A model of region s errs by s in every region; that of a union by a tenth of its regions' number."""
    (project / "runs.yml").write_text(
        "profiles:\n  tiny:\n    size: demo\n    tasks: {world: {load: world, options: {stations: 60, days: 60}}}\n"
        "    matrices:\n      one: {task: [world], model: [none], split: [transfer], seed: [0]}\n"
        "      two: {task: [world], model: [none], seed: [0], fold: [2, 9],\n"
        "        split: [union-km-2, union-lot1-2, union-lot2-2, union-centroids-15]}\npages: {}\n"
    )
    runs = plan.runs("tiny")
    cube = cube_of(runs[0])
    usable, region = transfer.stations(cube)
    wrong = {"union-km-2": 0.2, "union-lot1-2": 0.2, "union-lot2-2": 0.8, "union-centroids-15": 1.5}

    def sums(run):
        tested = parts_of(run, cube).test
        error = wrong.get(run.split, run.fold)
        rows = tested[tested.any(1)].sum(1).astype(float)
        table = pd.DataFrame({name: rows for name in metrics.SUMS})
        return table.assign(name=cube["station"].values[tested.any(1)], sum_e2=rows * error**2)

    monkeypatch.setattr(table_of.store, "stored_sums", lambda _: {run.id: sums(run) for run in runs})
    table = table_of.collect(runs)
    assert list(table) == choosing.COLUMNS and not table.duplicated(["way", "budget", "target"]).any()
    lost = table.set_index(["way", "budget", "target"])["loss"]
    lonlat = lonlat_of(cube)[usable]
    for target in (2, 9):
        others = np.delete(np.arange(1, REGIONS + 1), target - 1)
        assert lost["every", 15, target] == pytest.approx(np.log(1.5 / target))
        assert lost["km", 2, target] == pytest.approx(np.log(0.2 / target))
        assert lost["lot", 2, target] == pytest.approx(np.log(0.4 / target))  # the mean of two logarithms
        assert lost["best", 1, target] == pytest.approx(np.log(others.min() / target))
        assert lost["lot", 1, target] == pytest.approx(np.log(others / target).mean())
        nearest = unions.chosen("centroids", 1, lonlat, region, target)[0]
        assert lost["centroids", 1, target] == pytest.approx(np.log(nearest / target))
    # A run counts for every way that chooses its regions; a way that no run names is shown for all targets or for none.
    for way in ("centroids", "geoclip"):
        alike = [
            set(unions.chosen(way, 2, lonlat, region, t)) == set(unions.chosen("km", 2, lonlat, region, t))
            for t in (2, 9)
        ]
        assert [(way, 2, t) in lost for t in (2, 9)] == [all(alike)] * 2
    with pytest.raises(StoreError, match="2 regions by lot were learned for some targets alone"):
        table_of.collect([run for run in runs if (run.split, run.fold) != ("union-lot1-2", 9)])
