"""The paper-size model here against the same network in Keras: training and inference, the loss both end at, memory.

Run with ``make bench``, which keeps the table in ``speed.txt``. Each side runs in a process of its own on one thread,
in turns on the same machine; processor time counts, the best of several rounds. Keras (``tensorflow-cpu``) lives in an
environment of its own, ``.venv-keras``, never in the lock. It computes in float32 as the reference does, and once as
its own ``mixed_bfloat16`` has it. Ours computes in float32 with the instructions that runs are limited to and with
all, and in bfloat16, which needs all (:data:`placeprior.provenance.processor.LIFTED`).

All sides learn one made-up target from the same rows in the same order. The loss is that of other rows after the
last step, the mean of the rounds, each with another seed. The Keras side is fed as the reference feeds it, from
windows materialised as one array; ours gathers them as it goes.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import time
import venv
from pathlib import Path
from typing import Any

import numpy as np

STATIONS, DAYS, FEATURES, DIM = 900, 150, 19, 512
WINDOW, BATCH, STEPS, INFER, ROUNDS = 21, 256, 30, 4_096, 2
HERE = Path(__file__).resolve()
SRC = HERE.parent.parent / "src"
KERAS_ENV = HERE.parent.parent / ".venv-keras"
#: What each line is: (side, precision, instructions); the first is what the others are compared with.
LINES = {
    "keras float32": ("keras", "float32", "any"),
    "placeprior bfloat16": ("ours", "bfloat16", "any"),
    "placeprior float32": ("ours", "float32", "any"),
    "keras mixed_bfloat16": ("keras", "mixed_bfloat16", "any"),
    "placeprior float32, AVX2": ("ours", "float32", "limited"),
}
FIRST = next(iter(LINES))


def inputs() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Random features (station, day, feature), place vectors (station, dim) and a target that two features tell."""
    rng = np.random.default_rng(0)
    features = rng.normal(size=(STATIONS, DAYS, FEATURES)).astype(np.float32)
    place = rng.normal(size=(STATIONS, DIM)).astype(np.float32)
    noise = 0.1 * rng.normal(size=(STATIONS, DAYS))
    target = features[..., 0] - features[..., 1] + noise
    return features, place, target.astype(np.float32)


def rows(count: int, seed: int) -> np.ndarray:
    """Random (station, day) pairs with a full window."""
    rng = np.random.default_rng(seed)
    return np.column_stack([rng.integers(0, STATIONS, count), rng.integers(WINDOW - 1, DAYS, count)])


def ours(precision: str, seed: int) -> dict[str, Any]:
    """Samples a second of this project's loop body and of its estimates, and the loss of rows that were not seen."""
    import torch
    from torch.nn.functional import huber_loss

    from placeprior.network.memory import keep_pages
    from placeprior.network.model import PlaceModel
    from placeprior.network.training import estimate
    from placeprior.network.windows import Windows

    torch.set_num_threads(1)
    keep_pages()  # as the loop does
    features, place, target = inputs()
    data = Windows(features, WINDOW, place, target)
    batches = torch.as_tensor(rows(BATCH * STEPS, 10 + seed)).split(BATCH)

    def train(batches: tuple[torch.Tensor, ...]) -> tuple[PlaceModel, float]:
        generator = torch.Generator().manual_seed(seed)
        model = PlaceModel(FEATURES, DIM, "hadamard", precision=precision, generator=generator)
        model.seed_dropout(seed)
        model.train()
        optimiser = torch.optim.Adam(model.parameters(), lr=1e-3, eps=1e-7, fused=True)
        started = time.process_time()
        for batch in batches:
            x, p, y = data.gather(batch)
            loss = huber_loss(model(x, p), y)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
        return model, time.process_time() - started

    train(batches[:1])
    model, trained = train(batches)
    some = torch.as_tensor(rows(INFER, 2))
    estimate(model, data, some[:BATCH])
    started = time.process_time()
    found = estimate(model, data, some)[0]
    inferred = time.process_time() - started
    return {
        "train": BATCH * STEPS / trained,
        "infer": INFER / inferred,
        "loss": float(huber_loss(torch.as_tensor(found), data.gather(some)[2])),
        "parameters": sum(p.numel() for p in model.parameters()),
        "version": f"torch {torch.__version__}",
    }


def theirs(precision: str, seed: int) -> dict[str, Any]:
    """The same of the same network in Keras, trained by ``fit`` as the reference does."""
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "2"
    import tensorflow as tf
    from tensorflow import keras as k

    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    k.mixed_precision.set_global_policy(precision)
    k.utils.set_random_seed(seed)
    features, place, target = inputs()
    windows = np.lib.stride_tricks.sliding_window_view(features, WINDOW, axis=1).transpose(0, 1, 3, 2)
    windows = np.ascontiguousarray(windows)

    def batch(pairs: np.ndarray) -> tuple[list[np.ndarray], np.ndarray]:
        station, day = pairs.T
        return [windows[station, day - WINDOW + 1], place[station]], target[station, day]

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
    out = k.layers.Dense(1, dtype="float32")(k.layers.Dense(256, activation="relu")(z))
    model = k.Model([series, vector], out)
    model.compile(optimizer=k.optimizers.Adam(1e-3), loss=k.losses.Huber(delta=1.0))
    first = model.get_weights()

    x, y = batch(rows(BATCH * STEPS, 10 + seed))
    model.fit([part[:BATCH] for part in x], y[:BATCH], batch_size=BATCH, verbose=0)  # builds the graph
    model.set_weights(first)
    model.optimizer.build(model.trainable_variables)
    for variable in model.optimizer.variables:
        if variable is not model.optimizer.learning_rate and "learning_rate" not in variable.path:
            variable.assign(np.zeros(variable.shape, variable.dtype))
    started = time.process_time()
    model.fit(x, y, batch_size=BATCH, epochs=1, shuffle=False, verbose=0)
    trained = time.process_time() - started
    x, y = batch(rows(INFER, 2))
    model.predict([part[:BATCH] for part in x], batch_size=4096, verbose=0)
    started = time.process_time()
    found = model.predict(x, batch_size=4096, verbose=0)[:, 0]
    inferred = time.process_time() - started
    away = np.abs(found - y)
    return {
        "train": BATCH * STEPS / trained,
        "infer": INFER / inferred,
        "loss": float(np.where(away <= 1, away**2 / 2, away - 0.5).mean()),
        "parameters": model.count_params(),
        "version": f"tensorflow {tf.__version__}, keras {k.__version__}",
    }


def ceiling() -> tuple[float, float]:
    """What bounds all: GFLOP/s of a plain matrix product in float32, and GFLOP of one sample's training step.

    Multiply-adds of the recurrent layers alone (units x (inputs + units) x 4 gates x 2 directions x days), times two
    operations, times three for the forward pass and the two products of the backward pass.
    """
    import torch

    torch.set_num_threads(1)
    left, right = torch.randn(1024, 1024), torch.randn(1024, 1024)
    left @ right
    spent = []
    for _ in range(5):
        started = time.process_time()
        for _ in range(10):
            left @ right
        spent.append(time.process_time() - started)
    rate = 10 * 2 * 1024**3 / min(spent) / 1e9
    layers = ((FEATURES, 256), (512, 128), (256, 128))
    return rate, sum(4 * 2 * units * (inputs + units) for inputs, units in layers) * WINDOW * 2 * 3 / 1e9


def apart(what: str, *words: str, limited: bool = False) -> Any:
    """What one side measures, in a process of its own."""
    sys.path.insert(0, str(SRC))
    from placeprior.provenance import processor

    python = KERAS_ENV / "bin" / "python" if what == "keras" else sys.executable
    variables = processor.LIMITS if limited else processor.LIFTED
    ours = variables | {"PYTHONPATH": str(SRC)} if what != "keras" else {}
    env = os.environ | {"OMP_NUM_THREADS": "1"} | ours
    done = subprocess.run([str(python), str(HERE), what, *words], env=env, capture_output=True, text=True)
    if done.returncode:
        why = done.stderr.strip().splitlines()[-1].removeprefix("  what():").strip()
        raise ChildProcessError(why.partition(". ")[0])
    return json.loads(done.stdout.strip().splitlines()[-1])


def line(name: str, best: dict[str, dict[str, Any]]) -> str:
    """A line of the table: ratios to the first line, rates, loss, memory."""
    one, base = best[name], best[FIRST]
    ratios = "".join(f"{one[key] / base[key]:13.2f}" for key in ("train", "infer"))
    return f"{name:26}{ratios}{one['train']:10,.0f}{one['infer']:10,.0f}{one['loss']:10.4f}{one['memory']:8,.0f}"


def table(rounds: list[dict[str, dict[str, Any]]], failed: dict[str, str], rate: float, work: float) -> str:
    """The table of what all rounds found, and of what could not run here."""
    from placeprior.provenance import processor

    best = {}
    for name in LINES:
        if each := [one[name] for one in rounds if name in one]:
            best[name] = each[0] | {key: max(one[key] for one in each) for key in ("train", "infer", "memory")}
    whole = [one for one in rounds if set(one) == set(best)]  # losses are compared where all have one of a seed
    for name in best:
        best[name]["loss"] = float(np.mean([one[name]["loss"] for one in whole]))
    counts = sorted({sum(name in one for one in rounds) for name in best})
    times = f"best of {' or '.join(map(str, counts))}"
    spread = max(np.ptp([one[name]["loss"] for one in whole]) for name in best)
    seeds = f"mean of {len(whole)} seeds, at most {spread:.4f} apart" if len(whole) > 1 else "of one seed"
    own = next(one for name, one in best.items() if LINES[name][0] == "ours")
    lines = [
        f"paper-size model, {own['parameters']:,} parameters (Keras {best[FIRST]['parameters']:,}: one LSTM bias "
        f"vector less), {WINDOW} days x {FEATURES} features, batch {BATCH}; one thread, processor time, sides in "
        f"turns, {times}, at a load of {os.getloadavg()[0]:.1f}; {processor.stamp()['processor']}",
        f"{'network':26}{'train ratio':>13}{'infer ratio':>13}{'train/s':>10}{'infer/s':>10}{'loss':>10}{'MiB':>8}",
        *(line(name, best) for name in best),
        *(f"{name:26} could not run here: {why}" for name, why in failed.items()),
        f"the ratio is to Keras in float32; the loss that of {INFER:,} rows that were not seen, after {STEPS} steps, "
        f"{seeds}",
        f"in float32 no code can train faster than {rate / work:,.0f} samples/s on a core here: a matrix product "
        f"reaches {rate:,.0f} GFLOP/s, and the recurrent layers alone need {work:.2f} GFLOP a sample",
        f"{own['version']}, {best[FIRST]['version']}",
    ]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Set Keras up where needed, run all lines in turns, keep the table, print it."""
    python = KERAS_ENV / "bin" / "python"
    check = [str(python), "-c", "import tensorflow"]
    if not python.exists() or subprocess.run(check, capture_output=True).returncode:
        print("setting up Keras in .venv-keras", flush=True)
        venv.create(KERAS_ENV, with_pip=True)
        subprocess.run([str(python), "-m", "pip", "install", "-q", "tensorflow-cpu", "numpy"], check=True)
    rounds: list[dict[str, dict[str, Any]]] = []
    failed: dict[str, str] = {}
    rate, work = apart("ceiling")
    for seed in range(ROUNDS):
        rounds.append(found := {})
        for name, (what, precision, instructions) in LINES.items():
            if name in failed:
                continue
            try:
                found[name] = apart(what, precision, str(seed), limited=instructions == "limited")
            except ChildProcessError as error:
                if what == "ours" or name == FIRST:
                    raise
                failed[name] = str(error)  # TensorFlow's own bfloat16 has no kernel on some processors
            print(f"round {seed + 1}, {name}: {found.get(name, 'failed')}", file=sys.stderr, flush=True)
            # Whole rounds, or what there is of the first.
            if name == tuple(LINES)[-1] or (not seed and name != FIRST):
                HERE.with_suffix(".txt").write_text(text := table(rounds, failed, rate, work), encoding="utf-8")
    print(text, end="")


if __name__ == "__main__":
    if sys.argv[1:] == ["ceiling"]:
        print(json.dumps(ceiling()))
    elif len(sys.argv) == 4:
        result = {"ours": ours, "keras": theirs}[sys.argv[1]](sys.argv[2], int(sys.argv[3]))
        print(json.dumps(result | {"memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}))
    else:
        main()
