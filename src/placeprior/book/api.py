"""The public interface, in one place: what a program of yours may lean on.

What is listed here keeps its name and its parameters: ``tests/golden/signatures.txt`` holds them, and a test compares.
The page *In Python* shows the same. Everything else may change with any version.
"""

from __future__ import annotations

import inspect
from types import ModuleType
from typing import Any

from placeprior import coords, encoders, errors, geobias
from placeprior.data import cube
from placeprior.runs import regressor
from placeprior.space import splits, validators

PUBLIC: dict[ModuleType, tuple[str, ...]] = {
    encoders: ("LocationFeatures", "list_encoders", "load", "embed", "adopt"),
    validators: ("Checkerboard", "SpatialBlocks", "NearestNeighbourMatched", "LeaveRegionOut"),
    regressor: ("PlaceRegressor",),
    cube: ("from_table", "from_csv", "check_cube"),
    splits: ("split", "folds"),
    coords: ("check_lonlat", "great_circle_km", "nearest_km"),
    geobias: ("ssi", "sri"),
    errors: ("PlacePriorError", "CoordinateError", "CubeError", "ConfigError", "UnknownName", "StoreError"),
}


def public() -> dict[str, Any]:
    """Every public object by its full name, in the order of :data:`PUBLIC`."""
    return {f"{module.__name__}.{name}": getattr(module, name) for module, names in PUBLIC.items() for name in names}


def methods(kind: type) -> dict[str, Any]:
    """A class's own public methods, those of the package's classes it stands on included, scikit-learn's not."""
    found = {}
    for base in reversed(kind.__mro__):
        if base.__module__.startswith("placeprior."):
            found |= {name: each for name, each in vars(base).items() if not name.startswith(("_", "set_"))}
    return {name: getattr(kind, name) for name, each in sorted(found.items()) if callable(getattr(kind, name, None))}


def signatures() -> str:
    """What a caller writes, a line each: functions, classes, methods, with names and defaults of parameters."""
    lines = []
    for name, each in public().items():
        if inspect.isclass(each) and issubclass(each, Exception):
            lines.append(f"{name}({each.__mro__[1].__name__})")
            continue
        lines.append(f"{name}{_parameters(each)}")
        if inspect.isclass(each):
            lines += [f"{name}.{method}{_parameters(own)}" for method, own in methods(each).items()]
    return "\n".join(lines) + "\n"


def _parameters(each: Any) -> str:
    """Names, kinds and defaults; types are told in the documentation."""
    found = inspect.signature(each)
    plain = [one.replace(annotation=one.empty) for one in found.parameters.values()]
    return str(found.replace(parameters=plain, return_annotation=inspect.Signature.empty))
