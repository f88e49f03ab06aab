"""What encoders' vectors are probed for: which places, what is known of them, which encoders, and their vectors there.

:class:`Vectors` alone asks the encoders; what is read from them is in :mod:`placeprior.evidence.prior` and
:mod:`placeprior.evidence.upstream`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from placeprior import data, encoders
from placeprior.arms import BASES
from placeprior.encoders import pretrained
from placeprior.evidence import kept
from placeprior.evidence.gallery import SATCLIP, TRAINED
from placeprior.runs import configuration, store
from placeprior.scores import probes
from placeprior.space.splits import lonlat_of

Floats = NDArray[np.float64]

REAL, TASK = "aqs", "weather-2019"  # profile and task whose monitors the pages ask about
WR, OOR = "spatial", "checkerboard-16"  # test places among the training places, and far from them
#: Encoders that are no pair of a basis and a corpus.
OTHERS = ("lonlat", "siren-sh", "slepian", "geoclip", "geoclip-slepian")


def measured(real: str, task: str) -> pd.DataFrame:
    """Monitors with committed measurements (:func:`placeprior.scores.probes.monitors`); empty where there are none."""
    return probes.monitors(store.scores(real), store.sums(real), task)


def monitors(real: str, task: str, profile: str) -> tuple[pd.DataFrame, bool]:
    """Where facts are asked: monitors with committed measurements or, where there are none, the embedded world's.

    Parameters
    ----------
    real, task : str
        Profile and task of the measurements.
    profile : str
        Of the embedded world.

    Returns
    -------
    places : pandas.DataFrame
        ``lon, lat``, and, of measurements, ``name`` and ``pm25``.
    are_measured : bool
    """
    places = measured(real, task)
    if len(places):
        return places, True
    world = next(iter(configuration.profile(profile)["tasks"].values()))
    cube = data.load(world["load"], **world.get("options", {}))
    return pd.DataFrame(lonlat_of(cube), columns=["lon", "lat"]), False


def known(places: pd.DataFrame) -> pd.DataFrame:
    """What is known of each place: :func:`placeprior.scores.probes.truth`, and ``pm25`` where it was measured."""
    found = probes.truth(places[["lon", "lat"]].to_numpy())
    return found.assign(pm25=places["pm25"].to_numpy()) if "pm25" in places else found


def pairs() -> dict[str, dict[str, tuple[str, str]]]:
    """Architectures that were published for both corpora, in the book's order, and what else differs in the two files.

    Returns
    -------
    dict
        As :func:`placeprior.encoders.pretrained.unlike`, by architecture; empty for an exact pair.
    """
    files = pretrained.names()
    return {base: pretrained.unlike(base) for base in BASES if len(files.get(base, ())) == 2}


def exact() -> list[str]:
    """Architectures whose two published files differ in nothing but the corpus."""
    return [base for base, unlike in pairs().items() if not unlike]


def others() -> list[str]:
    """:data:`OTHERS`, and SatCLIP where its weights are here."""
    return [*OTHERS, *filter(encoders.is_at_hand, SATCLIP)]


def trained(base: str) -> list[str]:
    """One architecture with random weights and trained on each corpus.

    >>> trained("xyz")
    ['xyz-untrained', 'xyz-fmow', 'xyz-yfcc']
    """
    return [f"{base}-{how}" for how in TRAINED]


class Vectors(Mapping[str, Floats]):
    """Vectors of places by encoder, each (n, dim), made when they are first looked at.

    Parameters
    ----------
    names : iterable of str
    lonlat : ndarray, shape (n, 2)
    """

    def __init__(self, names: Iterable[str], lonlat: Floats) -> None:
        self.lonlat, self._made = lonlat, dict.fromkeys(names)

    def __iter__(self) -> Iterator[str]:
        return iter(self._made)

    def __len__(self) -> int:
        return len(self._made)

    def __getitem__(self, name: str) -> Floats:
        if self._made[name] is None:
            everywhere = np.ones(len(self.lonlat), bool)
            self._made[name] = encoders.fit(name, self.lonlat, everywhere, 0)(self.lonlat).astype(np.float64)
        return self._made[name]

    def answer(
        self, name: str, question: str, about: Sequence[ArrayLike], compute: Callable[[Floats], ArrayLike]
    ) -> Floats:
        """What is computed from an encoder's vectors; kept for one with published weights that are not at hand."""
        return kept.answer("prior", name, question, [self.lonlat, *about], lambda: compute(self[name]))
