"""SVG made shorter is the same picture."""

import base64
import io
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

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
        '<g id="patch_1"><use xlink:href="#m1" x="3"/></g>',
    ],
)
def test_words_and_marks_stay(kept):
    assert vector.slim(kept) == kept


def test_comments_and_indents_go():
    assert vector.slim("<g>\n   <!-- a word -->\n   <g/>\n</g>") == "<g>\n\n<g/>\n</g>"


def png(pixels):
    written = io.BytesIO()
    Image.fromarray(np.asarray(pixels, dtype="uint8")).save(written, "PNG")
    return written.getvalue()


def seen(image):
    """What an image shows on white, on black, and how opaque it is."""
    pixels = np.asarray(Image.open(io.BytesIO(image)).convert("RGBA")).astype(float)
    opaque = pixels[..., 3:] / 255
    return np.concatenate([pixels[..., :3] * opaque + 255 * (1 - opaque), pixels[..., :3] * opaque], axis=-1)


def field(colours=256):
    """A map of smooth waves in so many shades, on a transparent ground."""
    y, x = np.mgrid[:200, :300] / 40
    level = np.rint((np.sin(x) * np.cos(y) + 1) / 2 * (colours - 1))
    shades = np.stack([level, 255 - level / 2, level / 3, np.full(level.shape, 255)], axis=-1)
    shades[:, :20] = 0
    return shades


def test_a_map_of_as_many_colours_as_a_colour_bar_stays_the_same_pixel_by_pixel():
    before = png(field(200))
    after = vector.painted(before)
    np.testing.assert_array_equal(seen(after), seen(before))
    assert len(after) < len(before) / 1.2


def test_softened_edges_become_the_nearest_colour():
    soft = field(150)
    soft[20:22, 20:, 3] = np.random.default_rng(0).integers(0, 255, (2, 280))
    assert len(np.unique(soft.reshape(-1, 4), axis=0)) > 2 * vector.PALETTE
    before, after = png(soft), vector.painted(png(soft))
    apart = np.abs(seen(after) - seen(before))
    assert len(after) < len(before) / 1.2
    assert apart.mean() < vector.FAITHFUL and (apart[22:] < 8).all()


@pytest.mark.parametrize(
    "kept",
    [
        png(np.random.default_rng(0).integers(0, 255, (90, 90, 4))),  # a photograph: a palette would show
        png(np.zeros((9, 9, 3))),
    ],
)
def test_an_image_that_a_palette_would_spoil_stays(kept):
    assert vector.painted(kept) == kept


def test_images_of_a_drawing_are_made_smaller_and_again_the_same():
    data = base64.b64encode(png(field())).decode()
    svg = f'<image xlink:href="data:image/png;base64,{data[:76]}\n{data[76:]}" x="1" width="9"/>'
    once = vector.slim(svg)
    assert len(once) < len(svg) / 1.2 and once.endswith('" x="1" width="9"/>')
    assert vector.slim(once) == once == vector.slim(svg)
