"""One table of what the benchmarks found, ratios first, from what each of them keeps beside it.

Run at the end of ``make bench``, which prints it and keeps it in ``table.txt``. What a script calls a ratio is one: a
column headed ``ratio``, ``share``, ``speed-up`` or ``times``, alone or behind what it is of, or a sentence that says so
after a colon. The tables themselves follow whole.
"""

from __future__ import annotations

import re
from pathlib import Path

from placeprior.provenance import processor, versions

HERE = Path(__file__).resolve()
FIRST = ("speed", "sizes", "packing", "startup", "encoders", "loops", "maps", "memory", "scaling", "sources")
HEADING = re.compile(r"(?:(?P<of>.+) )?(?:ratio|share|speed-up|times)")
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
    What stands before the word in a heading (``train ratio``) stands before the number.

    >>> ratios("encoder   ours, 1/s   ratio\\ntile            90     4.0\\n\\nall in one go: 3.0 times as fast")
    [('tile', '4.0'), ('all in one go', '3.0 times as fast')]
    """
    found: list[tuple[str, str]] = []
    columns: dict[int, str] = {}  # what a column's ratio is of, by its place
    for line in text.splitlines():
        cells = COLUMNS.split(line.strip())
        heads = {place: head for place, cell in enumerate(cells) if (head := HEADING.fullmatch(cell))}
        if heads:
            columns = {place - len(cells): f"{head['of']} " if head["of"] else "" for place, head in heads.items()}
        elif len(cells) == 1:
            columns = {}
            if SENTENCE.search(line) and ":" in line:
                what, _, said = line.partition(": ")
                found.append((what.strip(), said.strip()))
        else:
            held = {place: of for place, of in columns.items() if len(cells) >= -place + 1}
            said = [of + cells[place] for place, of in held.items() if re.fullmatch(r"[\d.,]+", cells[place])]
            if said:
                found.append((cells[0], ", ".join(said)))
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
