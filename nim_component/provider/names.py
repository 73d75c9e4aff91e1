"""Names in the package schema: camelCase fields, type tokens and identifiers of enum values."""

from __future__ import annotations

import re
from collections.abc import Callable

PACKAGE = "nim"
NAMESPACE = "nim-component"
"""Makes names of SDKs the same for every source of the plugin: `@nim-component/nim` on npm."""
COMPONENT = f"{PACKAGE}:index:NIMService"


def to_camel_case(name: str) -> str:
    """Return the name of a field in the schema: `hf_repo_ids` becomes `hfRepoIds`."""
    first, *others = name.split("_")
    return "".join([first, *(each.capitalize() for each in others)])


def type_token(class_name: str) -> str:
    """Return the token of a model's type: `nim:index:Cache` for `CacheArgs`.

    Generated SDKs append `Args` to the types of inputs.
    """
    return f"{PACKAGE}:index:{class_name.removesuffix('Args')}"


def enum_identifier(value: str) -> str:
    """Return the identifier of an enum value: `V1X` for `1.x`, `KvCache` for `kv-cache`."""
    words = [each for each in re.split(r"[^A-Za-z0-9]+", value) if each]
    identifier = "".join(each[0].upper() + each[1:] for each in words)
    return identifier if identifier[:1].isalpha() else f"V{identifier}"


def translate_names(text: str, is_field: Callable[[str], bool]) -> str:
    """Return a text with the names of fields in camelCase."""
    return re.sub(r"\b[a-z][a-z0-9]*(?:_[a-z0-9]+)+\b", lambda found: to_camel_case(found[0]) if is_field(found[0]) else found[0], text)
