"""Characters that look like others, or that are invisible, in what a change adds."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from typing import Any, cast

from ...text.field_paths import Path, show_path
from ..accessors import mapping
from ..change import COMPONENT, Change, ServiceChange
from ..excerpts import excerpt
from ..findings import CRITICAL, WARNING, Finding, finding
from ..matching import last_key
from ..sentences import sentence

_NAMES = re.compile(
    r"^(image|host|hosts|hostnames?|url|uri|server|serverName|repo_id|repoId|repository|endpoint|domain|address|ip|cidr|path|mountPath|name|kind)$",
    re.IGNORECASE,
)
"""Fields whose text is an identifier."""
_OWN_KEYS = ("data", "binaryData", "stringData")
"""Fields whose keys are of the author, and say nothing about their text."""
_HOST = re.compile(r"(\w[\w-]*\.)+[a-z]{2,63}\.?(:\d+)?(/.*)?")
_SCHEME_OR_USER = re.compile(r"://|\w@\w")
_SEPARATORS = re.compile(r"[\s\"'`,;()<>=]+")
_INVISIBLE = ("Cc", "Cf", "Co", "Cn")


def lookalikes(service: ServiceChange) -> Iterator[Finding]:
    """Report letters outside ASCII in names and addresses, and invisible characters."""
    for change in service.changes:
        if not change.has_effect or change.after is None or change.subject.type == COMPONENT:
            continue
        for path, text in dict.fromkeys(_new_texts(change)):
            name, where = last_key(path), show_path(path)
            if any(unicodedata.category(each) in _INVISIBLE and each not in "\n\r\t" for each in text):
                shown = sentence("A text with invisible characters is added: {text}.", text=_excerpt(text))
                consequence = sentence("They can disguise the content of a text, or display it in another order.")
                yield finding("lookalike", WARNING, change, service.name, shown, consequence, where)
            if found := _find_foreign_letters("" if path[0] in _OWN_KEYS else name, text):
                template = "A name or an address contains letters outside ASCII: {text}, in escaped form {escaped}."
                shown = sentence(template, text=_excerpt(found), escaped=_escape(found))
                consequence = sentence("They can look like other letters, and then name another server, image or repository.")
                yield finding("lookalike", CRITICAL, change, service.name, shown, consequence, where)


def _new_texts(change: Change) -> Iterator[tuple[Path, str]]:
    if change.before is None and change.after is not None:
        yield from _texts(dict(change.after.inputs), ())
    for each in change.differences:
        yield from _texts(each.new, each.path)


def _texts(value: Any, path: Path) -> Iterator[tuple[Path, str]]:
    if isinstance(value, str):
        if not value.isascii():
            yield path, value
    elif isinstance(value, list):
        for index, item in enumerate(cast("list[Any]", value)):
            yield from _texts(item, (*path, index))
    else:
        for key, item in mapping(value).items():
            yield from _texts(item, (*path, str(key)))


def _find_foreign_letters(field: str, text: str) -> str:
    """Return the name or the address in a text that contains a letter outside ASCII."""
    if _NAMES.match(field):
        return text if _has_foreign_letter(text) else ""
    return next((word for word in _SEPARATORS.split(text) if _has_foreign_letter(word) and _is_address(word)), "")


def _is_address(word: str) -> bool:
    """Return true for the form of a host, also with a path: the last label is lower-case ASCII."""
    return _SCHEME_OR_USER.search(word) is not None or _HOST.fullmatch(word) is not None


def _has_foreign_letter(text: str) -> bool:
    return any(not each.isascii() and unicodedata.category(each)[0] in "LNM" for each in text)


def _escape(text: str) -> str:
    return excerpt(text.encode("ascii", "backslashreplace").decode("ascii"))


def _excerpt(text: str) -> str:
    place = next((index for index, each in enumerate(text) if not each.isascii()), 0)
    return text[max(0, place - 40) : place + 50]


RULES = (lookalikes,)
