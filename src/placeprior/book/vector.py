"""Vector graphics as light as they look: what is drawn, to a fraction of a dot, and nothing about the drawing."""

from __future__ import annotations

import base64
import io
import re

import numpy as np
from PIL import Image

#: Points of a path from which on it is a line of a map or a record: a tenth of a point is then fine enough.
LONG = 40
#: Colours of a palette, and how many of them are simply the commonest: the others fill the room between.
PALETTE, COMMONEST = 256, 160
FAITHFUL = 1.0  #: levels of 255 that an image with a palette may differ from the one without, on average

_PATH = re.compile(r' d="([^"]*)"')
_NUMBERS = re.compile(r' (x|y|width|height|points|transform)="([^"]*)"')
_NUMBER = re.compile(r"-?\d+\.\d+(?:e-?\d+)?")
_IMAGE = re.compile(r"(?<=data:image/png;base64,)[A-Za-z0-9+/=\s]+")
_METADATA = re.compile(r"<!--.*?-->|^ +", re.S | re.M)


def slim(svg: str) -> str:
    """Shorten an SVG of matplotlib: coordinates that no screen can tell apart, comments and indents go.

    Parameters
    ----------
    svg : str
        Paths in it are absolute.

    Returns
    -------
    str
        The same picture: long paths to a tenth of a point, all else to a hundredth; images as :func:`painted`.

    Examples
    --------
    >>> slim('<path d="M 0.123456 1 \\nL 2.123456 1 \\nL 2.123456 5.5 \\nz\\n"/>')
    '<path d="M.12 1l2 0 0 4.5z"/>'
    """
    svg = _IMAGE.sub(lambda found: base64.b64encode(painted(base64.b64decode(found[0]))).decode("ascii"), svg)
    svg = _METADATA.sub("", svg)
    svg = _PATH.sub(lambda found: f' d="{_path(found[1])}"', svg)
    return _NUMBERS.sub(lambda found: f' {found[1]}="{_NUMBER.sub(_rounded, found[2])}"', svg)


def _rounded(found: re.Match[str]) -> str:
    return _text(float(found[0]), 2)


def _text(value: float, digits: int) -> str:
    """A number without what SVG does not need: zeros at its ends."""
    text = f"{value:.{digits}f}".rstrip("0").rstrip(".") if digits else f"{value:.0f}"
    text = text.replace("0.", ".", 1) if text.startswith(("0.", "-0.")) else text
    return "0" if text in ("-0", "") else text


def _path(written: str) -> str:
    """A path's commands, shorter; straight lines are told from point to point, each from where the last one ended."""
    parts = re.findall(r"([MLQCz])([^MLQCz]*)", written)
    if not all(command in "MLz" for command, _ in parts):
        return " ".join(_NUMBER.sub(_rounded, written).split())
    digits = 1 if len(parts) > LONG else 2
    shorter, at, start, last = "", (0, 0), (0, 0), ""
    for command, numbers in parts:
        if command == "z":
            shorter, at, last = shorter + "z", start, "z"
            continue
        x, y = (round(float(number) * 10**digits) for number in numbers.split())
        if command == "M":
            shorter, start = f"{shorter}M{_pair(x, y, digits)}", (x, y)
        elif (x, y) != at or last != "L":  # a step that shows nowhere is left out
            shorter += ("l" if last != "L" else " ") + _pair(x - at[0], y - at[1], digits)
        else:
            continue
        at, last = (x, y), command
    return shorter


def _pair(x: int, y: int, digits: int) -> str:
    first, second = _text(x / 10**digits, digits), _text(y / 10**digits, digits)
    return first + ("" if second.startswith("-") else " ") + second


def painted(png: bytes) -> bytes:
    """An image with a palette of :data:`PALETTE` colours, which takes a third of the bytes, or as it was.

    A map is drawn in the 256 colours of a colour bar; only where edges are softened are there others, and these become
    the nearest of the palette.

    Parameters
    ----------
    png : bytes
        An image as matplotlib puts it into an SVG.

    Returns
    -------
    bytes
        The image that came, where the other is no smaller or would differ by more than :data:`FAITHFUL` on average.
    """
    with Image.open(io.BytesIO(png)) as opened:
        if opened.mode != "RGBA":
            return png
        image = opened.copy()
    pixels = np.ascontiguousarray(image).view("<u4")[..., 0]
    found, which, times = np.unique(pixels, return_inverse=True, return_counts=True)
    chosen = found
    if len(found) > PALETTE:
        between = image.quantize(PALETTE - COMMONEST, method=Image.Quantize.FASTOCTREE).convert("RGBA")
        common = found[np.argsort(-times, kind="stable")[:COMMONEST]]
        chosen = np.union1d(common, np.ascontiguousarray(between).view("<u4"))
    from scipy.spatial import cKDTree  # when a picture is saved: a page's start is short without

    apart, nearest = cKDTree(_light(chosen)).query(_light(found), p=np.inf)
    if np.average(apart, weights=times) > FAITHFUL:
        return png
    smaller = Image.fromarray(nearest[which].reshape(pixels.shape).astype("uint8"))
    smaller.putpalette(chosen.astype("<u4").tobytes(), "RGBA")
    written = io.BytesIO()
    smaller.save(written, "PNG", optimize=True)
    return min(written.getvalue(), png, key=len)


def _light(colours: np.ndarray) -> np.ndarray:
    """Colours of four bytes as the light that they give: red, green and blue by opacity, and opacity."""
    parts = np.ascontiguousarray(colours.astype("<u4")).view("u1").reshape(-1, 4).astype(float)
    return np.column_stack([parts[:, :3] * parts[:, 3:] / 255, parts[:, 3]])
