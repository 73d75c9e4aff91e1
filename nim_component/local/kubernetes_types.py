"""How Kubernetes' own types treat what a program gives: which fields vanish when empty, which are quantities, times or bytes.

The table beside this module, kubernetes_types.txt, is generated: read off the Go types of k8s.io/api v0.36 by reflection, by the two
programs in tests/unit/local/kubernetes_types. Its first part gives the kinds of each apiVersion (`Kind=Struct` where the names differ),
its second the structs: `field`, then `?` when an empty value is left out, then `:` and the shape of what is inside (`[]` list, `{}` map).
Fields that need no treatment are not listed.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import NamedTuple

TABLE = Path(__file__).with_suffix(".txt")
FIELD = re.compile(r"([$\w]+)(\?)?(?::((?:\[\]|\{\})*)(\w+))?(?: |$)")


class Field(NamedTuple):
    """How one field is treated."""

    omit_empty: bool
    containers: str
    """`[]` and `{}` around the value, outermost first."""
    type: str
    """A struct of the table, `quantity`, `time`, `microtime`, `bytes`; empty for values that stay as they are."""


def find_struct(api_version: str, kind: str) -> str | None:
    """The struct behind an object, or None for a kind that is not in the table."""
    return kinds().get((api_version, kind))


@cache
def kinds() -> dict[tuple[str, str], str]:
    """Structs by apiVersion and kind."""
    found: dict[tuple[str, str], str] = {}
    for api_version, names in table()[0].items():
        for name in names.split():
            kind, _, struct = name.partition("=")
            found[api_version, kind] = struct or kind
    return found


@cache
def fields_of(struct: str) -> dict[str, Field]:
    """The fields of a struct that need treatment."""
    return {name: Field(bool(drop), containers or "", inner or "") for name, drop, containers, inner in FIELD.findall(table()[1][struct])}


@cache
def table() -> tuple[dict[str, str], dict[str, str]]:
    """Both parts: kinds by apiVersion, fields by struct."""
    # A line that is indented goes on with the one before.
    kinds, structs = TABLE.read_text(encoding="utf-8").replace("\n    ", " ").split("\n\n")
    return read_part(kinds), read_part(structs)


def read_part(text: str) -> dict[str, str]:
    """What stands right of `=`, by what stands left."""
    return {name: rest for name, _, rest in (line.partition(" = ") for line in text.splitlines())}
