"""Language rules for docstrings, comments, documentation and test names."""

import ast
import re
from collections.abc import Iterable, Iterator

import pytest

from .prose import (
    ROOT,
    Prose,
    markdown_prose,
    named_prose,
    output_prose,
    python_prose,
    read_markdown,
    read_names,
    read_output,
    read_python,
    tracked,
)
from .rules import BANNED_PATTERNS, FIRST_WORDS, LONGEST_SENTENCE, LONGEST_TEST_NAME, TERMS_OF_KUBERNETES

TABLE_OF_RULES = ("tests/language/",)
CHANGELOG = "CHANGELOG.md"


def banned_words(prose: Iterable[Prose]) -> Iterator[str]:
    for piece in prose:
        if piece.path.startswith(TABLE_OF_RULES):
            continue
        for pattern, instead in BANNED_PATTERNS:
            for match in pattern.finditer(piece.text):
                if piece.kind in ("output", "name") and match[0].lower() in TERMS_OF_KUBERNETES:
                    continue
                around = " ".join(piece.text[max(0, match.start() - 25) : match.end() + 25].split())
                yield f"{piece}: {match[0]!r} in '{around}'. Use: {instead}"


def long_sentences(prose: Iterable[Prose]) -> Iterator[str]:
    for piece in prose:
        for sentence in piece.sentences():
            if len(sentence.split()) > LONGEST_SENTENCE:
                yield f"{piece}: {len(sentence.split())} words: {sentence[:90]}"


def sources(*suffixes: str) -> list[tuple[str, str]]:
    return [(str(path.relative_to(ROOT)), path.read_text(encoding="utf-8")) for path in tracked(*suffixes)]


def test_prose_has_no_banned_words():
    assert not list(banned_words((*python_prose(), *markdown_prose())))


def test_output_has_no_banned_words():
    assert not list(banned_words(output_prose()))


def test_names_have_no_banned_words():
    assert not list(banned_words(named_prose()))


def test_docstrings_begin_with_verb_or_noun():
    first = [
        f"{piece}: {piece.raw[:60]!r}" for piece in python_prose() if piece.kind == "docstring" and piece.raw.split(" ")[0] in FIRST_WORDS
    ]
    assert not first


def test_sentences_are_short():
    assert not list(long_sentences(piece for piece in (*python_prose(), *markdown_prose()) if piece.path != CHANGELOG))


def test_test_names_are_short():
    long = []
    for name, source in sources(".py"):
        if name.startswith("tests/"):
            for node in ast.walk(ast.parse(source)):
                if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_"):
                    words = node.name.removeprefix("test_").split("_")
                    if len(words) > LONGEST_TEST_NAME:
                        long.append(f"{name}:{node.lineno}: {len(words)} words: {node.name}")
    assert not long


def test_module_names_are_unique():
    """A module has one name: `a/b.py` and `a/b/` do not exist side by side."""
    files = tracked(".py")
    packages = {path.parent for path in files}
    assert not [str(path) for path in files if path.with_suffix("") in packages]


def test_class_names_are_unique():
    """A class of the package is the only one of its name: one term has one meaning."""
    owners: dict[str, list[str]] = {}
    for name, source in sources(".py"):
        if name.startswith("nim_component/"):
            for node in ast.parse(source).body:
                if isinstance(node, ast.ClassDef):
                    owners.setdefault(node.name, []).append(name)
    assert len(owners) > 100
    assert not {name: files for name, files in owners.items() if len(files) > 1}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The API server says no.", "says"),
        ("The wish list is empty.", "wish"),
        ("One paragraph a group.", "group"),
        ("The node group has four pods.", None),
        ("Server-side apply owns the field.", None),
        ("`claim` is a field name.", None),
        ("A claim of the model.", "claim"),
        ("Besides, they are side by side.", None),
        ("Tokens are hidden.", "hidden"),
    ],
)
def test_banned_words_match_whole_words(text: str, expected: str | None):
    (piece,) = read_python("x.py", f'"""{text}"""')
    found = list(banned_words([piece]))
    assert (expected is None and not found) or any(repr(expected) in line for line in found)


def test_code_is_not_prose():
    pieces = list(read_markdown("x.md", "# Title\n\nText `says` here.\n\n```\nhe says\n```\n\n| says |\n|---|\n"))
    assert not list(banned_words(pieces))
    assert [piece.line for piece in pieces] == [1, 3]


def test_banned_word_in_output_is_found():
    tree = ast.parse('"""It says."""\nERROR = f"{name} says no"\nREASON = r"it says|said \\S+"\nGROUP = "the group 5"')
    (found,) = banned_words(read_output("x.py", tree))
    assert "'says'" in found and found.startswith("x.py:2")


def test_banned_word_in_name_is_found():
    tree = ast.parse("class TheStory:\n    def find_group(self): ...\n    def is_told(self): ...")
    assert [each.split("'")[1] for each in banned_words(read_names("x.py", tree))] == ["Story", "told"]


def test_long_sentence_is_found():
    (piece,) = read_python("x.py", f'"""{"word " * 31}."""')
    assert len(list(long_sentences([piece]))) == 1
    assert not list(long_sentences(read_python("x.py", f'"""{"word " * 29}."""')))


def test_comment_blocks_are_joined():
    pieces = list(read_python("x.py", "x = 1  # first\n# second\n\n# third\n"))
    assert [(piece.line, piece.raw) for piece in pieces] == [(1, "first\nsecond"), (4, "third")]
    assert all(re.match(r"x\.py:\d+$", str(piece)) for piece in pieces)
