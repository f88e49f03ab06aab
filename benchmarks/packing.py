"""Several runs at once on one device: what the paper's matrix costs, and whether a pack is quicker than its parts.

``python benchmarks/packing.py`` keeps its table in ``packing.txt``. Operations are counted. On a processor, packs of
the smallest size are timed against the same runs one by one (one thread, processor time, in turns). With CUDA, packs
of the paper's size are timed too, against the device's own rate for products of matrices, and the hours of the whole
matrix follow.
"""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import torch

from placeprior.network.model import PlaceModel
from placeprior.network.packed import Member, train_together
from placeprior.network.sizes import SIZES, Config
from placeprior.network.training import train
from placeprior.network.windows import Windows
from placeprior.runs import configuration

FEATURES, DIM = 19, 512
ROWS, SHARE = 270_000, 0.8  # station-days of a year; what a run trains on
EPOCHS = 50  # of the paper's 100, where training stops early; assumed, and stated with every hour
RATES = (30, 100, 400)  # TFLOP/s
ROUNDS = 3
GPU = {"rows": 8_192, "epochs": 2, "packs": (1, 4, 8, 16, 32, 64)}
CPU = {"rows": 2_560, "epochs": 1, "packs": (1, 2, 4, 8, 16)}
RIVALS = ("idw",)  # of the matrix's models, those without a network


def operations(config: Config, features: int = FEATURES, dim: int = DIM) -> int:
    """Operations of one sample forwards, two a multiply-add, of products alone; backwards takes twice as many.

    Recurrent layers: 4 gates x 2 directions x units x (inputs + units), a day. Attention: the score's matrix a day, two
    inner products of its length a day, and what follows; then the place, the dense layer and the estimate.
    """
    units, inputs = (config.width, config.width // 2, config.width // 2), (features, 2 * config.width, config.width)
    recurrent = sum(8 * u * (i + u) for u, i in zip(units, inputs, strict=True)) * config.window
    hidden = 2 * units[-1]
    attention = config.window * (hidden**2 + 2 * hidden) + 2 * hidden * config.summary
    return 2 * (recurrent + attention + dim * config.summary + config.summary**2 + config.summary)


def matrix_runs() -> dict[str, int]:
    """Networks in the paper's profile, by matrix, as ``runs.yml`` lists them; none twice."""
    spec = configuration.profile("paper")
    found, known = {}, set()
    for name, product in spec["matrices"].items():
        runs = {
            (task, model, split, fold, seed)
            for task in product["task"]
            for model in product["model"]
            if model not in RIVALS
            for split in product["split"]
            for fold in configuration.asked_folds(product, split)
            for seed in product["seed"]
        }
        found[name], known = len(runs - known), known | runs
    return found


def members(count: int, config: Config, rows: int) -> list[Member]:
    """Members on random data of their own rows and places."""
    rng = np.random.default_rng(0)
    stations, days = 200, 150
    features = rng.normal(size=(stations, days, FEATURES)).astype(np.float32)
    target = rng.normal(size=(stations, days)).astype(np.float32)
    made = []
    for seed in range(count):
        place = rng.normal(size=(stations, DIM)).astype(np.float32)
        pairs = np.column_stack([rng.integers(0, stations, rows), rng.integers(config.window - 1, days, rows)])
        own = torch.as_tensor(pairs)
        model = PlaceModel(
            FEATURES,
            DIM,
            "hadamard",
            width=config.width,
            summary=config.summary,
            precision=config.precision,
            generator=torch.Generator().manual_seed(seed),
        )
        made.append(Member(model, Windows(features, config.window, place, target), own, own[: rows // 10], 5.0, seed))
    return made


def alone(pack: list[Member], config: Config, device: str) -> None:
    """Train members one after the other."""
    for one in pack:
        data = Windows(one.data.features, one.data.window, one.data.place, one.data.target, device)
        rows = one.train_rows.to(device), one.validation_rows.to(device)
        train(one.model.to(device), data, *rows, config, huber=one.huber, seed=one.seed)


def seconds(work, clock) -> float:
    """What some work takes by a clock."""
    if torch.cuda.is_available():
        torch.cuda.synchronize()
    started = clock()
    work()
    if torch.cuda.is_available():
        torch.cuda.synchronize()
    return clock() - started


def product_rate(device: str, dtype: torch.dtype = torch.float32) -> float:
    """FLOP/s of a plain product of matrices on a device, with the rounding that recurrent layers have there."""
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32
    size, times = (8_192, 20) if device == "cuda" else (1_024, 10)
    left, right = torch.randn(2, size, size, device=device, dtype=dtype)
    left @ right
    clock = time.perf_counter if device == "cuda" else time.process_time
    rate = max(
        times * 2 * size**3 / seconds(lambda: [left @ right for _ in range(times)], clock) for _ in range(ROUNDS)
    )
    torch.backends.cuda.matmul.allow_tf32 = False
    return rate


def timed(config: Config, rows: int, packs: tuple[int, ...], device: str) -> list[tuple[int, float, float]]:
    """Members, seconds a member together, and seconds a member alone: the best of some rounds, in turns."""
    clock, found = time.perf_counter if device == "cuda" else time.process_time, []
    for count in packs:
        best = [np.inf, np.inf]
        for _ in range(ROUNDS):
            pack, few = members(count, config, rows), members(min(count, 2), config, rows)
            best[0] = min(best[0], seconds(lambda pack=pack: train_together(pack, config, device), clock) / count)
            best[1] = min(best[1], seconds(lambda few=few: alone(few, config, device), clock) / len(few))
        found.append((count, *best))
    return found


def main() -> None:
    """Count, time, print and keep the table."""
    torch.set_num_threads(1)
    paper, demo = SIZES["paper"], SIZES["demo"].with_(epochs=CPU["epochs"])
    forwards, matrices = operations(paper), matrix_runs()
    run = 3 * forwards * ROWS * SHARE * EPOCHS
    whole = sum(matrices.values()) * run
    lines = [
        f"counted, paper's size: {paper.window} days x {FEATURES} features, a place of {DIM} numbers",
        f"  a sample: {forwards / 1e9:.3f} GFLOP forwards, {2 * forwards / 1e9:.3f} backwards",
        f"  a run: {run / 1e15:.2f} PFLOP ({ROWS:,} station-days, {SHARE:.0%} trained on, {EPOCHS} epochs)",
        f"  the matrix: {sum(matrices.values()):,} networks "
        f"({', '.join(f'{name} {count}' for name, count in matrices.items())}), {whole / 1e18:.2f} EFLOP",
        "  hours at least: " + ", ".join(f"{whole / rate / 1e12 / 3600:,.1f} at {rate} TFLOP/s" for rate in RATES),
        f"  networks of that size an hour: {3600e12 * RATES[1] / run:,.0f} at {RATES[1]} TFLOP/s",
        f"timed here, processor, size demo ({demo.width} units, {demo.window} days, batch {demo.batch}), one thread, "
        f"processor time, best of {ROUNDS}, torch {torch.__version__}",
        f"  {'members':>8}{'together, s a member':>24}{'alone, s a member':>20}{'ratio':>8}",
        *(f"  {k:8}{a:24.3f}{b:20.3f}{b / a:8.2f}" for k, a, b in timed(demo, CPU["rows"], CPU["packs"], "cpu")),
    ]
    if torch.cuda.is_available():
        lines += on_gpu(paper.with_(epochs=GPU["epochs"]), forwards, whole, sum(matrices.values()))
    else:
        lines.append("not measured: no graphics processor here; with one, the same command adds its lines")
    print("\n".join(lines))
    Path(__file__).with_suffix(".txt").write_text("\n".join(lines) + "\n", encoding="utf-8")


def on_gpu(config: Config, forwards: int, whole: float, count: int) -> list[str]:
    """Packs of the paper's size on the device, in float32 and bfloat16."""
    lines = []
    for dtype, precision in ((torch.float32, "float32"), (torch.bfloat16, "bfloat16")):
        rate, chosen = product_rate("cuda", dtype), config.with_(precision=precision)
        work = 3 * forwards * GPU["rows"] * GPU["epochs"]
        lines += [
            f"timed here, {torch.cuda.get_device_name()}, paper's size, {precision}: a product of matrices "
            f"{rate / 1e12:.0f} TFLOP/s; capture of the graph and validation counted",
            f"  {'members':>8}{'TFLOP/s':>10}{'of product':>12}{'runs/h':>14}{'against alone':>15}{'matrix, h':>11}",
        ]
        for k, together, one in timed(chosen, GPU["rows"], GPU["packs"], "cuda"):
            reached = work / together
            lines.append(
                f"  {k:8}{reached / 1e12:10.1f}{reached / rate:12.1%}{3600 * reached * count / whole:14.1f}"
                f"{one / together:15.2f}{whole / reached / 3600:11.1f}"
            )
    return lines


if __name__ == "__main__":
    main()
