"""Paths of fields as a person writes them."""

import re

from .redaction import looks_like_credential

Path = tuple[str | int, ...]


def show_path(path: Path) -> str:
    """`("env", "A.B", 0)` as a person writes it: `env['A.B'][0]`. A key pasted where a name belongs is not repeated."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        elif looks_like_credential(part):
            text += "[...]"
        elif re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", part):
            text += f".{part}" if text else part
        else:
            text += f"[{part!r}]"
    return text or "arguments"
