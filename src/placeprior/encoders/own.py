"""An encoder of one's own: a table of vectors, a function or a network joins the registry by one call of `adopt`.

``runs.yml`` can name it as well (section ``encoders``), so that every process that makes runs knows it.
"""

from __future__ import annotations

import copy
import hashlib
import importlib
import inspect
import operator
import os
import re
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property, lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from threadpoolctl import threadpool_limits

from placeprior.coords import CONUS_BOX, check_lonlat, inside
from placeprior.encoders.registry import Encoder, list_encoders, load, register
from placeprior.encoders.table import Table, said
from placeprior.errors import ConfigError, MissingWeights, PlacePriorError

if TYPE_CHECKING:
    import torch

CHUNK = 4096
PROBES = 64  # places at which a function is asked what it is
ALIKE = 1e-3  # of the largest number: arithmetic in other batches differs by less, another answer by more
NAME = re.compile(r"[a-z0-9][a-z0-9.+_-]*")
PLAIN = (bool, int, float, str, tuple, list)

Vectors = NDArray[np.float32]


def adopt(name: str, source: Any, *, trained: bool = False) -> Encoder:
    """Register a foreign encoder, so that everything here runs with it: ``<name>/hadamard`` in ``runs.yml`` and so on.

    Parameters
    ----------
    name : str
        A new name: small letters, digits, dashes, such as ``"alphaearth"``.
    source
        One of

        - a table of vectors: the path of a Parquet, CSV or NetCDF file, a pandas DataFrame or an xarray Dataset, with
          columns ``lon``, ``lat``, ``e0``, ``e1``, … (:class:`Table`), as ``placeprior embed`` writes;
        - a function: lonlat (n, 2), degrees, float64 -> (n, d), array or tensor;
        - a ``torch.nn.Module``: lonlat (n, 2), degrees, tensor of its own precision -> (n, d). A copy is used, frozen
          and in evaluation mode.
    trained : bool
        Whether a ``torch.nn.Module`` goes on learning with the network, from the weights that it has now.

    Returns
    -------
    Encoder
        As `placeprior.encoders.load` gives it from now on, in this process.

    Raises
    ------
    ConfigError
        The name is taken by another encoder, or the source is none of these or gives no vectors.
    CubeError, MissingData
        The table breaks the format, or is absent.
    """
    encoder = _made(name, source, trained)
    _ = encoder.places if isinstance(encoder, Table) else encoder.dim  # what cannot encode is refused at once
    if name in list_encoders():
        known = load(name)
        if known.fingerprint != encoder.fingerprint:
            raise ConfigError(
                f"an encoder {name!r} with other vectors exists already; choose another name, or start a new process"
            )
        return known
    register(name, partial(_give, encoder))
    return encoder


def declare(name: str, spec: dict[str, Any], folder: Path) -> None:
    """Register what ``runs.yml`` says about an encoder; it is looked for when first asked for.

    Parameters
    ----------
    name : str
    spec : dict
        ``table``: a path, or ``python``: ``"package.module:attribute"``; with it ``trained``, as in `adopt`.
    folder : Path
        The project's, which paths start from and modules are found in.

    Raises
    ------
    ConfigError
        The name is taken, or cannot be one.
    """
    _refuse_name(name)
    factory = _declared(name, folder, spec.get("table"), spec.get("python"), spec.get("trained", False))
    list_encoders()  # registers the package's own first
    try:
        register(name, factory)
    except ValueError:
        raise ConfigError(
            f"encoder {name!r} in runs.yml: an encoder of that name exists already; choose another name, "
            "or start a new process if it was changed"
        ) from None


@dataclass(frozen=True)
class _Declared:
    """Finds a declared encoder the first time it is asked for, and gives the same one from then on."""

    name: str
    folder: Path
    table: str | None
    python: str | None
    trained: bool

    def __call__(self, weights: Path | None) -> Encoder:
        return _give(self.encoder, weights)

    @cached_property
    def encoder(self) -> Encoder:
        source = self._attribute() if self.table is None else self.folder / Path(self.table).expanduser()
        return _made(self.name, source, self.trained)

    def _attribute(self) -> Any:
        module, _, attribute = self.python.partition(":")
        if str(self.folder) not in sys.path:  # stays there: a function may import more when it is called
            sys.path.insert(0, str(self.folder))
        importlib.invalidate_caches()
        try:
            return operator.attrgetter(attribute)(importlib.import_module(module))
        except Exception as error:  # a foreign module can fail in any way
            raise ConfigError(
                f"encoder {self.name!r} in runs.yml: {self.python!r} cannot be imported "
                f"({said(error)}); put {module} into the project's folder, or install what it "
                "needs"
            ) from error


_declared = lru_cache(_Declared)  # the same entry is the same factory, which may be registered again


def _refuse_name(name: Any) -> None:
    if not isinstance(name, str) or not NAME.fullmatch(name):
        raise ConfigError(f"an encoder cannot be named {name!r}; use small letters, digits, dashes and points")


def _give(encoder: Encoder, weights: Path | None) -> Encoder:
    if weights is not None:
        raise MissingWeights(
            f"encoder {encoder.name!r} was adopted with what it needs, but was given {weights}; leave the weights out"
        )
    return encoder


def _made(name: str, source: Any, trained: bool) -> Encoder:
    """The encoder around a source. A library that was never imported cannot have made it."""
    _refuse_name(name)
    torch, pandas, xarray = (sys.modules.get(library) for library in ("torch", "pandas", "xarray"))
    if torch and isinstance(source, torch.nn.Module):
        network = Network(name, copy.deepcopy(source).eval())
        return Trained(network) if trained else network
    if trained:
        raise ConfigError(
            f"encoder {name!r} is to be trained, but is a {type(source).__name__}; only a torch.nn.Module can be"
        )
    if isinstance(source, (str, os.PathLike)):
        return Table(name, Path(source))
    if (pandas and isinstance(source, pandas.DataFrame)) or (xarray and isinstance(source, xarray.Dataset)):
        return Table(name, source.copy(deep=True))
    if callable(source) and not isinstance(source, type):
        return Function(name, source)
    what = f"the class {source.__name__}" if isinstance(source, type) else f"of type {type(source).__name__}"
    raise ConfigError(
        f"encoder {name!r} is {what}; give a table, a torch.nn.Module, or a function or object that can be called"
    )


# --- functions and networks ------------------------------------------------------------------------------------------


class _Computed:
    """What encoders share that are asked for vectors: chunks, and a check of every answer."""

    name: str
    costly = True

    def _answer(self, places: NDArray[np.float64]) -> Any:
        raise NotImplementedError

    def __call__(self, lonlat: ArrayLike) -> Vectors:
        """Encode places: lonlat (n, 2), degrees -> (n, dim)."""
        places = check_lonlat(lonlat)
        parts = [self._ask(places[start : start + CHUNK], self.dim) for start in range(0, len(places), CHUNK)]
        return np.concatenate([np.empty((0, self.dim), np.float32), *parts])

    @property
    def dim(self) -> int:
        """Length of a vector, found by asking."""
        return self.probe.shape[1]

    @cached_property
    def probe(self) -> Vectors:
        """Vectors of `PROBES` fixed places, after asking for half of them again, alone and backwards."""
        places = _probes()
        with threadpool_limits(1):  # so that they do not depend on how many threads this process has
            vectors = self._ask(places, None)
            again = self._ask(places[::-2], vectors.shape[1])
        if not np.allclose(again, vectors[::-2], rtol=ALIKE, atol=ALIKE * np.abs(vectors).max()):
            raise ConfigError(
                f"encoder {self.name!r} gives a place another vector when asked again among others; a "
                "vector must depend on its place alone: seed what is random, scale by fixed numbers"
            )
        return vectors

    def _ask(self, places: NDArray[np.float64], dim: int | None) -> Vectors:
        """One answer, checked to be (n, dim) finite numbers."""
        try:
            answer = self._answer(places.copy())  # a copy: contiguous, and no harm done by a function that writes
            if hasattr(answer, "detach"):
                answer = answer.detach().cpu()
                answer = (answer.float() if answer.is_floating_point() else answer).numpy()
            if isinstance(answer, np.ma.MaskedArray):  # refused below, where something is masked
                answer = answer.astype(np.float64).filled(np.nan)
            answer = np.asarray(answer)
        except PlacePriorError:
            raise
        except Exception as error:  # a foreign function can fail in any way
            raise ConfigError(
                f"encoder {self.name!r} failed on {len(places)} places ({said(error)}); it is given "
                "lonlat (n, 2), longitude and latitude in degrees"
            ) from error
        well = answer.ndim == 2 and len(answer) == len(places) and answer.shape[1] > 0 and answer.dtype.kind in "fiu"
        if not well or answer.shape[1] != (dim or answer.shape[1]):
            raise ConfigError(
                f"encoder {self.name!r} gave {answer.dtype} of shape {answer.shape} for {len(places)} "
                f"places; it must give numbers of shape ({len(places)}, {dim or 'd'}), a row a place"
            )
        with np.errstate(over="ignore"):  # becomes an infinity, refused below
            vectors = answer.astype(np.float32)
        if (wrong := ~np.isfinite(vectors).all(axis=1)).any():
            lon, lat = places[wrong.argmax()]
            raise ConfigError(
                f"encoder {self.name!r} gives NaN or an infinity at lon={lon:.10g}, lat={lat:.10g} "
                f"({int(wrong.sum())} such places of {len(places)}); every place needs a finite vector"
            )
        return vectors


@dataclass(frozen=True)
class Function(_Computed):
    """A function as an encoder: lonlat (n, 2), degrees, float64 -> (n, d), array or tensor."""

    name: str
    function: Callable[[NDArray[np.float64]], Any]

    def _answer(self, places: NDArray[np.float64]) -> Any:
        return self.function(places)

    @cached_property
    def fingerprint(self) -> str:
        """Its name, and its vectors at the fixed places to the last bit.

        A processor whose arithmetic differs in the last bit makes it another run: to make runs of one matrix on several
        machines, write the vectors into a table (``placeprior embed``) and adopt that.
        """
        kind = self.function if hasattr(self.function, "__qualname__") else type(self.function)
        return f"function:{kind.__module__}.{kind.__qualname__}:{hashlib.sha256(self.probe.tobytes()).hexdigest()}"


@dataclass(frozen=True)
class Network(_Computed):
    """A network as an encoder, frozen: lonlat (n, 2), degrees, in its own precision and on its device -> (n, d)."""

    name: str
    network: torch.nn.Module

    def _answer(self, places: NDArray[np.float64]) -> torch.Tensor:
        import torch

        like = next((t for t in self._tensors().values() if t.is_floating_point()), torch.zeros(()))
        precision = torch.promote_types(like.dtype, torch.float32)  # half precision mistakes a place by kilometres
        with torch.inference_mode():
            return self.network(torch.as_tensor(places, dtype=precision, device=like.device))

    def _tensors(self) -> dict[str, torch.Tensor]:
        return {**dict(self.network.named_parameters()), **dict(self.network.named_buffers())}

    @cached_property
    def fingerprint(self) -> str:
        """Its weights, layers and settings, and the source of its own classes where Python can show it."""
        import torch

        total = hashlib.sha256()
        for place, part in self.network.named_modules():
            settings = sorted((key, value) for key, value in vars(part).items() if isinstance(value, PLAIN))
            kind = type(part)
            total.update(f"{place} {kind.__module__}.{kind.__qualname__} {settings} {_source(kind)}".encode())
        for key, tensor in self._tensors().items():
            total.update(f"{key} {tensor.dtype} {tuple(tensor.shape)}".encode())
            total.update(tensor.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy().tobytes())
        return f"network:{total.hexdigest()}"


@dataclass(frozen=True)
class Trained:
    """A network that goes on learning in each run; by itself, longitude and latitude, which it reads."""

    start: Network
    costly = False

    @property
    def name(self) -> str:
        """As adopted."""
        return self.start.name

    @property
    def dim(self) -> int:
        """Longitude and latitude, after one look at what the network makes of them."""
        _ = self.start.dim
        return 2

    @property
    def fingerprint(self) -> str:
        """Where it starts."""
        return f"trained:{self.start.fingerprint}"

    def __call__(self, lonlat: ArrayLike) -> Vectors:
        """Places as they are: lonlat (n, 2), degrees -> (n, 2), float32, to less than a metre."""
        return check_lonlat(lonlat).astype(np.float32)

    def module(self, generator: torch.Generator) -> torch.nn.Module:
        """A copy of the network as it was adopted; nothing is drawn."""
        import torch

        from placeprior.encoders.basis.heads import Centred

        class Distinct(torch.nn.Module):
            """lonlat (n, 2), degrees -> (n, d), float32; many rows of a batch are days of one place, encoded once."""

            def __init__(self, network: torch.nn.Module) -> None:
                super().__init__()
                self.network = network.float()

            def forward(self, lonlat: torch.Tensor) -> torch.Tensor:
                places, row = torch.unique(lonlat, dim=0, return_inverse=True)
                return self.network(places).float()[row]

        return Centred(Distinct(copy.deepcopy(self.start.network)), self.start.dim)


def _probes() -> NDArray[np.float64]:
    """The fixed places, on the land of the contiguous US, shape (PROBES, 2)."""
    west, south, east, north = CONUS_BOX
    drawn = np.random.default_rng(0).uniform((west, south), (east, north), (4 * PROBES, 2))
    return drawn[inside(drawn)][:PROBES]


def _source(kind: type) -> str:
    """Source of a class and its parents' methods, but for PyTorch's."""
    own = [parent for parent in kind.__mro__ if parent.__module__.partition(".")[0] not in ("torch", "builtins")]
    found = []
    for method in (value for parent in own for value in vars(parent).values() if inspect.isfunction(value)):
        with suppress(OSError, TypeError):  # typed at a prompt
            found.append(inspect.getsource(method))
    return "\n".join(found)
