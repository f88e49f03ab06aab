"""Tables, paired differences over several fits, and verdicts."""

import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from placeprior import committed, compare, headline, integrity, ledger, matrix, metrics
from placeprior.errors import StoreError


@pytest.fixture
def results():
    """Two arms and two seeds over 40 stations; the second arm's errors are half the first's."""
    rng = np.random.default_rng(0)
    score_rows, sum_rows = [], []
    for seed in (0, 1):
        station = np.repeat(np.arange(40), 30)
        y = 10 + rng.normal(size=station.size) * 5
        error = rng.normal(size=station.size) * 3
        for variant, fusion, shrink in (("none", "-", 1.0), ("geoclip", "hadamard", 0.5)):
            table = metrics.station_sums(station, y, y + shrink * error)
            run = f"{variant}{seed}"
            total = metrics.scores(table.to_numpy().sum(0))
            score_rows += [
                ["world", variant, fusion, "spatial", 1, seed, name, float(value), len(y), run]
                for name, value in total.items()
            ]
            sum_rows.append(table.reset_index(drop=True).assign(run=run, name=[f"s{i:02d}" for i in range(40)]))
    return pd.DataFrame(score_rows, columns=ledger.COLUMNS), pd.concat(sum_rows)


def test_difference_is_the_difference_of_the_means(results):
    frame, sums = results
    found = compare.arms_of(compare.differences(frame, sums, draws=300))
    means = compare.with_arm(frame[frame["metric"] == "r2"]).groupby("arm")["value"].mean()
    assert list(found["arm"]) == ["geoclip-hadamard"]
    assert found["difference"][0] == pytest.approx(means["geoclip-hadamard"] - means["none"])
    assert 0 < found["low"][0] < found["difference"][0] < found["high"][0]
    assert found[["fits", "positive", "clear", "stations"]].iloc[0].tolist() == [2, 2, 1, 40]


def test_one_fit_equals_the_paired_difference_of_metrics(results):
    frame, sums = results
    frame = frame[frame["seed"] == 0]
    ours = compare.arms_of(compare.differences(frame, sums, metric="rmse", draws=500)).iloc[0]
    tables = [sums[sums["run"] == run].set_index("name") for run in ("geoclip0", "none0")]
    theirs = metrics.paired_difference(*tables, metric="rmse", draws=500)
    assert [ours["difference"], ours["low"], ours["high"]] == pytest.approx(list(theirs.values()))


def test_equal_arms_differ_by_nothing(results):
    frame, sums = results
    sums = sums.set_index("run")
    copies = [sums.loc[[f"none{s}"]].rename(index={f"none{s}": f"geoclip{s}"}) for s in (0, 1)]
    same = pd.concat([sums.loc[["none0", "none1"]], *copies]).reset_index()
    found = compare.arms_of(compare.differences(frame, same, draws=100))
    assert found[["difference", "low", "high", "clear"]].iloc[0].tolist() == [0, 0, 0, 0]


def test_a_missing_counterpart_is_left_out_and_other_rows_are_refused(results):
    frame, sums = results
    partial = frame[~((frame["variant"] == "none") & (frame["seed"] == 1))]
    assert compare.arms_of(compare.differences(partial, sums, draws=50))["fits"].tolist() == [1]
    assert compare.differences(frame[frame["variant"] == "geoclip"], sums).empty
    sums = sums.copy()
    sums.loc[sums["run"] == "geoclip0", "n"] += 1
    with pytest.raises(StoreError, match="do not test the same rows"):
        compare.differences(frame, sums, draws=50)


def test_spread_lists_arms_in_the_books_order_and_marks_what_is_absent(results):
    frame, _ = results
    other = frame[frame["seed"] == 0].assign(split="random")
    table = compare.spread(pd.concat([frame, other[other["variant"] == "none"]]))
    assert list(table.columns) == ["WR · random", "WR · spatial"]
    assert list(table.index) == ["no location", "GeoCLIP, Hadamard"]
    assert table.iloc[1, 0] == "–"
    assert "±" in table.iloc[1, 1] and "±" not in table.iloc[0, 0]


@pytest.mark.parametrize(
    ("split", "arm", "clear", "verdict"),
    [
        ("random", "geoclip-hadamard", 1, "agrees"),
        ("random", "geoclip-hadamard", -1, "does not agree"),
        ("random", "geoclip-hadamard", 0, "undecided"),
        ("checkerboard-16", "geoclip-hadamard", 1, "reported as equal or mixed"),
        ("checkerboard-8", "lonlat", -1, "agrees"),
        ("checkerboard-8", "geoclip-concat", 1, "–"),
    ],
)
def test_verdicts(split, arm, clear, verdict):
    assert compare.agreement(split, arm, clear) == verdict


def test_readme_is_rewritten_between_its_marks_only(results, tmp_path, monkeypatch):
    ids = {run: f"{number:012x}" for number, run in enumerate(results[0]["run"].unique())}  # as the store names them
    frame, sums = (table.assign(run=table["run"].map(ids)) for table in results)
    monkeypatch.setattr(matrix, "root", lambda: tmp_path)
    folder = tmp_path / "results" / "demo"
    folder.mkdir(parents=True)
    frame.to_csv(folder / "scores.csv", index=False)
    sums.assign(lon=-100.0, lat=40.0).to_parquet(folder / "stations.parquet")
    shutil.copy(Path(__file__).parent.parent / "runs.yml", tmp_path)
    stamp = {"parameters": 5, "seconds": 90.0, "device": "cpu", "threads": 1}
    stamps = {run: stamp for run in frame["run"].unique()}
    (folder / "stamps.json").write_text(json.dumps(stamps), encoding="utf-8")
    (folder / "values.json").write_text("{}", encoding="utf-8")
    manifest = {"runs": len(stamps), "files": integrity.index(folder, committed.FILES)}
    (folder / committed.MANIFEST).write_text(integrity.sealed(manifest), encoding="utf-8")
    page = tmp_path / "README.md"
    ran = "<!-- ran:begin -->\nbefore\n<!-- ran:end -->"
    page.write_text(f"# A\n<!-- result:begin -->\nbefore\n<!-- result:end -->\n{ran}\nB\n", encoding="utf-8")
    headline.readme("demo")
    once = page.read_text(encoding="utf-8")
    assert once.startswith("# A\n<!-- result:begin -->\n![") and once.endswith("<!-- ran:end -->\nB\n")
    assert "before" not in once and "GeoCLIP, Hadamard" in once and "embedded world, simulated" in once
    assert f"{len(stamps)} trained" in once and "| `paper` | all | paper | not run yet |" in once
    assert (folder / "headline.png").stat().st_size > 10_000
    headline.readme("demo")
    assert page.read_text(encoding="utf-8") == once
    page.write_text("# A\n", encoding="utf-8")
    with pytest.raises(StoreError, match="result:begin"):
        headline.readme("demo")


def test_minus_signs_are_for_numbers_only():
    text = "-0.5 to -1, (-2), m s-1, checkerboard-16, 2021-01-06"
    assert compare.minus(text) == "−0.5 to −1, (−2), m s-1, checkerboard-16, 2021-01-06"


def test_all_arms_are_said_in_one_word_unless_their_marks_differ():
    rows = {"arm": ["lonlat", "sincos"], "clear": [1, 1], "positive": [3, 3], "fits": [3, 3]}
    assert compare.who(pd.DataFrame(rows), 2, "all") == "all"
    rows["positive"] = [3, 2]
    assert compare.who(pd.DataFrame(rows), 2, "all") == "lon/lat and sin/cos\\*"
    assert compare.who(pd.DataFrame(rows).head(0), 2, "all") == "none"
