"""What the page on artefacts says and draws, from made-up evidence."""

import matplotlib

matplotlib.use("Agg")

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from placeprior import coords, evidence
from placeprior.arms import with_arm
from placeprior.book import fine_structure
from placeprior.errors import StoreError
from placeprior.evidence import artefacts, national_maps

ARMS = {"truth": "-", "none": "-", "geoclip": "hadamard"}


pytestmark = pytest.mark.usefixtures("styled")


def maps(embedded=True):
    """Two land cells on one day, three maps a source, the arm's a tenth more local than the truth's."""
    rows, table = [], []
    lon, lat = coords.grid(national_maps.RESOLUTION)
    for number, (variant, fusion) in enumerate(ARMS.items()):
        key = {"task": "world", "variant": variant, "fusion": fusion}
        source = variant if fusion == "-" else f"{variant}-{fusion}"
        place = {"kind": "clean", "day": pd.Timestamp("2021-02-03"), "lat": lat[40]}
        rows += [key | place | {"lon": lon[100 + i], "estimate": 1.0 + number + i} for i in (0, 1)]
        own = [("map", day, 0.3 + 0.1 * number + 0.01 * day * number, 1) for day in range(3)]
        own += [("share", 200.0, 0.3 + 0.1 * number, 3), ("amplitude", 200.0, 1.0 + number, 3)]
        own += [("spectrum", 400.0, 9.0, 3), ("spectrum", 100.0, 1.0, 3)]
        own += [(what, np.nan, 0.5, 9) for what in ("energy", "energy|people") if variant != "none"]
        own += [("decile", x, x / 10, 5) for x in (1.0, 30.0) if variant == "geoclip"]
        for what, x, value, n in own:
            table.append(
                key
                | {
                    "source": source,
                    "what": what,
                    "x": x,
                    "value": value,
                    "low": value - 0.1,
                    "high": value + 0.1,
                    "n": n,
                }
            )
    return fine_structure.Maps("tiny", embedded, with_arm(pd.DataFrame(rows)), pd.DataFrame(table))


def test_maps_are_listed_and_named():
    own = maps()
    assert (own.title, own.heading, own.kinds) == ("embedded world", "Embedded world", ["clean"])
    assert own.arms == ["none", "geoclip-hadamard"] and own.sources == ["truth", *own.arms]
    assert list(own.layers("clean")) == ["truth", "no location", "GeoCLIP, Hadamard"]
    (row,) = fine_structure.days([own]).itertuples(index=False)
    assert row[:4] == ("embedded world", "clean day", "03 February 2021", "1.5, 2.0")
    assert row[4:] == ("2.5 to 3.5", "3.0 to 4.0")


def test_only_real_measurements_may_lack_maps(monkeypatch):
    def missing(profile, name):
        raise StoreError("does not exist")

    monkeypatch.setattr(evidence, "read", missing)
    none = fine_structure.load("far", embedded=False)
    assert none.kinds == none.arms == none.sources == []
    with pytest.raises(StoreError):
        fine_structure.load("tiny", embedded=True)
    assert fine_structure.draw_day(none, "clean") == "real measurements · profile far · n = 0 maps"
    assert "n = 0 maps" in fine_structure.draw_fine(none, "clean")


def test_shares_are_set_against_no_location_and_the_truth():
    table = fine_structure.shares([maps()]).set_index("arm")
    assert table.loc["truth"].tolist()[1:] == ["30.0 (20.0 to 40.0)", "1.00", "–", "–"]
    assert table.loc["no location", "minus no location [points]"] == "–"
    assert table.loc["GeoCLIP, Hadamard", "minus truth [points]"].startswith("**+22.0** (+")


def test_relations_are_bold_where_their_interval_excludes_zero():
    table = fine_structure.relations([maps()], "energy")
    assert table["arm"].tolist() == ["truth (no difference)", "GeoCLIP, Hadamard"]
    assert set(table["people held fixed"]) == {"**+0.50** (+0.40 to +0.60)"}
    assert fine_structure.correlation({"value": -0.1, "low": -0.3, "high": 0.1}) == "−0.10 (−0.30 to +0.10)"


@pytest.mark.parametrize(
    ("lows", "words"),
    [([-1, -1], "2 intervals over stations, 0 exclude"), ([1, -1], "1 excludes"), ([1, 1], "2 exclude")],
)
def test_luck_counts_what_excludes_zero(lows, words):
    assert words in fine_structure.luck(pd.DataFrame({"low": lows, "high": [2, 2]}))


def test_the_fine_part_of_a_flat_map_is_nothing():
    lon, lat = coords.grid(2.0)
    flat = xr.DataArray(np.ones((len(lat), len(lon))), dims=("y", "x"), coords={"lon": ("x", lon), "lat": ("y", lat)})
    assert np.abs(fine_structure.fine_parts({"flat": flat})["flat"]).max() < 1e-9


def test_panels_have_an_axis_a_task_and_name_every_arm(monkeypatch):
    both = [maps(), maps(embedded=False)]
    for draw, named in ((fine_structure.draw_spectra, 3), (fine_structure.draw_classes, 1)):
        fig = draw(both)
        assert [ax.get_title(loc="left") for ax in fig.axes] == ["embedded world", "real measurements"]
        assert len(fig.legends[0].get_texts()) == named
    monkeypatch.setattr(artefacts, "photo_density", lambda lonlat: np.arange(len(lonlat)) + 1.0)
    found = pd.DataFrame({"lon": -100.0, "lat": 40.0, "difference": np.linspace(-1, 1, 9)})
    assert len(fine_structure.draw_stations({"one": found, "two": found}, "none").axes) == 2


def test_the_encoders_spectrum_has_a_line_a_scale():
    rows = [{"source": source, "x": x, "value": 1 / x} for source in fine_structure.SCALES for x in (50.0, 1000.0)]
    fig = fine_structure.draw_encoder(pd.DataFrame(rows))
    assert [text.get_text() for text in fig.axes[0].get_legend().get_texts()] == [
        "all three added",
        "σ = 1",
        "σ = 16",
        "σ = 256",
    ]
