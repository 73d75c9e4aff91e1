"""`python -m tests.cluster up` and `down`: a cluster to look at; `build`: what the tests need, and no more."""

import sys

from .binaries import NoGoError, provide_programs
from .checkov import NoCheckovError, provide_checkov
from .crds import provide_crds
from .looking import bring_down, bring_up, hold


def main(arguments: list[str]) -> int:
    """Runs a command."""
    commands = {"build": build, "up": lambda: bring_up(say), "down": lambda: bring_down(say), "hold": hold}
    if len(arguments) != 1 or arguments[0] not in commands:
        print("usage: python -m tests.cluster build|up|down", file=sys.stderr)
        return 2
    try:
        commands[arguments[0]]()
    except RuntimeError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def build() -> None:
    """Provides what the tests need. What this machine cannot provide is said here, once; the verdict is left to the tests."""
    for provide in (provide_programs, provide_crds, provide_checkov):
        try:
            provide(say)
        except (NoGoError, NoCheckovError) as error:
            say(f"Skipped below: {error}")


def say(line: str) -> None:
    """Prints a line, at once: what follows may take minutes."""
    print(line, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
