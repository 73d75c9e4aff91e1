"""Encrypted values of a stack file, which are never decrypted."""

from __future__ import annotations

from hashlib import sha256
from typing import Any, cast


class SealedValue(str):
    """Text in place of a `secure:` value, which is never decrypted.

    It contains a hash of the ciphertext, so it changes when the ciphertext changes.
    """

    __slots__ = ()


def replace_sealed(value: Any) -> Any:
    """Return a copy in which each `secure:` value is a `SealedValue`."""
    match value:
        case {"secure": str(ciphertext), **others} if not others:
            return SealedValue(f"[secret:{sha256(ciphertext.encode()).hexdigest()[:12]}]")
        case dict():
            entries = cast("dict[Any, Any]", value)
            return {str(key): replace_sealed(item) for key, item in entries.items()}
        case list():
            elements = cast("list[Any]", value)
            return [replace_sealed(element) for element in elements]
        case _:
            return value


def has_sealed(value: Any) -> bool:
    """Return true if a value contains a sealed value.

    The CLI then treats the whole key as secret.
    """
    match value:
        case SealedValue():
            return True
        case dict():
            entries = cast("dict[str, Any]", value)
            return any(map(has_sealed, entries.values()))
        case list():
            elements = cast("list[Any]", value)
            return any(map(has_sealed, elements))
        case _:
            return False
