"""Console output: colours on a terminal only, and wrapped lines with hanging indents."""

from __future__ import annotations

import os
import re
import sys
import textwrap
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

_UNLIMITED = 100_000
_UNBREAKABLE_SPACE = "\N{NO-BREAK SPACE}"


def open_console(file: IO[str] | None = None) -> Console:
    """Return a console for standard output, or for `file` in the style of standard output.

    Without a terminal, lines are not wrapped and have no colours. `NO_COLOR` turns colours off.
    """
    from rich.console import Console

    terminal = sys.stdout.isatty()
    plain = not terminal or bool(os.environ.get("NO_COLOR"))
    width = None if terminal else _UNLIMITED
    return Console(file=file, force_terminal=terminal, no_color=plain, width=width, highlight=False, markup=False)


def print_hanging(console: Console, prefix: Text, body: Text) -> None:
    """Print a paragraph. Its further lines are indented by the width of `prefix`.

    Lines are broken at spaces only, and not within backticks. A word or a command that is longer
    than the line stays whole, so that it can be copied.
    """
    from rich.text import Text

    width, end = max(console.width - prefix.cell_len, 1), 0
    plain = re.sub(r"`[^`]*`", lambda command: command[0].replace(" ", _UNBREAKABLE_SPACE), body.plain)
    for line in _break_at_spaces(plain, width):
        start = plain.index(line, end)
        indent = prefix if end == 0 else Text(" " * prefix.cell_len)
        end = start + len(line)
        console.print(Text.assemble(indent, body[start:end]), soft_wrap=True)


def print_whole(console: Console, line: Text) -> None:
    """Print a line without wrapping it, such as a command to copy."""
    console.print(line, soft_wrap=True)


def _break_at_spaces(text: str, width: int) -> list[str]:
    wrapper = textwrap.TextWrapper(width, break_long_words=False, break_on_hyphens=False, expand_tabs=False, replace_whitespace=False)
    return wrapper.wrap(text)
