"""Location encoders: places a second and working memory, ours against the way public code encodes.

Run with ``make bench``, which keeps the table in ``encoders.txt``. The other side is written from a reading of
TorchSpatial (commit 9f8d833): a list of places becomes a NumPy array, which is repeated for every scale, worked on in
float64, put together, and becomes a float32 tensor at the end. Its faults are left out (it has the radii and the
cell's side that it is told), so both sides give the same numbers, and that is checked.

Both take turns on one thread, and what counts is the processor's time, the best of several rounds: other work on the
machine then matters little, and least for the ratio. Memory is what a process of its own takes beside the result. The
public way goes in chunks of CHUNK places; how many we take at a time is our own affair.
"""

from __future__ import annotations

import math
import multiprocessing
import platform
import resource
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import torch

from placeprior import encoders
from placeprior.coords import CONUS_BOX
from placeprior.encoders import basis, satclip
from placeprior.encoders.harmonics import satclip_harmonics

PLACES, FEW, CHUNK, ROUNDS = 100_000, 16_384, 4096, 5
HERE = Path(__file__).resolve()
#: Sizes as published, where these are not our own.
SIZES = {name: {"frequency_num": 64} for name in basis.BASES if name.startswith(("space2vec", "sphere2vec"))}
SIZES |= {"sphere2vec-dfs": {"frequency_num": 16}}
#: Encoders with a network, weights and all; one whose weights are not at hand is left out.
WHOLE = ("xyz-fmow", "nerf-fmow", "sphere2vec-c-fmow", "geoclip", "geoclip-slepian")
Array = np.ndarray


# --- the other side: coordinates (n, 1, 2), degrees -> (n, 1, dim) ---------------------------------------------------


def as_array(coords: Array) -> Array:
    """A list of places as an array."""
    return np.asarray(list(coords)).astype(float)


def frequencies(name: str) -> Array:
    """One over each radius, from fine to coarse, (F, 1)."""
    given = basis.BASES[name][2] | SIZES.get(name, {})
    step = math.log(given["max_radius"] / given["min_radius"]) / (given["frequency_num"] - 1)
    return np.expand_dims(1 / (given["min_radius"] * np.exp(np.arange(given["frequency_num"]) * step)), 1)


def every_scale(coords: Array, count: int) -> Array:
    """Coordinates repeated for each scale, (n, 1, 2, F, 1)."""
    return np.repeat(np.expand_dims(np.expand_dims(as_array(coords), 3), 4), count, axis=3)


def alternate(angles: Array) -> Array:
    """Sines of the even, cosines of the odd numbers along the last axis, written in place."""
    angles[..., 0::2] = np.sin(angles[..., 0::2])
    angles[..., 1::2] = np.cos(angles[..., 1::2])
    return angles.reshape(len(angles), 1, -1)


def waves(angles: Array) -> tuple[Array, Array, Array, Array]:
    """Sine and cosine of longitude, then of latitude, each (n, 1, 1, F, 1)."""
    lon, lat = (np.expand_dims(angles[:, :, axis], axis=2) for axis in (0, 1))
    return np.sin(lon), np.cos(lon), np.sin(lat), np.cos(lat)


def grid(coords: Array, scales: Array) -> Array:
    """Space2Vec's "grid"."""
    return alternate(np.repeat(every_scale(coords, len(scales)), 2, axis=4) * np.repeat(scales, 2, axis=1))


def theory(coords: Array, scales: Array) -> Array:
    """Space2Vec's "theory"."""
    places = as_array(coords)
    axes = [np.asarray([math.cos(turn), math.sin(turn)]) for turn in np.radians([0, 120, 240])]
    along = np.concatenate([np.expand_dims(places @ axis, -1) for axis in axes for _ in range(2)], axis=-1)
    repeated = np.repeat(np.expand_dims(along, -2), len(scales), axis=-2) * np.repeat(scales, 6, axis=1)
    return alternate(repeated.reshape(len(places), 1, -1))


def xyz(coords: Array) -> Array:
    """The unit vector."""
    places = as_array(coords)
    lon, lat = np.deg2rad(places[:, :, :1]), np.deg2rad(places[:, :, 1:])
    return np.concatenate([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)], axis=-1)


def nerf(coords: Array) -> Array:
    """Octaves of the unit vector."""
    octaves = np.repeat(np.expand_dims(np.pi * np.exp2(np.arange(16.0)), 0), 3, axis=0)
    angles = np.repeat(np.expand_dims(xyz(coords), -1), 16, axis=-1) * octaves
    return np.concatenate([np.sin(angles), np.cos(angles)], axis=2).reshape(len(angles), 1, -1)


def sphere(coords: Array, scales: Array, name: str) -> Array:
    """The five of Sphere2Vec."""
    angles = every_scale(coords, len(scales)) * math.pi / 180
    sin_lon, cos_lon, sin_lat, cos_lat = waves(angles * scales)
    if name in ("sphere2vec-c", "sphere2vec-c+"):
        parts = [sin_lat, cos_lat * cos_lon, cos_lat * sin_lon]
    elif name == "sphere2vec-dfs":
        waves(angles)  # the public code computes the unscaled ones here too, and does not use them
        lon, lat = np.concatenate([sin_lon, cos_lon], axis=-2), np.concatenate([sin_lat, cos_lat], axis=-2)
        both = np.einsum("abcde,abcek->abcdk", lon, lat.transpose(0, 1, 2, 4, 3)).reshape(len(angles), 1, -1)
        single = np.concatenate([sin_lat, cos_lat, sin_lon, cos_lon], axis=-1).reshape(len(angles), 1, -1)
        return np.concatenate([both, single], axis=-1)
    else:
        sin_whole, cos_whole, _, cos_phi = waves(angles)
        parts = [sin_lat, cos_lat * cos_whole, cos_phi * cos_lon, cos_lat * sin_whole, cos_phi * sin_lon]
    if name == "sphere2vec-c+":
        parts = [sin_lat, cos_lat, sin_lon, cos_lon, *parts[1:]]
    if name == "sphere2vec-m+":
        parts += [cos_lat, sin_lon, cos_lon]
    return np.concatenate(parts, axis=-1).reshape(len(angles), 1, -1)


def wrap(coords: Array) -> Array:
    """Sines and cosines of both coordinates."""
    scaled = np.array(coords, dtype=float) / np.asarray([180.0, 90.0])
    return np.concatenate([np.sin(math.pi * scaled), np.cos(math.pi * scaled)], axis=-1)


def rbf(coords: Array, anchors: Array, width: float) -> Array:
    """Bumps around anchors."""
    away = np.repeat(np.expand_dims(as_array(coords), 2), len(anchors), axis=2) - anchors
    return np.exp(-1 * np.sum(np.power(away, 2), axis=3) / (2.0 * np.power(width, 2)))


def rff(coords: Array, directions: torch.Tensor, shift: torch.Tensor) -> torch.Tensor:
    """Random Fourier features."""
    scaled = torch.FloatTensor(as_array(coords) / np.asarray([180.0, 90.0]))
    return torch.cos(torch.matmul(scaled, directions) + shift) * np.sqrt(2.0 / len(shift))


def tile(coords: Array, table: torch.nn.Embedding, side: float) -> torch.Tensor:
    """A learnt vector a cell."""
    places, columns, rows = as_array(coords), math.ceil(360 / side), math.ceil(180 / side)
    column = np.clip(np.floor((places[:, :, 0] + 180) / side), 0, columns - 1)
    row = np.clip(np.floor((places[:, :, 1] + 90) / side), 0, rows - 1)
    return table(torch.LongTensor((row * columns + column).astype(int)))


def harmonics(coords: Array, polynomials: list[tuple[int, float, Array]]) -> Array:
    """Every spherical harmonic by its own written-out polynomial."""
    places = as_array(coords)
    lon, height = np.deg2rad(places[:, :, 0]), np.sin(np.deg2rad(places[:, :, 1]))
    columns = []
    for order, size, powers in polynomials:
        turn = np.cos(order * lon) if order >= 0 else np.sin(-order * lon)
        columns.append(size * (1 - height**2) ** (abs(order) / 2) * np.polyval(powers, height) * turn)
    return np.stack(columns, axis=-1)


def written_out(degrees: int) -> list[tuple[int, float, Array]]:
    """Order, constant and powers of z of each harmonic: P_lm is (1 - z^2)^(m/2) times the m-th derivative of P_l."""
    from numpy.polynomial import Legendre, Polynomial

    found = []
    for degree in range(degrees):
        for order in range(-degree, degree + 1):
            m = abs(order)
            size = math.sqrt((2 * degree + 1) / (4 * math.pi) * math.factorial(degree - m) / math.factorial(degree + m))
            powers = Legendre.basis(degree).deriv(m).convert(kind=Polynomial).coef[::-1]
            found.append((order, size * (math.sqrt(2) if m else 1), powers))
    return found


def other(name: str, ours: torch.nn.Module) -> Callable[[Array], Array | torch.Tensor] | None:
    """The other side's function, with what was drawn or learnt taken from ours; None where there is no public code."""
    plain = {"wrap": wrap, "wrap-ffn": wrap, "xyz": xyz, "nerf": nerf}
    if name in plain:
        return plain[name]
    if name.startswith("sphere2vec"):
        return partial(sphere, scales=frequencies(name), name=name)
    if name.startswith("space2vec"):
        return partial(grid if name.endswith("grid") else theory, scales=frequencies(name))
    if name == "rbf":
        return partial(rbf, anchors=ours.anchors.numpy(), width=ours.kernel_size)
    if name == "rff":
        return partial(rff, directions=ours.omega.float(), shift=ours.shift.float())
    if name == "tile":
        return partial(tile, table=torch.nn.Embedding.from_pretrained(ours.table.detach().float()), side=ours.interval)
    if name == "siren-sh":
        return partial(harmonics, polynomials=written_out(ours.degrees))
    return None


def encode(function: Callable[[Array], Array | torch.Tensor], lonlat: Array, dim: int) -> Array:
    """All places through the other side, chunk by chunk: (n, dim), float32."""
    encoded, coords = np.empty((len(lonlat), dim), np.float32), lonlat[:, None]
    with torch.inference_mode():
        for start in range(0, len(lonlat), CHUNK):
            part = torch.as_tensor(function(coords[start : start + CHUNK]), dtype=torch.float32)
            encoded[start : start + CHUNK] = part[:, 0].numpy()
    return encoded


# --- measuring -------------------------------------------------------------------------------------------------------


def lonlat(count: int) -> Array:
    """Places drawn over the contiguous US, (count, 2), degrees."""
    west, south, east, north = CONUS_BOX
    return np.random.default_rng(0).uniform((west, south), (east, north), (count, 2))


def apart(task: Callable[..., object], *given: object) -> object:
    """What a task returns in a process of its own, so that none finds memory or caches of another."""
    inbox, outbox = multiprocessing.Pipe(duplex=False)

    def work() -> None:
        outbox.send(task(*given))

    process = multiprocessing.get_context("fork").Process(target=work)
    process.start()
    outbox.close()  # or a process that died would be waited for
    answer = inbox.recv()
    process.join()
    return answer


def seconds(sides: list[Callable[[], Array]]) -> list[float]:
    """Processor seconds of each side, in turns, the best of ROUNDS."""
    rounds = []
    for _ in range(ROUNDS):
        row = []
        for side in sides:
            started = time.process_time()
            side()
            row.append(time.process_time() - started)
        rounds.append(row)
    return [min(column) for column in zip(*rounds, strict=True)]


def memory(side: Callable[[], Array]) -> float:
    """MiB by which the peak of the process grows, without the result."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    result = side()
    return (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024 - result.nbytes / 2**20


def position_row(name: str, places: Array) -> tuple[str, list[float]]:
    """One line of the first table, and the seconds of both sides, where there are two."""
    ours = encoders.position(name, **SIZES.get(name, {}))
    here, function = partial(basis.numbers, ours, places), other(name, ours)
    if function is None:
        (spent,), room = apart(seconds, [here]), apart(memory, here)
        return f"{name:20}{ours.dim:8,}{'–':>14}{len(places) / spent:14,.0f}{'–':>8}{'–':>14}{room:14,.0f}", []
    there = partial(encode, function, places, ours.dim)
    few = slice(0, 500)
    gap = np.abs(np.sort(encode(function, places[few], ours.dim)) - np.sort(basis.numbers(ours, places[few]))).max()
    if gap > 1e-5:
        raise SystemExit(f"the two sides of {name} differ by {gap:.1e}: they do not compute the same formula")
    spent = apart(seconds, [there, here])
    rates, room = [len(places) / s for s in spent], [apart(memory, side) for side in (there, here)]
    line = f"{name:20}{ours.dim:8,}{rates[0]:14,.0f}{rates[1]:14,.0f}{spent[0] / spent[1]:8.1f}"
    return line + "".join(f"{mebibytes:14,.0f}" for mebibytes in room), spent


def random_satclip(degrees: int) -> Callable[[Array], Array]:
    """SatCLIP's location encoder at its published size, with random weights: speed does not depend on them."""
    generator = torch.Generator().manual_seed(0)
    widths = (degrees**2, 512, 512, satclip.DIM)
    layers = [
        (torch.randn(out, into, generator=generator, dtype=torch.float64) / into, torch.zeros(out).double())
        for into, out in zip(widths, widths[1:], strict=False)
    ]

    def run(places: Array) -> Array:
        with torch.inference_mode():
            return torch.cat(
                [
                    satclip.siren(satclip_harmonics(part, degrees), layers).float()
                    for part in torch.from_numpy(places).split(satclip.CHUNK)
                ]
            ).numpy()

    return run


def main() -> None:
    """Measure, print and keep both tables."""
    torch.set_num_threads(1)
    places, few = lonlat(PLACES), lonlat(FEW)
    head = f"{'position encoding':20}{'numbers':>8}{'public, 1/s':>14}{'ours, 1/s':>14}{'ratio':>8}" + (
        f"{'public, MiB':>14}{'ours, MiB':>14}"
    )
    lines = [
        f"{PLACES:,} places, one thread, places a second of processor time, best of {ROUNDS}; working memory "
        "beside the result",
        head,
    ]
    print("\n".join(lines), flush=True)
    found = {}
    for name in basis.BASES:
        line, found[name] = position_row(name, places)
        print(line, flush=True)
        lines.append(line)
    there, here = np.array([spent for spent in found.values() if spent]).T
    ratios = there / here
    tail = [
        f"all {len(ratios)} in one go: {there.sum() / here.sum():.1f} times as fast; geometric mean of the ratios "
        f"{np.exp(np.log(ratios).mean()):.1f}, smallest {ratios.min():.1f}",
        "",
        f"{FEW:,} places",
        f"{'whole encoder':20}{'numbers':>8}{'ours, 1/s':>14}{'ours, MiB':>14}",
    ]
    print("\n".join(tail), flush=True)
    whole: dict[str, Callable[[Array], Array]] = {
        name: encoders.load(name) for name in WHOLE if encoders.is_at_hand(name)
    }
    whole |= {f"satclip-l{degrees}-random": random_satclip(degrees) for degrees in satclip.DEGREES}
    for name, encoder in whole.items():
        dim = encoder(few[:2]).shape[1]
        (spent,), room = apart(seconds, [partial(encoder, few)]), apart(memory, partial(encoder, few))
        tail.append(f"{name:20}{dim:8,}{FEW / spent:14,.0f}{room:14,.0f}")
        print(tail[-1], flush=True)
    tail.append(f"torch {torch.__version__}, numpy {np.__version__}, {platform.machine()}")
    print(tail[-1])
    HERE.with_suffix(".txt").write_text("\n".join([*lines, *tail]) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
