"""``placeprior distance``: how far two tables of places are apart."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from placeprior.cli import common
from placeprior.cli.embed import places, say_untrained

EXAMPLE = "Example: placeprior distance mine.csv theirs.csv --json"
KEYS = ("distance", "unit", "cost", "n_source", "n_target", "solver")


def distance(
    source: Annotated[
        Path, typer.Argument(metavar="SOURCE.csv", help="Columns lon and lat, degrees.", show_default=False)
    ],
    target: Annotated[Path, typer.Argument(metavar="TARGET.csv", help="The same.", show_default=False)],
    encoder: Annotated[
        str | None,
        typer.Option(help="Compare the vectors of a registered encoder, such as geoclip.", show_default=False),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object instead of a line.")] = False,
) -> None:
    """Cost of moving one set of places onto the other: kilometres, or one minus the cosine of an encoder's vectors."""
    from placeprior import encoders
    from placeprior.space import transport

    if encoder is not None and encoder not in encoders.list_encoders():
        common.declared()
    if encoder is not None:
        say_untrained(encoder, encoders.load(encoder))
    found = transport.between(places(source), places(target), encoder)
    if as_json:
        typer.echo(json.dumps({key: getattr(found, key) for key in KEYS}))
        return
    spread = "" if found.sd != found.sd else f" (standard deviation between batches {found.sd:.6g})"
    typer.echo(
        f"{found.distance:.6g} {found.unit}{spread}: {found.n_source:,} places to {found.n_target:,}, "
        f"cost {found.cost}, {found.solver}"
    )
