"""The page on downscaling: what its tables and drawings show, and how its claims are decided."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from placeprior import evidence
from placeprior.book import downscaling as page
from placeprior.book import neighbouring
from placeprior.book.verdicts import NOT_RUN
from placeprior.downscaling import judging
from placeprior.downscaling.fields import Setting
from placeprior.errors import StoreError
from placeprior.evidence import downscaling

BETTER = {"unet": 0.0, "diffusion": 0.3, "vae": -0.3}  # less square error, µg² m-6


def made() -> pd.DataFrame:
    rng, rows = np.random.default_rng(0), []
    for seed in range(3):
        rows.append((downscaling.TRUTH, seed, "variance", np.nan, 2.0))
        for arm in (downscaling.TRUTH, *downscaling.ARMS):
            rows += [(arm, seed, metric, np.nan, rng.uniform()) for metric in (*page.SCORES, "cpu seconds")]
            for block in range(6):
                value = 1.0 - BETTER.get(arm, 0.1) + 0.01 * rng.normal()
                rows += [(arm, seed, "block mse", block, value), (arm, seed, "block crps", block, value)]
            for metric, at in {"variogram": judging.EDGES_KM[1:], "power": (60, 120, 300), "fine acf": (1, 2)}.items():
                level = 1.05 if arm == "diffusion" else 0.6 if arm == "unet" else 1.0
                rows += [(arm, seed, metric, x, level * (1 + seed)) for x in at]
    for arm in downscaling.MAPPED:
        rows += [(arm, 0, "map", cell, float(cell)) for cell in range(Setting().rows * Setting().columns)]
    return pd.DataFrame(rows, columns=downscaling.COLUMNS)


@pytest.fixture
def table(monkeypatch) -> pd.DataFrame:
    found = made()
    monkeypatch.setattr(evidence, "read", lambda profile, name: found)
    return found


@pytest.mark.parametrize(("arm", "verdict"), [("diffusion", "supported"), ("vae", "contradicted")])
@pytest.mark.parametrize("score", ["nse", "crps"])
def test_a_difference_decides_a_claim(table, arm, verdict, score):
    asked = {"kind": "downscaled", "arm": arm, "against": "unet", "score": score, "expects": "above"}
    found = neighbouring.RULES[asked.pop("kind")]("demo", task="world", **asked)
    assert found.verdict == verdict
    assert found.values["difference"] == pytest.approx(BETTER[arm] / (2 if score == "nse" else 1), abs=0.02)
    assert arm in neighbouring.said({"kind": "downscaled", **asked})


@pytest.mark.parametrize(("arm", "off", "verdict"), [("diffusion", 0.05, "supported"), ("unet", 0.4, "contradicted")])
def test_the_semivariogram_is_held_against_the_truth_of_its_own_world(table, arm, off, verdict):
    found = neighbouring.RULES["variogram"]("demo", task="world", arm=arm, at_most=0.1)
    assert found.verdict == verdict and found.values["value"] == pytest.approx(off)


def test_without_results_nothing_is_claimed(monkeypatch):
    def none(profile, name):
        raise StoreError("there is none")

    monkeypatch.setattr(evidence, "read", none)
    assert neighbouring.RULES["variogram"]("demo", task="world", arm="unet", at_most=0.1) is NOT_RUN
    asked = {"arm": "vae", "against": "unet", "score": "nse", "expects": "above"}
    assert neighbouring.RULES["downscaled"]("demo", task="world", **asked) is NOT_RUN


def test_twice_the_steps_are_compared_in_the_same_worlds(table):
    more = table[table["arm"].isin((*downscaling.LONGER, downscaling.TRUTH)) & (table["seed"] < 2)].copy()
    better = (more["arm"] == "diffusion") & more["metric"].isin(["block crps", "crps"])
    more.loc[better, "value"] -= 0.5
    said = page.longer(table, more)
    before, after = (
        downscaling.differences(own[own["seed"] < 2], "crps", "diffusion random").loc["diffusion", "difference"]
        for own in (table, more)
    )
    assert after == pytest.approx(before + 0.5)
    assert said.index(f"{after:+.3f}") < said.index(f"{before:+.3f}") and "In 2 of the worlds" in said
    assert "CRPS changed by −0.500" in said and "NSE by +0.000" in said


def test_a_claim_names_its_table(table):
    asked = {"arm": "diffusion", "against": "unet", "score": "crps", "expects": "above", "name": "downscaling_longer"}
    assert neighbouring.RULES["downscaled"]("demo", task="world", **asked).verdict == "supported"
    assert "twice the steps" in neighbouring.said({"kind": "downscaled", **asked})


def test_tables_name_every_arm_and_drawings_show_what_they_are_given(table):
    assert list(page.scores(table).index) == list(downscaling.ARMS.values())
    gains = page.gains(table, {"NSE": ("nse", "unet")})
    assert gains.loc[downscaling.ARMS["diffusion"], "NSE"].startswith("**+0.15")
    assert gains.loc[downscaling.ARMS["unet"], "NSE"] == "–"
    maps = page.day(table)
    assert maps["truth"].shape == (Setting().rows, Setting().columns) and maps["truth"][1, 0] == Setting().columns
    figure = page.draw_day(maps)
    assert [ax.get_title() for ax in figure.axes[:4]] == ["truth", "bilinear", "U-Net", "diffusion, pretrained"]
    found = page.structure(table)
    lines = page.draw_structure(found).axes[0].get_lines()
    drawn = {line.get_label(): line.get_ydata() for line in lines}
    assert drawn[downscaling.ARMS["diffusion"]] == pytest.approx(1.05)
    plt.close("all")
