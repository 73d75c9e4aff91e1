"""Names that end in a content hash.

An object that a change can replace has such a name. The new object then exists beside the old one,
and Pulumi deletes nothing before its replacement is ready.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from typing import Any, Protocol

HASH_LENGTH = 8
_ENDS_IN_HASH = re.compile(rf"(.+)(-[0-9a-f]{{{HASH_LENGTH}}})")


def hash_content(fields: Mapping[str, Any]) -> str:
    """Return a short hash of plain fields. It is the same on every machine and in every run."""
    text = json.dumps(fields, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:HASH_LENGTH]


def generate_name(service_name: str, suffix: str, fields: Mapping[str, Any]) -> str:
    """Return the name of an object that a change of `fields` replaces."""
    return f"{service_name}-{suffix}-{hash_content(fields)}"


def strip_content_hash(logical_name: str, inputs: Mapping[str, Any]) -> str:
    """Return the logical name of a resource without its content hash.

    A content hash ends both the logical name and `metadata.name`, such as `llama-cache-1a2b3c4d`
    and `llama-8b-cache-1a2b3c4d`. Other logical names are returned unchanged.
    """
    found, metadata = _ENDS_IN_HASH.fullmatch(logical_name), inputs.get("metadata")
    name = metadata.get("name") if isinstance(metadata, Mapping) else None  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
    if found is None or not isinstance(name, str) or not name.endswith(found[2]):
        return logical_name
    return found[1]


class NamedResource(Protocol):
    """A resource of a stack, before or after a change."""

    @property
    def urn(self) -> str:
        """URN."""
        ...

    @property
    def type(self) -> str:
        """Type token."""
        ...

    @property
    def name(self) -> str:
        """Logical name."""
        ...

    @property
    def parent(self) -> str:
        """URN of the parent."""
        ...

    @property
    def inputs(self) -> Mapping[str, Any]:
        """Inputs."""
        ...


def match_contents(old: Iterable[NamedResource], new: Iterable[NamedResource]) -> dict[str, str]:
    """Return the URN of the former content by the URN of the new one.

    Pulumi creates a new content and deletes the former one as two resources. For a reader they are
    one replacement. Resources whose URN is in both states are not part of the result.
    """
    before, after = ({each.urn: each for each in resources} for resources in (old, new))
    former: dict[tuple[str, str, str], str] = {}
    for urn in before.keys() - after.keys():
        if (key := _identify(before[urn])) is not None:
            former[key] = urn
    created = ((urn, _identify(after[urn])) for urn in after.keys() - before.keys())
    return {urn: former[key] for urn, key in created if key in former}


def _identify(resource: NamedResource) -> tuple[str, str, str] | None:
    stem = strip_content_hash(resource.name, resource.inputs)
    return None if stem == resource.name else (resource.type, resource.parent, stem)
