"""Entries of ConfigMaps that are plain settings or prose: a program cannot run them."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator
from typing import Any, cast

import yaml

from ..local.yaml_reader import parse_yaml
from .entry_names import CODE_FILE, RULE_FILE, VARIABLE
from .matching import MISSING
from .safe_variables import is_number, is_safe_change
from .setting_names import is_amount_name, is_risky_name
from .values import Redacted, is_unreadable, show

ADAPTERS = "adapters.json"
"""List of the LoRA loader. The rules of adapters report its entries."""
_MAX_TEXT = 20_000
_MAX_LEAVES = 2_000
_MAX_DEPTH = 20
_WORD = re.compile(r"[\w+][\w+-]{0,63}(\.\d{1,8}){0,3}")
_PROSE = re.compile(r"[\w ,;:'\"()!?.%+–-]{1,2000}")
_COMMAND = re.compile(
    r"(^|[;|&(])\s*(pip3?|uvx?|pipx|conda|mamba|npm|npx|yarn|pnpm|apt|apk|dnf|yum|gem|cargo|curl|wget|sh|bash|zsh|python[\d.]*|perl|ruby|node|"
    r"php|lua|nc|ncat|socat|ssh|scp|rsync|git|docker|kubectl|helm|sudo|su|eval|exec|source|import|from|require|chmod|chown|rm|dd|base64|"
    r"openssl|powershell|pwsh|cmd|iex|env|set|export|alias|run|add|copy|cat|echo|go|make)\b|\binstall\b|\s--?\w|\w\(",
    re.IGNORECASE,
)
"""Texts that a shell or another interpreter could run."""
_ACTIVE_LINE = re.compile(
    r"#!|#cloud-config|\{\{|\{%|<%|<\?|\$\{|\$\(|`|^\s*%\w|[^\x09\x0a\x0d\x20-\x7e\u00a0-\ufffc\U00010000-\U0010ffff]", re.MULTILINE
)
"""Parts of lines for interpreters and templates, and characters of binary data."""
_FORMATS = ("json", "yaml", "yml", "toml", "properties")


def is_safe_entry(name: str, old: Any, new: Any) -> bool:
    """Return true if the change of an entry is one of plain settings or prose.

    Args:
        name: Name of the entry.
        old: Text before the change; `MISSING` for a new entry.
        new: Text after the change; `MISSING` for a removed one.
    """
    if any(is_unreadable(each) or not (each is MISSING or isinstance(each, str | Redacted)) for each in (old, new)):
        return False
    first, second = ("" if each is MISSING else show(each) for each in (old, new))
    if CODE_FILE.search(name) or RULE_FILE.search(name) or max(len(first), len(second)) > _MAX_TEXT:
        return False
    changed = "\n".join({*first.splitlines()} ^ {*second.splitlines()})
    if _ACTIVE_LINE.search(changed):
        return False
    extension = name.rpartition(".")[2].lower() if "." in name else ""
    if extension in _FORMATS:
        return _is_safe_data(name, extension, first, second)
    if extension in ("txt", "md", "rst"):
        return not is_risky_name(name) and all(_is_plain(line.lstrip("#*- ")) for line in changed.splitlines())
    if "\n" in first.strip() or "\n" in second.strip():
        return False
    if VARIABLE.fullmatch(name) and name.isupper():
        return is_safe_change(name, old, new)
    return all(_is_safe_leaf((name,), text) for text in (first, second) if text)


def _is_safe_data(name: str, extension: str, old: str, new: str) -> bool:
    """Return true if both texts are data of a format, and their fields differ without a danger."""
    try:
        first, second = (dict(_leaves(_parse(extension, text), ())) if text.strip() else {} for text in (old, new))
    except (ValueError, RecursionError, yaml.YAMLError):
        return False
    differing = [path for path in {*first, *second} if first.get(path, MISSING) != second.get(path, MISSING)]
    if name == ADAPTERS:
        differing = [path for path in differing if path[:1] != ("adapters",) and not isinstance(path[0], int)]
    values = ((path, leaves[path]) for path in differing for leaves in (first, second) if path in leaves)
    return all(_is_safe_leaf(tuple(map(str, path)), value) for path, value in values)


def _parse(extension: str, text: str) -> Any:
    match extension:
        case "json":
            return json.loads(text, object_pairs_hook=_read_pairs)
        case "toml":
            return tomllib.loads(text)
        case "properties":
            return _read_pairs(
                [_read_property(line) for line in text.splitlines() if line.strip() and not line.lstrip().startswith(("#", "!"))]
            )
        case _:
            if re.search(r"(^|[\s\[,{:-])!|^(---|\.\.\.)[ \t]*\S?[^\n]*\n(?s:.*)^(---|\.\.\.)", text, re.MULTILINE):
                raise ValueError("tags, or more than one document")
            return parse_yaml(text)


def _read_pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return a mapping. Of a repeated key, parsers use the first or the last value."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a repeated key")
    return found


def _read_property(line: str) -> tuple[str, str]:
    name, separator, value = line.partition("=")
    if not separator or line.rstrip().endswith("\\"):
        raise ValueError("not a property")
    return name.strip(), value.strip()


def _leaves(value: Any, path: tuple[Any, ...]) -> Iterator[tuple[tuple[Any, ...], Any]]:
    """Yield path and value of each field that contains no other one."""
    stack = [(path, value)]
    count = 0
    while stack:
        where, item = stack.pop()
        count += 1
        if count > _MAX_LEAVES or len(where) > _MAX_DEPTH:
            raise ValueError("too large")
        if isinstance(item, dict) and item:
            stack += [((*where, key), each) for key, each in cast("dict[Any, Any]", item).items()]
        elif isinstance(item, list) and item:
            stack += [((*where, index), each) for index, each in enumerate(cast("list[Any]", item))]
        else:
            yield where, item


def _is_safe_leaf(path: tuple[str, ...], value: Any) -> bool:
    """Return true for a value that is no switch, place, key or code, by its path and its form."""
    name = "_".join(path)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return is_amount_name(name) or not is_risky_name(name)
    if isinstance(value, str) and is_number(value):
        return is_amount_name(name) or not is_risky_name(name)
    if is_risky_name(name):
        return False
    return value is None or isinstance(value, bool) or (isinstance(value, str) and _is_plain(value)) or value in ({}, [])


def _is_plain(text: str) -> bool:
    """Return true for a word, a version, or a sentence that is no command."""
    stripped = text.strip()
    if not stripped or _WORD.fullmatch(stripped):
        return True
    is_sentence = stripped[0].isupper() or stripped[-1] in ".!?"
    return (
        is_sentence
        and _PROSE.fullmatch(stripped) is not None
        and not re.search(r"\w\.\w*[a-z]", stripped)
        and not _COMMAND.search(stripped)
    )
