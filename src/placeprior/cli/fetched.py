"""What the commands about the providers' files share: which are meant, where they lie, and whether they are whole."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from placeprior.cli import common
from placeprior.errors import ConfigError, SourceError
from placeprior.files.folders import cache_dir

if TYPE_CHECKING:
    from placeprior.data.sources import Item, Period, Region, Source


def wanted(
    year: str, region: str, sources: list[Source], needs: str, folder: Path | None
) -> list[tuple[Source, list[Item], Path]]:
    """Sources, what is to be fetched of each, and the folder for it: of a period, or what a profile or task reads.

    Raises
    ------
    ConfigError
        Neither a period nor a profile is named, or both; the folder of the real tables is not.
    """
    from placeprior.data.sources import needed

    if bool(year) == bool(needs):
        raise ConfigError("name either --year with a period, or --for with a profile such as aqs")
    if needs:
        return [(source, items, folder or data_folder()) for source, items in needed.files(_tasks(needs))]
    period, box = asked(year, region)
    return [(source, source.list(period, box), cache_folder(folder) / source.name) for source in sources]


def _tasks(needs: str) -> list[str]:
    """The tasks of a profile of ``runs.yml``, or the one that is named."""
    from placeprior import data
    from placeprior.runs import configuration

    if needs in data.TASKS:
        return [needs]
    return [task["load"] for task in configuration.profile(needs)["tasks"].values()]


def data_folder() -> Path:
    """The folder that ``PLACEPRIOR_DATA`` names, which may not be there yet."""
    from placeprior.data import tables

    if not os.environ.get(tables.VARIABLE):
        raise ConfigError(f"where to? Name a folder with --output, or export {tables.VARIABLE}=FOLDER")
    return Path(os.environ[tables.VARIABLE]).expanduser()


def first_read(folder: Path) -> None:
    """Say which compact tables lie beside fetched files and are read in their place."""
    from placeprior.data import aqs, gsod

    for name in (aqs.PARQUET, gsod.PARQUET):
        if (folder / name).exists():
            typer.echo(f"note: {folder / name} is read first; move it away to read what was fetched", err=True)


def verify(year: str, region: str, sources: str, cache: Path | None, needs: str = "") -> None:
    """Compare fetched files with what was recorded when they came."""
    from placeprior.data.sources.records import is_good, recorded

    rows, bad = [], []
    for source, items, folder in wanted(year, region, [] if needs else at_hand(sources), needs, cache):
        paths = [folder / item.path for item in items]
        state = [
            "good" if is_good(path, item.hash) else "damaged" if path.exists() else "missing"
            for path, item in zip(paths, items, strict=True)
        ]
        absent = sum("absent" in (recorded(path) or {}) for path in paths)
        rows.append(
            (
                source.name,
                len(items),
                state.count("good") - absent,
                absent,
                state.count("missing"),
                state.count("damaged"),
            )
        )
        bad += [
            f"{source.name}/{item.path} is {what}" for item, what in zip(items, state, strict=True) if what != "good"
        ]
    common.show(["source", "files", "good", "not at the provider", "missing", "damaged"], rows)
    if bad:
        raise SourceError(
            f"{bad[0]}"
            + (f" ({len(bad)} such files)" if len(bad) > 1 else "")
            + "; `placeprior data fetch` with the same options mends it"
        )


def asked(year: str, region: str) -> tuple[Period, Region]:
    from placeprior.data.sources import Period, Region

    return Period.parse(year), Region.parse(region)


def named(names: str) -> list[Source]:
    from placeprior.data.sources import chosen

    return chosen([name.strip() for name in names.split(",")] if names else None)


def at_hand(names: str) -> list[Source]:
    """The named sources, or those that can be had: without an account, or with the token at hand."""
    from placeprior.data.sources import WITH_ACCOUNT, WITHOUT_ACCOUNT
    from placeprior.data.sources.earthdata import TOKEN

    return named(names or ",".join(WITH_ACCOUNT if os.environ.get(TOKEN) else WITHOUT_ACCOUNT))


def cache_folder(named: Path | None) -> Path:
    return named or cache_dir() / "sources"
