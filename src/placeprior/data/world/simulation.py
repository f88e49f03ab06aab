"""The embedded world: a simulated year of daily PM2.5 over the contiguous US, with truth known everywhere.

Not measurements. Real geography (towns, outlines, stylised mountains) under invented weather, fires and chemistry,
so that a question about place can be studied without a download. Numbers are chosen to be physically sensible and to
bring the moments of daily PM2.5 (``moments.py``) near those of EPA's monitors, before any model was run on them and
not to favour any way of telling one where it is. Every formula stands once: the ground in ``land.py``, the weather in
``sky.py``, the smoke in ``fires.py``, and what place and weather make of them in ``World.places`` and ``World.truth``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from functools import cached_property

import numpy as np
import xarray as xr

from placeprior import coords
from placeprior.data.cube import check_cube
from placeprior.data.world import fires, labels, land, sky
from placeprior.data.world.fields import Array, Spectral, logistic, white
from placeprior.data.world.labels import PREDICTORS
from placeprior.errors import ConfigError

__all__ = ["PREDICTORS", "World"]

SMOKE_EDGES = (2.0, 10.0, 21.0)  # µg m-3 of column-mean smoke; NOAA HMS names 5, 16 and 27 as typical of its classes
SINKING = 0.55  # smoke at the surface, as a share of the column's mean: the same everywhere
VENTILATION = 4000.0  # m2 s-1: a 1,000 m mixed layer under 4 m s-1
CROWD = (4.7, 2.05)  # mean and spread of log population density (people km-2) where monitors stand
# What regions have of their own and never changes: correlation length (km). Source mixes differ within a county.
CHARACTERS = {"level": 300.0, "industry": 31.0, "stoves": 300.0, "column": 300.0, "sources": 300.0}
HIDDEN = (800.0, 10.0, (50.0, 0.0))  # length (km), memory (days), drift (km/day) of the regional hidden variation
SLOWEST = 150.0  # days: the longest period of a hidden wave, lest it leave a place a level of its own for the year
REGIONAL = 0.85  # share of the hidden variance that has a geography


def _knob(default: float, unit: str, text: str, low: float, high: float) -> float:
    return field(default=default, metadata={"unit": unit, "help": text, "low": low, "high": high})


@dataclass(frozen=True)
class World:
    """The embedded world; a frozen set of knobs from which everything else follows.

    Examples
    --------
    >>> World(stations=20, days=30).cube().sizes["station"]
    20
    """

    seed: int = _knob(0, "1", "Draws the weather, the fires, the regional character and the monitors.", 0, 2**32 - 1)
    stations: int = _knob(400, "1", "Number of monitors.", 2, 5000)
    days: int = _knob(365, "d", "Length of the record, from 1 January of a nominal 2021.", 1, 3650)
    placeness: float = _knob(
        1.0, "1", "How much place itself matters: the power to which every place factor is raised; 0: not at all.", 0, 2
    )
    people: bool = _knob(True, "1", "Place factors follow population; false: a regional character like it.", 0, 1)
    rural: float = _knob(0.25, "1", "Share of monitors placed evenly over the land instead of by population.", 0, 1)
    fires: int = _knob(80, "a-1", "Fire events in a year.", 0, 1000)
    hidden: float = _knob(0.5, "1", "Spread of the (log) variation that no predictor shows directly.", 0, 1)
    clouds: float = _knob(0.45, "1", "Share of days without a satellite view; more where humid.", 0, 0.95)
    noise: float = _knob(1.2, "µg m-3", "Instrument noise of a daily mean, on top of 5 % of the value.", 0, 10)

    def __post_init__(self) -> None:
        for knob in fields(self):
            value, low, high = getattr(self, knob.name), knob.metadata["low"], knob.metadata["high"]
            if knob.type == "bool" and not isinstance(value, bool):
                raise ConfigError(f"world knob {knob.name}={value!r} must be true or false; {knob.metadata['help']}")
            if not (isinstance(value, (int, float, np.number)) and low <= value <= high):
                raise ConfigError(
                    f"world knob {knob.name}={value!r} is outside {low} to {high}; {knob.metadata['help']}"
                )
            if knob.type == "int" and value != int(value):
                raise ConfigError(f"world knob {knob.name}={value!r} must be a whole number")

    @cached_property
    def _seeds(self) -> dict[str, np.random.SeedSequence]:
        names = ("weather", "character", "hidden", "fires", "monitors", "instruments", "pixels")
        return dict(zip(names, np.random.SeedSequence(int(self.seed)).spawn(len(names)), strict=True))

    @cached_property
    def _fields(self) -> dict[str, Spectral]:
        """Every random field: correlation length (km), memory (days), drift (km/day east, north)."""
        weather = np.random.default_rng(self._seeds["weather"])
        character = np.random.default_rng(self._seeds["character"])
        drawn = {name: Spectral.draw(weather, *how) for name, how in sky.MOVING.items()}
        drawn |= {name: Spectral.draw(character, length) for name, length in CHARACTERS.items()}
        rng = np.random.default_rng(self._seeds["hidden"])
        drawn["regional"] = Spectral.draw(rng, *HIDDEN, features=1024, slowest=SLOWEST)
        return drawn

    def _white(self, purpose: int, lonlat: Array, days: Array) -> Array:
        key = int(self._seeds["pixels"].generate_state(8, np.uint64)[purpose])
        return white(key, lonlat, days)

    def places(self, lonlat: Array) -> dict[str, Array]:
        """What is fixed about each place: terrain, people, climate and regional character, each (n,).

        ``crowd`` is what emissions follow: population density or, where ``people`` is false, a regional character
        with the mean and spread of its logarithm.
        """
        lonlat = np.asarray(lonlat, dtype=float)
        xy = coords.project(lonlat)
        lon, lat = lonlat.T
        pacific = logistic((-121.8 - lon) / 0.6) * logistic((lat - 40.0) / 1.2)
        density = land.density(xy)
        character = {name: self._fields[name](xy) for name in CHARACTERS}
        crowd = np.maximum(density, 1.0) if self.people else np.exp(CROWD[0] + CROWD[1] * character["sources"])
        return {
            "elevation": land.elevation(xy),
            "basin": land.basin(xy),
            "density": density,
            "crowd": crowd,
            "urbanity": np.log1p(crowd / 30.0) / np.log1p(3000.0 / 30.0),
            "arid": logistic((-100.0 - lon) / 2.0) * (1.0 - pacific),
            **character,
        }

    def weather(self, lonlat: Array, days: Array, place: dict[str, Array] | None = None) -> dict[str, Array]:
        """The day's weather at each place, shape (n, T), see :func:`placeprior.data.world.sky.weather`."""
        place = self.places(lonlat) if place is None else place
        return sky.weather(self._fields, lonlat, np.asarray(days), place, self.clouds)

    @cached_property
    def puffs(self) -> dict[str, Array]:
        """All smoke puffs of the record, see :func:`placeprior.data.world.fires.puffs`."""
        years = self._seeds["fires"].spawn(-(-int(self.days) // 365))
        return fires.puffs(years, int(self.fires), lambda xy, days: sky.wind(self._fields, xy, days, paired=True))

    def truth(
        self, place: dict[str, Array], weather: dict[str, Array], column: Array, chance: dict[str, Array]
    ) -> dict[str, Array]:
        """PM2.5 and what a satellite sees, from place (n,), weather, column smoke and chance (all (n, T)).

        Place enters through factors to the power of ``placeness`` alone: smoke and the hidden variation know none.
        """
        p = float(self.placeness)
        at = {name: value[:, None] for name, value in place.items()}
        warm = (weather["temperature"] - 14.0) / 10.0
        stale = VENTILATION / np.maximum(weather["boundary_layer_height"] * weather["wind_speed"], 600.0)
        # Centred where monitors stand on average, so that the typical place is the same at any placeness.
        people, humid, high = np.log(at["crowd"]) - CROWD[0], 0.3 - at["arid"], at["elevation"] / 1000.0 - 0.6
        walled = at["basin"] - 0.08

        def factor(exponent: Array, spread: float) -> Array:
            """A place factor to the power of placeness over its mean, exp(p^2 spread^2 / 2) for a lognormal one."""
            return np.exp(p * exponent - 0.5 * (p * spread) ** 2)

        background = factor(0.25 * humid + 0.25 * at["level"] - 0.12 * high + 0.15 * humid * warm, 0.28)
        background = 4.4 * np.exp(0.16 * warm) * background * stale**0.15
        local = 1.5 * factor(0.18 * people + 0.6 * at["industry"] + 0.4 * walled, 0.63) * stale**0.6
        cold = np.maximum(16.0 - weather["temperature"], 0.0) / 10.0
        heating = factor(0.18 * people + 0.9 * walled + 0.3 * at["stoves"], 0.49)
        heating = 0.73 * cold * heating * stale**0.6

        hidden = np.sqrt(REGIONAL) * chance["regional"] + np.sqrt(1.0 - REGIONAL) * chance["unresolved"]
        wash = 1.0 / (1.0 + 0.05 * weather["precipitation"])
        common = wash * np.exp(self.hidden * hidden - 0.5 * self.hidden**2)
        background, local, heating = background * common, local * common, heating * common

        # The analyst draws smoke from space: blurred by judgement, and half the time a class lower under cloud.
        seen = np.digitize(column * np.exp(0.4 * chance["analyst"]), SMOKE_EDGES)
        seen = np.where(weather["cloudy"] & (chance["cover"] > 0), np.maximum(seen - 1, 0), seen)
        smoke = SINKING * column

        # AOD: 3.5 m2 g-1 dry, grown by humidity, over the mixed layer and 500 m above; smoke fills 1,500 m, dry.
        growth = ((1.0 - weather["humidity"] / 100.0) / 0.6) ** -0.45
        ratio = np.exp(p * (0.45 * (at["arid"] - 0.4) + 0.25 * at["column"] - 0.35 * (at["urbanity"] - 0.5)))
        surface = background + local + heating
        depth = 3.5e-6 * surface * (weather["boundary_layer_height"] + 500.0) * growth * ratio
        depth = depth + 4.5e-6 * column * 1500.0 + 0.02
        aod = depth * (1.0 + 0.12 * chance["retrieval"]) + 0.02 * chance["speckle"]
        return {
            "pm25_true": surface + smoke,
            "background": background,
            "local": local,
            "heating": heating,
            "smoke_surface": smoke,
            "smoke_column": column,
            "aod_true": depth,
            "aod": np.where(weather["cloudy"], np.nan, aod),
            "smoke": seen.astype(float),
            "hidden": hidden,
        }

    def evaluate(self, lonlat: Array, days: Array) -> dict[str, Array]:
        """Everything at ``lonlat`` (n, 2) on ``days`` (T,): static (n,) and daily (n, T) arrays by name."""
        lonlat, days = np.asarray(lonlat, dtype=float), np.asarray(days, dtype=np.int64)
        xy, place = coords.project(lonlat), self.places(lonlat)
        weather = self.weather(lonlat, days, place)
        names = ("unresolved", "analyst", "cover", "retrieval", "speckle")
        chance = {name: self._white(i, lonlat, days) for i, name in enumerate(names)}
        chance["regional"] = self._fields["regional"](xy, days)
        return place | weather | self.truth(place, weather, fires.column(self.puffs, xy, days), chance)

    @cached_property
    def monitors(self) -> Array:
        """The monitors' lonlat (n, 2), see :func:`placeprior.data.world.land.scatter`."""
        return land.scatter(np.random.default_rng(self._seeds["monitors"]), int(self.stations), self.rural)

    def cube(self) -> xr.Dataset:
        """Station-days as a checked cube: ``pm25`` as instruments report it, predictors, and ``pm25_true``.

        Half the monitors report every day, 35 % every third and 15 % every sixth day (on the nation's common
        calendar, as EPA's do), and each loses a further 4 % of its days. Noise has a spread of ``noise`` + 5 %,
        so a value can be slightly negative. ``attrs`` state how many monitors keep which schedule and how many
        station-days were measured.
        """
        days = np.arange(int(self.days))
        values = self.evaluate(self.monitors, days)
        rng = np.random.default_rng(self._seeds["instruments"])
        counts = np.diff(np.round(np.array([0.0, 0.5, 0.85, 1.0]) * self.stations).astype(int))
        every = rng.permutation(np.repeat([1, 3, 6], counts))
        truth = values["pm25_true"]
        reading = truth + rng.normal(size=truth.shape) * (self.noise + 0.05 * truth)
        measured = (days % every[:, None] == 0) & (rng.random(truth.shape) >= 0.04)
        values["pm25"] = np.where(measured, np.maximum(reading, -10.0), np.nan)
        described = labels.OBSERVED | labels.PREDICTORS | labels.TRUTH
        cube = labels.pack(values, ("station", "time"), days, described, repr(self))
        cube = labels.place(cube, *self.monitors.T, ("station", "station"))
        cube = cube.assign_coords(station=[f"world-{i:04d}" for i in range(len(every))])
        for name, count in zip(("daily", "every_third_day", "every_sixth_day"), counts, strict=True):
            cube.attrs[f"stations_{name}"] = int(count)
        cube.attrs["station_days_measured"] = int(measured.sum())
        return check_cube(cube)

    def grid(self, days: Sequence[int], resolution: float = 0.5) -> xr.Dataset:
        """Predictors and truth on a regular grid (time, y, x), with ``land`` (y, x); the sea is computed too.

        Parameters
        ----------
        days : sequence of int
            Day numbers from 0. Outside the record's years no fire burns.
        resolution : float
            Cell size in degrees; values are those at the cells' centres.
        """
        days = np.atleast_1d(np.asarray(days, dtype=np.int64))
        lon, lat = coords.grid(resolution)
        lonlat = np.column_stack([m.ravel() for m in np.meshgrid(lon, lat)])
        described = labels.PREDICTORS | labels.TRUTH
        step = max(1, 400_000 // len(lonlat))  # days at once: bounds the memory of a long request
        parts = []
        for start in range(0, len(days), step):
            values = self.evaluate(lonlat, days[start : start + step])
            parts.append({name: values[name].astype(np.float32) for name in described})
        shape = (len(lat), len(lon), len(days))
        values = {n: np.concatenate([p[n] for p in parts], axis=1).reshape(shape) for n in described}
        out = labels.pack(values, ("y", "x", "time"), days, described, repr(self)).transpose("time", "y", "x")
        out = labels.place(out, lon, lat, ("x", "y"))
        land = coords.inside(lonlat).reshape(shape[:2])
        return out.assign_coords(land=(("y", "x"), land, {"long_name": "inside the national outline"}))

    def components(self, lonlat: Array, days: Sequence[int]) -> xr.Dataset:
        """Every static (place,) and daily (place, time) quantity at ``lonlat`` (n, 2), truth included."""
        days = np.atleast_1d(np.asarray(days, dtype=np.int64))
        lonlat = coords.check_lonlat(lonlat)
        described = labels.PREDICTORS | labels.TRUTH | labels.COMPONENTS
        out = labels.pack(self.evaluate(lonlat, days), ("place", "time"), days, described, repr(self))
        return labels.place(out, *lonlat.T, ("place", "place"))
