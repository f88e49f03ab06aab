"""Cut ``states-10m.json`` of the us-atlas npm package to the contiguous United States.

Run as ``python trim.py package/states-10m.json contiguous-10m.json``; needs only the standard library.
Kept unchanged: the arcs (quantised deltas) and the names; the arcs no kept shape uses are dropped.
"""

import json
import sys

# States and territories by FIPS code that are not part of the contiguous 48 states and DC.
ELSEWHERE = {"02", "15", "60", "66", "69", "72", "78"}


def arcs_of(shape: dict) -> list:
    """Every ring of a polygon or multipolygon, as lists of arc numbers (~n: arc n reversed)."""
    return shape["arcs"] if shape["type"] == "Polygon" else [ring for part in shape["arcs"] for ring in part]


def trim(topology: dict) -> dict:
    """Keep 48 states, DC, and the parts of the nation that touch them; renumber the arcs."""
    states = [s for s in topology["objects"]["states"]["geometries"] if s["id"] not in ELSEWHERE]
    used = {n if n >= 0 else ~n for s in states for ring in arcs_of(s) for n in ring}
    nation = dict(topology["objects"]["nation"]["geometries"][0])
    # The nation is merged from the states, so a part belongs to us exactly when its outer ring does.
    nation["arcs"] = [p for p in nation["arcs"] if all((n if n >= 0 else ~n) in used for n in p[0])]
    number = {old: new for new, old in enumerate(sorted(used))}

    def renumber(rings: list) -> list:
        return [renumber(r) if isinstance(r, list) else number[r] if r >= 0 else ~number[~r] for r in rings]

    for shape in (*states, nation):
        shape["arcs"] = renumber(shape["arcs"])
    collect = {"type": "GeometryCollection"}
    return {
        "type": "Topology",
        "transform": topology["transform"],
        "objects": {
            "states": {**collect, "geometries": sorted(states, key=lambda s: s["properties"]["name"])},
            "nation": {**collect, "geometries": [nation]},
        },
        "arcs": [topology["arcs"][n] for n in sorted(used)],
    }


if __name__ == "__main__":
    source, target = sys.argv[1:]
    with open(source, encoding="utf-8") as file:
        trimmed = trim(json.load(file))
    with open(target, "w", encoding="utf-8") as file:
        json.dump(trimmed, file, separators=(",", ":"))
        file.write("\n")
