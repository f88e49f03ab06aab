"""``placeprior embed``: a table of places becomes a table of vectors, a piece at a time."""

from __future__ import annotations

import csv
import platform
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache, partial
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from placeprior.cli import common
from placeprior.errors import CoordinateError, CubeError, MissingWeights

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from placeprior.encoders import Encoder

EXAMPLE = "Example: placeprior embed places.csv --encoder geoclip -o places.parquet"
ROWS = 20_000  # places at once: 40 MB of a 512-number embedding, whatever the length of the file
NEEDED = ("lon", "lat")


def embed(
    table: Annotated[
        Path,
        typer.Argument(
            metavar="PLACES.csv", help="Columns lon and lat, degrees; others are left out.", show_default=False
        ),
    ],
    encoder: Annotated[
        str, typer.Option(help="A registered encoder, such as geoclip, sincos or lonlat.", show_default=False)
    ],
    output: Annotated[
        Path,
        typer.Option(
            "--output",
            "-o",
            metavar="OUT.parquet|OUT.csv",
            show_default=False,
            help="Columns lon, lat, e0, e1, … in the order of the places.",
        ),
    ],
    weights: Annotated[
        Path | None, typer.Option(help="A weights file instead of the encoder's own.", show_default=False)
    ] = None,
    scheduler: Annotated[
        str | None, common.scheduler("Dask workers, as for `placeprior runs make`; without one, it is done here.")
    ] = None,
) -> None:
    """Turn places into vectors. The whole file is checked first; nothing is written if a place is refused."""
    from rich.console import Console
    from rich.progress import Progress

    common.target(output, (".parquet", ".csv"), table)
    made = _load(encoder, weights)
    total = _check(table)
    say_untrained(encoder, made)
    terminal = Console(stderr=True)
    with (
        common.writing(output) as part,
        _writer(part, output.suffix, made) as write,
        Progress(console=terminal, disable=not terminal.is_terminal, transient=True) as progress,
    ):
        task = progress.add_task(encoder, total=total)
        for lonlat, vectors in _embedded(table, made, encoder, weights, scheduler):
            write(lonlat, vectors)
            progress.advance(task, len(lonlat))
    typer.echo(f"{output}: {total:,} places, {made.dim} numbers each, encoder {encoder}")


def _embedded(
    table: Path, made: Encoder, name: str, weights: Path | None, scheduler: str | None
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield places (n, 2) and their vectors (n, dim), a piece at a time, in the order of the file."""
    if scheduler is None:
        for lonlat in _pieces(table):
            yield lonlat, _vectors(made, lonlat)
        return
    from placeprior.runs import cluster

    file = None if weights is None else weights.resolve()
    call = partial(_elsewhere, name=name, weights=file, fingerprint=made.fingerprint)
    with cluster.client(scheduler) as workers:
        pieces = _pieces(table)
        # A few for each worker at a time: the vectors of a long file would not fit into memory.
        while some := list(islice(pieces, 2 * max(1, cluster.count(workers)))):
            done = {number: vectors for (number, _), vectors in cluster.spread(call, list(enumerate(some)), workers)}
            for number, lonlat in enumerate(some):
                yield lonlat, done.pop(number)


def _vectors(encoder: Encoder, lonlat: np.ndarray) -> np.ndarray:
    """Vectors (n, dim) of places, each distinct one computed once."""
    import numpy as np

    distinct, row = np.unique(lonlat, axis=0, return_inverse=True)
    return encoder(distinct)[row]


def _elsewhere(piece: tuple[int, np.ndarray], name: str, weights: Path | None, fingerprint: str) -> np.ndarray:
    """The vectors of a piece, on a worker."""
    return _vectors(_loaded(name, weights, fingerprint), piece[1])


@lru_cache(maxsize=1)
def _loaded(name: str, weights: Path | None, fingerprint: str) -> Encoder:
    """An encoder on a worker, once for all its pieces; another than the one that was asked for is refused."""
    made = _load(name, weights)
    if made.fingerprint != fingerprint:
        raise MissingWeights(
            f"encoder {name!r} is another on {platform.node()} ({made.fingerprint}) than where it was asked for "
            f"({fingerprint}); give all workers the same weights and the same version of the package"
        )
    return made


def _load(name: str, weights: Path | None) -> Encoder:
    from placeprior import encoders

    if name not in encoders.list_encoders():
        common.declared()
    return encoders.load(name, weights)


def say_untrained(name: str, encoder: Encoder) -> None:
    """Say of an encoder that goes on learning with a network that these are not its vectors but what these start from.

    Its name would let one take, say, projected coordinates for GeoCLIP's vectors.
    """
    if str(encoder.fingerprint).startswith("tuned-"):
        typer.echo(
            f"note: {name} is trained with a network: by itself it gives the {encoder.dim} numbers that its trained "
            "part reads, no vectors to compare or to learn from",
            err=True,
        )


def places(path: Path) -> np.ndarray:
    """All places of a table, lonlat (n, 2), after the same checks as :func:`embed` makes."""
    import numpy as np

    _check(path)
    return np.concatenate(list(_pieces(path)))


def _check(path: Path) -> int:
    """Return the number of places, after looking at every one."""
    from placeprior.coords import CONUS_BOX, check_lonlat
    from placeprior.data.slips import odd_places

    total, swapped, odd = 0, True, ""
    west, south, east, north = CONUS_BOX
    for lonlat in _pieces(path):
        try:
            check_lonlat(lonlat)
        except CoordinateError:
            for i, place in enumerate(lonlat):  # the check counts from the start of a piece; a person, of the file
                try:
                    check_lonlat(place[None])
                except CoordinateError as error:
                    said = str(error).removeprefix("row 0")
                    raise CoordinateError(f"{path}: row {total + i + 1}{said}") from None
            raise
        odd = odd or odd_places(lonlat, total)
        total += len(lonlat)
        lat, lon = lonlat.T  # on purpose: are these places of the United States when exchanged?
        swapped &= bool(((lon >= west) & (lon <= east) & (lat >= south) & (lat <= north)).all())
    if not total:
        raise CubeError(f"{path} has a header but no rows; give it at least one place")
    if swapped:  # inside the legal range, so only a whole file of such places is told from a real Antarctic one
        raise CoordinateError(
            f"{path}: every place is in Antarctica, and in the United States when exchanged; are lon "
            "and lat swapped? The order is longitude, latitude"
        )
    if odd:
        typer.echo(f"note: {path}: {odd}", err=True)
    return total


def _pieces(path: Path) -> Iterator[np.ndarray]:
    """Yield lonlat (n, 2) of at most ``ROWS`` rows, as read: numbers, but not yet places."""
    import numpy as np
    import pandas as pd

    from placeprior.data import read_table
    from placeprior.data.text import read_text

    if path.exists() and not path.is_file() and not path.is_dir():
        raise CubeError(f"{path} is no file but a pipe or device; give a file, as it is read twice")
    try:
        with path.open("rb") as file:
            pieces, start = read_text(file, chunksize=ROWS), 0
            header = list(pieces.columns)
            for name in NEEDED:
                if name not in header:
                    raise CubeError(f"{path} has no column {name!r}; it has {', '.join(header)}: rename or add it")
            read_table.refuse_twice([name for name in header if name.casefold() in NEEDED], f"{path}: ")
            for piece in pieces:
                yield np.column_stack([_numbers(piece[name], path, start) for name in NEEDED])
                start += len(piece)
    except pd.errors.EmptyDataError:
        raise CubeError(f"{path} is empty; it needs the columns lon and lat") from None
    except FileNotFoundError:
        raise CubeError(f"{path}: no such file; give the path of a CSV with the columns lon and lat") from None
    except (OSError, UnicodeDecodeError, csv.Error, pd.errors.ParserError, pd.errors.ParserWarning) as error:
        what = getattr(error, "strerror", None) or str(error).strip()
        raise CubeError(
            f"{path} cannot be read as CSV ({what}); give a comma-separated UTF-8 text file with the "
            "columns lon and lat"
        ) from None


def _numbers(column: pd.Series, path: Path, start: int) -> np.ndarray:
    """Return text as numbers (n,), to the last bit; a missing one is NaN."""
    import numpy as np
    import pandas as pd

    from placeprior.data.read_table import BLANK

    known = ~column.str.strip().isin(BLANK)
    wrong = known & pd.to_numeric(column, errors="coerce").isna()
    if wrong.any():
        row = int(np.flatnonzero(wrong)[0])
        raise CubeError(
            f"{path}: row {start + row + 1}: {column.name} is {column.iloc[row]!r}, not a number; give "
            "degrees, with a decimal point"
        )
    return column.astype(object).where(known, "nan").to_numpy().astype(np.float64)


@contextmanager
def _writer(part: Path, suffix: str, encoder: Encoder) -> Iterator[Callable[[np.ndarray, np.ndarray], None]]:
    """Give a function that appends places (n, 2) and their vectors (n, dim)."""
    names = [*NEEDED, *(f"e{i}" for i in range(encoder.dim))]
    if suffix == ".csv":
        import pandas as pd

        with part.open("w", encoding="utf-8", newline="") as file:
            file.write(",".join(names) + "\n")

            def write(lonlat: np.ndarray, vectors: np.ndarray) -> None:
                table = pd.DataFrame(dict(zip(names, [*lonlat.T, *vectors.T], strict=True)))
                table.to_csv(file, header=False, index=False, lineterminator="\n")

            yield write
        return
    import pyarrow as pa
    from pyarrow.parquet import ParquetWriter

    types = [pa.float64()] * len(NEEDED) + [pa.float32()] * encoder.dim
    schema = pa.schema(
        list(zip(names, types, strict=True)), metadata={"encoder": encoder.name, "fingerprint": encoder.fingerprint}
    )
    with ParquetWriter(part, schema, use_dictionary=False) as file:
        yield lambda lonlat, vectors: file.write_table(
            pa.table([pa.array(column.copy()) for column in (*lonlat.T, *vectors.T)], schema=schema)
        )
