"""Position encodings against golden numbers and their promises; heads, and how both become encoders of a run."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from placeprior import encoders
from placeprior.coords import grid, inside
from placeprior.encoders import basis
from placeprior.encoders.basis import heads, planar, regional
from placeprior.errors import ConfigError, CoordinateError, MissingWeights, UnknownName

FOLDER = Path(__file__).parent / "golden"
GOLDEN = np.load(FOLDER / "position_encodings.npz")
SETTINGS = json.loads((FOLDER / "position_encodings.json").read_text(encoding="utf-8"))
DRAWN = {
    "rff": {"omega": GOLDEN["rff_omega"], "shift": GOLDEN["rff_shift"]},
    "rbf": {"anchors": GOLDEN["rbf_anchors"]},
    "tile": {"table": GOLDEN["tile_table"]},
}
#: Functions of the point on the globe: no jump anywhere.
ON_SPHERE = ("xyz", "nerf", "siren-sh", "slepian")
CLOSED = (*ON_SPHERE, "wrap", "wrap-ffn")  # around the parallel
places = st.tuples(st.floats(-180, 180), st.floats(-90, 90))
CONUS = torch.tensor([(-105.2705, 40.015), (-74.006, 40.7128), (-118.24, 34.05), (-80.2, 25.8)], dtype=torch.float64)


def by_column(encoded):
    """Columns in an order of their own: the files' order is not everybody's."""
    return encoded[:, np.lexsort(np.round(encoded, 5))]


@pytest.fixture(scope="module", params=sorted(basis.BASES))
def encoding(request):
    made = encoders.position(request.param)
    made.title = request.param
    return made


# --- golden numbers


@pytest.mark.parametrize("name", sorted(SETTINGS))
def test_the_formula_gives_the_golden_numbers(name):
    given_ = {key: value for key, value in SETTINGS[name].items() if key != "dim"} | DRAWN.get(name, {})
    made = encoders.position(name, **given_)
    with torch.no_grad():
        encoded = made(torch.from_numpy(GOLDEN["lonlat"]))
    assert encoded.dtype == torch.float64 and encoded.shape == (len(GOLDEN["lonlat"]), SETTINGS[name]["dim"])
    assert made.dim == SETTINGS[name]["dim"]
    np.testing.assert_allclose(by_column(encoded.numpy()), by_column(GOLDEN[name]), atol=1e-6, rtol=0)


def test_every_golden_encoding_is_one_of_ours():
    assert set(SETTINGS) <= set(basis.BASES) and len(basis.BASES) == 16


# --- promises


def test_encodings_are_finite_at_poles_and_date_line(encoding):
    corners = torch.tensor([(0, 90), (0, -90), (180, 0), (-180, 0), (180, 90), (-180, -90)], dtype=torch.float64)
    encoded = encoding(corners)
    assert encoded.shape == (6, encoding.dim) and bool(encoded.isfinite().all())


def test_rows_do_not_depend_on_each_other(encoding):
    order = torch.tensor([2, 0, 3, 1])
    torch.testing.assert_close(encoding(CONUS)[order], encoding(CONUS[order]), atol=1e-12, rtol=0)
    torch.testing.assert_close(encoding(CONUS[1:2]), encoding(CONUS)[1:2], atol=1e-12, rtol=0)


def test_the_callers_places_stay_as_they_are(encoding):
    mine = CONUS.clone()
    encoding(mine)
    assert torch.equal(mine, CONUS)


def test_encodings_can_be_differentiated_by_the_place(encoding):
    if encoding.title == "tile":
        pytest.skip("a cell is the same wherever one is in it")
    place = CONUS.clone().requires_grad_()
    (slope,) = torch.autograd.grad(encoding(place)[:, -1].sum(), place)
    assert bool(slope.isfinite().all()) and float(slope.abs().max()) > 0


def test_single_precision_places_are_encoded_in_double(encoding):
    exact = CONUS.float()  # these places, to the last bit of single precision
    encoded = encoding(exact)
    assert encoded.dtype == torch.float64 and encoding(exact.double()).equal(encoded)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU")
def test_places_are_encoded_where_they_are(encoding):
    far = encoders.position(encoding.title).to("cuda")
    encoded = far(CONUS.to("cuda"))
    assert encoded.device.type == "cuda"
    torch.testing.assert_close(encoded.cpu(), encoding.to("cpu")(CONUS), atol=1e-6, rtol=0)


def test_longitude_comes_first(encoding):
    if encoding.title == "tile":
        pytest.skip("a coarse grid may put both orders into cells of one kind")
    place, mirrored = torch.tensor([[-75.0, 40.0]]).double(), torch.tensor([[40.0, -75.0]]).double()
    assert not torch.allclose(encoding(place), encoding(mirrored), atol=1e-3)


@pytest.mark.parametrize("name", CLOSED)
@settings(deadline=None, max_examples=25)
@given(lat=st.floats(-89.9, 89.9))
def test_the_date_line_is_no_edge(name, lat):
    made = closed(name)
    west, east = made(torch.tensor([(-180.0, lat), (180.0, lat)], dtype=torch.float64))
    torch.testing.assert_close(west, east, atol=1e-9, rtol=0)


@pytest.mark.parametrize("name", ["space2vec-grid", "space2vec-theory", "sphere2vec-c", "sphere2vec-dfs"])
def test_where_the_date_line_is_an_edge_it_is_one(name):
    west, east = closed(name)(torch.tensor([(-180.0, 40.0), (180.0, 40.0)], dtype=torch.float64))
    assert (west - east).abs().max() > 0.5, "the page says that these jump"


@pytest.mark.parametrize("name", ON_SPHERE)
def test_a_pole_is_one_place(name):
    north = closed(name)(torch.tensor([(lon, 90.0) for lon in (-180, -77, 0, 13, 180)], dtype=torch.float64))
    torch.testing.assert_close(north, north[:1].expand_as(north), atol=1e-9, rtol=0)


def closed(name, made={}):  # noqa: B006, a cache: Slepian functions take a moment
    return made.setdefault(name, encoders.position(name)) if name not in made else made[name]


@settings(deadline=None)
@given(a=places, b=places, turn=st.floats(-90, 90))
def test_turning_the_globe_keeps_inner_products_of_the_unit_vector(a, b, turn):
    xyz = encoders.position("xyz")
    both = torch.tensor([a, b], dtype=torch.float64)
    turned = both.clone()
    turned[:, 0] = (turned[:, 0] + turn + 180) % 360 - 180
    (p, q), (r, s) = xyz(both), xyz(turned)
    assert float(p @ q) == pytest.approx(float(r @ s), abs=1e-12)
    assert float(p @ p) == pytest.approx(1, abs=1e-12)


@settings(deadline=None, max_examples=30)
@given(a=st.floats(-124, -68), b=st.floats(26, 49), east=st.floats(-3, 3), north=st.floats(-3, 3))
def test_the_grid_kernel_depends_on_the_step_alone(a, b, east, north):
    made = encoders.position("space2vec-grid")
    here, there = made(torch.tensor([(a, b), (a + east, b + north)], dtype=torch.float64))
    zero, step = made(torch.tensor([(0.0, 0.0), (east, north)], dtype=torch.float64))
    assert float(here @ there) == pytest.approx(float(zero @ step), abs=1e-6)


def test_radii_that_are_given_are_used():
    for name in (
        "space2vec-grid",
        "space2vec-theory",
        "sphere2vec-c",
        "sphere2vec-c+",
        "sphere2vec-m",
        "sphere2vec-m+",
        "sphere2vec-dfs",
    ):
        one, other = (encoders.position(name, frequency_num=4, min_radius=r, max_radius=1.0) for r in (0.01, 0.1))
        assert not torch.allclose(one(CONUS), other(CONUS), atol=1e-3), name


def test_a_tile_is_a_cell_and_not_a_constant():
    tile = encoders.position("tile", interval=10)
    encoded = tile(torch.tensor([(-105.0, 41.0), (-101.0, 49.0), (-99.0, 41.0), (180.0, 90.0)], dtype=torch.float64))
    assert torch.equal(encoded[0], encoded[1]) and not torch.equal(encoded[0], encoded[2])
    encoded[0].sum().backward()
    assert tile.table.grad is not None and float(tile.table.grad.abs().sum()) == pytest.approx(tile.dim)


def test_random_parts_come_from_the_generator():
    one, same, other = (planar.Rff(generator=torch.Generator().manual_seed(seed)) for seed in (1, 1, 2))
    assert torch.equal(one(CONUS), same(CONUS)) and not torch.equal(one(CONUS), other(CONUS))


# --- Slepian functions


def test_slepian_functions_live_on_the_land_and_are_orthogonal_there():
    made = closed("slepian")
    lon, lat = (axis.ravel() for axis in np.meshgrid(*grid(regional.CELL)))
    land = inside(np.column_stack([lon, lat]))
    lonlat = torch.from_numpy(np.column_stack([lon, lat])[land])
    value, area = made(lonlat).numpy(), np.cos(np.radians(lat[land]))
    np.testing.assert_allclose((area[:, None] * value**2).sum(0) / area.sum(), 1, atol=1e-9)
    away = np.column_stack([np.linspace(-179, 179, 400), np.tile([-50, -20, 10, 70], 100)])
    assert np.mean(made(torch.from_numpy(away)).numpy() ** 2) < 0.01
    shannon = made.degrees**2 * (area * np.radians(regional.CELL) ** 2).sum() / (4 * np.pi)
    assert abs(made.dim - shannon) < 5, "about as many as the Shannon number"


def test_slepian_functions_run_from_coarse_to_fine():
    made = closed("slepian")
    line = torch.from_numpy(np.column_stack([np.linspace(-122, -76, 400), np.full(400, 40.0)]))
    turns = (np.diff(np.sign(made(line).numpy()), axis=0) != 0).sum(0)
    third = made.dim // 3
    assert turns[:third].mean() < turns[third : 2 * third].mean() < turns[-third:].mean()


@settings(deadline=None)
@given(st.floats(-1, 1), st.integers(1, 40))
def test_the_legendre_series_agrees_with_numpy(cosine, degrees):
    weight = [1 / (1 + degree) for degree in range(degrees)]
    ours = float(regional.series(torch.tensor([cosine], dtype=torch.float64), weight)[0])
    assert ours == pytest.approx(np.polynomial.legendre.legval(cosine, weight), abs=1e-9)


# --- refusals


@pytest.mark.parametrize(
    ("lonlat", "said"),
    [
        ([(40.0, -100.0)], "swapped"),
        ([(float("nan"), 1.0)], "row 0"),
        ([(-200.0, 10.0)], "row 0"),
        ([1.0, 2.0], "shape"),
    ],
)
def test_what_is_no_place_is_refused(encoding, lonlat, said):
    with pytest.raises(CoordinateError, match=said):
        encoding(torch.tensor(lonlat, dtype=torch.float64))


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("space2vec-grid", {"min_radius": 0.0}),
        ("sphere2vec-c", {"min_radius": 2.0}),
        ("nerf", {"frequency_num": 0}),
        ("rbf", {"kernel_size": 0}),
        ("rff", {"extent": (180, -180, -90, 90)}),
        ("tile", {"interval": -1}),
        ("tile", {"table": np.zeros((3, 2))}),
        ("siren-sh", {"degrees": 0}),
        ("slepian", {"degrees": 500}),
        ("rff", {"omega": np.zeros((2, 5)), "shift": np.zeros(4)}),
    ],
)
def test_settings_that_cannot_be_are_refused(name, wrong):
    with pytest.raises(ConfigError):
        encoders.position(name, **wrong)


def test_unknown_names_list_the_known():
    with pytest.raises(UnknownName, match="did you mean 'space2vec-grid'"):
        encoders.position("space2vec-gird")
    with pytest.raises(UnknownName, match="min_radius"):
        encoders.position("sphere2vec-c", min_radios=0.1)


# --- as encoders


@pytest.mark.parametrize("name", sorted(basis.BASES))
def test_every_basis_is_an_encoder_with_a_head_for_each_run(name):
    encoder = encoders.load(name)
    vectors = encoder(CONUS.numpy())
    assert vectors.shape == (4, encoder.dim) and vectors.dtype == np.float32
    inputs = encoders.fit(name, CONUS.numpy(), np.array([True, True, True, False]), seed=3)(CONUS.numpy())
    one, same, other = (encoder.module(torch.Generator().manual_seed(seed)) for seed in (1, 1, 2))
    told = torch.from_numpy(inputs)
    assert one(told).shape == (4, one.dim) and torch.equal(one(told), same(told))
    assert not torch.equal(one(told), other(told)), "the head's weights are the run's"
    one(told).square().sum().backward()
    assert all(p.grad is not None for p in one.parameters())
    with pytest.raises(MissingWeights, match="reads no weights"):
        encoders.load(name, weights="some.safetensors")


def test_anchors_are_training_stations():
    lonlat = np.random.default_rng(0).uniform((-120, 30), (-75, 48), (300, 2))
    trained = np.arange(300) < 200
    near = encoders.fit("rbf", lonlat, trained, seed=1)(lonlat[trained])
    assert near.shape == (200, 100) and (near.max(0) == 1).all(), "each anchor lies on a station that is trained on"
    held_out = encoders.fit("rbf", lonlat, trained, seed=1)(lonlat[~trained])
    assert (held_out < 1).all()


def test_fingerprints_tell_the_formulas_apart():
    found = {encoders.load(name).fingerprint for name in basis.BASES}
    assert len(found) == len(basis.BASES)


@pytest.mark.parametrize("kind", [heads.FeedForward, heads.Residual, heads.Siren])
def test_heads_learn(kind):
    head = kind(3, generator=torch.Generator().manual_seed(0))
    x = torch.rand(64, 3, generator=torch.Generator().manual_seed(1))
    target = x[:, :1] * x[:, 1:2]
    optimiser = torch.optim.Adam(head.parameters(), 1e-3)
    losses = []
    for _ in range(30):
        loss = (head(x)[:, :1] - target).square().mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(float(loss))
    assert losses[-1] < losses[0] / 2
