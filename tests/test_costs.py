"""What the arms cost."""

import numpy as np
import pandas as pd

from placeprior.evidence import costs


def test_time_is_that_of_the_quickest_run_and_a_run_without_a_stamp_is_left_out():
    scores = pd.DataFrame({"arm": ["none"] * 4 + ["lonlat"], "run": ["a", "a", "b", "c", "d"]})
    stamps = {"a": {"parameters": 10, "seconds": 1.0}, "b": {"parameters": 10, "seconds": 3.0}}
    found = costs.by_arm(scores, stamps)
    assert found.to_dict("index") == {"none": {"weights": 10.0, "seconds": 1.0}}
    assert costs.by_arm(scores, {}).empty and np.issubdtype(costs.by_arm(scores, {})["weights"].dtype, np.floating)
