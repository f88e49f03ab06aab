"""What is spent before the first line of work: importing the command line, and a page's first cell.

Processor time, the least of several, in turns with another commit (``python benchmarks/startup.py COMMIT``; the one
before this was looked at, unless another is named). Ratios first; the table is kept in ``startup.txt``.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
BEFORE, ROUNDS = "f919d1d", 5
MAIN = "from placeprior.cli import main; main()"
ASKED = {
    "import placeprior.cli": ("import placeprior.cli",),
    "placeprior --help": (MAIN, "--help"),
    "kernel and a page's style": ("import ipykernel.kernelapp; from placeprior.book import figures; figures.style()",),
}


def seconds(tree: Path, words: tuple[str, ...]) -> float:
    """Processor time of a fresh interpreter on a tree's package."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    environment = {"PYTHONPATH": str(tree / "src"), "OMP_NUM_THREADS": "1"}
    subprocess.run([sys.executable, "-c", *words], env=environment, capture_output=True, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main(commit: str) -> None:
    """Print and keep the table."""
    with tempfile.TemporaryDirectory() as folder:
        old = Path(folder)
        packed = subprocess.run(["git", "archive", commit, "src"], cwd=ROOT, capture_output=True, check=True).stdout
        subprocess.run(["tar", "-x", "-C", folder], input=packed, check=True)
        lines = [
            f"processor time, least of {ROUNDS}, in turns, at a load of "
            f"{os.getloadavg()[0]:.1f}; before: commit {commit}",
            f"{'started':28}{'ratio':>7}{'before s':>10}{'after s':>9}",
        ]
        for name, words in ASKED.items():
            pairs = [(seconds(old, words), seconds(ROOT, words)) for _ in range(ROUNDS + 1)][1:]
            was, now = (min(column) for column in zip(*pairs, strict=True))
            lines.append(f"{name:28}{was / now:7.2f}{was:10.2f}{now:9.2f}")
    text = "\n".join(lines) + "\n"
    (Path(__file__).with_suffix(".txt")).write_text(text, encoding="utf-8")
    print(text, end="")


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else BEFORE)
