"""Training and inference of the network at every size: samples a second of one thread, before and after.

``python benchmarks/sizes.py [FOLDER]`` keeps the table in ``sizes.txt``. FOLDER is the ``src`` of an older checkout
(``git worktree add ../before f919d1d``); without it there is no "before". The sides take turns, each in a process of
its own, and processor time counts, so that other processes disturb little. float32 at ``demo`` runs with the
instructions that runs are limited to; the rest with all.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve()
SRC = HERE.parent.parent / "src"
ROUNDS, INFER = 2, 4096
CASES = [("demo", "float32"), ("study", "float32"), ("study", "bfloat16"), ("paper", "float32"), ("paper", "bfloat16")]


def measure(size: str, precision: str, pages: str) -> dict[str, float | str]:
    """Samples a second of processor time, the last loss of a fixed number of epochs, and a checksum of estimates.

    Where ``pages`` is "back", freed memory goes back to the system, as it does without ``network/memory.py``.
    """
    import hashlib
    import resource

    import numpy as np
    import torch

    from placeprior.network import training
    from placeprior.network.model import PlaceModel
    from placeprior.network.sizes import SIZES
    from placeprior.network.training import estimate, train
    from placeprior.network.windows import Windows
    from placeprior.provenance import processor

    torch.set_num_threads(1)
    if pages == "back":
        training.keep_pages = lambda: False
    config = SIZES[size].with_(precision=precision, epochs=1)
    rng = np.random.default_rng(0)
    x = rng.normal(size=(100, 120, 19)).astype(np.float32)
    target = (x[..., 0] - x[..., 1] + 0.1 * rng.normal(size=x.shape[:2])).astype(np.float32)
    data = Windows(x, config.window, rng.normal(size=(100, 512)).astype(np.float32), target)
    steps = {"demo": 60, "study": 15, "paper": 4}[size]
    rows = torch.as_tensor(np.column_stack([rng.integers(0, 100, 20_000), rng.integers(30, 120, 20_000)]))
    some = rows[: config.batch * steps]

    def once() -> tuple[PlaceModel, list[dict[str, float]], float]:
        generator = torch.Generator().manual_seed(0)
        model = PlaceModel(
            19, 512, "hadamard", width=config.width, summary=config.summary, precision=precision, generator=generator
        )
        began = time.process_time()
        history = train(model, data, some, some[:16], config, huber=5.0, seed=0).history
        return model, history, len(some) / (time.process_time() - began)

    once()
    faults = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    model, history, trained = once()
    faults = (resource.getrusage(resource.RUSAGE_SELF).ru_minflt - faults) / steps
    estimate(model, data, rows[:INFER])
    began = time.process_time()
    found = estimate(model, data, rows[:INFER])[0]
    return {
        "train": trained,
        "infer": INFER / (time.process_time() - began),
        "loss": history[-1]["loss"],
        "faults": faults,
        "digest": hashlib.sha256(found.tobytes()).hexdigest()[:12],
        "memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "where": f"{processor.stamp()['processor']}, torch {torch.__version__}",
    }


def side(source: Path, size: str, precision: str, pages: str = "kept") -> dict[str, float | str]:
    """One measurement, in a process of its own, of the package in ``source``."""
    sys.path.insert(0, str(SRC))
    from placeprior.provenance import processor

    limits = processor.LIMITS if size == "demo" else processor.LIFTED
    env = os.environ | limits | {"PYTHONPATH": str(source), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, str(HERE), "measure", size, precision, pages], env=env, capture_output=True, text=True
    )
    if done.returncode:
        sys.exit(f"{size} {precision} of {source} failed:\n{done.stderr[-2000:]}")
    return json.loads(done.stdout.strip().splitlines()[-1])


def best_of(size: str, precision: str, sides: dict[str, tuple[Path, str]]) -> dict[str, dict[str, float | str]]:
    """Each side's best of several rounds, in turns."""
    rounds = [
        {name: side(source, size, precision, pages) for name, (source, pages) in sides.items()} for _ in range(ROUNDS)
    ]
    return {
        name: rounds[0][name] | {key: max(one[name][key] for one in rounds) for key in ("train", "infer", "memory")}
        for name in sides
    }


def ratios(now: dict[str, float | str], was: dict[str, float | str] | None) -> str:
    """Two columns: of training, of inference."""
    return "".join(f"{now[key] / was[key]:13.2f}" if was else f"{'-':>13}" for key in ("train", "infer"))


def main(before: Path | None) -> None:
    """Measure every case on all sides in turns and print the table."""
    heads = f"{'train ratio':>13}{'infer ratio':>13}"
    lines, kept, where = [], [], ""
    for size, precision in CASES:
        sides = {"before": (before, "kept")} if before else {}
        sides |= {"after": (SRC, "kept")} | ({"back": (SRC, "back")} if size == "paper" else {})
        best = best_of(size, precision, sides)
        now, was, back = best["after"], best.get("before"), best.get("back")
        where = now["where"]
        same = ("yes" if was["digest"] == now["digest"] else "no") if was else "-"
        lines.append(
            f"{size + ' ' + precision:18}{ratios(now, was)}{now['train']:12,.0f}{now['infer']:12,.0f}"
            f"{now['memory']:8,.0f}{now['loss']:10.4f}  {same}"
        )
        print(lines[-1], flush=True)
        if back:
            equal = "yes" if back["digest"] == now["digest"] else "no"
            kept.append(
                f"{size + ' ' + precision:18}{ratios(now, back)}{back['train']:12,.0f}{now['train']:12,.0f}"
                f"{back['faults']:12,.0f}{now['faults']:12,.0f}  {equal}"
            )
            print(kept[-1], flush=True)
    text = [
        f"one thread, processor time, best of {ROUNDS}, sides in turns, at a load of "
        f"{os.getloadavg()[0]:.1f}; {where}; this version against the one before",
        f"{'size, products':18}{heads}{'train/s':>12}{'infer/s':>12}{'MiB':>8}{'loss':>10}  same bits",
        *lines,
        "",
        "freed memory kept by the process (network/memory.py) against given back to the system; pages asked for a step",
        f"{'size, products':18}{heads}{'back, /s':>12}{'kept, /s':>12}{'pages back':>12}{'pages kept':>12}  same bits",
        *kept,
    ]
    print("\n".join(text))
    HERE.with_suffix(".txt").write_text("\n".join(text) + "\n", encoding="utf-8")


if __name__ == "__main__":
    if sys.argv[1:2] == ["measure"]:
        print(json.dumps(measure(*sys.argv[2:])))
    else:
        main(Path(sys.argv[1]) if len(sys.argv) > 1 else None)
