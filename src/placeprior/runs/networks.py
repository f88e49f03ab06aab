"""A run's network: with the weights that its seed draws, or with those it was trained to."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch

from placeprior import encoders
from placeprior.arms import HEAD_ONLY
from placeprior.errors import ConfigError, StoreError
from placeprior.network.fusion import HEAD
from placeprior.network.model import PlaceModel
from placeprior.network.sizes import Config
from placeprior.network.training import estimate
from placeprior.network.windows import Scaler, Windows
from placeprior.provenance import processor
from placeprior.runs import store
from placeprior.runs.plan import Run

ENCODER_STREAM = 1_000_000  # keeps an encoder's seeds apart from the network's (`Run.stream`)
TOGETHER = 256  # rows that are estimated at once, where no estimate may depend on another
THREADS = 1  # one thread a run: bit-equal results, and runs share the cores


def trainable(run: Run) -> torch.nn.Module | None:
    """The part of the run's encoder that is trained with the network, with the weights it starts from; or None."""
    return starting(run.variant, run.stream) if run.tells_place else None


def starting(encoder: str, stream: int) -> torch.nn.Module | None:
    """The part of an encoder that is trained with a network, with the weights it starts from; or None.

    What is random in them is drawn from a stream of its own, apart from the network's (:func:`build`).
    """
    loaded = encoders.load(encoder)
    if not hasattr(loaded, "module"):
        return None
    return loaded.module(torch.Generator().manual_seed(ENCODER_STREAM + stream))


def build_model(run: Run, n_features: int, dim: int, module: torch.nn.Module | None = None) -> PlaceModel:
    """The run's network with its initial weights, which the seed and the fold decide.

    Parameters
    ----------
    run : Run
    n_features, dim : int
        Predictors a day, and numbers that tell the place.
    module : torch.nn.Module, optional
        Turns these numbers into the place vector, and is trained with the rest.
    """
    fusion = HEAD if run.variant == HEAD_ONLY else run.fusion
    return build(run.settings, fusion, n_features, dim, run.stream, module)


def build(
    config: Config, fusion: str, n_features: int, dim: int, stream: int, module: torch.nn.Module | None = None
) -> PlaceModel:
    """A network with the initial weights that a seed draws; see :func:`build_model`."""
    return PlaceModel(
        n_features,
        dim if module is None else module.dim,
        fusion,
        width=config.width,
        summary=config.summary,
        dropout=config.dropout,
        precision=config.precision,
        encoder=module,
        generator=torch.Generator().manual_seed(stream),
    )


def needs_process(run: Run) -> bool:
    """Whether a run's network needs a process of its own: its arithmetic takes instructions that are kept from this."""
    return run.config.get("precision") == "bfloat16" and processor.is_limited() and not torch.cuda.is_available()


def restore(run: Run) -> tuple[PlaceModel, dict[str, Scaler]]:
    """A stored run's network with its best weights, and its scalers.

    Returns
    -------
    model : PlaceModel
    scalers : dict
        ``x_scale``, ``y_scale`` and, where a place is told, ``place_scale``.

    Raises
    ------
    StoreError
        If the run is not stored, or its weights are of another model.
    ConfigError
        It cannot compute in this process (:func:`needs_process`).
    """
    if needs_process(run):
        variables = " ".join(f"{name}={value}" for name, value in processor.LIFTED.items())
        raise ConfigError(
            f"run {run.id} computes in bfloat16, with instructions that this process is kept from; "
            f"set {variables} before Python starts"
        )
    try:
        return restored(run, store.tensors(run.id))
    except (RuntimeError, ValueError, KeyError) as error:
        raise StoreError(
            f"the weights of run {run.id} do not fit its model; remove {store.place(run.id)} and run "
            f"`placeprior runs run {run.id}`"
        ) from error


def restored(run: Run, tensors: dict[str, torch.Tensor]) -> tuple[PlaceModel, dict[str, Scaler]]:
    """A run's network and scalers from its tensors; ValueError, KeyError or RuntimeError where they are another's."""
    scalers = {
        name: Scaler(tensors[f"{name}.mean"].numpy(), tensors[f"{name}.scale"].numpy())
        for name in ("x_scale", "y_scale", "place_scale")
        if f"{name}.mean" in tensors
    }
    dim = scalers["place_scale"].mean.size if "place_scale" in scalers else 0
    model = build_model(run, scalers["x_scale"].mean.size, dim, trainable(run))
    model.load_state_dict({k[6:]: v for k, v in tensors.items() if k.startswith("model.")})
    return model.eval(), scalers


@contextmanager
def one_thread() -> Iterator[None]:
    """One thread while the block runs: bit-equal results, and searches share the cores."""
    before = torch.get_num_threads()
    torch.set_num_threads(THREADS)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def alike(model: PlaceModel, windows: Windows, rows: torch.Tensor) -> np.ndarray:
    """Scaled estimates of n rows, (n,), in batches of one size, so that no bit depends on who else is asked."""
    missing = -len(rows) % TOGETHER
    padded = torch.cat([rows, rows[:1].expand(missing, 2)])
    return np.concatenate([estimate(model, windows, part)[0] for part in padded.split(TOGETHER)])[: len(rows)]
