"""Which of the package's modules a page stands on, so that it is made again when one of them changes, and only then."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

PACKAGE = "placeprior"


def closure(path: Path, src: Path) -> set[Path]:
    """Files of the package that a file imports, directly or through others, imports inside functions included.

    Parameters
    ----------
    path : Path
        A Python file, such as a notebook as text.
    src : Path
        The folder that holds the package.

    Returns
    -------
    set of Path
        Without `path` itself.
    """
    found: set[Path] = set()
    waiting = [path]
    while waiting:
        at = waiting.pop()
        new = {file for name in _names(at, at.stat().st_mtime_ns) for file in _files(name, src)} - found
        found |= new
        waiting += new
    return found - {path}


@cache
def _names(path: Path, _changed: int) -> frozenset[str]:
    """Everything a file imports that could be a module of the package."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {each.name for each in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names |= {node.module} | {f"{node.module}.{each.name}" for each in node.names}
    return frozenset(name for name in names if name.partition(".")[0] == PACKAGE)


def _files(name: str, src: Path) -> set[Path]:
    """The module's own file, and the ``__init__`` of each package it lies in, which Python runs first."""
    parts = name.split(".")
    packages = [src.joinpath(*parts[:depth], "__init__.py") for depth in range(1, len(parts) + 1)]
    return {file for file in (*packages, src.joinpath(*parts).with_suffix(".py")) if file.is_file()}
