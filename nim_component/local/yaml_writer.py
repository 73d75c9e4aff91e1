"""Writes YAML byte for byte as the Kubernetes provider does (sigs.k8s.io/yaml): keys sorted, lists not indented, texts quoted as Go does.

Written by hand rather than through PyYAML's dumper, which quotes and sorts differently and takes ten times as long.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from datetime import date
from functools import lru_cache
from typing import Any, cast

from .key_order import sort_keys

KEYWORDS = frozenset(
    [""]
    + [form for word in ("y", "yes", "true", "on", "n", "no", "false", "off", "null") for form in (word, word.capitalize(), word.upper())]
    + [sign + form for sign in ("", "+", "-") for form in (".inf", ".Inf", ".INF")]
    + [".nan", ".NaN", ".NAN", "~", "<<"]
)
INTEGER = re.compile(r"[-+]?(0[bB][-+]?[01]+|0[oO]?[0-7]+|0[xX][0-9a-fA-F]+|0|[1-9][0-9]*)")
FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
DOT_FLOAT = re.compile(r"\.[0-9](_?[0-9])*([eE][-+]?[0-9](_?[0-9])*)?")
BASE60 = re.compile(r"[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?")
DATE = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})(?:[Tt ](\d{1,2}):(\d{1,2}):(\d{1,2})(?:[.,]\d+)?(Z|[-+]\d\d:\d\d)?)?")
WIDTH = 80
SIMPLE = re.compile(r"[A-Za-z/_$][A-Za-z0-9_/$.@=+-]*")
ESCAPES = dict(zip((0, 7, 8, 9, 10, 11, 12, 13, 27, 34, 92, 0x85, 0xA0, 0x2028, 0x2029), '0abtnvfre"\\N_LP', strict=True))


def render_yaml(document: Mapping[str, Any]) -> str:
    """A document of plain JSON-like data as YAML text."""
    return "".join(mapping(document, 0)) if document else "{}\n"


def mapping(entries: Mapping[str, Any], indent: int, first: str | None = None) -> Iterator[str]:
    """A block mapping at a column; `first` stands before its first key when that continues a line (`- `)."""
    margin = " " * indent
    for key in sort_keys(entries):
        lead = margin if first is None else first
        first = None
        text = quote(key)
        if len(key.encode()) > 128:
            yield f"{lead}? {text}\n{margin}"
            yield from item(entries[key], indent, ":")
        else:
            yield f"{lead}{text}:"
            yield from value_of(entries[key], indent, indent + len(text) + 1)


def value_of(value: Any, indent: int, column: int) -> Iterator[str]:
    """What follows a key's colon."""
    match value:
        case dict() if value:
            entries = cast("dict[str, Any]", value)
            yield "\n"
            yield from mapping(entries, indent + 2)
        case list() if value:
            items = cast("list[Any]", value)
            yield "\n"
            yield from sequence(items, indent)
        case _:
            yield from (" ", scalar(value, indent + 2, column + 1))


def sequence(items: list[Any], indent: int, first: str | None = None) -> Iterator[str]:
    """A block sequence at a column."""
    for value in items:
        yield " " * indent if first is None else first
        first = None
        yield from item(value, indent, "-")


def item(value: Any, indent: int, mark: str) -> Iterator[str]:
    """A value behind its mark, on the same line."""
    match value:
        case dict() if value:
            entries = cast("dict[str, Any]", value)
            yield from mapping(entries, indent + 2, f"{mark} ")
        case list() if value:
            items = cast("list[Any]", value)
            yield from sequence(items, indent + 2, f"{mark} ")
        case _:
            yield f"{mark} {scalar(value, indent + 2, indent + 2)}"


def scalar(value: Any, indent: int, column: int) -> str:
    """A single value and the end of its line. `indent` is where further lines of it begin, `column` where it stands itself."""
    match value:
        case None:
            return "null\n"
        case bool():
            return "true\n" if value else "false\n"
        case int():
            return f"{value if abs(value) < 2**63 else go_float(float(value))}\n"
        case float():
            return f"{go_float(value)}\n"
        case str():
            if "\n" in value and block_allowed(value):
                return literal(value, indent)
            text = quote(value)
            return f"{fold(text, indent, column) if column + len(text) > WIDTH else text}\n"
        case _:
            return "[]\n" if isinstance(value, list) else "{}\n"


def fold(text: str, indent: int, column: int) -> str:
    """Breaks a long text at single spaces past the width, as libyaml does. `text` is quoted already."""
    quoting = text[0] if text[0] in "\"'" else ""
    last = len(text) - 1 - len(quoting)
    written: list[str] = []
    after_space = False
    for index, letter in enumerate(text):
        following = text[index + 1 : index + 2]
        breaks = letter == " " and not after_space and column > WIDTH and (quoting == '"' or following != " ")
        if breaks and (not quoting or 1 < index < last):
            written.append("\n" + " " * indent + ("\\" if following == " " else ""))
            column = indent + (following == " ")
        else:
            written.append(letter)
            column += 1
        after_space = letter == " "
    return "".join(written)


def literal(text: str, indent: int) -> str:
    """A block scalar: `|`, a hint when it begins with white space, and how its end is to be read."""
    chomp = "-" if not text.endswith("\n") else "+" if text == "\n" or text.endswith("\n\n") else ""
    margin = " " * indent
    lines = (f"{margin}{line}\n" if line else "\n" for line in text.removesuffix("\n").split("\n"))
    hint = "2" if text.startswith((" ", "\n")) else ""
    return f"|{hint}{chomp}\n{''.join(lines)}"


def block_allowed(text: str) -> bool:
    """Whether a block scalar can hold the text: nothing unprintable, no space before a break or at the end."""
    return not text.endswith(" ") and " \n" not in text and all(map(printable, text))


@lru_cache(maxsize=16384)
def quote(text: str) -> str:
    """A text on one line: plain where that reads back as the same text, else quoted."""
    if SIMPLE.fullmatch(text) and text not in KEYWORDS:
        return text
    if "\n" in text or is_other_type(text) or not all(map(printable, text)):
        return double_quoted(text)
    return "'" + text.replace("'", "''") + "'" if text != text.strip(" ") or has_indicator(text) else text


def double_quoted(text: str) -> str:
    """Everything unprintable escaped."""
    return '"' + "".join(letter if printable(letter) and letter not in '"\\\n' else escape(letter) for letter in text) + '"'


def escape(letter: str) -> str:
    """One character, escaped."""
    code = ord(letter)
    if code in ESCAPES:
        return "\\" + ESCAPES[code]
    return f"\\x{code:02X}" if code <= 0xFF else f"\\u{code:04X}" if code <= 0xFFFF else f"\\U{code:08X}"


def printable(letter: str) -> bool:
    """As libyaml counts: no tab, nothing beyond the basic plane, no byte-order mark. The rare Unicode line breaks, which

    the provider writes raw and some readers then lose, are escaped too.
    """
    code = ord(letter)
    if code > 0x7E:
        return (0xA0 <= code <= 0xD7FF or 0xE000 <= code <= 0xFFFD) and code not in (0x2028, 0x2029, 0xFEFF)
    return code >= 0x20 or code == 10


def has_indicator(text: str) -> bool:
    """Whether a plain text would be taken for YAML's own marks."""
    if text[0] in "#,[]{}&*!|>'\"%@`" or text.startswith(("---", "...")):
        return True
    if text[0] in "?:-" and (len(text) == 1 or text[1] in " \t"):
        return True
    return ": " in text or text.endswith(":") or " #" in text


def is_other_type(text: str) -> bool:
    """Whether Go's reader would take the plain text for something else than a text."""
    if text in KEYWORDS:
        return True
    if text[0] not in "+-.0123456789":
        return False
    if text[0] == ".":
        return bool(DOT_FLOAT.fullmatch(text))
    plain = text.replace("_", "")
    if FLOAT.fullmatch(plain):
        return math.isfinite(float(plain))
    return bool(INTEGER.fullmatch(plain) or BASE60.fullmatch(text) or is_date(text))


def is_date(text: str) -> bool:
    """Whether the text is a timestamp, with a day and a time that exist."""
    match = DATE.fullmatch(text)
    if match is None:
        return False
    year, month, day, hour, minute, second, zone = match.groups()
    try:
        date(max(int(year), 1), int(month), int(day))
    except ValueError:
        return False
    if hour is None:
        return True
    in_range = int(hour) < 24 and int(minute) < 60 and int(second) < 60
    return in_range and (bool(zone) == (text[len(f"{year}-{month}-{day}")] in "Tt"))


def go_float(number: float) -> str:
    """A number as Go prints it: shortest digits, an exponent below 1e-4 and from 1e6."""
    if not math.isfinite(number):
        return ".nan" if math.isnan(number) else ".inf" if number > 0 else "-.inf"
    digits, _, exponent = next(text for places in range(18) if float(text := f"{number:.{places}e}") == number).partition("e")
    power = int(exponent)
    if power < -4 or power >= 6:
        return f"{digits}e{'-' if power < 0 else '+'}{abs(power):02d}"
    return repr(number) if "e" not in repr(number) else f"{number:f}".rstrip("0").rstrip(".")
