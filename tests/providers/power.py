"""NASA POWER's daily regional service, made up: an answer in JSON, a value a cell centre and day.

It takes what the service takes (one parameter, boxes of 2 to 10 degrees) and refuses the rest.
"""

from __future__ import annotations

import json
from functools import lru_cache
from itertools import count

import numpy as np
import pandas as pd

PATH = "power.larc.nasa.gov/api/temporal/daily/regional"
FILL = -999.0
_clock = count(1)


def aod(lon, lat, day):
    """Optical depth of the cell that holds a place: differs along both axes and from day to day, two decimals."""
    column, row = np.floor(np.asarray(lon)) + 126, np.floor(np.asarray(lat)) - 20
    return np.round(0.05 + 0.02 * row + 0.01 * column + 0.001 * (day.day_of_year % 90), 2)


def missing(day):
    """Whether the service knows nothing of that day."""
    return (day.month, day.day) in ((2, 28), (3, 2))


def answer(path, query, parameter="AOD_55", standard=None, change=None):
    """Bytes of the answer, or None for another service.

    Parameters
    ----------
    path, query
        As asked.
    parameter, standard
        What is answered in place of what was asked for.
    change : callable, optional
        Applied to the answer before it is written as JSON.
    """
    if path != PATH:
        return None
    west, east, south, north = (
        float(query[f"{name}-{end}"]) for name in ("longitude", "latitude") for end in ("min", "max")
    )
    if query["parameters"] != "AOD_55" or not (2 <= east - west <= 10 and 2 <= north - south <= 10):
        return None
    keys, features = cells(west, south, east, north, query["start"], query["end"], parameter)
    content = {
        "type": "FeatureCollection",
        "header": {
            "title": "NASA/POWER Source Native Resolution Daily Data",
            "sources": ["SYN1DEG"],
            "api": {"version": "v2.9.7", "name": "POWER Daily API"},
            "fill_value": FILL,
            "time_standard": standard or query["time-standard"],
            "start": keys[0],
            "end": keys[-1],
        },
        "messages": [],
        "parameters": {parameter: {"units": "dimensionless", "longname": "Aerosol Optical Depth 55"}},
        "times": {"data": next(_clock), "process": 0.1},
    }
    if change:
        return json.dumps(change(content | {"features": json.loads(features)})).encode()
    return f'{json.dumps(content)[:-1]},"features":{features}}}'.encode()


@lru_cache(maxsize=16)
def cells(west, south, east, north, start, end, parameter):
    """Days, and a feature a cell as JSON text; kept, for many tests ask for the same."""
    days = pd.date_range(start, end)
    keys, unknown = list(days.strftime("%Y%m%d")), np.array([missing(day) for day in days])
    features = []
    for lat in np.arange(south, north) + 0.5:
        for lon in np.arange(west, east) + 0.5:
            values = np.where(unknown, FILL, aod(lon, lat, days)).tolist()
            features.append(
                {
                    "type": "Feature",
                    "geometry": {"type": "Point", "coordinates": [lon, lat, 12.5]},
                    "properties": {"parameter": {parameter: dict(zip(keys, values, strict=True))}},
                }
            )
    return keys, json.dumps(features, separators=(",", ":"))


def make(root, period, region, **options):
    """Nothing to write: what is asked for is computed; returns what goes into ``provider.answers``."""
    return lambda path, query: answer(path, query, **options)
