"""``placeprior verify``: does this machine get the committed numbers?"""

from __future__ import annotations

from typing import Annotated

import typer

from placeprior.cli import common

EXAMPLE = "Example: placeprior verify comparison"


def verify(
    page: Annotated[str, typer.Argument(metavar="[PAGE|all]", help="A page of the book, or all of them.")] = "all",
) -> None:
    """Make a page and the runs it rests on anew in a fresh store, and say which numbers moved; 1 where any did."""
    from placeprior.book import verify as verification
    from placeprior.runs import store

    asked = verification.asked(page)
    for profile, runs in asked.items():
        minutes = verification.cost(profile, runs)
        typer.echo(
            f"{len(runs)} runs of profile {profile}, about {minutes:.0f} minutes of one core where they were made"
        )
        unknown = len({run.id for run in runs} - set(store.scores(profile)["run"]))
        if unknown:
            typer.echo(f"note: {unknown} of them are not committed, so there is nothing to compare them with", err=True)
    found = verification.verify(page, log=typer.echo)
    moved = found[found["moved"]]
    if len(moved):
        rows = [
            [row.profile, row.what, row.value, f"{row.committed:.6g}", f"{row.own:.6g}", f"{row.difference:+.2g}"]
            for row in moved.itertuples()
        ]
        common.show(["profile", "what", "value", "committed", "here", "difference"], rows)
    typer.echo(
        f"{len(found)} values compared, {int((found['difference'].fillna(0) == 0).sum())} equal to six decimals, "
        f"{len(moved)} beyond their tolerance"
    )
    if len(moved):
        raise typer.Exit(1)
