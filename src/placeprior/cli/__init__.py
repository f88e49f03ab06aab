"""The command line, ``placeprior``: each command is a few lines around one function of the package.

Nothing heavy is imported before a command needs it, so that ``--help`` answers at once.
"""

from __future__ import annotations

from typing import Any

import typer
from typer.core import TyperGroup

from placeprior.cli import book, claims, compare, distance, embed, keep, map, runs, sources, verify, weights
from placeprior.cli.terminal import forgive
from placeprior.errors import PlacePriorError

INTERRUPTED = 130  # the shell's code for Ctrl-C


class OneLine(TyperGroup):
    """Ends every mistake a user can make in one line on stderr, without a traceback."""

    def invoke(self, ctx: Any) -> Any:
        """Run the chosen command; 1 for a refusal, 130 for Ctrl-C."""
        try:
            return super().invoke(ctx)
        except PlacePriorError as error:
            _say(f"error: {error}")
            raise typer.Exit(1) from None
        except KeyboardInterrupt:
            _say("interrupted: finished runs are kept; the same command goes on from there")
            raise typer.Exit(INTERRUPTED) from None
        except OSError as error:
            if error.filename is None:  # a closed pipe and its like, which typer ends quietly
                raise
            _say(f"error: {error.filename}: {error.strerror}; check that it exists and may be read and written")
            raise typer.Exit(1) from None


def _say(text: str) -> None:
    typer.echo(" ".join(text.splitlines()), err=True)


app = typer.Typer(
    cls=OneLine,
    name="placeprior",
    help="Place as prior: do location encoders help a dynamic model of daily PM2.5?",
    epilog="Example: placeprior runs list demo",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,  # what is left is a defect, and a plain traceback is what a report needs
)
app.command("compare", epilog=compare.EXAMPLE)(compare.compare)
app.command("fit", epilog=keep.FIT)(keep.fit)
app.command("predict", epilog=keep.PREDICT)(keep.predict)
app.add_typer(runs.app, name="runs")
app.command("embed", epilog=embed.EXAMPLE)(embed.embed)
app.command("distance", epilog=distance.EXAMPLE)(distance.distance)
app.command("weights", epilog=weights.EXAMPLE)(weights.weights)
app.add_typer(sources.app, name="data")
app.command("map", epilog=map.EXAMPLE)(map.map_)
app.command("book", epilog=book.EXAMPLE)(book.book)
app.command("claims", epilog=claims.EXAMPLE)(claims.claims)
app.command("verify", epilog=verify.EXAMPLE)(verify.verify)
app.command("versions", epilog="Example: placeprior versions")(book.versions)


def main() -> None:
    """Entry point of the installed program."""
    forgive()
    app()
