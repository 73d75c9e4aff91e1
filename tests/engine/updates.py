"""Updates by the CLI that succeed, and updates that fail."""

from .project import Project

UP = ("up", "--yes")
"""Arguments of an update with its preview, as on a terminal."""
SHORT = """
from nim_component.manifests import timing
from nim_component.stack import deploy_stack
timing.PULL_ALLOWANCE = timing.MARGIN = 5  # a time-out of 40 s in place of 15 minutes
deploy_stack()
"""
"""Program with the shortest time-outs."""


def fails(made: Project) -> str:
    """Run an `up` that fails, and return its diagnostics."""
    code, output = made.run(*UP)
    assert code != 0
    assert "nim_component/" not in output  # no line of our code
    return output.partition("Diagnostics:")[2]


def completes(made: Project, *arguments: str) -> None:
    """Run an `up` that succeeds, after which a preview shows no change."""
    code, output = made.run(*UP, *arguments)
    assert code == 0, output
    assert made.preview().keys() == {"same"}
