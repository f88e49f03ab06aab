"""Spectra of planted waves, the encoder's own waves, and maps compared by their fine part."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from placeprior import coords, encoders
from placeprior.arms import arm
from placeprior.encoders import geoclip
from placeprior.evidence import artefacts
from placeprior.runs import plan
from placeprior.runs.making import make
from placeprior.scores import spectra

NY, NX, CELL = 60, 100, 25.0
EAST, NORTH = np.meshgrid(np.arange(NX) * CELL, np.arange(NY) * CELL)
RUNS = """\
profiles:
  tiny:
    size: demo
    settings: {width: 8, summary: 8, window: 2, epochs: 1, batch: 128}
    tasks:
      world: {load: world, options: {stations: 30, days: 40, fires: 2}}
    matrices:
      core:
        task: [world]
        model: [none, lonlat/channels]
        split: [spatial]
        fold: [1]
        seed: [0]
pages: {}
"""


def wave(length, direction, phase=0.0):
    along = EAST * np.cos(direction) + NORTH * np.sin(direction)
    return np.cos(2 * np.pi * along / length + phase)[None]


@settings(max_examples=25, deadline=None)
@given(st.floats(80, 500), st.floats(0, np.pi), st.floats(0, 6), st.floats(0.1, 50))
def test_a_wave_has_its_power_at_its_wavelength(length, direction, phase, size):
    wavelength, power, _, total = spectra.spectrum(size * wave(length, direction, phase))
    ring = 1 / (NY * CELL)
    peak = 1 / wavelength[power[0].argmax()]
    assert abs(peak - 1 / length) <= 1.5 * ring
    assert total[0] == pytest.approx(size**2 / 2, rel=0.15)  # the variance of a wave


@pytest.mark.parametrize(("length", "share"), [(100.0, 1.0), (150.0, 1.0), (400.0, 0.0), (700.0, 0.0)])
def test_local_are_the_short_waves(length, share):
    _, _, local, total = spectra.spectrum(wave(length, 0.7))
    assert local[0] / total[0] == pytest.approx(share, abs=0.02)


def test_white_noise_is_flat_and_its_local_share_is_the_area_outside_the_circle():
    noise = np.random.default_rng(0).normal(size=(60, NY, NX))
    _, power, local, total = spectra.spectrum(noise)
    mean = power.mean(0)[2:]
    assert mean.max() / mean.min() < 1.35
    circle = np.pi * (CELL / spectra.LOCAL_KM) ** 2
    assert (local / total).mean() == pytest.approx(1 - circle, abs=0.02)
    assert total.mean() == pytest.approx(1.0, rel=0.05)


def test_a_slope_across_the_map_changes_nothing():
    field = np.random.default_rng(1).normal(size=(1, NY, NX))
    tilted = field + 3 * EAST / EAST.max() - 7 * NORTH / NORTH.max() + 100
    for one, other in zip(spectra.spectrum(field), spectra.spectrum(tilted), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-6)


def test_cells_of_the_grid_have_one_area_and_the_box_is_land():
    lon, lat = spectra.axes()
    half = np.diff(np.sin(np.radians(lat))) / 2
    area = coords.EARTH_RADIUS_KM**2 * np.radians(np.diff(lon)[0]) * 2 * half
    np.testing.assert_allclose(area, spectra.CELL_KM**2, rtol=1e-9)
    rows, columns = spectra.box(lon, lat)
    inside = np.column_stack([m.ravel() for m in np.meshgrid(lon[columns], lat[rows])])
    assert len(inside) > 5000 and coords.inside(inside).all()


def test_highpass_keeps_no_level_and_half_of_the_limiting_wave():
    land = np.ones((NY, NX), bool)
    land[:, :10] = False
    flat = spectra.highpass(np.full((NY, NX), 9.0), land)
    assert np.nanmax(np.abs(flat)) < 1e-9 and np.isnan(flat[:, :10]).all()
    passed = spectra.highpass(wave(spectra.LOCAL_KM, 0.0)[0], land)[20:-20, 30:-20]
    assert passed.std() == pytest.approx(wave(spectra.LOCAL_KM, 0.0)[0].std() / 2, rel=0.03)


def test_wavelengths_are_those_of_the_published_frequencies():
    weights = geoclip.read_weights(geoclip.find_weights())
    for name, sigma in spectra.SIGMAS.items():
        lengths = np.linalg.norm(weights[f"{name}.capsule.0.b"].numpy(), axis=1)
        found = np.quantile(spectra.UNIT_KM / lengths, [0.1, 0.5, 0.9])
        np.testing.assert_allclose(spectra.wavelengths(sigma), found, rtol=0.2)
        assert spectra.wavelengths(sigma)[1] == pytest.approx(found[1], rel=0.15)


def test_the_encoders_map_keeps_areas_in_its_unit():
    places = torch.tensor([[-120.0, 30.0], [-75.0, 47.0], [10.0, -60.0]], dtype=torch.float64, requires_grad=True)
    xy = geoclip.equal_earth(places)
    dx, dy = (torch.autograd.grad(xy[:, i].sum(), places, retain_graph=True)[0] for i in (0, 1))
    jacobian = (dx[:, 0] * dy[:, 1] - dx[:, 1] * dy[:, 0]).abs().detach().numpy()
    cell = (np.pi / 180 * coords.EARTH_RADIUS_KM) ** 2 * np.cos(np.radians([30.0, 47.0, -60.0]))
    np.testing.assert_allclose(jacobian * spectra.UNIT_KM**2, cell, rtol=1e-5)


def test_the_three_scales_add_up_to_the_embedding():
    places = np.array([[-100.0, 40.0], [-80.0, 35.0]])
    parts = spectra.capsules(places)
    assert list(parts) == ["scale 1", "scale 16", "scale 256"]
    np.testing.assert_allclose(sum(parts.values()), encoders.load("geoclip")(places), atol=1e-5)


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    """Two runs on a small world."""
    folder = tmp_path_factory.mktemp("project")
    (folder / "runs.yml").write_text(RUNS, encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("PLACEPRIOR_CACHE", str(folder / "cache"))
        runs = plan.runs("tiny", "core")
        for run in runs:
            make(run, log=lambda line: None)
        yield artefacts.collect(runs)


def test_table_has_every_source_and_kind_of_row(table):
    assert list(table.columns) == artefacts.COLUMNS
    assert set(table["source"]) == {arm("none", "-"), arm("lonlat", "channels"), "truth"}
    assert set(table.loc[table["source"] == "truth", "what"]) == {"spectrum", "share"}
    assert set(table.loc[table["source"] == "lonlat", "what"]) == {"spectrum", "share", "error"}
    assert table["value"].notna().all()


def test_shares_are_shares_and_spectra_run_from_long_to_short(table):
    assert table.loc[table["what"] == "share", "value"].between(0, 1).all()
    assert (table.loc[table["what"] == "error", "value"] > 0).all()
    for _, part in table[table["what"] == "spectrum"].groupby("source"):
        assert part["x"].is_monotonic_decreasing and part["x"].min() >= 2 * spectra.CELL_KM
        assert (part["value"] >= 0).all()


def test_a_number_is_compared_map_by_map():
    rows = [("none", 0, 0, 0.1), ("none", 0, 1, 0.3), ("lonlat", 0, 0, 0.2), ("lonlat", 0, 1, 0.4)]
    rows += [("none", 1, 0, 0.1), ("none", 1, 1, 0.2), ("lonlat", 1, 0, 0.2), ("lonlat", 1, 1, 0.32)]
    rows += [("sincos", 0, 1, 0.1)]
    table = pd.DataFrame(rows, columns=["source", "seed", "x", "value"]).assign(what="share", fold=1)
    found = artefacts.differences(table, "share", "none")
    assert found.loc["lonlat", ["difference", "clear", "fits"]].tolist() == [pytest.approx(0.105), 1, 2]
    assert found.loc["sincos", "difference"] == pytest.approx(-0.2)
    assert artefacts.differences(table, "share", "truth").empty
    assert artefacts.differences(table, "error", "none").empty


def test_many_maps_of_one_fit_decide_nothing():
    rows = [(source, day, value + day / 1000) for source, value in (("none", 0.1), ("lonlat", 0.5)) for day in range(9)]
    table = pd.DataFrame(rows, columns=["source", "x", "value"]).assign(what="share", fold=1, seed=0)
    found = artefacts.differences(table, "share", "none").loc["lonlat"]
    assert found["difference"] == pytest.approx(0.4) and found["fits"] == 1 and found["clear"] == 0
    assert found[["low", "high"]].isna().all()


def test_the_middle_wave_of_a_scale_is_as_long_as_said():
    lon, lat = coords.grid(0.02, (-107.0, 38.0, -103.0, 42.0))
    values = spectra.middle_wave("LocEnc2", lon, lat)
    assert values.shape == (len(lat), len(lon)) and np.abs(values).max() <= 1
    # A wave's slope at its steepest is 2 pi over its length.
    north, east = np.gradient(values, 0.02 * 111.2, 0.02 * 111.2 * np.cos(np.radians(40)))
    length = 2 * np.pi / np.hypot(north, east).max()
    assert length == pytest.approx(spectra.wavelengths(256, (0.5,))[0], rel=0.2)
