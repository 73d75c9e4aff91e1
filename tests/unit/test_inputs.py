"""Outputs in rendered structures."""

from typing import Any

import pulumi

from nim_component.manifests.inputs import resolve_within
from nim_component.testing import record


def test_outputs_within_a_structure_are_resolved():
    seen: list[Any] = []

    def program() -> None:
        text = pulumi.Output.from_input("x")
        resolve_within({"a": [1, text, {"b": text}], "c": None}).apply(seen.append)
        resolve_within({"plain": [1]}).apply(seen.append)

    record(program)
    assert sorted(seen, key=len) == [{"plain": [1]}, {"a": [1, "x", {"b": "x"}], "c": None}]
