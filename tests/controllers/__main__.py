"""Command `python -m tests.controllers build`: provide the programs that the tests need."""

import sys

from tests.cluster.__main__ import print_line
from tests.cluster.binaries import provide_programs
from tests.cluster.go_programs import NoGoError

from .programs import provide_controllers, provide_definitions, provide_gatekeeper_definitions, provide_picker_definitions, provide_webhooks


def main(arguments: list[str]) -> int:
    """Run the command and return its exit code."""
    if arguments != ["build"]:
        print("usage: python -m tests.controllers build", file=sys.stderr)
        return 2
    try:
        provide_programs(print_line)
        provide_controllers(print_line=print_line)
        provide_definitions(print_line)
        provide_webhooks(print_line)
        provide_gatekeeper_definitions(print_line)
        provide_picker_definitions(print_line)
    except NoGoError as error:
        print_line(f"Skipped below: {error}")
    except RuntimeError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
