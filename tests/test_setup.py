"""Setting up: interrupted it is made again, what it is given stays data, and it ends only with programs that run.

The environment of these tests is a toy: a few made-up packages from a folder, so that it takes seconds and no network.
"""

from __future__ import annotations

import base64
import hashlib
import os
import re
import shutil
import signal
import subprocess
import time
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FILES = 800  # of the package that a kill should meet half unpacked
BACKEND = """\
import zipfile
from wheels import fill


def build_editable(folder, settings=None, metadata=None):
    name = "placeprior-1.0-py3-none-any.whl"
    fill(zipfile.ZipFile(f"{folder}/{name}", "w"), "placeprior", ["placeprior"])
    return name


def get_requires_for_build_editable(settings=None):
    return []
"""
PYPROJECT = """\
[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]
[project]
name = "placeprior"
version = "1.0"
"""


def fill(wheel: zipfile.ZipFile, name: str, programs: list[str], files: int = 1, needs: tuple[str, ...] = ()) -> None:
    """Write a wheel with a module and programs that do nothing; its metadata come first, as pip unpacks in order."""
    info = f"{name}-1.0.dist-info"
    entries = "".join(f"{program} = {name}:main\n" for program in programs)
    asked = "".join(f"Requires-Dist: {need}\n" for need in needs)
    content = {
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n{asked}",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{info}/entry_points.txt": f"[console_scripts]\n{entries}",
        f"{name}/__init__.py": "def main():\n    pass\n",
        **{f"{name}/part{i}.py": "x = 1\n" for i in range(files - 1)},
    }
    record = ""
    for path, text in content.items():
        wheel.writestr(path, text)
        digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
        record += f"{path},sha256={digest},{len(text)}\n"
    wheel.writestr(f"{info}/RECORD", f"{record}{info}/RECORD,,\n")
    wheel.close()


@pytest.fixture
def toy(tmp_path, monkeypatch):
    """A project with the real Makefile and set-up, whose lock names two made-up packages; spaces are in its path."""
    project, wheels = tmp_path / "ä project", tmp_path / "wheels"
    (project / "scripts").mkdir(parents=True)
    wheels.mkdir()
    for name in ("Makefile", "scripts/setup.sh", "scripts/installed.py"):
        shutil.copy(ROOT / name, project / name)
    (project / "pyproject.toml").write_text(PYPROJECT)
    (project / "backend.py").write_text(BACKEND)
    source = Path(__file__).read_text()
    (project / "wheels.py").write_text(
        "import base64, hashlib, zipfile\n" + source[source.index("def fill") : source.index("@pytest.fixture")]
    )
    lock = "# a comment\n"
    for name, programs, files in (("torch", [], 1), ("tools", ["doit", "jupyter-book", "pytest", "ruff"], FILES)):
        path = wheels / f"{name}-1.0-py3-none-any.whl"
        fill(zipfile.ZipFile(path, "w"), name, programs, files)
        lock += f"{name}==1.0 \\\n    --hash=sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}\n"
    (project / "requirements.lock").write_text(lock)
    for name, value in (("NO_INDEX", "1"), ("FIND_LINKS", str(wheels)), ("CONFIG_FILE", os.devnull)):
        monkeypatch.setenv(f"PIP_{name}", value)
    for name in ("TORCH_INDEX", "PYTHON", "PYTHONPATH", "VIRTUAL_ENV"):
        monkeypatch.delenv(name, raising=False)
    return project


def setup(project: Path, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
    words = ("make", "-s", "setup", *words)
    return subprocess.run(words, cwd=project, capture_output=True, text=True, env={**os.environ, **variables})


def is_whole(project: Path) -> bool:
    run = [project / ".venv" / "bin" / name for name in ("doit", "jupyter-book", "pytest", "ruff", "placeprior")]
    return all(path.is_file() and subprocess.run([path]).returncode == 0 for path in run)


@pytest.mark.slow
def test_a_set_up_killed_while_it_unpacks_is_made_again(toy):
    started = subprocess.Popen(["make", "-s", "setup"], cwd=toy, start_new_session=True, stdout=subprocess.DEVNULL)
    while not (half := list(toy.glob(".venv/lib/*/site-packages/tools-1.0.dist-info/METADATA"))):
        assert started.poll() is None, "it ended before it could be killed"
        time.sleep(0.002)
    os.killpg(started.pid, signal.SIGKILL)
    started.wait()
    assert not half[0].with_name("RECORD").exists(), "killed too late to prove anything"
    time.sleep(0.5)  # the shell that make had started dies of the same signal, a moment later perhaps
    done = setup(toy)
    assert done.returncode == 0 and "the last set-up was interrupted" in done.stdout, done.stderr
    assert is_whole(toy)
    assert "pip check" in done.stdout.splitlines()[-2] and "7 GB" in done.stdout.splitlines()[-1]
    again = setup(toy)
    assert (again.returncode, again.stdout, again.stderr) == (0, "", ""), "nothing was to be done"
    assert not (toy / ".venv.discarded").exists() and not os.path.lexists(toy / ".setup.lock")

    shutil.copy(toy / ".venv" / "bin" / "ruff", toy / "kept")  # a program that is lost later comes back
    (toy / ".venv" / "bin" / "ruff").unlink()
    assert "lacks programs" in setup(toy).stdout and is_whole(toy)

    # Refused by pip before anything was touched: nothing is thrown away.
    (toy / ".venv" / "mine").touch()
    lock = (toy / "requirements.lock").read_text()
    (toy / "requirements.lock").write_text(lock.replace("torch==1.0", "torch==2.0"))
    assert setup(toy).returncode != 0 and (toy / ".venv" / "mine").exists()
    (toy / "requirements.lock").write_text(lock)
    assert setup(toy).returncode == 0 and (toy / ".venv" / "mine").exists() and is_whole(toy)


@pytest.mark.slow
def test_a_package_that_is_not_the_locked_one_is_refused(toy):
    lock = toy / "requirements.lock"
    other = {"0": "1"}  # any first digit but the right one
    lock.write_text(
        re.sub(r"(tools==1.0 .*\n.*sha256:)(.)", lambda found: found[1] + other.get(found[2], "0"), lock.read_text())
    )
    done = setup(toy)
    assert done.returncode != 0 and "requirements.lock could not be installed" in done.stderr
    assert "hash" in done.stderr.lower() and not (toy / ".venv" / "stamp").exists()


@pytest.mark.deep
def test_a_program_that_does_not_run_is_no_set_up(toy, tmp_path):
    path = tmp_path / "wheels" / "tools-1.0-py3-none-any.whl"
    path.unlink()
    fill(zipfile.ZipFile(path, "w"), "tools", ["doit", "jupyter-book", "pytest"])
    lock = (toy / "requirements.lock").read_text()
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    (toy / "requirements.lock").write_text(re.sub(r"(tools==1.0 .*\n.*sha256:).*", rf"\g<1>{digest}", lock))
    done = setup(toy)
    assert done.returncode != 0 and ".venv/bin/ruff does not run" in done.stderr
    assert "ready" not in done.stdout and not (toy / ".venv" / "stamp").exists()


@pytest.mark.parametrize(
    "index",
    [
        "x'; touch PWN; '",
        "$(touch PWN)",
        "`touch PWN`",
        "$(shell touch PWN)",
        "https://a b",
        "-r x",
        "cpu; ls",
        "ftp://x",
        "https://x\ntouch PWN",
    ],
)
@pytest.mark.parametrize("way", ["word", "environment"])
def test_an_index_is_an_address_and_never_a_command(toy, index, way):
    done = setup(toy, f"TORCH_INDEX={index}") if way == "word" else setup(toy, TORCH_INDEX=index)
    assert done.returncode != 0 and "TORCH_INDEX is no address" in done.stderr
    assert not list(toy.rglob("PWN")) and not (toy / ".venv").exists()


def test_the_other_variables_are_no_commands_either(toy):
    for word in ("PYTHON=x'; touch PWN; '", "PYTHON=$(shell touch PWN)"):
        setup(toy, word, "TORCH_INDEX=none")  # an end before any work
        assert not list(toy.rglob("PWN"))
    done = subprocess.run(["make", "-n", "book", "JOBS=$(shell touch PWN)"], cwd=toy, capture_output=True, text=True)
    assert done.returncode == 0 and not (toy / "PWN").exists()


def test_two_set_ups_at_once_name_each_other(toy):
    other = subprocess.Popen(["sleep", "30"])
    try:
        os.symlink(str(other.pid), toy / ".setup.lock")
        done = setup(toy)
        assert done.returncode != 0 and f"process {other.pid} is setting up this folder" in done.stderr
        assert not (toy / ".venv").exists() and os.path.lexists(toy / ".setup.lock")
    finally:
        other.kill()
        other.wait()
