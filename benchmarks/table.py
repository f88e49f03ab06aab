"""One table of what the benchmarks found, ratios first, from what each of them keeps beside it.

Run at the end of ``make bench``, which prints it and keeps it in ``table.txt``. What a script calls a ratio is one: a
column headed ``ratio``, ``share``, ``speed-up`` or ``times``, or a sentence that says so after a colon. The tables
themselves follow whole.
"""

from __future__ import annotations

import re
from pathlib import Path

from placeprior.provenance import processor, versions

HERE = Path(__file__).resolve()
FIRST = ("speed", "sizes", "packing", "startup", "encoders", "loops", "maps", "memory", "scaling", "sources")
HEADING = re.compile(r"\b(ratio|share|speed-up|times)\b")
SENTENCE = re.compile(r"\bratio\b|times as (?:fast|many)|\bagainst the network alone\b")
COLUMNS = re.compile(r"\s{2,}")


def tables(folder: Path = HERE.parent) -> dict[str, str]:
    """The kept tables by script, those that lead first, others by name; a script that was not run has none."""
    found = {path.stem: path.read_text(encoding="utf-8").rstrip() for path in folder.glob("*.txt")}
    found.pop(HERE.stem, None)
    order = [name for name in FIRST if name in found] + sorted(set(found) - set(FIRST))
    return {name: found[name] for name in order}


def ratios(text: str) -> list[tuple[str, str]]:
    """What a table says about ratios: (what, ratio), in its order.

    A heading's column is found by its place among columns that are two spaces or more apart, counted from the right.

    >>> ratios("encoder   ours, 1/s   ratio\\ntile            90     4.0\\n\\nall in one go: 3.0 times as fast")
    [('tile', '4.0'), ('all in one go', '3.0 times as fast')]
    """
    found: list[tuple[str, str]] = []
    column = None
    for line in text.splitlines():
        cells = COLUMNS.split(line.strip())
        heads = [number for number, cell in enumerate(cells) if number and HEADING.fullmatch(cell)]
        if len(cells) > 1 and heads:
            column = heads[-1] - len(cells)
        elif len(cells) == 1:
            column = None
            if SENTENCE.search(line) and ":" in line:
                what, _, said = line.partition(": ")
                found.append((what.strip(), said.strip()))
        elif cells[0] == "ratio":
            found.append(("ratio", "  ".join(cells[1:])))
        elif column is not None and len(cells) >= -column and re.fullmatch(r"[\d.,]+", cells[column]):
            found.append((cells[0], cells[column]))
    return found


def main() -> None:
    """Gather, print and keep."""
    kept, stamp = tables(), processor.stamp() | versions()
    shown = ("processor", "instructions", "system", "python", "numpy", "torch")
    lines = [", ".join(f"{key} {stamp[key]}" for key in shown), ""]
    lines += [f"{'ratios':12}{'what':60}ratio"]
    for name, text in kept.items():
        lines += [f"{name:12}{what[:58]:60}{ratio}" for what, ratio in ratios(text)]
    for name, text in kept.items():
        lines += ["", f"--- {name} ---", text]
    print("\n".join(lines))
    HERE.with_suffix(".txt").write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
