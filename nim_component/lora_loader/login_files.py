"""Passwords in files of logins: `.pgpass`, with its five fields, and `.netrc`."""

from __future__ import annotations

import re
from collections.abc import Iterator

Span = tuple[int, int]
_FIELD = r"(?:\\[:\\]|[^:\s\\\"'`])"
_PGPASS = re.compile(
    r"(?:(?<![\w.*/:-])|(?<=\\[nrt]))(?P<host>\*|/[\w./-]{1,200}|[\w.-]{1,253}):(?P<port>\*|\d{2,5})"
    rf":(?P<database>{_FIELD}{{1,100}}):(?P<user>{_FIELD}{{1,100}}):(?P<value>{_FIELD}{{1,400}})(?=[\s\"'`]|\\{{1,8}}[nrt\"']|\Z)",
    re.ASCII,
)
_DATABASE_PORT = re.compile(r"\*|54\d\d|6432", re.ASCII)
_SOURCE = re.compile(r"\.(?:[chjt]s?|cc|cpp|cfg|conf|css|go|html|ini|java|json|jsx|log|md|py|rb|rs|sh|toml|tsx|txt|xml|ya?ml)\Z")
"""Ending of a file with lines, as in a message of a compiler."""
_GROUP = re.compile(r"[0-9a-f]{1,4}", re.IGNORECASE | re.ASCII)
_VERSION = re.compile(r"v?\d+(?:\.\d+)+\S*", re.ASCII)
_GAP = r"(?:\s|\\{1,8}[nrt]){1,40}"
_NETRC = re.compile(
    rf"(?:\b|(?<=\\[nrt]))(?:machine{_GAP}(?P<host>[\w.:-]{{1,253}})|default)"
    rf"(?P<login>(?:{_GAP}(?:login|account){_GAP}[^\s\\\"'`]{{1,200}}){{0,2}})"
    rf"{_GAP}password{_GAP}[\"']?(?P<value>[^\s\\\"'`]{{1,400}})",
    re.ASCII,
)


def find_logins(text: str) -> Iterator[Span]:
    """Yield the passwords of lines of `.pgpass` and of entries of `.netrc`."""
    if text.count(":") > 3:
        yield from (each.span("value") for each in _PGPASS.finditer(text) if _is_database_login(each))
    if "password" in text and ("machine" in text or "default" in text):
        yield from (each.span("value") for each in _NETRC.finditer(text) if _is_machine(each))


def _is_database_login(line: re.Match[str]) -> bool:
    """Return whether five fields are a login: no address, time, place in a file or image."""
    host, port, database, _, value = line.groups()
    if database.isdigit() or _SOURCE.search(host) or _VERSION.fullmatch(value) or value[0] in "*$<{":
        return False
    if host.isdigit() or all(map(_GROUP.fullmatch, line.groups())):
        return False
    is_mixed = len(value) > 5 and not value.isdigit() and not value.isalpha() and any(map(str.isalnum, value))
    return _DATABASE_PORT.fullmatch(port) is not None or is_mixed


def _is_machine(entry: re.Match[str]) -> bool:
    """Return whether an entry has a login or a host, unlike a sentence with these words."""
    host = entry["host"] or ""
    return entry["value"][0] not in "$<{" and (bool(entry["login"]) or "." in host or host == "localhost")
