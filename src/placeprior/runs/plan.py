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
from typing import Any

from placeprior import data, encoders
from placeprior.arms import CORRECTED, FUSIONS, NO_PLACE, RIVALS
from placeprior.errors import ConfigError, MissingData, MissingWeights, UnknownName
from placeprior.network.sizes import SIZES, Config
from placeprior.runs import configuration

VERSION = 2  # raise when a change of code changes results


@dataclass(frozen=True)
class Run:
    """One training run (or rival) and everything that decides its result."""

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
        return 1 if self.variant in RIVALS and self.variant != CORRECTED else self.settings.window

    @property
    def stream(self) -> int:
        """The seed of what is drawn for it: initial weights, order of rows, dropout, the rows of a tree."""
        return 1000 * self.seed + self.fold

    @property
    def tells_place(self) -> bool:
        """Whether its network is told a place vector."""
        return self.variant not in (*NO_PLACE, *RIVALS)

    @property
    def label(self) -> str:
        """One line for people."""
        return f"{self.task} {self.model} {self.split} fold {self.fold} seed {self.seed}"


def runs(profile_name: str, matrix: str | None = None) -> list[Run]:
    """Every run of a profile, in the order of ``runs.yml``, none twice.

    Of optional matrices, models whose weights are not at hand are left out: :func:`absent` names them.

    Parameters
    ----------
    profile_name : str
    matrix : str, optional
        Only this matrix.
    """
    spec = configuration.profile(profile_name)
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
    spec, missing = configuration.profile(profile_name), {}
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
    for name in configuration.profile(profile_name).get("trials", {}):
        asked += trials(profile_name, name)
    return list({run.id: run for run in asked}.values())


def trials(profile_name: str, name: str) -> list[Run]:
    """The runs of a trial: one product for each of its ``settings``, which are changes to the profile's size.

    A trial asks what depends on how long and how large; its runs stand in ``results/<profile>/<name>.csv``
    (:mod:`placeprior.runs.trials`), not among the scores.
    """
    known = configuration.profile(profile_name).get("trials", {})
    if name not in known:
        raise UnknownName(f"trial of profile {profile_name!r}", name, known)
    return [run for changes in known[name]["settings"] for run in _runs(profile_name, known[name], changes)]


def evidence(profile_name: str, name: str) -> list[Run]:
    """The runs from whose stored entries a table of ``results/<profile>`` is made (:mod:`placeprior.evidence`)."""
    known = configuration.profile(profile_name).get("evidence", {})
    if name not in known:
        raise UnknownName(f"evidence of profile {profile_name!r}", name, known)
    return _runs(profile_name, known[name])


def settings(profile_name: str) -> Config:
    """Size and training of a profile's runs."""
    spec = configuration.profile(profile_name)
    if spec["size"] not in SIZES:
        raise UnknownName("size", spec["size"], SIZES)
    return SIZES[spec["size"]].with_(**spec.get("settings", {}))


def _runs(profile_name: str, product: dict[str, Any], changes: dict[str, Any] | None = None) -> list[Run]:
    spec = configuration.profile(profile_name)
    config = changed(settings(profile_name).with_(**(changes or {})))
    return [
        _run(task, spec["tasks"][task], model, split, fold, seed, config)
        for seed, task, split, model in itertools.product(*(product[k] for k in ("seed", "task", "split", "model")))
        for fold in configuration.asked_folds(product, split)
    ]


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
    for name in [profile_name] if profile_name else configuration.content()["profiles"]:
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
    if variant in RIVALS or variant in NO_PLACE:
        if fusion != "-":
            raise ConfigError(f"model {model!r} in runs.yml: {variant!r} takes no place vector; write it alone")
        family, _, place = variant.partition("+")
        reads = place == "geoclip" or (family == "eof" and place in encoders.list_encoders())
        weights = _fingerprint(place) if reads else "-"
    else:
        if variant not in encoders.list_encoders():
            raise UnknownName("variant", variant, (*NO_PLACE, *RIVALS, *encoders.list_encoders()))
        if fusion == "-":
            raise ConfigError(
                f"model {model!r} in runs.yml does not say how the place joins; write "
                f"'{variant}/hadamard', '{variant}/concat' or '{variant}/channels'"
            )
        if fusion not in FUSIONS:
            raise UnknownName("fusion", fusion, FUSIONS)
        weights = _fingerprint(variant)
    if variant in RIVALS and variant != CORRECTED:
        config = {}
    return Run(task, variant, fusion, split, fold, seed, _data(json.dumps(spec, sort_keys=True)), weights, config)


def live(profile_name: str) -> set[str]:
    """Ids of the runs whose curves, weights and predictions the pages need: they must be in the local store."""
    return {run.id for name in configuration.profile(profile_name).get("live", []) for run in runs(profile_name, name)}
