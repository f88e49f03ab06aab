"""Colours and markers: seen on light and dark paper, nobody's twice, and typed in one place."""

import importlib
import pkgutil
import re
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.markers import MarkerStyle

from placeprior import book
from placeprior.arms import NAMES
from placeprior.book import figures, style

ROOT = Path(__file__).parents[1]
SHEETS = ROOT / "book" / "_static" / "book.css"
#: Backgrounds of the book's theme, by day and by night.
LIGHT, DARK = "#ffffff", "#14181e"
#: The neutral colours as a dark page shows them: letters and muted letters of the theme.
TURNED = {style.INK: "#ced6dd", style.MUTED: "#9ca4af"}
ROOMS = [importlib.import_module(f"placeprior.book.{room.name}") for room in pkgutil.iter_modules(book.__path__)]

pytestmark = pytest.mark.usefixtures("styled")


def luminance(colour):
    """Relative luminance of WCAG 2.1."""
    parts = np.array(to_rgb(colour))
    return float(np.where(parts <= 0.03928, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4) @ [0.2126, 0.7152, 0.0722])


def contrast(one, other):
    """Contrast of WCAG 2.1, from 1 to 21."""
    dim, bright = sorted((luminance(one), luminance(other)))
    return (bright + 0.05) / (dim + 0.05)


def test_contrast_of_black_on_white_is_that_of_the_standard():
    assert contrast("#000000", "#ffffff") == pytest.approx(21) and contrast("#777777", LIGHT) == pytest.approx(
        4.48, 1e-3
    )


NAMED = {name: value for name, value in vars(style).items() if name.isupper() and str(value).startswith("#")}
AREAS = {"GRID", "LAND", "PAPER", "ON_DARK", "ON_LIGHT"}  # what lies behind, and letters on a coloured field
COLOURS = {figures.look(name).colour for name in NAMES} | {NAMED[name] for name in set(NAMED) - AREAS}


@pytest.mark.parametrize("colour", sorted(COLOURS))
def test_a_colour_stands_out_by_day_and_by_night(colour):
    assert contrast(colour, LIGHT) >= 3
    assert contrast(TURNED.get(colour, colour), DARK) >= 3


def test_no_two_arms_share_colour_and_marker():
    looks = [(look.colour, str(look.marker)) for look in map(figures.look, NAMES)]
    assert len(set(looks)) == len(looks)


@pytest.mark.parametrize("name", ["mine-hadamard", "yours", "sphere2vec-c-film", "satclip-l40", *map(str, range(60))])
def test_an_arm_that_is_not_listed_takes_nobodys_look(name):
    listed = {(look.colour, str(look.marker)) for look in map(figures.look, NAMES)}
    found = figures.look(name)
    assert (found.colour, str(found.marker)) not in listed
    assert contrast(found.colour, LIGHT) >= 3 and contrast(found.colour, DARK) >= 3


def test_every_marker_can_be_filled_and_drawn():
    for name in NAMES:
        assert MarkerStyle(figures.look(name).marker).is_filled(), name


def worded(value):
    """Colours in what a room keeps under an arm's name."""
    parts = value if isinstance(value, tuple | list) else [value]
    return [part for part in parts if isinstance(part, str) and re.fullmatch("#[0-9a-f]{6}", part)]


@pytest.mark.parametrize("room", ROOMS, ids=lambda room: room.__name__.rpartition(".")[2])
def test_a_room_gives_no_arm_a_colour_of_its_own(room):
    kept = [table for name, table in vars(room).items() if isinstance(table, dict) and not name.startswith("_")]
    for table in kept:
        for key, value in table.items():
            arm = key if key in NAMES else f"{key}-hadamard"
            if isinstance(key, str) and arm in NAMES and worded(value):
                assert worded(value) == [figures.look(arm).colour], f"{room.__name__}: {key}"


SOURCES = sorted([*(ROOT / "src/placeprior/book").glob("*.py"), *(ROOT / "notebooks").glob("*.py")])


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.name)
def test_a_marker_is_named_where_it_is_drawn(path):
    # in third place, as a format, a marker of three numbers (a polygon) would be drawn as a line of three points
    assert not re.findall(r"\.plot\([^\n]*, [\w().]*\.marker\b", path.read_text(encoding="utf-8"))


def typed(text):
    """Greys, black and white that code types, as words, shades from 0 to 1, or red, green and blue alike."""
    found = re.findall(r"""["'](white|black|gr[ae]y|dimgr[ae]y|silver|lightgr[ae]y|darkgr[ae]y|0\.\d+)["']""", text)
    hexes = re.findall(r"""["'](#[0-9a-fA-F]{6}|#[0-9a-fA-F]{3})["']""", text)
    return found + [colour for colour in hexes if np.ptp(to_rgb(colour)) < 0.06]


def test_typed_neutrals_are_found():
    assert typed("a(color='white', ec=\"#777777\", fc='0.5'), b(color='#0173b2')") == ["white", "0.5", "#777777"]


@pytest.mark.parametrize("path", [p for p in SOURCES if p.name != "style.py"], ids=lambda p: p.stem)
def test_neutral_colours_are_named_not_typed(path):
    text = re.sub(r"cmap=[\"']gray[\"']", "", path.read_text(encoding="utf-8"))
    assert not typed(text), "take INK, MUTED, GRID, PAPER or LAND of placeprior.book.style"


def drawn() -> Figure:
    fig, ax = figures.subplots()
    ax.plot([0, 1, 3], [0, 2, 1], marker="o")
    ax.scatter(np.arange(400), np.arange(400), color=style.BLUE, ec=style.PAPER)
    figures.label(fig, "demo", embedded=True, n=3)
    return fig


def test_a_figure_is_the_same_file_each_time_and_without_a_date(tmp_path):
    for name in ("one.svg", "other.svg"):
        figures.save(drawn(), tmp_path / name)
        plt.close("all")
    one = (tmp_path / "one.svg").read_text(encoding="utf-8")
    assert one == (tmp_path / "other.svg").read_text(encoding="utf-8")
    assert "dc:date" not in one and f"fill: {style.PAPER}" in one and ">embedded world (simulated)" in one


def test_very_many_marks_are_an_image_without_a_rim_of_paper():
    fig = drawn()
    (many,) = fig.axes[0].collections
    assert many.get_rasterized() and (many.get_linewidths() == 0).all()
    assert not fig.axes[0].lines[0].get_rasterized()
