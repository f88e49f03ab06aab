"""SVG made shorter is the same picture."""

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from placeprior.book import vector

points = st.tuples(st.floats(-900, 900), st.floats(-900, 900))


def absolute(d):
    """Points of a path of M, l and z, and which of them begin a line."""
    found, start, at = [], (0.0, 0.0), (0.0, 0.0)
    for command, numbers in re.findall(r"([Mlz])([^Mlz]*)", d):
        if command == "z":
            at = start
            continue
        pairs = np.array([float(n) for n in re.findall(r"-?(?:\d+\.?\d*|\.\d+)", numbers)]).reshape(-1, 2)
        for pair in pairs:
            at = tuple(pair) if command == "M" else (at[0] + pair[0], at[1] + pair[1])
            start = at if command == "M" else start
            found.append((command == "M", *at))
    return found


@given(st.lists(st.lists(points, min_size=2, max_size=60), min_size=1, max_size=3), st.booleans())
def test_a_path_goes_through_the_same_points(lines, closed):
    written = "".join(
        f"M {line[0][0]:.6f} {line[0][1]:.6f} \n"
        + "".join(f"L {x:.6f} {y:.6f} \n" for x, y in line[1:])
        + ("z\n" if closed else "")
        for line in lines
    )
    short = re.fullmatch(r'<path d="([^"]*)"/>', vector.slim(f'<path d="{written}"/>'))[1]
    scale = 10 if len(re.findall("[MLz]", written)) > vector.LONG else 100
    asked = [
        (command == "M", round(float(x) * scale), round(float(y) * scale))
        for command, x, y in re.findall(r"([ML]) (\S+) (\S+)", written)
    ]
    told = [(begins, round(x * scale), round(y * scale)) for begins, x, y in absolute(short)]
    assert moved(told) == moved(asked)


def moved(path):
    """A path without steps that go nowhere."""
    return [at for before, at in zip([None, *path], path, strict=False) if at[0] or at[1:] != before[1:]]


def test_curves_stay_and_are_rounded():
    assert vector.slim('<path d="M 0 3 \nC 0.795609 3 1.55874 2.683901 2.12132 2.12132 \nz\n"/>') == (
        '<path d="M 0 3 C .8 3 1.56 2.68 2.12 2.12 z"/>'
    )


@pytest.mark.parametrize(
    "kept",
    [
        '<text x="1.5" style="font-size: 9.9px">0.123456 · n = 1,234.56789</text>',
        '<image xlink:href="data:image/png;base64,iVBORw0K=="/>',
        '<g id="patch_1"><use xlink:href="#m1" x="3"/></g>',
    ],
)
def test_words_and_images_stay(kept):
    assert vector.slim(kept) == kept


def test_comments_and_indents_go():
    assert vector.slim("<g>\n   <!-- a word -->\n   <g/>\n</g>") == "<g>\n\n<g/>\n</g>"
