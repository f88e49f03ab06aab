"""Coarse and fine daily fields of the embedded world, parted in time, and what an arm may see of a day.

The fine field is PM2.5 on a grid of square cells over one region; the coarse one is its mean over blocks of cells, with
the noise of an instrument of its own. A second coarse series, longer and of the whole country, is for pretraining.
Days are parted as one would meet them: pretraining, training, a gap, and a test period in one piece.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch.nn.functional import interpolate

from placeprior.data.world import World
from placeprior.errors import ConfigError

WEST, SOUTH = -122.0, 40.0  # corner of the fine region: mountains, fires and few people
COUNTRY = (-124.5, 25.0)  # corner of the coarse series
CELL = 0.25  # degrees of latitude; of longitude as many as make a cell square in the middle of its grid
KM = 111.2  # of a degree of latitude
NOISE = 0.1  # spread of the coarse field's error, as a share of its value
LEAST_GAP = 40  # days between training and test


@dataclass(frozen=True)
class Setting:
    """Sizes of the fields, in cells and days.

    Attributes
    ----------
    rows, columns : int
        Of the fine grid; multiples of 4 times what the networks halve.
    factor : int
        Fine cells along a side of a coarse one.
    country : (int, int)
        Rows and columns of the coarse series.
    pretrain, train, gap, test : int
        Days, one after the other.
    past : int
        Days that an encoder looks back.
    """

    rows: int = 24
    columns: int = 32
    factor: int = 4
    country: tuple[int, int] = (24, 40)
    pretrain: int = 1460
    train: int = 730
    gap: int = 150
    test: int = 72
    past: int = 8

    def __post_init__(self) -> None:
        if self.gap < LEAST_GAP:
            raise ConfigError(
                f"a gap of {self.gap} days leaves the test period's weather in training; make it {LEAST_GAP} or more"
            )
        for name in ("rows", "columns"):
            if getattr(self, name) % self.factor:
                raise ConfigError(f"{getattr(self, name)} {name} are not whole blocks of {self.factor} cells")
        if not 0 < self.past < min(self.pretrain, self.train):
            raise ConfigError(f"{self.past} past days need a longer record than {self.train} training days")


@dataclass(frozen=True)
class Fields:
    """Fields of one world, µg m-3.

    Attributes
    ----------
    lon, lat : ndarray, shape (nx,) and (ny,)
        Centres of fine cells, degrees.
    elevation : ndarray, shape (ny, nx)
        m.
    fine, coarse : ndarray, shape (t, ny, nx) and (t, ny / factor, nx / factor)
        Of training days, then of the days that the test period looks back on, then of the test period.
    day : ndarray of int, shape (t,)
        Day of the record, from 0.
    country : ndarray, shape (pretraining day, rows, columns)
        The long coarse series.
    setting : Setting
    """

    lon: np.ndarray
    lat: np.ndarray
    elevation: np.ndarray
    fine: np.ndarray
    coarse: np.ndarray
    day: np.ndarray
    country: np.ndarray
    setting: Setting

    @property
    def train(self) -> slice:
        """Training days, as positions."""
        return slice(0, self.setting.train)

    @property
    def test(self) -> slice:
        """Test days, as positions."""
        return slice(self.setting.train + self.setting.past, len(self.day))


def simulate(seed: int, setting: Setting | None = None) -> Fields:
    """Fields of the world of a seed, which draws its weather, its fires and the coarse field's noise.

    Raises
    ------
    ConfigError
        If the setting's sizes do not fit together.
    """
    setting = setting or Setting()
    first = setting.pretrain + setting.train + setting.gap
    total = first + setting.test
    world = World(seed=seed, days=total)
    rng = np.random.default_rng([seed, 16])
    day = np.concatenate(
        [np.arange(setting.pretrain, setting.pretrain + setting.train), np.arange(first - setting.past, total)]
    )
    lon, lat = _centres(WEST, SOUTH, setting.rows, setting.columns, CELL)
    fine = _values(world, lon, lat, day)
    at = np.column_stack([each.ravel() for each in np.meshgrid(lon, lat)])
    # The country's cells are as large as the coarse ones of the region, and the mean of four points each.
    half = CELL * setting.factor / 2
    west, south = COUNTRY
    wide = _values(
        world, *_centres(west, south, 2 * setting.country[0], 2 * setting.country[1], half), np.arange(setting.pretrain)
    )
    return Fields(
        lon,
        lat,
        world.places(at)["elevation"].reshape(setting.rows, setting.columns),
        fine,
        _noisy(block_mean(fine, setting.factor), rng),
        day,
        _noisy(block_mean(wide, 2), rng),
        setting,
    )


def _centres(west: float, south: float, rows: int, columns: int, step: float) -> tuple[np.ndarray, np.ndarray]:
    lat = south + step * (np.arange(rows) + 0.5)
    return west + step / np.cos(np.radians(lat.mean())) * (np.arange(columns) + 0.5), lat


def _values(world: World, lon: np.ndarray, lat: np.ndarray, day: np.ndarray) -> np.ndarray:
    """True PM2.5 (t, y, x), in pieces that bound the memory."""
    at = np.column_stack([each.ravel() for each in np.meshgrid(lon, lat)])
    parts = np.array_split(day, max(1, len(at) * len(day) // 1_000_000))
    found = [world.evaluate(at, part)["pm25_true"].astype(np.float32) for part in parts]
    return np.concatenate(found, axis=1).T.reshape(len(day), len(lat), len(lon))


def _noisy(field: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return (field * np.exp(NOISE * rng.standard_normal(field.shape) - NOISE**2 / 2)).astype(np.float32)


def block_mean(field: np.ndarray, factor: int) -> np.ndarray:
    """Means over blocks of ``factor`` x ``factor`` cells: (t, y, x) to (t, y / factor, x / factor)."""
    t, y, x = field.shape
    return field.reshape(t, y // factor, factor, x // factor, factor).mean((2, 4))


def bilinear(coarse: np.ndarray, factor: int) -> np.ndarray:
    """A coarse field (t, y, x) read between its centres on a grid ``factor`` times finer; flat beyond the outermost."""
    asked = torch.as_tensor(coarse, dtype=torch.float32)[:, None]
    return interpolate(asked, scale_factor=factor, mode="bilinear", align_corners=False)[:, 0].numpy()


class Inputs:
    """What networks see of a day, and what they estimate: all of it scaled by training days.

    Networks work with :math:`z = (\\log y - m) / s`, :math:`m` and :math:`s` of the fine training days, and estimate
    what the bilinear reading of the coarse field leaves: :math:`r = (z - z_\\text{bilinear}) / s_r`.

    Attributes
    ----------
    z : tensor, shape (t, ny, nx)
        The fine field, scaled.
    base : tensor, shape (t, ny, nx)
        The bilinear reading of the coarse field.
    given : tensor, shape (t, channel, ny, nx)
        Known of the day: ``base``, training's mean of what it leaves, elevation, sine and cosine of the season.
    """

    def __init__(self, fields: Fields) -> None:
        logs, train = np.log(fields.fine), fields.train
        self.mean, self.spread = float(logs[train].mean()), float(logs[train].std())
        self.past = fields.setting.past
        z = self.scaled(fields.fine)
        base = bilinear(self.scaled(fields.coarse), fields.setting.factor)
        left = (z - base)[train]
        self.rest = float(left.std())
        year = 2 * np.pi * fields.day / 365.25
        height = (fields.elevation - fields.elevation.mean()) / max(fields.elevation.std(), 1.0)
        maps = np.broadcast_to(np.stack([left.mean(0) / self.rest, height]), (len(z), 2, *z.shape[1:]))
        season = np.stack([np.sin(year), np.cos(year)], 1)[:, :, None, None] + np.zeros_like(maps)
        self.z, self.base = torch.from_numpy(z), torch.from_numpy(base)
        self.given = torch.from_numpy(np.concatenate([base[:, None], maps, season], 1).astype(np.float32))
        self.target = ((self.z - self.base) / self.rest)[:, None]

    def scaled(self, field: np.ndarray) -> np.ndarray:
        """A field in µg m-3 as networks see it."""
        return ((np.log(field) - self.mean) / self.spread).astype(np.float32)

    def unscaled(self, estimate: torch.Tensor, days: slice | int) -> torch.Tensor:
        """Estimates of ``target`` on some days, (..., ny, nx), as z."""
        return self.base[days] + self.rest * estimate

    def micrograms(self, z: torch.Tensor) -> np.ndarray:
        """What :meth:`scaled` scaled, in µg m-3 again."""
        return np.exp(self.spread * z.numpy().astype(np.float64) + self.mean)

    def history(self, days: torch.Tensor) -> torch.Tensor:
        """The past fine days of each of some days, the last one yesterday: (n, past, ny, nx); never the day itself."""
        if int(days.min()) < self.past:
            raise ConfigError(f"day {int(days.min())} has no {self.past} days before it; begin later")
        return self.z[days[:, None] + torch.arange(-self.past, 0)]
