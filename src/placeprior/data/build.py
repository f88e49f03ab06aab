"""From fetched files to cubes: every variable at every monitor, or on every cell of a national grid.

A cube is made in parts, one a source and month, each kept when it is whole; what was interrupted goes on from there
and ends in the same bytes. The finished cube appears under its name at once (``stations-2021.zarr``,
``grid-2021-08.zarr``).
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from placeprior import coords
from placeprior.data import calendar, pieces
from placeprior.data.cube import check_cube, place_on
from placeprior.data.sources import Period, Region, Source, chosen
from placeprior.data.sources.align import at_places
from placeprior.data.sources.records import recorded
from placeprior.errors import ConfigError, CubeError, SourceError, StoreError

VERSION = 2  # raise when a change of the code changes a cube
MONITORS = "aqs"
GAPS = ("aod_047", "aod_055")  # filled fold by fold (placeprior.data.gapfill), never here
STATION_CHUNKS = {"station": 256, "time": 366}  # a run reads everything
GRID_CHUNKS = {"time": 31, "y": 128, "x": 128}  # a map reads weeks of some cells
RESOLUTION = 0.05  # degrees

Say = Callable[[str], Any]


def at_monitors(
    period: Period, region: Region, names: Sequence[str], cache: Path, folder: Path, say: Say = print
) -> Path:
    """Build the cube of the monitors: PM2.5 and every predictor on (station, time).

    Parameters
    ----------
    period, region
        As fetched.
    names : sequence of str
        Sources; the monitors' own must be among them.
    cache : Path
        Where they were fetched to.
    folder : Path
        Gets ``stations-<period>.zarr`` (with the region in its name where it is not the whole country).
    say : callable
        Receives a line a part.

    Returns
    -------
    Path
        The cube; one that is already there and was made from the same files is left as it is.

    Raises
    ------
    SourceError
        A file is missing or damaged.
    """
    if MONITORS not in names:
        raise ConfigError(f"a station cube needs the source {MONITORS!r}; add it to --sources")
    sources = chosen(list(names))
    monitors = next(s for s in sources if s.name == MONITORS).read(cache / MONITORS, period, region)
    lonlat = np.column_stack([monitors["lon"], monitors["lat"]])
    out = folder / f"stations-{_label(period, region)}.zarr"

    def finish(parts: dict[str, xr.DataArray], told: dict[str, dict[str, Any]]) -> xr.Dataset:
        cube = place_on(monitors["station"].values, *lonlat.T, period.days.to_numpy())
        cube = cube.assign({name: array.transpose("station", "time") for name, array in monitors.data_vars.items()})
        cube["pm25"].attrs |= told[MONITORS]
        for name, array in parts.items():
            cube[name] = _everyday(array, period).transpose("station", "time")
        for name, values in calendar.terms(period.days, lonlat[:, 1]).items():
            cube[name] = (("station", "time"), values, _attributes(*calendar.PROVIDES[name]))
        cube.attrs = _about("station-days of the real predictors", out.stem, sources, cube) | {"neighbours": 1}
        return cube

    return _build(out, period, region, sources, cache, lonlat, "station", finish, STATION_CHUNKS, say)


def grid(
    period: Period,
    region: Region,
    names: Sequence[str],
    cache: Path,
    folder: Path,
    resolution: float = RESOLUTION,
    say: Say = print,
) -> Path:
    """Build the predictors on a regular grid (time, y, x), for maps; parameters as :func:`stations`.

    Parameters
    ----------
    resolution : float
        Cell size, degrees. A cell gets the value of the source's cell that its centre lies in, as a monitor would.
    """
    lon, lat = coords.grid(resolution, tuple(region))
    places = coords.cells(lon, lat)
    land = coords.inside(places)
    sources = [source for source in chosen(list(names)) if source.name != MONITORS]
    label = "" if resolution == RESOLUTION else f"-{resolution:g}deg"
    out = folder / f"grid-{_label(period, region)}{label}.zarr"

    def spread(values: Any) -> Any:
        """Values at land cells (n, t) to (t, y, x), NaN at sea."""
        full = np.full((values.shape[1], land.size), np.nan, np.float32)
        full[:, land] = np.asarray(values).T
        return full.reshape(-1, len(lat), len(lon))

    def finish(parts: dict[str, xr.DataArray], told: dict[str, dict[str, Any]]) -> xr.Dataset:
        import dask.array

        cube = xr.Dataset(
            coords={
                "time": ("time", period.days.to_numpy(), {"long_name": "day"}),
                "lon": ("x", lon, {"units": "degrees_east", "long_name": "longitude"}),
                "lat": ("y", lat, {"units": "degrees_north", "long_name": "latitude"}),
                "land": (("y", "x"), land.reshape(len(lat), len(lon)), {"long_name": "inside the national outline"}),
            }
        )
        terms = calendar.terms(period.days, places[land, 1])
        made = {name: (array, array.attrs) for name, array in parts.items()}
        made |= {
            name: (xr.DataArray(values, dims=("place", "time")), _attributes(*calendar.PROVIDES[name]))
            for name, values in terms.items()
        }
        for name, (array, attributes) in made.items():
            daily = _everyday(array, period).transpose("place", "time")
            blocks = daily.chunk({"place": -1, "time": GRID_CHUNKS["time"]}).data
            field = dask.array.map_blocks(
                spread,
                blocks,
                dtype=np.float32,
                drop_axis=0,
                new_axis=[1, 2],
                chunks=(blocks.chunks[1], (len(lat),), (len(lon),)),
            )
            cube[name] = (("time", "y", "x"), field, attributes)
        cube.attrs = _about("daily fields of the real predictors", out.stem, sources, cube)
        return cube

    return _build(out, period, region, sources, cache, places[land], "place", finish, GRID_CHUNKS, say)


def _build(
    out: Path,
    period: Period,
    region: Region,
    sources: list[Source],
    cache: Path,
    lonlat: np.ndarray,
    dim: str,
    finish: Callable[[dict[str, xr.DataArray], dict[str, dict[str, Any]]], xr.Dataset],
    chunks: dict[str, int],
    say: Say,
) -> Path:
    told = {source.name: _provenance(source, cache, period, region) for source in sources}
    recipe = _recipe(period, region, told, lonlat)
    if _is_made(out, recipe):
        say(f"{out.name}: already there, from the same files")
        return out
    work = out.with_name(f".{out.name}.parts")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        if work.exists() and _read_text(work / "recipe") != recipe:  # parts of other files
            shutil.rmtree(work)
        work.mkdir(exist_ok=True)
        (work / "recipe").write_text(recipe)
        fields: dict[str, xr.DataArray] = {}
        for source in sources:
            wanted = [name for name in source.provides if name not in fields]
            if source.name == MONITORS or not wanted:
                continue
            parts = _parts(work, source, wanted, cache, period, region, lonlat, dim, say)
            opened = [pieces.opened(path) for path in parts]
            joined = xr.concat(opened, "time") if "time" in opened[0].dims and len(opened) > 1 else opened[0]
            for name in wanted:  # not as the folder lists them: that has no order of its own
                fields[name] = joined[name].assign_attrs(_attributes(*source.provides[name]) | told[source.name])
        cube = finish(fields, told)
        unfinished = work / "cube.zarr"
        shutil.rmtree(unfinished, ignore_errors=True)
        _check(cube)
        cube.attrs |= {"recipe": recipe, "variables": " ".join(map(str, cube.data_vars))}
        pieces.write(cube, unfinished, chunks)
        if out.exists():
            shutil.rmtree(out)
        os.replace(unfinished, out)
        shutil.rmtree(work)
    except OSError as error:
        raise StoreError(
            f"cannot write {out} ({error.strerror or error}); free some space and start again, it goes on from there"
        ) from error
    say(f"{out.name}: done")
    return out


def _parts(
    work: Path,
    source: Source,
    wanted: list[str],
    cache: Path,
    period: Period,
    region: Region,
    lonlat: np.ndarray,
    dim: str,
    say: Say,
) -> list[Path]:
    """A source's variables at the places, month by month, each kept as soon as it is whole."""
    found = []
    for month in period.months:
        path = work / f"{source.name}-{month.label}.zarr"
        if not pieces.is_whole(path):
            field = source.read(cache / source.name, month, region)[wanted]
            picked = at_places(field, lonlat).rename(place=dim).load()
            picked.attrs = {}
            temporary = work / f"{path.name}.tmp"
            shutil.rmtree(temporary, ignore_errors=True)
            pieces.write(picked, temporary, {})
            os.replace(temporary, path)
            say(f"{source.name}: {month.label}, {', '.join(wanted)}")
        found.append(path)
        if "time" not in xr.open_zarr(path, consolidated=False).dims:  # never changes: one part is all
            break
    return found


def _everyday(array: xr.DataArray, period: Period) -> xr.DataArray:
    """On every day of the period: a static variable is repeated, a day that no part has is NaN."""
    if "time" not in array.dims:
        return array.expand_dims(time=period.days.to_numpy())
    return array.reindex(time=period.days.to_numpy())


def _attributes(units: str, long_name: str) -> dict[str, Any]:
    return {"units": units, "long_name": long_name, "role": "predictor"}


def _label(period: Period, region: Region) -> str:
    return period.label if region.label == "conus" else f"{period.label}-{region.label}"


def _files(source: Source, cache: Path, period: Period, region: Region) -> list[tuple[str, dict[str, Any]]]:
    """The fetched files of a source, with their records."""
    found = []
    for item in source.list(period, region):
        record = recorded(cache / source.name / item.path)
        if record is not None:
            found.append((item.path, record))
    if not found:
        raise SourceError(
            f"{source.name}: nothing was fetched for {period.label}; run `placeprior data fetch` with "
            f"the same period and --sources {source.name}"
        )
    return found


def _provenance(source: Source, cache: Path, period: Period, region: Region) -> dict[str, Any]:
    """Where a variable comes from: the same attributes for every variable of a source."""
    files = _files(source, cache, period, region)
    digest = hashlib.sha256(json.dumps([(p, r.get("sha256", "absent")) for p, r in files]).encode()).hexdigest()
    days = sorted(record.get("retrieved") or record.get("absent", "") for _, record in files)
    return {
        "source": source.title,
        "version": source.version,
        "licence": source.licence,
        "citation": source.citation,
        "homepage": source.homepage,
        "files": len(files),
        "sha256": digest,
        "retrieved": days[0] if days[0] == days[-1] else f"{days[0]} to {days[-1]}",
    }


def _about(title: str, name: str, sources: list[Source], cube: xr.Dataset) -> dict[str, Any]:
    made = "; ".join(source.title for source in sources if source.name != MONITORS)
    return {
        "title": f"{title}: {name}",
        "source": made,
        "embedded": 0,
        "licence": "see each variable",
        "gaps": " ".join(name for name in GAPS if name in cube),
    }


def _recipe(period: Period, region: Region, told: dict[str, dict[str, Any]], lonlat: np.ndarray) -> str:
    """Fingerprint of everything that decides a cube."""
    content = [VERSION, period.label, region.label, hashlib.sha256(np.ascontiguousarray(lonlat).tobytes()).hexdigest()]
    content += [[name, provenance] for name, provenance in told.items()]
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()


def _is_made(out: Path, recipe: str) -> bool:
    try:
        return out.exists() and pieces.opened(out).attrs.get("recipe") == recipe
    except CubeError:  # torn by something else; it is built anew
        return False


def _read_text(path: Path) -> str:
    return path.read_text() if path.is_file() else ""


def _check(cube: xr.Dataset) -> None:
    """Hold the cube to the contract; a variable that is nowhere known is dropped, with a warning."""
    for name in list(cube.data_vars):
        if not bool(np.isfinite(cube[name]).any()):
            warnings.warn(f"{name} is unknown everywhere; it is left out", stacklevel=2)
            del cube[name]
    check_cube(cube)


def load(path: Path) -> xr.Dataset:
    """Open a built cube: that of stations in memory, fields on a grid a chunk at a time.

    Raises
    ------
    CubeError
        It is not one that :func:`stations` or :func:`grid` made, or a file of it is lost or damaged.
    """
    cube = pieces.opened(path)
    try:
        cube = cube[cube.attrs.pop("variables").split()].assign_coords(time=cube["time"].astype("datetime64[ns]"))
    except (OSError, ValueError, KeyError) as error:
        raise CubeError(
            f"{path} is no cube of `placeprior data build`, or damaged ({error!r}); remove it and build it again"
        ) from None
    return cube.load().assign_coords(station=cube["station"].astype(object)) if "station" in cube.dims else cube
