"""``placeprior weights``: fetch what an encoder's authors publish and the package does not carry."""

from __future__ import annotations

from typing import Annotated

import typer

EXAMPLE = "Example: placeprior weights satclip-l10 satclip-l40"


def weights(
    names: Annotated[
        list[str], typer.Argument(metavar="NAME...", help="SatCLIP encoders, such as satclip-l40.", show_default=False)
    ],
) -> None:
    """Fetch weights from the Hugging Face hub into the cache, once; a broken transfer goes on where it was."""
    from placeprior.encoders import satclip

    for name in names:
        typer.echo(f"{name}: {satclip.fetch(name)}")
