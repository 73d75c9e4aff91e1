"""The error that wrong arguments end in."""

from collections.abc import Sequence

import pulumi

from ..text.redaction import contains_key
from .problems import Problem


def describe_owner(component: str) -> str:
    """How errors name a service. A name that is a key is not said again."""
    return f"NIMService {'***' if contains_key(component) else component!r}"


class ArgumentError(pulumi.RunError):
    """Every problem of one owner in one text.

    A `pulumi.RunError`: `pulumi up` prints its text, without a traceback. Raised as it is when an Output resolves to something wrong;
    what is wrong at once is an `ArgumentValueError`.
    """

    def __init__(self, owner: str, problems: Sequence[Problem]) -> None:
        self.owner = owner
        self.problems = tuple(problems)
        count = "1 problem" if len(self.problems) == 1 else f"{len(self.problems)} problems"
        super().__init__("\n".join([f"{owner} has {count}:", *(f"  {problem}" for problem in self.problems)]))


class ArgumentValueError(ArgumentError, ValueError):
    """The same for plain arguments, and a `ValueError` too, as Python callers expect.

    Never raised inside an apply: there the SDK wraps a `ValueError` in a dump of the whole resource, values included.
    """
