"""Passwords in the short options of clients, such as `curl -u user:password`.

A short option means another thing in each program, so only known programs are read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

Span = tuple[int, int]
_MAX_LENGTH = 2_000
"""Characters that are read after the name of a program, up to the next one."""
_CLIENT = re.compile(
    r"(?:(?<![\w.-])|(?<=\\[nrt]))(curl|sshpass|mysql\w{0,20}|mariadb[\w-]{0,20}|redis-cli|valkey-cli|mongo\w{0,20}|ldap[a-z]{2,12}|smbclient|"
    r"docker|podman|nerdctl|helm|oras|crane|skopeo|buildah|az|https?|xh|kubectl|oc)(?=[\s\"',\\])"
)
_REGISTRY_CLIENTS = ("docker", "podman", "nerdctl", "helm", "oras", "crane", "skopeo", "buildah", "az")
"""Programs in which `-p` is a password after the word `login`."""
_REQUIRED = {"kubectl": "secret", "oc": "secret"}
"""Word without which the options of a program contain no password."""
_WORD = re.compile(r"(?:[^\s\"'`$,;|&<>()\[\]{}\\]|\\{1,8}+(?![nrt\\\"'`$\s]))+")
_END = re.compile(r"[;|&<>()]|(?<!\\)\n")
_QUOTE = re.compile(r"\\{0,8}[\"']\Z")
_IN_QUOTES = re.compile(r"[^\"'`$\n\\]{1,200}+(?=\\{0,8}(?P<quote>[\"']))")
"""Further part of a password in quotes."""
_STANDARD_INPUT = re.compile(
    r"\b(?:echo|printf)[ \t]{1,4}(?:(?:-n|['\"]?%s['\"]?)[ \t]{1,4})?['\"]?([^\s'\"`$|;&<>()]{1,400})['\"]?[ \t]{0,4}"
    r"\|[^|;&\n]{0,300}--password-stdin"
)
"""Password that a login reads from its standard input."""
_NEW_PASSWORD = re.compile(
    r"\b(?:echo|printf)[ \t]{1,4}(?:-\w[ \t]{1,4})?['\"]?(?:[\w.@-]{1,60}:)?([^\s'\"`$|;&<>()]{1,400})['\"]?[ \t]{0,4}"
    r"\|[ \t]{0,4}(?:sudo[ \t]{1,4})?(?:chpasswd\b|passwd[ \t][^|;&\n]{0,60}--stdin)"
)
_ARGUMENT = re.compile(
    r"\b(?:aws\s{1,4}configure\s{1,4}set\s{1,4}[\w.-]{0,60}(?:secret_access_key|session_token)|vault\s{1,4}login(?:\s{1,4}-[\w=-]{1,60}){0,4}"
    r"|mysqladmin(?:\s{1,4}-[\w=-]{1,60}(?:\s{1,4}\w{1,60})?){0,4}\s{1,4}password|htpasswd\s{1,4}-\w{0,6}b\w{0,6}\s{1,4}\S{1,200}\s{1,4}[\w.@-]{1,60})"
    r"\s{1,4}[\"']?(?!-)([^\s'\"`$|;&<>()=]{1,400})"
)
"""Argument that is a password by its place."""
_OPENSSL = re.compile(r"-pass(?:in|out)?['\",\s]{1,6}pass:([^\s'\"`$|;&<>()]{1,400})")
_REFERENCE = re.compile(r"\$|\*{3}|<|\[secret")


def find_client_passwords(text: str) -> Iterator[Span]:
    """Yield the passwords in the command lines of a text, also if they are lists of words."""
    if "--password-stdin" in text:
        yield from (each.span(1) for each in _STANDARD_INPUT.finditer(text) if not _REFERENCE.match(each[1]))
    if any(each in text for each in ("aws", "vault", "mysqladmin", "htpasswd")):
        yield from (each.span(1) for each in _ARGUMENT.finditer(text) if not _REFERENCE.match(each[1]))
    if "chpasswd" in text or "passwd" in text:
        yield from (each.span(1) for each in _NEW_PASSWORD.finditer(text) if not _REFERENCE.match(each[1]))
    if "pass:" in text:
        yield from (each.span(1) for each in _OPENSSL.finditer(text) if not _REFERENCE.match(each[1]))
    clients = list(_CLIENT.finditer(text))
    ends = [*(each.start() for each in clients[1:]), len(text)]
    for found, last in zip(clients, ends, strict=False):
        words, end = list[re.Match[str]](), found.end()
        for word in _WORD.finditer(text, end, min(end + _MAX_LENGTH, last)):
            if _END.search(text, end, word.start()):
                break
            words.append(word)
            end = word.end()
        for index, start, stop in _find_in_words(found[1], [word[0] for word in words]):
            place = words[index]
            yield place.start() + start, _find_end(text, place) if stop == len(place[0]) else place.start() + stop


def _find_end(text: str, word: re.Match[str]) -> int:
    """Return the end of a password, after all its words if it is in quotes."""
    opening = _QUOTE.search(text, max(0, word.start() - 9), word.start())
    further = _IN_QUOTES.match(text, word.end()) if opening else None
    return further.end() if opening and further and further["quote"] == opening[0][-1] else word.end()


def find_passwords(words: Sequence[str]) -> Iterator[tuple[int, int, int]]:
    """Yield index, start and end of the passwords in a command line, a list of words."""
    for index, (option, value) in enumerate(pairwise(words)):
        if option in ("-pass", "-passin", "-passout") and value.startswith("pass:") and not _REFERENCE.match(value, 5):
            yield index + 1, 5, len(value)
    program = words[0].rpartition("/")[2] if words else ""
    if _CLIENT.match(f"{program} "):
        yield from ((index + 1, start, end) for index, start, end in _find_in_words(program, words[1:]))


def _find_in_words(program: str, words: Sequence[str]) -> Iterator[tuple[int, int, int]]:
    required = "login" if program in _REGISTRY_CLIENTS else _REQUIRED.get(program)
    if required and required not in words:
        return
    for index, word in enumerate(words):
        for option, mark in _list_options(program):
            place, start = (index + 1, 0) if word == option else (index, len(option) + word[len(option) :].startswith("="))
            is_given = word == option or (word.startswith(option) and (not option.startswith("--") or word[len(option) :].startswith("=")))
            if not is_given or place >= len(words) or (word == option and program.startswith(("mysql", "mariadb"))):
                continue
            value = words[place]
            if mark:
                separator = value.find(mark, start)
                start = separator + 1 if separator >= start else len(value)
            if start < len(value) and not _REFERENCE.match(value, start) and not value.startswith("--", start):
                yield place, start, len(value)


def _list_options(program: str) -> tuple[tuple[str, str], ...]:
    """Return the options with a password, and the character before it in their value."""
    if program == "curl":
        users = (("-u", ":"), ("--user", ":"), ("-U", ":"), ("--proxy-user", ":"))
        return *users, ("--pass", ""), ("-b", "="), ("--cookie", "=")
    if program in ("http", "https", "xh"):
        return ("-a", ":"), ("--auth", ":")
    if program in _REQUIRED:
        return (("--from-literal", "="),)
    if program == "smbclient":
        return (("-U", "%"),)
    if program in ("redis-cli", "valkey-cli"):
        return (("-a", ""),)
    if program.startswith("ldap"):
        return (("-w", ""),)
    return (("-p", ""),)
