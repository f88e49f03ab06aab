"""The first screen of README and book: gains over no location, beside placebos and rivals, from committed files."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from placeprior.arms import RIVALS
from placeprior.book import headline
from placeprior.errors import StoreError, UnknownName
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
    committed.write(made, frame, sums[committed.STATIONS], stamps, lambda table: committed.values(table, stamps))
    ran = "<!-- ran:begin -->\nbefore\n<!-- ran:end -->"
    text = f"# A\n<!-- result:begin -->\nbefore\n<!-- result:end -->\n{ran}\nB\n"
    (tmp_path / "README.md").write_text(text, encoding="utf-8")
    return tmp_path


def test_readme_is_rewritten_between_its_marks_only_from_the_books_own_words(folder):
    page = folder / "README.md"
    (folder / "book" / "_abstract.md").write_text("R² is {val}`demo.world.spatial.kriging.r2:.2f`.", encoding="utf-8")
    (folder / "book" / "_advice.md").write_text("See {doc}`chapters/splits`.", encoding="utf-8")
    headline.readme("aqs", "demo")
    once = page.read_text(encoding="utf-8")
    r2 = json.loads((folder / "results" / "demo" / "values.json").read_text())["world.spatial.kriging.r2"]
    assert once.startswith(f"# A\n<!-- result:begin -->\nR² is {r2:.2f}.\n\n![")
    assert "See *splits*." in once and once.endswith("<!-- ran:end -->\nB\n") and "before" not in once
    assert "trained" in once and "| `paper` | all | paper | not run yet |" in once
    assert "<svg" in (folder / "results" / "headline.svg").read_text(encoding="utf-8")
    assert "| `paper` | all |" in (folder / "book" / "_ran.md").read_text(encoding="utf-8")
    headline.readme("aqs", "demo")
    assert page.read_text(encoding="utf-8") == once
    page.write_text("# A\n", encoding="utf-8")
    with pytest.raises(StoreError, match="result:begin"):
        headline.readme("demo")


def test_a_number_that_is_not_there_is_not_printed(folder):
    with pytest.raises(UnknownName, match=r"demo\.world\.spatial\.krigin\.r2"):
        headline.said("{val}`demo.world.spatial.krigin.r2:.2f`")


def test_the_figure_shows_real_measurements_first_and_names_what_lies_beyond(folder):
    fig = headline.draw("demo")
    titles = [ax.get_title("left") for ax in fig.axes]
    assert titles == ["between known stations", "in new regions (16°)"]
    assert [text.get_text() for text in fig.axes[0].get_yticklabels()][0] == "ordinary kriging"


def test_the_figure_leaves_out_a_task_that_is_hardly_begun(folder, monkeypatch):
    whole, gains = headline.draw("demo"), headline.matched_gains
    begun = {"world": gains("demo", "world")}
    begun["weather-2019"] = begun["world"].query("arm == 'kriging' and split == 'spatial'")
    monkeypatch.setattr(headline, "tasks", lambda *profiles: [("demo", "weather-2019"), ("demo", "world")])
    monkeypatch.setattr(headline, "matched_gains", lambda profile, task: begun[task])
    assert len(headline.draw("demo").axes) == len(whole.axes)


def test_readme_says_what_the_results_say():
    text = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
    for name in ("_abstract.md", "_advice.md"):
        assert headline.said((Path(__file__).parents[1] / "book" / name).read_text(encoding="utf-8")).strip() in text


def test_without_results_the_remedy_is_named(folder):
    shutil.rmtree(folder / "results")
    with pytest.raises(StoreError, match="there are no results of demo.*make demo-full"):
        headline.readme("demo")
