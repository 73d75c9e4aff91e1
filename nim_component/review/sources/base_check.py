"""Comparison of two renders of one base: that of an untrusted file, and that of this machine.

Secrets are keyed hashes, and each render has its own key. Two renders are equal if every secret has
the same places in both.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, cast

from ...local.markers import SECRET, SIGNATURE
from .renders import Render


def find_other_stack(claimed: Mapping[str, Render], rendered: Mapping[str, Render]) -> str | None:
    """Return the first stack whose renders differ; None if there is none."""
    numbers: tuple[dict[str, int], dict[str, int]] = ({}, {})
    for name in sorted({*claimed, *rendered}):
        try:
            texts = [_describe(renders.get(name), seen) for renders, seen in zip((claimed, rendered), numbers, strict=True)]
        except RecursionError:
            return name
        if texts[0] != texts[1]:
            return name
    return None


def _describe(render: Render | None, numbers: dict[str, int]) -> str:
    return json.dumps(_number_secrets(render, numbers), sort_keys=True)


def _number_secrets(value: Any, numbers: dict[str, int]) -> Any:
    """Return a value with a number in place of each hash, in the order of their first places."""
    if isinstance(value, Mapping):
        entries = cast("Mapping[str, Any]", value)
        if entries.get(SIGNATURE) == SECRET:
            return {SIGNATURE: SECRET, "number": numbers.setdefault(json.dumps(entries.get("value")), len(numbers))}
        return {key: _number_secrets(entries[key], numbers) for key in sorted(entries)}
    return [_number_secrets(item, numbers) for item in cast("list[Any]", value)] if isinstance(value, list) else value
