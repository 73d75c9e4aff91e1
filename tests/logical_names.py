"""Logical names in URNs."""

import re
from collections.abc import Iterable


def logical_names(urns: Iterable[str]) -> set[str]:
    """Return the logical names in URNs, without content hashes."""
    return {re.sub(r"-[0-9a-f]{8}$", "", urn.rpartition("::")[2]) for urn in urns}
