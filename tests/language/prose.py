"""Prose of the project: docstrings, comments and Markdown, with the line of each sentence."""

import ast
import io
import re
import subprocess
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
INLINE_CODE = re.compile(r"(`{1,2})(?!`).+?\1", re.S)
LINK_TARGET = re.compile(r"(?<=\])\([^)]*\)|<?https?://[^\s>)]+>?")
FENCE = re.compile(r"^(?P<indent>\s*)(?P<fence>`{3,}|~{3,}).*?^(?P=indent)(?P=fence)\s*$", re.M | re.S)
DIRECTIVE = re.compile(r"#\s*(?:noqa|type:|pyright:|ruff:|pragma|!)|\(pyright\b|# /// ")
REGULAR_EXPRESSION = re.compile(r"\\[bsSwWdn]|\(\?|[\])]\{\d|\.\*|\w\|\w")


@dataclass(frozen=True)
class Prose:
    """A piece of prose: one docstring, one block of comment lines, or one Markdown paragraph."""

    path: str
    line: int
    kind: str
    """`docstring`, `comment`, `markdown`, `output` or `name`."""
    text: str
    """The text without inline code, targets of links, and tables."""
    raw: str
    """The text as it stands in the file."""

    def __str__(self) -> str:
        return f"{self.path}:{self.line}"

    def sentences(self) -> Iterator[str]:
        """Yield the sentences.

        A sentence ends at a full stop, a blank line or a list item. It also ends at a line with
        another indentation: an entry of an `Args:` section, or a row of an indented block.
        """
        for paragraph in re.split(r"\n\s*\n|\n\s*(?=[-*+] |\d+\. |\|)", self.text):
            lines = paragraph.split("\n")
            indents = [len(line) - len(line.lstrip()) for line in lines]
            block: list[str] = []
            for index, line in enumerate(lines):
                starts_entry = re.match(r"\s*(?:\*{0,2}\w+: |\S.*\S {2,}\S)", line)
                if block and (starts_entry or (index > 1 and indents[index] < indents[index - 1])):
                    yield from _split(block)
                    block = []
                block.append(line)
            yield from _split(block)


def _split(lines: list[str]) -> list[str]:
    return re.split(r"(?<=[.!?])['\")]*\s+", " ".join(" ".join(lines).split()))


def tracked(*suffixes: str) -> list[Path]:
    """Return the files of the project with these suffixes, new ones included, ignored ones not."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\n")
    return [path for name in names if name.endswith(suffixes) and (path := ROOT / name).is_file()]


def without_code(text: str) -> str:
    """Return text whose inline code and link targets are replaced by a neutral word."""
    return LINK_TARGET.sub(" ", INLINE_CODE.sub("CODE", text))


@cache
def python_prose() -> tuple[Prose, ...]:
    """Return the docstrings and comments of every Python file."""
    return tuple(piece for path in tracked(".py") for piece in read_python(str(path.relative_to(ROOT)), path.read_text(encoding="utf-8")))


@cache
def markdown_prose() -> tuple[Prose, ...]:
    """Return the paragraphs of every Markdown file."""
    return tuple(
        piece
        for path in tracked(".md")
        if "tests/review/golden" not in path.as_posix()
        for piece in read_markdown(str(path.relative_to(ROOT)), path.read_text(encoding="utf-8"))
    )


def read_python(name: str, source: str) -> Iterator[Prose]:
    """Yield the docstrings, the docstrings of fields, and the comments of a source text."""
    for node in ast.walk(ast.parse(source)):
        for statement in getattr(node, "body", ()) if isinstance(getattr(node, "body", ()), list) else ():
            if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant) and isinstance(statement.value.value, str):
                raw = statement.value.value
                yield Prose(name, statement.lineno, "docstring", without_code(raw), raw)
    block: list[str] = []
    first = last = 0
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT and not DIRECTIVE.search(token.string):
            if block and token.start[0] != last + 1:
                yield Prose(name, first, "comment", without_code("\n".join(block)), "\n".join(block))
                block = []
            first = token.start[0] if not block else first
            last = token.start[0]
            block.append(token.string.lstrip("#").strip())
    if block:
        yield Prose(name, first, "comment", without_code("\n".join(block)), "\n".join(block))


@cache
def output_prose() -> tuple[Prose, ...]:
    """Return the texts that the program can print: help, output, errors and fixes."""
    return tuple(piece for name, tree in _trees("nim_component/", "policies/") for piece in read_output(name, tree))


@cache
def named_prose() -> tuple[Prose, ...]:
    """Return the names of all functions and classes, as words."""
    return tuple(piece for name, tree in _trees("") for piece in read_names(name, tree))


def _trees(*folders: str) -> Iterator[tuple[str, ast.Module]]:
    for path in tracked(".py"):
        name = str(path.relative_to(ROOT))
        if name.startswith(folders):
            yield name, ast.parse(path.read_text(encoding="utf-8"))


def read_output(name: str, tree: ast.Module) -> Iterator[Prose]:
    """Yield the string constants that contain words, without docstrings and regular expressions."""
    docstrings = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if not isinstance(node, ast.Constant) or not isinstance(node.value, str) or id(node) in docstrings:
            continue
        if " " in node.value.strip() and not REGULAR_EXPRESSION.search(node.value):
            yield Prose(name, node.lineno, "output", without_code(node.value), node.value)


def read_names(name: str, tree: ast.Module) -> Iterator[Prose]:
    """Yield the names of functions and classes, split into words."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|_", " ", node.name).strip()
            yield Prose(name, node.lineno, "name", words, node.name)


def read_markdown(name: str, source: str) -> Iterator[Prose]:
    """Yield the paragraphs of Markdown, without code blocks, front matter, tables and comments."""
    blanked = FENCE.sub(lambda match: "\n" * match[0].count("\n"), source)
    blanked = re.sub(r"\A---\n.*?\n---\n", lambda match: "\n" * match[0].count("\n"), blanked, flags=re.S)
    blanked = re.sub(r"<!--.*?-->", lambda match: "\n" * match[0].count("\n"), blanked, flags=re.S)
    line = 1
    for paragraph in re.split(r"(\n\s*\n)", blanked):
        lines = [each for each in paragraph.split("\n") if not re.match(r"\s*\||    \s*\S", each)]
        text = "\n".join(lines)
        if text.strip():
            yield Prose(name, line + (len(paragraph) - len(paragraph.lstrip("\n"))), "markdown", without_code(text), text)
        line += paragraph.count("\n")
