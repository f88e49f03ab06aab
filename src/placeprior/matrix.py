"""The run matrix: what ``runs.yml`` asks for, as a list of runs with ids.

A run's id is the hash of everything that decides its result, and of nothing else. Listing runs reads no data and
imports no PyTorch, so that asking what is left to do takes no time.
"""

from __future__ import annotations

import hashlib
import itertools
import json
from dataclasses import asdict, dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from placeprior import data, encoders
from placeprior.errors import ConfigError, MissingData, UnknownName
from placeprior.sizes import SIZES, Config
from placeprior.splits import folds

VERSION = 1  # raise when a change of code changes results
BASELINES = ("idw",)
NO_PLACE = "none"


@dataclass(frozen=True)
class Run:
    """One training run (or baseline) and everything that decides its result."""

    task: str
    variant: str
    fusion: str
    split: str
    fold: int
    seed: int
    data: dict[str, Any] = field(hash=False)
    weights: str
    config: dict[str, Any] = field(hash=False)
    version: int = VERSION

    @property
    def id(self) -> str:
        """First 12 hex digits of the SHA-256 of the run's content."""
        return hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()[:12]

    @property
    def model(self) -> str:
        """Variant and fusion in one word, as ``runs.yml`` writes it."""
        return self.variant if self.fusion == "-" else f"{self.variant}/{self.fusion}"

    @property
    def label(self) -> str:
        """One line for people."""
        return f"{self.task} {self.model} {self.split} fold {self.fold} seed {self.seed}"


def root() -> Path:
    """The project folder: the nearest one above the working directory that holds ``runs.yml``."""
    here = Path.cwd()
    for folder in (here, *here.parents):
        if (folder / "runs.yml").is_file():
            return folder
    raise ConfigError(f"no runs.yml in {here} or above it; change into the project's folder")


@lru_cache
def _read(path: Path, _changed: float) -> dict[str, Any]:
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"line {mark.line + 1}" if mark else "somewhere"
        raise ConfigError(f"{path.name} is not valid YAML ({where}): {getattr(error, 'problem', error)}") from error
    _only(content, "the file", {"profiles", "pages"}, ("profiles", "pages"))
    for name, profile in _mapping(content["profiles"], "profiles").items():
        _only(profile, f"profile {name!r}", {"size", "settings", "live", "tasks", "matrices"},
              ("size", "tasks", "matrices"))
        _mapping(profile.get("settings", {}), f"settings of profile {name!r}")
        for task, spec in _mapping(profile["tasks"], f"tasks of profile {name!r}").items():
            _only(spec, f"task {task!r}", {"load", "options"}, ("load",))
            _mapping(spec.get("options", {}), f"options of task {task!r}")
        _mapping(profile["matrices"], f"matrices of profile {name!r}")
        if not isinstance(profile.get("live", []), list):
            raise ConfigError(f"live of profile {name!r} in runs.yml must be a list of its matrices; "
                              f"got {profile['live']!r}")
        for matrix in profile.get("live", []):
            if matrix not in profile["matrices"]:
                raise UnknownName(f"live matrix of profile {name!r}", matrix, profile["matrices"])
        for matrix, spec in profile["matrices"].items():
            _only(spec, f"matrix {matrix!r}", {"task", "model", "split", "seed"})
            for key in ("task", "model", "split", "seed"):
                if not isinstance(spec.get(key), list) or not spec[key]:
                    raise ConfigError(f"matrix {matrix!r} of profile {name!r} needs a list {key!r}; "
                                      f"got {spec.get(key)!r}")
            for task in spec["task"]:
                if task not in profile["tasks"]:
                    raise UnknownName("task", task, profile["tasks"])
            for key, kind in (("model", str), ("split", str), ("seed", int)):
                for value in spec[key]:
                    if type(value) is not kind or (kind is int and value < 0):
                        raise ConfigError(f"{key} of matrix {matrix!r} of profile {name!r} in runs.yml: {value!r} is "
                                          f"not a {'whole number from 0' if kind is int else 'name'}")
    for page, spec in _mapping(content["pages"], "pages").items():
        _only(spec, f"page {page!r}", {"notebook", "parameters", "profile"}, ("notebook",))
        _mapping(spec.get("parameters", {}), f"parameters of page {page!r}")
        if "profile" in spec and spec["profile"] not in content["profiles"]:
            raise UnknownName(f"profile of page {page!r}", spec["profile"], content["profiles"])
    return content


def configuration() -> dict[str, Any]:
    """``runs.yml``, checked for typos."""
    path = root() / "runs.yml"
    return _read(path, path.stat().st_mtime)


def profile(name: str) -> dict[str, Any]:
    """One profile of ``runs.yml``."""
    profiles = configuration()["profiles"]
    if name not in profiles:
        raise UnknownName("profile", name, profiles)
    return profiles[name]


def runs(profile_name: str, matrix: str | None = None) -> list[Run]:
    """Every run of a profile, in the order of ``runs.yml``, none twice.

    Parameters
    ----------
    profile_name : str
    matrix : str, optional
        Only this matrix.
    """
    spec = profile(profile_name)
    if spec["size"] not in SIZES:
        raise UnknownName("size", spec["size"], SIZES)
    config = SIZES[spec["size"]].with_(**spec.get("settings", {}))
    if matrix is not None and matrix not in spec["matrices"]:
        raise UnknownName("matrix", matrix, spec["matrices"])
    listed: dict[str, Run] = {}
    for name, product in spec["matrices"].items():
        if matrix not in (None, name):
            continue
        for seed, task, split, model in itertools.product(*(product[k] for k in ("seed", "task", "split", "model"))):
            for fold in folds(split):
                run = _run(task, spec["tasks"][task], model, split, fold, seed, differences(config))
                listed.setdefault(run.id, run)
    return list(listed.values())


def live(profile_name: str) -> set[str]:
    """Ids of the runs whose curves, weights and predictions the pages need: they must be in the local store."""
    return {run.id for name in profile(profile_name).get("live", []) for run in runs(profile_name, name)}


def differences(config: Config) -> dict[str, Any]:
    """What a configuration changes of the published one.

    Only this enters a run's id, so that a setting added later, with a default that changes nothing, leaves the ids of
    earlier runs as they are.
    """
    published = asdict(Config())
    return {name: value for name, value in asdict(config).items() if value != published[name]}


def find(run_id: str) -> Run:
    """The run with this id, in any profile whose data are at hand."""
    known = {}
    for name in configuration()["profiles"]:
        try:
            known |= {run.id: run for run in runs(name)}
        except MissingData:
            continue
    if run_id not in known:
        raise UnknownName("run", run_id, known) if len(known) < 20 else ConfigError(
            f"no run {run_id!r} in runs.yml; `placeprior runs list PROFILE` shows the ids")
    return known[run_id]


@lru_cache
def _fingerprint(variant: str) -> str:
    return encoders.load(variant).fingerprint


@lru_cache
def _data(task_spec: str) -> dict[str, Any]:
    spec = json.loads(task_spec)
    options = spec.get("options", {})
    return {"load": spec["load"], "options": options, "recipe": data.recipe(spec["load"], **options)}


def _run(
    task: str, spec: dict[str, Any], model: str, split: str, fold: int, seed: int, config: dict[str, Any]
) -> Run:
    variant, _, fusion = model.partition("/")
    fusion = fusion or "-"
    if variant in BASELINES or variant == NO_PLACE:
        if fusion != "-":
            raise ConfigError(f"model {model!r} in runs.yml: {variant!r} takes no place vector; write it alone")
        weights = "-"
    else:
        if variant not in encoders.list_encoders():
            raise UnknownName("variant", variant, (NO_PLACE, *BASELINES, *encoders.list_encoders()))
        if fusion == "-":
            raise ConfigError(f"model {model!r} in runs.yml does not say how the place joins; write "
                              f"'{variant}/hadamard', '{variant}/concat' or '{variant}/channels'")
        if fusion not in ("channels", "hadamard", "concat"):
            raise UnknownName("fusion", fusion, ("channels", "hadamard", "concat"))
        weights = _fingerprint(variant)
    if variant in BASELINES:
        config = {}
    return Run(task, variant, fusion, split, fold, seed, _data(json.dumps(spec, sort_keys=True)), weights, config)


def _mapping(given: Any, where: str) -> dict[str, Any]:
    if not isinstance(given, dict):
        raise ConfigError(f"{where} in runs.yml must be a mapping; got {given!r}")
    return given


def _only(given: Any, where: str, known: set[str], needed: tuple[str, ...] = ()) -> None:
    for key in _mapping(given, where):
        if key not in known:
            raise UnknownName(f"key of {where} in runs.yml", key, known)
    for key in needed:
        if key not in given:
            raise ConfigError(f"{where} in runs.yml has no {key!r}; add it")
