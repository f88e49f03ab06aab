"""Vector graphics as light as they look: what is drawn, to a fraction of a dot, and nothing about the drawing."""

from __future__ import annotations

import re

#: Points of a path from which on it is a line of a map or a record: a tenth of a point is then fine enough.
LONG = 40

_PATH = re.compile(r' d="([^"]*)"')
_NUMBERS = re.compile(r' (x|y|width|height|points|transform)="([^"]*)"')
_NUMBER = re.compile(r"-?\d+\.\d+(?:e-?\d+)?")
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
        The same picture: long paths to a tenth of a point, all else to a hundredth.

    Examples
    --------
    >>> slim('<path d="M 0.123456 1 \\nL 2.123456 1 \\nL 2.123456 5.5 \\nz\\n"/>')
    '<path d="M.12 1l2 0 0 4.5z"/>'
    """
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
