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


@pytest.mark.parametrize(("count", "words"), [(1, "One claim and its verdict"), (3, "3 claims and their verdicts")])
def test_the_box_of_claims_counts_them(ledger, count, words):
    from types import SimpleNamespace

    page = SimpleNamespace(body=[], starttag=lambda node, tag: f"<{tag}>")
    ledger.visit_folded(page, ledger.folded("", counted=count))
    assert "".join(page.body) == f"<details><summary>{words}</summary>\n"
