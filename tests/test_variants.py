"""What the pages of single variants say and draw."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from placeprior.book import figures, variants
from placeprior.network.sizes import SIZES
from placeprior.scores import metrics

pytestmark = pytest.mark.usefixtures("styled")


def titles(fig):
    return [ax.get_title("left") for ax in fig.axes if ax.get_visible() and ax.get_title("left")]


def test_every_variant_says_what_it_is_told_and_how_it_joins():
    assert variants.told("none", "-").startswith("Nothing.")
    assert variants.told("geoclip", "hadamard").endswith("the place scales what the window says.")
    assert variants.told("mine", "concat").startswith("The place vector of encoder mine. The two are set")


def test_facts_are_those_of_the_runs():
    config = SIZES["demo"]
    runs = [
        SimpleNamespace(id=f"run{seed}", variant="none", split=split, seed=seed, settings=config)
        for seed, split in ((0, "spatial"), (1, "spatial"), (2, "random"))
    ]
    stamp = {"device": "cpu", "threads": 1, "seconds": 40}
    stored = {run.id: {"parameters": 1234, "predictors": ["wind", "aod"], "stamp": stamp} for run in runs}
    found = variants.facts(runs, stored).set_index("what")["here"]
    assert found["trained parameters"] == "1,234" and found["numbers that tell the place"] == "0"
    assert found["dynamic inputs a day"] == "2: wind, aod"
    assert found["fits"] == "3 (2 splits, seeds 0, 1, 2, both partitions of a checkerboard)"
    assert found["time for all fits"] == "2.0 minutes (cpu, 1 thread)"
    assert found["window"].startswith(f"{config.window} days")


def test_scores_are_means_and_spreads_over_seeds_fold_by_fold():
    fits = pd.DataFrame(
        [("random", 1, 90), ("spatial", 2, 1000), ("spatial", 1, 900), ("spatial", 1, 950)],
        columns=["split", "fold", "n"],
    ).assign(**dict.fromkeys(metrics.METRICS, [0.5, 0.1, 0.2, 0.4]))
    fits["rmse_35"] = np.nan
    table = variants.scores(fits)
    assert table[["split", "fold", "fits"]].values.tolist() == [
        ["WR · random", "1", "1"],
        ["WR · spatial", "1", "2"],
        ["WR · spatial", "2", "1"],
    ]
    assert table["R²"].tolist() == ["0.500", "0.300 ± 0.141", "0.100"]
    assert table["test rows"].tolist() == ["90", "900 – 950", "1,000"]
    assert set(table["RMSE on high days"]) == {"–"}


def test_curves_mark_the_epoch_that_was_kept():
    history = pd.DataFrame({"epoch": [1, 2, 3], "loss": [3, 2, 1], "validation_loss": [3.0, 1.0, 2.0], "kept": 2})
    fig = variants.draw_curves({"random": [history], "spatial": [history, history]}, figures.look("none"))
    assert titles(fig) == ["WR · random", "WR · spatial"]
    marks = [line for line in fig.axes[1].lines if len(line.get_xdata()) == 1]
    assert [(line.get_xdata()[0], line.get_ydata()[0]) for line in marks] == [(2, 1.0)] * 2
    assert [ax.get_ylabel() for ax in fig.axes] == ["Huber loss (scaled)", ""]
    assert [text.get_text() for text in fig.legends[0].get_texts()] == ["training", "validation"]


def test_four_splits_take_two_rows_and_name_the_lowest_axes():
    weights = {split: np.full((2, 3), 1 / 3) for split in ("random", "spatial", "checkerboard-8", "checkerboard-16")}
    fig = variants.draw_attention(weights, figures.look("none"))
    assert [ax.get_xlabel() for ax in fig.axes[:4]] == ["", "lag [days]", "lag [days]", "lag [days]"]
    assert fig.axes[0].lines[0].get_xdata().tolist() == [-2, -1, 0]
    assert fig.axes[0].get_ylim()[1] == pytest.approx(1.1 / 3)


def test_maps_of_errors_show_the_cells_of_a_checkerboard_only():
    places = pd.DataFrame({"lon": [-110.0, -90.0], "lat": [40.0, 35.0], "error": [1.0, -1.0]})
    plain, board = (variants.draw_errors(places, split) for split in ("spatial", "checkerboard-16"))
    assert len(board.axes[0].collections) + len(board.axes[0].lines) > len(plain.axes[0].collections) + len(
        plain.axes[0].lines
    )


def test_rows_of_a_split_are_counted_over_its_hexagons():
    rng = np.random.default_rng(0)
    part = pd.DataFrame({"pm25": rng.uniform(0, 30, 50), "estimate": rng.uniform(0, 30, 50)})
    fig = variants.draw_scatter({"spatial": part, "checkerboard-16": part})
    assert titles(fig) == ["WR · spatial, n = 50", "OoR · 16°, n = 50"]
