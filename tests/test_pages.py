"""From notebook to page: parameters that are checked, failures that leave nothing, and one real execution."""

from __future__ import annotations

import sys

import jupytext
import nbformat
import papermill
import pytest

from placeprior.book import handing, pages
from placeprior.book.pages import PageFailed, defaults, escaped, execute
from placeprior.errors import ConfigError, UnknownName
from placeprior.runs import collecting, configuration, making, plan

NOTEBOOK = """\
# ---
# jupyter:
#   jupytext:
#     text_representation:
#       format_name: percent
# ---

# %% [markdown]
# # A toy

# %% tags=["parameters"]
profile = "demo"
count = 1
share = 0.5
names = ["a"]
bold = False

# %% mystnb={"figure": {"name": "fig-toy"}}
import os
import pandas as pd
from placeprior.book import handing
print(profile, count * 2, share, names, bold, os.path.exists("runs.yml"))
handing.hand(pd.DataFrame({"count": [count]}))
"""


@pytest.fixture
def notebooks(project):
    (project / "notebooks").mkdir()
    (project / "notebooks" / "00_toy.py").write_text(NOTEBOOK, encoding="utf-8")
    return project


@pytest.fixture
def no_kernel(monkeypatch):
    """Everything but the kernel: nothing is run. Returns the parameters that were given."""
    given = []

    def pretend(notebook, _, parameters, **__):
        given.append(parameters)
        return notebook

    monkeypatch.setattr(papermill, "execute_notebook", pretend)
    return given


def test_parameters_are_the_plain_assignments_of_their_cell():
    notebook = jupytext.reads(NOTEBOOK, fmt="py:percent")
    assert defaults(notebook) == {"profile": "demo", "count": 1, "share": 0.5, "names": ["a"], "bold": False}
    assert defaults(nbformat.v4.new_notebook()) == {}


def test_runs_yml_wins_over_the_notebook_and_the_caller_over_both(notebooks, no_kernel):
    execute("toy", notebooks / "out.ipynb")
    execute("toy", notebooks / "out.ipynb", count=7, profile="far")
    assert no_kernel == [{"profile": "tiny", "count": 3}, {"profile": "far", "count": 7}]


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"cuont": 2}, "unknown parameter of notebook 00_toy 'cuont'; did you mean 'count'"),
        ({"count": "2"}, "'count' of page 'toy' must be int, like its default 1; got '2'"),
        ({"count": 2.5}, "'count'.*must be int.*2.5"),
        ({"count": True}, "'count'.*must be int.*True"),
        ({"names": "a"}, "'names'.*must be list"),
        ({"bold": 1}, "'bold'.*must be bool"),
        ({"share": "half"}, "'share'.*must be float"),
    ],
)
def test_a_wrong_parameter_is_refused_by_name_and_nothing_is_written(notebooks, no_kernel, given, named):
    target = notebooks / "book" / "toy.ipynb"
    with pytest.raises(ConfigError, match=named):
        execute("toy", target, **given)
    assert no_kernel == [] and not target.parent.exists()


def test_a_whole_number_does_for_a_fraction(notebooks, no_kernel):
    execute("toy", notebooks / "out.ipynb", share=1)
    assert no_kernel[0]["share"] == 1


def test_an_unknown_page_and_a_missing_notebook_are_named(notebooks, no_kernel):
    with pytest.raises(UnknownName, match="unknown page 'toi'; did you mean 'toy'"):
        execute("toi", notebooks / "out.ipynb")
    (notebooks / "notebooks" / "00_toy.py").unlink()
    with pytest.raises(ConfigError, match="page 'toy'.*'00_toy'.*does not exist"):
        execute("toy", notebooks / "out.ipynb")


@pytest.mark.parametrize(("kind", "captioned"), [("image/svg+xml", True), ("text/markdown", False)])
def test_a_cell_without_a_picture_has_no_caption(notebooks, monkeypatch, kind, captioned):
    def drawn(notebook, *_, **__):
        notebook.cells[-1].outputs = [nbformat.v4.new_output("display_data", {kind: "<svg/>"})]
        return notebook

    monkeypatch.setattr(papermill, "execute_notebook", drawn)
    execute("toy", notebooks / "out.ipynb")
    (toy,) = [cell for cell in nbformat.read(notebooks / "out.ipynb", 4).cells if "handing.hand" in cell.source]
    assert ("figure" in toy.metadata["mystnb"]) == captioned


def tagged(notebook, tag):
    return [cell for cell in notebook.cells if tag in cell.metadata.get("tags", [])]


@pytest.fixture(scope="module")
def executed(tmp_path_factory):
    """The toy notebook, really run: the only kernel these tests start besides the one that fails."""
    from conftest import RUNS_YML

    folder = tmp_path_factory.mktemp("page")
    (folder / "notebooks").mkdir()
    (folder / "notebooks" / "00_toy.py").write_text(NOTEBOOK, encoding="utf-8")
    (folder / "runs.yml").write_text(RUNS_YML, encoding="utf-8")
    with pytest.MonkeyPatch.context() as patched:
        patched.chdir(folder)
        target = execute("toy", folder / "book" / "chapters" / "toy.ipynb")
    return target, nbformat.read(target, 4)


def test_the_data_of_a_figure_lie_beside_the_page_and_not_in_it(executed):
    target, page = executed
    assert (target.parent / "data" / "toy" / "fig-toy.csv").read_text() == "count\n3\n"
    assert handing.MIME not in target.read_text(encoding="utf-8")


def test_the_page_holds_outputs_of_the_given_parameters(executed):
    target, page = executed
    nbformat.validate(page)
    printed = [o.text for cell in page.cells for o in cell.get("outputs", []) if o.output_type == "stream"]
    assert printed == ["tiny 6 0.5 ['a'] False True\n"]
    assert sorted(p.name for p in target.parent.iterdir()) == ["data", "toy.ipynb"]


def test_parameters_are_hidden_and_the_stamp_stands_at_the_end(executed):
    _, page = executed
    (declared,), (injected,) = tagged(page, "parameters"), tagged(page, "injected-parameters")
    assert "remove-cell" in declared.metadata["tags"] and "remove-cell" in injected.metadata["tags"]
    stamp = page.cells[-1]
    assert stamp.cell_type == "markdown" and "How this page was made" in stamp.source
    for said in ("`tiny`", "00_toy.py", "count = 3", "python"):
        assert said in stamp.source


def test_nothing_of_the_machine_or_the_moment_is_left_in_the_cells(executed):
    target, page = executed
    assert set(page.metadata) <= {"kernelspec", "language_info"}
    assert all(not {"papermill", "execution"} & set(cell.metadata) for cell in page.cells)
    assert str(target.parents[2]) not in target.read_text(encoding="utf-8")


@pytest.fixture
def failing(monkeypatch):
    def fail(notebook, *_, **__):
        cell = {"source": "1 / 0", "cell_type": "code"}
        raise papermill.PapermillExecutionError(3, 5, cell["source"], "ZeroDivisionError", "division by zero", [])

    monkeypatch.setattr(papermill, "execute_notebook", fail)


def test_a_failing_notebook_names_page_cell_and_error_and_keeps_the_old_page(notebooks, failing):
    target = notebooks / "book" / "toy.ipynb"
    with pytest.raises(PageFailed, match="page 'toy': cell 5 of 00_toy.py raised ZeroDivisionError: division by zero"):
        execute("toy", target)
    assert not target.exists()
    target.write_text("the page of yesterday")
    with pytest.raises(PageFailed):
        execute("toy", target)
    assert target.read_text() == "the page of yesterday" and [p.name for p in target.parent.iterdir()] == [target.name]


def test_a_page_that_asks_an_encoder_without_weights_says_so_and_names_no_folder(notebooks, monkeypatch):
    def lack(notebook, *_, **__):
        raise papermill.PapermillExecutionError(3, 5, "", "MissingWeights", "no xyz.safetensors in /somewhere", [])

    monkeypatch.setattr(papermill, "execute_notebook", lack)
    (cell,) = nbformat.read(execute("toy", notebooks / "toy.ipynb"), as_version=4).cells
    assert cell.source.startswith("# A toy\n") and "Not run here" in cell.source and "somewhere" not in cell.source


@pytest.mark.slow
def test_a_notebook_that_raises_in_a_real_kernel_leaves_no_page(notebooks):
    (notebooks / "notebooks" / "00_toy.py").write_text(NOTEBOOK + "\n# %%\nraise ValueError('on purpose')\n")
    target = notebooks / "book" / "toy.ipynb"
    with pytest.raises(PageFailed, match="page 'toy': cell 4 of 00_toy.py raised ValueError: on purpose"):
        execute("toy", target)
    assert not target.exists()


def test_an_output_that_says_nothing_is_left_out():
    output = nbformat.v4.new_output
    cell = nbformat.v4.new_code_cell(
        "x",
        outputs=[
            output("execute_result", {"text/markdown": "", "text/plain": "<IPython.core.display.Markdown object>"}),
            output("execute_result", {"text/markdown": "word", "text/plain": "<IPython.core.display.Markdown object>"}),
            output("stream", text="line"),
        ],
    )
    notebook = nbformat.v4.new_notebook(cells=[cell])
    pages._tidy(notebook)
    kept = notebook.cells[0].outputs
    assert [o.output_type for o in kept] == ["execute_result", "stream"] and kept[0].data["text/markdown"] == "word"


def test_a_figure_that_still_waits_for_its_runs_leaves_no_caption():
    output = nbformat.v4.new_output
    figure = {"mystnb": {"figure": {"caption": "A curve.", "name": "fig-a"}}}
    waiting = nbformat.v4.new_code_cell(
        "x", metadata=figure, outputs=[output("display_data", {"text/markdown": "*Still to be run.*"})]
    )
    drawn = nbformat.v4.new_code_cell(
        "x", metadata=figure, outputs=[output("display_data", {"image/svg+xml": "<svg></svg>"})]
    )
    notebook = nbformat.v4.new_notebook(cells=[waiting, drawn])
    pages._tidy(notebook)
    assert ["figure" in cell.metadata["mystnb"] for cell in notebook.cells] == [False, True]


def test_folded_code_that_shows_nothing_is_not_on_the_page():
    text = nbformat.v4.new_output("stream", text="line")
    cells = [
        nbformat.v4.new_code_cell("x", metadata={"tags": tags}, outputs=outputs)
        for tags, outputs in ((["hide-input"], []), (["hide-input"], [text]), ([], []))
    ]
    pages._tidy(nbformat.v4.new_notebook(cells=cells))
    assert ["remove-cell" in cell.metadata["tags"] for cell in cells] == [True, False, False]


def test_sources_are_below_the_project(notebooks):
    assert pages.sources() == notebooks / "notebooks"


NEEDING = "  toy: {notebook: 00_toy, profile: tiny, parameters: {count: 3}, needs: {tiny: [core], far: [core]}}"


def test_a_page_whose_runs_are_not_made_says_what_it_waits_for(notebooks, no_kernel):
    path = notebooks / "runs.yml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("  toy: {notebook: 00_toy, profile: tiny, parameters: {count: 3}}", NEEDING), "utf-8")
    configuration.read.cache_clear()
    made = nbformat.read(execute("toy", notebooks / "toy.ipynb"), as_version=4)
    (cell,) = made.cells
    assert cell.source.startswith("# A toy\n")
    assert "`core` of profile `tiny` (0 of 4)" in cell.source and "`core` of profile `far` (0 of 8)" in cell.source
    assert not no_kernel, "nothing was to be run"
    execute("toy", notebooks / "toy.ipynb", profile="tiny")
    assert len(no_kernel) == 1, "with another profile in place of its own, it is executed"
    for run in plan.runs("tiny"):
        making.make(run, log=lambda _: None)
    collecting.collect_scores("tiny")
    execute("toy", notebooks / "toy.ipynb")
    assert len(no_kernel) == 2, "with one of its profiles complete, it is executed"


def test_what_a_page_needs_is_checked_for_typos(notebooks):
    path = notebooks / "runs.yml"
    text = path.read_text(encoding="utf-8")
    slips = {"{tiny: [cor]}": "'cor'; did you mean 'core'", "{tyni: [core]}": "'tyni'; known: far, tiny"}
    for wrong, named in slips.items():
        path.write_text(text.replace("parameters: {count: 3}", f"needs: {wrong}"), encoding="utf-8")
        configuration.read.cache_clear()
        with pytest.raises(UnknownName, match=named):
            configuration.content()


@pytest.mark.slow
def test_another_kernel_of_the_same_name_is_not_used(notebooks, monkeypatch, tmp_path):
    spec = tmp_path / "jupyter" / "kernels" / "python3"
    spec.mkdir(parents=True)
    (spec / "kernel.json").write_text(
        '{"argv": ["/usr/bin/false", "-f", "{connection_file}"], "display_name": "Python 3", "language": "python"}'
    )
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path / "jupyter"))
    (notebooks / "notebooks" / "00_toy.py").write_text(NOTEBOOK + "\n# %%\nimport sys\nprint(sys.executable)\n")
    page = nbformat.read(execute("toy", notebooks / "out.ipynb"), 4)
    printed = "".join(out.text for cell in page.cells for out in cell.get("outputs", []) if out.output_type == "stream")
    assert printed.splitlines()[-1] == sys.executable


def test_a_kernel_that_dies_is_named(notebooks, monkeypatch):
    def die(*_, **__):
        raise RuntimeError("Kernel died before replying to kernel_info")

    monkeypatch.setattr(papermill, "execute_notebook", die)
    with pytest.raises(PageFailed, match="page 'toy': its kernel ended .Kernel died.*ipykernel"):
        execute("toy", notebooks / "out.ipynb")


EVIL = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "</div>",
    "<!-- x",
    "<?php",
    "``<script>`",
    "\\`<script>`",
    "`|<script>|`",
    "`\n<script>`",
    "<https://x/`><script>`",
    '<https://a"b>',
    "$ <script>$",
    "$a$<script>",
    "``` <i>",
    "![x](y)<svg/onload=1>",
    "`a``<b>`",
    "```{raw} html\n<script>\n```",
    "```{eval-rst}\n.. raw:: html\n```",
]


@pytest.mark.parametrize("name", EVIL)
def test_names_from_a_table_put_no_tags_into_a_page(name):
    """Judged by the parser that the book is built with: nothing raw is left, in a sentence or in a table."""
    from markdown_it import MarkdownIt

    parser = MarkdownIt("gfm-like", {"html": True, "linkify": False})
    for text in (f"Station {name} is there.", f"| station | n |\n|---|---|\n| {name} | {name} |\n", name):
        tokens = [inner for token in parser.parse(escaped(text)) for inner in (token, *(token.children or ()))]
        assert not [token.content for token in tokens if token.type in ("html_block", "html_inline")]
        assert "{raw}" not in escaped(text) and "{eval-rst}" not in escaped(text)


def test_outputs_are_escaped_on_their_way_into_a_page(notebooks, monkeypatch):
    def show(notebook, *_, **__):
        data = {"text/markdown": "| a |\n|---|\n| <script>x</script> |\n"}
        notebook.cells[-1].outputs = [nbformat.v4.new_output("display_data", data)]
        return notebook

    monkeypatch.setattr(papermill, "execute_notebook", show)
    page = execute("toy", notebooks / "out.ipynb", names=["`<script>`"]).read_text(encoding="utf-8")
    assert "<script>x" not in page and "&lt;script>x" in page
