"""YAML of the guides, which the tests use word for word."""

import re
from pathlib import Path
from typing import Any

import yaml

GUIDES = Path(__file__).parents[2] / "docs" / "guides"


def read_snippet(guide: str, part: str) -> Any:
    """Return the only YAML block of a guide that contains a text."""
    text = (GUIDES / guide).read_text(encoding="utf-8")
    blocks = re.findall(r"^ *```yaml\n(.*?)^ *```", text, re.MULTILINE | re.DOTALL)
    (found,) = (block for block in blocks if part in block)
    return yaml.safe_load(found)


def read_row(guide: str, first: str) -> list[str]:
    """Return the other cells of the only row of a guide's tables whose first cell has this text."""
    text = (GUIDES / guide).read_text(encoding="utf-8")
    (row,) = re.findall(rf"^\| {re.escape(first)} \|(.*)\|$", text, re.MULTILINE)
    return [cell.strip().strip("`") for cell in row.split("|")]
