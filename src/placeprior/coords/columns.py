"""Places among other columns: which two of a table or of an array are longitude and latitude."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from placeprior.coords import arrays
from placeprior.coords.convention import CONUS_BOX, Floats, check_lonlat, in_box
from placeprior.errors import CoordinateError


def places_in(table: Any, columns: Sequence[str | int] | None = None) -> Floats:
    """Return the places of a table's rows, checked.

    Parameters
    ----------
    table : DataFrame, xarray.Dataset or array_like
        Rows are places or station-days.
    columns : (lon, lat), optional
        Names of the two columns, or their positions from 0. If absent, a table's are found by their usual names
        (``lon``, ``longitude``, …; :func:`placeprior.coords.arrays.places`), and an array must have these two alone.

    Returns
    -------
    ndarray, shape (n, 2), float64
        Degrees.

    Raises
    ------
    CoordinateError
        No such columns, or places that :func:`check_lonlat` refuses; all of them are in the United States
        when exchanged.

    Examples
    --------
    >>> places_in([[9.5, -93.3, 44.9]], columns=(1, 2))
    array([[-93.3,  44.9]])
    """
    lonlat = check_lonlat(table if columns is None else _chosen(table, columns))
    lon, lat = lonlat.T
    if len(lonlat) and in_box(lat, lon, CONUS_BOX).all():  # exchanged on purpose
        raise CoordinateError(
            f"every one of {len(lonlat)} places is far south (the first at lon {lon[0]:g}, lat {lat[0]:g}), and in the "
            "United States when exchanged; are lon and lat swapped? The order is longitude, latitude"
        )
    return lonlat


def _chosen(table: Any, columns: Sequence[str | int]) -> Floats:
    if isinstance(columns, str) or len(columns) != 2:
        raise CoordinateError(f"columns are {columns!r}; give two, (longitude, latitude), by name or by position")
    if hasattr(table, "columns"):
        names = list(table.columns)
        at = [names[each] if isinstance(each, int) and 0 <= each < len(names) else each for each in columns]
        for name in at:
            if name not in names:
                raise CoordinateError(f"there is no column {name!r}; the table has {', '.join(map(str, names[:20]))}")
        return np.column_stack([arrays.numbers(table[name], str(name), CoordinateError) for name in at])
    whole = arrays.numbers(table, "the array", CoordinateError)
    for each in columns:
        if whole.ndim != 2 or not isinstance(each, int) or not 0 <= each < whole.shape[1]:
            raise CoordinateError(
                f"there is no column {each!r} in an array of shape {whole.shape}, whose columns have no names; give "
                "positions, such as columns=(0, 1)"
            )
    return whole[:, list(columns)]
