"""Ends of values without quotes: passphrases, passwords with special characters, headers.

Only where a setting begins its line, its value goes on to the end of the line. In other places, the
next word or the text after a comma is another setting, or a sentence.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

Span = tuple[int, int]
_WINDOW = 64
_HEADERS = ("authorization", "cookie")
_LINE_START = re.compile(r"(?:\A|[\n\r]|\\[nr])[ \t]{0,40}(?:-[ \t]{1,8})?(?:export[ \t]{1,4})?[\"']?(?:[\w-]{1,40}\.){0,6}\Z")
_VARIABLE = re.compile(r"\w+", re.ASCII)
_NAME = re.compile(r"[\w-]*", re.ASCII)
_STOP = r"(?![,;&][\w.-]{1,64}[=:]|[,;:.)\]}]+(?:\s|\Z|\\{1,8}[nrt]|[\"'`]))"
_REST = re.compile(rf"(?:{_STOP}[^\s\"'`\\$]){{1,400}}+")
_REST_OF_VARIABLE = re.compile(rf"(?:{_STOP}[^\s\"'`\\$;&|<>()]){{1,400}}+")
"""Characters that end a value elsewhere, without those after which a shell executes a command."""
_WORDS = re.compile(
    r"(?:[ \t]{1,4}(?![#-])[^\s\"'`,;:=&\\<>|(){}\[\]/$.]{1,60}+){1,15}+(?=[ \t]{0,20}[)\]}]{0,3}(?:\Z|[\r\n]|\\{1,8}[nr]|[\"']|[ \t][#;]))"
)
"""Further part of a passphrase to the end of the line: no option, path, setting or sentence."""
_SCHEME = re.compile(r"[A-Za-z][A-Za-z-]{2,30}", re.ASCII)
_CREDENTIAL = re.compile(r"[ \t]{1,4}(?P<value>(?=[^\s\"'`]{0,60}[0-9])[^\s\"'`,;&\\<>|(){}\[\]$=:]{8,4000}+=?=?(?![=:(]))")
_COOKIE = re.compile(r";[ \t]{0,4}[\w.-]{1,64}=(?P<value>[^\s\"'`,;&\\<>|(){}\[\]$]{1,4000}+)")


def find_end_of_line(text: str, start: int, separator: str, end: int) -> int:
    """Return where a value without quotes ends; `end` unless its setting begins a line.

    Args:
        text: Text with the setting.
        start: Beginning of the name of the setting.
        separator: Text between name and value.
        end: End of the first word of the value.
    """
    if not _LINE_START.search(text, max(0, start - _WINDOW), start):
        return end
    # A shell executes what follows `NAME=value`, so none of it is a part of the value.
    may_be_executed = separator == "=" and _VARIABLE.match(text, start) is not None and not _is_dotted(text, start)
    rest = (_REST_OF_VARIABLE if may_be_executed else _REST).match(text, end)
    end = rest.end() if rest else end
    words = None if may_be_executed else _WORDS.match(text, end)
    return words.end() if words else end


def _is_dotted(text: str, start: int) -> bool:
    """Return whether a name is part of one with dots or dashes, which is no variable of a shell."""
    name = _NAME.match(text, start)
    return text[start - 1 : start] in (".", "-") or (name is not None and "-" in name[0])


def find_rest_of_header(name: str, text: str, value: str, end: int) -> Iterator[Span]:
    """Yield the credentials after the first word of a header.

    Examples are `Authorization: GenieKey <key>` and the second value of `Cookie: a=b; id=<key>`.

    Args:
        name: Name of the header.
        text: Text with the header.
        value: First word of its value.
        end: End of that word.
    """
    if not name.lower().endswith(_HEADERS):
        return
    if name.lower().endswith("cookie"):
        while found := _COOKIE.match(text, end):
            yield found.span("value")
            end = found.end()
    elif _SCHEME.fullmatch(value) and (found := _CREDENTIAL.match(text, end)):
        yield found.span("value")
