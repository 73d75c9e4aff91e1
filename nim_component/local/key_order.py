"""Order of keys in a mapping that Go's YAML writer produces.

Source: https://github.com/yaml/go-yaml/blob/v2/sorter.go
"""

import re
from collections.abc import Mapping
from functools import cmp_to_key
from typing import Any

LETTERS = re.compile(r"[A-Za-z]*")


def sort_keys(entries: Mapping[str, Any]) -> list[str]:
    """Return keys in Go's order.

    Letters come after other characters, and numbers are compared by value (`a2` before `a10`).
    """
    keys = sorted(entries)
    return keys if all(LETTERS.fullmatch(key) for key in keys) else sorted(keys, key=cmp_to_key(compare_keys))


def compare_keys(left: str, right: str) -> int:
    """Return a number below zero if `left` comes first."""
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
    """Compare the numbers that begin, or continue, at an index."""
    start = 0
    if "0" in (left[index], right[index]):
        before = index - 1
        while before >= 0 and left[before].isdigit():
            if left[before] != "0":
                start = 1
                break
            before -= 1
    (one, one_length), (other, other_length) = read_number(left, index, start), read_number(right, index, start)
    return one - other or one_length - other_length


def read_number(text: str, index: int, start: int) -> tuple[int, int]:
    """Return the number at an index and its count of digits."""
    length = 0
    while index + length < len(text) and text[index + length].isdecimal():
        start = start * 10 + int(text[index + length])
        length += 1
    return start, length
