"""Differences that follow from another change: references to renamed objects, and checksums."""

from __future__ import annotations

import re
from collections.abc import Set as AbstractSet
from typing import NamedTuple

from ..names import SECRETS_DIGEST
from ..text.field_paths import ItemName
from .change import ServiceChange
from .matching import MISSING, Difference
from .object_fields import WORKLOADS


class Rename(NamedTuple):
    """A kind, and the old and the new name of an object of it."""

    kind: str
    old: str
    new: str


Renames = AbstractSet[Rename]

_FIELDS = {
    "ConfigMap": r"configMap(KeyRef|Ref)?\.name",
    "Secret": r"secretName|secret(KeyRef|Ref)?\.name|imagePullSecrets\[[^\]]+\]",
    "PersistentVolumeClaim": r"claimName",
    "ServiceAccount": r"serviceAccount(Name)?",
    "Service": r"serviceName|backend\.service\.name",
    **dict.fromkeys(WORKLOADS, r"(scaleTargetRef|targetRef)\.name"),
}
"""Ends of the paths that name an object, by its kind. A field without an entry is reported."""
_REFERENCES = {kind: re.compile(rf"(.*[.\]])?({field})") for kind, field in _FIELDS.items()}
_CHECKSUM_KEY = re.compile(r"checksum/.+|(.*/)?([^/]*[-_.])?(hash|checksum|digest)([-_.][^/]*)?", re.IGNORECASE)
_CHECKSUM = re.compile(r"([a-z]+\d+:)?[0-9a-f]{8,128}", re.IGNORECASE)


def find_renames(service: ServiceChange) -> Renames:
    """Return the objects of a service that get another name.

    An object that the stack only reads gets none: the stack reads another object.
    """
    states = [(old, new) for each in service.changes if (old := each.before) and (new := each.after) and not new.external]
    return {Rename(new.kind, old.object_name, new.object_name) for old, new in states if old.object_name != new.object_name}


def is_reference(where: str, difference: Difference, renames: Renames) -> bool:
    """Return true if the field at a path only follows the name of a renamed object."""
    return any(
        rename.kind in _REFERENCES and _REFERENCES[rename.kind].fullmatch(where) and _follows(difference, rename) for rename in renames
    )


def _follows(difference: Difference, rename: Rename) -> bool:
    """Return true if the new name replaces the old one, as a value or as an item of a list."""
    last = difference.path[-1] if difference.path else ""
    if isinstance(last, ItemName):
        return (difference.new is MISSING and last == rename.old) or (difference.old is MISSING and last == rename.new)
    return (difference.old, difference.new) == (rename.old, rename.new)


def is_checksum(difference: Difference) -> bool:
    """Return true for an annotation that is a checksum of reported content.

    A word in the key is not enough: controllers read keys such as `upstream-hash-by`.
    """
    if difference.path[-2:-1] != ("annotations",):
        return False
    key, values = str(difference.path[-1]), (difference.old, difference.new)
    are_checksums = all(isinstance(value, str) and _CHECKSUM.fullmatch(value) for value in values)
    return key == SECRETS_DIGEST or (are_checksums and _CHECKSUM_KEY.fullmatch(key) is not None)
