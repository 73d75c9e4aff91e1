"""Logins: `user:password`, with a host or a domain, and lines of `.pgpass` and `.netrc`."""

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
_PASSPHRASE = r"(?:[ ]{1,4}[^\s:=/\\$`|;&<>()\"-][^\s:=/\\$`|;&<>()\"]*){0,15}"
_USER_AND_PASSWORD = re.compile(
    rf"(?![A-Za-z]:\\)(?P<user>[\w@+.\\-]{{1,100}}):(?P<password>[^\s/]\S*|[^\s:=/\\$`|;&<>()\"]+{_PASSPHRASE})"
)
"""Login whose password may have several words. A path of Windows is none."""
_NO_PASSWORD = re.compile(r"[0-9]{1,5}|v?\d+(?:\.\d+)+\S*|latest|stable|main|edge|https?|tcp|udp|grpcs?|sha256", re.ASCII)
"""Ports, tags and protocols after a colon."""
_PASSWORD = r"(?P<value>[^\s:@/\"'`\\,;()<>\[\]{}$*]{1,200})"
_AT_HOST = re.compile(
    # The source of data of Go; an address without a scheme; the account of a Windows domain.
    rf"(?<![\w@/:.%+-])(?:[\w.+-]{{1,64}}:{_PASSWORD}@(?:(?:tcp|udp|unix)\(|(?!sha\d)[\w.-]{{1,253}}:\d{{2,5}}(?!\w))"
    rf"|[A-Za-z][\w.-]{{0,63}}\\{{1,8}}[\w.-]{{1,64}}:{_PASSWORD.replace('value', 'domain')}@[\w.-])",
    re.ASCII,
)
_OF_DOMAIN = re.compile(
    rf"(?<![\w@/:.%\\-])[A-Z][A-Z0-9-]{{1,14}}(?:\\{{2,8}}|\\(?![nrt]))[A-Za-z][\w.-]{{0,63}}:{_PASSWORD}(?=[\s\"'`,;)\\]|\Z)", re.ASCII
)
"""Account of a Windows domain, such as `CORP\\user:password`."""
_ORACLE = re.compile(
    rf"(?:\b|(?<=\\[nrt]))(?:jdbc:oracle:\w{{1,10}}:|(?:sqlplus|sqlldr|expdp|impdp)\s{{1,4}}(?:-\w\s{{1,4}}){{0,4}})[\w.$-]{{1,64}}/{_PASSWORD}@",
    re.ASCII,
)


def is_login(value: str) -> bool:
    """Return whether a value is `user:password`, and neither a host with a port nor an image."""
    found = _USER_AND_PASSWORD.fullmatch(value)
    if found is None or _NO_PASSWORD.fullmatch(found["password"].partition(" ")[0]):
        return False
    if "." not in found["user"] or "@" in found["user"] or "\\" in found["user"]:
        return True
    password = found["password"]  # after a name with dots, which may be a host
    return len(password) > 5 and any(map(str.isdigit, password)) and any(map(str.isalpha, password))


def may_be_login(value: str) -> bool:
    """Return whether a value is one random word or `user:password`: no host, file or command."""
    if is_login(value):
        return True
    if len(value) < 7 or not re.fullmatch(r"[\w+/=~-]+", value, re.ASCII) or value[0] == "/":
        return False
    is_mixed = any(map(str.isupper, value)) and any(map(str.islower, value)) and len(value) > 15
    return is_mixed or (any(map(str.isdigit, value)) and any(map(str.isalpha, value)))


def find_logins(text: str) -> Iterator[Span]:
    """Yield the passwords of logins with a host or a domain, and of the files of logins."""
    if "@" in text:
        for pattern in (_AT_HOST, _ORACLE):
            yield from (
                each.span(each.lastgroup or 0) for each in pattern.finditer(text) if not _NO_PASSWORD.fullmatch(each[each.lastgroup or 0])
            )
    if "\\" in text:
        yield from (each.span("value") for each in _OF_DOMAIN.finditer(text) if _is_mixed(each["value"]))
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
    return _DATABASE_PORT.fullmatch(port) is not None or _is_mixed(value)


def _is_mixed(value: str) -> bool:
    """Return whether a value has several kinds of characters, as a password has."""
    return len(value) > 5 and not value.isdigit() and not value.isalpha() and any(map(str.isalnum, value))


def _is_machine(entry: re.Match[str]) -> bool:
    """Return whether an entry has a login or a host, unlike a sentence with these words."""
    host = entry["host"] or ""
    return entry["value"][0] not in "$<{" and (bool(entry["login"]) or "." in host or host == "localhost")
