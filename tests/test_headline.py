"""The first screen of README and book: gains over no location, beside placebos and rivals, from committed files."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from placeprior.arms import RIVALS, with_arm
from placeprior.book import headline
from placeprior.errors import StoreError
from placeprior.runs import committed, configuration, store
from placeprior.scores import metrics

#: How far each arm errs, in units of the reference's errors.
SHRINK = {"none+head": 1.0, "geoclip/hadamard": 0.5, "kriging": 0.7, "random-vector/hadamard": 1.3}


@pytest.fixture
def results():
    """Four arms over 40 stations on a spatial split and both partitions of a checkerboard; rivals have one seed."""
    rng = np.random.default_rng(0)
    score_rows, sum_rows = [], []
    lonlat = np.column_stack([rng.uniform(-120, -75, 40), rng.uniform(30, 47, 40)])
    for split, fold, seed in (
        ("spatial", 1, 0),
        ("spatial", 1, 1),
        *(("checkerboard-16", f, s) for f in (1, 2) for s in (0, 1)),
    ):
        station = np.repeat(np.arange(40), 30)
        y = 10 + np.random.default_rng(fold).normal(size=station.size) * 5
        for model, shrink in SHRINK.items():
            variant, _, fusion = model.partition("/")
            if variant in RIVALS and seed:
                continue
            error = shrink * 3 * rng.normal(size=station.size)
            table = metrics.station_sums(station, y, y + error)
            run = f"{len(sum_rows):012x}"
            total = metrics.from_sums(table.to_numpy().sum(0))
            score_rows += [
                ["world", variant, fusion or "-", split, fold, seed, name, float(value), len(y), run]
                for name, value in total.items()
            ]
            names = [f"s{i:02d}" for i in range(40)]
            sum_rows.append(
                table.reset_index(drop=True).assign(
                    run=run, name=names, lon=lonlat[:, 0], lat=lonlat[:, 1], nearest_km=100.0
                )
            )
    return pd.DataFrame(score_rows, columns=store.COLUMNS), pd.concat(sum_rows)


def test_partitions_are_shown_apart_and_never_as_a_spread(results):
    table = headline.levels(with_arm(results[0]))
    cell = table.loc["GeoCLIP, Hadamard", "OoR · 16°"]
    one, two = (float(part) for part in cell.split(" / "))
    frame = results[0]
    own = frame[(frame["metric"] == "r2") & (frame["variant"] == "geoclip") & (frame["split"] == "checkerboard-16")]
    means = own.groupby("fold")["value"].mean()
    assert (one, two) == pytest.approx((means[1], means[2]), abs=0.005)
    assert "±" not in table.to_string() and "/" not in table.loc["GeoCLIP, Hadamard", "WR · spatial"]


def test_gains_are_over_the_network_without_a_place_and_rivals_stand_beside_every_seed(results):
    found = headline.gains(with_arm(results[0]), results[1]).set_index(["arm", "split"])
    assert ("none+head", "spatial") not in found.index
    assert found.loc[("geoclip-hadamard", "spatial"), "clear"] == 1
    assert found.loc[("random-vector-hadamard", "spatial"), "clear"] == -1
    assert found.loc[("kriging", "spatial"), "seeds"] == 2 and found.loc[("kriging", "spatial"), "clear"] == 1
    r2 = with_arm(results[0]).query("metric == 'r2' and split == 'spatial'").groupby("arm")["value"].mean()
    expected = r2["geoclip-hadamard"] - r2["none+head"]
    assert found.loc[("geoclip-hadamard", "spatial"), "difference"] == pytest.approx(expected, abs=1e-6)


@pytest.fixture
def folder(results, tmp_path, monkeypatch):
    monkeypatch.setattr(configuration, "root", lambda: tmp_path)
    shutil.copy(Path(__file__).parent.parent / "runs.yml", tmp_path)
    (tmp_path / "book").mkdir()
    made = tmp_path / "results" / "demo"
    made.mkdir(parents=True)
    frame, sums = results
    stamp = {"parameters": 5, "seconds": 90.0, "device": "cpu", "threads": 1}
    stamps = {run: stamp for run in frame["run"].unique()}
    committed.write(made, frame, sums[committed.STATIONS], stamps, lambda table: store.values(table, stamps))
    ran = "<!-- ran:begin -->\nbefore\n<!-- ran:end -->"
    text = f"# A\n<!-- result:begin -->\nbefore\n<!-- result:end -->\n{ran}\nB\n"
    (tmp_path / "README.md").write_text(text, encoding="utf-8")
    return tmp_path


def test_readme_is_rewritten_between_its_marks_only_and_the_book_says_the_same(folder):
    page = folder / "README.md"
    headline.readme("aqs", "demo")
    once = page.read_text(encoding="utf-8")
    assert once.startswith("# A\n<!-- result:begin -->\n![") and once.endswith("<!-- ran:end -->\nB\n")
    assert "before" not in once and "Embedded world (simulated)" in once and "ordinary kriging" in once
    assert "trained" in once and "| `paper` | all | paper | not run yet |" in once
    assert (folder / "results" / "headline.png").stat().st_size > 10_000
    book = (folder / "book" / "_result.md").read_text(encoding="utf-8")
    tables = [line for line in once.splitlines() if line.startswith("| ") and "GeoCLIP" in line]
    assert tables and all(line in book for line in tables)
    headline.readme("aqs", "demo")
    assert page.read_text(encoding="utf-8") == once
    page.write_text("# A\n", encoding="utf-8")
    with pytest.raises(StoreError, match="result:begin"):
        headline.readme("demo")


def test_without_results_the_remedy_is_named(folder):
    shutil.rmtree(folder / "results")
    with pytest.raises(StoreError, match="there are no results of demo.*make demo-full"):
        headline.readme("demo")
