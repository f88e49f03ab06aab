"""What holds the project together: one list of dependencies, one author, one address, no trace of any machine."""

from __future__ import annotations

import ast
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import tomllib
from importlib import metadata
from pathlib import Path

import pytest
import yaml
from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
EXTRAS = PROJECT["optional-dependencies"]
NAMED = ("book", "cluster", "data", "s3", "test")
DIRECT = [Requirement(r) for part in (PROJECT["dependencies"], *map(EXTRAS.get, NAMED)) for r in part]
PLATFORMS = [
    {"python_version": python, "python_full_version": f"{python}.1", "sys_platform": platform, **system}
    for python in ("3.11", "3.12", "3.13")
    for platform, system in (
        ("linux", {"platform_system": "Linux", "os_name": "posix"}),
        ("darwin", {"platform_system": "Darwin", "os_name": "posix"}),
    )
]
# Installed for the weights that its wheel carries, without what it asks for.
ALONE = "geoclip"


def entries() -> list[str]:
    """What the lock says of each package, in one line: name, version, marker, hashes."""
    text = re.sub(r"^#.*\n", "", (ROOT / "requirements.lock").read_text(), flags=re.M)
    return [" ".join(entry.split()) for entry in re.split(r"(?<!\\)\n", text) if entry]


def locked() -> list[Requirement]:
    return [Requirement(line.split(" \\")[0]) for line in entries()]


def needs(environment: dict[str, str]) -> set[str]:
    """Names of everything that the direct dependencies ask for, to the last, on one platform."""
    installed = {canonicalize_name(d.metadata["Name"]): d for d in metadata.distributions()}
    todo, seen = list(DIRECT), set()
    while todo:
        requirement = todo.pop()
        name = canonicalize_name(requirement.name)
        extras = frozenset(requirement.extras)
        if (name, extras) in seen:
            continue
        seen.add((name, extras))
        for line in (installed[name].requires or []) if name in installed else []:
            need = Requirement(line)
            if name == "torch" and need.name.startswith(("nvidia-", "cuda-", "triton")):
                continue  # a GPU build brings its own, from its own index
            if need.marker is None or any(
                need.marker.evaluate({**default_environment(), **environment, "extra": extra})
                for extra in extras or {""}
            ):
                todo.append(need)
    return {name for name, _ in seen}


def test_lock_pins_every_package_exactly():
    for requirement in locked():
        assert re.fullmatch(r"==[0-9][0-9a-z.]*", str(requirement.specifier)), f"{requirement} is not pinned exactly"


def test_lock_holds_every_package_to_its_hashes():
    for entry in entries():
        words = entry.split(" \\ ")
        hashes = [word.removeprefix("--hash=sha256:") for word in words[1:]]
        assert hashes and all(re.fullmatch("[0-9a-f]{64}", digest) for digest in hashes), words[0]
        assert len(set(hashes)) == len(hashes), words[0]


@pytest.mark.parametrize("environment", PLATFORMS, ids=lambda e: f"{e['sys_platform']}-{e['python_version']}")
def test_lock_covers_every_dependency(environment):
    applies = {**default_environment(), **environment}
    names = {canonicalize_name(r.name) for r in locked() if r.marker is None or r.marker.evaluate(applies)}
    missing = needs(environment) - names
    assert not missing, f"requirements.lock lacks {sorted(missing)}"
    assert ALONE in names


def test_lock_serves_the_first_release_of_every_python():
    # Debian's python3 stays at an early patch release, where a package that asks for a later one cannot be installed.
    for requirement in locked():
        if requirement.marker is not None:
            continue
        wanted = SpecifierSet(metadata.metadata(requirement.name).get("Requires-Python") or "")
        for python in ("3.11.0", "3.12.0", "3.13.0"):
            assert wanted.contains(python), f"{requirement} asks for Python {wanted}"


def test_lock_meets_the_bounds_of_pyproject():
    versions = {canonicalize_name(r.name): next(iter(r.specifier)).version for r in locked()}
    for requirement in DIRECT:
        version = versions[canonicalize_name(requirement.name)]
        assert requirement.specifier.contains(version), f"the lock has {version}, pyproject {requirement}"


def test_geoclip_stays_out_of_the_requirements():
    names = {canonicalize_name(r.name) for r in DIRECT}
    assert ALONE not in names, "geoclip would bring 7 GB with it; the lock installs it with --no-deps"
    heavy = {"torchvision", "transformers", "tensorflow", "keras"} & {canonicalize_name(r.name) for r in locked()}
    assert not heavy, f"the lock must stay lean, without {sorted(heavy)}"


def test_conda_environment_is_in_step():
    listed = yaml.safe_load((ROOT / "environment.yml").read_text())["dependencies"]
    from_pip = next(entry["pip"] for entry in listed if isinstance(entry, dict))
    entries = [entry for entry in listed if isinstance(entry, str)] + from_pip
    names = {"pytorch": "torch"}  # conda-forge's own names
    conda = {}
    for entry in entries:
        requirement = Requirement(entry)
        conda[names.get(requirement.name, requirement.name)] = requirement.specifier
    assert conda.pop("python") == Requirement("python" + PROJECT["requires-python"]).specifier
    conda.pop("pip")
    assert conda == {requirement.name: requirement.specifier for requirement in DIRECT}


def test_no_module_is_imported_by_its_name_in_a_string_but_a_users_own():
    # Who imports whom is then seen by a reader, and by the contracts in pyproject.toml.
    named = re.compile(r"import_module|__import__|iter_modules|exec_module")
    package = ROOT / "src" / "placeprior"
    found = {path.relative_to(package).as_posix() for path in package.rglob("*.py") if named.search(path.read_text())}
    assert found == {"encoders/own.py"}


def test_make_lints_the_style_and_the_floors_and_tests_after_that():
    rules = dict(re.findall(r"^([a-z-]+): (.*(?:\n\t.*)*)", (ROOT / "Makefile").read_text(), re.M))
    assert "ruff check" in rules["lint"] and "lint-imports" in rules["lint"] and rules["test"].startswith("lint")


def test_citation_is_in_step():
    import placeprior

    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert citation["authors"] == PROJECT["authors"]
    assert citation["repository-code"] == PROJECT["urls"]["Repository"]
    assert citation["url"] == PROJECT["urls"]["Homepage"]
    assert citation["license"] == PROJECT["license"]
    assert citation["abstract"] == PROJECT["description"]
    assert str(citation["version"]) == placeprior.__version__
    assert citation["references"][0]["doi"] == "10.1080/15481603.2025.2594797"
    assert PROJECT["authors"][0]["name"] in (ROOT / "LICENSE").read_text()


def test_book_configuration_is_in_step():
    config = yaml.safe_load((ROOT / "_config.yml").read_text())
    assert config["author"] == PROJECT["authors"][0]["name"]
    assert config["repository"]["url"] == PROJECT["urls"]["Repository"]


def test_workflows_and_ci_run_the_commands_of_the_readme():
    readme = (ROOT / "README.md").read_text()
    for command in ("make book", "make test"):
        assert command in readme
        assert re.search(rf"^{command}$", (ROOT / ".ci" / "run").read_text(), re.M)
        assert f"- run: {command}\n" in (ROOT / ".github" / "workflows" / "book.yml").read_text()


WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_workflows_use_actions_of_one_commit_and_never_paste_an_input_into_a_script(path):
    text = path.read_text()
    used = re.findall(r"uses: *(.*)", text)
    assert used and all(re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40} # v[\d.]+", action) for action in used), used
    for job in yaml.safe_load(text)["jobs"].values():
        for step in job["steps"]:
            assert "${{" not in step.get("run", ""), step["run"]


@pytest.mark.parametrize(
    ("index", "hours", "fine"),
    [
        ("https://download.pytorch.org/whl/cu130", "10", True),
        ("cpu", "1", True),
        ("x'; touch PWN; '", "10", False),
        ("$(touch PWN)", "10", False),
        ("https://x/$(shell touch PWN)", "10", False),
        ("", "10", False),
        ("cpu", "1; touch PWN", False),
        ("cpu", "", False),
        ("cpu", "-1", False),
        ("cpu", "24", False),
        ("cpu", "1h", False),
    ],
)
def test_the_inputs_of_the_gpu_workflow_are_checked_before_they_are_used(tmp_path, index, hours, fine):
    step = yaml.safe_load((ROOT / ".github" / "workflows" / "gpu.yml").read_text())["jobs"]["paper"]["steps"][1]
    for name in ("nvidia-smi", "make", "timeout"):
        (tmp_path / name).write_text(f'#!/bin/sh\necho {name} "$@" "index=$TORCH_INDEX" >> used\n')
        (tmp_path / name).chmod(0o755)
    here = {**os.environ, "PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}", "TORCH_INDEX": index, "HOURS": hours}
    done = subprocess.run(["bash", "-e", "-c", step["run"]], cwd=tmp_path, env=here, capture_output=True, text=True)
    used = (tmp_path / "used").read_text() if (tmp_path / "used").exists() else ""
    assert not (tmp_path / "PWN").exists()
    assert (done.returncode == 0) is fine and (f"timeout {hours}h make paper index={index}" in used) is fine
    assert fine or ("input" in done.stderr and not used)


def tracked() -> list[Path]:
    git = shutil.which("git")
    if git is None or not (ROOT / ".git").exists():
        pytest.skip("not a git checkout: which files belong to the project is not known")
    listing = subprocess.run([git, "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True)
    return [ROOT / name for name in listing.stdout.split("\0") if name and (ROOT / name).is_file()]


def test_no_path_of_a_machine_and_no_registry_host_in_the_tree():
    # Written in pieces, so that this file does not hold what it looks for.
    hosts = ["py" + "pi.org", "python" + "hosted.org", "registry." + "npmjs", "conda." + "anaconda.org"]
    paths = [r"(?<![\w.])/" + folder + "/" for folder in ("home", "root", "Users", "work", "opt")]
    forbidden = re.compile("|".join([re.escape(h) for h in hosts] + paths + [r"\.\./sha" + "red"]))
    found = []
    for path in tracked():
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue  # pictures, tables and weights
        found += [f"{path.relative_to(ROOT)}: {m.group()}" for m in forbidden.finditer(text)]
    assert not found, found


def test_addresses_stand_only_where_they_are_kept_in_step():
    owner = PROJECT["urls"]["Repository"].removeprefix("https://")
    allowed = {"pyproject.toml", "CITATION.cff", "_config.yml", "start.ipynb"}
    for path in tracked():
        if path.suffix in {".md", ".py", ".yml", ".toml", ".cff", ".ipynb"} and path.name not in allowed:
            assert owner not in path.read_text(encoding="utf-8"), f"{path.name} repeats the project's address"


@pytest.mark.parametrize(
    ("typo", "told"), [("chekerboard-8", "did you mean 'checkerboard-8'"), ("[", "not valid YAML")]
)
def test_a_mistake_in_runs_yml_ends_make_in_one_line(tmp_path, typo, told):
    shutil.copy(ROOT / "dodo.py", tmp_path)
    (tmp_path / "runs.yml").write_text((ROOT / "runs.yml").read_text().replace("checkerboard-8", typo, 1))
    done = subprocess.run([sys.executable, "-m", "doit", "book"], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 1 and told in done.stderr
    assert len(done.stderr.splitlines()) == 1 and done.stdout == ""


@pytest.mark.parametrize(
    ("target", "folder", "told"),
    [
        ("aqs", None, "PLACEPRIOR_DATA is not set"),
        ("predictors", None, "PLACEPRIOR_DATA is not set"),
        ("predictors", ".", "`placeprior data build`): none of stations-2021.zarr"),
    ],
)
def test_real_data_that_are_absent_end_in_their_message(tmp_path, target, folder, told):
    for name in ("dodo.py", "runs.yml"):
        shutil.copy(ROOT / name, tmp_path)
    here = {key: value for key, value in os.environ.items() if key != "PLACEPRIOR_DATA"}
    here |= {"PLACEPRIOR_DATA": folder} if folder else {}
    words = [sys.executable, "-m", "doit", target]
    done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, env=here)
    said = [line for line in (done.stdout + done.stderr).splitlines() if line.startswith("error")]
    assert done.returncode == 1 and "Traceback" not in done.stdout + done.stderr
    assert len(said) == 1 and told in said[0]


def test_the_data_card_is_made_anew_when_a_cube_was_built(tmp_path):
    for name in ("dodo.py", "runs.yml"):
        shutil.copy(ROOT / name, tmp_path)
    code = "import dodo; print(repr(dodo._cubes()))"
    here = {**os.environ, "PLACEPRIOR_DATA": str(tmp_path)}
    seen = []
    for _ in range(2):
        done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, env=here)
        seen.append(done.stdout)
        (tmp_path / "stations-2021-08.zarr").mkdir(exist_ok=True)
        (tmp_path / "stations-2021-08.zarr" / "zarr.json").touch()
    assert seen[0] == "''\n" and "stations-2021-08.zarr:" in seen[1]


@pytest.mark.parametrize("text", ["README.md", "book/reproduce.md"])
def test_every_make_target_that_is_named_exists(text):
    known = set(re.findall(r"^([a-z-]+):[^=\n]*##", (ROOT / "Makefile").read_text(), re.M))
    named = set(re.findall(r"(?:^|`|&& )make ([a-z-]+)", (ROOT / text).read_text(), re.M))
    assert {"book", "test", "predictors", "rehearse"} <= named <= known
    assert known <= set(re.search(r"^\.PHONY: (.*)$", (ROOT / "Makefile").read_text(), re.M)[1].split())


def test_an_interrupted_make_says_one_line(tmp_path):
    shutil.copy(ROOT / "runs.yml", tmp_path)
    slow = """

def _slow():
    import time

    (ROOT / "started").touch()
    time.sleep(60)


def task_slow():
    return {"actions": [_slow]}
"""
    (tmp_path / "dodo.py").write_text((ROOT / "dodo.py").read_text() + slow)
    words = [sys.executable, "-m", "doit", "-n", "2", "slow"]
    doit = subprocess.Popen(
        words, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    while not (tmp_path / "started").exists():
        assert doit.poll() is None
        time.sleep(0.05)
    os.killpg(doit.pid, signal.SIGINT)
    said = doit.communicate(timeout=20)[1]
    assert doit.returncode == 130 and "finished runs are kept" in said and "Traceback" not in said


def test_the_drawing_of_the_house_is_the_house():
    drawn = (
        (ROOT / "README.md")
        .read_text(encoding="utf-8")
        .partition("src/placeprior/ ")[2]
        .partition("\n")[2]
        .partition("```")[0]
    )
    names = re.findall(r"^  (\S+?)/?\s", drawn, flags=re.M)
    rooms = [path.name for path in (ROOT / "src" / "placeprior").iterdir() if not path.name.startswith("__")]
    assert sorted(names) == sorted(rooms) and len(rooms) + 1 <= 17  # and its own __init__.py
    svg = (ROOT / "book" / "_static" / "house.svg").read_text(encoding="utf-8")
    floors = re.findall(r'font-weight="bold">(\w+)<', svg)
    assert floors[:-1] == names[: len(floors) - 1], "the figure of the floors and the README list them in one order"
    for name in names[len(floors) - 1 :]:
        assert name.removesuffix(".py") in svg or name == "geobias.py"


@pytest.mark.parametrize("package", sorted(p.parent.name for p in (ROOT / "src" / "placeprior").glob("*/__init__.py")))
def test_every_package_says_what_lives_in_it_and_what_may_not(package):
    told = ast.get_docstring(ast.parse((ROOT / "src" / "placeprior" / package / "__init__.py").read_text()))
    assert told and len(told.splitlines()) >= 3 and re.search(r"\b([Nn]othing|[Nn]o |[Oo]nly|knows no)", told), package
