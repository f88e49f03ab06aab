"""Lines of differences: one an arm, where its points lie, and intervals only where there are any."""

import numpy as np
import pandas as pd

from placeprior import figures, lines


def test_every_arm_has_its_line_points_and_intervals():
    table = pd.DataFrame({
        "arm": ["lonlat"] * 4 + ["geoclip-hadamard"] * 4, "position": [2, 0, 1, 3] * 2, "cell": list("baab") * 2,
        "difference": [0, 0.1, 0.2, 0.3] * 2, "low": [-0.1, -0.1, np.nan, 0.1] * 2,
        "high": [0.5, 0.4, np.nan, 0.9] * 2})
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
