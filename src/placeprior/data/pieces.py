"""Cubes on disk (Zarr), whose many small files are counted and summed.

Zarr takes a chunk that is not there for one without values: a lost file would be read as missing measurements. So the
SHA-256 of every file is kept with the cube, and each is compared before anything is read.
"""

from __future__ import annotations

import json
import shutil
import warnings
from pathlib import Path

import xarray as xr

from placeprior.errors import CubeError
from placeprior.files.integrity import digest
from placeprior.files.replacing import replacing

HEAD = "zarr.json"  # of the cube itself; it holds the digests of all other files
KEY = "pieces"
REMEDY = "remove it and build it again"


def write(cube: xr.Dataset, path: Path, chunks: dict[str, int]) -> None:
    """Write a cube under a name where nothing is; chunks are by dimension, one a variable where there are none."""
    for name in cube.variables:
        cube[name].encoding = {}
    if chunks:
        cube = cube.chunk({dim: size for dim, size in chunks.items() if dim in cube.dims})
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*(Zarr format 3|zarr v3|Zarr V3).*")
        cube.to_zarr(path, mode="w", consolidated=False, zarr_format=3)
    head = json.loads((path / HEAD).read_text(encoding="utf-8"))
    head["attributes"] = head.get("attributes", {}) | {KEY: _digests(path)}
    with replacing(path / HEAD) as aside:
        aside.write_text(json.dumps(head, indent=2), encoding="utf-8")


def opened(path: Path) -> xr.Dataset:
    """Open a cube that :func:`write` wrote, after comparing all its files.

    Raises
    ------
    CubeError
        It is none, or a file of it is missing, too many, or not what was written; names one and the remedy.
    """
    try:
        known = json.loads((path / HEAD).read_text(encoding="utf-8"))["attributes"][KEY]
        found = _digests(path)
    except FileNotFoundError:
        raise CubeError(f"{path} is no cube of `placeprior data build`, or has lost its {HEAD}; {REMEDY}") from None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CubeError(
            f"{path} is damaged, or of an earlier version that kept no checksums ({HEAD}: "
            f"{type(error).__name__}); {REMEDY}"
        ) from None
    for wrong, what in (
        (sorted(set(known) - set(found)), "lacks"),
        (sorted(name for name in known if found.get(name, known[name]) != known[name]), "has other bytes in"),
        (sorted(set(found) - set(known)), "has more than was written:"),
    ):
        if wrong:
            raise CubeError(
                f"{path} is damaged: it {what} {len(wrong)} of {len(known)} files, such as {wrong[0]}; {REMEDY}"
            )
    try:
        cube = xr.open_zarr(path, consolidated=False)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CubeError(f"{path} is damaged ({str(error) or type(error).__name__}); {REMEDY}") from None
    del cube.attrs[KEY]
    return cube


def is_whole(path: Path) -> bool:
    """Whether a cube is there with all its files; what is not, is removed, so that it can be made again."""
    if not path.exists():
        return False
    try:
        opened(path)
    except CubeError:
        shutil.rmtree(path)
        return False
    return True


def _digests(path: Path) -> dict[str, str]:
    """SHA-256 of every file by its name, but for the head's and hidden ones, which systems leave in any folder."""
    files = {file.relative_to(path).as_posix(): file for file in sorted(path.rglob("*")) if file.is_file()}
    return {name: digest(file) for name, file in files.items() if name != HEAD and not file.name.startswith(".")}
