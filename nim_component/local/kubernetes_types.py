"""Serialisation of fields by the Go types of Kubernetes.

The Go types omit some fields when they are empty, and rewrite quantities, times and bytes. The
table in kubernetes_types.txt lists these fields. `make kubernetes-types` generates it from the Go
types of k8s.io/api by reflection; see tools/kubernetes_types.

Format of the table: two sections with an empty line between them.

- Kinds by apiVersion: `apps/v1 = DaemonSet Deployment`. `Kind=Struct` if the names differ.
- Structs: `Struct = field?:[]Type`. `?` marks a field that is omitted when empty. The type after
  `:`
  has `[]` in front for a list and `{}` for a map. Fields that are copied unchanged are not listed.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import NamedTuple

TABLE = Path(__file__).with_suffix(".txt")
FIELD = re.compile(r"([$\w]+)(\?)?(?::((?:\[\]|\{\})*)(\w+))?(?: |$)")


class Field(NamedTuple):
    """Serialisation of one field."""

    omit_empty: bool
    containers: str
    """`[]` and `{}` of the lists and maps around the value, outermost first."""
    type: str
    """Struct of the table, `quantity`, `time`, `microtime` or `bytes`.

    Empty for a value that is copied unchanged.
    """


def find_struct(api_version: str, kind: str) -> str | None:
    """Return the struct of a kind, or None if the kind is not in the table."""
    return read_kinds().get((api_version, kind))


@cache
def read_kinds() -> dict[tuple[str, str], str]:
    """Return the struct names by apiVersion and kind."""
    found: dict[tuple[str, str], str] = {}
    for api_version, names in read_table()[0].items():
        for name in names.split():
            kind, _, struct = name.partition("=")
            found[api_version, kind] = struct or kind
    return found


@cache
def find_fields(struct: str) -> dict[str, Field]:
    """Return the fields of a struct that are not copied unchanged."""
    return {
        name: Field(bool(drop), containers or "", inner or "") for name, drop, containers, inner in FIELD.findall(read_table()[1][struct])
    }


@cache
def read_table() -> tuple[dict[str, str], dict[str, str]]:
    """Return the two sections: kinds by apiVersion, fields by struct."""
    # An indented line continues the line before it.
    kinds, structs = TABLE.read_text(encoding="utf-8").replace("\n    ", " ").split("\n\n")
    return read_section(kinds), read_section(structs)


def read_section(text: str) -> dict[str, str]:
    """Return the text right of ` = ` by the text left of it."""
    return {name: rest for name, _, rest in (line.partition(" = ") for line in text.splitlines())}
