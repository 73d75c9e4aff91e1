"""Commands for the test cluster: `python -m tests.cluster build`, `up` or `down`.

`build` provides the programs that the tests need. `up` and `down` start and stop a cluster for
interactive use.
"""

import sys

from .binaries import provide_programs
from .checkov import NoCheckovError, provide_checkov
from .crds import provide_crds
from .go_programs import NoGoError
from .interactive import hold, start_cluster, stop_cluster


def main(arguments: list[str]) -> int:
    """Run a command and return its exit code."""
    commands = {"build": build, "up": lambda: start_cluster(print_line), "down": lambda: stop_cluster(print_line), "hold": hold}
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
    """Provide what the tests need. A missing tool is printed once; the tests then skip or fail."""
    for provide in (provide_programs, provide_crds, provide_checkov):
        try:
            provide(print_line)
        except (NoGoError, NoCheckovError) as error:
            print_line(f"Skipped below: {error}")


def print_line(line: str) -> None:
    """Print a line immediately: the next step may take minutes."""
    print(line, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
