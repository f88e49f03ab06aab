"""One small run and one small world, as fixed numbers; ``python tests/golden_run.py`` writes them anew.

Regenerate when results are meant to move, after raising ``runs.plan.VERSION`` (a run's result changed) or
``data.world.labels.VERSION`` (the embedded world changed), so that no stored run of before is taken for one of now.
"""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

import numpy as np
import yaml

GOLDEN = Path(__file__).parent / "golden" / "run.json"
MODELS = ["idw", "none", "sincos/channels", "geoclip/hadamard"]
RUNS = {
    "profiles": {
        "golden": {
            "size": "demo",
            "settings": {"width": 8, "summary": 8, "window": 5, "batch": 64, "epochs": 1, "rate": 0.005},
            "tasks": {"world": {"load": "world", "options": {"stations": 30, "days": 45, "seed": 0}}},
            "matrices": {"core": {"task": ["world"], "model": MODELS, "split": ["spatial"], "fold": [1], "seed": [0]}},
        }
    },
    "pages": {},
}


def run_all(folder: Path) -> dict[str, dict[str, float]]:
    """Make the golden runs in ``folder``, the working directory; scores by model."""
    from placeprior.runs import making, plan, store

    (folder / "runs.yml").write_text(yaml.safe_dump(RUNS), encoding="utf-8")
    found = {}
    for run in plan.runs("golden"):
        making.make(run, log=lambda _: None)
        result = store.read(run.id)["scores"]
        found[run.model] = {metric: round(result[metric], 7) for metric in ("r2", "rmse")}
    return found


def world_digest() -> dict[str, list[float]]:
    """Mean, spread and greatest value of every variable of a small world, and the same of a map, to 5 digits."""
    from placeprior.data.world.simulation import World

    world = World(stations=30, days=45, seed=0)
    digest = {}
    for where, cube in (("station", world.cube()), ("map", world.grid([0, 200], resolution=4.0))):
        for name, array in cube.data_vars.items():
            values = array.values.astype(float)
            three = np.nanmean(values), np.nanstd(values), np.nanmax(values)
            digest[f"{where} {name}"] = [float(f"{value:.5g}") for value in three]
    return digest


def main() -> None:
    """Write the golden file."""
    import os

    from placeprior.data.world import labels
    from placeprior.runs import plan

    before = Path.cwd()
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        content = {
            "version": plan.VERSION,
            "world_version": labels.VERSION,
            "runs": run_all(Path(folder)),
            "world": world_digest(),
        }
        os.chdir(before)
    GOLDEN.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    print(f"wrote {GOLDEN}")


if __name__ == "__main__":
    main()
