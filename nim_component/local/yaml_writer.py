"""YAML writer with the same output as the Kubernetes provider, byte for byte.

The provider uses https://pkg.go.dev/sigs.k8s.io/yaml: sorted keys, lists without indentation, and
the quoting of Go. PyYAML's dumper sorts and quotes differently, and takes ten times as long.
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
    + [
        form
        for keyword in ("y", "yes", "true", "on", "n", "no", "false", "off", "null")
        for form in (keyword, keyword.capitalize(), keyword.upper())
    ]
    + [sign + form for sign in ("", "+", "-") for form in (".inf", ".Inf", ".INF")]
    + [".nan", ".NaN", ".NAN", "~", "<<"]
)
INTEGER = re.compile(r"[-+]?(0[bB][-+]?[01]+|0[oO]?[0-7]+|0[xX][0-9a-fA-F]+|0|[1-9][0-9]*)")
FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
DOT_FLOAT = re.compile(r"\.[0-9](_?[0-9])*([eE][-+]?[0-9](_?[0-9])*)?")
BASE60 = re.compile(r"[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?")
DATE = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})(?:[Tt ](\d{1,2}):(\d{1,2}):(\d{1,2})(?:[.,]\d+)?(Z|[-+]\d\d:\d\d)?)?")
WIDTH = 80
"""Column after which a long text is folded."""
SIMPLE = re.compile(r"[A-Za-z/_$][A-Za-z0-9_/$.@=+-]*")
ESCAPES = dict(zip((0, 7, 8, 9, 10, 11, 12, 13, 27, 34, 92, 0x85, 0xA0, 0x2028, 0x2029), '0abtnvfre"\\N_LP', strict=True))


def render_yaml(document: Mapping[str, Any]) -> str:
    """Return JSON-like data as YAML."""
    return "".join(write_mapping(document, 0)) if document else "{}\n"


def write_mapping(entries: Mapping[str, Any], indent: int, first: str | None = None) -> Iterator[str]:
    """Yield a block mapping.

    `first` is written before its first key if that key continues a line (`- `).
    """
    margin = " " * indent
    for key in sort_keys(entries):
        lead = margin if first is None else first
        first = None
        text = quote(key)
        if len(key.encode()) > 128:
            yield f"{lead}? {text}\n{margin}"
            yield from write_item(entries[key], indent, ":")
        else:
            yield f"{lead}{text}:"
            yield from write_value(entries[key], indent, indent + len(text) + 1)


def write_value(value: Any, indent: int, column: int) -> Iterator[str]:
    """Yield the text after the colon of a key."""
    match value:
        case dict() if value:
            entries = cast("dict[str, Any]", value)
            yield "\n"
            yield from write_mapping(entries, indent + 2)
        case list() if value:
            items = cast("list[Any]", value)
            yield "\n"
            yield from write_sequence(items, indent)
        case _:
            yield from (" ", format_scalar(value, indent + 2, column + 1))


def write_sequence(items: list[Any], indent: int, first: str | None = None) -> Iterator[str]:
    """Yield a block sequence."""
    for value in items:
        yield " " * indent if first is None else first
        first = None
        yield from write_item(value, indent, "-")


def write_item(value: Any, indent: int, mark: str) -> Iterator[str]:
    """Yield a value after its indicator, on the same line."""
    match value:
        case dict() if value:
            entries = cast("dict[str, Any]", value)
            yield from write_mapping(entries, indent + 2, f"{mark} ")
        case list() if value:
            items = cast("list[Any]", value)
            yield from write_sequence(items, indent + 2, f"{mark} ")
        case _:
            yield f"{mark} {format_scalar(value, indent + 2, indent + 2)}"


def format_scalar(value: Any, indent: int, column: int) -> str:
    """Return a single value with its line end.

    Args:
        value: Text, number, boolean, null, or empty list or mapping.
        indent: Column of its further lines.
        column: Column of its first character.
    """
    match value:
        case None:
            return "null\n"
        case bool():
            return "true\n" if value else "false\n"
        case int():
            return f"{value if abs(value) < 2**63 else format_float(float(value))}\n"
        case float():
            return f"{format_float(value)}\n"
        case str():
            if "\n" in value and is_block_allowed(value):
                return format_literal(value, indent)
            text = quote(value)
            return f"{fold(text, indent, column) if column + len(text) > WIDTH else text}\n"
        case _:
            return "[]\n" if isinstance(value, list) else "{}\n"


def fold(text: str, indent: int, column: int) -> str:
    """Return a quoted text with line breaks at single spaces past the width, as libyaml does."""
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


def format_literal(text: str, indent: int) -> str:
    """Return a block scalar: `|`, indicators for indentation and chomping, and the lines."""
    chomp = "-" if not text.endswith("\n") else "+" if text == "\n" or text.endswith("\n\n") else ""
    margin = " " * indent
    lines = (f"{margin}{line}\n" if line else "\n" for line in text.removesuffix("\n").split("\n"))
    hint = "2" if text.startswith((" ", "\n")) else ""
    return f"|{hint}{chomp}\n{''.join(lines)}"


def is_block_allowed(text: str) -> bool:
    """Return true if a block scalar can contain a text.

    It must be printable, and no line may end with a space.
    """
    return not text.endswith(" ") and " \n" not in text and all(map(is_printable, text))


@lru_cache(maxsize=16384)
def quote(text: str) -> str:
    """Return a text on one line: plain if a reader returns the same text, else quoted."""
    if SIMPLE.fullmatch(text) and text not in KEYWORDS:
        return text
    if "\n" in text or is_other_type(text) or not all(map(is_printable, text)):
        return double_quote(text)
    return "'" + text.replace("'", "''") + "'" if text != text.strip(" ") or has_indicator(text) else text


def double_quote(text: str) -> str:
    """Return a text in double quotes, with unprintable characters escaped."""
    return '"' + "".join(letter if is_printable(letter) and letter not in '"\\\n' else escape(letter) for letter in text) + '"'


def escape(letter: str) -> str:
    """Return the escape sequence of a character."""
    code = ord(letter)
    if code in ESCAPES:
        return "\\" + ESCAPES[code]
    return f"\\x{code:02X}" if code <= 0xFF else f"\\u{code:04X}" if code <= 0xFFFF else f"\\U{code:08X}"


def is_printable(letter: str) -> bool:
    """Return true for a character that libyaml writes unescaped.

    It escapes tabs, byte-order marks and characters above U+FFFF. The Unicode line separators are
    escaped
    too: the provider writes them unescaped, and some readers then drop them.
    """
    code = ord(letter)
    if code > 0x7E:
        return (0xA0 <= code <= 0xD7FF or 0xE000 <= code <= 0xFFFD) and code not in (0x2028, 0x2029, 0xFEFF)
    return code >= 0x20 or code == 10


def has_indicator(text: str) -> bool:
    """Return true if a plain text would contain YAML syntax."""
    if text[0] in "#,[]{}&*!|>'\"%@`" or text.startswith(("---", "...")):
        return True
    if text[0] in "?:-" and (len(text) == 1 or text[1] in " \t"):
        return True
    return ": " in text or text.endswith(":") or " #" in text


def is_other_type(text: str) -> bool:
    """Return true if Go's reader would not read a plain text as a string."""
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
    """Return true if a text is a valid timestamp."""
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


def format_float(number: float) -> str:
    """Return a number as Go prints it: shortest digits, an exponent below 1e-4 and from 1e6."""
    if not math.isfinite(number):
        return ".nan" if math.isnan(number) else ".inf" if number > 0 else "-.inf"
    digits, _, exponent = next(text for places in range(18) if float(text := f"{number:.{places}e}") == number).partition("e")
    power = int(exponent)
    if power < -4 or power >= 6:
        return f"{digits}e{'-' if power < 0 else '+'}{abs(power):02d}"
    return repr(number) if "e" not in repr(number) else f"{number:f}".rstrip("0").rstrip(".")
