"""The Markdown pages of the project, and their fenced blocks."""

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
README = ROOT / "README.md"
SITE = sorted((ROOT / "docs").rglob("*.md"))
REFERENCE = ROOT / "docs" / "reference"
WRITTEN = [README, *(page for page in SITE if not page.is_relative_to(REFERENCE) and page.name != "supported-versions.md")]
"""The pages that are not generated."""
FENCE = re.compile(r"^([ ]*)```([\w{}-]*)\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Block:
    """A fenced block of a page."""

    page: Path
    line: int
    language: str
    text: str

    def __str__(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.line}"


def read(page: Path) -> str:
    """Return the text of a page."""
    return page.read_text(encoding="utf-8")


def blocks(*languages: str) -> list[Block]:
    """Return the fenced blocks of every written page in these languages."""
    found: list[Block] = []
    for page in WRITTEN:
        text = read(page)
        for match in FENCE.finditer(text):
            indent, language, body = match.groups()
            if language in languages:
                line = text.count("\n", 0, match.start()) + 1
                found.append(Block(page, line, language, "".join(part.removeprefix(indent) for part in body.splitlines(keepends=True))))
    return found


def slug(heading: str) -> str:
    """Return the anchor of a heading, as git hosts and the site make it."""
    plain = re.sub(r"[`*]|\]\([^)]*\)|\[", "", heading).strip().lower()
    return re.sub(r"[^\w\- ]", "", plain).replace(" ", "-")


def anchors(page: Path) -> set[str]:
    """Return the anchors of a page's headings."""
    return {slug(heading) for heading in re.findall(r"^#+ (.*)$", FENCE.sub("", read(page)), re.MULTILINE)}
