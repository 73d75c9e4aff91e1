"""Values that reports print, and messages of a program: without credentials in plain text.

Manifests and the state contain a value as the program passes it; a report does not.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import groupby, pairwise
from typing import Any, cast

from ..text.client_options import find_passwords
from ..text.redaction import describe_secret, is_secret_flag, redact, redact_named
from ..text.secret_names import is_probably_secret_variable
from . import markers
from .resources import LogEntry

_MARKERS = (markers.SECRET_TEXT, markers.UNKNOWN_TEXT)


def redact_value(value: Any, key: str = "") -> Any:
    """Return JSON-like data with every probable credential replaced by a mark with a digest.

    `key` is the field that contains the value.
    """
    match value:
        case str() if is_probably_secret_variable(key) and value not in _MARKERS:
            return redact_named(value, describe_secret, name=key)
        case str():
            return redact(value, mark=describe_secret)
        case list():
            return _redact_list(cast("list[Any]", value), key)
        case dict():
            entries = cast("dict[str, Any]", value)
            shown = {redact(name): redact_value(item, name) for name, item in entries.items()}
            plain = entries.get("value")
            name = str(entries.get("name", ""))
            if isinstance(plain, str) and plain not in _MARKERS and (is_probably_secret_variable(name) or is_probably_secret_variable(key)):
                shown["value"] = redact_named(plain, describe_secret, name=name if is_probably_secret_variable(name) else key)
            return shown
        case _:
            return value


def _redact_list(items: list[Any], key: str) -> list[Any]:
    """Redact a list. In a command line, the argument after `--api-key` is a credential."""
    shown = [redact_value(item, key if isinstance(item, str) else "") for item in items]
    if key not in ("args", "command"):
        return shown
    words = [item if isinstance(item, str) else "" for item in items]
    for index, (flag, word) in enumerate(pairwise(words)):
        if word and is_secret_flag(flag, word):
            shown[index + 1] = redact_named(word, describe_secret, executed=True)
    for index, start, end in find_passwords(words):
        if shown[index] == words[index]:
            shown[index] = words[index][:start] + describe_secret(words[index][start:end]) + words[index][end:]
    return shown


def redact_log(log: Iterable[LogEntry], secrets: set[str]) -> list[LogEntry]:
    """Return messages in which secrets and probable credentials are replaced by `[secret]`.

    A program that prints a private key makes one entry of each line: they are redacted together.
    """
    return [entry for _, entries in groupby(log, _join_key) for entry in _redact_entries(list(entries), secrets)]


def _join_key(entry: LogEntry) -> tuple[str, str, bool]:
    return entry.severity, entry.urn, "\n" in entry.message


def _redact_entries(entries: list[LogEntry], secrets: set[str]) -> Iterator[LogEntry]:
    if any("\n" in entry.message for entry in entries):
        yield from (replace(entry, message=redact(entry.message, secrets, markers.SECRET_TEXT)) for entry in entries)
        return
    lines = redact("\n".join(entry.message for entry in entries), secrets, markers.SECRET_TEXT).split("\n")
    yield from (replace(entries[0], message=line) for line in lines)
