"""What the built book weighs: words, figures, tables and bytes of each page and of all, beside the limits.

Called by ``make counts``. Words are those of the article with everything unfolded, captions, exercises and solutions
included; cells of tables and the list of references stand apart; code, formulas and stamps do not count
(``placeprior.book.counts``). Where Chromium is installed, axe also says on how many elements of each page somebody
would fail to read.
"""

from __future__ import annotations

import sys
from pathlib import Path

import browse
import yaml

from placeprior.book import counts, texts

ROOT = Path(__file__).parents[1]
HTML = ROOT / "_build" / "html"
COLUMNS = ("words", "cells", "figures", "tables", "exercises", "bytes")


def pages() -> list[str]:
    """The pages of the contents, in their order."""
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
    return [toc["root"], *(chapter["file"] for part in toc["parts"] for chapter in part["chapters"])]


def violations(listed: list[str]) -> dict[str, int] | None:
    """Elements on which axe finds something serious or critical, by page; None without a browser."""
    if not browse.is_there():
        return None
    found = {}
    with browse.opened() as window:
        for page in listed:
            browse.visit(window, HTML / f"{page}.html")
            found[page] = sum(max(1, len(each["nodes"])) for each in browse.grave(window))
    return found


def main() -> None:
    """Print one line a page, the sum, the limits and the former edition; fail where a limit is exceeded."""
    listed = pages()
    missing = [page for page in listed if not (HTML / f"{page}.html").is_file()]
    if missing:
        sys.exit(f"count: {missing[0]}.html is not built; run `make book` first")
    found = [counts.built(HTML, page) for page in listed]
    grave = violations(listed)
    print(f"{'page':34}" + "".join(f"{name:>11}" for name in COLUMNS) + f"{'axe':>6}")
    for count in found:
        print(_line(count.page.removeprefix("book/"), count, "-" if grave is None else grave[count.page]))
    whole = counts.total(found)
    print(_line("all pages", whole, "-" if grave is None else sum(grave.values())))
    weight = counts.site(HTML)
    print(f"\n{'':24}{'now':>12}{'at most':>12}{'former':>12}")
    apart = texts.part(ROOT, counts.NEIGHBOURS)
    neighbours = sum(count.words for count in found if count.page in apart)
    now = {
        "words": whole.words - neighbours,
        "words on neighbours": neighbours,
        "table words": whole.cells,
        "figures": whole.figures,
        "tables": whole.tables,
        "exercises": whole.exercises,
        "bytes of the site": weight,
        "serious or critical": None if grave is None else sum(grave.values()),
    }
    limits = counts.LIMITS | {"words on neighbours": counts.NEIGHBOURS_WORDS}
    for name, value in now.items():
        shown = [value, limits.get(name), counts.FORMER.get(name)]
        print(f"{name:24}" + "".join(f"{'-' if each is None else format(each, ','):>12}" for each in shown))
    over = counts.excess({count.page: count.words for count in found}, apart)
    over += [
        f"{name}: {value:,}, at most {limits[name]:,}"
        for name, value in now.items()
        if name in limits and not name.startswith("words") and value is not None and value > limits[name]
    ]
    if over:
        sys.exit("over a limit: " + "; ".join(over))


def _line(name: str, count: counts.Count, grave: object) -> str:
    return f"{name:34}" + "".join(f"{getattr(count, column):>11,}" for column in COLUMNS) + f"{grave!s:>6}"


if __name__ == "__main__":
    main()
