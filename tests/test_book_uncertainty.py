"""The page about how sure an estimate is: ensembles, what intervals cover, and where they fall short."""

import numpy as np
import pandas as pd

from placeprior.book import uncertainty as page
from placeprior.evidence import uncertainty


def made():
    """Two arms, a split within region and one out of it, two levels; the last row has no bound."""
    splits = (("spatial", "WR"), ("checkerboard-16", "OoR"), ("checkerboard-16+regions", "OoR"))
    rows = [(arm, *split, level) for arm in ("none", "lonlat") for split in splits for level in (0.5, 0.9)]
    table = pd.DataFrame(rows, columns=["arm", "split", "regime", "level"]).assign(
        task="world", fold=1, single=0.4, ensemble=0.45, coverage=0.7, low=0.6, high=0.8, width=9.0, tenth=0.3
    )
    table.loc[(table["arm"] == "lonlat") & (table["split"] == "spatial"), ["low", "high"]] = [0.91, 0.99]
    table.loc[(table["arm"] == "lonlat") & (table["split"] == "checkerboard-16"), "width"] = np.inf
    return table


def test_ensembles_are_written_with_their_gain_but_not_again_for_whole_regions():
    found = page.ensembles(made())
    assert found.columns.tolist() == ["WR · spatial", "OoR · 16°"] and found.index.tolist() == [
        "no location",
        "lon/lat",
    ]
    assert set(found.to_numpy().ravel()) == {"0.450 (+0.050)"}


def test_coverage_is_written_with_its_width():
    found = page.promised(made(), 0.9)
    assert found.columns.tolist() == ["50%", "90%", "a tenth of the stations, 90%"]
    assert found.loc["WR · spatial"].tolist() == ["70% (9.0)", "70% (9.0)", "less than 30%"]
    assert found.loc["OoR · 16°", "90%"] == "70% (unbounded)"
    assert found.index[-1] == "OoR · 16°, calibrated on whole regions"


def test_shortfalls_are_counted_by_regime():
    found = uncertainty.shortfalls(made(), 0.9)
    assert found.index.tolist() == ["WR", "OoR"]
    assert found.to_numpy().tolist() == [[1, 1, 2], [1, 0, 1]]
    assert uncertainty.shortfalls(made().assign(width=np.inf), 0.9).empty
