"""The order in which Go's YAML writer puts the keys of a mapping."""

import re
from collections.abc import Mapping
from functools import cmp_to_key
from typing import Any

LETTERS = re.compile(r"[A-Za-z]*").fullmatch


def sort_keys(entries: Mapping[str, Any]) -> list[str]:
    """Keys in Go's order: letters after other marks, numbers by their value (`a2` before `a10`)."""
    keys = sorted(entries)
    return keys if all(LETTERS(key) for key in keys) else sorted(keys, key=cmp_to_key(compare))


def compare(left: str, right: str) -> int:
    """Below zero when `left` goes first."""
    for index, (one, other) in enumerate(zip(left, right, strict=False)):
        if one == other:
            continue
        if one.isalpha() and other.isalpha():
            return -1 if one < other else 1
        if one.isalpha() or other.isalpha():
            return -1 if other.isalpha() else 1
        return compare_numbers(left, right, index) or (-1 if one < other else 1)
    return len(left) - len(right)


def compare_numbers(left: str, right: str, index: int) -> int:
    """Compares the numbers that begin (or go on) at an index."""
    start = 0
    if "0" in (left[index], right[index]):
        before = index - 1
        while before >= 0 and left[before].isdigit():
            if left[before] != "0":
                start = 1
                break
            before -= 1
    (one, one_length), (other, other_length) = number_at(left, index, start), number_at(right, index, start)
    return one - other or one_length - other_length


def number_at(text: str, index: int, start: int) -> tuple[int, int]:
    """The number at an index and how many digits it has."""
    length = 0
    while index + length < len(text) and text[index + length].isdecimal():
        start = start * 10 + int(text[index + length])
        length += 1
    return start, length
