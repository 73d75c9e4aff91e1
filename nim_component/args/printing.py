"""Arguments as `repr` prints them: without secrets, and with Outputs by their type."""

from collections.abc import Mapping
from typing import Any, cast

from ..text.redaction import contains_key, redact
from .outputs import is_output
from .problems import SECRET_FIELDS


class _Placeholder:
    """Text that `repr` prints without quotes."""

    def __init__(self, text: str) -> None:
        self.text = text

    def __repr__(self) -> str:
        return self.text


_OUTPUT = _Placeholder("Output")
_REDACTED = _Placeholder("***")


def printable(name: str, value: Any) -> Any:
    """Return the value of a field for `repr`.

    The values of fields that may contain a secret are redacted; mappings keep their keys.
    """
    return _printable(value, is_secret=name in SECRET_FIELDS)


def _printable(value: Any, *, is_secret: bool) -> Any:
    if value is None or isinstance(value, bool):
        return value
    if is_output(value):
        return _OUTPUT
    if isinstance(value, Mapping):
        items = cast("Mapping[Any, Any]", value).items()
        return {_printable(key, is_secret=False): _printable(each, is_secret=is_secret) for key, each in items}
    if isinstance(value, list | tuple):
        return [_printable(each, is_secret=is_secret) for each in cast("list[Any]", value)]
    if is_secret:
        return _REDACTED
    return redact(value) if isinstance(value, str) and contains_key(value) else value
