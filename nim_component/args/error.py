"""The one error that wrong arguments end in."""

from collections.abc import Sequence

import pulumi

from .problems import Problem


class ArgumentError(pulumi.RunError, ValueError):
    """Every problem of one owner in one text.

    A `ValueError` for whoever calls the models from Python; a `pulumi.RunError` so that `pulumi up` prints the text and no traceback.
    """

    def __init__(self, owner: str, problems: Sequence[Problem]) -> None:
        self.owner = owner
        self.problems = tuple(problems)
        count = "1 problem" if len(self.problems) == 1 else f"{len(self.problems)} problems"
        super().__init__("\n".join([f"{owner} has {count}:", *(f"  {problem}" for problem in self.problems)]))
