"""The data of a figure, handed from the cell that draws it to a file beside its page, for a reader to take along."""

from __future__ import annotations

import base64
import io
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
import xarray as xr

from placeprior.errors import ConfigError
from placeprior.files.replacing import replacing

if TYPE_CHECKING:
    from nbformat import NotebookNode

#: What an output of a cell is marked with that holds data and nothing to show.
MIME = "application/vnd.placeprior.data+json"
LARGEST = 2_000_000  # bytes of a file that a page offers
FOLDER = "data"


def packed(data: pd.DataFrame | xr.Dataset) -> dict[str, str]:
    """Data as a file's ending and content, in base 64: a table as CSV to seven digits, fields as compressed NetCDF.

    Parameters
    ----------
    data : pandas.DataFrame or xarray.Dataset
        An index that only counts is left out. Fields of double precision are written in single, their coordinates as
        they are.

    Raises
    ------
    TypeError
        For anything else.
    ConfigError
        If the file would be larger than :data:`LARGEST`.
    """
    if isinstance(data, pd.DataFrame):
        counts = isinstance(data.index, pd.RangeIndex) and data.index.name is None
        ending, content = "csv", data.to_csv(index=not counts, float_format="%.7g", lineterminator="\n").encode()
    elif isinstance(data, xr.Dataset):
        ending, content = "nc", _fields(data)
    else:
        raise TypeError(f"a figure's data are a DataFrame or a Dataset, not {type(data).__name__}; convert them first")
    if len(content) > LARGEST:
        raise ConfigError(
            f"a figure's data take {len(content) / 1e6:.1f} MB, and a page offers at most {LARGEST / 1e6:.0f}; "
            "hand over what is drawn, at the precision drawn, and no more"
        )
    return {"ending": ending, "content": base64.b64encode(content).decode("ascii")}


def _fields(data: xr.Dataset) -> bytes:
    """Fields as NetCDF 4, which says when it was written nowhere: the same data are the same bytes."""
    single = {name: "float32" for name, field in data.data_vars.items() if field.dtype == "float64"}
    packing = {
        name: {"zlib": True, "complevel": 9, "shuffle": True} for name, field in data.data_vars.items() if field.dims
    }
    written = io.BytesIO()
    data.assign({name: data[name].astype(kind) for name, kind in single.items()}).to_netcdf(
        written, engine="h5netcdf", encoding=packing
    )
    return written.getvalue()


def hand(data: pd.DataFrame | xr.Dataset) -> None:
    """Hand a figure's data to the page that is being executed; outside of one they are only looked at."""
    parcel = packed(data)
    shell = sys.modules.get("IPython")  # no part of the package needs it outside of pages
    if shell and shell.get_ipython():
        shell.display.display({MIME: parcel}, raw=True)


def folder(page: Path) -> Path:
    """Where the data of an executed page lie."""
    return page.parent / FOLDER / page.stem


def take(notebook: NotebookNode, page: Path) -> list[Path]:
    """Take data out of a notebook's outputs and write them to files named as the figures are.

    Parameters
    ----------
    notebook : NotebookNode
        Executed; changed in place, and then holds no such output.
    page : Path
        Where the notebook will be written.

    Returns
    -------
    list of Path
        The files. What an earlier execution left there and this one did not is removed.

    Raises
    ------
    ConfigError
        If a cell hands over data and its figure has no name, or more than once.
    """
    written = []
    for cell in notebook.cells:
        parcels = [output["data"][MIME] for output in cell.get("outputs", []) if MIME in output.get("data", {})]
        if not parcels:
            continue
        name = cell.metadata.get("mystnb", {}).get("figure", {}).get("name")
        if not name or len(parcels) > 1:
            raise ConfigError(
                f"page {page.stem!r}: a cell hands over data {len(parcels)} times for a figure called {name!r}; one "
                f"figure a cell, with a name in its mystnb metadata: {cell.source[:60]!r}"
            )
        cell.outputs = [output for output in cell.outputs if MIME not in output.get("data", {})]
        target = folder(page) / f"{name}.{parcels[0]['ending']}"
        target.parent.mkdir(parents=True, exist_ok=True)
        with replacing(target) as aside:
            aside.write_bytes(base64.b64decode(parcels[0]["content"]))
        written.append(target)
    for left in folder(page).glob("*"):
        if left not in written:
            left.unlink()
    return written
