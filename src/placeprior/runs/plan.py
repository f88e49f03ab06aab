"""The run matrix: what ``runs.yml`` asks for, as a list of runs with ids.

A run's id is the hash of everything that decides its result, and of nothing else. Listing runs reads no data and
imports no PyTorch, so that asking what is left to do takes no time.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import math
import re
import reprlib
from dataclasses import asdict, dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from placeprior import data, encoders
from placeprior.encoders import own
from placeprior.errors import ConfigError, MissingData, MissingWeights, UnknownName
from placeprior.files import document
from placeprior.network.sizes import SIZES, Config
from placeprior.space.splits import folds

VERSION = 2  # raise when a change of code changes results
#: What a user would pick instead of the network (:mod:`placeprior.runs.estimators`).
BASELINES = (
    "idw",
    "kriging",
    "gbt",
    "gbt+lonlat",
    "gbt+geoclip",
    "gbt+urban",
    "rf",
    "rf+lonlat",
    "rf+geoclip",
    "gbt+kriging",
    "none+kriging",
    "eof",
)
CORRECTED = "none+kriging"  # the baseline that starts from a trained network
HEAD_ONLY = "none+head"
NO_PLACE = ("none", HEAD_ONLY)
FUSIONS = ("channels", "hadamard", "concat", "gated", "film", "bias")
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
}
MOST = 20_000  # runs of a matrix, before its folds: more is a slip, and listing them takes minutes
LAST_SEED = 10**9
NAME = re.compile(r"[\w][\w.+-]*")  # of a page or a profile: a file or a folder has it


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
    def settings(self) -> Config:
        """Size and training of its network."""
        return Config(**self.config)

    @property
    def window(self) -> int:
        """Days of predictors that its network looks at, the day itself included; 1 where it has no network.

        Interpolation looks at the day alone. Trees look at days of their own
        (:data:`placeprior.runs.estimators.trees.WINDOW`), and draw no maps.
        """
        return 1 if self.variant in BASELINES and self.variant != CORRECTED else self.settings.window

    @property
    def stream(self) -> int:
        """The seed of what is drawn for it: initial weights, order of rows, dropout, the rows of a tree."""
        return 1000 * self.seed + self.fold

    @property
    def tells_place(self) -> bool:
        """Whether its network is told a place vector."""
        return self.variant not in (*NO_PLACE, *BASELINES)

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
        for kind, one in (("matrices", "matrix"), ("trials", "trial"), ("evidence", "evidence")):
            for matrix, spec in _mapping(profile.get(kind, {}), f"{kind} of profile {name!r}").items():
                if kind == "evidence" and matrix not in EVIDENCE:
                    raise UnknownName(f"evidence of profile {name!r}", matrix, EVIDENCE)
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
    if name in (*NO_PLACE, *BASELINES):
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


def configuration() -> dict[str, Any]:
    """``runs.yml``, checked for typos; the encoders it names are registered."""
    path = root() / "runs.yml"
    content = _read(path, path.stat().st_mtime)
    for name, spec in content.get("encoders", {}).items():
        own.declare(name, spec, path.parent)
    return content


def profile(name: str) -> dict[str, Any]:
    """One profile of ``runs.yml``."""
    profiles = configuration()["profiles"]
    if name not in profiles:
        raise UnknownName("profile", name, profiles)
    return profiles[name]


def runs(profile_name: str, matrix: str | None = None) -> list[Run]:
    """Every run of a profile, in the order of ``runs.yml``, none twice.

    Of optional matrices, models whose weights are not at hand are left out: :func:`absent` names them.

    Parameters
    ----------
    profile_name : str
    matrix : str, optional
        Only this matrix.
    """
    spec = profile(profile_name)
    if matrix is not None and matrix not in spec["matrices"]:
        raise UnknownName("matrix", matrix, spec["matrices"])
    listed: dict[str, Run] = {}
    missing = absent(profile_name)
    for name, product in spec["matrices"].items():
        if matrix in (None, name):
            if name in spec.get("optional", []):
                product = product | {"model": [model for model in product["model"] if model not in missing]}
            listed |= {run.id: run for run in _runs(profile_name, product) if run.id not in listed}
    return list(listed.values())


def absent(profile_name: str) -> dict[str, str]:
    """Models of a profile's optional matrices that are not run here, and why: their weights are not at hand."""
    spec, missing = profile(profile_name), {}
    for name in spec.get("optional", []):
        for model in spec["matrices"][name]["model"]:
            try:
                encoders.require(model.partition("/")[0])
            except MissingWeights as error:
                missing[model] = str(error)
    return missing


def every_run(profile_name: str) -> list[Run]:
    """A profile's runs and those of its trials, none twice, in the order of ``runs.yml``."""
    asked = runs(profile_name)
    for name in profile(profile_name).get("trials", {}):
        asked += trials(profile_name, name)
    return list({run.id: run for run in asked}.values())


def trials(profile_name: str, name: str) -> list[Run]:
    """The runs of a trial: one product for each of its ``settings``, which are changes to the profile's size.

    A trial asks what depends on how long and how large; its runs stand in ``results/<profile>/<name>.csv``
    (:mod:`placeprior.runs.trials`), not among the scores.
    """
    known = profile(profile_name).get("trials", {})
    if name not in known:
        raise UnknownName(f"trial of profile {profile_name!r}", name, known)
    return [run for changes in known[name]["settings"] for run in _runs(profile_name, known[name], changes)]


def evidence(profile_name: str, name: str) -> list[Run]:
    """The runs from whose stored entries a table of ``results/<profile>`` is made (:mod:`placeprior.evidence`)."""
    known = profile(profile_name).get("evidence", {})
    if name not in known:
        raise UnknownName(f"evidence of profile {profile_name!r}", name, known)
    return _runs(profile_name, known[name])


def settings(profile_name: str) -> Config:
    """Size and training of a profile's runs."""
    spec = profile(profile_name)
    if spec["size"] not in SIZES:
        raise UnknownName("size", spec["size"], SIZES)
    return SIZES[spec["size"]].with_(**spec.get("settings", {}))


def _runs(profile_name: str, product: dict[str, Any], changes: dict[str, Any] | None = None) -> list[Run]:
    spec = profile(profile_name)
    config = changed(settings(profile_name).with_(**(changes or {})))
    return [
        _run(task, spec["tasks"][task], model, split, fold, seed, config)
        for seed, task, split, model in itertools.product(*(product[k] for k in ("seed", "task", "split", "model")))
        for fold in asked_folds(product, split)
    ]


def asked_folds(product: dict[str, Any], split: str) -> list[int]:
    """The folds of a split that a matrix asks for: those it lists, for all its splits or for this one, or else all."""
    listed = product.get("fold", {})
    listed = listed.get(split) if isinstance(listed, dict) else listed
    return [fold for fold in folds(split) if listed is None or fold in listed]


def live(profile_name: str) -> set[str]:
    """Ids of the runs whose curves, weights and predictions the pages need: they must be in the local store."""
    return {run.id for name in profile(profile_name).get("live", []) for run in runs(profile_name, name)}


def changed(config: Config) -> dict[str, Any]:
    """What a configuration changes of the published one.

    Only this enters a run's id, so that a setting added later, with a default that changes nothing, leaves the ids of
    earlier runs as they are.
    """
    published = asdict(Config())
    return {name: value for name, value in asdict(config).items() if value != published[name]}


def find(run_id: str, profile_name: str | None = None) -> Run:
    """The run with this id, in one profile or in any whose data are at hand."""
    known = {}
    for name in [profile_name] if profile_name else configuration()["profiles"]:
        try:
            known |= {run.id: run for run in every_run(name)}
        except MissingData:
            continue
    if run_id not in known:
        raise (
            UnknownName("run", run_id, known)
            if len(known) < 20
            else ConfigError(f"no run {run_id!r} in runs.yml; `placeprior runs list PROFILE` shows the ids")
        )
    return known[run_id]


@lru_cache
def _fingerprint(variant: str) -> str:
    return encoders.load(variant).fingerprint


@lru_cache
def _data(task_spec: str) -> dict[str, Any]:
    spec = json.loads(task_spec)
    options = spec.get("options", {})
    # No key where there is none: ids stay.
    marks = {key: sorted(spec[key]) if key == "leak" else spec[key] for key in ("leak", "neighbours") if spec.get(key)}
    return {"load": spec["load"], "options": options, "recipe": data.recipe(spec["load"], **options), **marks}


def _run(task: str, spec: dict[str, Any], model: str, split: str, fold: int, seed: int, config: dict[str, Any]) -> Run:
    variant, _, fusion = model.partition("/")
    fusion = fusion or "-"
    if variant in BASELINES or variant in NO_PLACE:
        if fusion != "-":
            raise ConfigError(f"model {model!r} in runs.yml: {variant!r} takes no place vector; write it alone")
        weights = _fingerprint("geoclip") if variant.endswith("+geoclip") else "-"
    else:
        if variant not in encoders.list_encoders():
            raise UnknownName("variant", variant, (*NO_PLACE, *BASELINES, *encoders.list_encoders()))
        if fusion == "-":
            raise ConfigError(
                f"model {model!r} in runs.yml does not say how the place joins; write "
                f"'{variant}/hadamard', '{variant}/concat' or '{variant}/channels'"
            )
        if fusion not in FUSIONS:
            raise UnknownName("fusion", fusion, FUSIONS)
        weights = _fingerprint(variant)
    if variant in BASELINES and variant != CORRECTED:
        config = {}
    return Run(task, variant, fusion, split, fold, seed, _data(json.dumps(spec, sort_keys=True)), weights, config)


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
