"""The ledger's page points to figures that are there, and to no others."""

import json
import sys
from pathlib import Path

import pytest


@pytest.fixture(scope="module")
def ledger():
    sys.path.insert(0, str(Path(__file__).parents[1] / "book/_ext"))
    try:
        return pytest.importorskip("ledger")
    finally:
        sys.path.pop(0)


def test_a_figure_is_drawn_where_its_cell_has_a_picture(ledger, tmp_path):
    def cell(name, *kinds):
        return {"metadata": {"mystnb": {"figure": {"name": name}}}, "outputs": [{"data": dict.fromkeys(kinds, "")}]}

    page = tmp_path / "page.ipynb"
    waits = cell("fig-b", "text/markdown")
    page.write_text(json.dumps({"cells": [{"metadata": {}}, cell("fig-a", "image/svg+xml"), waits]}))
    assert ledger.drawn(page, "fig-a")
    assert not ledger.drawn(page, "fig-b") and not ledger.drawn(page, "fig-c") and not ledger.drawn(page, "")


def test_verdicts_are_counted_with_real_measurements_first(ledger):
    def claim(name, **verdicts):
        return {"id": name, "at": {scale: {"verdict": verdict} for scale, verdict in verdicts.items()}}

    claims = [
        claim("a", demo="undecided", aqs="supported", paper="not run"),
        claim("b", demo="undecided", aqs="contradicted"),
        claim("c", demo="supported"),
    ]
    assert ledger.tally(claims) == [
        ("aqs", "supported", ["a"]),
        ("aqs", "contradicted", ["b"]),
        ("demo", "supported", ["c"]),
        ("demo", "undecided", ["a", "b"]),
    ]


def test_every_claim_stands_on_one_page_of_the_ledger(ledger):
    near = {"transfer"}
    assert ledger.kind({"page": "transfer", "who": "ours"}, near) == "neighbours"
    assert ledger.kind({"page": "law", "who": "ours"}, near) == "ours"
    assert ledger.kind({"page": "law", "who": "karimzadeh2025"}, near) == "others"
    assert ledger.neighbours(Path(__file__).parents[1]) >= near
