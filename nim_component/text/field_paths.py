"""Paths of fields in output and error texts."""

import re
from collections.abc import Callable
from typing import TypeAlias

from .redaction import looks_like_credential


class ItemName(str):
    """A step into a list whose items have names: the name of the item."""

    __slots__ = ()


Path: TypeAlias = tuple[str | int, ...]
"""Keys, list indexes and names of list items."""


def show_path(path: Path) -> str:
    """Return a path as Pulumi prints property paths: `spec.containers[nim].env[0]["a.b"]`."""
    return _join(path, _quote_property)


def parse_path(text: str) -> Path:
    """Parse a property path of Pulumi, such as `spec.containers[0]["a.b"]`."""
    steps: list[str | int] = []
    for index, quoted, plain in re.findall(r'\[(\d+)\]|\["((?:[^"\\]|\\.)*)"\]|([^.\[\]]+)', text):
        steps.append(int(index) if index else quoted.replace('\\"', '"') if quoted else plain)
    return tuple(steps)


def show_argument_path(path: Path) -> str:
    """Return a path as a Python program writes it: `env['A.B'][0]`.

    A credential that was pasted in place of a name is not repeated.
    """
    return _join(path, _quote_argument) or "arguments"


def _join(path: Path, quote: Callable[[str], str]) -> str:
    text = ""
    for step in path:
        piece = f"[{step}]" if isinstance(step, int | ItemName) else quote(step)
        text += piece if not text or piece.startswith("[") else f".{piece}"
    return text


def _quote_property(key: str) -> str:
    return key if key and not any(mark in key for mark in '.[]"') else '["' + key.replace('"', '\\"') + '"]'


def _quote_argument(key: str) -> str:
    if looks_like_credential(key):
        return "[...]"
    return key if re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", key) else f"[{key!r}]"
