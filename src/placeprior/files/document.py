"""A YAML file as plain mappings, lists, texts and numbers; what nobody can have meant ends in one line that names it.

YAML itself keeps the last of two equal keys without a word, reads ``2020-01-01`` as a date and ``on`` as a truth value,
and lets a few lines stand for a billion values.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from placeprior.errors import ConfigError

LARGEST = 1_000_000  # bytes
DEEPEST = 20  # levels
MOST = 200_000  # values, with everything that an alias stands for written out
_PLAIN = {f"tag:yaml.org,2002:{name}" for name in ("str", "int", "float", "bool", "null", "seq", "map", "merge")}
_TEXT, _MERGE = "tag:yaml.org,2002:str", "tag:yaml.org,2002:merge"


def read(path: Path) -> Any:
    """The content of a YAML file.

    Raises
    ------
    ConfigError
        It cannot be read, is no UTF-8 or no YAML, holds a key twice, a key that is no text, a value that is neither
        text nor number, or is larger or deeper than any list that a person keeps.
    """
    try:
        raw = path.read_bytes()
        if len(raw) > LARGEST:
            raise ConfigError(f"{path.name} has {len(raw):,} bytes, more than {LARGEST:,}; shorten it")
        node = yaml.compose(raw.decode("utf-8-sig"), yaml.SafeLoader)
        if node is None:
            return None
        _weigh(node, path.name, {}, set())
        return yaml.SafeLoader("").construct_document(node)
    except OSError as error:
        raise ConfigError(f"cannot read {path} ({error.strerror}); make it readable") from error
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise ConfigError(f"{path.name} is not UTF-8 (line {line}); save it with that encoding") from None
    except RecursionError:
        raise ConfigError(f"{path.name} is nested deeper than {DEEPEST} levels; mend its brackets") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"line {mark.line + 1}" if mark else "somewhere"
        what = getattr(error, "problem", None) or getattr(error, "reason", None) or error
        raise ConfigError(f"{path.name} is not valid YAML ({where}): {what}; mend it there") from error
    except ValueError as error:  # such as a number of thousands of digits
        raise ConfigError(f"{path.name} holds a value that cannot be read ({error}); mend it") from error


def _weigh(node: yaml.Node, name: str, known: dict[int, tuple[int, int]], above: set[int]) -> tuple[int, int]:
    """Check a node and all below it; how many values it stands for, and how many levels."""
    if id(node) in known:  # an alias: checked where it was written, and as heavy here as there
        return known[id(node)]
    line = node.start_mark.line + 1
    if id(node) in above:
        raise ConfigError(f"{name} line {line}: an alias stands within what it stands for; write it out")
    if node.tag not in _PLAIN:
        raise ConfigError(f"{name} line {line}: {_read_as(node)}; put it in quotes if it is a name")
    below: list[yaml.Node] = []
    if isinstance(node, yaml.MappingNode):
        _keys(node, name)
        below = [value for _, value in node.value]
    elif isinstance(node, yaml.SequenceNode):
        below = node.value
    parts = [_weigh(value, name, known, above | {id(node)}) for value in below]
    size, depth = 1 + sum(part[0] for part in parts), 1 + max((part[1] for part in parts), default=0)
    if size > MOST:
        raise ConfigError(f"{name} line {line}: more than {MOST:,} values, aliases written out; shorten it")
    if depth > DEEPEST:
        raise ConfigError(f"{name} line {line}: nested deeper than {DEEPEST} levels; mend its brackets")
    return known.setdefault(id(node), (size, depth))


def _keys(node: yaml.MappingNode, name: str) -> None:
    """Refuse keys that are no text, and a key that stands twice: YAML would keep the second alone."""
    lines: dict[str, int] = {}
    for key, _ in node.value:
        line = key.start_mark.line + 1
        if key.tag == _MERGE:
            continue
        if key.tag != _TEXT or not isinstance(key, yaml.ScalarNode):
            raise ConfigError(f"{name} line {line}: a key must be a name, and {_read_as(key)}; put it in quotes")
        if key.value in lines:
            raise ConfigError(
                f"{name} line {line}: key {key.value!r} stands already in line {lines[key.value]}; rename or remove one"
            )
        lines[key.value] = line


def _read_as(node: yaml.Node) -> str:
    """What YAML takes a node for, in words."""
    kind = node.tag.removeprefix("tag:yaml.org,2002:")
    shown = repr(node.value) if isinstance(node, yaml.ScalarNode) else "what stands there"
    return f"{shown} is read as a {kind}"
