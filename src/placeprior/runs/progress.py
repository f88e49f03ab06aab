"""How far a profile is: what was made of what ``runs.yml`` asks for, and what need not be made; without PyTorch."""

from __future__ import annotations

import math

from placeprior.runs import configuration, plan, store, trials


def count(profile: str, name: str) -> tuple[int, int]:
    """How many runs of a matrix or a trial the committed tables hold, and how many it asks for.

    Counted by what the lists say, as in :func:`placeprior.runs.store.scores`, so without the data. A table of evidence
    counts as one.
    """
    spec = configuration.profile(profile)
    if name in spec.get("evidence", {}):
        return int(any(store.results(profile).glob(f"{name}.*"))), 1
    product = spec["matrices"].get(name) or spec["trials"][name]
    places = sum(len(configuration.asked_folds(product, split)) for split in product["split"])
    asked = places * math.prod(len(product[key]) for key in ("task", "model", "seed"))
    if name in spec["matrices"]:
        return store.scores(profile, name)["run"].nunique(), asked
    asked *= len(product["settings"])
    return min(len(trials.read(profile, name)), asked), asked


def done(profile: str) -> set[str]:
    """Ids that need no training: stored ones and, where no page needs more of them, those of the committed scores."""
    return store.stored() | kept(profile) | trials.done(profile)


def kept(profile: str) -> set[str]:
    """Ids that need no training because their scores are committed and no page needs more of them."""
    return set(store.scores(profile)["run"]) - plan.live(profile)
