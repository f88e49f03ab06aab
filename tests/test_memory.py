"""Freed memory stays with the process, and is not asked for again."""

from __future__ import annotations

import subprocess
import sys

import pytest

FAULTS = """
import resource, sys
import torch
from placeprior.network.memory import keep_pages
kept = keep_pages() if sys.argv[1] == "keep" else None
def use():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(5):
        blocks = [torch.ones(10_000_000) for _ in range(2)]  # 40 MB each: always the system's own, unless kept
        del blocks
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before
use()
print(kept, use())
"""


def faults(how):
    done = subprocess.run([sys.executable, "-c", FAULTS, how], capture_output=True, text=True, check=True)
    kept, count = done.stdout.split()
    return kept, int(count)


def test_pages_are_asked_for_once():
    kept, count = faults("keep")
    if kept == "False":
        pytest.skip("not the GNU C library")
    assert count < faults("leave")[1] / 10
