"""A run's network: with the weights that its seed draws, or with those it was trained to."""

from __future__ import annotations

import torch

from placeprior import encoders
from placeprior.arms import HEAD_ONLY
from placeprior.errors import StoreError
from placeprior.network.fusion import HEAD
from placeprior.network.model import PlaceModel
from placeprior.network.windows import Scaler
from placeprior.runs import store
from placeprior.runs.plan import Run

ENCODER_STREAM = 1_000_000  # keeps an encoder's seeds apart from the network's (`Run.stream`)
THREADS = 1  # one thread a run: bit-equal results, and runs share the cores


def trainable(run: Run) -> torch.nn.Module | None:
    """The part of the run's encoder that is trained with the network, with the weights it starts from; or None.

    What is random in them is drawn from a stream of its own, apart from the network's (:func:`build_model`).
    """
    if not run.tells_place:
        return None
    encoder = encoders.load(run.variant)
    if not hasattr(encoder, "module"):
        return None
    return encoder.module(torch.Generator().manual_seed(ENCODER_STREAM + run.stream))


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
    config = run.settings
    fusion = HEAD if run.variant == HEAD_ONLY else run.fusion
    return PlaceModel(
        n_features,
        dim if module is None else module.dim,
        fusion,
        width=config.width,
        summary=config.summary,
        dropout=config.dropout,
        precision=config.precision,
        encoder=module,
        generator=torch.Generator().manual_seed(run.stream),
    )


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
    """
    try:
        return restored(run, store.tensors(run.id))
    except (RuntimeError, ValueError, KeyError) as error:
        raise StoreError(
            f"the weights of run {run.id} do not fit its model; remove {store.store() / run.id} and run "
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
