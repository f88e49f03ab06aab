"""What maps of a year will take, before they are made: by a trial on this machine, and by operations on others.

A trial makes maps of a few cells as :mod:`.atlas` makes them of a strip, once of some and once of more, so that what a
strip costs however small it is stands apart from what each cell and day adds.
"""

from __future__ import annotations

import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import xarray as xr
from torch.utils.flop_counter import FlopCounterMode

from placeprior import coords
from placeprior.errors import ConfigError
from placeprior.network.model import PlaceModel
from placeprior.network.training import PREDICT_BATCH
from placeprior.runs import atlas, networks
from placeprior.runs.daily_maps import Mapper, fields_on
from placeprior.runs.making import device_at_hand
from placeprior.runs.plan import Run

BATCHES, FEWER = 2, 4  # of the larger trial; how many times smaller the other is
DAYS = 120  # of a trial at most
#: Land cells of the contiguous United States at 1 km (its area, km2), and days of a year.
NATION, YEAR = 8_080_000, 365
#: FLOP/s in float32 that an H100 is sold with, the share of it that is assumed, and what its hour costs, about.
DEVICE, REACHED, DOLLARS = 67e12, 0.25, 3.0


@dataclass(frozen=True)
class Reckoned:
    """What maps are asked for, and what they take.

    Attributes
    ----------
    cells, days, strips, made : int
        Land cells, days, strips of the map, and how many of these an interrupted command has left.
    a_strip, a_cell : float
        Seconds that a strip takes in any case, and that each of its land cells adds a day: of a core or, where there
        is a graphics processor, by the clock.
    busy : float
        By how much the clock was slower than a core.
    size : float
        Bytes on disk.
    device : str
        ``"cpu"`` or ``"cuda"``.
    work : float or None
        Operations a cell and day; None without a network.
    """

    cells: int
    days: int
    strips: int
    made: int
    a_strip: float
    a_cell: float
    busy: float
    size: float
    device: str
    work: float | None

    @property
    def seconds(self) -> float:
        """What is left takes; strips count alike."""
        left = 1 - self.made / self.strips
        return left * (self.strips * self.a_strip + self.cells * self.days * self.a_cell)

    def nation(self, devices: int) -> float:
        """Seconds for a year of the country at 1 km on so many graphics processors; measured where one is at hand."""
        a_cell = self.a_cell if self.device == "cuda" else (self.work or 0) / (DEVICE * REACHED)
        return NATION * YEAR * a_cell / devices


def reckon(
    run: Run,
    days: np.ndarray,
    where: tuple[np.ndarray, np.ndarray] | xr.Dataset,
    target: Path,
    *,
    cells: int = atlas.CELLS,
) -> Reckoned:
    """Look at what is asked for, and try a little of it; nothing is left on disk.

    Parameters
    ----------
    run, days, where, target, cells
        As for :func:`placeprior.runs.atlas.write`, whose errors are raised.

    Raises
    ------
    ConfigError
        If no cell is land.
    """
    strips, missing = atlas.left(run, days, where, target, cells=cells)
    land = _land(where)
    if not land.any():
        raise ConfigError("no cell of this grid is land, so there is nothing to map; take smaller cells, or other ones")
    mapper, some = Mapper(run), days[:DAYS]
    row = int(land.sum(1).argmax())
    known = np.flatnonzero(land[row])
    sizes = [max(1, min(len(known), BATCHES * PREDICT_BATCH // len(some)) // part) for part in (FEWER, 1)]
    with networks.one_thread():
        fewer, more = (_tried(mapper, some, _piece(where, row, known[:size])) for size in sizes)
    of = "clock" if device_at_hand() == "cuda" else "core"
    low, high = fewer[of], more[of]
    rows = [size * len(some) for size in sizes]
    if high > low and rows[1] > rows[0]:
        a_cell = (high - low) / (rows[1] - rows[0])
    else:  # too little to tell one from the other: all for the cells, which is too much rather than too little
        a_cell = high / rows[1]
    model = mapper.model
    return Reckoned(
        cells=int(land.sum()),
        days=len(days),
        strips=len(strips),
        made=len(strips) - len(missing),
        a_strip=max(high - a_cell * rows[1], 0.0),
        a_cell=a_cell,
        busy=more["clock"] / more["core"],
        size=more["bytes"] / rows[1] * land.sum() * len(days),
        device=device_at_hand(),
        work=None if model is None else operations(model, run.window, *_widths(mapper)),
    )


def operations(model: PlaceModel, window: int, features: int, dim: int) -> float:
    """Operations of one estimate, two a multiply-add: of the recurrent layers by hand, torch counts the rest."""
    where = model.out.weight.device
    place = torch.zeros(1, dim, device=where) if dim else None
    with FlopCounterMode(display=False) as counter, torch.inference_mode():
        model(torch.zeros(1, window, features, device=where), place)
    recurrent = sum(8 * layer.hidden_size * (layer.input_size + layer.hidden_size) for layer in model.lstm)
    return 2 * recurrent * window + counter.get_total_flops()


def _widths(mapper: Mapper) -> list[int]:
    """How many numbers a day tells a mapper's network, and how many the place."""
    scalers = (mapper.scalers.get(name) for name in ("x_scale", "place_scale"))
    return [0 if scaler is None else scaler.mean.size for scaler in scalers]


def _land(where: tuple[np.ndarray, np.ndarray] | xr.Dataset) -> np.ndarray:
    """Which cells are land, (y, x)."""
    if isinstance(where, xr.Dataset):
        return where["land"].transpose("y", "x").values
    return coords.inside(coords.cells(*where)).reshape(len(where[1]), len(where[0]))


def _piece(
    where: tuple[np.ndarray, np.ndarray] | xr.Dataset, row: int, columns: np.ndarray
) -> tuple[np.ndarray, np.ndarray] | xr.Dataset:
    """Some cells of one row of a grid."""
    if isinstance(where, xr.Dataset):
        return where.isel(y=[row], x=columns)
    return where[0][columns], where[1][[row]]


def _tried(mapper: Mapper, days: np.ndarray, piece: tuple[np.ndarray, np.ndarray] | xr.Dataset) -> dict[str, float]:
    """Seconds and bytes of maps of a piece, the lesser of two tries: the first also warms up."""
    tries = []
    for _ in range(2):
        with tempfile.TemporaryDirectory() as folder:
            began, started = time.process_time(), time.perf_counter()
            made = mapper.on(fields_on(mapper.run, days, piece))
            made.reset_coords(drop=True).to_dataset().to_zarr(Path(folder) / "maps.zarr", consolidated=False)
            core, clock = time.process_time() - began, time.perf_counter() - started
            chunks = (Path(folder) / "maps.zarr" / "estimate" / "c").rglob("*")
            size = sum(path.stat().st_size for path in chunks if path.is_file())
            tries.append({"core": core, "clock": max(core, clock), "bytes": size})
    return min(tries, key=lambda one: one["core"])
