"""Characters that look like others, or that are invisible, in what a change adds."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from typing import Any, cast

from ...text.field_paths import ItemName, Path, show_path
from ..accessors import mapping
from ..change import COMPONENT, Change, ServiceChange
from ..excerpts import excerpt
from ..findings import CRITICAL, WARNING, Finding, finding
from ..matching import MISSING, last_key
from ..sentences import sentence

_NAMES = re.compile(
    r"image|hosts?|hostnames?|url|uri|servers?|repo_id|repository|endpoint|domain|address|ip|cidr|path|name|kind|namespace|key|keys|model|revision|"
    r"serviceAccount|configMap|users?|roles?|apiGroups?|apiVersion|topologyKey|claim|group|"
    r"(?!display|full|friendly|short|pretty)\w*(?:Name|Names|Class|Path|Ref|Id|Host|Url|URL|URI|Account|Secret|Server|Endpoint|Repository|Namespace)",
    re.ASCII,
)
"""Fields whose text is an identifier."""
_VARIABLES = re.compile(
    r"(?:.*_)?(?:MODEL|NAME|IMAGE|REPO|REPO_ID|REPOSITORY|HOSTS?|URLS?|URI|ENDPOINTS?|ADDR|ADDRESS|SERVERS?|REGISTRY|DOMAIN|PROFILE|SOURCE|BUCKET|"
    r"NAMESPACE|ACCOUNT|USER|PATH|DIR|FILE|HOME|ID|CLASS|BACKEND|REVISION|PROXY|MIRROR|PROJECT|ORG|TEAM|REGION)",
    re.ASCII,
)
"""Variables whose value is an identifier, unless it has spaces."""
_OWN_KEYS = ("data", "binaryData", "stringData")
"""Fields whose keys are of the author, and say nothing about their text."""
_HOST = re.compile(r"(\w[\w-]*\.)+[a-z]{2,63}\.?(:\d+)?(/.*)?")
_SCHEME_OR_USER = re.compile(r"://|\w@\w")
_SEPARATORS = re.compile(r"[\s\"'`,;()<>=]+")
_IDENTIFIER = re.compile(r"[\w-]+(?:[./:@_]+[\w-]+)+")
_PARTS, _ASCII_LETTER = re.compile(r"[^\W_]+"), re.compile(r"[A-Za-z]")
_ESCAPED = re.compile(r"\\u([0-9a-fA-F]{4})")
_SIMILAR_SCRIPTS = (
    "CYRILLIC",
    "GREEK",
    "ARMENIAN",
    "CHEROKEE",
    "COPTIC",
    "LISU",
    "FULLWIDTH LATIN",
    "MATHEMATICAL",
    "DOUBLE-STRUCK",
    "SCRIPT",
)
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
                yield _report(change, service.name, found, where)
        for path in dict.fromkeys(_new_keys(change)):
            yield _report(change, service.name, str(path[-1]), show_path(path))


def _report(change: Change, service: str, found: str, where: str) -> Finding:
    template = "A name or an address contains letters outside ASCII: {text}, in escaped form {escaped}."
    shown = sentence(template, text=_excerpt(found), escaped=_escape(found))
    consequence = sentence("They can look like other letters, and then name another server, image or repository.")
    return finding("lookalike", CRITICAL, change, service, shown, consequence, where)


def _new_values(change: Change) -> Iterator[tuple[Any, Path]]:
    if change.before is None and change.after is not None:
        yield dict(change.after.inputs), ()
    for each in change.differences:
        yield each.new, each.path


def _new_texts(change: Change) -> Iterator[tuple[Path, str]]:
    for value, path in _new_values(change):
        yield from _texts(value, path)


def _new_keys(change: Change) -> Iterator[Path]:
    """Yield the paths of keys outside ASCII that a change adds."""
    for each in change.differences:
        if each.old is MISSING and each.path and not isinstance(each.path[-1], ItemName) and not str(each.path[-1]).isascii():
            yield each.path
    for value, path in _new_values(change):
        yield from _keys(value, path)


def _keys(value: Any, path: Path) -> Iterator[Path]:
    if isinstance(value, list):
        for index, item in enumerate(cast("list[Any]", value)):
            yield from _keys(item, (*path, index))
    else:
        for key, item in mapping(value).items():
            if not str(key).isascii():
                yield (*path, str(key))
            yield from _keys(item, (*path, str(key)))


def _texts(value: Any, path: Path) -> Iterator[tuple[Path, str]]:
    """Yield the texts outside ASCII with their paths. Those of variables end in the name."""
    if isinstance(value, str):
        text = _ESCAPED.sub(lambda found: chr(int(found[1], 16)), value) if "\\u" in value else value
        if not text.isascii():
            yield path, text
    elif isinstance(value, list):
        for index, item in enumerate(cast("list[Any]", value)):
            yield from _texts(item, (*path, index))
    else:
        entries = mapping(value)
        for key, item in entries.items():
            yield from _texts(item, (*path, str(entries["name"]) if key == "value" and isinstance(entries.get("name"), str) else str(key)))


def _find_foreign_letters(field: str, text: str) -> str:
    """Return the name or the address in a text that contains a letter outside ASCII."""
    if not _has_foreign_letter(text):
        return ""
    is_word = not any(map(str.isspace, text))
    if _NAMES.fullmatch(field) or (is_word and (_VARIABLES.fullmatch(field) or _is_identifier(text))):
        return text
    words = _SEPARATORS.split(text)
    return next((word for word in words if _has_foreign_letter(word) and (_is_address(word) or _is_disguised(word))), "")


def _is_address(word: str) -> bool:
    """Return true for the form of a host, also with a path: the last label is lower-case ASCII."""
    return _SCHEME_OR_USER.search(word) is not None or _HOST.fullmatch(word) is not None


def _is_identifier(text: str) -> bool:
    """Return true for a lower-case word with dots or slashes, in letters that resemble Latin."""
    return text == text.lower() and _IDENTIFIER.fullmatch(text) is not None and any(map(_resembles_latin, text))


def _is_disguised(word: str) -> bool:
    """Return true for letters of ASCII beside letters of a similar script, as in a forged name.

    In a word with dots or slashes, they may be in different parts. Text in one script is none, and
    text beside Chinese, whose letters resemble no others.
    """
    parts = _PARTS.findall(word)
    similar = [any(map(_is_similar, part)) for part in parts]
    if any(is_similar and _ASCII_LETTER.search(part) for part, is_similar in zip(parts, similar, strict=True)):
        return True
    is_joined = word == word.lower() and re.search(r"\w[./:@_]\w", word) is not None
    return is_joined and any(similar) and any(_ASCII_LETTER.search(part) for part in parts)


def _is_similar(letter: str) -> bool:
    """Return true for a letter of a script whose letters look like those of ASCII."""
    return not letter.isascii() and unicodedata.name(letter, "").startswith(_SIMILAR_SCRIPTS)


def _resembles_latin(letter: str) -> bool:
    return _is_similar(letter) or (not letter.isascii() and unicodedata.name(letter, "").startswith("LATIN"))


def _has_foreign_letter(text: str) -> bool:
    return any(not each.isascii() and unicodedata.category(each)[0] in "LNM" for each in text)


def _escape(text: str) -> str:
    return excerpt(text.encode("ascii", "backslashreplace").decode("ascii"))


def _excerpt(text: str) -> str:
    place = next((index for index, each in enumerate(text) if not each.isascii()), 0)
    return text[max(0, place - 40) : place + 50]


RULES = (lookalikes,)
