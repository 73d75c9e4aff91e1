"""Scalars of YAML, resolved as the Pulumi CLI does, with yaml.v3.

YAML 1.2 with the numbers of YAML 1.1: `010` and `0o10` are 8, `1_000` is 1000, and a date is a
time. https://github.com/go-yaml/yaml/blob/v3.0.1/resolve.go
"""

from __future__ import annotations

import base64
import binascii
import math
import re
from datetime import datetime
from typing import Final, TypeAlias

Scalar: TypeAlias = str | bool | int | float | None

STR, NULL, BOOL, INT, FLOAT, TIMESTAMP, BINARY, MERGE = (
    f"tag:yaml.org,2002:{name}" for name in ("str", "null", "bool", "int", "float", "timestamp", "binary", "merge")
)
RESOLVED: Final = (STR, NULL, BOOL, INT, FLOAT, TIMESTAMP)
"""Tags that convert a scalar. Every other tag keeps its text."""

WORDS: Final[dict[str, tuple[str, Scalar]]] = {
    **dict.fromkeys(("true", "True", "TRUE"), (BOOL, True)),
    **dict.fromkeys(("false", "False", "FALSE"), (BOOL, False)),
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), (NULL, None)),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), (FLOAT, math.nan)),
    **dict.fromkeys((".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"), (FLOAT, math.inf)),
    **dict.fromkeys(("-.inf", "-.Inf", "-.INF"), (FLOAT, -math.inf)),
    "<<": (MERGE, "<<"),
}
INTEGERS: Final = {2: r"0[bB]([01]+)", 8: r"0[oO]?([0-7]+)", 16: r"0[xX]([0-9a-fA-F]+)", 10: r"(0|[1-9][0-9]*)"}
"""Digits of an integer without its sign, by base."""
SIGNED_DIGITS: Final = re.compile(r"0b[-+][01]{1,63}|0o[-+][0-7]{1,21}")
"""Integers with the sign after the base, which yaml.v3 accepts."""
MAX_DIGITS: Final = 68
FLOAT_PATTERN: Final = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
TIME_PATTERN: Final = re.compile(
    r"([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})"
    r"(?:(?:[Tt]| +)([0-9]{1,2}):([0-9]{1,2}):([0-9]{1,2})(?:[.,]([0-9]+))?(Z|[-+][0-9]{2}:[0-9]{2})?)?"
)


class ScalarError(ValueError):
    """A scalar that does not have the type of its tag."""


def resolve_scalar(tag: str, text: str) -> tuple[str, Scalar]:
    """Return tag and value of a scalar.

    Args:
        tag: Tag; empty for a plain scalar.
        text: Content of the scalar.

    Raises:
        ScalarError: The scalar does not have the type of its tag.
    """
    if tag == BINARY:
        return tag, decode_binary(text)
    if tag and tag not in RESOLVED:
        return tag, text
    found, value = (STR, text) if tag == STR else resolve_plain(text, timestamps=tag in ("", TIMESTAMP))
    if tag == FLOAT and isinstance(value, int) and not isinstance(value, bool) and value < 2**63:
        return FLOAT, float(value)
    if tag not in ("", found, STR):
        raise ScalarError(f"cannot decode {shorten(found)} `{text}` as a {shorten(tag)}")
    return found, value


def shorten(tag: str) -> str:
    """Return `!!int` for a tag."""
    return f"!!{tag.rpartition(':')[2]}"


def resolve_plain(text: str, *, timestamps: bool) -> tuple[str, Scalar]:
    """Return tag and value of a scalar without quotes."""
    if text in WORDS:
        return WORDS[text]
    if text[0] == ".":
        found, value = resolve_float(re.sub(r"(?<=[0-9])_(?=[0-9])", "", text))
        return (found, value) if found == FLOAT else (STR, text)
    if text[0] not in "+-0123456789":
        return STR, text
    if timestamps and (time := show_time(text)) is not None:
        return TIMESTAMP, time
    plain = text.replace("_", "")
    number = parse_integer(plain)
    if number is not None:
        return INT, number
    found, value = resolve_float(plain)
    return (found, value) if found == FLOAT else (STR, text)


def resolve_float(text: str) -> tuple[str, Scalar]:
    """Return a float, or the text if it is none or too large."""
    if not FLOAT_PATTERN.fullmatch(text) or math.isinf(value := float(text)):
        return STR, text
    return FLOAT, value


def parse_integer(text: str) -> int | None:
    """Return an integer of up to 64 bits, else None."""
    sign, digits = (text[0], text[1:]) if text[0] in "+-" else ("", text)
    limit = {"-": 2**63, "+": 2**63 - 1, "": 2**64 - 1}[sign]
    for base, pattern in INTEGERS.items():
        if len(digits) <= MAX_DIGITS and (match := re.fullmatch(pattern, digits)):
            value = int(match[1], base)
            return None if value > limit else -value if sign == "-" else value
    return int(digits[2:], 2 if digits[1] == "b" else 8) if not sign and SIGNED_DIGITS.fullmatch(digits) else None


def show_time(text: str) -> str | None:
    """Return a date or time as Go prints it: `2024-10-25 00:00:00 +0000 UTC`. None for other texts.

    The CLI passes times to the program in this form.
    """
    match = TIME_PATTERN.fullmatch(text)
    if match is None:
        return None
    year, month, day, hour, minute, second, fraction, zone = match.groups()
    separator = text[match.end(3) : match.end(3) + 1]
    if hour is not None and (separator == " ") == bool(zone):
        return None
    try:
        # Python has no year 0, which is a leap year.
        datetime(int(year) or 4, int(month), int(day), int(hour or 0), int(minute or 0), int(second or 0))
        offset = parse_offset(zone)
    except ValueError:
        return None
    digits = (fraction or "")[:9].rstrip("0")
    clock = ":".join(f"{int(part or 0):02}" for part in (hour, minute, second))
    shown = f"{'-' if offset < 0 else '+'}{abs(offset) // 60:02}{abs(offset) % 60:02}"
    return f"{year}-{int(month):02}-{int(day):02} {clock}{'.' + digits if digits else ''} {shown} {shown if offset else 'UTC'}"


def parse_offset(zone: str | None) -> int:
    """Return the minutes of `Z` or `+02:00`.

    Go accepts up to 24 hours and 60 minutes.
    """
    if zone is None or zone == "Z":
        return 0
    hours, minutes = int(zone[1:3]), int(zone[4:6])
    if hours > 24 or minutes > 60:
        raise ValueError
    return (hours * 60 + minutes) * (-1 if zone[0] == "-" else 1)


def decode_binary(text: str) -> str:
    """Return the content of a `!!binary` scalar.

    As in Go, bytes that are not UTF-8 are replaced.
    """
    try:
        content = base64.b64decode(re.sub(r"[\r\n]", "", text), validate=True)
    except binascii.Error:
        raise ScalarError("!!binary value contains invalid base64 data") from None
    return re.sub("[\udc80-\udcff]", "\ufffd", content.decode("utf-8", "surrogateescape"))
