"""What an array says besides its numbers: masks, labels, gradients.

NumPy drops all three without a word when it is asked for plain numbers. Here, in one place, they are read: masked and
absent values are NaN, a tensor is taken without its gradient, and labels (a table's columns, an xarray's dimensions,
an index) decide which number is which, or are refused. Plain arrays are taken by position, as documented.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from placeprior.errors import CoordinateError, CubeError, PlacePriorError

if TYPE_CHECKING:
    import pandas as pd

Floats = NDArray[np.float64]
LON, LAT = {"lon", "long", "longitude", "lng", "x"}, {"lat", "latitude", "y"}  # in any case, blanks around them aside
DAYS = {"time", "date", "day"}
PLACES = {"station", "place"}
PACKED = ("_FillValue", "missing_value", "scale_factor", "add_offset")  # attributes that decoding takes away
Error = type[PlacePriorError]


def numbers(values: Any, what: str, error: Error = CubeError) -> Floats:
    """Return any array-like as plain float64, by position; masked and absent values are NaN.

    Parameters
    ----------
    values : array_like
        Array, masked array, tensor, Series, DataArray, or a list of such or of numbers.
    what : str
        Names it in messages.
    error : exception class
        What to raise.

    Returns
    -------
    ndarray of float64
        A new array of the same shape.
    """
    refuse_packed(values, what, error)
    try:
        array = _bare(values)
        if array.dtype.kind in "cmMV":  # conversion would drop the imaginary part, or count nanoseconds
            raise TypeError(f"{array.dtype} is no type of numbers")
        return np.array(array, dtype=np.float64, order="C")  # in one order, so that sums are rounded alike
    except (TypeError, ValueError, RuntimeError, AttributeError) as found:
        why = (str(found).splitlines() or [type(found).__name__])[0]
        raise error(f"{what} holds more than numbers ({why}); give numbers, NaN where unknown") from None


def refuse_packed(values: Any, what: str, error: Error = CubeError) -> None:
    """Refuse an xarray variable whose numbers were never decoded: its missing values are numbers, others are scaled."""
    if _is(values, "xarray", "DataArray") and (left := [key for key in PACKED if key in values.attrs]):
        raise error(
            f"{what} has the attribute {left[0]} (= {values.attrs[left[0]]}): its values are as a file packs them; "
            "decode them first (xarray.decode_cf), or take the attribute away where it no longer holds"
        )


def flags(values: Any, what: str, error: Error = CubeError) -> NDArray[np.bool_]:
    """Return true-or-false values as a plain bool array; one that is masked or neither is refused."""
    found = numbers(values, what, error)
    if not np.isin(found, (0, 1)).all():
        odd = found[~np.isin(found, (0, 1))][0]
        raise error(f"{what} holds {'a missing value' if np.isnan(odd) else f'{odd:g}'}; give true or false everywhere")
    return found.astype(bool)


def places(lonlat: Any) -> Floats:
    """Return longitude and latitude, shape (n, 2), of an array or of anything with labels; not yet checked.

    Labelled input is read by its labels, in whatever order they come: a table or dataset with one column of longitudes
    and one of latitudes (others are not read), a record array, a DataArray whose labels or dimension name them.

    Raises
    ------
    CoordinateError
        Labels that do not say which is which; something else than numbers.
    """

    def error(what: str) -> CoordinateError:
        return CoordinateError(f"lonlat {what}; give columns named lon and lat, or a plain array (longitude, latitude)")

    def labelled(names: Sequence[Any], column: Any) -> Floats:
        east, north = _axis(names, error)
        found = [numbers(column(at), "lonlat", CoordinateError) for at in (east, north)]
        if found[0].shape != found[1].shape or found[0].ndim != 1:
            raise error(f"has longitudes of shape {found[0].shape} and latitudes of shape {found[1].shape}")
        return np.column_stack(found)

    if isinstance(lonlat, Mapping) and not _is(lonlat, "xarray", "Dataset"):
        names = list(lonlat)
        return labelled(names, lambda at: lonlat[names[at]])
    if _is(lonlat, "xarray", "Dataset"):
        names = list(lonlat.variables)
        dims = [lonlat[names[at]].dims for at in _axis(names, error)]
        if dims[0] != dims[1]:
            raise error(
                f"has longitudes on {dims[0]} and latitudes on {dims[1]}, a grid and no list of places: stack it"
            )
        return labelled(names, lambda at: lonlat[names[at]])
    if _is(lonlat, "xarray", "DataArray"):
        return _of_dataarray(lonlat, error)
    columns = getattr(lonlat, "column_names", getattr(lonlat, "columns", None))  # Arrow, pandas, Polars
    if columns is not None:
        names = list(columns)
        if names == [0, 1]:  # pandas' numbers for columns without names
            return numbers(lonlat, "lonlat", CoordinateError)
        read = lonlat.iloc.__getitem__ if hasattr(lonlat, "iloc") else lambda at: lonlat[at[1]]
        return labelled(names, lambda at: read((slice(None), at)))
    if fields := getattr(getattr(lonlat, "dtype", None), "names", None):
        return labelled(fields, lambda at: lonlat[fields[at]])
    if isinstance(lonlat, (list, tuple)) and lonlat and len({_fields(row) for row in lonlat}) > 1:
        raise error("has rows that are labelled differently")
    if isinstance(lonlat, (list, tuple)) and lonlat and (fields := _fields(lonlat[0])):
        if isinstance(lonlat[0], Mapping):
            return labelled(fields, lambda at: [row[fields[at]] for row in lonlat])
        return labelled(fields, lambda at: [np.asarray(row)[at] for row in lonlat])
    return numbers(lonlat, "lonlat", CoordinateError)


def by_day(values: Any, what: str, error: Error = CubeError) -> Floats:
    """Return values on (station, time) as float64, by names of dimensions or a table's dates where there are any."""
    return numbers(_upright(values), what, error)


def flags_by_day(values: Any, what: str, error: Error = CubeError) -> NDArray[np.bool_]:
    """Return true-or-false values on (station, time), as :func:`by_day` does."""
    return flags(_upright(values), what, error)


def labels(values: Any) -> pd.Index | None:
    """Return the labels of the rows (stations), or None where they have none that mean anything."""
    values = _upright(values)
    if _is(values, "xarray", "DataArray"):
        return values.indexes.get(values.dims[0]) if values.dims else None
    if _is(values, "xarray", "Dataset"):
        dims = {values[name].dims for name in values.variables if str(name).strip().lower() in LON}
        return values.indexes.get(next(iter(dims))[0]) if len(dims) == 1 and next(iter(dims)) else None
    return getattr(values, "index", None) if hasattr(values, "iloc") else None


def days(values: Any) -> pd.Index | None:
    """Return the labels of the second dimension (days), or None where there are none."""
    values = _upright(values)
    if _is(values, "xarray", "DataArray"):
        return values.indexes.get(values.dims[1]) if values.ndim > 1 else None
    return getattr(values, "columns", None) if hasattr(values, "iloc") else None


def order(own: pd.Index | None, reference: pd.Index | None, what: str, error: Error = CubeError) -> Any:
    """Return how to take rows so that they stand in the order of the reference's labels: an index, or everything.

    Raises
    ------
    error
        Both are labelled, and not with the same labels.
    """
    if own is None or reference is None or own.equals(reference):
        return slice(None)
    if own.is_unique and reference.is_unique and len(own) == len(reference) and own.isin(reference).all():
        return own.get_indexer(reference)
    if _counts(own) or _counts(reference):  # numbers of rows are no names: by position
        return slice(None)
    stray = own[~own.isin(reference)]
    which = f", such as {stray[0]!r}" if len(stray) else ""
    raise error(f"{what} is labelled otherwise than the places{which}; bring both into one order, or give plain arrays")


def _counts(index: pd.Index) -> bool:
    return np.array_equal(index, np.arange(len(index)))


def _is(values: Any, library: str, kind: str) -> bool:
    """Whether an object is of a class of a library that need not have been imported."""
    found = getattr(sys.modules.get(library), kind, None)
    return found is not None and isinstance(values, found)


def _bare(values: Any) -> NDArray[Any]:
    if hasattr(values, "detach"):  # a tensor
        values = values.detach().cpu()
        values = values.double() if values.is_floating_point() else values
        return values.resolve_conj().resolve_neg().numpy()
    if isinstance(values, np.ma.MaskedArray):
        if values.dtype.kind in "cmMV":
            return values.data
        return values.astype(np.float64).filled(np.nan)
    if isinstance(values, (list, tuple)) and any(_odd(value) for value in values):
        return np.array([_bare(value) for value in values])
    if hasattr(values, "iloc") and not _is(values, "xarray", "DataArray"):  # pandas
        kinds = values.dtypes if hasattr(values, "columns") else [values.dtype]
        if any(getattr(kind, "kind", "O") in "cmM" or "Period" in type(kind).__name__ for kind in kinds):
            raise TypeError(f"{list(map(str, kinds))} are no types of numbers")
        return values.to_numpy(dtype=np.float64, na_value=np.nan)
    array = np.asarray(values)
    if array.dtype.kind == "O" and (pandas := sys.modules.get("pandas")):
        return np.where(pandas.isna(array), np.nan, array)
    return array


def _odd(value: Any) -> bool:
    """Whether an entry of a list needs more than NumPy to be read."""
    if isinstance(value, (list, tuple)):
        return any(_odd(one) for one in value)
    return isinstance(value, np.ma.MaskedArray) or hasattr(value, "detach") or hasattr(value, "iloc")


def _upright(values: Any) -> Any:
    """Values on (station, time), turned where labels say that they are on (time, station)."""
    if _is(values, "xarray", "DataArray") and values.ndim == 2:
        first, second = (str(dim).strip().lower() for dim in values.dims)
        return values.T if first in DAYS or second in PLACES else values
    if hasattr(values, "iloc") and hasattr(values, "columns"):
        kinds = [
            getattr(axis.dtype, "kind", "O") == "M" or "Period" in type(axis.dtype).__name__
            for axis in (values.index, values.columns)
        ]
        return values.T if kinds == [True, False] else values
    return values


def _fields(row: Any) -> tuple[Any, ...] | None:
    """The names in one row of a list of records."""
    if isinstance(row, Mapping):
        return tuple(row)
    if hasattr(row, "iloc"):
        return None if _counts(row.index) else tuple(row.index)
    return getattr(row, "_fields", None)


def _axis(names: Sequence[Any], error: Any) -> tuple[int, int]:
    """Which label is the longitude's, which the latitude's."""
    plain = [str(name).strip().lower() for name in names]
    found = [[at for at, name in enumerate(plain) if name in known] for known in (LON, LAT)]
    if len(found[0]) != 1 or len(found[1]) != 1:
        raise error(
            f"is labelled {', '.join(map(str, names[:8]))}, which does not say once which is the longitude and "
            "which the latitude"
        )
    return found[0][0], found[1][0]


def _of_dataarray(values: Any, error: Any) -> Floats:
    if values.ndim != 2:
        return numbers(values, "lonlat", CoordinateError)
    for dim in values.dims:
        own = values.indexes.get(dim)
        if own is not None and {str(name).strip().lower() for name in own} & (LON | LAT):
            east, north = _axis(list(own), error)
            return np.column_stack([numbers(values.isel({dim: at}), "lonlat", CoordinateError) for at in (east, north)])
    for dim, own in values.indexes.items():
        if values.sizes[dim] == 2 and not _counts(own) and values.dims.index(dim) == 1:
            raise error(f"has the labels {own[0]!r} and {own[1]!r} along {dim}")
    names = [str(dim).strip().lower().replace("_", "").replace("-", "") for dim in values.dims]
    for turned, known in ((False, {"lonlat", "xy"}), (True, {"latlon", "yx"})):
        for at, name in enumerate(names):
            if name in known:
                plain = numbers(values.T if at == 0 else values, "lonlat", CoordinateError)
                return plain[:, ::-1].copy() if turned else plain
    if values.shape == (2, 2) and set(names) & PLACES != {names[0]}:
        raise error(f"has two rows and two columns, on {', '.join(map(str, values.dims))}")
    if set(names) & PLACES == {names[1]}:
        values = values.T
    return numbers(values, "lonlat", CoordinateError)
