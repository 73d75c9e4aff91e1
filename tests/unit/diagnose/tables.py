"""Patterns of all tables of the rules."""

import importlib
import pkgutil
from collections.abc import Iterator
from typing import Any

from nim_component.diagnose import rules
from nim_component.diagnose.rules.patterns import MessagePattern


def list_patterns(value: Any) -> Iterator[MessagePattern]:
    """Yield the patterns in the value of a module."""
    if isinstance(value, MessagePattern):
        yield value
    elif isinstance(value, tuple | list):
        for each in value:  # pyright: ignore[reportUnknownVariableType]
            yield from list_patterns(each)


def read_tables() -> list[MessagePattern]:
    """Return the patterns of all modules, each once."""
    modules = [importlib.import_module(each.name) for each in pkgutil.walk_packages(rules.__path__, f"{rules.__name__}.")]
    found = {id(each): each for module in modules for value in vars(module).values() for each in list_patterns(value)}
    assert len(found) >= 200
    return list(found.values())
