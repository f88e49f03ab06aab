"""Which instructions may be used: the same old ones everywhere, so that processors agree on the last digits.

PyTorch, oneDNN and MKL choose their kernels by what the processor can do, and wider instructions add up in another
order. A network trained on one processor then ends a little elsewhere than on another, by as much as between seeds.
Limited to AVX2, which x86-64 processors have had since 2013 (Intel) and 2015 (AMD), they choose the same kernels; MKL
is told to add up alike on processors of every maker. Nothing is limited where the user has set the variable, or on
another architecture.
"""

from __future__ import annotations

import os
import platform
from pathlib import Path

LIMITS = {"ATEN_CPU_CAPABILITY": "avx2", "ONEDNN_MAX_CPU_ISA": "AVX2", "MKL_CBWR": "COMPATIBLE"}
#: What lifts the limits again: bfloat16 exists on wider instructions only.
LIFTED = {"ATEN_CPU_CAPABILITY": "avx512", "ONEDNN_MAX_CPU_ISA": "DEFAULT", "MKL_CBWR": "AUTO"}


def limit() -> None:
    """Set the limits for this process and those it starts; of use before PyTorch is imported."""
    if platform.machine() in ("x86_64", "AMD64"):
        for name, value in LIMITS.items():
            os.environ.setdefault(name, value)


def is_limited() -> bool:
    """Whether oneDNN is kept from the instructions that bfloat16 needs."""
    return os.environ.get("ONEDNN_MAX_CPU_ISA") == LIMITS["ONEDNN_MAX_CPU_ISA"]


def stamp() -> dict[str, str]:
    """The processor, and the instructions that PyTorch's kernels, oneDNN and MKL were allowed.

    Returns
    -------
    dict of str to str
        ``processor`` and ``instructions``.
    """
    import torch

    own = torch.backends.cpu.get_cpu_capability()
    others = (os.environ.get(name, "any") for name in ("ONEDNN_MAX_CPU_ISA", "MKL_CBWR"))
    return {"processor": _model(), "instructions": ", ".join([own, *others])}


def _model() -> str:
    try:  # platform.processor() is often empty on Linux
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        return next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()
