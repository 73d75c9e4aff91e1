"""Errors that wrong arguments raise."""

from collections.abc import Sequence

import pulumi
from pydantic import BaseModel

from ..text.amounts import count_of
from ..text.redaction import contains_key
from .fixes import Syntax
from .problems import Problem


def describe_owner(component: str) -> str:
    """Return the name under which errors report a service; a credential is redacted."""
    return f"NIMService {'***' if contains_key(component) else component!r}"


class ArgumentError(pulumi.RunError):
    """All problems of the arguments of one owner, in one text.

    A `pulumi.RunError`: `pulumi up` prints its text without a traceback. It is raised as it is when
    an Output resolves to a wrong value. For plain arguments it is an `ArgumentValueError`.
    """

    def __init__(self, owner: str, problems: Sequence[Problem], root: type[BaseModel] | None = None, syntax: Syntax | None = None) -> None:
        """Render the problems.

        Args:
            owner: Service or class that the arguments belong to.
            problems: Problems, in the order of the text.
            root: Model that the paths of the problems start from. Default: `NIM`.
            syntax: Syntax of the examples. Default: that of the arguments being read.
        """
        from .nim import NIM  # its modules import this one

        self.owner = owner
        self.problems = tuple(problems)
        count = count_of(len(self.problems), "problem")
        lines = [f"  {problem.render(root or NIM, syntax)}" for problem in self.problems]
        super().__init__("\n".join([f"{owner} has {count}:", *lines]))


class ArgumentValueError(ArgumentError, ValueError):
    """An `ArgumentError` of plain arguments, and a `ValueError`, as callers in Python expect.

    Never raised inside an apply: there the SDK wraps a `ValueError` in a dump of the whole
    resource, values included.
    """
