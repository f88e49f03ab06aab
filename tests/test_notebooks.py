"""The text of the notebooks: every page is parameterised, every figure is captioned, described and labelled."""

import ast
import re
from pathlib import Path

import jupytext
import pytest
import yaml

ROOT = Path(__file__).parents[1]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.py"))
DRAWS = re.compile(r"\b(figures\.subplots|figures\.conus_axes|plt\.(figure|subplots)|draw\w*)\(")
# Drawings of the book that are handed a task's results or a profile write the label themselves.
LABELS = re.compile(r"\bpage\.draw_(doubling|sizes)\(|\bdraw_\w+\([^)]*\bprofiles?\)")
# 0.73, 12.4 %, 1,234: a result. Definitions have no decimals or stand in `code`, $formulas$ or links.
NAKED = re.compile(r"(?<![\w.$`/-])\d+\.\d{2,}(?![\w.`/-])|(?<![\w.])\d{1,3}(,\d{3})+(?!\d)")

pytestmark = pytest.mark.skipif(not NOTEBOOKS, reason="there are no notebooks yet")


@pytest.fixture(scope="module", params=NOTEBOOKS, ids=lambda path: path.stem)
def notebook(request):
    return jupytext.read(request.param)


def cells(notebook, kind):
    return [cell for cell in notebook.cells if cell.cell_type == kind]


def tags(cell):
    return cell.metadata.get("tags", [])


def prose(notebook):
    """Markdown without code, formulas, directives' options and link targets."""
    for cell in cells(notebook, "markdown"):
        text = re.sub(r"```.*?```", lambda m: m[0] if "{admonition}" in m[0] else "", cell.source, flags=re.S)
        text = re.sub(r"\$\$.*?\$\$", "", text, flags=re.S)
        yield re.sub(r"\$[^$]*\$|`[^`]*`|\]\([^)]*\)|^\|.*\|$|^:.*$", "", text, flags=re.M)


def test_name_and_header():
    for path in NOTEBOOKS:
        assert re.fullmatch(r"\d\d_[a-z]+", path.stem), f"{path.name}: name it NN_topic.py"
        assert "# %%" in path.read_text(encoding="utf-8"), f"{path.name}: write it as py:percent"


def test_no_first_line_of_a_block_holds_a_backtick(notebook):
    # Markdown then takes the whole block for code in a line, and prints it as it is written.
    for cell in cells(notebook, "markdown"):
        for line in re.findall(r"^ *`{3,} *(\{.*)$", cell.source, flags=re.M):
            assert "`" not in line, f"the first line of a block may hold no backtick: {line!r}"


def test_one_title(notebook):
    titles = [
        line
        for cell in cells(notebook, "markdown")
        for line in re.sub(r"```.*?```", "", cell.source, flags=re.S).splitlines()
        if re.match(r"# \S", line)
    ]
    assert len(titles) == 1


def test_parameters_are_plain_and_name_the_profile(notebook):
    found = [cell for cell in cells(notebook, "code") if "parameters" in tags(cell)]
    assert len(found) == 1, "one cell is tagged parameters"
    names = []
    for statement in ast.parse(found[0].source).body:
        assert isinstance(statement, (ast.Assign, ast.AnnAssign)), "parameters are assignments and nothing else"
        target = statement.targets[0] if isinstance(statement, ast.Assign) else statement.target
        ast.literal_eval(statement.value)
        names.append(target.id)
    assert "profile" in names


def test_parameters_of_pages_exist():
    pages = yaml.safe_load((ROOT / "runs.yml").read_text(encoding="utf-8"))["pages"]
    for page, spec in pages.items():
        path = ROOT / "notebooks" / f"{spec['notebook']}.py"
        if not path.exists():
            pytest.fail(f"runs.yml: page {page!r} names {spec['notebook']!r}, and there is no {path.name}")


def test_every_figure_has_caption_name_and_alternative_text(notebook):
    names = []
    for cell in cells(notebook, "code"):
        draws = DRAWS.search(re.sub(r"^\s*def .*$", "", cell.source, flags=re.M))
        if not draws or "remove-cell" in tags(cell):
            continue
        about = cell.metadata.get("mystnb", {})
        figure, image = about.get("figure", {}), about.get("image", {})
        assert len(figure.get("caption", "")) > 20, f"no caption: {cell.source[:80]}"
        assert figure.get("name", "").startswith("fig-"), f"no name: {cell.source[:80]}"
        assert len(image.get("alt", "")) > 30, f"no alternative text: {cell.source[:80]}"
        assert image["alt"] != figure["caption"], "the alternative text says what is seen, not what it means"
        names.append(figure["name"])
    assert len(names) == len(set(names))


def test_every_figure_says_its_origin(notebook):
    code = "\n".join(cell.source for cell in cells(notebook, "code"))
    if DRAWS.search(code):
        assert "figures.style(" in code
        # told to `figures.label`, or in the task's results or the profile that a drawing is handed
        assert "embedded=" in code or LABELS.search(code)


def test_figures_are_referred_to_by_names_that_exist(notebook):
    code = [cell.metadata.get("mystnb", {}).get("figure", {}).get("name") for cell in cells(notebook, "code")]
    asked = set(re.findall(r"\{numref\}`(fig-[\w-]+)`", "\n".join(c.source for c in cells(notebook, "markdown"))))
    assert asked <= set(code)


def test_no_result_is_typed_into_prose(notebook):
    for text in prose(notebook):
        found = NAKED.search(text)
        assert not found, f"a number in prose comes from a run: {found[0]!r} in {text[:120]!r}"


def test_everything_imported_exists(notebook):
    # A page that waits for its runs is not executed, and would fail on the day they are there.
    for cell in cells(notebook, "code"):
        for statement in ast.walk(ast.parse(cell.source)):
            if isinstance(statement, ast.ImportFrom) and statement.module.startswith("placeprior"):
                exec(ast.unparse(statement), {})


def test_nothing_installs_downloads_or_trains_at_length(notebook):
    code = "\n".join(cell.source for cell in cells(notebook, "code"))
    for word in ("pip install", "urlopen", "requests.", "urlretrieve", "%load_ext", "tqdm.notebook", "ipywidgets"):
        assert word not in code
    assert not re.search(r"^\s*[!%]", code, flags=re.M), "no shell or magic lines: the source is plain Python"


def test_no_path_of_one_machine(notebook):
    for cell in notebook.cells:
        assert not re.search(r"(?<![\w.])/(home|Users|work|tmp|mnt|data)/", cell.source)


def test_embedded_world_is_named_in_prose(notebook):
    code = "\n".join(cell.source for cell in cells(notebook, "code"))
    if "embedded=True" in code:
        assert any("embedded world" in text.lower() for text in prose(notebook))
