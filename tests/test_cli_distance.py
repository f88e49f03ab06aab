"""``placeprior distance``: its number, its JSON, and one line for every mistake."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from placeprior import cli
from placeprior.space import transport

WEST = "name,lon,lat\nLos Angeles,-118.25,34.05\nPhoenix,-112.07,33.45\nDenver,-104.99,39.74\n"
EAST = "lat,lon\n41.88,-87.63\n33.75,-84.39\n40.71,-74.01\n"


@pytest.fixture
def tables(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("west.csv").write_text(WEST)
    Path("east.csv").write_text(EAST)


def call(*words):
    return CliRunner().invoke(cli.app, ["distance", *words])


def test_kilometres_by_default(tables):
    found = json.loads(call("west.csv", "east.csv", "--json").stdout)
    assert found.pop("distance") == pytest.approx(2656.599299, abs=1e-6)
    assert found == {"unit": "km", "cost": "great circle", "n_source": 3, "n_target": 3, "solver": "emd"}
    assert "2656.6 km: 3 places to 3" in call("west.csv", "east.csv").stdout


def test_an_encoder_by_name(tables):
    found = json.loads(call("west.csv", "east.csv", "--encoder", "sincos", "--json").stdout)
    assert (found["unit"], found["cost"]) == ("1 - cosine", "sincos") and 0 < found["distance"] < 2
    assert json.loads(call("west.csv", "west.csv", "--encoder", "sincos", "--json").stdout)["distance"] == 0


def test_many_places_say_so(tables, monkeypatch):
    monkeypatch.setattr(transport, "EXACT", 2)
    monkeypatch.setattr(transport, "SMALL", 4)
    said = call("west.csv", "east.csv").stdout
    assert "standard deviation between batches" in said and "emd of 20 batches of 3" in said


@pytest.mark.parametrize(
    ("text", "words", "said"),
    [
        ("lon,lat\n", (), "no rows"),
        ("lon,latitude\n1,2\n", (), "no column 'lat'"),
        ("lon,lat\n39.7,-86.2\n", (), "swapped"),
        ("lon,lat\n1,95\n", (), "row 1"),
        ("lon,lat\n-90,40\n", ("--encoder", "sincso"), "did you mean 'sincos'"),
        ("lon,lat\n-90,40\n", ("--encoder", "GeoCLIP"), "did you mean 'geoclip'"),
        (None, (), "no such file"),
    ],
)
def test_every_mistake_is_one_line(tables, text, words, said):
    if text is not None:
        Path("bad.csv").write_text(text)
    result = call("west.csv", "bad.csv", *words)
    assert result.exit_code == 1 and not result.stdout
    assert result.stderr.startswith("error: ") and result.stderr.count("\n") == 1 and said in result.stderr
