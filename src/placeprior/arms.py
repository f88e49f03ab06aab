"""Arms and splits of the comparison: what each is called, and the order in which every table and figure lists them."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

#: Variants that are formulas of the coordinates alone and join as input channels unless told otherwise.
FORMULAS = ("lonlat", "sincos")  # enter as channels, so their arms need no second word

#: Boosted trees that also learn from labels which kriging makes at places without a monitor, and their controls.
PSEUDO = ("gbt+pseudo", "gbt+pseudo+geoclip", "gbt+pseudo-leaked", "gbt+pseudo-shuffled", "gbt+pseudo-true")
#: Boosted trees of their own for each kind of weather, and for as many lots of stations.
APART = ("gbt+kinds", "gbt+lots")
#: What a user would try in place of the network (:mod:`placeprior.runs.estimators`).
RIVALS = (
    "mean",
    "idw",
    "kriging",
    "gbt",
    "gbt+lonlat",
    "gbt+geoclip",
    "gbt+urban",
    "rf",
    "rf+lonlat",
    "rf+geoclip",
    "gbt+kriging",
    "none+kriging",
    "eof",
    *PSEUDO,
    *APART,
    "eof+lonlat",
    "eof+geoclip",
    "eof+random-vector",
    "eof+kriging",
    "eof+gbt",
)
CORRECTED = "none+kriging"  # the rival that starts from a trained network
HEAD_ONLY = "none+head"
NO_PLACE = ("none", HEAD_ONLY)
#: Printed names of the fusions, in the order of every table and figure.
FUSIONS = {
    "hadamard": "Hadamard",
    "concat": "concatenated",
    "gated": "gated sum",
    "film": "FiLM",
    "bias": "bias only",
    "channels": "channels",
}

#: Printed names, in the order of every table and figure: rivals without a network, no place, controls, coordinates,
#: encoders.
NAMES = {
    "mean": "station mean",
    "idw": "inverse distance",
    "kriging": "ordinary kriging",
    "eof": "EOFs and a network of coordinates",
    "eof+lonlat": "EOFs, network of lon/lat",
    "eof+geoclip": "EOFs, network of GeoCLIP",
    "eof+random-vector": "EOFs, network of a random vector",
    "eof+kriging": "EOFs, coefficients kriged",
    "eof+gbt": "EOFs, coefficients by trees",
    "gbt": "boosted trees",
    "gbt+lonlat": "boosted trees, lon/lat",
    "gbt+geoclip": "boosted trees, GeoCLIP",
    "gbt+urban": "boosted trees, population density",
    "gbt+kriging": "boosted trees, residuals kriged",
    "gbt+pseudo": "boosted trees, kriged labels",
    "gbt+pseudo+geoclip": "boosted trees, GeoCLIP, kriged labels",
    "gbt+pseudo-leaked": "boosted trees, leaked labels",
    "gbt+pseudo-shuffled": "boosted trees, shuffled labels",
    "gbt+pseudo-true": "boosted trees, true labels",
    "gbt+kinds": "boosted trees, a kind of weather each",
    "gbt+lots": "boosted trees, a lot of stations each",
    "rf": "random forest",
    "rf+lonlat": "random forest, lon/lat",
    "rf+geoclip": "random forest, GeoCLIP",
    "none+kriging": "no location, residuals kriged",
    "none": "no location",
    "none+head": "no location, extra head",
    "random-vector-hadamard": "random vector, Hadamard",
    "random-vector-concat": "random vector, concatenated",
    "smooth-random-hadamard": "random waves, Hadamard",
    "smooth-random-concat": "random waves, concatenated",
    "shuffled-hadamard": "shuffled GeoCLIP, Hadamard",
    "shuffled-concat": "shuffled GeoCLIP, concatenated",
    "onehot-hadamard": "station identity, Hadamard",
    "urban-hadamard": "population density, Hadamard",
    "lonlat": "lon/lat",
    "sincos": "sin/cos",
    "geoclip-pca8-hadamard": "GeoCLIP, 8 components",
    "geoclip-pca16-hadamard": "GeoCLIP, 16 components",
    "geoclip-pca32-hadamard": "GeoCLIP, 32 components",
    "geoclip-pca64-hadamard": "GeoCLIP, 64 components",
    "geoclip-pca128-hadamard": "GeoCLIP, 128 components",
    "geoclip-pca256-hadamard": "GeoCLIP, 256 components",
    **{f"geoclip-{fusion}": f"GeoCLIP, {joined}" for fusion, joined in FUSIONS.items()},
    "geoclip-tuned-hadamard": "GeoCLIP fine-tuned, Hadamard",
    "geoclip-tuned-slowly-hadamard": "GeoCLIP fine-tuned slowly, Hadamard",
}
#: Encoders of the whole comparison: the printed name of each basis, and the word for how it was trained.
BASES = {
    "tile": "tile",
    "wrap": "wrap, residual",
    "wrap-ffn": "wrap",
    "rbf": "RBF",
    "rff": "RFF",
    "space2vec-grid": "Space2Vec grid",
    "space2vec-theory": "Space2Vec theory",
    "xyz": "xyz",
    "nerf": "NeRF",
    "sphere2vec-c": "Sphere2Vec-C",
    "sphere2vec-c+": "Sphere2Vec-C+",
    "sphere2vec-m": "Sphere2Vec-M",
    "sphere2vec-m+": "Sphere2Vec-M+",
    "sphere2vec-dfs": "Sphere2Vec-DFS",
    "siren-sh": "harmonics, SIREN",
    "slepian": "Slepian",
    "geoclip-slepian": "GeoCLIP and Slepian",
    "satclip-l10": "SatCLIP L10",
    "satclip-l40": "SatCLIP L40",
    "homegrown": "homegrown",
}
TRAINED = {
    "": "",
    "untrained": "untrained",
    "fmow": "fMoW",
    "yfcc": "YFCC",
    "untrained-tuned": "from random weights",
    "fmow-tuned": "from fMoW",
    "yfcc-tuned": "from YFCC",
}
#: The two fusions that every encoder is compared with.
JOINED = {fusion: FUSIONS[fusion] for fusion in ("hadamard", "concat")}
NAMES |= {
    "-".join(filter(None, (basis, training, fusion))): ", ".join(filter(None, (name, word, joined)))
    for basis, name in BASES.items()
    for training, word in TRAINED.items()
    for fusion, joined in JOINED.items()
}

#: Splits as every table lists them, and what each holds out.
SPLITS = {
    "random": "WR · random",
    "spatial": "WR · spatial",
    "knndm": "kNNDM",
    "blocks": "blocks (buffered)",
    "checkerboard-8": "OoR · 8°",
    "checkerboard-16": "OoR · 16°",
    "checkerboard-30": "OoR · 30°",
    "state": "OoR · state",
    "transfer": "one region to all",
    "clusters": "OoR · clusters",
}


def arm(variant: str, fusion: str | None = None) -> str:
    """Name of an arm of the comparison: the variant, and its fusion where more than one exists.

    >>> arm("geoclip", "hadamard"), arm("lonlat", "channels"), arm("none", "-")
    ('geoclip-hadamard', 'lonlat', 'none')
    """
    alone = not isinstance(fusion, str) or fusion in ("", "-")
    return variant if alone or (fusion == "channels" and variant in FORMULAS) else f"{variant}-{fusion}"


def called(name: str) -> str:
    """An arm's printed name; one that the book does not list is called what it is.

    >>> called("geoclip-hadamard"), called("mine-hadamard")
    ('GeoCLIP, Hadamard', 'mine-hadamard')
    """
    return NAMES.get(name, name)


def arm_order(arms: Iterable[str]) -> list[str]:
    """Sort arms as every table and figure lists them: rivals, none, formulas, encoders, others."""
    known = list(NAMES)
    return sorted(set(arms), key=lambda a: (known.index(a) if a in known else len(known), a))


def with_arm(frame: pd.DataFrame) -> pd.DataFrame:
    """Scores with a column ``arm`` (see :func:`arm`)."""
    names = [arm(v, f) for v, f in zip(frame["variant"], frame["fusion"], strict=True)]
    return frame.assign(arm=pd.Series(names, index=frame.index, dtype=object))


def splits_in(frame: pd.DataFrame) -> list[str]:
    """The splits that occur, in the book's order."""
    found, known = set(frame["split"]), list(SPLITS)
    return sorted(found, key=lambda s: (known.index(s) if s in known else len(known), s))


def of_part(splits: pd.Series) -> pd.Series:
    """Which of some splits train on a part of what there is: few stations (``spatial@100``), or few regions.

    What a model gains or loses there is a question of its own, and stands on no table of the usual splits.
    """
    return splits.astype(str).str.contains("@|^transfer$|^union-")


def where(split: str) -> str:
    """A split's printed name; one that the book does not list is called what it is.

    >>> where("checkerboard-16"), where("year-2018-2021")
    ('OoR · 16°', 'year-2018-2021')
    """
    return SPLITS.get(split, split)
