"""``placeprior claims``: what the book claims, and whether its results still bear it out."""

from __future__ import annotations

import typer

from placeprior.cli import common

EXAMPLE = "Example: placeprior claims"


def claims() -> None:
    """List every claim with the verdict that is computed now; ends with 1 where one is not as it was recorded."""
    from placeprior.book import claims as ledger

    found = ledger.evaluate()
    common.show(
        ["claim", "profile", "recorded", "computed", "from"],
        [
            [claim["id"], scale, asked["verdict"], found[claim["id"]][scale].verdict, found[claim["id"]][scale].text]
            for claim in ledger.read()
            for scale, asked in claim["at"].items()
        ],
    )
    moved = ledger.moved(found)
    for line in moved:
        typer.echo(line, err=True)
    if moved:
        raise typer.Exit(1)
