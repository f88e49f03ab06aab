"""The sixteen encoders that TorchSpatial publishes: what each is, where its weights are found, how they are fetched.

``torchspatial.csv`` beside this module holds a row for each, but no weights: the file below ``pre_trained_models/`` in
the authors' repository at :data:`COMMIT`, its SHA-256, that of the location part's tensors (:func:`digest`), and the
settings with which it was trained. ``known_as`` is the name by which runs know the weights: the SHA-256 of the file to
which they were first converted. It checks nothing; another conversion of the same tensors is as good.

A published file is a PyTorch checkpoint with the optimiser's state and the layer that names classes of images.
:func:`fetch` keeps the location part alone, as ``<name>.safetensors`` in the cache (:mod:`placeprior.encoders.hub`).
"""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from placeprior.encoders import hub
from placeprior.errors import MissingWeights, UnknownName
from placeprior.files.replacing import replacing

if TYPE_CHECKING:
    import torch

#: Where the checkpoints are published, under the MIT licence.
ADDRESS = "https://github.com/seai-lab/TorchSpatial"
COMMIT = "9f8d833"
FOLDER = "pre_trained_models"
#: Tensors of the location part, as the published programs name them; ``rff`` also keeps what was drawn for its basis.
HEAD = tuple(
    f"ffn.layers.{layer}.{kind}" for layer in ("0.linear", "0.layernorm", "1.linear") for kind in ("weight", "bias")
)
DRAWN = ("position_encoder.dirvec", "position_encoder.shift")


@dataclass(frozen=True)
class Published:
    """One published encoder.

    Parameters
    ----------
    name : str
        ``<encoder>-<corpus>``.
    file : str
        The checkpoint, below ``pre_trained_models/``.
    checkpoint, tensors : str
        SHA-256 of the checkpoint and, as :func:`digest` says, of its location part.
    known_as : str
        What runs know the weights by.
    settings : mapping
        Hyperparameters that the formula and the head read, as text.
    """

    name: str
    file: str
    checkpoint: str
    tensors: str
    known_as: str
    settings: Mapping[str, str]

    @property
    def encoder(self) -> str:
        """The architecture: the name without the corpus."""
        return self.name.rpartition("-")[0]

    @property
    def drawn(self) -> bool:
        """Whether the basis was drawn at random, and is part of the weights."""
        return self.encoder == "rff"

    @property
    def parts(self) -> tuple[str, ...]:
        """Names of the location part's tensors."""
        return (*HEAD, *(DRAWN if self.drawn else ()))

    @property
    def address(self) -> str:
        """Where the checkpoint is fetched from."""
        return f"{ADDRESS}/raw/{COMMIT}/{FOLDER}/{quote(self.file)}"

    @property
    def path(self) -> Path:
        """The weights file; where there is none, a `MissingWeights` says how to get it."""
        path = hub.find(file := f"{self.name}.safetensors")
        if path is None:
            where = " or ".join(str(folder) for folder in hub.folders())
            raise MissingWeights(
                f"the weights of {self.name} are not at hand: no {file} in {where}; name its folder in "
                f"PLACEPRIOR_WEIGHTS, or fetch them once over the network: placeprior weights {self.name}"
            )
        return path


def _listed() -> dict[str, Published]:
    text = (resources.files("placeprior.encoders") / "torchspatial.csv").read_text(encoding="utf-8")
    own = ("name", "file", "checkpoint", "tensors", "known_as")
    return {
        row["name"]: Published(*(row[key] for key in own), {k: row[k] for k in row if k not in own})
        for row in csv.DictReader(text.splitlines())
    }


PUBLISHED = _listed()


def digest(tensors: Mapping[str, torch.Tensor]) -> str:
    """SHA-256 of tensors: for each, by name, a line with name and shape, then its values (little-endian float32)."""
    found = hashlib.sha256()
    for name in sorted(tensors):
        values = tensors[name].detach().cpu().numpy().astype("<f4", copy=False)
        found.update(f"{name} {list(values.shape)}\n".encode() + values.tobytes())
    return found.hexdigest()


def check(path: Path, tensors: Mapping[str, torch.Tensor], published: Published) -> None:
    """Compare what was read from a file with what was published.

    Raises
    ------
    MissingWeights
        They are other weights.
    """
    if (found := digest(tensors)) != published.tensors:
        raise MissingWeights(
            f"{path} does not hold the published {published.name}: the SHA-256 of its tensors starts with "
            f"{found[:16]}, expected {published.tensors[:16]}; remove it and fetch it again: placeprior weights "
            f"{published.name}"
        )


def read(path: Path) -> dict[str, torch.Tensor]:
    """The tensors of a weights file.

    Raises
    ------
    MissingWeights
        It cannot be read as safetensors.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        return load_file(path)
    except (OSError, SafetensorError) as error:
        raise MissingWeights(f"{path} cannot be read as safetensors ({error}); name another file") from error


def fetch(name: str) -> Path:
    """Find the weights of an encoder, or make them of its checkpoint, fetched over the network if it is not at hand.

    Parameters
    ----------
    name : str
        Such as ``"xyz-yfcc"``.

    Returns
    -------
    Path
        A file that holds what was published, in a folder where the encoder finds it by itself.

    Raises
    ------
    UnknownName
        No published encoder has that name.
    MissingWeights
        They cannot be had, or are something else.
    """
    if name not in PUBLISHED:
        raise UnknownName("encoder of TorchSpatial", name, PUBLISHED)
    published = PUBLISHED[name]
    path, found = hub.cache() / f"{name}.safetensors", hub.find(f"{name}.safetensors")
    if found is not None and (found != path or _is_good(path, published)):
        check(found, read(found), published)
        return found
    checkpoint = Path(published.file).name
    by_hand = f"or put {checkpoint} from {ADDRESS} into a folder that PLACEPRIOR_WEIGHTS names and ask again"
    with hub.fetching(path, by_hand):
        if not _is_good(path, published):  # another process may just have fetched it
            _convert(path, published, hub.find(checkpoint))
    return path


def _is_good(path: Path, published: Published) -> bool:
    try:
        check(path, read(path), published)
    except MissingWeights:
        return False
    return True


def _convert(path: Path, published: Published, checkpoint: Path | None) -> None:
    """Put the location part of a checkpoint, at hand or fetched, into its place when it is what was published."""
    from safetensors.torch import save_file

    part = path.with_name(f".{path.stem}.pth.tar.part")
    if checkpoint is None:
        hub.bring(published.address, part, published.checkpoint, origin=ADDRESS)
    try:
        tensors = _location_part((checkpoint or part).read_bytes(), published)
        check(checkpoint or part, tensors, published)
    except ValueError as error:
        raise MissingWeights(f"{published.file} of {ADDRESS} does not give {published.name}: {error}") from error
    about = {
        "name": published.name,
        "source": f"{ADDRESS} {COMMIT} {FOLDER}/{published.file}",
        "source_sha256": published.checkpoint,
        "licence": "MIT",
    }
    with replacing(path) as aside:
        save_file(tensors, aside, metadata=about | dict(published.settings))
    part.unlink(missing_ok=True)


def _location_part(content: bytes, published: Published) -> dict[str, torch.Tensor]:
    """Tensors of a checkpoint that encode a place, by their own names; a ValueError says why there are none."""
    import torch

    found = hub.unpickled(content)
    state = found.get("state_dict") if isinstance(found, dict) else None
    if not isinstance(state, dict):
        raise ValueError("it is another model's, without a 'state_dict'")
    tensors = {}
    for name in published.parts:
        # The location encoder is a part of a larger model, whose name for it comes first.
        named = [tensor for key, tensor in state.items() if f".{key}".endswith(f".{name}")]
        if len(named) != 1 or not isinstance(named[0], torch.Tensor):
            raise ValueError(f"it holds {len(named)} tensors called {name!r}, not one")
        tensors[name] = named[0].float().contiguous()
    return tensors
