"""Instructions are limited before PyTorch looks, and only where nobody has said otherwise."""

from __future__ import annotations

import os
import platform
import subprocess
import sys

import pytest

from placeprior.provenance import processor

ON_X86 = pytest.mark.skipif(platform.machine() not in ("x86_64", "AMD64"), reason="limits are for x86-64 processors")
SHOW = "import placeprior, torch; print(torch.backends.cpu.get_cpu_capability())"


def capability(**variables: str) -> str:
    clean = {name: value for name, value in os.environ.items() if name not in processor.LIMITS}
    command = [sys.executable, "-c", SHOW]
    done = subprocess.run(command, env=clean | variables, capture_output=True, text=True, check=True)
    return done.stdout.strip()


@ON_X86
def test_pytorch_is_limited_by_importing_the_package_first():
    assert capability() == "AVX2"


@ON_X86
def test_what_the_user_has_set_stays():
    assert capability(ATEN_CPU_CAPABILITY="default") == "DEFAULT"


def test_the_stamp_names_processor_and_instructions(monkeypatch):
    monkeypatch.setenv("ONEDNN_MAX_CPU_ISA", "AVX2")
    monkeypatch.setenv("MKL_CBWR", "COMPATIBLE")
    stamp = processor.stamp()
    assert stamp["processor"] and stamp["instructions"].endswith(", AVX2, COMPATIBLE")
    assert processor.is_limited()


@ON_X86
def test_a_process_without_the_limits_is_told_so_and_what_it_prints_is_handed_on():
    shown = processor.unlimited(SHOW + "; import sys; print(sys.argv[1:])", "a", "b", stdout=subprocess.PIPE)
    assert "AVX2" not in shown.stdout.splitlines()[0].split() and shown.stdout.splitlines()[1] == "['a', 'b']"


NAMED = "model name\t: AMD EPYC"


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        (
            f"cpu family\t: 25\nmodel\t: 1\n{NAMED}\nstepping\t: 1\n\n{NAMED} 2",
            "AMD EPYC (family 25, model 1, stepping 1)",
        ),
        (f"cpu family\t: 26\nmodel\t: 2\n{NAMED}\nstepping\t: 1\n", "AMD EPYC (family 26, model 2, stepping 1)"),
        (f"{NAMED}\n", "AMD EPYC"),
    ],
)
def test_processors_of_one_name_are_told_apart(tmp_path, monkeypatch, told, expected):
    (tmp_path / "cpuinfo").write_text(told, encoding="utf-8")
    monkeypatch.setattr(processor, "CPUINFO", tmp_path / "cpuinfo")
    assert processor.stamp()["processor"] == expected


def test_a_processor_that_says_nothing_of_itself_has_a_name_all_the_same(tmp_path, monkeypatch):
    monkeypatch.setattr(processor, "CPUINFO", tmp_path / "none")
    assert processor.stamp()["processor"] == (platform.processor() or platform.machine())
