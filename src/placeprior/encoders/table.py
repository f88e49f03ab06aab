"""A table of vectors that somebody else made, as an encoder: each place is looked up.

Products such as AlphaEarth or TESSERA are no functions of a place but pixels: one samples them at one's stations, and
keeps a row a place.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.spatial import cKDTree

from placeprior.coords import CONUS_BOX, arrays, check_lonlat
from placeprior.errors import CoordinateError, CubeError, MissingData, PlacePriorError

if TYPE_CHECKING:
    import pyarrow.dataset

COLUMN = re.compile(r"lon|lat|e\d+")
TOLERANCE = 1e-5  # degrees, a metre: places nearer than that are one
LISTED = 5  # missing places that a message names

Vectors = NDArray[np.float32]


def said(error: Exception) -> str:
    """A foreign error in one line."""
    return f"{type(error).__name__}: {str(error).strip().splitlines()[0] if str(error).strip() else 'no message'}"


@dataclass(frozen=True)
class Table:
    """A table as an encoder: a row a place, columns ``lon``, ``lat`` (degrees), ``e0``, ``e1``, …; others are not read.

    A place has a row if both coordinates agree within `TOLERANCE`. Of a Parquet or CSV file, ``lon`` and ``lat`` are
    read first, then the rows that are asked for: only those need to be without gaps.

    Parameters
    ----------
    name : str
        Registered name.
    source : Path, pandas.DataFrame or xarray.Dataset
        A file is Parquet, CSV or NetCDF by its suffix. The variables of a dataset share one dimension.
    """

    name: str
    source: Any
    costly = False

    def __str__(self) -> str:
        return f"table {self.source if isinstance(self.source, Path) else 'of encoder ' + repr(self.name)}"

    @property
    def dim(self) -> int:
        """How many columns ``e0``, ``e1``, … there are."""
        return len(self._columns) - 2

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 of the file, or of the numbers where there is none."""
        if isinstance(self.source, Path):
            with self._reading(), self.source.open("rb") as stream:
                return f"sha256:{hashlib.file_digest(stream, 'sha256').hexdigest()}"
        total = hashlib.sha256()
        for column in self._columns:
            total.update(column.encode() + self._numbers([column]).tobytes())
        return f"sha256:{total.hexdigest()}"

    @cached_property
    def places(self) -> NDArray[np.float64]:
        """lonlat of every row (n, 2), degrees, checked."""
        try:
            places = check_lonlat(self._numbers(self._columns[:2]))
        except CoordinateError as error:
            raise CoordinateError(f"{self} (its first row is row 0): {error}") from None
        if not len(places):
            raise CubeError(f"{self} has no rows; give it at least one place")
        west, south, east, north = CONUS_BOX
        lat, lon = places.T  # on purpose: are these places of the United States when exchanged?
        if ((lon >= west) & (lon <= east) & (lat >= south) & (lat <= north)).all():
            raise CoordinateError(
                f"{self}: every place is in Antarctica, and in the United States when exchanged; are "
                "lon and lat swapped? The order is longitude, latitude"
            )
        return places

    def __call__(self, lonlat: ArrayLike) -> Vectors:
        """Look places up: lonlat (n, 2), degrees -> (n, dim).

        Raises
        ------
        MissingData
            The table lacks some of the places, or its file is gone.
        CubeError
            A row of theirs holds something else than finite numbers, or a place has rows with different vectors.
        """
        asked, distinct = np.unique(check_lonlat(lonlat), axis=0, return_inverse=True)
        distance, row = self._tree.query(asked, p=np.inf, distance_upper_bound=TOLERANCE)
        if (missing := np.isinf(distance)).any():
            raise MissingData(self._lacks(asked[missing], len(asked)))
        alike = self._tree.query_ball_point(asked, TOLERANCE, p=np.inf)  # row, and others of the same place
        rows, where = np.unique(np.concatenate([row, *alike]).astype(np.intp), return_inverse=True)
        with np.errstate(over="ignore"):  # becomes an infinity, refused below
            vectors = self._numbers(self._columns[2:], rows).astype(np.float32)
        self._refuse(~np.isfinite(vectors).all(1), rows, "lacks finite numbers", "fill them in, or leave the place out")
        own, others = where[: len(row)], where[len(row) :]
        differs = (vectors[np.repeat(own, [len(found) for found in alike])] != vectors[others]).any(1)
        self._refuse(differs, rows[others], "is a place with another row and other numbers", "keep one of them")
        return vectors[own][distinct]

    def _lacks(self, missing: NDArray[np.float64], asked: int) -> str:
        listed = "; ".join(f"lon={lon:.6f}, lat={lat:.6f}" for lon, lat in missing[:LISTED])
        more = f" and {len(missing) - LISTED} more" if len(missing) > LISTED else ""
        nearest = self._tree.query(missing[0], p=np.inf)[0]
        return (
            f"{self} lacks {len(missing)} of {asked} places: {listed}{more}; add a row for each, coordinates to "
            f"{TOLERANCE:g} degrees (the row nearest to the first is {nearest:.2g} degrees off)"
        )

    def _refuse(self, wrong: NDArray[np.bool_], rows: NDArray[np.intp], what: str, remedy: str) -> None:
        if wrong.any():
            row = rows[wrong.argmax()]
            lon, lat = self.places[row]
            raise CubeError(f"{self}: row {row} (the first is 0), lon={lon:.10g}, lat={lat:.10g}, {what}; {remedy}")

    @cached_property
    def _tree(self) -> cKDTree:
        return cKDTree(self.places)

    @cached_property
    def _data(self) -> pyarrow.dataset.Dataset:
        with self._reading():
            return _opened(self.source)

    @cached_property
    def _columns(self) -> list[str]:
        """``lon``, ``lat``, ``e0``, …: each there once, and of numbers."""
        import pyarrow as pa

        names, schema = self._data.schema.names, self._data.schema
        last = max(sum(name.startswith("e") and bool(COLUMN.fullmatch(name)) for name in names), 1)
        columns = ["lon", "lat", *(f"e{i}" for i in range(last))]
        for name in columns:
            if name not in names:
                known = ", ".join(names[:8]) + " …" * (len(names) > 8)
                raise CubeError(
                    f"{self} has no column {name!r}; it has {known}: it needs lon, lat and the vector's "
                    "numbers as e0, e1, … without a gap"
                )
            if names.count(name) > 1:
                raise CubeError(f"{self} has column {name!r} twice; keep one")
            if not (pa.types.is_integer(kind := schema.field(name).type) or pa.types.is_floating(kind)):
                raise CubeError(f"{self}: column {name!r} holds {kind}, not numbers; convert it")
        return columns

    def _numbers(self, columns: list[str], rows: NDArray[np.intp] | None = None) -> NDArray[np.float64]:
        """The numbers of some columns, of all or some rows, ascending; a gap is NaN."""
        import pyarrow as pa

        with self._reading():
            read = self._data.to_table if rows is None else partial(self._data.take, pa.array(rows))
            return np.column_stack([column.to_numpy() for column in read(columns=columns, use_threads=False).columns])

    @contextmanager
    def _reading(self) -> Iterator[None]:
        """Name the table in every failure, and refuse a file that is no longer what it was at the first look."""
        try:
            first = self._look
            yield
            if first != _stat(self.source):
                raise CubeError(f"{self} was changed while it was in use; start again")
        except FileNotFoundError:
            raise MissingData(
                f"{self} of encoder {self.name!r} is missing; put it there, or take the models that use it out"
            ) from None
        except PlacePriorError:
            raise
        except Exception as error:  # a file of another origin can fail in any way
            raise CubeError(
                f"{self} cannot be read ({said(error).rpartition('Invalid: ')[2]}); give Parquet, CSV "
                "or NetCDF with the columns lon, lat, e0, e1, …, all numbers"
            ) from error

    @cached_property
    def _look(self) -> tuple[int, int] | None:
        return _stat(self.source)


def _stat(source: Any) -> tuple[int, int] | None:
    """When a file was changed and how long it is; None for a table in memory."""
    if not isinstance(source, Path):
        return None
    seen = source.stat()
    return seen.st_mtime_ns, seen.st_size


def _opened(source: Any) -> pyarrow.dataset.Dataset:
    """Any table as Arrow sees it; no row of a Parquet or CSV file is read yet."""
    import pandas as pd
    import pyarrow as pa
    from pyarrow import csv, dataset

    if isinstance(source, Path):
        suffix = source.suffix.lower()
        if suffix == ".parquet":
            return dataset.dataset(source, format=dataset.ParquetFileFormat(pre_buffer=False))  # a piece at a time
        if suffix == ".csv":
            names = dataset.dataset(source, format="csv").schema.names  # their types it guesses from the first rows
            numbers = {name: pa.float64() for name in names if COLUMN.fullmatch(name)}
            parser = dataset.CsvFileFormat(convert_options=csv.ConvertOptions(column_types=numbers))
            return dataset.dataset(source, format=parser)
        if suffix == ".nc":
            import xarray as xr

            with xr.open_dataset(source, decode_times=False) as opened:
                return _opened(opened.load())
        raise CubeError(f"table {source} ends in {suffix!r}; name it *.parquet, *.csv or *.nc")
    if isinstance(source, pd.DataFrame):
        kept = source.loc[:, [bool(COLUMN.fullmatch(str(name))) for name in source.columns]]
        return dataset.dataset(pa.Table.from_pandas(kept, preserve_index=False))
    names = [name for name in source.variables if COLUMN.fullmatch(str(name))]
    if any(source[name].ndim != 1 for name in names) or len({source[name].dims for name in names}) > 1:
        raise CubeError(
            f"lon, lat, e0, … of a dataset lie on {dict(source[names].sizes)}; they must share one "
            "dimension, along which a place follows another: stack them"
        )
    for name in names:
        arrays.refuse_packed(source[name], str(name))
    return dataset.dataset(pa.table({str(name): source[name].values for name in names}))
