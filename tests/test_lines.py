"""Lines of differences: one an arm, where its points lie, and intervals only where there are any."""

import numpy as np
import pandas as pd

from placeprior.book import figures, lines


def test_every_arm_has_its_line_points_and_intervals():
    table = pd.DataFrame(
        {
            "arm": ["lonlat"] * 4 + ["geoclip-hadamard"] * 4,
            "position": [2, 0, 1, 3] * 2,
            "cell": list("baab") * 2,
            "difference": [0, 0.1, 0.2, 0.3] * 2,
            "low": [-0.1, -0.1, np.nan, 0.1] * 2,
            "high": [0.5, 0.4, np.nan, 0.9] * 2,
        }
    )
    fig, ax = figures.subplots()
    lines.draw(ax, table, ["a", "b", "c", "d"], breaks="cell")
    assert len(ax.containers) == 4, "two arms, each broken once"
    first = ax.containers[0]
    assert first.lines[0].get_ydata().tolist() == [0.1, 0.2]
    (ends,) = (bar.get_segments() for bar in first.lines[2])
    assert ends[0][:, 1].tolist() == [-0.1, 0.4] and ends[1][0, 1] == ends[1][1, 1] == 0.2
    shifts = [line.lines[0].get_xdata()[0] for line in ax.containers]
    assert len(set(shifts)) == 4 and np.abs(np.array(shifts) - np.round(shifts)).max() <= lines.ROOM / 2
    assert [text.get_text() for text in ax.get_xticklabels()] == ["a", "b", "c", "d"]


def test_the_range_follows_the_values_and_holds_zero():
    _, axes = figures.subplots(1, 2)
    lines.limit(axes, [0.1, 0.3, np.nan])
    assert [ax.get_ylim() for ax in axes] == [(-0.18, 0.48)] * 2
    lines.limit(axes, [])
    assert axes[0].get_ylim()[0] < 0 < axes[0].get_ylim()[1]


def test_a_pair_of_budgets_is_one_line_a_cell_and_arm_spatial_first():
    table = pd.DataFrame(
        [
            {
                "split": split,
                "fold": fold,
                "arm": "lonlat",
                "budget": budget,
                "difference": fold / 10 + budget,
                "low": -1.0,
                "high": 9.0,
            }
            for split, fold in (("checkerboard-16", 1), ("checkerboard-16", 2), ("spatial", 1))
            for budget in (1, 2)
        ]
    )
    _, ax = figures.subplots()
    lines.pairs(ax, table, lambda row: f"{row.split} {row.fold}")
    assert [text.get_text() for text in ax.get_xticklabels()] == ["spatial 1", "checkerboard-16 1", "checkerboard-16 2"]
    drawn = {
        tuple(np.round(np.array(line.lines[0].get_xdata(), float) + lines.ROOM / 2)): line.lines[0].get_ydata().tolist()
        for line in ax.containers
    }
    assert drawn == {(0, 1): [1.1, 2.1], (2, 3): [1.1, 2.1], (4, 5): [1.2, 2.2]}


def test_coverage_is_drawn_by_split_and_an_unbounded_width_is_not():
    table = pd.DataFrame(
        {
            "arm": "none",
            "split": ["checkerboard-16+regions", "checkerboard-16", "spatial"],
            "fold": 1,
            "coverage": [0.9, 0.8, 0.7],
            "low": [0.8, np.nan, 0.6],
            "high": [1, np.nan, 0.75],
            "width": [9.0, np.inf, 3.0],
        }
    )
    _, axes = figures.subplots(1, 2)
    assert lines.covered(axes, table, 0.9, lambda row: row.split) == ["none"]
    names = [text.get_text() for text in axes[0].get_yticklabels()]
    assert names == ["spatial", "checkerboard-16", "checkerboard-16+regions"]
    points = axes[0].containers[0].lines[0]
    at = np.round(np.array(points.get_ydata(), float) + lines.ROOM / 2)
    assert dict(zip(at, points.get_xdata(), strict=True)) == {0: 0.7, 1: 0.8, 2: 0.9}
    assert np.isnan(axes[1].lines[0].get_xdata()[1]) and np.nanmax(axes[1].lines[0].get_xdata()) == 9
