"""Where things lie that belong to no project folder."""

from __future__ import annotations

import os
from pathlib import Path


def cache_dir() -> Path:
    """Folder of things that can be computed or fetched again.

    ``PLACEPRIOR_CACHE`` if set, else ``placeprior`` in ``XDG_CACHE_HOME`` or in ``~/.cache``.
    """
    if own := os.environ.get("PLACEPRIOR_CACHE"):
        return Path(own)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "placeprior"
