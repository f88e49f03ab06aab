"""Spherical harmonics: golden numbers, SciPy as the oracle, and the theorems that they must obey."""

from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import sph_harm_y

from placeprior.encoders.harmonics import real_harmonics, satclip_harmonics

GOLDEN = {degrees: np.load(Path(__file__).parent / "golden" / f"satclip_L{degrees}.npz") for degrees in (10, 40)}
BOTH = pytest.mark.parametrize("harmonics", [real_harmonics, satclip_harmonics])
LONGITUDES, LATITUDES = st.floats(-180, 180), st.floats(-90, 90)


def at(*places):
    return torch.tensor(places, dtype=torch.float64)


def zonal(degrees):
    """Which columns are of order 0."""
    return np.array([degree * (degree + 1) for degree in range(degrees)])


@pytest.mark.parametrize("degrees", [10, 40])
def test_satclips_convention_gives_the_golden_numbers(degrees):
    values = satclip_harmonics(torch.from_numpy(GOLDEN[degrees]["lonlat"][:20]), degrees)
    assert values.dtype == torch.float64 and values.shape == (20, degrees**2)
    assert np.abs(values.numpy() - GOLDEN[degrees]["harmonics"]).max() < 1e-12


@pytest.mark.parametrize("degrees", [1, 2, 8, 40])
def test_scipy_gives_the_same(degrees):
    places = GOLDEN[10]["lonlat"]
    theta, phi = np.radians(90 - places[:, 1]), np.radians(places[:, 0])
    columns = []
    for degree in range(degrees):
        for order in range(-degree, degree + 1):
            wave = sph_harm_y(degree, abs(order), theta, phi)
            sign = (-1) ** abs(order) * np.sqrt(2)  # SciPy has Condon and Shortley's sign
            columns.append(wave.real if order == 0 else sign * (wave.real if order > 0 else wave.imag))
    values = real_harmonics(torch.from_numpy(places), degrees).numpy()
    np.testing.assert_allclose(values, np.stack(columns, axis=1), atol=1e-12)


def test_the_first_ones_by_hand():
    lon, lat = np.radians(20), np.radians(50)
    x, y, z = np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)
    own = np.sqrt(3 / (4 * np.pi)) * np.array([1 / np.sqrt(3), y, z, x])
    np.testing.assert_allclose(real_harmonics(at((20, 50)), 2)[0], own, atol=1e-15)
    # From the other pole and meridian, x, y and z change their signs; z and the constant are pi times larger.
    np.testing.assert_allclose(satclip_harmonics(at((20, 50)), 2)[0], own * [np.pi, -1, -np.pi, -1], atol=1e-15)


def test_one_convention_follows_from_the_other():
    # (-1)**order from the meridian, (-1)**(degree + order) from the pole.
    degrees, places = 12, torch.from_numpy(GOLDEN[10]["lonlat"])
    factor = np.concatenate([np.full(2 * degree + 1, (-1.0) ** degree) for degree in range(degrees)])
    factor[zonal(degrees)] *= np.pi
    ours, theirs = real_harmonics(places, degrees).numpy(), satclip_harmonics(places, degrees).numpy()
    np.testing.assert_allclose(theirs, ours * factor, atol=1e-12)


@BOTH
@settings(deadline=None, max_examples=50)
@given(LONGITUDES, LATITUDES)
def test_a_full_turn_changes_nothing(harmonics, lon, lat):
    np.testing.assert_allclose(harmonics(at((lon + 360, lat)), 20), harmonics(at((lon, lat)), 20), atol=1e-11)


@BOTH
@pytest.mark.parametrize("degrees", [1, 40, 120])
def test_poles_and_date_line_are_places_like_others(harmonics, degrees):
    edge = harmonics(at((0, 90), (77, 90), (-180, -90), (12, -90), (180, 10), (-180, 10), (0, 0)), degrees)
    assert torch.isfinite(edge).all()
    for one, other in ((0, 1), (2, 3), (4, 5)):
        np.testing.assert_allclose(edge[one], edge[other], atol=1e-11)


@settings(deadline=None, max_examples=50)
@given(LONGITUDES, LATITUDES)
def test_addition_theorem(lon, lat):
    squares = real_harmonics(at((lon, lat)), 40)[0].square().numpy()
    sums = np.add.reduceat(squares, np.arange(40) ** 2)
    np.testing.assert_allclose(sums, (2 * np.arange(40) + 1) / (4 * np.pi), rtol=1e-11)


@settings(deadline=None, max_examples=30)
@given(LONGITUDES, LATITUDES, LONGITUDES, LATITUDES)
def test_two_places_meet_in_legendres_polynomial_of_their_angle(lon, lat, lon2, lat2):
    one, other = real_harmonics(at((lon, lat), (lon2, lat2)), 15)
    sums = np.add.reduceat((one * other).numpy(), np.arange(15) ** 2)
    phi, phi2, turn = np.radians(lat), np.radians(lat2), np.radians(lon - lon2)
    cosine = np.sin(phi) * np.sin(phi2) + np.cos(phi) * np.cos(phi2) * np.cos(turn)
    polynomials = [np.polynomial.Legendre.basis(degree)(cosine) for degree in range(15)]
    np.testing.assert_allclose(sums, (2 * np.arange(15) + 1) / (4 * np.pi) * polynomials, atol=1e-11)


def test_they_are_orthonormal():
    # Gauss and Legendre's points in the sine of latitude and equal steps of longitude integrate the products exactly.
    degrees = 12
    sine, weight = np.polynomial.legendre.leggauss(degrees)
    lon = np.arange(2 * degrees) * 180 / degrees - 180
    places = np.stack(np.meshgrid(lon, np.degrees(np.arcsin(sine))), axis=-1).reshape(-1, 2)
    area = np.repeat(weight * np.pi / degrees, 2 * degrees)
    values = real_harmonics(torch.from_numpy(places), degrees).numpy()
    np.testing.assert_allclose(values.T @ (values * area[:, None]), np.eye(degrees**2), atol=1e-12)


@BOTH
def test_longitude_comes_first(harmonics):
    one, other = harmonics(at((20, 50), (50, 20)), 5)
    assert (one - other).abs().max() > 0.1


@BOTH
def test_single_precision_is_raised_and_no_places_give_no_rows(harmonics):
    exact = torch.tensor([(-105.25, 40.0)])  # the same number in both precisions
    assert harmonics(exact, 40).equal(harmonics(exact.double(), 40))
    assert harmonics(at((1, 2))[:0], 7).shape == (0, 49)


@BOTH
def test_the_places_given_stay_as_they_are(harmonics):
    places = at((-105.0, 40.0), (20.0, 50.0))
    before = places.clone()
    harmonics(places, 10)
    assert places.equal(before)
