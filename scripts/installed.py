"""Check that the packages of this environment are whole: every file that one lists is there, with the size it lists.

``pip`` takes a package for installed as soon as its metadata are there, also when it was killed before the rest came.
Prints a line for each package that is not whole, and ends with 1 when there is one.
"""

from __future__ import annotations

import csv
import sys
from importlib import metadata


def flaw(package: metadata.Distribution) -> str | None:
    """What is wrong with an installed package, or None."""
    record = package.read_text("RECORD")
    if record is None:
        return "has no list of its files"
    for name, _, size in csv.reader(record.splitlines()):
        path = package.locate_file(name)
        if not path.exists():
            return f"lacks {name}"
        if size and path.stat().st_size != int(size):
            return f"has {name} with {path.stat().st_size} bytes in place of {size}"
    return None


def main() -> int:
    """Check all packages; the exit code."""
    found = {package.metadata["Name"] or str(package._path): flaw(package) for package in metadata.distributions()}
    for name, what in sorted(found.items()):
        if what:
            print(f"{name} {what}", file=sys.stderr)
    return int(any(found.values()))


if __name__ == "__main__":
    sys.exit(main())
