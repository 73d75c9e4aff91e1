"""Turns the dump of `dump.go` (on stdin) into nim_component/local/kubernetes_types.txt (on stdout)."""

import json
import re
import sys
import textwrap
from collections import Counter, defaultdict

SKIPPED_GROUPS = {"authentication.k8s.io", "authorization.k8s.io", "events.k8s.io", "certificates.k8s.io", "flowcontrol.apiserver.k8s.io"}
SKIPPED_KINDS = {
    "Binding", "ComponentStatus", "Event", "PodStatusResult", "RangeAllocation", "Scale", "Eviction", "Node", "Secret", "ResourceSlice",
    "IPAddress", "CSINode", "VolumeAttachment",
}  # fmt: skip
SCALARS = {"str", "int", "bool", "float"}
SPECIAL = {"quantity", "bytes", "time", "microtime"}


def main() -> None:
    """Reads, prunes, prints."""
    dump = json.load(sys.stdin)
    structs, kinds = (
        dump["structs"],
        {
            key: struct
            for key, struct in dump["kinds"].items()
            if key.split("/")[0] not in SKIPPED_GROUPS and key.split()[1] not in SKIPPED_KINDS
        },
    )
    needed: dict[str, dict[str, tuple[bool, str]]] = {}

    def need(name: str) -> dict[str, tuple[bool, str]]:
        """The fields of a struct that need treatment."""
        if name not in needed:
            needed[name] = {}
            fields = {}
            for line in structs[name]:
                field, shape = line.split(" ", 1)
                prefix, base = re.fullmatch(r"((?:\*|\[\]|\{\})*)(.*)", shape).groups()
                field, optional = field.rstrip("?!"), "?" in field
                if field in ("status", "managedFields", "apiVersion", "kind"):
                    continue
                inner = prefix.replace("*", "") + base if base in SPECIAL or ("." in base and need(base)) else ""
                drops = optional and not prefix.startswith("*") and bool(prefix or base in SCALARS or base == "bytes")
                if drops or inner:
                    fields[field] = (drops, inner)
            needed[name] = fields
        return needed[name]

    def reach(name: str, seen: set[str]) -> None:
        """Collects a struct and all below it."""
        if name not in seen:
            seen.add(name)
            for _, inner in need(name).values():
                if "." in inner:
                    reach(inner.lstrip("[]{}"), seen)

    seen: set[str] = set()
    for struct in kinds.values():
        reach(struct, seen)
    count = Counter(name.split(".")[1] for name in seen)
    short = {
        name: base if count[base := name.split(".")[1]] == 1 else base + "".join(part.title() for part in name.split(".")[0].split("_"))
        for name in seen
    }
    groups = defaultdict(list)
    for key, struct in sorted(kinds.items()):
        group_version, kind = key.split()
        groups[group_version].append(kind if short[struct] == kind else f"{kind}={short[struct]}")
    show([f"{group_version} = {' '.join(names)}" for group_version, names in groups.items()])
    print()
    lines = []
    for name in sorted(seen, key=short.__getitem__):
        fields = []
        for field, (drops, inner) in sorted(need(name).items()):
            base = inner.lstrip("[]{}")
            shape = f":{inner.removesuffix(base)}{short.get(base, base)}" if inner else ""
            fields.append(f"{field}{'?' if drops else ''}{shape}")
        lines.append(f"{short[name]} = {' '.join(fields)}")
    show(lines)


def show(lines: list[str]) -> None:
    """Prints, folded."""
    for line in lines:
        print("\n".join(textwrap.wrap(line, 136, subsequent_indent="    ", break_long_words=False, break_on_hyphens=False)))


main()
