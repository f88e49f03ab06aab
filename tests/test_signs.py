"""A grid of signs: the mark says the verdict, its size the effect, and what was not run is an empty cell."""

import pandas as pd
import pytest

from placeprior.book import figures
from placeprior.book.signs import MARKS

pytestmark = pytest.mark.usefixtures("styled")


def found(*rows):
    return pd.DataFrame(rows, columns=["arm", "split", "difference", "clear"])


def drawn(fig, panel=0):
    """Colour and area of the mark in each cell, by row and column."""
    marks = {}
    for dots in fig.axes[panel].collections:
        (x, y) = dots.get_offsets()[0]
        marks[round(y), round(x + 0.22)] = (tuple(dots.get_facecolor()[0][:3]), dots.get_sizes()[0])
    return marks


def test_marks_say_the_verdict_and_grow_with_the_effect():
    table = found(
        ("lonlat", "spatial", 0.05, 1), ("lonlat", "checkerboard-16", -0.10, -1), ("sincos", "spatial", 0.01, 0)
    )
    marks = drawn(figures.signs({"a": table}, "R²"))
    colour = {sign: tuple(int(MARKS[sign][1][i : i + 2], 16) / 255 for i in (1, 3, 5)) for sign in MARKS}
    assert marks[0, 0][0] == pytest.approx(colour[1]) and marks[0, 1][0] == pytest.approx(colour[-1])
    assert marks[1, 0][0] == pytest.approx(colour[0]) and (1, 1) not in marks
    assert marks[0, 1][1] > marks[0, 0][1] > marks[1, 0][1]


def test_where_less_is_better_signs_turn():
    table = found(("lonlat", "spatial", -0.5, -1))
    colour = drawn(figures.signs({"a": table}, "RMSE", better=-1))[0, 0][0]
    assert colour == pytest.approx(tuple(int(MARKS[1][1][i : i + 2], 16) / 255 for i in (1, 3, 5)))


def test_panels_share_their_rows_and_have_their_own_columns():
    one, two = found(("lonlat", "spatial", 0.1, 1)), found(("none", "random", 0.1, 0), ("none", "spatial", 0.1, 0))
    fig = figures.signs({"one": one, "two": two, "three": one.iloc[:0]}, "R²")
    assert [ax.get_title("left") for ax in fig.axes] == ["one", "two"]
    assert [len(ax.get_xticks()) for ax in fig.axes] == [1, 2]
    assert [text.get_text() for text in fig.axes[0].get_yticklabels()] == ["no location", "lon/lat"]


def test_panels_that_do_not_fit_a_line_begin_another():
    splits = ["random", "spatial", "checkerboard-8", "checkerboard-16"]
    wide = found(*(("lonlat", split, 0.1, 1) for split in splits))
    fig = figures.signs({"one": wide, "two": wide}, "R²")
    fig.canvas.draw()
    one, two = (ax.get_position() for ax in fig.axes)
    assert two.y1 < one.y0 and two.x0 == pytest.approx(one.x0, abs=0.01)
    assert all(ax.get_yticklabels()[0].get_text() == "lon/lat" for ax in fig.axes)


def test_other_rows_and_columns_have_the_order_of_their_words():
    table = found(("lonlat", "spatial", 0.1, 1), ("lonlat", "spatial", 0.2, 1)).assign(part=["b", "a"])
    fig = figures.signs({"one": table}, "R²", by=("part", "arm"), names={"a": "first", "b": "second"})
    assert [text.get_text() for text in fig.axes[0].get_yticklabels()] == ["first", "second"]


def test_nothing_to_draw_is_said():
    with pytest.raises(ValueError, match="no difference to draw"):
        figures.signs({"one": found()}, "R²")


def test_without_an_interval_a_mark_is_hollow_and_the_legend_says_so():
    table = found(("none", "spatial", 0.05, 0)).assign(low=float("nan"))
    fig = figures.signs({"a": table}, "R²")
    (mark,) = fig.axes[0].collections
    assert len(mark.get_facecolor()) == 0 and fig.legends[0].get_texts()[-1].get_text() == "no interval"
    fig = figures.signs({"a": table.assign(low=-0.1)}, "R²")
    assert len(fig.axes[0].collections[0].get_facecolor()) and len(fig.legends[0].get_texts()) == 3
