"""``runs.yml``: read once, strictly, and refused in one line where nobody can have meant what it says."""

from __future__ import annotations

import math
import re
import reprlib
from functools import lru_cache
from pathlib import Path
from typing import Any

from placeprior.arms import NO_PLACE, RIVALS
from placeprior.encoders import own
from placeprior.errors import ConfigError, UnknownName
from placeprior.files import document
from placeprior.space.splits import folds

LEAKS = ("neighbours", "scalers")
UNMATCHED = "unmatched"  # neighbours in training are as near as they come
ATTRIBUTE = re.compile(r"\w+(\.\w+)*:\w+(\.\w+)*")  # of a Python module
_LISTS = ("task", "model", "split", "seed")
#: Evidence beyond scores (:mod:`placeprior.evidence`) by the module that makes it, and how its file ends: dense maps
#: are no reading matter.
EVIDENCE = {
    "subsets": "csv",
    "importance": "csv",
    "map_error": "parquet",
    "artefacts": "csv",
    "national_maps": "parquet",
    "who_is_served": "csv",
    "against_itself": "csv",
    "coverage": "csv",
    "uncertainty": "csv",
    "gallery": "parquet",
    "prior": "parquet",
    "traps": "parquet",
    "corpora": "parquet",
    "contrast": "csv",
    "record": "parquet",
    "nearness": "csv",
    "likeness": "csv",
    "residual_variograms": "csv",
    "pseudo_trials": "csv",
    "downscaling": "csv",
    "downscaling_longer": "csv",
    "transferred": "parquet",
    "transferability": "csv",
    "choosing": "csv",
    "unions": "csv",
    "foreseen": "parquet",
    "agreement": "csv",
    "projection": "csv",
    "scaling": "csv",
}
MOST = 20_000  # runs of a matrix, before its folds: more is a slip, and listing them takes minutes
LAST_SEED = 10**9
NAME = re.compile(r"[\w][\w.+-]*")  # of a page or a profile: a file or a folder has it


def root() -> Path:
    """The project folder: the nearest one above the working directory that holds ``runs.yml``."""
    here = Path.cwd()
    for folder in (here, *here.parents):
        if (folder / "runs.yml").is_file():
            return folder
    raise ConfigError(f"no runs.yml in {here} or above it; change into the project's folder")


@lru_cache
def read(path: Path, _changed: float) -> dict[str, Any]:
    content = document.read(path)
    _only(content, "the file", {"profiles", "pages", "encoders"}, ("profiles", "pages"))
    for name, spec in _mapping(content.get("encoders", {}), "encoders").items():
        _encoder(name, spec)
    for name, profile in _mapping(content["profiles"], "profiles").items():
        _only(
            profile,
            f"profile {name!r}",
            {"size", "settings", "live", "optional", "tasks", "matrices", "trials", "evidence"},
            ("size", "tasks", "matrices"),
        )
        _name(name, "a profile")
        _word(profile["size"], f"size of profile {name!r}")
        _mapping(profile.get("settings", {}), f"settings of profile {name!r}")
        for task, spec in _mapping(profile["tasks"], f"tasks of profile {name!r}").items():
            _only(spec, f"task {task!r}", {"load", "options", "leak", "neighbours"}, ("load",))
            if spec.get("neighbours", UNMATCHED) != UNMATCHED:
                raise UnknownName(f"neighbours of task {task!r}", spec["neighbours"], (UNMATCHED,))
            _word(spec["load"], f"load of task {task!r}")
            _mapping(spec.get("options", {}), f"options of task {task!r}")
            for leak in _list(spec.get("leak", []), f"leak of task {task!r}"):
                if _word(leak, f"leak of task {task!r}") not in LEAKS:
                    raise UnknownName(f"leak of task {task!r}", leak, LEAKS)
        for kind in ("live", "optional"):
            for matrix in _list(profile.get(kind, []), where := f"{kind} of profile {name!r}"):
                if _word(matrix, where) not in _mapping(profile["matrices"], f"matrices of profile {name!r}"):
                    raise UnknownName(f"{kind} matrix of profile {name!r}", matrix, profile["matrices"])
        named: set[str] = set()
        for kind, one in (("matrices", "matrix"), ("trials", "trial"), ("evidence", "evidence")):
            for matrix, spec in _mapping(profile.get(kind, {}), f"{kind} of profile {name!r}").items():
                if kind == "evidence" and matrix not in EVIDENCE:
                    raise UnknownName(f"evidence of profile {name!r}", matrix, EVIDENCE)
                if matrix in named:
                    raise ConfigError(
                        f"profile {name!r} in runs.yml has two things named {matrix!r}, and a page that needs it could "
                        "not tell which; rename one"
                    )
                named.add(matrix)
                _product(spec, f"{one} {matrix!r} of profile {name!r}", profile["tasks"], settings=kind == "trials")
    for page, spec in _mapping(content["pages"], "pages").items():
        _name(page, "a page")
        _only(spec, f"page {page!r}", {"notebook", "parameters", "profile", "needs"}, ("notebook",))
        _word(spec["notebook"], f"notebook of page {page!r}")
        for name, needed in _mapping(spec.get("needs", {}), f"needs of page {page!r}").items():
            if name not in content["profiles"]:
                raise UnknownName(f"profile in needs of page {page!r}", name, content["profiles"])
            profile = content["profiles"][name]
            known = [each for kind in ("matrices", "trials", "evidence") for each in profile.get(kind, {})]
            for each in _list(needed, f"needs of page {page!r}"):
                if each not in known:
                    raise UnknownName(f"matrix, trial or evidence of profile {name!r}", each, known)
        _mapping(spec.get("parameters", {}), f"parameters of page {page!r}")
        if "profile" in spec and _word(spec["profile"], f"profile of page {page!r}") not in content["profiles"]:
            raise UnknownName(f"profile of page {page!r}", spec["profile"], content["profiles"])
    return content


def _encoder(name: Any, spec: Any) -> None:
    where = f"encoder {name!r}"
    _only(spec, where, {"table", "python", "trained"})
    if name in (*NO_PLACE, *RIVALS):
        raise ConfigError(f"{where} in runs.yml has the name of a model without a place vector; choose another")
    if len({"table", "python"} & set(spec)) != 1:
        raise ConfigError(f"{where} in runs.yml needs either a 'table' or a 'python'; got {spec!r}")
    if not isinstance(spec.get("table", ""), str) or not ATTRIBUTE.fullmatch(str(spec.get("python", "module:name"))):
        raise ConfigError(
            f"{where} in runs.yml needs 'table: PATH' or 'python: PACKAGE.MODULE:ATTRIBUTE'; got {spec!r}"
        )
    if type(spec.get("trained", False)) is not bool or (spec.get("trained") and "table" in spec):
        raise ConfigError(f"trained of {where} in runs.yml is true or false, and true with 'python' only; got {spec!r}")


def _product(spec: Any, where: str, tasks: dict[str, Any], *, settings: bool) -> None:
    _only(spec, where, {*_LISTS, "fold", *(("settings",) if settings else ())}, ("settings",) if settings else ())
    for changes in _list(spec.get("settings", []), f"settings of {where}"):
        _mapping(changes, f"an entry of settings of {where}")
    for key in _LISTS:
        if not isinstance(spec.get(key), list) or not spec[key]:
            raise ConfigError(f"{where} needs a list {key!r}; got {reprlib.repr(spec.get(key))}")
    fold = spec.get("fold", [])
    lists = {key: _list(spec[key], f"{key} of {where}") for key in _LISTS}
    for split, listed in fold.items() if isinstance(fold, dict) else [("", fold)]:
        lists |= {f"fold {split}".strip(): _list(listed, f"fold of {where}")}
    for key, values in lists.items():
        kind = int if key.startswith(("seed", "fold")) else str
        for value in values:
            if type(value) is not kind or (kind is int and not 0 <= value <= LAST_SEED):
                raise ConfigError(
                    f"{key} of {where} in runs.yml: {reprlib.repr(value)} is not a "
                    f"{f'whole number from 0 to {LAST_SEED:,}' if kind is int else 'name'}"
                )
        if len(set(values)) < len(values):
            twice = next(value for value in values if values.count(value) > 1)
            raise ConfigError(f"{key} of {where} in runs.yml lists {twice!r} twice; remove one")
    for task in spec["task"]:
        if task not in tasks:
            raise UnknownName("task", task, tasks)
    if (asked := math.prod(len(spec[key]) for key in _LISTS)) > MOST:
        raise ConfigError(f"{where} in runs.yml asks for {asked:,} runs a fold, more than {MOST:,}; shorten its lists")
    if "fold" in spec:
        _chosen_folds(spec, where)


def _chosen_folds(spec: dict[str, Any], where: str) -> None:
    """Refuse a fold that no split has, and a split of which no fold is chosen: neither makes a run."""
    fold, has = spec["fold"], {split: set(folds(split)) for split in spec["split"]}
    told = ", ".join(f"{split!r} has {min(known)} to {max(known)}" for split, known in has.items())
    if isinstance(fold, dict):
        for split in fold:
            if split not in has:
                raise UnknownName(f"split in fold of {where}", split, has)
        # Each list is about its own split alone.
        for split, listed in fold.items():
            _chosen_folds({"split": [split], "fold": listed}, where)
        return
    for number in fold:
        if not any(number in known for known in has.values()):
            raise ConfigError(f"fold of {where} in runs.yml: there is no fold {number}; {told}")
    for split, known in has.items():
        if not known & set(fold):
            raise ConfigError(f"fold of {where} in runs.yml leaves no fold of split {split!r}; {told}")


def content() -> dict[str, Any]:
    """``runs.yml``, checked for typos; the encoders it names are registered."""
    path = root() / "runs.yml"
    content = read(path, path.stat().st_mtime)
    for name, spec in content.get("encoders", {}).items():
        own.declare(name, spec, path.parent)
    return content


def profile(name: str) -> dict[str, Any]:
    """One profile of ``runs.yml``."""
    profiles = content()["profiles"]
    if name not in profiles:
        raise UnknownName("profile", name, profiles)
    return profiles[name]


def asked_folds(product: dict[str, Any], split: str) -> list[int]:
    """The folds of a split that a matrix asks for: those it lists, for all its splits or for this one, or else all."""
    listed = product.get("fold", {})
    listed = listed.get(split) if isinstance(listed, dict) else listed
    return [fold for fold in folds(split) if listed is None or fold in listed]


def _mapping(given: Any, where: str) -> dict[str, Any]:
    if not isinstance(given, dict):
        raise ConfigError(f"{where} in runs.yml must be a mapping; got {reprlib.repr(given)}")
    return given


def _word(given: Any, where: str) -> str:
    if not isinstance(given, str):
        raise ConfigError(f"{where} in runs.yml must be a name; got {reprlib.repr(given)}")
    return given


def _name(given: str, what: str) -> None:
    if not NAME.fullmatch(given):
        raise ConfigError(
            f"{what} in runs.yml is named {reprlib.repr(given)}; a file bears the name, so use letters, "
            "digits, '.', '+', '-' and '_' alone"
        )


def _list(given: Any, where: str) -> list[Any]:
    if not isinstance(given, list):
        raise ConfigError(f"{where} in runs.yml must be a list; got {reprlib.repr(given)}")
    return given


def _only(given: Any, where: str, known: set[str], needed: tuple[str, ...] = ()) -> None:
    for key in _mapping(given, where):
        if key not in known:
            raise UnknownName(f"key of {where} in runs.yml", key, known)
    for key in needed:
        if key not in given:
            raise ConfigError(f"{where} in runs.yml has no {key!r}; add it")
