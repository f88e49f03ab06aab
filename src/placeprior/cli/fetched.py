"""What the commands about the providers' files share: which are meant, where they lie, and whether they are whole."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from placeprior.cli import common
from placeprior.errors import SourceError
from placeprior.files.folders import cache_dir

if TYPE_CHECKING:
    from placeprior.data.sources import Period, Region, Source


def verify(year: str, region: str, sources: str, cache: Path | None) -> None:
    """Compare fetched files with what was recorded when they came."""
    from placeprior.data.sources.records import is_good, recorded

    period, box = asked(year, region)
    folder, rows, bad = cache_folder(cache), [], []
    for source in at_hand(sources):
        items = source.list(period, box)
        paths = [folder / source.name / item.path for item in items]
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
