"""Making the tables of evidence: which module makes which, and from which runs."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from placeprior.errors import StoreError
from placeprior.evidence import (
    against_itself,
    artefacts,
    choosing,
    clusters,
    contrast,
    coverage,
    decomposition,
    distances,
    downscaling,
    foreseen,
    gallery,
    importance,
    likeness,
    map_error,
    national_maps,
    prior,
    pseudo_trials,
    record,
    residual_variograms,
    scaling,
    subsets,
    tables,
    transfer,
    transferability,
    traps,
    uncertainty,
    unions,
    upstream,
    who_is_served,
)
from placeprior.provenance import processor
from placeprior.runs import making, plan, store
from placeprior.runs.networks import needs_process


class Maker(NamedTuple):
    """What makes a table, and what it reads of a run.

    If nothing but its sums per station, a run in the committed results will do; if nothing but which encoder or task it
    names, it need not be made. Others need the run itself in the store. What is timed is another number each time.
    """

    collect: Callable[[Sequence[plan.Run]], pd.DataFrame]
    from_sums: bool = False
    from_names: bool = False
    timed: bool = False


MAKERS = {
    "agreement": Maker(clusters.collect, from_names=True),
    "against_itself": Maker(against_itself.collect, from_sums=True),
    "artefacts": Maker(artefacts.collect),
    "contrast": Maker(contrast.collect, from_names=True),
    "coverage": Maker(coverage.collect, from_sums=True),
    "downscaling": Maker(downscaling.collect, from_names=True),
    "downscaling_longer": Maker(downscaling.longer, from_names=True),
    "choosing": Maker(choosing.collect),
    "foreseen": Maker(foreseen.collect, from_sums=True),
    "gallery": Maker(gallery.collect, from_names=True),
    "importance": Maker(importance.collect),
    "likeness": Maker(likeness.collect, from_names=True),
    "map_error": Maker(map_error.collect),
    "national_maps": Maker(national_maps.collect),
    "nearness": Maker(distances.collect, from_sums=True),
    "prior": Maker(prior.collect, from_names=True),
    "pseudo_trials": Maker(pseudo_trials.collect, from_names=True),
    "residual_variograms": Maker(residual_variograms.collect),
    "projection": Maker(decomposition.collect, from_names=True),
    "record": Maker(record.collect, from_names=True),
    "scaling": Maker(scaling.collect, timed=True),
    "subsets": Maker(subsets.collect),
    "transferred": Maker(transfer.collect, from_sums=True),
    "transferability": Maker(transferability.collect, from_sums=True),
    "unions": Maker(unions.collect, from_sums=True),
    "traps": Maker(traps.collect, from_names=True),
    "uncertainty": Maker(uncertainty.collect),
    "corpora": Maker(upstream.collect, from_names=True),
    "who_is_served": Maker(who_is_served.collect, from_sums=True),
}


#: What a process of its own runs, where runs compute with instructions that are kept from this one.
AGAIN = "import sys; from placeprior.evidence import collection; collection.gather(*sys.argv[1:])"


def make(profile: str, name: str, log: Any = print) -> Path:
    """Make the table, and whichever of its runs the store lacks.

    Returns
    -------
    Path
        The table's file.
    """
    runs, maker = plan.evidence(profile, name), MAKERS[name]
    enough = set(store.sums(profile)["run"]) if maker.from_sums else set()
    for run in [] if maker.from_names else runs:
        if run.id not in enough:
            making.make(run, log=log)
    if any(needs_process(run) for run in runs):
        done = processor.unlimited(AGAIN, profile, name, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        if done.returncode:
            raise StoreError(f"evidence {profile}/{name} was not made: {done.stderr.strip()[-500:]}")
        log(done.stdout.strip())
    else:
        gather(profile, name, log)
    return tables.path(profile, name)


def gather(profile: str, name: str, log: Any = print) -> None:
    """Make the table from runs that are all there."""
    runs, maker = plan.evidence(profile, name), MAKERS[name]
    started = time.perf_counter()
    table = maker.collect(runs)
    seconds = time.perf_counter() - started
    before = tables.write(profile, name, table, seconds).get("count", 0)
    fewer = f" (before: {before}; `git diff` shows what is gone)" if before > len(runs) else ""
    log(f"evidence {profile}/{name}: {len(table)} rows from {len(runs)} runs{fewer}, {seconds:.0f} s")
