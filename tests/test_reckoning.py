"""What maps of a year take is said before they are made: counts are exact, times come from a trial, nothing is left."""

from dataclasses import replace

import numpy as np
import pytest
from test_atlas import interrupted
from test_predict import grid_of, stored, toy_cube

from placeprior.errors import ConfigError, StoreError
from placeprior.network.model import PlaceModel
from placeprior.runs import atlas, daily_maps, reckoning

pytest.importorskip("zarr")


@pytest.fixture
def fields():
    """Predictors of the toy's last twelve days, on a grid whose diagonal is land."""
    return grid_of(toy_cube(), 44).isel(time=slice(-12, None))


@pytest.mark.parametrize("model", ["idw", "none", "sincos/hadamard"])
def test_what_is_asked_for_is_counted_and_tried_and_nothing_is_left(project, fields, tmp_path, model):
    run = stored(model)
    days = atlas.days_of(run, 2021, fields)
    found = reckoning.reckon(run, days, fields, tmp_path / "maps.zarr")
    strips, missing = atlas.left(run, days, fields, tmp_path / "maps.zarr")
    assert (found.cells, found.days) == (int(fields["land"].sum()), len(days))
    assert (found.strips, found.made) == (len(strips), len(strips) - len(missing)) == (len(strips), 0)
    assert found.seconds > 0 and found.a_cell > 0 and found.a_strip >= 0 and found.busy >= 1
    assert 0 < found.size and (found.work is None) == (model == "idw")
    assert not list(tmp_path.glob("*.zarr*"))


def test_what_was_begun_is_not_reckoned_again(project, fields, tmp_path, monkeypatch):
    run = stored("none")
    days, cells = atlas.days_of(run, 2021, fields), 7 * fields.sizes["x"]
    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(daily_maps.Mapper, "on", interrupted([]))
        atlas.write(run, days, fields, tmp_path / "maps.zarr", cells=cells)
    found = reckoning.reckon(run, days, fields, tmp_path / "maps.zarr", cells=cells)
    assert (found.made, found.strips) == (2, 6)
    assert found.seconds == pytest.approx(replace(found, made=0).seconds * 4 / 6)
    with pytest.raises(StoreError, match="begun for other maps"):
        reckoning.reckon(stored("sincos/hadamard"), days, fields, tmp_path / "maps.zarr")


def test_a_grid_without_land_and_a_map_that_is_there_are_refused(project, fields, tmp_path):
    run = stored("none")
    days = atlas.days_of(run, 2021, fields)
    sea = fields.assign(land=fields["land"] & False)
    with pytest.raises(ConfigError, match="no cell of this grid is land"):
        reckoning.reckon(run, days, sea, tmp_path / "maps.zarr")
    (tmp_path / "there.zarr").mkdir()
    with pytest.raises(StoreError, match="is there already"):
        reckoning.reckon(run, days, fields, tmp_path / "there.zarr")


def test_operations_are_those_of_the_products():
    days, features, width, summary, dim = 7, 5, 8, 6, 3
    half = width // 2
    recurrent = sum(
        2 * 4 * units * (inputs + units) for inputs, units in ((features, width), (2 * width, half), (width, half))
    )
    attention = (
        days * width * width + 2 * days * width + 2 * width * summary
    )  # score, its products and the context, out
    place = dim * summary + summary * summary + summary
    model = PlaceModel(features, dim, "hadamard", width=width, summary=summary).eval()
    counted = reckoning.operations(model, days, features, dim)
    assert counted == 2 * (days * recurrent + attention + place)


def test_eight_devices_take_an_eighth_and_a_measured_one_counts_before_operations():
    found = reckoning.Reckoned(10, 5, 1, 0, 1.0, 2e-6, 1.0, 1e3, "cpu", 1e9)
    assert found.seconds == pytest.approx(1 + 10 * 5 * 2e-6)
    one = reckoning.NATION * reckoning.YEAR * 1e9 / (reckoning.DEVICE * reckoning.REACHED)
    np.testing.assert_allclose([found.nation(1), found.nation(8)], [one, one / 8])
    measured = replace(found, device="cuda")
    assert measured.nation(8) == pytest.approx(reckoning.NATION * reckoning.YEAR * 2e-6 / 8)
