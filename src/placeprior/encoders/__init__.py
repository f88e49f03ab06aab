"""Everything that turns a place into a vector: a registry, and a cache of what was encoded before.

An encoder joins by one call, ``register(name, factory)``, from anywhere. The modules of this package that do so are
named here; none imports PyTorch, or reads weights, before its encoder is loaded. No weights lie here: they come in
packages of their own, or are fetched at their user's wish (:mod:`placeprior.encoders.hub`). Nothing here knows what is
estimated at a place.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

# Each registers its encoders.
from placeprior.encoders import basis, controls, coordinates, geoclip, homegrown, hybrid, pretrained, satclip  # noqa: F401
from placeprior.encoders.basis import position
from placeprior.encoders.embedding import embed, fit
from placeprior.encoders.own import adopt
from placeprior.encoders.registry import Encoder, is_at_hand, list_encoders, load, register, require

if TYPE_CHECKING:
    from placeprior.encoders.features import LocationFeatures

__all__ = [
    "Encoder",
    "LocationFeatures",
    "adopt",
    "embed",
    "fit",
    "is_at_hand",
    "list_encoders",
    "load",
    "position",
    "register",
    "require",
]


def __getattr__(name: str) -> Any:
    if name == "LocationFeatures":  # when first asked for: scikit-learn takes longer to import than a list of runs
        from placeprior.encoders.features import LocationFeatures

        return LocationFeatures
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
