"""Table of nim_component/local/kubernetes_types.txt, built from the dump of the Go types.

The format of the table is described in nim_component/local/kubernetes_types.py.
"""

import re
import textwrap
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

SKIPPED_GROUPS = {"authentication.k8s.io", "authorization.k8s.io", "events.k8s.io", "certificates.k8s.io", "flowcontrol.apiserver.k8s.io"}
SKIPPED_KINDS = {
    "Binding", "ComponentStatus", "Event", "PodStatusResult", "RangeAllocation", "Scale", "Eviction", "Node", "Secret", "ResourceSlice",
    "IPAddress", "CSINode", "VolumeAttachment",
}  # fmt: skip
SKIPPED_FIELDS = {"status", "managedFields", "apiVersion", "kind"}
SCALARS = {"str", "int", "bool", "float"}
SPECIAL = {"quantity", "bytes", "time", "microtime"}
WIDTH = 136


class Field(NamedTuple):
    """A field that is not copied unchanged."""

    is_omitted_when_empty: bool
    shape: str
    """Type with `[]` and `{}` in front, or empty."""

    @property
    def struct(self) -> str:
        """Struct of the field, or empty."""
        return self.shape.lstrip("[]{}") if "." in self.shape else ""


def build_table(dump: Mapping[str, Any]) -> str:
    """Return the table for a dump of `dump/main.go`."""
    kinds: dict[str, str] = {key: struct for key, struct in sorted(dump["kinds"].items()) if not is_skipped(key)}
    structs: Mapping[str, list[str]] = dump["structs"]
    fields: dict[str, dict[str, Field]] = {}
    used: set[str] = set()
    pending = list(kinds.values())
    while pending:
        name = pending.pop()
        if name not in used:
            used.add(name)
            pending.extend(field.struct for field in find_fields(name, structs, fields).values() if field.struct)
    names = shorten_names(used)
    groups: defaultdict[str, list[str]] = defaultdict(list)
    for key, struct in kinds.items():
        api_version, kind = key.split()
        groups[api_version].append(kind if names[struct] == kind else f"{kind}={names[struct]}")
    lines = [f"{names[name]} = {' '.join(show_field(*field, names) for field in sorted(fields[name].items()))}" for name in used]
    heads = [f"{api_version} = {' '.join(kinds)}" for api_version, kinds in groups.items()]
    return f"{fold(heads)}\n{fold(sorted(lines))}"


def is_skipped(key: str) -> bool:
    """Return true for kinds that are only read, or that the local engine handles itself."""
    api_version, kind = key.split()
    return api_version.split("/")[0] in SKIPPED_GROUPS or kind in SKIPPED_KINDS


def find_fields(name: str, structs: Mapping[str, list[str]], found: dict[str, dict[str, Field]]) -> dict[str, Field]:
    """Return the fields of a struct that are not copied unchanged. `found` has earlier results."""
    if name in found:
        return found[name]
    found[name] = {}  # a struct that contains itself is copied unchanged there
    fields: dict[str, Field] = {}
    for line in structs[name]:
        field, shape = line.split(" ", 1)
        match = re.fullmatch(r"((?:\*|\[\]|\{\})*)(.*)", shape)
        assert match is not None
        prefix, base = match.groups()
        key = field.rstrip("?!")
        if key in SKIPPED_FIELDS:
            continue
        inner = prefix.replace("*", "") + base if base in SPECIAL or ("." in base and find_fields(base, structs, found)) else ""
        is_omitted = "?" in field and not prefix.startswith("*") and bool(prefix or base in SCALARS or base == "bytes")
        if is_omitted or inner:
            fields[key] = Field(is_omitted, inner)
    found[name] = fields
    return fields


def shorten_names(names: Iterable[str]) -> dict[str, str]:
    """Return the names of structs without their package if they are unique."""
    count = Counter(name.split(".")[1] for name in names)

    def shorten(name: str) -> str:
        package, base = name.split(".")
        return base if count[base] == 1 else base + "".join(piece.title() for piece in package.split("_"))

    return {name: shorten(name) for name in names}


def show_field(key: str, field: Field, names: Mapping[str, str]) -> str:
    """Return a field as `name?:[]Type`."""
    base = field.shape.lstrip("[]{}")
    shape = f":{field.shape.removesuffix(base)}{names.get(base, base)}" if field.shape else ""
    return f"{key}{'?' if field.is_omitted_when_empty else ''}{shape}"


def fold(lines: Iterable[str]) -> str:
    """Return lines with indented continuation lines."""
    folded = (textwrap.wrap(line, WIDTH, subsequent_indent="    ", break_long_words=False, break_on_hyphens=False) for line in lines)
    return "".join(f"{line}\n" for wrapped in folded for line in wrapped)
