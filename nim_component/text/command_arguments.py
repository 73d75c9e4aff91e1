"""Passwords that a command contains without an option, or reads from its standard input.

The LoRA loader has another module of this name: its log contains no commands.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import accumulate

from .value_forms import MARKED

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
    *((each, rf"{each}(?!~(?:is|was|are|and|or|not|must|may|option|setting|in|to|for)\b)") for each in ("requirepass", "masterauth")),
)
"""Arguments that are passwords by their places, each with a text that its command contains."""
_STATEMENT = re.compile(r"\b(?:IDENTIFIED[ \t]{1,4}BY|PASSWORD)[ \t]{1,4}\\{0,4}['\"]([^'\"\n\\]{1,200})", re.IGNORECASE)
"""Password in a statement of SQL."""


@cache
def _compile(pattern: str) -> re.Pattern[str]:
    """Return a pattern, compiled when a text needs it first."""
    return re.compile(pattern)


def _compile_argument(words: str) -> re.Pattern[str]:
    return _compile(rf"(?<![\w.-]){words.replace('~', _SEPARATOR)}{_SEPARATOR}(?!-){_VALUE}")


def find_arguments(text: str) -> Iterator[tuple[int, int]]:
    """Yield the passwords in the command lines of a text, and in statements of SQL."""
    for needle, pattern in zip(("|", "<<<"), _STANDARD_INPUT, strict=True):
        if needle in text:
            yield from (each.span(1) for each in _compile(pattern).finditer(text) if not MARKED.match(each[1]))
    for needle, words in _ARGUMENTS:
        if needle in text:
            yield from (each.span(1) for each in _compile_argument(words).finditer(text) if not MARKED.match(each[1]))
    if ("'" in text or '"' in text) and any(each in text for each in ("assword", "PASSWORD", "IDENTIFIED", "dentified")):
        yield from (each.span(1) for each in _STATEMENT.finditer(text) if not MARKED.match(each[1]))


def find_argument_words(words: Sequence[str]) -> Iterator[tuple[int, int, int]]:
    """Yield the places of passwords that a command, a list of words, contains without an option."""
    if any(needle in word for needle, _ in _ARGUMENTS for word in words[:2]):
        line = " ".join(words)
        starts = [*accumulate((len(word) + 1 for word in words), initial=0)]
        for needle, pattern in _ARGUMENTS:
            for found in _compile_argument(pattern).finditer(line) if needle in line else ():
                index = bisect_right(starts, found.start(1)) - 1
                if not MARKED.match(found[1]) and found.end(1) < starts[index + 1]:
                    yield index, found.start(1) - starts[index], found.end(1) - starts[index]
