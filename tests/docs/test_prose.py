"""Length of sentences and lines in the pages that are written by hand."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from .pages import FENCE, ROOT, WRITTEN, read

COLUMNS = 100
WORDS = 30
CODE, TARGET = re.compile(r"`[^`]*`"), re.compile(r"\]\([^)]*\)")
TABLE_ROW = re.compile(r"^\s*\|.*$", re.MULTILINE)
PARAGRAPH = re.compile(r"\n\s*\n|\n\s*(?=[-*] |\d+\. |#)")
SENTENCE_END = re.compile(r"(?<=[.!?:])\s+|;\s+")


def without_code(page: Path) -> str:
    """Return the text of a page with empty lines in place of its fenced blocks."""
    return FENCE.sub(lambda block: "\n" * block[0].count("\n"), read(page))


def sentences(text: str) -> Iterator[str]:
    """Yield the sentences of a Markdown text without tables, inline code and link targets."""
    prose = TARGET.sub("]", CODE.sub("CODE", TABLE_ROW.sub("", text)))
    for paragraph in PARAGRAPH.split(prose):
        yield from SENTENCE_END.split(" ".join(paragraph.split()))


@pytest.mark.parametrize("page", WRITTEN, ids=lambda page: str(page.relative_to(ROOT)))
def test_lines_and_sentences_are_short(page: Path):
    """Tables and pictures may be wider."""
    text = without_code(page)
    lines = [
        f"line {number}: {len(line)} columns"
        for number, line in enumerate(text.splitlines(), 1)
        if len(line) > COLUMNS and not line.lstrip().startswith(("|", "!["))
    ]
    long = [sentence for sentence in sentences(text) if len(re.findall(r"[\w'’./-]+", sentence)) > WORDS]
    assert (lines, long) == ([], [])


def test_a_long_sentence_is_found():
    text = "# A\n\nOne two.\n\n- " + "word " * 31 + "end.\n\n| a | b |\n"
    assert max(len(each.split()) for each in sentences(text)) == 33
