"""Which column of a person's own table says what: by the name they give it, or found by the usual names."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from placeprior.data import read_table
from placeprior.errors import CubeError

#: The usual names, the likeliest first, in lower case with ``_`` for everything that is no letter or digit.
USUAL: dict[str, tuple[str, ...]] = {
    "station": (
        "station",
        "station_id",
        "stationid",
        "site_id",
        "siteid",
        "site",
        "station_code",
        "site_code",
        "station_name",
        "site_name",
        "sensor_id",
        "sensor",
        "monitor",
        "gauge_id",
        "gauge",
        "well",
        "stn",
        "location_id",
        "location",
        "usaf_wban",
        "name",
        "id",
    ),
    "date": (
        "date",
        "day",
        "date_local",
        "datetime",
        "date_time",
        "time",
        "timestamp",
        "time_local",
        "datetime_local",
        "obs_date",
        "sample_date",
        "valid_time",
    ),
    "lon": ("lon", "longitude", "long", "lng", "station_longitude", "site_longitude", "dec_long_va", "x"),
    "lat": ("lat", "latitude", "station_latitude", "site_latitude", "dec_lat_va", "y"),
}
EPA_SITE = ("state_code", "county_code", "site_num")  # a site's name in EPA's files is these three together
#: Endings of columns of numbers that count or name things rather than measure them.
NAMING = re.compile(r"(^|_)(code|id|num|number|index|poc|wmo|wban|usaf|row|unnamed)$")
#: Columns of EPA's files that tell of the same value, or of how it came about: no predictor of it.
EPA_SAME = ("1st_max_value", "1st_max_hour", "aqi", "observation_count", "observation_percent")
#: Columns that say of a column called "value" or the like what it holds, and in which unit.
SAYING: dict[str, tuple[str, ...]] = {
    "quantity": ("parameter_name", "parameter", "pollutant", "variable", "species"),
    "unit": ("units_of_measure", "units", "unit"),
}
#: What is a target when nobody names one.
TARGETS = ("pm25", "pm2_5", "target", "value", "measurement", "concentration", "observed", "obs", "arithmetic_mean")
NAMELESS = ("value", "measurement", "concentration", "observed", "obs", "arithmetic_mean")  # that say not of what


@dataclass(frozen=True)
class Choice:
    """What a person says about their table; empty where they leave it to us.

    Attributes
    ----------
    station, date, lon, lat, target : str
        Names of columns.
    unit : str
        Of the target.
    daily : {"", "mean"}
        How several values of a day become one.
    predictors : tuple of str
        Only these are predictors; all other numbers when empty.
    drop : tuple of str
        Columns to leave out.
    """

    station: str = ""
    date: str = ""
    lon: str = ""
    lat: str = ""
    target: str = ""
    unit: str = ""
    daily: str = ""
    predictors: tuple[str, ...] = ()
    drop: tuple[str, ...] = ()


@dataclass
class Roles:
    """Which column plays which part.

    Attributes
    ----------
    station : tuple of str
        One column, or those whose texts together name a station; none where a place is a station.
    date, lon, lat, target : str
    others : list of str
        What may be a predictor.
    left_out : dict of str to str
        Columns that are not, and why.
    saying : dict of str to str
        Columns that say what the target is and its unit (:data:`SAYING`), where its own name does not.
    """

    station: tuple[str, ...]
    date: str
    lon: str
    lat: str
    target: str
    others: list[str]
    left_out: dict[str, str] = field(default_factory=dict)
    saying: dict[str, str] = field(default_factory=dict)


def plain(name: str) -> str:
    """A column's name as :data:`USUAL` writes it.

    >>> plain("Date Local"), plain("PM2.5")
    ('date_local', 'pm2_5')
    """
    return re.sub(r"[^a-z0-9]+", "_", name.casefold()).strip("_")


def find(names: Sequence[str], choice: Choice, target: bool = True, needed: Sequence[str] = ()) -> Roles:
    """Say which column is what.

    Parameters
    ----------
    names : sequence of str
        Of the columns, without units.
    choice : Choice
    target : bool
        Whether one of them is to be estimated; else all numbers are predictors.
    needed : sequence of str
        Columns that must be there, as no more is wanted to estimate with a model.

    Raises
    ------
    CubeError
        A column that was named is not there, or one that is needed cannot be told.
    """
    read_table.refuse_twice(names)
    known = {plain(name): name for name in reversed(list(names))}
    for asked in (*choice.predictors, *choice.drop):
        _named(asked, names, "--predictors" if asked in choice.predictors else "--drop")
    found = {part: _part(part, names, known, getattr(choice, part), target) for part in ("date", "lon", "lat")}
    if choice.station or not all(each in known for each in EPA_SITE):
        one = _part("station", names, known, choice.station, target, needed=False, taken=set(found.values()))
        station = (one,) if one else ()
    else:
        station = tuple(known[each] for each in EPA_SITE)
    if needed:
        refuse_lacking(needed, names)
        return Roles(station, found["date"], found["lon"], found["lat"], "", list(needed))
    used = {*station, *found.values()}
    left = [name for name in names if name not in used and name not in choice.drop]
    measured = _target(left, known, choice) if target else ""
    roles = Roles(station, found["date"], found["lon"], found["lat"], measured, [])
    if plain(measured) in NAMELESS:
        for what, usual in SAYING.items():
            if told := next((known[each] for each in usual if each in known), ""):
                roles.saying[what] = told
    of_epa = station == tuple(known.get(each) for each in EPA_SITE) and plain(measured) == "arithmetic_mean"
    for name in names:
        if name in used or name == measured:
            continue
        if name in choice.drop:
            roles.left_out[name] = "as you asked"
        elif choice.predictors:
            if name in choice.predictors:
                roles.others.append(name)
        elif of_epa and plain(name) in EPA_SAME:
            roles.left_out[name] = "of the same measurement"
        elif NAMING.search(plain(name)):
            roles.left_out[name] = "its name says that it names or counts"
        else:
            roles.others.append(name)
    return roles


def _part(
    part: str,
    names: Sequence[str],
    known: Mapping[str, str],
    asked: str,
    target: bool,
    needed: bool = True,
    taken: frozenset[str] | set[str] = frozenset(),
) -> str:
    if asked:
        return _named(asked, names, f"--{part}")
    for usual in USUAL[part]:
        if usual in known and known[usual] not in taken:
            return known[usual]
    if not needed:
        return ""
    what = {"date": "the day", "lon": "the longitude", "lat": "the latitude"}[part]
    apart = part == "date" and "year" in known
    join = "; or join year, month and day into one column date, YYYY-MM-DD" * apart
    say = f"say which is {what} with --{part} NAME" if target else f"rename that with {what}"
    raise CubeError(
        f"no column is called {', '.join(USUAL[part][:3])} or the like; {say}{join}; the table has "
        f"{', '.join(names) or 'none'}"
    )


def refuse_lacking(needed: Sequence[str], names: Sequence[str]) -> None:
    """Refuse names among which those of a model's predictors are not all."""
    lacking = [name for name in needed if name not in names]
    if not lacking:
        return
    close = difflib.get_close_matches(lacking[0].casefold(), by_case := {name.casefold(): name for name in names}, n=1)
    hint = f" (is it {by_case[close[0]]!r}?)" if close else ""
    raise CubeError(
        f"there is no {', '.join(lacking)}, which the model was trained with{hint}; name the columns as there, and "
        f"add {'those' if len(lacking) > 1 else 'it'} with empty cells where unknown; it has {', '.join(names)}"
    )


def _named(asked: str, names: Sequence[str], option: str) -> str:
    if asked in names:
        return asked
    close = [name for name in names if plain(name) == plain(asked)]
    if not close:
        raise CubeError(f"{option} {asked!r}: no such column; the table has {', '.join(names) or 'none'}")
    return close[0]


def _target(left: Sequence[str], known: Mapping[str, str], choice: Choice) -> str:
    if choice.target:
        return _named(choice.target, left, "--target")
    for usual in TARGETS:
        if known.get(usual) in left:
            return known[usual]
    if len(left) == 1:
        return left[0]
    raise CubeError(
        f"which column is to be estimated? Say so with --target NAME, one of {', '.join(left) or 'none that is left'}"
    )
