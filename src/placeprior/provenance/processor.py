"""Which instructions may be used: the same old ones everywhere, and what processor it is.

PyTorch, oneDNN and MKL choose their kernels by what the processor can do, and wider instructions add up in another
order. They are limited to AVX2, which x86-64 processors have had since 2013 (Intel) and 2015 (AMD), and MKL is told to
add up alike on processors of every maker. That takes one cause of differences away and not all: two processors with
these limits still trained networks apart, by as much as two seeds do (oneDNN also cuts its blocks by the size of the
caches). So a run notes the processor with family and model. Nothing is limited where the user has set the variable, or
on another architecture.
"""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from pathlib import Path
from typing import Any

LIMITS = {"ATEN_CPU_CAPABILITY": "avx2", "ONEDNN_MAX_CPU_ISA": "AVX2", "MKL_CBWR": "COMPATIBLE"}
#: What lifts the limits again: bfloat16 exists on wider instructions only.
LIFTED = {"ATEN_CPU_CAPABILITY": "avx512", "ONEDNN_MAX_CPU_ISA": "DEFAULT", "MKL_CBWR": "AUTO"}

CPUINFO = Path("/proc/cpuinfo")
#: What tells processors of one name apart, as Linux calls it and as the stamp does.
PARTS = {"cpu family": "family", "model": "model", "stepping": "stepping"}


def limit() -> None:
    """Set the limits for this process and those it starts; of use before PyTorch is imported."""
    if platform.machine() in ("x86_64", "AMD64"):
        for name, value in LIMITS.items():
            os.environ.setdefault(name, value)


def is_limited() -> bool:
    """Whether oneDNN is kept from the instructions that bfloat16 needs."""
    return os.environ.get("ONEDNN_MAX_CPU_ISA") == LIMITS["ONEDNN_MAX_CPU_ISA"]


#: The command line, as code for :func:`unlimited`; what it is asked to do follows as arguments.
COMMAND = "from placeprior.cli import main; main()"


def unlimited(code: str, *arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
    """Run Python code in a process without the limits; one process chooses its instructions once."""
    command = [sys.executable, "-c", code, *arguments]
    return subprocess.run(command, env=os.environ | LIFTED, text=True, **options)


def stamp() -> dict[str, str]:
    """The processor, and the instructions that PyTorch's kernels, oneDNN and MKL were allowed.

    Returns
    -------
    dict of str to str
        ``processor``, with family, model and stepping where Linux tells them, for makers give one name to many, and
        ``instructions``.
    """
    import torch

    own = torch.backends.cpu.get_cpu_capability()
    others = (os.environ.get(name, "any") for name in ("ONEDNN_MAX_CPU_ISA", "MKL_CBWR"))
    return {"processor": _model(), "instructions": ", ".join([own, *others])}


def _model() -> str:
    try:  # platform.processor() is often empty on Linux
        first = CPUINFO.read_text(encoding="utf-8").partition("\n\n")[0]
    except OSError:
        first = ""
    pairs = (line.split(":", 1) for line in first.splitlines() if ":" in line)
    told = {key.strip(): value.strip() for key, value in pairs}
    if "model name" not in told:
        return platform.processor() or platform.machine()
    parts = [f"{name} {told[key]}" for key, name in PARTS.items() if key in told]
    return told["model name"] + (f" ({', '.join(parts)})" if parts else "")
