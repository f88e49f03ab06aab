"""Geographic bias scores: published numbers, a plain reference, fields with known bias, and chance that is chance."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import kstest, norm

from placeprior.coords import EARTH_RADIUS_KM, great_circle_km
from placeprior.errors import CoordinateError, UnknownName
from placeprior.scores.fairness.geobias import KINDS, ScoreError, sri, ssi
from placeprior.scores.fairness.nearby import around, shares
from placeprior.scores.fairness.self_information import rings

ROW, COLUMN = (part.ravel() for part in np.mgrid[:6, :6])
SETTINGS = {"scale": 300.0, "distance": 250.0, "direction": 45.0}


def lattice(lon=-100.0):
    """A centre, and six by six places around it, 0.002 radians of latitude and of longitude apart."""
    offset = np.degrees((np.column_stack([COLUMN, ROW]) - 2.5) * 0.002)
    places = np.array([lon, 40.0]) + offset
    return np.array([[lon, 40.0]]), np.column_stack([(places[:, 0] + 180) % 360 - 180, places[:, 1]])


def towns(rng, n, lat=40.0, lon=-95.0, width=8.0):
    """Clustered places."""
    centres = np.column_stack([rng.uniform(lon - width, lon + width, 12), rng.uniform(lat - 6, lat + 6, 12)])
    places = centres[rng.integers(0, 12, n)] + rng.normal(0, 0.8, (n, 2))
    return np.column_stack([(places[:, 0] + 180) % 360 - 180, places[:, 1]])


def eastward(lonlat, rng, direction=(1.0, 0.0), noise=0.3):
    """Errors that grow towards a direction."""
    away = (lonlat - lonlat[0] + 180) % 360 - 180
    return away @ np.asarray(direction) / 4 + rng.normal(0, noise, len(lonlat))


# --- spatial self-information -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("marks", "score"),
    [
        (None, 2.451760),
        (np.where((ROW + COLUMN) % 2, 1.0, -1.0), 0.224725),
        (np.where(ROW < 3, 1.0, -1.0), 1.375003),
        (np.ones(36), 2.451760),
        (-np.ones(36), 2.451760),
    ],
)
@pytest.mark.parametrize("lon", [-100.0, 0.0, 179.9])
def test_a_lattice_scores_as_in_the_authors_program(marks, score, lon):
    """Numbers from PyGBS (github.com/seai-lab/PyGBS, commit 0e202f6) with its neighbours not cut off."""
    centre, places = lattice(lon)
    found = ssi(places, marks, radius_km=0.01 * EARTH_RADIUS_KM, at=centre)
    assert found.scores == pytest.approx([score], abs=6e-7) and found.neighbours.tolist() == [36]


def plain_ssi(centre, lonlat, marks, radius_km, k, definition):
    """The formulas, class by class and point by point, for one centre."""
    _, near, km, bearing = around(centre[None], lonlat, radius_km)
    far_km, far_bearing = rings(radius_km, 5 * len(near) / (np.pi * radius_km**2))
    angle, turn = np.r_[km, far_km] / EARTH_RADIUS_KM, np.r_[bearing, far_bearing]
    points = np.column_stack([np.sin(angle) * np.cos(turn), np.sin(angle) * np.sin(turn), np.cos(angle)])
    x = np.r_[marks[near], np.zeros(len(far_km))]
    apart = np.round(np.linalg.norm(points[:, None] - points, axis=2), 9)
    np.fill_diagonal(apart, np.inf)
    last = np.sort(apart, axis=1)[:, k - 1 : k]
    weights = (apart < last) + (apart == last) * (
        (k - (apart < last).sum(1, keepdims=True)) / (apart == last).sum(1, keepdims=True)
    )
    z, total = x - x.mean(), len(x)
    classes, number = np.unique(x, return_counts=True)
    mu = variance = 0.0
    for c, n in zip(classes, number, strict=True):
        for other, m in zip(classes, number, strict=True):
            expected = k * n * (n - 1) / total - 1 if c == other else k * n * m / total
            mu += (c - x.mean()) * (other - x.mean()) * expected
            if c == other:
                variance += c**4 * 2 * (n - 1) * k * n / total * (1 - k * (2 * n - 1) / (3 * total))
            else:
                variance += (c * other) ** 2 * k * n * m / total * (1 - k * max(n, m) / total)
    u, sigma = z @ weights @ z, np.sqrt(variance)
    if definition == "tail":
        return -np.log(2 * norm.cdf(min(u, 2 * mu - u), mu, sigma + 1))
    return -norm.logpdf(u, mu, sigma) if sigma > 0 else np.nan


@settings(max_examples=25, deadline=None)
@given(
    st.integers(0, 2**32 - 1),
    st.integers(1, 25),
    st.integers(1, 6),
    st.sampled_from(["tail", "density"]),
    st.sampled_from(["none", "signs", "numbers", "repeated"]),
)
def test_self_information_equals_the_formulas_written_out(seed, n, k, definition, what):
    rng = np.random.default_rng(seed)
    lonlat = rng.normal([-100, 40], [0.5, 0.4], (n, 2))
    lonlat[rng.integers(0, n, n // 3)] = lonlat[0]  # places that share a site
    marks = {
        "none": None,
        "signs": rng.choice([-1.0, 1.0], n),
        "numbers": rng.normal(size=n),
        "repeated": rng.choice([0.5, 2.0, -3.0], n),
    }[what]
    found = ssi(lonlat, marks, radius_km=60.0, k=k, definition=definition).scores
    values = np.ones(n) if marks is None else marks
    wanted = [plain_ssi(place, lonlat, values, 60.0, k, definition) for place in lonlat]
    np.testing.assert_allclose(found, wanted, rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize("definition", ["tail", "density"])
def test_self_information_does_not_depend_on_the_order_of_places_or_on_their_longitude(definition):
    rng = np.random.default_rng(0)
    lonlat = towns(rng, 200)
    lonlat[50:60] = lonlat[50]
    marks, order = rng.choice([-1.0, 1.0], 200), rng.permutation(200)
    one = ssi(lonlat, marks, radius_km=100.0, definition=definition).scores
    other = ssi(lonlat[order], marks[order], radius_km=100.0, definition=definition).scores
    np.testing.assert_allclose(other, one[order], rtol=1e-9)
    turned = np.column_stack([(lonlat[:, 0] + 275 + 180) % 360 - 180, lonlat[:, 1]])
    np.testing.assert_allclose(ssi(turned, marks, radius_km=100.0, definition=definition).scores, one, rtol=1e-6)


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 2**32 - 1), st.floats(0.1, 10))
def test_what_self_information_does_with_the_sign_and_the_scale_of_marks(seed, scale):
    rng = np.random.default_rng(seed)
    lonlat, marks = rng.normal([20, -30], 0.5, (20, 2)), rng.normal(size=20)
    for definition in ("tail", "density"):
        one = ssi(lonlat, marks, radius_km=80.0, definition=definition).scores
        np.testing.assert_allclose(ssi(lonlat, -marks, radius_km=80.0, definition=definition).scores, one, rtol=1e-9)
    more = ssi(lonlat, marks * scale, radius_km=80.0, definition="density").scores
    np.testing.assert_allclose(more, one + 2 * np.log(scale), rtol=1e-6, atol=1e-6)


def test_self_information_is_the_same_in_small_pieces(monkeypatch):
    lonlat = towns(np.random.default_rng(13), 120)
    whole = ssi(lonlat, radius_km=200.0).scores
    monkeypatch.setattr("placeprior.scores.fairness.self_information.PAIRS", 10)
    np.testing.assert_allclose(ssi(lonlat, radius_km=200.0).scores, whole, rtol=1e-12)


def test_clustered_places_surprise_more_than_scattered_ones():
    rng = np.random.default_rng(1)
    scattered = rng.uniform([-100, 38], [-98, 40], (300, 2))
    clustered = scattered[rng.integers(0, 20, 300)] + rng.normal(0, 0.05, (300, 2))
    one, other = (ssi(places, radius_km=60.0) for places in (scattered, clustered))
    assert other.average > 5 * one.average and (other.scores > 10).all()


def test_random_marks_surprise_more_than_a_uniform_p_value_would():
    rng = np.random.default_rng(14)
    lonlat = towns(rng, 400)
    assert np.mean([ssi(lonlat, rng.choice([-1.0, 1.0], 400), radius_km=150.0).average for _ in range(5)]) > 1.2


def test_every_place_within_the_radius_counts_and_no_score_stops_anywhere():
    rng = np.random.default_rng(2)
    lonlat = rng.normal([-100, 40], 0.02, (150, 2))
    found = ssi(lonlat, radius_km=200.0)
    assert (found.neighbours == 150).all() and (found.scores > 600).all() and np.isfinite(found.scores).all()
    assert (found.neighbours == (great_circle_km(lonlat, lonlat) <= 200).sum(1)).all()


def test_a_lone_place_and_an_empty_neighbourhood():
    lonlat = np.array([[-100.0, 40.0], [-80.0, 40.0], [-80.1, 40.0]])
    for definition in ("tail", "density"):
        found = ssi(lonlat, radius_km=100.0, definition=definition, at=np.vstack([lonlat, [[0.0, 0.0]]]))
        assert found.neighbours.tolist() == [1, 2, 2, 0]
        assert np.isnan(found.scores).tolist() == [definition == "density", False, False, True]
        assert found.average == pytest.approx(np.nanmean(found.scores))
    assert np.isnan(ssi(lonlat, radius_km=100.0, at=[[0.0, 0.0]]).average)


def test_the_automatic_background_is_five_points_a_place():
    centre, places = lattice()
    by_hand = 5 * 36 / (np.pi * 60.0**2)
    one, other = (ssi(places, radius_km=60.0, at=centre, density=d).scores for d in ("auto", by_hand))
    np.testing.assert_array_equal(one, other)
    assert ssi(places, radius_km=60.0, at=centre, density=2 * by_hand).scores != pytest.approx(one)
    km, bearing = rings(60.0, by_hand)
    assert km.min() == pytest.approx(1 / np.sqrt(by_hand)) and (bearing[np.unique(km, return_index=True)[1]] == 0).all()
    assert np.unique(km, return_counts=True)[1].tolist() == [7, 13, 19, 26, 32, 38, 44, 51]


def test_the_last_seat_is_shared_by_those_who_tie_for_it():
    source, distance = np.array([1, 0, 1, 1, 0, 1]), np.array([2.0, 5.0, 1.0, 2.0, 6.0, 2.0])
    np.testing.assert_allclose(shares(source, distance, 2), [1 / 3, 1, 1, 1 / 3, 1, 1 / 3])
    rivals = np.where(source[:, None] == 0, [[5.0, 5.5]], [[0.5, 3.0]])
    np.testing.assert_allclose(shares(source, distance, 2, rivals), [0, 1, 1, 0, 0, 0])
    assert shares(np.empty(0, int), np.empty(0), 2).size == 0


# --- spatial relative information -------------------------------------------------------------------------------------


def plain_sri(lonlat, values, kind, radius_km, step, least):
    """The definition, patch by patch: score, and the bearings or distances of the patches."""
    rank = np.array([(values < v).sum() + ((values == v).sum() + 1) / 2 for v in values])
    classes = np.minimum(np.floor(4 * (rank - 0.5) / len(values)), 3)
    total = weight = 0.0
    for i in range(len(lonlat)):
        km = great_circle_km(lonlat[i : i + 1], lonlat)[0]
        lon, lat = np.radians(lonlat).T
        turn = np.arctan2(
            np.sin(lon - lon[i]) * np.cos(lat),
            np.cos(lat[i]) * np.sin(lat) - np.sin(lat[i]) * np.cos(lat) * np.cos(lon - lon[i]),
        )
        near = (km <= radius_km) & ((km > 1e-6) | (kind != "direction"))
        flat = 2 * EARTH_RADIUS_KM * np.sin(km / EARTH_RADIUS_KM / 2)
        where = {
            "scale": list(zip(np.round(flat * np.sin(turn) / step), np.round(flat * np.cos(turn) / step), strict=True)),
            "distance": list(np.floor(km / step)),
            "direction": list(np.round(np.degrees(turn) / step) % round(360 / step)),
        }[kind]
        for patch in {where[j] for j in np.flatnonzero(near)}:
            inside = near & np.array([w == patch for w in where])
            if inside.sum() >= least:
                q = np.bincount(classes[near].astype(int), minlength=4) / near.sum()
                p = (np.bincount(classes[inside].astype(int), minlength=4) + q) / (inside.sum() + 1)
                total += inside.sum() * sum(a * np.log(a / b) for a, b in zip(p, q, strict=True) if a > 0)
                weight += inside.sum()
    return total / weight


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("lat", [40.0, -40.0])
def test_relative_information_equals_the_definition_written_out(kind, lat):
    rng = np.random.default_rng(3)
    lonlat = towns(rng, 70, lat, 179.0)
    lonlat[:4] = lonlat[0]
    values = np.round(rng.gamma(2, 1, 70), 1)  # with ties
    found = sri(lonlat, values, kind=kind, radius_km=600.0, step=SETTINGS[kind], least=5, permutations=0)
    wanted = plain_sri(lonlat, values, kind, 600.0, SETTINGS[kind], 5)
    assert found.score == pytest.approx(wanted, rel=1e-9) and found.score > 0
    assert np.isnan([found.p, found.mean, found.sd, found.z]).all()


@pytest.mark.parametrize("kind", KINDS)
def test_errors_that_grow_eastward_are_told_from_the_same_errors_dealt_at_random(kind):
    rng = np.random.default_rng(4)
    lonlat = towns(rng, 300)
    values = eastward(lonlat, rng)
    biased, dealt = (
        sri(lonlat, v, kind=kind, radius_km=900.0, step=SETTINGS[kind], rng=np.random.default_rng(0))
        for v in (values, rng.permutation(values))
    )
    assert biased.p < 0.01 < dealt.p and biased.z > 10 > abs(dealt.z) * 3
    assert biased.score > biased.null.max() and biased.null.shape == (999,)
    assert biased.z == pytest.approx((biased.score - biased.mean) / biased.sd)


def test_a_pattern_much_wider_than_the_radius_is_not_seen():
    rng = np.random.default_rng(4)
    lonlat = towns(rng, 300)
    values = eastward(lonlat, rng)
    narrow, wide = (
        sri(lonlat, values, kind="direction", radius_km=r, step=90.0, least=5, permutations=99, rng=rng)
        for r in (60.0, 900.0)
    )
    assert narrow.z < 0 < 10 < wide.z


@pytest.mark.parametrize("lat", [45.0, -45.0])
@pytest.mark.parametrize("lon", [-100.0, 0.0, 179.0])
@pytest.mark.parametrize(("direction", "bearing"), [((1, 0), 90), ((0, 1), 0), ((-1, 0), 270), ((0, -1), 180)])
def test_sectors_point_to_where_errors_grow(lat, lon, direction, bearing):
    rng = np.random.default_rng(5)
    lonlat = towns(rng, 250, lat, lon, 6.0)
    values = eastward(lonlat, rng, direction)
    found = sri(lonlat, values, kind="direction", radius_km=500.0, step=90.0, permutations=0).by_patch()
    assert found["bearing"].tolist() == [0, 90, 180, 270]
    table = found.set_index("bearing")
    assert table["shift"].idxmax() == bearing and table["shift"].idxmin() == (bearing + 180) % 360
    along = table.loc[[bearing, (bearing + 180) % 360], "information"]
    assert along.min() > 1.5 * table["information"].drop(along.index).max()


def test_bearings_and_distances_of_neighbours():
    at = np.array([[-100.0, 40.0], [179.5, -40.0], [10.0, 0.0]])
    for lon, lat in at:
        steps = np.array([[0, 0.5], [0.5, 0], [0, -0.5], [-0.5, 0]])
        places = np.array([lon, lat]) + np.vstack([steps, [[0, 0]]])
        places[:, 0] = (places[:, 0] + 180) % 360 - 180
        centre, place, km, bearing = around(np.array([[lon, lat]]), places, 100.0)
        assert centre.tolist() == [0] * 5 and place.tolist() == list(range(5))
        # A parallel is not a great circle: due east of a place lies a little towards the equator of its parallel.
        np.testing.assert_allclose(np.degrees(bearing) % 360, [0, 90, 180, 270, 0], atol=0.2)
        np.testing.assert_allclose(km, great_circle_km([[lon, lat]], places)[0], atol=1e-6)


def test_values_without_a_pattern_have_uniform_p_values():
    rng = np.random.default_rng(6)
    lonlat = towns(rng, 90)
    p = [
        sri(
            lonlat,
            rng.gamma(2, 1, 90),
            kind=kind,
            radius_km=700.0,
            step=SETTINGS[kind],
            least=5,
            permutations=99,
            rng=rng,
        ).p
        for _ in range(40)
        for kind in KINDS
    ]
    assert kstest(p, "uniform").pvalue > 0.01 and min(p) >= 0.01 and max(p) <= 1


@pytest.mark.parametrize("kind", KINDS)
def test_relative_information_does_not_depend_on_the_order_of_places(kind):
    rng = np.random.default_rng(7)
    lonlat = towns(rng, 150)
    lonlat[20:25] = lonlat[20]
    values, order = rng.normal(size=150), rng.permutation(150)
    one, other = (
        sri(
            lonlat[o],
            values[o],
            kind=kind,
            radius_km=600.0,
            step=SETTINGS[kind],
            permutations=60,
            rng=np.random.default_rng(0),
        )
        for o in (np.arange(150), order)
    )
    assert other.score == pytest.approx(one.score)
    np.testing.assert_allclose(other.null, one.null)
    np.testing.assert_allclose(other.centres, one.centres[order])
    columns = [name for name in one.patches if name != "centre"]
    np.testing.assert_allclose(other.by_patch(), one.by_patch())
    assert len(one.patches) == len(other.patches) and columns == [c for c in other.patches if c != "centre"]


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 2**32 - 1), st.floats(0.01, 100), st.floats(-50, 50), st.sampled_from(KINDS))
def test_relative_information_sees_ranks_and_shift_sees_sizes(seed, scale, level, kind):
    rng = np.random.default_rng(seed)
    lonlat, values = towns(rng, 60), np.round(rng.normal(size=60), 3)
    keys = {"kind": kind, "radius_km": 900.0, "step": 2 * SETTINGS[kind], "least": 4, "permutations": 0}
    one, moved = sri(lonlat, values, **keys), sri(lonlat, scale * values + level, **keys)
    np.testing.assert_allclose(moved.centres, one.centres)
    np.testing.assert_allclose(moved.patches["shift"], scale * one.patches["shift"], rtol=1e-6, atol=1e-9)
    assert sri(lonlat, np.exp(values), **keys).score == pytest.approx(one.score)


def test_the_details_add_up_to_the_score():
    rng = np.random.default_rng(8)
    lonlat, values = towns(rng, 120), rng.normal(size=120)
    found = sri(lonlat, values, kind="distance", radius_km=700.0, step=100.0, permutations=0)
    patches = found.patches
    assert (patches["n"] >= 10).all() and (patches["information"] >= 0).all() and (patches["km"] < 750).all()
    assert found.score == pytest.approx(np.average(patches["information"], weights=patches["n"]))
    by_patch = found.by_patch()
    assert found.score == pytest.approx(np.average(by_patch["information"], weights=by_patch["n"]))
    assert by_patch["n"].sum() == patches["n"].sum() and by_patch["centres"].sum() == len(patches)
    own = patches[patches["centre"] == patches["centre"].iloc[0]]
    assert found.centres[own["centre"].iloc[0]] == pytest.approx(np.average(own["information"], weights=own["n"]))
    assert np.isfinite(found.centres).sum() == patches["centre"].nunique()


def test_right_and_wrong_fall_into_two_classes_however_rare_one_is():
    rng = np.random.default_rng(9)
    lonlat = towns(rng, 200)
    west = lonlat[:, 0] < np.quantile(lonlat[:, 0], 0.05)
    for values in (np.where(west, 1.0, -1.0), np.where(west, -1.0, 1.0)):
        found = sri(lonlat, values, kind="direction", radius_km=1500.0, step=90.0, rng=rng, permutations=199)
        assert found.p < 0.01
        shift = found.by_patch().set_index("bearing")["shift"]
        assert np.sign(shift[270]) == np.sign(values[west][0])


@pytest.mark.parametrize("kind", KINDS)
def test_equal_values_have_no_bias(kind):
    lonlat = towns(np.random.default_rng(10), 60)
    found = sri(
        lonlat,
        np.full(60, 3.0),
        kind=kind,
        radius_km=900.0,
        step=SETTINGS[kind],
        least=5,
        permutations=20,
        rng=np.random.default_rng(0),
    )
    assert (found.score, found.p, found.z, found.sd) == (0, 1, 0, 0)


# --- what is refused --------------------------------------------------------------------------------------------------

GOOD = towns(np.random.default_rng(11), 40)
NUMBERS = np.random.default_rng(12).normal(size=40)


def both(lonlat, values):
    yield lambda: ssi(lonlat, values, radius_km=100.0)
    yield lambda: sri(lonlat, values, kind="distance", radius_km=900.0, step=300.0, permutations=0)


@pytest.mark.parametrize("which", [0, 1])
@pytest.mark.parametrize(
    ("lonlat", "values", "error", "message"),
    [
        (np.empty((0, 2)), np.empty(0), ScoreError, "0 places"),
        (GOOD[:, ::-1], NUMBERS, CoordinateError, "swapped"),
        (np.where(np.arange(80).reshape(40, 2) == 6, np.nan, GOOD), NUMBERS, CoordinateError, "row 3.*not a finite"),
        (GOOD, np.where(np.arange(40) == 7, np.nan, NUMBERS), ScoreError, "1 of 40 values.*row 7"),
        (GOOD, NUMBERS[:-1], ScoreError, r"shape \(39,\), expected \(40,\)"),
    ],
)
def test_wrong_places_and_values_are_refused(lonlat, values, error, message, which):
    score = list(both(lonlat, values))[which]
    with pytest.raises(error, match=message):
        score()


def test_without_a_generator_the_dealing_is_that_of_seed_0():
    setting = {"kind": "distance", "radius_km": 900.0, "step": 300.0, "permutations": 19}
    found = sri(GOOD, NUMBERS, **setting)
    same = sri(GOOD, NUMBERS, **setting, rng=np.random.default_rng(0))
    np.testing.assert_array_equal(found.null, same.null)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"radius_km": 0.0}, "radius_km is 0"),
        ({"radius_km": 11000.0}, "quarter of the globe"),
        ({"density": "dense"}, "density is 'dense'"),
        ({"density": -1.0}, "density is -1"),
        ({"k": 0}, "k is 0"),
        ({"k": 9}, "too few for k=9"),
        ({"density": 1e-4}, "too few for k=4"),
    ],
)
def test_settings_of_self_information_that_are_refused(options, message):
    with pytest.raises(ScoreError, match=message):
        ssi(GOOD, **{"radius_km": 300.0, **options})
    with pytest.raises(UnknownName, match="did you mean 'tail'"):
        ssi(GOOD, radius_km=300.0, definition="tails")
    with pytest.raises(ScoreError, match="2 marks are 0, first in row 1.*\\+1 and -1"):
        ssi(GOOD, np.r_[1.0, 0, 0, np.ones(37)], radius_km=300.0)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"step": 0.0}, "step is 0"),
        ({"kind": "direction", "step": 50.0}, "divide 360"),
        ({"bins": 1}, "bins is 1"),
        ({"least": 0}, "least is 0"),
        ({"least": 41}, "no patch has 41 places"),
        ({"radius_km": -1.0}, "radius_km is -1"),
    ],
)
def test_settings_of_relative_information_that_are_refused(options, message):
    with pytest.raises(ScoreError, match=message):
        sri(GOOD, NUMBERS, **{"kind": "distance", "radius_km": 900.0, "step": 300.0, "permutations": 0, **options})


def test_more_that_relative_information_refuses():
    with pytest.raises(UnknownName, match="did you mean 'distance'"):
        sri(GOOD, NUMBERS, kind="distances", radius_km=900.0, step=300.0, permutations=0)
    with pytest.raises(ScoreError, match="1 places.*at least 2"):
        sri(GOOD[:1], NUMBERS[:1], kind="scale", radius_km=900.0, step=300.0, permutations=0)
    with pytest.raises(ScoreError, match="no patch has 10 places \\(the largest has 0\\)"):
        sri(np.repeat(GOOD[:1], 40, axis=0), NUMBERS, kind="direction", radius_km=900.0, step=90.0, permutations=0)
