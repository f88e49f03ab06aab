"""Where words go: a terminal or a file that cannot write every letter gets a substitute, not a traceback."""

from __future__ import annotations

import sys


def forgive() -> None:
    """Let what a stream's encoding lacks (µ, ², an arrow, a name) come out as ``?`` from now on."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # not where somebody has put a stream of their own
            stream.reconfigure(errors="replace")
