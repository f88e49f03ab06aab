"""Models whose weights are not at hand: left out where runs.yml allows it, named, and kept where others made them."""

import shutil

import numpy as np
import pytest
from conftest import RUNS_YML

from placeprior import encoders
from placeprior.errors import MissingWeights, UnknownName
from placeprior.runs import configuration, plan, store
from placeprior.runs.collecting import collect_scores
from placeprior.runs.making import make

OPTIONAL = RUNS_YML.replace("    live: [core]\n", "    live: [core]\n    optional: [far-off]\n", 1).replace(
    "        seed: [0]\n",
    "        seed: [0]\n      far-off:\n        task: [toy]\n        model: [sincos/concat, distant/hadamard]\n"
    "        split: [spatial]\n        seed: [0]\n",
    1,
)


class Distant:
    """An encoder whose weights may be somewhere else."""

    name, dim, costly, here = "distant", 2, False, True

    @property
    def fingerprint(self):
        if not self.here:
            raise MissingWeights("distant's weights are absent; fetch them")
        return "distant"

    def __call__(self, lonlat):
        return np.asarray(lonlat, np.float32)


@pytest.fixture
def distant(project, monkeypatch):
    encoders.list_encoders()
    monkeypatch.setattr(encoders.registry, "_FACTORIES", dict(encoders.registry._FACTORIES))
    encoder = Distant()
    encoders.register("distant", lambda weights: encoder)
    (project / "runs.yml").write_text(OPTIONAL, encoding="utf-8")
    configuration.read.cache_clear()
    plan._fingerprint.cache_clear()
    yield encoder
    plan._fingerprint.cache_clear()


def leave(encoder):
    encoder.here = False
    plan._fingerprint.cache_clear()


def test_a_model_without_weights_is_left_out_and_named(distant):
    asked = {run.model for run in plan.runs("tiny")}
    assert "distant/hadamard" in asked and not plan.absent("tiny")
    leave(distant)
    assert {run.model for run in plan.runs("tiny")} == asked - {"distant/hadamard"}
    assert {run.model for run in plan.runs("tiny", "far-off")} == {"sincos/concat"}
    assert plan.absent("tiny") == {"distant/hadamard": "distant's weights are absent; fetch them"}


def test_elsewhere_missing_weights_stay_an_error(distant, project):
    (project / "runs.yml").write_text(OPTIONAL.replace("    optional: [far-off]\n", "", 1), encoding="utf-8")
    configuration.read.cache_clear()
    leave(distant)
    with pytest.raises(MissingWeights, match="fetch them"):
        plan.runs("tiny")


def test_an_optional_matrix_must_exist(distant, project):
    (project / "runs.yml").write_text(OPTIONAL.replace("[far-off]", "[far-of]", 1), encoding="utf-8")
    configuration.read.cache_clear()
    with pytest.raises(UnknownName, match="did you mean 'far-off'"):
        plan.runs("tiny")


def test_scores_made_where_the_weights_are_survive_where_they_are_not(distant, project):
    made = next(run for run in plan.runs("tiny") if run.model == "distant/hadamard")
    make(made, log=lambda line: None)
    collect_scores("tiny")
    shutil.rmtree(store.store() / made.id)
    leave(distant)
    make(next(run for run in plan.runs("tiny") if run.model == "idw"), log=lambda line: None)
    collect_scores("tiny")
    assert made.id in set(store.scores("tiny")["run"]) and made.id in store.stamps("tiny")
