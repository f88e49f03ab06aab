"""What the MODIS land products have in common: the search for files, HDF4, mosaics of tiles.

A granule is one HDF4-EOS file a tile of the sinusoidal grid and date. Its attribute ``StructMetadata.0`` tells the
tile's corners, ``CoreMetadata.0`` the granule's name (LOCALGRANULEID): a file that tells another tile or date than it
should be of is refused.
"""

from __future__ import annotations

import re
import struct
import threading
from abc import abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, ClassVar

import numpy as np

from placeprior.data.sources import align, earthdata
from placeprior.data.sources.records import is_web_page, record_absent, recorded
from placeprior.data.sources.sinusoidal import CELL, CELLS, NORTH, WEST, Tile, Window, box, tiles, window
from placeprior.data.sources.source import Item, Period, Region, Source
from placeprior.errors import SourceError, apart

if TYPE_CHECKING:
    import xarray as xr
    from numpy.typing import NDArray

    from placeprior.data.sources.transfer import Transfer

MAGIC = b"\x0e\x03\x13\x01"
UNUSED, NOWHERE = 1, 2**32 - 1  # tag of an empty descriptor; offset and length of one without data
ORBITS = 60  # a day; more are not plausible
#: Days until a product is complete. What lacks later lacks for good; until then it is asked for again at each fetch.
LAG = timedelta(days=60)
_LOCK = threading.RLock()  # the HDF4 library keeps global state: one thread at a time


class ModisSource(Source):
    """A product of tiles: everything but which dates, which fields, and what they mean.

    Attributes
    ----------
    product, collection : str
        As in the names of files: ``MCD19A2``, ``061``.
    size : int
        Bytes of a usual file.
    fields : dict
        The fields that are read, with the ``scale_factor`` each must have; None where it has none.
    """

    account = earthdata.ACCOUNT
    licence = "open: NASA's LP DAAC puts no restriction on the use, sale or redistribution of MODIS data; please cite"
    product: ClassVar[str]
    collection: ClassVar[str] = "061"
    size: ClassVar[int]
    fields: ClassVar[dict[str, float | None]]

    @abstractmethod
    def used(self, period: Period) -> list[date]:
        """The date of the files that each day of the period takes its values from."""

    @abstractmethod
    def decode(self, fields: dict[str, NDArray[Any]]) -> NDArray[np.float32]:
        """Values of a tile, on (variable, y, x), NaN where not good, of its fields on (orbit, y, x) or (y, x)."""

    def headers(self) -> dict[str, str]:
        return earthdata.headers(self)

    def list(self, period: Period, region: Region) -> list[Item]:
        return [
            Item(self._path(each, tile), "", self.size)
            for each in sorted(set(self.used(period)))
            for tile in tiles(region)
        ]

    def resolve(self, items: list[Item], transfer: Transfer) -> list[Item]:
        """Find the addresses, one search a month; what NASA has no file of is left out."""
        wanted: dict[tuple[int, int], dict[str, Item]] = {}
        for item in items:
            day, _ = _told(item.path)
            wanted.setdefault((day.year, day.month), {})[item.path] = item
        found: dict[str, earthdata.Granule] = {}
        for (year, month), some in wanted.items():
            first, last = date(year, month, 1), date(year + month // 12, month % 12 + 1, 1) - timedelta(days=1)
            granules = earthdata.granules(
                self, transfer, self.product, self.collection, first, last, box([_told(path)[1] for path in some])
            )
            if not granules and last < date.today() - LAG:
                raise SourceError(
                    f"{self.name}: NASA's search finds no {self.product}.{self.collection} in "
                    f"{first:%Y-%m}; the collection may have been replaced: see {self.homepage}"
                )
            for granule in sorted(granules):  # of two productions the later comes last
                if match := re.fullmatch(
                    rf"{self.product}\.A(\d{{7}})\.(h\d\dv\d\d)\.{self.collection}\.\d+\.hdf", granule.name
                ):
                    found[f"{match[1][:4]}/{self.product}.A{match[1]}.{match[2]}.hdf"] = granule
        return [
            Item(item.path, at.url, at.size or item.size, at.hash) for item in items if (at := found.get(item.path))
        ]

    def fetch(self, period: Period, region: Region, cache: Path, transfer: Transfer | None = None) -> list[Path]:
        """As every source does; what lacks after all went well, and is not recent, is recorded as absent for good."""
        paths = super().fetch(period, region, cache, transfer)
        for item in self.list(period, region):
            path = cache / self.name / item.path
            if not path.is_file() and _told(item.path)[0] < date.today() - LAG and recorded(path) is None:
                path.parent.mkdir(parents=True, exist_ok=True)
                record_absent(path)
        return paths

    def check(self, path: Path) -> None:
        with self._opened(path) as file:
            for name in self.fields:
                self._field(file, path, name, slice(0, CELLS), slice(0, CELLS))

    def read(self, folder: Path, period: Period, region: Region) -> xr.Dataset:
        import dask
        import dask.array as da
        import xarray as xr

        place, names = window(region), [*self.provides]
        shape = (len(names), place.bottom - place.top, place.right - place.left)
        nothing, dates = da.full(shape, np.nan, np.float32, chunks=shape), self.used(period)
        load = dask.delayed(self._mosaic, pure=False)
        loaded = {
            each: da.from_delayed(load(paths, place), shape, np.float32)
            if (paths := self._at_hand(folder, each, region))
            else nothing
            for each in sorted(set(dates))
        }
        days = da.stack([loaded[each] for each in dates])
        data = {
            name: (
                ("time", "y", "x"),
                days[:, at],
                {"units": self.provides[name][0], "long_name": self.provides[name][1]},
            )
            for at, name in enumerate(names)
        }
        x, y = (np.arange(place.left, place.right) + 0.5) * CELL, (np.arange(place.top, place.bottom) + 0.5) * CELL
        return xr.Dataset(
            data, {"time": period.days, "y": NORTH - y, "x": WEST + x}, {"title": self.title, "crs": align.SINUSOIDAL}
        )

    def _path(self, day: date, tile: Tile) -> str:
        return f"{day:%Y}/{self.product}.A{day:%Y%j}.{tile}.hdf"

    def _at_hand(self, folder: Path, day: date, region: Region) -> list[Path]:
        """The files of a date; refuses one that was never asked for."""
        paths = [folder / self._path(day, tile) for tile in tiles(region)]
        for path in paths:
            if not path.is_file() and "absent" not in (recorded(path) or {}) and day < date.today() - LAG:
                raise SourceError(f"{self.name}: {path} is missing; fetch {self.name} for this period and region first")
        return [path for path in paths if path.is_file()]

    def _mosaic(self, paths: list[Path], place: Window) -> NDArray[np.float32]:
        """One date: (variable, y, x)."""
        values = np.full((len(self.provides), place.bottom - place.top, place.right - place.left), np.nan, np.float32)
        for path in paths:
            if part := place.part(_told(path.name)[1]):
                with self._opened(path) as file:
                    fields = {name: self._field(file, path, name, *part[2:]) for name in self.fields}
                values[:, part[0], part[1]] = self.decode(fields)
        return values

    @contextmanager
    def _opened(self, path: Path) -> Iterator[Any]:
        """The file, if it is HDF4 and of the tile and date that its name says."""
        from pyhdf.error import HDF4Error
        from pyhdf.SD import SD, SDC

        with _LOCK:
            try:
                if is_web_page(path):
                    raise self._wrong(
                        path,
                        "is a web page, not HDF4",
                        "the login may not have been accepted: make "
                        f"a new token at https://urs.earthdata.nasa.gov for {earthdata.TOKEN}",
                    )
                with path.open("rb") as stream:
                    if stream.read(len(MAGIC)) != MAGIC:
                        raise self._wrong(path, "is no HDF4 file")
                    if not _is_whole(stream):
                        raise self._wrong(path, "is damaged (it ends too early)")
                file = SD(str(path), SDC.READ)
                try:
                    self._identify(path, file.attributes())
                    yield file
                finally:
                    file.end()
            except (HDF4Error, OSError, ValueError, MemoryError) as error:
                raise self._wrong(path, f"is damaged ({type(error).__name__}: {str(error)[:80]})") from error

    def _identify(self, path: Path, told: dict[str, Any]) -> None:
        day, tile = _told(path.name)
        corner = re.search(r"UpperLeftPointMtrs=\(([-\d.eE+]+),([-\d.eE+]+)\)", str(told.get("StructMetadata.0", "")))
        if not corner:
            raise self._wrong(path, "has no StructMetadata.0 that tells the tile's corner")
        if np.hypot(float(corner[1]) - tile.corner[0], float(corner[2]) - tile.corner[1]) > CELL:
            raise self._wrong(
                path,
                f"is of another tile: its corner is at {corner[1]}, {corner[2]} m, that of {tile} "
                "at {:.0f}, {:.0f} m".format(*tile.corner),
            )
        name = re.search(r"LOCALGRANULEID.*?VALUE\s*=\s*\"(\S+?)\"", str(told.get("CoreMetadata.0", "")), re.DOTALL)
        of = name[1] if name else f"{self.product}.A{str(told.get('Orbit_time_stamp', f'{day:%Y%j}')).strip()[:7]}"
        if not of.startswith(f"{self.product}.A{day:%Y%j}"):
            raise self._wrong(path, f"is another file: it says {of}")

    def _field(self, file: Any, path: Path, name: str, rows: slice, columns: slice) -> NDArray[Any]:
        """A part of a field, checked before anything is read."""
        if name not in file.datasets():
            raise self._wrong(
                path,
                f"has no field {name!r} but {', '.join(sorted(file.datasets()))}",
                f"its layout may have changed: see {self.homepage}",
            )
        field = file.select(name)
        try:
            dims, scale = field.info()[2], field.attributes().get("scale_factor")
            dims = list(dims) if isinstance(dims, list | tuple) else [dims]
            if dims[-2:] != [CELLS, CELLS] or len(dims) > 3 or (len(dims) == 3 and dims[0] > ORBITS):
                raise self._wrong(path, f"has {name} on {' x '.join(map(str, dims))} cells, not {CELLS} x {CELLS}")
            if self.fields[name] and scale is not None and abs(scale / self.fields[name] - 1) > 1e-6:
                raise self._wrong(
                    path,
                    "scales {} by {}, not {}".format(name, *apart(scale, self.fields[name])),
                    f"its layout has changed: see {self.homepage}",
                )
            count = [*dims[:-2], rows.stop - rows.start, columns.stop - columns.start]
            return np.asarray(field.get([0] * (len(dims) - 2) + [rows.start, columns.start], count)).reshape(count)
        finally:
            field.endaccess()

    def _wrong(self, path: Path, what: str, remedy: str = "remove it and fetch again") -> SourceError:
        return SourceError(f"{self.name}: {path.name} {what}; {remedy}")


def _is_whole(stream: BinaryIO) -> bool:
    """Whether everything that the directory of an HDF4 file lists lies within it.

    Blocks of data descriptors (HDF Specification and Developer's Guide, "Data Descriptors"): their count and where the
    next block is, then tag, reference, offset and length of each. Looked at before the library is: once it has failed
    to open a file, it cannot open a good one of that name until Python ends.
    """
    size, at, seen = stream.seek(0, 2), len(MAGIC), 0
    while at:
        stream.seek(at)
        head = stream.read(6)
        if len(head) < 6 or seen > size:
            return False
        count, following = struct.unpack(">HI", head)
        block = stream.read(12 * count)
        if len(block) < 12 * count or any(
            tag != UNUSED and NOWHERE not in (offset, length) and offset + length > size
            for tag, _, offset, length in struct.iter_unpack(">HHII", block)
        ):
            return False
        at, seen = following, seen + 6 + 12 * count  # a block may not come twice: they would not fit in the file
    return True


def _told(path: str) -> tuple[date, Tile]:
    """Date and tile, as the name of a file tells."""
    match = re.search(r"\.A(\d{7})\.h(\d\d)v(\d\d)\.hdf$", path)
    if not match:
        raise SourceError(f"{path} is no name of a MODIS tile")
    return datetime.strptime(match[1], "%Y%j").date(), Tile(int(match[2]), int(match[3]))
