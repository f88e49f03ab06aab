"""How long the pages are and how much of their code a reader sees; ``python tests/test_page_sizes.py`` prints it."""

from pathlib import Path

import jupytext

NOTEBOOKS = sorted((Path(__file__).parents[1] / "notebooks").glob("*.py"))
LINES, TOGETHER, VISIBLE = 500, 11_000, 0.25
HIDING = {"remove-cell": "gone", "remove-input": "gone", "hide-input": "folded", "hide-cell": "folded"}


def sizes(path: Path) -> dict[str, int]:
    """Lines of a file, and of its code those that are shown, folded away on the page, or not on it at all."""
    found = {"lines": len(path.read_text(encoding="utf-8").splitlines()), "shown": 0, "folded": 0, "gone": 0}
    for cell in jupytext.read(path).cells:
        if cell.cell_type == "code":
            hidden = [HIDING[tag] for tag in cell.metadata.get("tags", []) if tag in HIDING]
            found[hidden[0] if hidden else "shown"] += len([line for line in cell.source.splitlines() if line.strip()])
    return found


def test_no_page_is_long():
    long = {path.name: lines for path in NOTEBOOKS if (lines := sizes(path)["lines"]) > LINES}
    assert not long
    assert sum(sizes(path)["lines"] for path in NOTEBOOKS) <= TOGETHER


def test_a_quarter_of_the_code_is_shown():
    found = [sizes(path) for path in NOTEBOOKS]
    shown, code = sum(one["shown"] for one in found), sum(one["shown"] + one["folded"] + one["gone"] for one in found)
    assert shown >= VISIBLE * code


if __name__ == "__main__":
    table = {path.stem: sizes(path) for path in NOTEBOOKS}
    table["together"] = {key: sum(one[key] for one in table.values()) for key in ("lines", "shown", "folded", "gone")}
    print(f"{'page':16s} {'lines':>6s} {'code':>6s} {'shown':>6s} {'folded':>6s} {'gone':>6s}")
    for name, one in table.items():
        code = one["shown"] + one["folded"] + one["gone"]
        print(f"{name:16s} {one['lines']:6d} {code:6d} {one['shown']:6d} {one['folded']:6d} {one['gone']:6d}")
