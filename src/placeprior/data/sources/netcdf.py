"""Yearly netCDF-4 files of one daily variable: what can be wrong is named, and no more is read than asked.

gridMET and Daymet both come this way: a variable and a year to a file, days along the first dimension.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from placeprior.coords import wrapped
from placeprior.data.sources.align import EVEN, LONLAT
from placeprior.data.sources.records import is_web_page
from placeprior.errors import SourceError, apart

if TYPE_CHECKING:
    import xarray as xr

    from placeprior.data.sources.source import Period, Region, Source

#: What h5py, h5netcdf and xarray raise for files that are damaged or made otherwise.
DAMAGED = (OSError, ValueError, KeyError, RuntimeError, TypeError, AttributeError, IndexError)
PACKING = ("scale_factor", "add_offset", "_FillValue", "missing_value", "_Unsigned")  # netCDF user guide, appendix A
SAMPLE = 64  # rows of one day that are looked at when a file arrives


@dataclass(frozen=True)
class Layout:
    """What the files of a source have in common.

    Parameters
    ----------
    day, y, x : str
        Names of the dimensions.
    crs : str
        Coordinate system of the grid, for pyproj.
    step : float
        Distance of cell centres, in its units.
    shape : (int, int)
        Rows and columns of the whole grid; no file may have more.
    """

    day: str
    y: str
    x: str
    crs: str
    step: float
    shape: tuple[int, int]


@contextmanager
def refusing(source: Source, path: Path) -> Iterator[None]:
    """Say of any error from within that this file is damaged."""
    try:
        yield
    except DAMAGED as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0][:150]
        raise SourceError(
            f"{source.name}: {path.name} cannot be read as netCDF-4 ({reason}); remove it and fetch again"
        ) from error


def opened(source: Source, path: Path, variable: str, layout: Layout, year: int) -> xr.DataArray:
    """Open a variable without reading it; :func:`unpacked` makes its numbers what they mean.

    Parameters
    ----------
    source : Source
        Named in errors.
    path : Path
    variable : str
        Its name inside.
    layout : Layout
    year : int
        That all its days must be of.

    Returns
    -------
    xarray.DataArray
        On (time, y, x), packed as in the file, whole days. ``attrs["file"]`` has the file's attributes,
        ``attrs["block"]`` the days to a chunk on disk.

    Raises
    ------
    SourceError
    """
    import xarray as xr

    if not path.is_file():
        raise SourceError(f"{source.name}: {path.name} is not in {path.parent}; fetch it first")
    if is_web_page(path):
        raise SourceError(
            f"{source.name}: {path.name} is a web page, not data: the provider is down or asks for a "
            "login; start again later"
        )
    with refusing(source, path):
        # The whole decoded coordinates (lat, lon of every cell) and bounds of days are never needed.
        unused = {"crs", "lambert_conformal_conic", "time_bnds", "yearday"} | {"lat", "lon"} - {layout.y, layout.x}
        file = xr.open_dataset(path, engine="h5netcdf", cache=False, drop_variables=unused, mask_and_scale=False)
    try:
        with refusing(source, path):
            return _as_documented(source, path, file, variable, layout, year)
    except BaseException:
        file.close()
        raise


def _as_documented(
    source: Source, path: Path, file: xr.Dataset, variable: str, layout: Layout, year: int
) -> xr.DataArray:
    def refuse(what: str) -> SourceError:
        return SourceError(
            f"{source.name}: {path.name} {what}; remove it and fetch again, and if it stays so, its "
            f"layout has changed: see {source.homepage}"
        )

    if variable not in file.data_vars:
        raise refuse(f"has no variable {variable!r} (it has {', '.join(map(str, file.data_vars)) or 'none'})")
    array, names = file[variable], {layout.day: "time", layout.y: "y", layout.x: "x"}
    if set(array.dims) != set(names) or not set(names) <= set(file.coords) or not array.size:
        raise refuse(f"has {variable} on {dict(array.sizes)}, expected {', '.join(names)} with their coordinates")
    array = array.drop_vars([name for name in array.coords if name not in names]).rename(names)
    if layout.crs == LONLAT:
        array = array.assign_coords(x=wrapped(array["x"].values))
    if any(array.sizes[name] > most for name, most in zip(("y", "x"), layout.shape, strict=True)):
        raise refuse(
            f"is larger ({array.sizes['y']} x {array.sizes['x']}) than the grid ({layout.shape[0]} x {layout.shape[1]})"
        )
    for name in ("y", "x"):
        steps = np.abs(np.diff(array[name].values.astype(np.float64)))
        if len(steps) and not np.abs(steps / layout.step - 1).max() <= EVEN:
            low, high, step = apart(steps.min(), steps.max(), layout.step)
            raise refuse(f"has cells {low} to {high} apart along {name}, not {step}")
    if array["time"].dtype.kind != "M":
        raise refuse(f"has no dates along {layout.day}")
    days = array["time"].values.astype("datetime64[D]")
    inside = days.astype("datetime64[Y]") == np.datetime64(f"{year}", "Y")
    if not inside.all():
        raise refuse(f"holds {days[~inside][0]}, a day that is not of {year}")
    order = np.diff(days) > np.timedelta64(0)
    if not order.all():
        raise refuse(f"has {days[1:][~order][0]} twice or out of order")
    # Older files of gridMET have (day, lon, lat): dimensions go by name.
    array = array.transpose("time", "y", "x").assign_coords(time=days.astype("datetime64[ns]"))
    block = (file[variable].encoding.get("preferred_chunks") or {}).get(layout.day, 1)
    array = array.assign_attrs(file=dict(file.attrs), block=block)
    array.set_close(file.close)
    return array


def unpacked(array: xr.DataArray) -> xr.DataArray:
    """Scale, offset and fill value applied, as float32; lazy where the array is."""
    import xarray as xr

    packed = array.drop_attrs().assign_attrs({name: array.attrs[name] for name in PACKING if name in array.attrs})
    return xr.decode_cf(packed.to_dataset(name="packed"), decode_times=False, decode_coords=False)["packed"].astype(
        np.float32
    )


def checked(
    source: Source, path: Path, variable: str, layout: Layout, year: int, days: int, limits: tuple[float, float]
) -> None:
    """Refuse a file that is not as documented, has fewer days than it must have, or values that cannot be.

    Raises
    ------
    SourceError
    """
    array = opened(source, path, variable, layout, year)
    try:
        if array.sizes["time"] < days:
            raise SourceError(
                f"{source.name}: {path.name} has {array.sizes['time']} days of {year}, expected {days}; "
                "the provider's file is not complete: start again later"
            )
        middle = array.sizes["y"] // 2
        with refusing(source, path):
            sample = array.isel(time=array.sizes["time"] // 2, y=slice(max(0, middle - SAMPLE // 2), middle + SAMPLE))
            values = unpacked(sample).values
        values = values[np.isfinite(values)]
        if values.size and not limits[0] <= values.min() <= values.max() <= limits[1]:
            low, high, least, most = apart(values.min(), values.max(), *limits)
            raise SourceError(
                f"{source.name}: {path.name} has {variable} from {low} to {high}, "
                f"which cannot be (expected {least} to {most}); remove it and fetch again, "
                f"and if it stays so, its units have changed: see {source.homepage}"
            )
    finally:
        array.close()


def daily(
    source: Source,
    path: Callable[[int], Path],
    variable: str,
    layout: Layout,
    period: Period,
    region: Region,
    like: xr.DataArray | None = None,
) -> xr.DataArray:
    """Every day of a period in a box, of as many yearly files as it takes, as a dask array of one chunk a day.

    Parameters
    ----------
    source : Source
    path : callable
        Where the file of a year lies.
    variable, layout
        See :func:`opened`.
    period, region
        Cells at the edge of the region are included, and one more on each side.
    like : xarray.DataArray, optional
        What was read of another variable: its cells are taken. Coordinates of one grid may differ by rounding, up to
        :data:`EVEN` of a cell; those of the first file are used.

    Returns
    -------
    xarray.DataArray
        float32 on (time, y, x); NaN for days that a file does not have.

    Raises
    ------
    SourceError
        A file is missing, damaged, or on another grid than the first; it is named.
    """
    import pyproj
    import xarray as xr

    box = region
    if layout.crs != LONLAT:
        box = pyproj.Transformer.from_crs(LONLAT, layout.crs, always_xy=True).transform_bounds(*region, densify_pts=51)
    first, last = np.datetime64(period.first), np.datetime64(period.last)
    parts, provisional = [], 0
    for year in period.years:
        array = opened(source, path(year), variable, layout, year)
        if like is None:
            picked = {
                "x": _within(array["x"].values, box[0], box[2], layout.step),
                "y": _within(array["y"].values, box[1], box[3], layout.step),
            }
            if not all(picked.values()):
                raise SourceError(
                    f"{source.name}: {path(year).name} has no cell in {tuple(region)}; choose another region"
                )
        else:
            picked = {axis: _same(array[axis].values, like[axis].values, layout.step) for axis in ("x", "y")}
            if not all(picked.values()):
                raise SourceError(
                    f"{source.name}: {path(year).name} is not on the grid of the files read before it "
                    f"(cells of {layout.step:g}, which may be off by {EVEN:g} of one); remove that file "
                    "and fetch it again, and if it stays so, remove all of the source's files"
                )
            array = array.isel(picked).assign_coords(x=like["x"].values, y=like["y"].values)
            picked = {}
        days = array["time"].values
        picked["time"] = slice(np.searchsorted(days, first), np.searchsorted(days, last, side="right"))
        # On disk, chunks may be of many days (61 in gridMET's): each is read once, packed, and only then cut into days.
        start, stop = picked["time"].start, picked["time"].stop
        edges = np.unique(np.r_[start, np.arange(0, len(days), array.attrs["block"]), stop].clip(start, stop))
        blocks = tuple(np.diff(edges).tolist()) or (0,)
        array = array.isel(picked).chunk({"time": blocks, "y": -1, "x": -1})
        with refusing(source, path(year)):
            parts.append(unpacked(array.chunk({"time": 1})))
            permanent = int(array.attrs["file"].get("last_permanent_slice", len(days)))
        like = parts[0] if like is None else like
        provisional += max(0, stop - max(permanent, start))
    whole = xr.concat(parts, "time", coords="minimal", compat="override", join="override")
    whole = whole.reindex(time=period.days).chunk({"time": 1, "y": -1, "x": -1})
    return whole.drop_attrs().assign_attrs(provisional_days=provisional)


def _within(centres: np.ndarray, low: float, high: float, step: float) -> slice | None:
    """The centres from one step before ``low`` to one step after ``high``."""
    keep = np.flatnonzero((centres >= low - step) & (centres <= high + step))
    return slice(int(keep[0]), int(keep[-1]) + 1) if len(keep) else None


def _same(centres: np.ndarray, wanted: np.ndarray, step: float) -> slice | None:
    """Where in a file's centres those of another are, within :data:`EVEN` of a cell; None where they are not."""
    first = int(np.abs(centres - wanted[0]).argmin())
    found = centres[first : first + len(wanted)]
    near = len(found) == len(wanted) and np.abs(found - wanted).max() <= EVEN * step
    return slice(first, first + len(wanted)) if near else None


def dataset(source: Source, data: dict[str, xr.DataArray], layout: Layout, provisional: int = 0) -> xr.Dataset:
    """The variables with the units and names that the source states."""
    import xarray as xr

    found = xr.Dataset(
        {
            name: array.astype(np.float32)
            .drop_attrs(deep=False)
            .assign_attrs(units=source.provides[name][0], long_name=source.provides[name][1])
            for name, array in data.items()
        }
    )
    about = {"title": source.title, "crs": layout.crs, "licence": source.licence, "source": source.citation}
    # Without the files' packing, which would else pack what is derived from them when it is written.
    return found.drop_encoding().assign_attrs(about | ({"provisional_days": provisional} if provisional else {}))
