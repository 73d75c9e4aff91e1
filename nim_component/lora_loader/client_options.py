"""Passwords in the short options of clients, such as `curl -u user:password`.

A short option means another thing in each program, so only known programs are read.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import accumulate, pairwise

from .login_files import is_login
from .secret_names import is_login_name, is_secret_name, is_unclear_setting
from .value_forms import NO_SECRET, find_operator

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
_WORD = re.compile(r"(?:[^\s\"'`$,;|&<>()\[\]{}\\]|\\{1,8}+(?![nrt\\\"'`$\s]))+")
_END = re.compile(r"[;|&<>()]|(?<!\\)\n")
_QUOTE = re.compile(r"\\{0,8}[\"']\Z")
_IN_QUOTES = re.compile(r"[^\"'`$\n\\]{1,200}+(?=\\{0,8}(?P<quote>[\"']))")
"""Further part of a password in quotes."""
_SEPARATOR = r"(?:[ \t]{1,4}|\\{0,4}[\"'],\s{0,24}\\{0,4}[\"']|(?:\n|\\n)[ \t]{0,40}-[ \t]{1,4})[\"']?"
"""Text between two arguments: in a line, and in a list of a program, JSON or YAML."""
_VALUE = r"([^\s'\"`$|;&<>()=,\\]{1,400}+)"
_ECHO = (
    r"\b(?:echo|printf)[ \t]{1,4}(?:(?:-\w{1,3}|['\"]?%s(?:\\{1,4}n)?['\"]?)[ \t]{1,4}){0,2}['\"]?"
    r"(?!(?:y|yes|n|no)\b)(?:[\w.@-]{1,60}:(?=[^|\n]{1,400}chpasswd))?([^\s'\"`$|;&<>()]{1,400})['\"]?[ \t]{0,4}\|"
)
_READER = (
    r"(?:--password-stdin|--with-token|--passphrase-fd|-pass(?:in|out)?[ =]stdin"
    r"|\bsudo[ \t][^|;&\n]{0,60}?-[a-zA-Z]{0,4}S\b"
    r"|\b(?:chpasswd|su|kinit|cryptsetup|smbpasswd|passwd[ \t][^|;&\n]{0,60}--stdin|htpasswd[ \t]-\w{0,4}i|vault[ \t]login|ngc[ \t]config"
    r"|wandb[ \t]login|huggingface-cli[ \t]login|hf[ \t]auth)(?![\w-]))"
)
_STANDARD_INPUT = (_ECHO + r"[^|;&\n]{0,300}?" + _READER, _READER + r"[^|;&\n]{0,200}?<<<[ \t]{0,4}['\"]?([^\s'\"`$|;&<>()]{1,400})")
"""Passwords that a program reads from its standard input."""
_OPTIONS = rf"(?:{_SEPARATOR}-[\w=-]{{1,60}}(?:{_SEPARATOR}\w{{1,60}}(?={_SEPARATOR}-))?){{0,4}}"
_ARGUMENTS = (
    ("aws", r"aws~configure~set~[\w.-]{0,60}(?:secret_access_key|session_token)"),
    ("vault", rf"vault~(?:login{_OPTIONS}|operator~unseal)"),
    ("mysqladmin", rf"mysqladmin{_OPTIONS}(?:~\w{{1,60}}(?=~password))?~password"),
    ("htpasswd", r"htpasswd~-(?=\w{0,6}b)(?:\w{0,6}n\w{0,6}|\w{1,9}~[^\s\"',]{1,200})~[\w.@-]{1,60}"),
    ("wandb", rf"wandb~login{_OPTIONS}"),
    ("ngrok", r"ngrok~(?:config~add-authtoken|authtoken)"),
    ("mc", r"mc~(?:alias~set|config~host~add)~[\w-]{1,60}~[^\s\"',]{1,200}~[\w.@-]{1,100}"),
    ("rabbitmqctl", r"rabbitmqctl~(?:add_user|change_password)~[\w.@-]{1,60}"),
    ("config", r"(?:npm|pnpm|yarn)~config~set~[\w.:/@-]{0,200}_(?:auth|authToken|password)"),
    ("config", rf"pulumi~config~set{_OPTIONS}~--secret~[\w:.-]{{1,100}}"),
    ("poetry", r"poetry~config~(?:pypi-token\.[\w-]{1,60}|http-basic\.[\w-]{1,60}~[\w.@-]{1,60})"),
    ("rclone", r"rclone~obscure"),
    ("wpa_", r"wpa_passphrase~[\w.-]{1,60}"),
    ("requirepass", r"requirepass(?!~(?:is|was|are|and|or|not|must|may|option|setting|in|to|for)\b)"),
    ("masterauth", r"masterauth(?!~(?:is|was|are|and|or|not|must|may|option|setting|in|to|for)\b)"),
)
"""Arguments that are passwords by their places, each with a text that its command contains."""
_STATEMENT = re.compile(r"\b(?:IDENTIFIED[ \t]{1,4}BY|PASSWORD)[ \t]{1,4}\\{0,4}['\"]([^'\"\n\\]{1,200})", re.IGNORECASE)
"""Password in a statement of SQL."""
_OPENSSL = re.compile(r"-pass(?:in|out)?['\",\s]{1,6}pass:([^\s'\"`$|;&<>()]{1,400})")
_OPTION = re.compile(
    r"(?:(?<![\w-])|(?<=\\[nrt]))--?([A-Za-z][\w.-]{0,63})"
    r"(?P<separator>\\{0,4}[\"'],?\s{0,4}\\{0,4}[\"']|[ \t]{1,4}|(?:\n|\\n)[ \t]{0,40}-[ \t]{1,4}[\"']?)([^\s\"',;&|<>()`\\]{1,4000})"
)
_REFERENCE = re.compile(r"\$|\*{3}|<|\[secret")


@cache
def _compile(pattern: str) -> re.Pattern[str]:
    """Return a pattern, compiled when a text needs it first."""
    return re.compile(pattern)


def _compile_argument(words: str) -> re.Pattern[str]:
    return _compile(rf"(?<![\w.-]){words.replace('~', _SEPARATOR)}{_SEPARATOR}(?!-){_VALUE}")


def find_client_passwords(text: str) -> Iterator[Span]:
    """Yield the passwords in the command lines of a text, also if they are lists of words."""
    for needle, pattern in zip(("|", "<<<"), _STANDARD_INPUT, strict=True):
        if needle in text:
            yield from (each.span(1) for each in _compile(pattern).finditer(text) if not _REFERENCE.match(each[1]))
    for needle, words in _ARGUMENTS:
        if needle in text:
            yield from (each.span(1) for each in _compile_argument(words).finditer(text) if not _REFERENCE.match(each[1]))
    if ("'" in text or '"' in text) and any(each in text for each in ("assword", "PASSWORD", "IDENTIFIED", "dentified")):
        yield from (each.span(1) for each in _STATEMENT.finditer(text) if not _REFERENCE.match(each[1]))
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
        if option in ("-pass", "-passin", "-passout") and value.startswith("pass:") and not _REFERENCE.match(value, 5):
            yield index + 1, 5, len(value)
    yield from _find_arguments(words)
    program = words[0].rpartition("/")[2] if words else ""
    if _CLIENT.match(f"{program} "):
        yield from ((index + 1, start, end) for index, start, end in _find_in_words(program, words[1:]))


def _find_arguments(words: Sequence[str]) -> Iterator[tuple[int, int, int]]:
    """Yield the places of passwords that a command, a list of words, contains without an option."""
    if any(needle in word for needle, _ in _ARGUMENTS for word in words[:2]):
        line = " ".join(words)
        starts = [*accumulate((len(word) + 1 for word in words), initial=0)]
        for needle, pattern in _ARGUMENTS:
            for found in _compile_argument(pattern).finditer(line) if needle in line else ():
                index = bisect_right(starts, found.start(1)) - 1
                if not _REFERENCE.match(found[1]) and found.end(1) < starts[index + 1]:
                    yield index, found.start(1) - starts[index], found.end(1) - starts[index]


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
            if start < len(value) and not _REFERENCE.match(value, start) and not value.startswith("--", start):
                yield place, start, len(value)


def _list_options(program: str) -> tuple[tuple[str, str], ...]:
    """Return the options with a password, and the character before it in their value."""
    if program == "curl":
        users = (("-u", ":"), ("--user", ":"), ("-U", ":"), ("--proxy-user", ":"))
        return *users, ("--pass", ""), ("-b", "="), ("--cookie", "=")
    if program in ("http", "https", "xh"):
        return ("-a", ":"), ("--auth", ":")
    if program in ("kubectl", "oc"):
        return ("--from-literal", "="), *((("-p", ""),) if program == "oc" else ())
    if program == "smbclient":
        return (("-U", "%"),)
    if program in ("redis-cli", "valkey-cli"):
        return ("-a", ""), ("--pass", "")
    if program in ("redis-server", "valkey-server"):
        return ("--requirepass", ""), ("--masterauth", "")
    if program == "keytool":
        return ("-storepass", ""), ("-keypass", ""), ("-srcstorepass", ""), ("-deststorepass", ""), ("-new", "")
    if program in ("zip", "unzip", "ipmitool", "sqlcmd", "bcp") or program.startswith("mosquitto"):
        return (("-P", ""),)
    if program.startswith("ldap"):
        return (("-w", ""),)
    return (("-p", ""),)


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
