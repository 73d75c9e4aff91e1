"""Values at the boundary: what may not be seen is hidden before any rule looks at it, what is not known says so."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import blake2s
from typing import Any, Final, cast

from ..local.markers import SECRET, SECRET_TEXT, SIGNATURE, UNKNOWN, UNKNOWN_SENTINEL, Unknown

KNOWN_AFTER_APPLY: Final = "(known after apply)"
"""Text for an unknown value, as in the output of `pulumi preview`."""
LAST_APPLIED: Final = "kubectl.kubernetes.io/last-applied-configuration"

SECRET_NAME = re.compile(r"(^|[_.-])(API_?KEY|KEY|TOKEN|SECRET|PASSWORD|PASSWD|PASS|CREDENTIALS?|PAT|AUTH)$", re.IGNORECASE)
"""Variables of such a name hold a credential, whoever wrote it there in the clear."""

CREDENTIALS: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (needle, re.compile(pattern, re.DOTALL))
    for needle, pattern in {
        "nvapi-": r"nvapi-[\w-]{8,}",
        "hf_": r"\bhf_[A-Za-z0-9]{8,}",
        "gh": r"\bgh[pousr]_\w{16,}|\bgithub_pat_\w{16,}",
        "glpat-": r"\bglpat-[\w-]{12,}",
        "pul-": r"\bpul-[0-9a-f]{16,}",
        "akia": r"\bAKIA[A-Z0-9]{16}\b",
        "asia": r"\bASIA[A-Z0-9]{16}\b",
        "xox": r"\bxox[abp]-[\w-]{10,}",
        "eyj": r"\beyJ[\w-]{16,}(?:\.[\w-]*)*",
        "private key": r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)",
        "://": r"(?<=://)[^\s/@:]+:[^\s/@]+(?=@)",
        "bearer": r"(?i:(?<=bearer\s))[\w.~+/=-]{8,}",
        "basic": r"(?i:(?<=basic\s))[\w.~+/=-]{8,}",
        "key=": r"(?i:(?<=api-key=)|(?<=apikey=)|(?<=api_key=))[^\s&\"']+",
        "token=": r"(?i:(?<=token=))[^\s&\"']+",
        "passw": r"(?i:(?<=password=)|(?<=passwd=)|(?<=\"password\":\")|(?<=\"password\":\ \"))[^\s&\"']+",
        "secret=": r"(?i:(?<=secret=))[^\s&\"']+",
        '"auth"': r'(?i:(?<="auth":")|(?<="auth":\ "))[^"]+',
    }.items()
)
"""What looks like a credential, wherever it stands; each pattern with a text that must be there, which is quicker to look for."""

SECRET_FLAG = re.compile(r"--?[\w-]*(?:api-?key|token|password|passwd|secret)", re.IGNORECASE)
"""An option whose value is the next argument."""


@dataclass(frozen=True, repr=False)
class Redacted:
    """A value that may not be seen. Two are alike when their tokens are: digests that never leave the process."""

    token: str = ""
    text: str = SECRET_TEXT

    def __str__(self) -> str:
        return self.text

    __repr__ = __str__


def redact_value(value: Any) -> Redacted:
    """The value, gone; that another one took its place can still be told."""
    if isinstance(value, Redacted):
        return value
    return Redacted("" if value == SECRET_TEXT else blake2s(json.dumps(value, sort_keys=True, default=str).encode()).hexdigest())


def redact(text: str) -> str:
    """A text without what looks like a credential."""
    lowered = text.lower()
    for needle, pattern in CREDENTIALS:
        if needle in lowered:
            text = pattern.sub(SECRET_TEXT, text)
    return text


def clean(type_: str, inputs: Any) -> dict[str, Any]:
    """A resource's inputs as they may be looked at. What is no mapping (all of it secret, say) is empty."""
    cleaned = clean_value(inputs)
    if not isinstance(cleaned, dict):
        return {}
    entries = cast("dict[str, Any]", cleaned)
    if type_ == "kubernetes:core/v1:Secret":
        return {key: redact_entries(value) if key in ("data", "stringData") else value for key, value in entries.items()}
    if type_.startswith("pulumi:providers:"):
        return {key: redact_value(value) if key in ("kubeconfig", "secret") else value for key, value in entries.items()}
    return entries


def redact_entries(value: Any) -> Any:
    """A Secret's data: the keys may be seen."""
    if isinstance(value, Mapping):
        entries = cast("Mapping[str, Any]", value)
        return {key: item if item is UNKNOWN else redact_value(item) for key, item in entries.items()}
    return value if value is None or value is UNKNOWN else redact_value(value)


def clean_value(value: Any, key: str = "") -> Any:
    """One value, all the way down."""
    match value:
        case str():
            return clean_text(value)
        case list():
            return clean_list(cast("list[Any]", value), key)
        case dict():
            return clean_mapping(cast("dict[str, Any]", value), key)
        case _:
            return value


def clean_text(text: str) -> Any:
    """A text: a marker of the engine's, or a text without credentials."""
    if text == SECRET_TEXT:
        return Redacted()
    if text == UNKNOWN_SENTINEL:
        return UNKNOWN
    seen = redact(text)
    return text if seen == text else Redacted(redact_value(text).token, seen)


def clean_mapping(entries: dict[str, Any], key: str) -> Any:
    """A mapping: a marker of the engine's, a variable, or a plain one."""
    if entries.get(SIGNATURE) == SECRET:
        return Redacted(str(entries.get("value", "")))
    cleaned = {name: clean_value(item, name) for name, item in entries.items()}
    if LAST_APPLIED in cleaned:
        cleaned[LAST_APPLIED] = redact_value(entries[LAST_APPLIED])
    if key == "env":  # a component's own inputs: name to value
        return {name: redact_value(item) if SECRET_NAME.search(name) and is_literal(item) else item for name, item in cleaned.items()}
    if SECRET_NAME.search(str(entries.get("name", ""))) and is_literal(entries.get("value")):
        cleaned["value"] = redact_value(entries["value"])
    return cleaned


def clean_list(items: list[Any], key: str) -> list[Any]:
    """A list; in a command line, what follows a flag such as `--api-key`."""
    cleaned = [clean_value(item) for item in items]
    if key in ("args", "command"):
        for index, flag in enumerate(items[:-1]):
            if isinstance(flag, str) and SECRET_FLAG.fullmatch(flag):
                cleaned[index + 1] = redact_value(items[index + 1])
    return cleaned


def is_literal(value: Any) -> bool:
    """Whether a variable's value stands there itself: not a reference to another variable, not a marker."""
    return isinstance(value, str) and value not in ("", SECRET_TEXT, UNKNOWN_SENTINEL) and not re.fullmatch(r"\$\(\w+\)", value)


def show(value: Any) -> str:
    """A value as one text: a text as it is, anything else as JSON."""
    if isinstance(value, str):
        return value
    if isinstance(value, Redacted | Unknown):
        return describe(value)
    return "none" if value is None else json.dumps(value, ensure_ascii=False, sort_keys=True, default=describe, separators=(", ", ": "))


def describe(marker: Any) -> str:
    """Return the text of a redacted or unknown value."""
    return KNOWN_AFTER_APPLY if isinstance(marker, Unknown) else str(marker)
