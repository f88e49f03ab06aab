"""What the page about the trained variants says and draws."""

from types import SimpleNamespace

import pandas as pd
import pytest

from placeprior.book import variants
from placeprior.scores import metrics

pytestmark = pytest.mark.usefixtures("styled")

ARMS = ("none", "lonlat", "geoclip-hadamard")


def test_fits_are_what_the_store_holds_and_scores_their_means_over_seeds():
    asked = ((0, "spatial", 1), (1, "spatial", 1), (0, "checkerboard-16", 1), (2, "checkerboard-16", 2))
    runs = [
        SimpleNamespace(id=f"run{n}", variant="lonlat", fusion="channels", split=split, fold=fold, seed=seed)
        for n, (seed, split, fold) in enumerate(asked)
    ]
    stored = {
        run.id: {"parameters": 1234, "scores": dict.fromkeys(metrics.METRICS, 0.1 * n)} for n, run in enumerate(runs)
    }
    fits = variants.fits(stored, runs)
    assert fits["arm"].tolist() == ["lonlat"] * 4 and fits["weights"].tolist() == [1234] * 4
    row = variants.scores(fits).iloc[0]
    assert row["variant"] == "lon/lat" and row["weights"] == "1,234"
    assert row["R², spatial"] == f"{fits['r2'][:2].mean():.2f}"
    assert row["R², 16°"] == f"{fits['r2'][2]:.2f} / {fits['r2'][3]:.2f}"


def test_every_variant_has_its_panel_of_curves_named_at_the_foot():
    rows = [
        (arm, split, epoch, 3 / epoch, 2 / epoch) for arm in ARMS for split in ("spatial", "random") for epoch in (1, 2)
    ]
    fig = variants.draw_curves(pd.DataFrame(rows, columns=["arm", "split", "epoch", "loss", "validation_loss"]))
    shown = [ax for ax in fig.axes if ax.get_visible()]
    assert [ax.get_title("left") for ax in shown] == ["no location", "lon/lat", "GeoCLIP, Hadamard"]
    assert all(len(ax.lines) == 4 for ax in shown)
    assert [ax.get_xlabel() for ax in shown] == ["", "epoch", "epoch"]
