"""Drawings of the page on controls: steps that add up, and gains by the length of a vector."""

import matplotlib.pyplot as plt
import pandas as pd
import pytest

from placeprior.book import controls
from placeprior.book.results import Results
from placeprior.evidence import matched

pytestmark = pytest.mark.usefixtures("styled")


def task(title, embedded=True):
    return Results("demo", "world" if embedded else "weather-2019", title, pd.DataFrame(), pd.DataFrame())


def steps(split, **sizes):
    rows = [
        {"step": step.replace("_", "-"), "split": split, "difference": size, "low": size - 0.05, "high": size + 0.05}
        for step, size in sizes.items()
    ]
    return pd.DataFrame(rows).replace({"step": {"none-head": "none+head"}}).assign(clear=1, stations=40)


def test_a_step_is_named_by_its_cause_and_where_a_name_comes_before_it():
    asked = ("none+head", "random-vector-hadamard", "geoclip-hadamard", matched.TOTAL)
    assert [controls.step_name(step, "random") for step in asked] == ["extra head", "a name", "beyond a name", "all"]
    assert controls.step_name("geoclip-hadamard", "checkerboard-16") == "the gain"


def test_each_bar_starts_where_the_one_above_ended_and_the_last_is_all():
    table = steps("spatial", none_head=0.1, geoclip_hadamard=-0.03, total=0.07)
    text = controls.draw_steps([task("a")], [table])
    (ax,) = plt.gcf().axes
    bars = [(bar.get_x(), bar.get_width()) for bar in ax.patches]
    assert bars == [(0, pytest.approx(0.1)), (pytest.approx(0.1), pytest.approx(-0.03)), (0, pytest.approx(0.07))]
    assert ax.get_title("left") == "WR · spatial" and "n = 40 stations" in text
    assert [text.get_text() for text in ax.texts] == ["+0.100", "−0.030", "+0.070"]


def test_two_tasks_stand_side_by_side_and_a_missing_split_stays_empty():
    one = pd.concat([steps("random", none_head=0.1, total=0.1), steps("spatial", none_head=0.1, total=0.1)])
    two = steps("random", none_head=0.1, total=0.1)
    controls.draw_steps([task("a"), task("b", False)], [one, two])
    axes = plt.gcf().axes
    assert [ax.get_title("left") for ax in axes[:3]] == ["a\nWR · random", "b\nWR · random", "a\nWR · spatial"]
    assert not axes[3].get_visible()
    assert "n = 0 runs" in controls.draw_steps([task("a")], [one.iloc[:0]])


def test_gains_are_drawn_by_the_length_of_the_vector(monkeypatch):
    monkeypatch.setattr(controls.encoders, "load", lambda name: type("E", (), {"dim": {"urban": 2}.get(name, 512)}))
    arms = ["geoclip-hadamard", "geoclip-pca16-hadamard", "geoclip-pca8-hadamard", "urban-hadamard"]
    rows = [{"split": "random", "arm": arm, "difference": 0.1, "low": 0.0, "high": 0.3} for arm in arms]
    found = pd.DataFrame([*rows, rows[0] | {"split": "spatial"}]).assign(stations=40)
    assert "n = 0 runs" in controls.draw_components(task("a"), found[found["split"] == "spatial"], "none+head")
    assert "n = 40 stations" in controls.draw_components(task("a"), found, "none+head")
    fig = plt.gcf()
    assert [ax.get_title("left") for ax in fig.axes] == ["WR · random"], (
        "no cut-down vector was tried on the other split"
    )
    assert fig.axes[0].lines[0].get_xdata().tolist() == [8, 16, 512]
    assert [text.get_text() for text in fig.axes[0].get_xticklabels()] == ["2", "8", "16", "512"]
    assert fig.axes[0].get_ylabel() == "ΔR² to none+head"
