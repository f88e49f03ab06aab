"""The ways of joining as drawn, and what the arms cost."""

import numpy as np
import pandas as pd
import pytest

from placeprior.book import fusion
from placeprior.evidence import costs

pytestmark = pytest.mark.usefixtures("styled")


def test_every_way_is_drawn_and_only_the_bias_passes_by_the_dense_layer():
    fig = fusion.draw_ways()
    assert [ax.get_title("left") for ax in fig.axes] == list(fusion.WAYS)
    for ax in fig.axes:
        texts = [text.get_text() for text in ax.texts if text.get_text()]
        assert {"place e", "ŷ", fusion.WAYS[ax.get_title("left")][2]} <= set(texts)
        at = {text.get_text(): text.get_position() for text in ax.texts}
        meets = at[fusion.WAYS[ax.get_title("left")][0]]
        inner = at["LSTMs"] if "LSTMs" in at else at["dense"]
        assert (meets[0] > inner[0]) == (ax.get_title("left") == "bias only")


def test_costs_are_medians_over_runs_and_a_run_without_a_stamp_is_left_out():
    scores = pd.DataFrame({"arm": ["none"] * 4 + ["lonlat"], "run": ["a", "a", "b", "c", "d"]})
    stamps = {"a": {"parameters": 10, "seconds": 1.0}, "b": {"parameters": 10, "seconds": 3.0}}
    found = costs.by_arm(scores, stamps)
    assert found.to_dict("index") == {"none": {"weights": 10.0, "seconds": 2.0}}
    assert costs.by_arm(scores, {}).empty and np.issubdtype(costs.by_arm(scores, {})["weights"].dtype, np.floating)
