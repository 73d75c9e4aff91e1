"""Forms of values: references, commands, base64, and words that are random."""

from __future__ import annotations

import base64
import re

ALPHABET = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/_-")
_REFERENCES = r"\$[A-Za-z_]\w*|\$\{[^{}]{0,200}\}|\$\(|\{\{[^{}]{0,200}\}\}|%\(\w+\)s"
REFERENCE = re.compile(_REFERENCES)
MARKED = re.compile(r"\$|\*{3}|<|\[secret")
"""Beginning of a reference, or of a value that is redacted."""
NO_SECRET = re.compile(
    r"(?:true|false|yes|no|on|off|none|null|nil|undefined|enabled|disabled|\*{3,}|\.{3}.*|\[secret\b.*"
    rf"|{_REFERENCES}[\w.]*\)?|<[\w /|-]*>"
    # A path, whose words are not of mixed case, or an address, whose scheme is in lower case.
    r"|(?-i:/(?:(?:[A-Z]?[a-z0-9._-]+|[A-Z]+)/)+(?:[A-Z]?[a-z0-9._-]+|[A-Z]+)?|/[A-Za-z0-9_-]+\.[a-z]{2,5}|[a-z][a-z0-9+.-]*://.*))\Z",
    re.IGNORECASE | re.DOTALL,
)
FIELDS = re.compile(r"\w\s{0,4}=\s{0,4}[^\s=]|://")
"""Part of a connection string with fields, whose password has a name of its own."""
_OPERATOR = re.compile(r"[\s`$;|&<>()]|\Z")
"""End of the part of a value that no shell executes."""
COMMAND = re.compile(r"\$[({]|`|://|\n|[;|&<>][^\S\n]|\s[;|&<>/$-]")
_CHECKSUM = re.compile(r"sha(?:256-.{43}=|384-.{64}|512-.{86}==)")
_PIECES, _RUNS = re.compile(r"[A-Za-z0-9]+"), re.compile(r"[A-Z]+|[a-z]+|[0-9]+")


def find_operator(value: str) -> int:
    """Return the number of characters before the first space or operator of a shell."""
    found = _OPERATOR.search(value)
    return found.start() if found else len(value)


def decode(encoded: str) -> bytes:
    """Return the bytes of a text in base64, in either alphabet. An incomplete end is left out."""
    plain = "".join(filter(ALPHABET.__contains__, encoded)).translate({45: 43, 95: 47})
    plain = plain[: len(plain) - (len(plain) % 4 == 1)]
    return base64.b64decode(plain + "=" * (-len(plain) % 4))


def is_plain(text: str) -> bool:
    """Return whether bytes are readable text."""
    return all(each.isprintable() or each in "\n\r\t" for each in text) and text.isascii()


def is_mixed(text: str) -> bool:
    """Return whether a text is one long word, or two with a colon, of mixed case and digits."""
    kinds = (str.isupper, str.islower, str.isdigit)
    return (
        len(text) >= 16
        and re.fullmatch(r"[\w.+=-]+(?::[\w.+=-]+)?\s*", text, re.ASCII) is not None
        and all(any(map(kind, text)) for kind in kinds)
    )


def is_random(word: str) -> bool:
    """Return whether a long word is random, such as a key in base64.

    Random words mix upper case, lower case and digits: the class changes at every second character.
    In names of models and files it changes rarely. Digests and commits have one case. Readable text
    in base64 is not random; its content is searched.
    """
    if not (any(map(str.isupper, word)) and any(map(str.islower, word)) and any(map(str.isdigit, word))) or _CHECKSUM.fullmatch(word):
        return False
    pieces = (piece for piece in _PIECES.findall(word) if piece not in (piece.upper(), piece.lower()))
    if 4 * sum(len(_RUNS.findall(piece)) - 1 for piece in pieces) < len(word):
        return False
    return not is_plain(decode(word).decode("latin-1"))
