"""The paper-size model here against the same network in Keras: training and inference speed, peak memory.

Run with ``make bench``, which keeps the table in ``speed.txt``. Each side runs in a process of its own, in turns on
the same machine, so the ratio is what matters. Keras (``tensorflow-cpu``) lives in an environment of its own,
``.venv-keras``, never in the lock. The Keras side is fed as the reference feeds it, from windows materialised as one
array; ours gathers them as it goes.
"""

from __future__ import annotations

import json
import os
import platform
import resource
import subprocess
import sys
import time
import venv
from pathlib import Path
from typing import Any

import numpy as np

STATIONS, DAYS, FEATURES, DIM = 900, 150, 19, 512
WINDOW, BATCH, STEPS, INFER, ROUNDS = 21, 256, 8, 8_192, 3
HERE = Path(__file__).resolve()
KERAS_ENV = HERE.parent.parent / ".venv-keras"
THREADS = os.cpu_count() or 1


def inputs() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Random features (station, day, feature), place vectors (station, dim) and targets (station, day)."""
    rng = np.random.default_rng(0)
    return (
        rng.normal(size=(STATIONS, DAYS, FEATURES)).astype(np.float32),
        rng.normal(size=(STATIONS, DIM)).astype(np.float32),
        rng.normal(size=(STATIONS, DAYS)).astype(np.float32),
    )


def rows(count: int, seed: int) -> np.ndarray:
    """Random (station, day) pairs with a full window."""
    rng = np.random.default_rng(seed)
    return np.column_stack([rng.integers(0, STATIONS, count), rng.integers(WINDOW - 1, DAYS, count)])


def ours() -> dict[str, Any]:
    """Samples a second of this project's loop body and prediction."""
    import torch
    from torch.nn.functional import huber_loss

    from placeprior.network.memory import keep_pages
    from placeprior.network.model import PlaceModel
    from placeprior.network.training import estimate
    from placeprior.network.windows import Windows

    torch.set_num_threads(THREADS)
    keep_pages()  # as the loop does
    features, place, target = inputs()
    model = PlaceModel(FEATURES, DIM, "hadamard")
    data = Windows(features, WINDOW, place, target)
    optimiser = torch.optim.Adam(model.parameters(), lr=1e-3)
    batches = torch.as_tensor(rows(BATCH * (STEPS + 1), 1)).split(BATCH)

    def step(batch: torch.Tensor) -> None:
        x, p, y = data.gather(batch)
        loss = huber_loss(model(x, p), y)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()

    model.train()
    step(batches[0])
    started = time.perf_counter()
    for batch in batches[1:]:
        step(batch)
    trained = time.perf_counter() - started
    some = torch.as_tensor(rows(INFER, 2))
    estimate(model, data, some[:BATCH])
    started = time.perf_counter()
    estimate(model, data, some)
    return {
        "train": BATCH * STEPS / trained,
        "infer": INFER / (time.perf_counter() - started),
        "parameters": sum(p.numel() for p in model.parameters()),
        "version": torch.__version__,
    }


def theirs() -> dict[str, Any]:
    """Samples a second of the same network in Keras, trained by ``fit`` as the reference does."""
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "2"
    import tensorflow as tf
    from tensorflow import keras as k

    tf.config.threading.set_intra_op_parallelism_threads(THREADS)
    features, place, target = inputs()
    days = np.arange(WINDOW - 1, DAYS)
    windows = np.lib.stride_tricks.sliding_window_view(features, WINDOW, axis=1).transpose(0, 1, 3, 2)
    windows = np.ascontiguousarray(windows).reshape(-1, WINDOW, FEATURES)
    places = np.repeat(place, len(days), axis=0)
    targets = target[:, days].ravel()

    series, vector = k.Input((WINDOW, FEATURES)), k.Input((DIM,))
    h = series
    for layer, units in enumerate((256, 128, 128)):
        h = k.layers.Bidirectional(k.layers.LSTM(units, return_sequences=True))(h)
        h = k.layers.LayerNormalization()(h)
        if layer < 2:
            h = k.layers.Dropout(0.2)(h)
    last = h[:, -1, :]
    score = k.layers.Dot(axes=(2, 1))([k.layers.Dense(256, use_bias=False)(h), last])
    context = k.layers.Dot(axes=(1, 1))([k.layers.Softmax()(score), h])
    joined = k.layers.Concatenate()([context, last])
    z = k.layers.Dropout(0.2)(k.layers.Dense(256, activation="tanh", use_bias=False)(joined))
    z = k.layers.Multiply()([z, k.layers.Dense(256, activation="relu")(vector)])
    out = k.layers.Dense(1)(k.layers.Dense(256, activation="relu")(z))
    model = k.Model([series, vector], out)
    model.compile(optimizer=k.optimizers.Adam(1e-3), loss=k.losses.Huber(delta=1.0))

    some = np.random.default_rng(1).integers(0, len(targets), BATCH * STEPS)
    model.fit([windows[some[:BATCH]], places[some[:BATCH]]], targets[some[:BATCH]], batch_size=BATCH, verbose=0)
    started = time.perf_counter()
    model.fit([windows[some], places[some]], targets[some], batch_size=BATCH, epochs=1, verbose=0)
    trained = time.perf_counter() - started
    some = np.random.default_rng(2).integers(0, len(targets), INFER)
    model.predict([windows[some[:4096]], places[some[:4096]]], batch_size=4096, verbose=0)
    started = time.perf_counter()
    model.predict([windows[some], places[some]], batch_size=4096, verbose=0)
    return {
        "train": BATCH * STEPS / trained,
        "infer": INFER / (time.perf_counter() - started),
        "parameters": model.count_params(),
        "version": tf.__version__,
    }


def ceiling() -> tuple[float, float]:
    """What bounds both: GFLOP/s of a plain matrix product here, and GFLOP of one sample's training step.

    Multiply-adds of the recurrent layers alone (units x (inputs + units) x 4 gates x 2 directions x days), times two
    operations, times three for the forward pass and the two products of the backward pass.
    """
    import torch

    torch.set_num_threads(THREADS)
    left, right = torch.randn(1024, 1024), torch.randn(1024, 1024)
    left @ right
    started = time.perf_counter()
    for _ in range(30):
        left @ right
    rate = 30 * 2 * 1024**3 / (time.perf_counter() - started) / 1e9
    layers = ((FEATURES, 256), (512, 128), (256, 128))
    return rate, sum(4 * 2 * units * (inputs + units) for inputs, units in layers) * WINDOW * 2 * 3 / 1e9


def side(name: str, python: Path | str) -> dict[str, Any]:
    """Run one side in a process of its own."""
    done = subprocess.run([str(python), str(HERE), name], capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"the {name} side failed:\n{done.stderr[-2000:]}")
    return json.loads(done.stdout.strip().splitlines()[-1])


def main() -> None:
    """Set Keras up where needed, run both sides, print the table."""
    python = KERAS_ENV / "bin" / "python"
    check = [str(python), "-c", "import tensorflow"]
    if not python.exists() or subprocess.run(check, capture_output=True).returncode:
        print("setting up Keras in .venv-keras", flush=True)
        venv.create(KERAS_ENV, with_pip=True)
        subprocess.run([str(python), "-m", "pip", "install", "-q", "tensorflow-cpu", "numpy"], check=True)
    # In turns, and the best of each: another process that takes a core for a while must not favour one side.
    rounds = [{"keras": side("keras", python), "placeprior": side("ours", sys.executable)} for _ in range(ROUNDS)]
    found = {
        name: rounds[0][name] | {key: max(r[name][key] for r in rounds) for key in ("train", "infer", "memory")}
        for name in rounds[0]
    }
    here, there = (int(found[name]["parameters"]) for name in ("placeprior", "keras"))
    rate, work = ceiling()
    ratio = {key: found["placeprior"][key] / found["keras"][key] for key in ("train", "infer", "memory")}
    lines = [
        f"paper-size model, {here:,} parameters (Keras {there:,}: one LSTM bias vector less), "
        f"{WINDOW} days x {FEATURES} features, batch {BATCH}, {THREADS} threads, {platform.machine()}",
        f"{'':12}{'train, samples/s':>20}{'infer, samples/s':>20}{'peak memory, MiB':>20}",
        *(f"{name:12}{r['train']:20,.0f}{r['infer']:20,.0f}{r['memory']:20,.0f}" for name, r in found.items()),
        f"{'ratio':12}{ratio['train']:20.2f}{ratio['infer']:20.2f}{ratio['memory']:20.2f}",
        f"no float32 code can train faster than {rate / work:,.0f} samples/s here: a matrix product reaches "
        f"{rate:,.0f} GFLOP/s, and the recurrent layers alone need {work:.2f} GFLOP a sample",
        f"torch {found['placeprior']['version']}, tensorflow {found['keras']['version']}",
    ]
    print("\n".join(lines))
    HERE.with_suffix(".txt").write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    if len(sys.argv) == 2:
        result = {"ours": ours, "keras": theirs}[sys.argv[1]]()
        print(json.dumps(result | {"memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}))
    else:
        main()
