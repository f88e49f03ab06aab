"""The benchmarks' one table: ratios are found in what each script keeps, and scripts that were not run are left out."""

import importlib.util
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"


@pytest.fixture
def table():
    spec = importlib.util.spec_from_file_location("bench_table", BENCHMARKS / "table.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("encoder   ours, 1/s  ratio\nwrap   90   1.5\nslepian   10   –", [("wrap", "1.5")]),
        ("what    ratio   MiB\na long name     2.0     18", [("a long name", "2.0")]),
        (
            "size   train ratio  infer ratio   MiB\ndemo float32   1.10   0.90   18\nnew   -   -   18",
            [("demo float32", "train 1.10, infer 0.90")],
        ),
        ("          train ratio  MiB\nkeras float32   1.00   18", [("keras float32", "train 1.00")]),
        (
            "throughput of maps against the network alone: 0.93",
            [("throughput of maps against the network alone", "0.93")],
        ),
        ("peak    cube\na year    0.7", []),
        ("no ratio is here", []),
    ],
)
def test_ratios_are_found_wherever_a_script_writes_them(table, text, found):
    assert table.ratios(text) == found


def test_a_column_of_ratios_ends_with_its_table(table):
    assert table.ratios("a   ratio\nb   2.0\n16,384 places\nc   33") == [("b", "2.0")]


def test_ratios_come_first_and_every_script_that_was_run_is_there(table, tmp_path):
    (tmp_path / "zebra.txt").write_text("last\n")
    (tmp_path / "speed.txt").write_text("first\n")
    (tmp_path / "table.txt").write_text("itself\n")
    assert list(table.tables(tmp_path)) == ["speed", "zebra"]


def test_every_kept_table_has_its_script():
    kept = {path.stem for path in BENCHMARKS.glob("*.txt")} - {"table"}
    assert kept <= {path.stem for path in BENCHMARKS.glob("*.py")}
