"""Rules across the fields of an argument model."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from .outputs import is_output
from .problems import Problem


@dataclass(frozen=True)
class Rule:
    """A rule across fields."""

    reads: tuple[str, ...]
    """Dotted paths below the model, such as `cache.access_mode`."""
    validate: Callable[..., Iterator[Problem]]
    """Function that yields the problems; its parameters are the values of `reads`, in their
    order."""
    waits: bool = True
    """Wait for Outputs: the rule runs when all of its values have resolved.

    False for a rule that depends on which fields are given, not on their values.
    """

    @cached_property
    def paths(self) -> tuple[tuple[str, ...], ...]:
        """Paths of `reads`, split into steps."""
        return tuple(tuple(dotted.split(".")) for dotted in self.reads)

    @cached_property
    def fields(self) -> frozenset[str]:
        """Fields of the model in which the paths of `reads` begin."""
        return frozenset(path[0] for path in self.paths)

    def read(self, model: Any) -> list[Any]:
        """Return the values of `reads` in a model. A `None` at a parent path is the value."""
        return [read_path(model, path) for path in self.paths]


def broken_rules(rules: Iterable[Rule], model: Any) -> Iterator[Problem]:
    """Yield the problems that rules find.

    Rules that wait for an Output, or lack a valid field, are skipped.
    """
    for rule in rules:
        try:
            values = rule.read(model)
        except AttributeError:
            continue
        if not (rule.waits and any(is_output(value) for value in values)):
            yield from rule.validate(*values)


def read_path(model: Any, path: Sequence[str]) -> Any:
    """Return the value at a path such as `("cache", "size")`, or None if a parent is None."""
    for name in path:
        if model is None:
            return None
        model = getattr(model, name)
    return model
