"""What was learnt, in one file: arrays by name in safetensors, and what they mean as JSON beside them.

Reading such a file executes nothing that is in it, as unpickling would.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from placeprior.errors import StoreError
from placeprior.files.replacing import replacing


def write(path: str | os.PathLike[str], kind: str, tensors: Mapping[str, np.ndarray], about: Mapping[str, Any]) -> None:
    """Write arrays and what they mean, whole or not at all.

    Parameters
    ----------
    path : path
    kind : str
        What is kept, for :func:`read` to ask after.
    tensors : mapping of str to ndarray
    about : mapping
        Anything that JSON can say.

    Raises
    ------
    StoreError
        JSON cannot say it, or the file cannot be written.
    """
    try:
        text = json.dumps({"kind": kind} | dict(about), allow_nan=False)
        with replacing(Path(path)) as aside:
            save_file({name: np.ascontiguousarray(each) for name, each in tensors.items()}, aside, {"about": text})
            aside.chmod(0o644)
    except (OSError, TypeError, ValueError, SafetensorError) as error:
        raise StoreError(f"cannot write {path} ({error}); choose another path, or plain numbers and names") from error


def read(path: str | os.PathLike[str], kind: str) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """Read what :func:`write` wrote.

    Raises
    ------
    StoreError
        The file is absent, damaged or keeps something else.
    """
    try:
        with safe_open(str(path), framework="np") as file:
            about = json.loads((file.metadata() or {})["about"])
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        if about["kind"] != kind:
            raise ValueError(f"it keeps a {about['kind']}")
    except (OSError, SafetensorError, KeyError, TypeError, ValueError) as error:
        raise StoreError(f"{path} is no saved {kind} ({error}); save it again") from error
    return tensors, about
