"""Every exercise has its solution, and the notebooks for a class have none."""

import json
import sys
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).parents[1]
SOURCES = sorted(
    path
    for path in [*(ROOT / "notebooks").glob("*.py"), *(ROOT / "book").rglob("*.md")]
    if not {"chapters", "_static"} & set(path.parts)
)
FIRST = """```{answer} some-claim
:question: How much?
As much as {val}`claims.some-claim.aqs.value:.2f`.
```

(sec-x)=
% a comment
## Exercises

See {doc}`other`, {numref}`fig-a`, {cite:p}`who2020` and {term}`fold`; it is {val}`demo.a:.2f`.

$$
a = b
$$ (eq-one)

```{literalinclude} ../../src/a.py
:lines: 3-4
```

```{admonition} A remark
:class: note
One line.
```

````{admonition} Exercise: count
:class: exercise tip
How many of {doc}`them <other>`?

```python
n = 1
```
````

````{admonition} Solution
:class: solution dropdown
Secret seven.
````
"""


@pytest.fixture(scope="module")
def exercises():
    sys.path.insert(0, str(ROOT / "book/_ext"))
    try:
        return pytest.importorskip("exercises")
    finally:
        sys.path.pop(0)


def text(path):
    lines = path.read_text(encoding="utf-8").splitlines()
    if path.suffix == ".py":
        lines = [line.removeprefix("# ").removeprefix("#") for line in lines if line.startswith("#")]
    return "\n".join(lines)


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.stem)
def test_every_exercise_is_followed_by_its_solution(exercises, path):
    kinds = []
    for name, title, body in exercises.blocks(text(path)):
        if exercises.is_exercise(name, title, body):
            kinds.append("exercise")
        elif exercises.is_solution(name, title):
            kinds.append("solution")
            assert "dropdown" in body.partition("\n")[0], f"a solution is folded away until it is wanted: {title}"
    assert kinds == ["exercise", "solution"] * (len(kinds) // 2)


def notebook(*sources):
    made = nbformat.v4.new_notebook(metadata={"kernelspec": {"name": "python3", "display_name": "Python 3"}})
    made.cells = [
        nbformat.v4.new_code_cell(
            "print(1)",
            metadata={"tags": ["hide-input"], "mystnb": {"figure": {"name": "fig-a", "caption": "long {doc}`other`"}}},
            outputs=[nbformat.v4.new_output("stream", text="1")],
            execution_count=3,
        ),
        *(nbformat.v4.new_markdown_cell(source) for source in sources),
        nbformat.v4.new_code_cell("print('secret eight')", metadata={"tags": ["solution"]}),
    ]
    return made


def test_a_notebook_for_a_class_has_no_solution_no_output_and_room_for_an_answer(exercises):
    made = exercises.without_solutions(notebook(FIRST), "A page", {"other": "Another page"}.get)
    nbformat.validate(made)
    everything = json.dumps(made).lower()
    assert "secret" not in everything and "solution:" not in everything and "caption" not in everything
    assert made.cells[1].source == "# figure fig-a: long *Another page*\nprint(1)"
    assert not any(cell.get("outputs") or cell.get("execution_count") for cell in made.cells)
    assert [cell.cell_type for cell in made.cells] == ["markdown", "code", "markdown", "code"]
    assert "A page" in made.cells[0].source
    exercise = made.cells[2].source
    assert "### Exercise: count\n\nHow many of them?\n\n```python\nn = 1\n```" in exercise
    assert "> **A remark**\n>\n> One line." in exercise
    assert "See `src/a.py`." in exercise
    assert exercise.startswith("> **How much?**\n>\n> As much as \\_\\_\\_\\_."), "an answer with a blank"
    assert "$$\na = b\n\\tag{eq-one}\n$$" in exercise, "by this name the text points to it"
    assert "*Another page*, figure *fig-a*, (who2020) and fold; it is \\_\\_\\_\\_." in exercise
    assert (
        "{" not in exercise.replace("\\tag{eq-one}", "")
        and ":class:" not in exercise
        and "(eq-one)" not in exercise
        and "sec-x" not in exercise
        and "% " not in exercise
    )
    assert made.cells[3].source == ""


def test_a_notebook_for_a_class_is_the_same_every_time_and_only_where_there_is_something_to_do(exercises):
    made, again = (exercises.without_solutions(notebook(FIRST), "A page", str) for _ in range(2))
    assert made == again
    assert exercises.without_solutions(notebook("# Title\n\nNothing to do."), "A page", str) is None


def test_the_book_offers_the_notebook_at_its_first_exercise(tmp_path):
    from sphinx.application import Sphinx
    from sphinx.util.docutils import docutils_namespace

    pytest.importorskip("myst_nb")
    page = notebook("# Title\n\nHello.", *(FIRST.partition("See")[0] + FIRST[FIRST.index("````{adm") :],) * 2)
    page.cells[1]["source"] += "\n"
    nbformat.write(page, tmp_path / "index.ipynb")
    (tmp_path / "other.md").write_text("---\norphan: true\n---\n# Another page\n", encoding="utf-8")
    (tmp_path / "conf.py").write_text(
        f"import sys; sys.path.insert(0, {str(ROOT / 'book/_ext')!r})\nextensions = ['myst_nb', 'exercises']\n"
        "html_theme = 'basic'\nnb_execution_mode = 'off'\nsource_suffix = {'.md': 'myst-nb', '.ipynb': 'myst-nb'}\n",
        encoding="utf-8",
    )
    with docutils_namespace():
        Sphinx(tmp_path, tmp_path, tmp_path / "out", tmp_path / "trees", "html", status=None, warning=None).build()
    page = (tmp_path / "out/index.html").read_text(encoding="utf-8")
    assert page.count('href="index-exercises.ipynb"') == 1
    assert page.index("Notebook without solutions") < page.index("How many of")
    offered = (tmp_path / "out/index-exercises.ipynb").read_text(encoding="utf-8")
    assert "Secret" not in offered and offered.count("How many of") == 2
    assert not (tmp_path / "out/other-exercises.ipynb").exists()
