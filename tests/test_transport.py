"""Transport between sets of places: known answers, what must hold of any two sets, and refusals."""

from __future__ import annotations

import time

import numpy as np
import ot
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from placeprior.errors import CoordinateError, TransportError
from placeprior.space import transport

WEST = np.array([[-118.25, 34.05], [-112.07, 33.45], [-104.99, 39.74]])  # Los Angeles, Phoenix, Denver
EAST = np.array([[-87.63, 41.88], [-84.39, 33.75], [-74.01, 40.71]])  # Chicago, Atlanta, New York
sets = st.tuples(st.integers(0, 10_000), st.integers(1, 12), st.integers(1, 12))


def drawn(case):
    seed, n, m = case
    rng = np.random.default_rng(seed)
    return [np.column_stack([rng.uniform(-120, -70, k), rng.uniform(25, 49, k)]) for k in (n, m)]


def test_three_western_and_three_eastern_cities():
    cost = transport.km(WEST, EAST)
    assert cost[0, 2] == pytest.approx(3936.059551, abs=1e-6)
    assert transport.emd(cost) == pytest.approx(2656.599299, abs=1e-6)
    assert transport.emd(cost / cost.max()) == pytest.approx(0.674938739698, abs=1e-6)
    assert transport.sinkhorn(cost / cost.max(), 0.1) == pytest.approx(0.682652126, abs=1e-6)
    assert transport.sinkhorn(cost / cost.max(), 0.01) == pytest.approx(0.677115752, abs=1e-6)
    assert transport.emd(transport.km(WEST, EAST[:2])) == pytest.approx(2330.472059, abs=1e-6)


@given(sets)
def test_there_and_back_cost_the_same_and_staying_costs_nothing(case):
    a, b = drawn(case)
    there, back = transport.emd(transport.km(a, b)), transport.emd(transport.km(b, a))
    assert there == pytest.approx(back, rel=1e-9)
    assert transport.emd(transport.km(a, a)) == pytest.approx(0, abs=1e-9)
    vectors = np.random.default_rng(case[0]).normal(size=(len(a), 5))
    assert transport.emd(transport.cosine(vectors, 3 * vectors)) == pytest.approx(0, abs=1e-12)


@given(sets, st.integers(1, 12))
def test_a_detour_is_never_shorter(case, k):
    a, b = drawn(case)
    c = drawn((case[0] + 1, k, 1))[0]
    d = [transport.emd(transport.km(*pair)) for pair in ((a, b), (a, c), (c, b))]
    assert d[0] <= d[1] + d[2] + 1e-6


@given(st.integers(0, 1000), st.integers(1, 15), st.floats(0.1, 20))
def test_a_shift_along_the_equator_costs_its_length(seed, n, degrees):
    lon = np.random.default_rng(seed).uniform(-60, 0, n)
    a, b = (np.column_stack([x, np.zeros(n)]) for x in (lon, lon + degrees))
    assert transport.emd(transport.km(a, b)) == pytest.approx(np.radians(degrees) * 6371.0, rel=1e-9)


@given(st.integers(0, 1000), st.integers(2, 15), st.floats(-5, 5))
def test_normal_laws_that_differ_by_a_shift_are_as_far_apart(seed, n, step):
    x = np.random.default_rng(seed).normal(size=(n, 3))
    shift = np.array([step, 0, -2 * step])
    assert transport.gaussian(x, x + shift) == pytest.approx(np.linalg.norm(shift), abs=1e-4)


def test_normal_laws_of_one_dimension():
    x = np.array([[-1.0], [1.0]])  # sd 1
    assert transport.gaussian(x, 3 * x + 4) == pytest.approx(np.sqrt(4**2 + (3 - 1) ** 2), abs=1e-6)


def test_normal_laws_agree_with_the_formula_by_roots_of_matrices():
    x, y = (np.random.default_rng(seed).normal(size=(40, 4)) * [1, 2, 3, 4] + seed for seed in (0, 1))
    told = [(v.mean(0), np.cov(v.T, bias=True)) for v in (x, y)]
    expected = ot.gaussian.bures_wasserstein_distance(told[0][0], told[1][0], told[0][1], told[1][1])
    assert transport.gaussian(x, y) == pytest.approx(expected, rel=1e-6)


@settings(max_examples=15, deadline=None)
@given(sets)
def test_entropy_only_adds_and_the_divergence_takes_it_away(case):
    a, b = drawn(case)
    costs = [transport.km(*pair) / 1000 for pair in ((a, b), (a, a), (b, b))]
    assert transport.sinkhorn(costs[0], 1.0) >= transport.emd(costs[0]) - 1e-9
    assert transport.divergence(*costs, 1.0) >= -1e-6
    assert transport.divergence(costs[1], costs[1], costs[1], 1.0) == pytest.approx(0, abs=1e-9)


def test_the_self_distance_of_entropic_transport_is_not_zero():
    box = np.random.default_rng(0).uniform([-101, 35], [-100, 36], (200, 2))
    cost = transport.km(box, box) / transport.km(box, box).max()
    assert 0.1 < transport.sinkhorn(cost, 0.1) < 0.2 and transport.emd(cost) == 0


def test_an_iteration_that_does_not_converge_is_an_error(monkeypatch):
    monkeypatch.setattr(transport, "STEPS", 3)
    with pytest.raises(TransportError, match="did not converge in 3 steps.*larger one"):
        transport.sinkhorn(transport.km(WEST, EAST), 20.0)


def test_a_largest_cost_of_each_pair_erases_distance():
    box = np.random.default_rng(0).uniform([-101, 35], [-100, 36], (100, 2))
    costs = [transport.km(box, box + [degrees, 0]) for degrees in (1, 10, 30)]
    km = [transport.emd(cost) for cost in costs]
    erased = [transport.emd(cost) / cost.max() for cost in costs]
    assert km[2] > 25 * km[0] and km[2] > 2.9 * km[1]
    assert erased[2] < 2.3 * erased[0] and erased[2] < 1.1 * erased[1]


def test_two_costs_add_up_in_units_of_one_scale():
    costs = transport.km(WEST, EAST), transport.cosine(WEST, EAST)
    scales = tuple(transport.scale(cost) for cost in costs)
    both = transport.combined(*costs, scales, 0.25)
    np.testing.assert_allclose(both, 0.25 * costs[0] / costs[0].mean() + 0.75 * costs[1] / costs[1].mean())
    assert transport.combined(*costs, scales, 1.0) == pytest.approx(costs[0] / scales[0])


def test_fewer_places_of_one_law_are_farther_apart():
    rng = np.random.default_rng(0)
    a, b = (rng.uniform([-118, 30], [-75, 48], (800, 2)) for _ in range(2))
    cost = lambda i, j: transport.km(a[i], b[j])  # noqa: E731
    few, sd = transport.batches(cost, (800, 800), np.random.default_rng(1), size=50, draws=5)
    many, _ = transport.batches(cost, (800, 800), np.random.default_rng(1), size=800, draws=1)
    assert few > 1.5 * many and 0 < sd < few / 2
    assert (few, sd) == transport.batches(cost, (800, 800), np.random.default_rng(1), size=50, draws=5)


def test_no_place_comes_twice_before_all_have_come():
    seen = []
    transport.batches(
        lambda i, j: (seen.append(i), np.ones((len(i), len(j))))[1], (10, 7), np.random.default_rng(0), size=3, draws=3
    )
    assert len(set(np.concatenate(seen))) == 9


def test_a_thousand_places_take_under_a_second():
    rng = np.random.default_rng(0)
    a, b = (rng.uniform([-118, 30], [-75, 48], (1000, 2)) for _ in range(2))
    started = time.process_time()
    transport.between(a, b)
    assert time.process_time() - started < 2  # a third of a second on a quiet machine


def test_many_places_are_moved_in_batches(monkeypatch):
    monkeypatch.setattr(transport, "EXACT", 20)
    monkeypatch.setattr(transport, "SMALL", 100)
    monkeypatch.setattr(transport, "BATCH", 10)
    a, b = drawn((0, 30, 12))
    found = transport.between(a, b)
    assert (found.n_source, found.n_target, found.unit) == (30, 12, "km")
    assert found.solver == "emd of 20 batches of 10" and found.sd > 0
    assert found == transport.between(a, b)


def test_many_places_beside_one_are_all_moved():
    rng = np.random.default_rng(0)
    many, one = rng.uniform([-118, 30], [-75, 48], (transport.EXACT + 1000, 2)), np.array([[-100.0, 40.0]])
    found = transport.between(many, one)
    assert found.solver == "emd" and found.distance == pytest.approx(transport.km(many, one).mean())


def test_an_encoder_makes_the_cost():
    found = transport.between(WEST, EAST, "sincos")
    assert (found.cost, found.unit, found.solver) == ("sincos", "1 - cosine", "emd") and 0 < found.distance < 2


@pytest.mark.parametrize(
    ("error", "said", "call"),
    [
        (TransportError, "source has no place", lambda: transport.between(np.empty((0, 2)), EAST)),
        (TransportError, "target has no place", lambda: transport.km(WEST, np.empty((0, 2)))),
        (CoordinateError, "swapped", lambda: transport.between(WEST[:, ::-1], EAST)),
        (CoordinateError, "not a finite number", lambda: transport.between(WEST, EAST * np.nan)),
        (
            TransportError,
            "1 of 2 vectors of the target are missing",
            lambda: transport.cosine([[1, 0]], [[1, 0], [np.nan, 1]]),
        ),
        (TransportError, "has no direction", lambda: transport.cosine([[1, 0]], [[0, 0]])),
        (TransportError, "of 2 and of 3 numbers", lambda: transport.cosine([[1, 0]], [[1, 0, 0]])),
        (TransportError, "negative or not a finite", lambda: transport.emd([[np.inf]])),
        (TransportError, "regularisation is 0", lambda: transport.sinkhorn([[1.0]], 0)),
        (TransportError, "at least 2", lambda: transport.gaussian([[1.0]], [[2.0], [3.0]])),
        (TransportError, "share of the first", lambda: transport.combined([[1]], [[1]], (1, 1), 2)),
        (TransportError, "two numbers above 0", lambda: transport.combined([[1]], [[1]], (1, 0))),
        (TransportError, "no scale", lambda: transport.scale([[0.0]])),
        (TransportError, "draw 1 to 2", lambda: transport.batches(None, (2, 3), np.random.default_rng(0), size=3)),
    ],
)
def test_what_has_no_distance_is_refused(error, said, call):
    with pytest.raises(error, match=said):
        call()
