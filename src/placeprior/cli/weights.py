"""``placeprior weights``: fetch what an encoder's authors publish and the package does not carry."""

from __future__ import annotations

from typing import Annotated

import typer

from placeprior.errors import UnknownName

ALL = "torchspatial"
EXAMPLE = "Example: placeprior weights satclip-l10 satclip-l40 torchspatial"


def weights(
    names: Annotated[
        list[str],
        typer.Argument(
            metavar="NAME...",
            help="Encoders, such as satclip-l40 or xyz-yfcc; torchspatial for all sixteen of TorchSpatial's.",
            show_default=False,
        ),
    ],
) -> None:
    """Fetch weights from where their authors publish them into the cache, once."""
    from placeprior.encoders import satclip, torchspatial

    sixteen = torchspatial.PUBLISHED
    fetchers = dict.fromkeys(satclip.ENCODERS, satclip.fetch) | dict.fromkeys(sixteen, torchspatial.fetch)
    asked = [each for name in names for each in (sixteen if name == ALL else [name])]
    for name in asked:
        if name not in fetchers:
            raise UnknownName("encoder with weights to fetch", name, (*fetchers, ALL))
    for name in asked:
        typer.echo(f"{name}: {fetchers[name](name)}")
