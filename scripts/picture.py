"""The picture of a report that the README shows: its first screen, as a PNG of few colours.

Usage: ``python scripts/picture.py report/index.html book/_static/report.png``, after `placeprior compare`.
"""

from __future__ import annotations

import io
import sys
from pathlib import Path

import browse
from PIL import Image

from placeprior.files.replacing import replacing

SIZE = (1000, 1150)  # CSS pixels
COLOURS = 64
LARGEST = 200_000  # bytes


def take(report: Path, picture: Path) -> int:
    """Open a report and keep its first screen; bytes of the picture."""
    with browse.opened(SIZE) as window:
        browse.visit(window, report.resolve())
        raw = window.get_screenshot_as_png()
    image = Image.open(io.BytesIO(raw)).convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
    with replacing(picture) as aside:
        image.save(aside, format="PNG", optimize=True)
    if (size := picture.stat().st_size) > LARGEST:
        raise SystemExit(f"{picture} has {size:,} bytes, more than {LARGEST:,}; use fewer colours")
    return size


if __name__ == "__main__":
    if not browse.is_there():
        raise SystemExit(browse.MISSING)
    print(f"{sys.argv[2]}: {take(Path(sys.argv[1]), Path(sys.argv[2])):,} bytes")
