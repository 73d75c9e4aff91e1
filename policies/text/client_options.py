"""Passwords in the short options of clients, such as `curl -u user:password`.

A short option means another thing in each program, so only known programs are read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from .command_arguments import find_argument_words, find_arguments
from .login_files import is_login
from .secret_names import is_login_name, is_secret_name, is_unclear_setting
from .value_forms import MARKED, NO_SECRET, find_operator

Span = tuple[int, int]
_MAX_LENGTH = 2_000
"""Characters that are read after the name of a program, up to the next one."""
_CLIENT = re.compile(
    r"(?:(?<![\w.-])|(?<=\\[nrt]))(curl|sshpass|mysql\w{0,20}|mariadb[\w-]{0,20}|redis-cli|valkey-cli|mongo\w{0,20}|ldap[a-z]{2,12}|smbclient|"
    r"redis-server|valkey-server|keytool|zip|unzip|7z[ar]?|ipmitool|sqlcmd|bcp|cqlsh|mosquitto_\w{1,5}|"
    r"docker|podman|nerdctl|helm|oras|crane|skopeo|buildah|az|https?|xh|kubectl|oc)(?=[\s\"',\\])"
)
_REGISTRY_CLIENTS = ("docker", "podman", "nerdctl", "helm", "oras", "crane", "skopeo", "buildah", "az")
"""Programs in which `-p` is a password after the word `login`."""
_REQUIRED = {"kubectl": ("secret",), "oc": ("secret", "login"), "7z": ("a", "x", "e", "t"), **dict.fromkeys(_REGISTRY_CLIENTS, ("login",))}
"""Words beside an option with a password: one of them is required."""
_PASSWORD_OPTIONS = {
    "curl": "-u: --user: -U: --proxy-user: --pass -b= --cookie=",
    **dict.fromkeys(("http", "https", "xh"), "-a: --auth:"),
    **dict.fromkeys(("zip", "unzip", "ipmitool", "sqlcmd", "bcp", "mosquitto"), "-P"),
    **dict.fromkeys(("redis-cli", "valkey-cli"), "-a --pass"),
    **dict.fromkeys(("redis-server", "valkey-server"), "--requirepass --masterauth"),
    "kubectl": "--from-literal=",
    "oc": "--from-literal= -p",
    "smbclient": "-U%",
    "ldap": "-w",
    "keytool": "-storepass -keypass -srcstorepass -deststorepass -new",
}
"""Options with a password, and the character before it. Other programs have `-p`."""
_WORD = re.compile(r"(?:[^\s\"'`$,;|&<>()\[\]{}\\]|\\{1,8}+(?![nrt\\\"'`$\s]))+")
_END = re.compile(r"[;|&<>()]|(?<!\\)\n")
_QUOTE = re.compile(r"\\{0,8}[\"']\Z")
_IN_QUOTES = re.compile(r"[^\"'`$\n\\]{1,200}+(?=\\{0,8}(?P<quote>[\"']))")
"""Further part of a password in quotes."""
_OPENSSL = re.compile(r"-pass(?:in|out)?['\",\s]{1,6}pass:([^\s'\"`$|;&<>()]{1,400})")
_OPTION = re.compile(
    r"(?:(?<![\w-])|(?<=\\[nrt]))--?([A-Za-z][\w.-]{0,63})"
    r"(?P<separator>\\{0,4}[\"'],?\s{0,4}\\{0,4}[\"']|[ \t]{1,4}|(?:\n|\\n)[ \t]{0,40}-[ \t]{1,4}[\"']?)([^\s\"',;&|<>()`\\]{1,4000})"
)


def find_client_passwords(text: str) -> Iterator[Span]:
    """Yield the passwords in the command lines of a text, also if they are lists of words."""
    yield from find_arguments(text)
    if "pass:" in text:
        yield from (each.span(1) for each in _OPENSSL.finditer(text) if not MARKED.match(each[1]))
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
            if text[place.start() - 1] == "$" or text[place.start() - 2 : place.start()] == "${":
                continue
            yield place.start() + start, _find_end(text, place) if stop == len(place[0]) else place.start() + stop


def _find_end(text: str, word: re.Match[str]) -> int:
    """Return the end of a password, after all its words if it is in quotes."""
    opening = _QUOTE.search(text, max(0, word.start() - 9), word.start())
    further = _IN_QUOTES.match(text, word.end()) if opening else None
    return further.end() if opening and further and further["quote"] == opening[0][-1] else word.end()


def find_passwords(words: Sequence[str]) -> Iterator[tuple[int, int, int]]:
    """Yield index, start and end of the passwords in a command line, a list of words."""
    for index, (option, value) in enumerate(pairwise(words)):
        if option in ("-pass", "-passin", "-passout") and value.startswith("pass:") and not MARKED.match(value, 5):
            yield index + 1, 5, len(value)
    yield from find_argument_words(words)
    program = words[0].rpartition("/")[2] if words else ""
    if _CLIENT.match(f"{program} "):
        yield from ((index + 1, start, end) for index, start, end in _find_in_words(program, words[1:]))


def _find_in_words(program: str, words: Sequence[str]) -> Iterator[tuple[int, int, int]]:
    required = _REQUIRED.get(program, ())
    if required and not any(each in words for each in required):
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
            if start < len(value) and not MARKED.match(value, start) and not value.startswith("--", start):
                yield place, start, len(value)


def _list_options(program: str) -> list[tuple[str, str]]:
    """Return the options with a password, and the character before it in their value."""
    name = "ldap" if program.startswith("ldap") else program
    options = _PASSWORD_OPTIONS.get("mosquitto" if name.startswith("mosquitto") else name, "-p").split()
    return [(each.rstrip(":=%"), each[len(each.rstrip(":=%")) :]) for each in options]


def find_option_values(text: str, executed: bool) -> Iterator[Span]:
    """Yield the values of options whose names are those of credentials: `--api-key x`."""
    for each in _OPTION.finditer(text):
        if _is_option_value(each, executed):
            start, end = each.span(3)
            yield start, start + find_operator(each[3]) if executed else end


def is_secret_option(option: str, value: str) -> bool:
    """Return whether the argument after an option is a credential, as after `--api-key`."""
    return is_secret_name(option) or (is_login_name(option) and is_login(value)) or is_unclear_setting(option, value)


def _is_option_value(option: re.Match[str], executed: bool) -> bool:
    value = option[3]
    if not is_secret_option(option[1], value) or NO_SECRET.match(value) or re.match(r"--?[a-z][a-z0-9-]*(?:=|\Z)", value):
        return False
    # In prose, such as "use --token for it", the next word is none.
    return executed or option["separator"].strip() != "" or len(value) > 15 or any(map(str.isdigit, value))
