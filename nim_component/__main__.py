"""Entry point of `nim-component` and `python -m nim_component`."""

import sys

from .extras import explain_import_error


def main() -> None:
    """Run the command line. Without its extra installed, print the command that installs it."""
    try:
        from .cli import main as run

        run()
    except ModuleNotFoundError as error:
        text = explain_import_error(error, *sys.argv[1:2])
        if text is None:
            raise
        sys.exit(f"error: {text}")


if __name__ == "__main__":
    main()
