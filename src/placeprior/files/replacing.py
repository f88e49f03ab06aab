"""Files that appear whole or not at all."""

from __future__ import annotations

import contextlib
import itertools
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

_number = itertools.count()


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give the path of a temporary file beside ``path`` to fill; it is renamed to ``path`` when the block ends well.

    A reader meets the old file or the new one, never half of one. The folder is made where it is missing. When the
    block fails, the temporary file is removed and what was there is unchanged.

    Raises
    ------
    OSError
        The folder cannot be made, or the file not renamed.

    Examples
    --------
    >>> with replacing(Path("table.csv")) as aside:  # doctest: +SKIP
    ...     frame.to_csv(aside)
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f".{path.name}.{os.getpid()}-{next(_number)}.tmp")
    try:
        yield aside
        os.replace(aside, path)
    finally:
        with contextlib.suppress(OSError):
            shutil.rmtree(aside) if aside.is_dir() else aside.unlink(missing_ok=True)
