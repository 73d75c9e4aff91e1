"""Detection of credentials, and their removal from text.

One detector with two strengths, because their mistakes have different costs:

- `contains_key` is true only for keys of a known issuer. Arguments and policies refuse these, and a
  false positive would refuse a valid stack.
- `redact` also removes text that is probably a credential: the value of `password=`, a long random
  word. A false positive removes a detail of an output; a false negative publishes a key.

Both read through base64. Every pattern takes linear time.

`lora_loader/` and `policies/text/` contain copies of this file and of the modules that it imports:
the loader and the policy pack run without this package. `tests/unit/text/test_redaction.py`
compares the files. Only `command_arguments` of the loader differs.
"""

from __future__ import annotations

import base64
import json
import os
import re
from collections.abc import Callable, Iterable, Iterator
from functools import cache, lru_cache
from hashlib import blake2s

from .client_options import find_client_passwords, is_secret_option
from .credential_forms import FORMS
from .login_files import find_logins, is_login, may_be_login
from .named_values import Span, find_named_values
from .secret_names import is_connection_name, is_login_name, is_ordinary, is_reference, is_secret_name
from .value_forms import ALPHABET, COMMAND, FIELDS, NO_SECRET, decode, find_operator, is_mixed, is_plain, is_random

MARK = "***"
_DIGEST_KEY = os.urandom(16)
_MAX_DEPTH = 3
_MAX_REPEATED = 200

_ENCODED = re.compile(r"(?:[A-Za-z0-9+/_-]{40,}+(?:\\[nr]|\s){1,4}(?=[A-Za-z0-9+/_-]{8}))*+[A-Za-z0-9+/_-]{8,}+={0,2}")
_READABLE = re.compile(r"[\t\n\r -~]{12,}")
_LONG_WORD = re.compile(r"[A-Za-z0-9+/=_-]{40,}")
_FLAG = re.compile(r"--?[A-Za-z][\w.-]*", re.ASCII)
_LOWER_WORDS = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)+")
"""Name of a method or an object, such as `scram-sha-256` or `oauth2-proxy`."""


@cache
def _patterns() -> dict[str, list[tuple[str, re.Pattern[str], re.Pattern[str]]]]:
    """Return the patterns of known issuers by a character of their needles.

    Most programs that import this module use none. Most texts lack some of these characters.
    """
    patterns: dict[str, list[tuple[str, re.Pattern[str], re.Pattern[str]]]] = {}
    for needle, refused, redacted in FORMS:
        character = next((each for each in "_-./|$" if each in needle), "")
        compiled = re.compile(refused or "(?!)", re.ASCII), re.compile(redacted, re.ASCII | re.DOTALL)
        patterns.setdefault(character, []).append((needle, *compiled))
    return patterns


def _find_patterns(text: str) -> list[tuple[str, re.Pattern[str], re.Pattern[str]]]:
    """Return the patterns whose needles a text contains."""
    lowered = text.lower()
    return [each for character, patterns in _patterns().items() if character in lowered for each in patterns if each[0] in lowered]


def contains_key(text: str) -> bool:
    """Return whether a text contains a key of a known issuer, a private key or a registry login."""
    return _contains_key(text, 0) if len(text) > _MAX_REPEATED else _contains_key_repeated(text)


@lru_cache(maxsize=4096)
def _contains_key_repeated(text: str) -> bool:
    """Return the same for a short text: the services of a stack repeat most of theirs."""
    return _contains_key(text, 0)


def _contains_key(text: str, depth: int) -> bool:
    if any(refused.search(text) for _, refused, _ in _find_patterns(text)):
        return True
    return depth < _MAX_DEPTH and any(_contains_key(decoded, depth + 1) for _, decoded in _decode_all(text))


def looks_like_credential(text: str) -> bool:
    """Return whether a text is or contains what is probably a credential."""
    return contains_key(text) or bool(_find_spans(text))


def redact(text: str, values: Iterable[str] = (), mark: str | Callable[[str], str] = MARK, *, executed: bool = False) -> str:
    """Return a text with every probable credential replaced by a mark.

    Args:
        text: Text from a program, a cluster or a user.
        values: Known secret values. They are replaced whatever their form is, also in a `repr`, in
            JSON, in base64, and line by line.
        mark: Replacement, or a function of the credential, such as `describe_secret`.
        executed: True for commands, arguments and other text that a reader must see: nothing that a
            shell executes is redacted because of a name before it.
    """
    make = _make_mark(mark)
    for form in sorted({form for value in values for form in _list_forms(value)}, key=len, reverse=True):
        text = text.replace(form, make(form))
    parts, end = list[str](), 0
    for start, stop in _find_spans(text, executed):
        parts += [text[end:start], make(text[start:stop])]
        end = stop
    return "".join([*parts, text[end:]])


def redact_named(value: str, mark: str | Callable[[str], str] = MARK, *, executed: bool = False, name: str = "") -> str:
    """Return the value of a setting that its name shows to be a credential, redacted.

    References, booleans, paths and addresses stay. Of a value that may be a command, only the first
    word is redacted, and what has the form of a credential. If the name does not say what the value
    is, as `START_AUTH` and `BUILD_KEY`, words with spaces stay, and hosts, programs and methods. A
    field such as `secret` may contain the name of a Secret, which also stays.
    """
    if not value or NO_SECRET.match(value) or (name and _is_other_value(name, value)):
        return redact(value, mark=mark, executed=executed)
    if name and not is_secret_name(name) and not _may_be_password(name, value):
        return redact(value, mark=mark, executed=True)
    end = find_operator(value) if executed or COMMAND.search(value) else len(value)
    make = _make_mark(mark)
    return (make(value[:end]) if end else "") + redact(value[end:], mark=mark, executed=True)


def _is_other_value(name: str, value: str) -> bool:
    """Return whether a value is the name of a Secret, an ordinary word or a connection string.

    A connection string has fields of its own: only its password is redacted.
    """
    if is_connection_name(name):
        return FIELDS.search(value) is not None
    return is_reference(name, value) or is_ordinary(name, value)


def _may_be_password(name: str, value: str) -> bool:
    """Return whether the value of an unclear name may be a credential."""
    if is_login_name(name):
        return may_be_login(value) and (name.isupper() or is_login(value) or not _LOWER_WORDS.fullmatch(value))
    return " " not in value.strip()


def _make_mark(mark: str | Callable[[str], str]) -> Callable[[str], str]:
    return (lambda _: mark) if isinstance(mark, str) else mark


def describe_secret(value: str) -> str:
    """Return a mark with a digest and a range of the length.

    An example is `[secret 3f9a1c, 64-127 characters]`. The digest shows that a value changed. Its
    key is random and belongs to this process: a published digest cannot be compared with those of
    guessed values.
    """
    least = 1 << (len(value).bit_length() - 1) if len(value) > 7 else 1
    digest = blake2s(value.encode("utf-8", "surrogatepass"), key=_DIGEST_KEY, digest_size=3).hexdigest()
    return f"[secret {digest}, {least}-{max(2 * least, 8) - 1} characters]"


def is_secret_flag(argument: str, value: str = "") -> bool:
    """Return whether the argument after this one is a credential, as after `--api-key`.

    After options such as `--auth`, only `value` shows it.
    """
    return _FLAG.fullmatch(argument) is not None and is_secret_option(argument.lstrip("-"), value)


def _list_forms(value: str) -> Iterator[str]:
    """Yield the texts in which a program prints a value, and those of its lines."""
    if not value:
        return
    lines = [line.strip() for line in value.splitlines()] if "\n" in value else []
    for text in (value, *(line for line in lines if len(line) > 5)):
        encoded = base64.b64encode(text.encode("utf-8", "surrogatepass")).decode()
        yield from (text, repr(text)[1:-1], json.dumps(text)[1:-1])
        if len(text) > 5:
            yield encoded


def _find_spans(text: str, executed: bool = False, depth: int = 0) -> list[Span]:
    """Return the parts of a text that are probably credentials, in order and without overlaps."""
    found: list[Span] = []
    for _, _, pattern in _find_patterns(text):
        found += (each.span("value" if "value" in pattern.groupindex else 0) for each in pattern.finditer(text))
    found += find_named_values(text, executed=executed)
    found += find_client_passwords(text)
    found += find_logins(text)
    if depth < _MAX_DEPTH:
        found += _find_encoded(text, depth)
    found += (each.span() for each in _LONG_WORD.finditer(text) if is_random(each[0]))
    return _merge(found)


def _merge(spans: list[Span]) -> list[Span]:
    merged: list[Span] = []
    for start, end in sorted(spans):
        if merged and start < merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        elif end > start:
            merged.append((start, end))
    return merged


def _decode_all(text: str) -> Iterator[tuple[list[int], str]]:
    """Yield what words in base64 contain, with the places of their characters in the text.

    A word may begin before the encoded part, as in `path/<base64>`: four beginnings are tried.
    """
    for found in _ENCODED.finditer(text):
        if len(found[0]) < 16:
            continue
        places = [found.start() + each for each, character in enumerate(found[0]) if character in ALPHABET]
        if "\\" in found[0]:
            places = [each for each in places if text[each - 1] != "\\"]
        plain = "".join(map(text.__getitem__, places))
        for skipped in range(4):
            decoded = decode(plain[skipped:]).decode("latin-1")
            if skipped == 0 or any(map(str.isprintable, decoded[:1])):
                yield places[skipped:], decoded


def _find_encoded(text: str, depth: int) -> Iterator[Span]:
    """Yield the parts of words in base64 that contain a credential."""
    for places, decoded in _decode_all(text):
        is_text = is_plain(decoded)
        if is_text:
            spans = _find_spans(decoded, depth=depth + 1)
            if not spans and is_mixed(decoded):
                spans = [(0, len(decoded))]
        else:  # readable text may have another word or bytes beside it
            parts = _READABLE.finditer(decoded)
            spans = [(each.start() + start, each.start() + end) for each in parts for start, end in _find_spans(each[0], depth=depth + 1)]
        for start, end in spans:
            last = min(-(-end * 4 // 3), len(places)) - 1
            stop = places[last] + 1
            while stop < len(text) and text[stop] == "=" and end == len(decoded):
                stop += 1
            yield places[start * 4 // 3], stop
