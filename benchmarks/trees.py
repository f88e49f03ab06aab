"""Which boosted trees: settings tried on validation rows of real weather, so that the rival gets a network's care.

Test rows are not touched, and the trees see no place. The table lists every setting tried, the best first; those
in `placeprior.runs.estimators.trees` have the smallest error averaged over the cells. Needs PLACEPRIOR_DATA.
"""

from __future__ import annotations

import itertools
import time

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from placeprior.runs import plan, store
from placeprior.runs.estimators import trees
from placeprior.runs.inputs import Inputs

TRIED = [
    {"ROWS": rows, "learning_rate": rate, "max_leaf_nodes": leaves, "max_iter": steps, "min_samples_leaf": fewest}
    for rows, rate, leaves, steps, fewest in [
        (65_536, 0.1, 31, 300, 50),
        (65_536, 0.05, 31, 1000, 50),
        (65_536, 0.05, 127, 1000, 50),
        (200_000, 0.1, 31, 300, 50),
        (200_000, 0.05, 127, 1000, 50),
        (200_000, 0.05, 127, 1000, 200),
    ]
]
CELLS = [("spatial", 1), ("checkerboard-16", 1)]


def main() -> None:
    """Try every setting in every cell and write ``results/aqs/trees.csv``."""
    runs = {
        (run.split, run.fold): run
        for run in plan.runs("aqs", "rivals")
        if run.variant == "gbt" and run.task == "weather-2019"
    }
    found = []
    for (split, fold), setting in itertools.product(CELLS, TRIED):
        run = runs[split, fold]
        inputs = Inputs.of(run)
        trees.ROWS = setting["ROWS"]
        trees.TREES |= {name: value for name, value in setting.items() if name != "ROWS"}
        started = time.perf_counter()
        with threadpool_limits(1):
            rows = trees.Rows(inputs)
            model = trees.fit_boosted(rows, run.stream)
            held = inputs.parts.validation
            missed = model.predict(rows.x(held)) - rows.y(held)
        found.append(
            {
                "split": split,
                "fold": fold,
                **setting,
                "trees": model.n_iter_,
                "seconds": round(time.perf_counter() - started),
                "validation_rmse": float(np.sqrt((missed**2).mean())),
            }
        )
        print(found[-1], flush=True)
    table = pd.DataFrame(found)
    order = table.groupby(list(TRIED[0]))["validation_rmse"].transform("mean")
    table = table.assign(mean=order).sort_values(["mean", "split"]).drop(columns="mean")
    store.replace(
        store.results("aqs") / "trees.csv",
        lambda path: table.to_csv(path, index=False, float_format="%.5f", lineterminator="\n"),
    )


if __name__ == "__main__":
    main()
