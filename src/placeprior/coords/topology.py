"""Outlines that the package carries, from TopoJSON files: lines that two shapes share are stored, and drawn, once."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

import numpy as np
import shapely

from placeprior.coords.convention import Floats

Shape = shapely.Polygon | shapely.MultiPolygon


@dataclass(frozen=True)
class Topology:
    """A TopoJSON file (Bostock, M. & Metcalf, C. 2017, *The TopoJSON format specification*, version 1.0).

    Attributes
    ----------
    arcs : list of ndarray, shape (m, 2)
        Lines, longitude and latitude in degrees.
    objects : dict
        Collections of shapes by name, each shape with its ``arcs``, ``id`` and ``properties``.
    """

    arcs: list[Floats]
    objects: dict[str, list[dict[str, Any]]]

    def shape(self, item: dict[str, Any]) -> Shape:
        """The polygons of one of :attr:`objects`."""
        polygons = [item["arcs"]] if item["type"] == "Polygon" else item["arcs"]
        drawn = shapely.MultiPolygon([(self.ring(out), [self.ring(hole) for hole in cut]) for out, *cut in polygons])
        # Quantising made some rings touch themselves; mended, they are safe to query.
        return drawn if drawn.is_valid else shapely.make_valid(drawn, method="structure", keep_collapsed=False)

    def ring(self, numbers: list[int]) -> Floats:
        """A ring of arcs, shape (m, 2), closed."""
        # Arc ~n is arc n walked backwards.
        parts = [self.arcs[n] if n >= 0 else self.arcs[~n][::-1] for n in numbers]
        return np.concatenate([parts[0], *(part[1:] for part in parts[1:])])


@cache
def read(name: str) -> Topology:
    """Read one of the files in ``data/outlines``."""
    file = resources.files("placeprior") / "data" / "outlines" / name
    topology = json.loads(file.read_text(encoding="utf-8"))
    scale, offset = (np.array(topology["transform"][key]) for key in ("scale", "translate"))
    # An arc is a list of integer steps from its first point.
    arcs = [np.cumsum(arc, axis=0) * scale + offset for arc in topology["arcs"]]
    return Topology(arcs, {kind: found["geometries"] for kind, found in topology["objects"].items()})
