"""An encoder of one's own: tables, functions and networks that join, what is refused, and runs made with them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
import xarray as xr
import yaml
from conftest import RUNS_YML, toy_cube
from hypothesis import given, settings
from hypothesis import strategies as st
from threadpoolctl import threadpool_info, threadpool_limits
from typer.testing import CliRunner

from placeprior import cli, encoders
from placeprior.encoders import own
from placeprior.encoders.own import adopt
from placeprior.encoders.table import LISTED, TOLERANCE
from placeprior.errors import ConfigError, CoordinateError, CubeError, MissingData, MissingWeights
from placeprior.runs import collecting, configuration, making, networks, plan, store
from placeprior.space.splits import lonlat_of

RNG = np.random.default_rng(0)
PLACES = np.column_stack([RNG.uniform(-120, -75, 30), RNG.uniform(30, 48, 30)])
VECTORS = RNG.normal(size=(30, 3)).astype(np.float32)
MODULE = """\
import numpy as np
import torch

def waves(lonlat):
    return np.column_stack([np.sin(lonlat / 7), np.cos(lonlat / 7)])

network = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.Tanh())
torch.nn.init.constant_(network[0].weight, 0.01)
torch.nn.init.constant_(network[0].bias, 0.1)
count = 3
"""


@pytest.fixture(autouse=True)
def registry(tmp_path, monkeypatch):
    """A registry, a cache and an import path of one's own."""
    encoders.list_encoders()
    monkeypatch.setattr(encoders.registry, "_FACTORIES", dict(encoders.registry._FACTORIES))
    monkeypatch.setenv("PLACEPRIOR_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.delitem(sys.modules, "foreign", raising=False)
    plan._fingerprint.cache_clear()
    yield
    plan._fingerprint.cache_clear()


def frame(places=PLACES, vectors=VECTORS):
    numbers = {f"e{i}": column for i, column in enumerate(np.asarray(vectors).T)}
    return pd.DataFrame(
        {"station": [f"s{i}" for i in range(len(places))], "lon": places[:, 0], "lat": places[:, 1], **numbers}
    )


def dataset(table):
    return xr.Dataset({str(name): ("place", table[name].to_numpy().copy()) for name in table if name != "station"})


def stored(table, kind, folder):
    """The table as a file or an object of some kind."""
    file = folder / f"vectors.{kind}"
    if kind == "frame":
        return table
    if kind == "dataset":
        return dataset(table)
    if kind == "parquet":
        table.to_parquet(file)
    elif kind == "csv":
        table.to_csv(file, index=False)
    else:
        dataset(table).to_netcdf(file, engine="scipy")
    return file


FILES = ["parquet", "csv", "nc"]
KINDS = [*FILES, "frame", "dataset"]


# --- tables


@pytest.mark.parametrize("kind", KINDS)
def test_a_table_gives_its_rows_in_any_order(kind, tmp_path):
    encoder = adopt("mine", stored(frame(), kind, tmp_path))
    assert encoder.dim == 3 and not encoder.costly and encoders.load("mine") is encoder
    asked = [7, 3, 3, 29, 0]
    for encode in (encoder, lambda lonlat: encoders.embed("mine", lonlat)):
        found = encode(PLACES[asked])
        assert found.dtype == np.float32
        np.testing.assert_array_equal(found, VECTORS[asked])
    assert encoder(np.empty((0, 2))).shape == (0, 3)


@settings(deadline=None, max_examples=30)
@given(st.lists(st.tuples(*[st.floats(-0.9, 0.9)] * 2), min_size=30, max_size=30), st.sampled_from(["f4", "f8"]))
def test_a_place_is_found_within_the_tolerance_however_it_was_rounded(off, kind):
    asked = (PLACES + TOLERANCE * np.array(off)) if kind == "f8" else PLACES.astype(np.float32)
    np.testing.assert_array_equal(own.Table("mine", frame())(asked), VECTORS)


@pytest.mark.parametrize("kind", ["parquet", "csv", "frame"])
def test_places_that_a_table_lacks_are_listed_and_counted(kind, tmp_path):
    encoder = adopt("mine", stored(frame()[8:], kind, tmp_path))
    said = r"lacks 8 of 30 places: lon=-\d+\.\d{6}, lat=\d+\.\d{6}; .* and 3 more; add a row .*1e-05 degrees"
    with pytest.raises(MissingData, match=said) as caught:
        encoder(PLACES)
    assert str(caught.value).count("lon=") == LISTED
    first = PLACES[PLACES[:8, 0].argmin()]
    assert f"lon={first[0]:.6f}, lat={first[1]:.6f}" in str(caught.value)
    with pytest.raises(MissingData, match=r"lacks 1 of 2 places.*nearest to the first is 0.0004 degrees off"):
        encoder([PLACES[9], PLACES[9] + (0.0004, 0.0)])


def test_rows_nobody_asks_for_may_have_gaps_and_equal_rows_may_repeat(tmp_path):
    table = frame()
    table.loc[4, "e1"] = np.nan
    encoder = adopt("mine", stored(pd.concat([table, table]), "parquet", tmp_path))
    np.testing.assert_array_equal(encoder(PLACES[5:]), VECTORS[5:])
    with pytest.raises(CubeError, match=r"row 4 \(the first is 0\).*lacks finite numbers"):
        encoder(PLACES)


def put(column, value):
    def change(table):
        table[column] = table[column].astype(object) if isinstance(value, str) else table[column]
        table.loc[3, column] = value
        return table

    return change


def again(table):
    return pd.concat([table, table[3:4].assign(e2=9.0)], ignore_index=True)


def near(table):
    return pd.concat([table, table[3:4].assign(e2=9.0, lon=table["lon"][3] + 4e-6)], ignore_index=True)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("change", "error", "said"),
    [
        (lambda t: t.drop(columns="e1"), CubeError, "no column 'e1'.*without a gap"),
        (lambda t: t.drop(columns=["e0", "e1", "e2"]), CubeError, "no column 'e0'.*it needs"),
        (lambda t: t.rename(columns={"e0": "e00"}), CubeError, "no column 'e0'.*e00"),
        (lambda t: t.rename(columns={"lat": "latitude"}), CubeError, "no column 'lat'"),
        (lambda t: t.rename(columns={"lon": "lat", "lat": "lon"}), CoordinateError, r"vectors|encoder.*swapped\?"),
        (lambda t: t.assign(lon=t["lon"] + 360), CoordinateError, "subtract 360"),
        (put("lon", np.nan), CoordinateError, "row 3: lon=nan.*not a finite number"),
        (put("e2", np.nan), CubeError, "row 3 .*lacks finite numbers"),
        (put("e2", np.inf), CubeError, "row 3 .*lacks finite numbers"),
        (lambda t: t.assign(e2=1e300), CubeError, "row 0 .*lacks finite numbers"),
        (again, CubeError, "row (3|30) .*another row and other numbers; keep one"),
        (near, CubeError, "row (3|30) .*another row and other numbers; keep one"),
        (lambda t: t[:0], CubeError, "no rows|no column|not numbers"),
        (lambda t: t.assign(e1="red"), CubeError, "'red'|column 'e1' holds .*not numbers|cannot be read"),
        (lambda t: t.assign(lon="red"), CubeError, "'red'|column 'lon' holds .*not numbers|cannot be read"),
    ],
)
def test_a_bad_table_is_refused(kind, change, error, said, tmp_path):
    with pytest.raises(error, match=said):
        adopt("mine", stored(change(frame()), kind, tmp_path))(PLACES)


@pytest.mark.parametrize("kind", ["parquet", "csv", "frame"])
def test_a_word_among_numbers_is_refused_with_its_column(kind, tmp_path):
    table = put("e1", "red")(frame())
    table = table.astype({"e1": str}) if kind == "parquet" else table
    with pytest.raises(CubeError, match="e1|'red'|column #4"):
        adopt("mine", stored(table, kind, tmp_path))


def test_a_swapped_table_of_the_east_is_refused_although_each_place_could_be():
    east = np.column_stack([np.linspace(-89, -70, 30), np.linspace(30, 45, 30)])
    with pytest.raises(CoordinateError, match="every place is in Antarctica.*swapped"):
        adopt("mine", frame(east[:, ::-1]))


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("vectors.parquet", b"PAR1 and no more", "cannot be read"),
        ("vectors.nc", b"CDF and no more", "cannot be read"),
        ("vectors.csv", b"", "cannot be read"),
        ("vectors.csv", b"lon;lat;e0\n1;2;3\n", "no column 'lon'"),
        ("vectors.csv", b"lon,lat,e0\n-86,40,1,5\n", "Expected 3 columns, got 4"),
        ("vectors.csv", b"lon,lat,e0,e0\n-86,40,1,5\n", "multiple columns named e0"),
        ("vectors.csv", b"lon,lat,e0\n-86,40,abc\n", "Row #2.*'abc'"),
        ("vectors.csv", b"lon,lat,e0\n-86,40,True\n", "Row #2.*'True'"),
        ("vectors.xlsx", b"", "ends in '.xlsx'; name it"),
        ("vectors", b"", "ends in ''; name it"),
    ],
)
def test_a_file_that_is_no_table_is_refused_by_name(name, content, said, tmp_path):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(CubeError, match=f"{name} .*{said}|{name}: .*{said}"):
        adopt("mine", tmp_path / name)
    with pytest.raises(MissingData, match=r"nowhere.csv of encoder 'mine' is missing; put it there"):
        adopt("mine", tmp_path / "nowhere.csv")


def test_a_later_row_may_have_decimals_where_the_first_have_none(tmp_path):
    many = np.column_stack([np.repeat(np.linspace(-120, -75, 1000), 100), np.tile(np.linspace(30, 48, 100), 1000)])
    numbers = np.arange(len(many))
    lines = [
        f"{lon!r},{lat!r},{n}{'.5' if n == numbers[-1] else ''}"
        for (lon, lat), n in zip(many.tolist(), numbers, strict=True)
    ]
    (tmp_path / "long.csv").write_text("lon,lat,e0\n" + "\n".join(lines) + "\n")
    encoder = adopt("mine", tmp_path / "long.csv")
    np.testing.assert_array_equal(encoder(many[[-1, 0, 50_000]])[:, 0], [99_999.5, 0, 50_000])


def test_a_dataset_on_a_grid_is_refused():
    on_grid = xr.Dataset({"e0": (("lat", "lon"), np.zeros((2, 3)))}, {"lat": [30.0, 31.0], "lon": [-90.0, -89.0, -8.0]})
    with pytest.raises(CubeError, match="must share one dimension"):
        adopt("mine", on_grid)
    flat = on_grid.stack(place=("lat", "lon")).reset_index("place")
    assert adopt("mine", flat)([(-89.0, 31.0)]).shape == (1, 1)


def test_two_columns_of_one_name_are_refused():
    twice = frame().rename(columns={"e1": "e0", "e2": "e1"})
    with pytest.raises(CubeError, match="Duplicate column names"):
        adopt("mine", twice)


@pytest.mark.parametrize("kind", FILES)
def test_a_file_that_changes_while_it_is_used_is_refused(kind, tmp_path):
    file = stored(frame(), kind, tmp_path)
    encoder = adopt("mine", file)
    before = encoder.fingerprint
    stored(frame(vectors=VECTORS + 1), kind, tmp_path)
    os.utime(file, ns=(1, 1))
    with pytest.raises(CubeError, match="was changed while it was in use; start again"):
        encoder(PLACES)
    assert own.Table("mine", file).fingerprint != before


def test_a_table_in_memory_is_taken_as_it_is_now():
    table = dataset(frame())
    encoder = adopt("mine", table)
    table["e0"].values[:] = 5.0
    np.testing.assert_array_equal(encoder(PLACES), VECTORS)
    assert encoder.fingerprint == own.Table("x", frame()).fingerprint != own.Table("x", table).fingerprint


@pytest.mark.parametrize("suffix", ["parquet", "csv"])
def test_what_the_embed_command_writes_is_the_encoder_itself(suffix, tmp_path):
    frame()[["lon", "lat"]].to_csv(tmp_path / "places.csv", index=False)
    words = ["embed", tmp_path / "places.csv", "--encoder", "sincos", "-o", tmp_path / f"out.{suffix}"]
    assert CliRunner().invoke(cli.app, list(map(str, words))).exit_code == 0
    adopt("mine", str(tmp_path / f"out.{suffix}"))
    np.testing.assert_array_equal(encoders.embed("mine", PLACES), encoders.embed("sincos", PLACES))


# --- functions


def waves(lonlat):
    return np.column_stack([np.sin(lonlat), lonlat.sum(1)])


def test_a_function_is_an_encoder_whose_length_is_found_by_asking(monkeypatch):
    encoder = adopt("mine", waves)
    assert encoder.dim == 3 and encoder.costly
    monkeypatch.setattr(own, "CHUNK", 7)
    found = encoders.embed("mine", PLACES)
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, waves(PLACES).astype(np.float32))
    as_tensor = adopt("tensor", lambda lonlat: torch.from_numpy(waves(lonlat)).requires_grad_())
    np.testing.assert_array_equal(as_tensor(PLACES), found)
    assert adopt("object", encoders.load("lonlat"))(PLACES).shape == (30, 2)


def test_a_function_gets_checked_places_of_its_own():
    def rude(lonlat):
        assert lonlat.dtype == np.float64 and lonlat.flags.c_contiguous
        lonlat *= 0
        return lonlat + 1

    asked = PLACES.copy()
    encoder = adopt("mine", rude)
    encoder(asked)
    np.testing.assert_array_equal(asked, PLACES)
    with pytest.raises(CoordinateError, match=r"row 0: .*swapped\?"):
        encoder([(40.0, -105.0)])


def fails(lonlat):
    raise KeyError("no such tile\nand more")


def infinite_in_the_east(lonlat):
    return np.where(lonlat[:, :1] > -100, np.inf, 1.0)


@pytest.mark.parametrize(
    ("function", "said"),
    [
        (lambda p: p[:, 0], r"shape \(64,\) for 64 places; it must give numbers of shape \(64, d\)"),
        (lambda p: p[1:], r"shape \(63, 2\)"),
        (lambda p: p.T, r"shape \(2, 64\)"),
        (lambda p: p[:, :0], r"shape \(64, 0\)"),
        (lambda p: [["a"]] * len(p), r"gave <U1"),
        (lambda p: p + 1j, "complex128"),
        (lambda p: p > 0, "bool"),
        (lambda p: None, "object"),
        (lambda p: [(1,), (1, 2)], "failed on 64 places .*ValueError"),
        (lambda p: p * np.nan, r"NaN or an infinity at lon=.*64 such places of 64"),
        (lambda p: p * 1e300, "NaN or an infinity"),
        (infinite_in_the_east, "NaN or an infinity at lon=-[6-9]"),
        (fails, r"failed on 64 places \(KeyError: 'no such tile.*lonlat"),
        (lambda p: RNG.normal(size=(len(p), 2)), "another vector when asked again"),
        (lambda p: p - p.mean(0), "another vector when asked again"),
        (lambda p: np.ones((len(p), len(p))), r"gave float64 of shape \(32, 32\).*\(32, 64\)"),
    ],
)
def test_a_function_that_gives_no_vectors_is_refused(function, said):
    with pytest.raises(ConfigError, match=said):
        adopt("mine", function)
    assert "mine" not in encoders.list_encoders()


def test_a_wrong_answer_is_refused_wherever_it_comes():
    encoder = adopt("mine", lambda p: np.where(p[:, :1] > 0, np.nan, 1.0))  # fine in the United States
    with pytest.raises(ConfigError, match="NaN or an infinity at lon=2.35, lat=48.85"):
        encoder([(-86.0, 40.0), (2.35, 48.85)])


def test_a_changed_function_is_another_encoder():
    def make(factor):
        def function(lonlat):
            return lonlat * factor

        return function

    one, same, other = (own.Function("mine", make(factor)) for factor in (1.0, 1.0, 1.0 + 1e-6))
    assert one.fingerprint == same.fingerprint != other.fingerprint
    assert "make.<locals>.function" in one.fingerprint
    assert own.Function("mine", waves).fingerprint.startswith(f"function:{__name__}.waves:")


def test_a_fingerprint_does_not_depend_on_the_number_of_threads():
    def threads(lonlat):
        return np.full((len(lonlat), 1), max(pool["num_threads"] for pool in threadpool_info()))

    with threadpool_limits(2):
        assert threads(PLACES).max() == 2 and own.Function("mine", threads).probe.max() == 1


# --- networks


class Scaled(torch.nn.Module):
    """A network with a setting that its weights do not show."""

    def __init__(self, factor=1.0):
        super().__init__()
        self.factor, self.linear = factor, torch.nn.Linear(2, 4)
        with torch.no_grad():
            self.linear.weight.fill_(0.25), self.linear.bias.zero_()

    def forward(self, lonlat):
        return self.linear(lonlat) * self.factor


def squared():
    """The same by name, weights and settings, and another formula."""

    class Other(Scaled):
        def forward(self, lonlat):
            return self.linear(lonlat) ** 2

    Other.__module__, Other.__qualname__ = Scaled.__module__, Scaled.__qualname__
    return Other()


def sequential(last=None):
    torch.manual_seed(0)
    return torch.nn.Sequential(torch.nn.Linear(2, 5), torch.nn.Dropout(0.5), last or torch.nn.Tanh())


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_a_network_is_frozen_as_it_is(dtype, monkeypatch):
    monkeypatch.setattr(own, "CHUNK", 7)
    network = sequential().to(dtype)
    encoder = adopt("mine", network)
    assert encoder.dim == 5 and network.training, "one's own network is left as it was"
    found = encoder(PLACES)
    expected = network.eval()(torch.from_numpy(PLACES).to(dtype)).detach().numpy()
    np.testing.assert_allclose(found, expected, rtol=1e-5)
    with torch.no_grad():
        network[0].weight.zero_()
    np.testing.assert_array_equal(encoder(PLACES), found)


def test_a_networks_fingerprint_sees_weights_layers_settings_and_source():
    def mark(network):
        return own._made("mine", network, False).fingerprint

    other = sequential()
    with torch.no_grad():
        other[0].bias[3] += 1e-6
    networks = [sequential(), sequential().double(), other, sequential(torch.nn.ReLU()), Scaled(2.0), Scaled()]
    marks = [mark(network) for network in [*networks, squared()]]
    assert len(set(marks)) == len(marks)
    assert mark(sequential()) == marks[0] and mark(Scaled(2.0)) == marks[4]
    assert own._made("mine", sequential(), True).fingerprint not in marks


def test_a_network_that_depends_on_its_batch_is_refused():
    class Batch(torch.nn.Module):
        def forward(self, lonlat):
            return lonlat - lonlat.mean(0)

    with pytest.raises(ConfigError, match="another vector when asked again"):
        adopt("mine", Batch())
    with pytest.raises(ConfigError, match="gave object of shape"):
        adopt("mine", lambda p: object())


def test_a_trained_network_starts_as_adopted_each_time():
    network = sequential()
    encoder = adopt("mine", network, trained=True)
    assert encoder.dim == 2 and encoder(PLACES).dtype == np.float32
    one, two = (encoder.module(torch.Generator()) for _ in range(2))
    places = torch.from_numpy(encoder(PLACES))
    expected = network.eval()(places)
    torch.testing.assert_close(one(places[[0, 1, 0]]), expected[[0, 1, 0]])
    one.mean.fill_(1.0), one.scale.fill_(2.0)
    torch.testing.assert_close(one(places), (expected - 1) / 2)
    one(places).sum().backward()
    assert all(p.grad is not None for p in one.parameters()) and all(p.grad is None for p in two.parameters())
    assert (one.dim, one.rate) == (5, 1.0)


# --- names


def test_a_name_is_taken_once_and_the_same_source_may_come_again():
    first = adopt("mine", waves)
    assert adopt("mine", waves) is first
    for name in ("mine", "geoclip", "sincos"):
        with pytest.raises(ConfigError, match=f"encoder '{name}' with other vectors exists already; choose"):
            adopt(name, lambda p: p)
    with pytest.raises(MissingWeights, match="'mine' was adopted.*some.pth"):
        encoders.load("mine", weights="some.pth")


@pytest.mark.parametrize("name", ["", "Mine", "my/own", "my own", "-x", "../x", 5, None])
def test_a_name_that_could_not_stand_in_runs_yml_is_refused(name):
    with pytest.raises(ConfigError, match="an encoder cannot be named"):
        adopt(name, waves)


@pytest.mark.parametrize(
    ("source", "said"),
    [
        (5, "is of type int; give a table"),
        (Scaled, "is the class Scaled; give"),
        (VECTORS, "is of type ndarray"),
        (None, "is of type NoneType"),
    ],
)
def test_what_is_no_encoder_is_refused(source, said):
    with pytest.raises(ConfigError, match=said):
        adopt("mine", source)


@pytest.mark.parametrize("source", [waves, frame(), "vectors.csv"])
def test_only_a_network_can_be_trained(source):
    with pytest.raises(ConfigError, match="'mine' is to be trained.*only a torch.nn.Module"):
        adopt("mine", source, trained=True)


def test_looking_costs_no_heavy_import():
    code = (
        "import sys; from placeprior.encoders import own; own.adopt('mine', lambda p: p);"
        "heavy = {'torch', 'pandas', 'xarray', 'pyarrow'} & set(sys.modules); assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


# --- runs


def by_model(project, entries, models):
    """Write the project's files and list its runs."""
    model = f"[sincos/hadamard, {', '.join(models)}]"
    content = RUNS_YML.replace("[idw, none, sincos/channels, sincos/hadamard]", model, 1)
    (project / "runs.yml").write_text(f"{content}encoders:\n{entries}", encoding="utf-8")
    (project / "foreign.py").write_text(MODULE, encoding="utf-8")
    configuration.read.cache_clear()
    return {run.model: run for run in plan.runs("tiny")}


def quiet(_):
    """A log that nobody reads."""


def test_runs_with_an_adopted_table_and_function_train_and_score(project):
    places = lonlat_of(toy_cube())
    frame(places, encoders.embed("sincos", places)).to_parquet(project / "sincos.parquet")
    entries = "  mine: {table: sincos.parquet}\n  waves: {python: 'foreign:waves'}\n"
    runs = by_model(project, entries, ["mine/hadamard", "waves/hadamard", "waves/channels"])
    assert len({run.id for run in runs.values()}) == 4
    for run in runs.values():
        making.make(run, quiet)
    expected, found = (store.table(runs[f"{name}/hadamard"].id, "predictions") for name in ("sincos", "mine"))
    pd.testing.assert_frame_equal(found, expected)  # the same vectors, the same network
    for model in ("waves/hadamard", "waves/channels"):
        result = store.read(runs[model].id)
        assert np.isfinite(result["scores"]["r2"]) and result["n"] == len(expected)
        assert not found.equals(store.table(runs[model].id, "predictions"))
    assert collecting.collect_scores("tiny").is_file()


def test_a_run_trains_an_adopted_network(project):
    entries = "  net: {python: 'foreign:network', trained: true}\n  still: {python: 'foreign:network'}\n"
    runs = by_model(project, entries, ["net/hadamard", "still/hadamard"])
    for run in runs.values():
        making.make(run, quiet)
    frozen, trained = (store.tensors(runs[f"{name}/hadamard"].id) for name in ("still", "net"))
    learnt = trained["model.encoder.network.network.0.weight"]
    assert learnt.shape == (3, 2) and not torch.equal(learnt, torch.full((3, 2), 0.01))
    assert not any(key.startswith("model.encoder") for key in frozen)
    model, _ = networks.restore(runs["net/hadamard"])
    torch.testing.assert_close(model.encoder.network.network[0].weight.data, learnt)


def test_a_run_whose_table_lacks_stations_ends_before_training_and_says_which(project):
    places = lonlat_of(toy_cube())[:33]
    frame(places, np.zeros((33, 2))).to_csv(project / "short.csv", index=False)
    run = by_model(project, "  mine: {table: short.csv}\n", ["mine/hadamard"])["mine/hadamard"]
    with pytest.raises(MissingData, match="short.csv lacks 7 of 40 places: lon=.* and 2 more"):
        making.make(run, quiet)
    assert not store.is_stored(run.id)


def test_other_contents_are_another_run(project):
    places = lonlat_of(toy_cube())
    frame(places, np.zeros((40, 2))).to_csv(project / "mine.csv", index=False)
    entries = "  mine: {table: mine.csv}\n"
    before = by_model(project, entries, ["mine/hadamard"])
    frame(places, np.ones((40, 2))).to_csv(project / "mine.csv", index=False)
    own._declared.cache_clear()  # as a new process would start
    encoders.registry._FACTORIES.pop("mine")
    plan._fingerprint.cache_clear()
    after = by_model(project, entries, ["mine/hadamard"])
    assert before["sincos/hadamard"] == after["sincos/hadamard"]
    assert before["mine/hadamard"].id != after["mine/hadamard"].id


def test_every_process_of_the_project_knows_the_encoders_of_runs_yml(project):
    runs = by_model(project, "  waves: {python: 'foreign:waves'}\n", ["waves/hadamard"])
    (project / "below").mkdir()
    code = (
        "from pathlib import Path; from placeprior import data; from placeprior.runs import plan\n"
        "data.TASKS['toy'] = None; data.FILES['toy'] = lambda: [Path('../toy.csv')]\n"
        "print(*(run.id for run in plan.runs('tiny')))"
    )
    for threads in ("1", "2"):
        done = subprocess.run(
            [sys.executable, "-c", code],
            capture_output=True,
            text=True,
            check=True,
            cwd=project / "below",
            env={**os.environ, "OMP_NUM_THREADS": threads},
        )
        assert done.stdout.split() == [run.id for run in runs.values()]


def test_the_package_ships_no_adopted_encoder():
    content = yaml.safe_load((Path(__file__).parents[1] / "runs.yml").read_text(encoding="utf-8"))
    assert "encoders" not in content, "an encoder of one's own stays in one's own copy of runs.yml"
