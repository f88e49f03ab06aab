"""Data of figures on their way from a cell to a file."""

import base64
import io

import nbformat
import numpy as np
import pandas as pd
import pytest
import xarray as xr

from placeprior.book import figures, handing
from placeprior.errors import ConfigError

TABLE = pd.DataFrame({"arm": ["a", "b"], "r2": [0.5, np.nan]})


def notebook(*parcels, name="fig-one"):
    outputs = [nbformat.v4.new_output("display_data", {handing.MIME: parcel}) for parcel in parcels]
    outputs.append(nbformat.v4.new_output("display_data", {"image/svg+xml": "<svg/>"}))
    metadata = {"mystnb": {"figure": {"name": name}}} if name else {}
    return nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("draw()", outputs=outputs, metadata=metadata)])


def test_a_table_is_a_file_named_as_its_figure_and_the_notebook_holds_it_no_more(tmp_path):
    book = notebook(handing.packed(TABLE))
    (path,) = handing.take(book, tmp_path / "page.ipynb")
    assert path == tmp_path / "data" / "page" / "fig-one.csv"
    pd.testing.assert_frame_equal(pd.read_csv(path), TABLE)
    assert [list(output.data) for output in book.cells[0].outputs] == [["image/svg+xml"]]


def test_what_an_index_names_is_in_the_file():
    text = base64.b64decode(handing.packed(TABLE.set_index("arm"))["content"]).decode()
    assert text.splitlines() == ["arm,r2", "a,0.5", "b,"]


def read(parcel):
    """Fields as whoever takes them along reads them."""
    return xr.load_dataset(io.BytesIO(base64.b64decode(parcel["content"])), engine="h5netcdf")


def test_fields_are_the_same_bytes_each_time():
    field = xr.Dataset({"pm25": (("y", "x"), np.eye(3, dtype="float32"), {"units": "µg m-3"})})
    first, second = handing.packed(field), handing.packed(field)
    assert first == second and first["ending"] == "nc"
    xr.testing.assert_identical(read(first), field)


def test_fields_are_small_and_their_coordinates_exact():
    lon = np.linspace(-125, -66, 200)
    waves = np.sin(lon / 3) + 0 * lon[:, None]
    field = xr.Dataset(
        {"waves": (("y", "x"), waves, {"units": "1"}), "known": (("y", "x"), waves > 0)},
        coords={"x": lon, "y": lon, "time": np.datetime64("2021-08-25", "ns")},
    )
    parcel = handing.packed(field)
    assert len(base64.b64decode(parcel["content"])) < 4 * waves.size / 2
    taken = read(parcel)
    assert taken.waves.dtype == "float32" and taken.waves.attrs["units"] == "1"
    np.testing.assert_allclose(taken.waves, waves, rtol=1e-6, atol=1e-7)
    for name in ("x", "y", "time", "known"):
        np.testing.assert_array_equal(taken[name], field[name])


def test_what_an_earlier_execution_left_goes(tmp_path):
    handing.take(notebook(handing.packed(TABLE)), tmp_path / "page.ipynb")
    assert handing.take(notebook(), tmp_path / "page.ipynb") == []
    assert not list((tmp_path / "data" / "page").iterdir())


@pytest.mark.parametrize("book", [notebook(handing.packed(TABLE), name=None), notebook(*[handing.packed(TABLE)] * 2)])
def test_data_without_one_named_figure_are_refused(tmp_path, book):
    with pytest.raises(ConfigError, match="one figure a cell, with a name"):
        handing.take(book, tmp_path / "page.ipynb")


def test_what_is_no_table_and_too_much_are_refused():
    with pytest.raises(TypeError, match="not dict"):
        handing.packed({})
    with pytest.raises(ConfigError, match="at most 2"):
        handing.packed(pd.DataFrame({"x": np.random.default_rng(0).random(300_000)}))


def test_outside_of_a_page_a_figure_keeps_its_data_to_itself(capsys):
    fig, _ = figures.subplots()
    figures.label(fig, "demo", embedded=True, data=TABLE)
    with pytest.raises(TypeError, match="not list"):
        figures.label(fig, "demo", embedded=True, data=[1])
    assert capsys.readouterr().out == ""
