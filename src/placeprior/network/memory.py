"""Memory that a process keeps, so that a step of training does not ask the system for the same pages again.

A step allocates tens of megabytes for what the backward pass needs, and frees them. The C library gives such blocks
back to the system at once, which then has to zero every page when the next step asks for it: a quarter of the time
at the size ``paper``. Nothing is computed otherwise, so no bit of a result depends on this.
"""

from __future__ import annotations

import ctypes
import sys
from functools import cache

# Of mallopt(3), GNU C library: from which size a block is the system's rather than the process's, and how much that is
# free at the end of the process's own memory is kept there.
TRIM, THRESHOLD = -1, -3
KEPT = 2**30  # bytes; beyond, a block is given back as before
LARGEST = 2**25  # what an older library allows as THRESHOLD


@cache
def keep_pages() -> bool:
    """Let this process keep freed memory, once; returns whether it does (not where the C library is not GNU's)."""
    if not sys.platform.startswith("linux"):
        return False
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is None:
        return False
    kept = mallopt(THRESHOLD, KEPT) or mallopt(THRESHOLD, LARGEST)
    return bool(kept and mallopt(TRIM, KEPT))
