"""Files and entries of ConfigMaps: code, addresses and authorities."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from ..accessors import Fields, mapping
from ..change import Change, ResourceState, ServiceChange
from ..entry_names import AUTHORITY, CODE_FILE, RULE_FILE, VARIABLE
from ..excerpts import excerpt, excerpt_pair
from ..findings import CRITICAL, NOTICE, WARNING, Finding, finding
from ..loader_changes import read_redacted_program
from ..matching import MISSING
from ..safe_entries import is_safe_entry
from ..sentences import enumerate_values, name_object, sentence
from ..settings import Setting, Settings, report_settings
from ..values import Redacted, show
from ..variable_effects import AUTHORITIES, find_effect

_CODE_TEXT = re.compile(
    r"\A\s{0,200}#!|^[ \t]*(import|from)[ \t]+\w+|\bexec\(|\beval\(|\bcurl\s|\bwget\s|"
    r"\A\x7fELF|\A\xcf\xfa\xed\xfe|!!python/|\b(pip3?|uv|npm|npx|yarn|conda|gem|cargo|apt|apt-get|apk|dnf|yum)\s+(install|add|exec|run|i)\b|"
    r"^(RUN|ENTRYPOINT|CMD)[ \t]+\S|\A\s{0,200}FROM[ \t]+\S+|\bInvoke-(Expression|WebRequest|RestMethod)\b|\bos\.execute\b|\bio\.popen\b|"
    r"\b(ba|da|z)?sh[ \t]+-c\b|\bsubprocess\.|\bos\.system\b|^[ \t]*([\d*/,-]+[ \t]+){5}\S",
    re.MULTILINE,
)
_UNREAD = "It is not known to be plain settings or prose. Programs that read it may run code, or use another model, key or address."

_HOST = re.compile(
    r"://(?:[^\s/@\"'<>]*@)?(\[[0-9a-fA-F:]+\]|[\w.-]+)"  # of an address
    r"|(?<![\w.])(\d{1,3}(?:\.\d{1,3}){3})(?![\w.])"
    # A name with a port, or after a word for a host.
    r"|(?<![\w.@/-])([a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63}){1,8}(?=:\d{2,5}\b))"
    r"|\b(?:host|hostname|server|address|endpoint|upstream|target|proxy|registry|mirror|domain|addr|url|uri|backend)s?[\"']?[ \t]{0,8}"
    r"[:= \t][ \t]{0,8}[\"']?((?!\d+[.\s])[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63}){1,8})",
    re.IGNORECASE,
)
_DANGER = re.compile(
    r"trust[-_ ]?remote[-_ ]?code|auto_map|privileged|host_?(path|network|pid|ipc)\b|insecure|skip[-_]?(tls|ssl|verif)\w*|"
    r"(?<![a-z])verify|\brbac\b|\badmission\b|"
    r"(?<![a-z])(plugins?|modules|extensions)\b|ssl_cert|ca_(file|bundle|cert)|"
    r"\b(exec|command|args|entrypoint|image)\b|LD_PRELOAD|PYTHONPATH|anonymous|\bauth\w*|\ballow\w*|\bpermission|\bcors\b",
    re.IGNORECASE,
)
"""Parts of lines that decide about code, rights or checks."""
_MAX_TEXT = 200_000
"""Characters of an entry in which hosts are searched."""
_MAX_LINE = 2_000
_LINES = "Such a line can decide about code, rights or checks of the programs that read it."
_AS_VARIABLE = "In a pod that takes the entries as variables: "


def files(service: ServiceChange) -> Iterator[Finding]:
    """Report files of a ConfigMap that are code. The loader that this package ships is known."""
    for change, old, new in _changes(service):
        names = sorted(name for name in {*old, *new} if old.get(name) != new.get(name) and _is_code(name, new.get(name, old.get(name))))
        if names and (change.before is not None or not _is_shipped(names, new)):
            yield _describe_files(service, change, names, new)


def _changes(service: ServiceChange) -> Iterator[tuple[Change, dict[str, Any], dict[str, Any]]]:
    """Yield the created and changed ConfigMaps, with their files before and after."""
    for change in service.of("ConfigMap"):
        if change.operation in ("create", "update", "replace") and change.after is not None:
            yield change, {} if change.before is None else _entries(change.before), _entries(change.after)


def _paths(change: Change, names: Collection[str]) -> list[str]:
    """Return the paths of entries that differ."""
    entries = [each for each in change.differences if len(each.path) > 1 and each.path[0] in ("data", "binaryData")]
    return [each.where for each in entries if each.path[1] in names]


def _entries(state: ResourceState) -> dict[str, Any]:
    """Return the files of a ConfigMap, also those in base64."""
    binary = {name: _decode(value) for name, value in mapping(state.inputs.get("binaryData")).items()}
    return {**mapping(state.inputs.get("data")), **binary}


def _decode(value: Any) -> Any:
    try:
        return base64.b64decode(value, validate=True).decode("utf-8", "replace") if isinstance(value, str) else value
    except (binascii.Error, ValueError):
        return value


def _describe_files(service: ServiceChange, change: Change, names: list[str], new: Fields) -> Finding:
    listed = enumerate_values(names, at_most=4)
    paths = _paths(change, names)
    if change.before is None:
        text = sentence("{object} is created, with code in {files}.", object=name_object(change), files=listed)
        return finding("code", WARNING, change, service.name, text, sentence("Pods that mount it can run the code with all their keys."))
    text = sentence("{object}: the code in {files} changes.", object=name_object(change), files=listed)
    if _is_shipped(names, new):
        consequence = sentence("It is the LoRA loader of the nim_component that made this report. Pods that use it restart.")
        return finding("code", NOTICE, change, service.name, text, consequence, *paths)
    return finding("code", CRITICAL, change, service.name, text, sentence("Pods that mount it run the code with all their keys."), *paths)


def _is_shipped(names: list[str], new: Fields) -> bool:
    shipped = read_redacted_program()
    return all(name in shipped and new.get(name) == shipped[name] for name in names)


def _is_code(name: str, text: Any) -> bool:
    return bool(CODE_FILE.search(name)) or (isinstance(text, str) and bool(_CODE_TEXT.search(text[:20_000])))


def entries(service: ServiceChange) -> Iterator[Finding]:
    """Report entries that act as variables, that name other hosts, or that are authorities."""
    for change, old, new in _changes(service):
        before = None if change.before is None else _settings(change.before, old)
        found = _settings(change.subject, new)
        yield from report_settings(service, change, before, found)
        if change.before is not None:
            yield from _report_hosts(service, change, old, new, {*found, *(before or {})})


def _path(name: str) -> str:
    return f"data.{name}" if VARIABLE.fullmatch(name) else f'data["{name}"]'


def _settings(state: ResourceState, values: Mapping[str, Any]) -> Settings:
    found: dict[str, Setting] = {}
    for name, value in values.items():
        path = _path(name)
        owner = sentence(" of ConfigMap {name}", name=state.object_name)
        if "-----BEGIN CERTIFICATE" in show(value) or AUTHORITY.search(name):
            found[path] = Setting("destination", WARNING, "Entry", name, owner, value, f"If pods trust it: {AUTHORITIES}")
        elif VARIABLE.fullmatch(name) and "\n" not in show(value).strip() and (effect := find_effect(name, value)):
            text = _AS_VARIABLE + effect.consequence
            new = WARNING if effect.severity is CRITICAL else None
            found[path] = Setting(effect.rule, effect.severity, "Entry", name, owner, value, text, new, WARNING)
    return found


def _report_hosts(
    service: ServiceChange, change: Change, old: Mapping[str, Any], new: Mapping[str, Any], reported: Collection[str]
) -> Iterator[Finding]:
    """Report texts that name new hosts, that change at a dangerous line, or that are not plain."""
    for name in sorted({*old, *new}):
        before, value = old.get(name, MISSING), new.get(name, MISSING)
        if before == value or _path(name) in reported or _is_code(name, before if value is MISSING else value):
            continue
        added = sorted(_hosts(value) - _hosts(before))
        if not added:
            lines = [] if value is MISSING else [*_report_lines(service, change, name, before, value)]
            yield from lines
            if not lines and not is_safe_entry(name, before, value):
                yield _describe_entry(service, change, name, before, value)
            continue
        text = sentence(
            "{object}: {file} now names {hosts}.", object=name_object(change), file=name, hosts=enumerate_values(added, at_most=4)
        )
        consequence = sentence("Programs that read it may send requests, and what they contain, there.")
        yield finding("destination", WARNING, change, service.name, text, consequence, *_paths(change, [name]))


def _report_lines(service: ServiceChange, change: Change, name: str, old: Any, new: Any) -> Iterator[Finding]:
    """Report changed lines that decide about code, rights or checks."""
    lines = [{*show(value).splitlines()} if isinstance(value, str | Redacted) else set[str]() for value in (old, new)]
    changed = sorted(line.strip() for line in lines[0] ^ lines[1] if RULE_FILE.search(name) or _DANGER.search(line[:_MAX_LINE]))
    if changed:
        text = sentence("{object}: {file} changes at {line}.", object=name_object(change), file=name, line=excerpt(changed[0]))
        yield finding("code", WARNING, change, service.name, text, (_LINES,), *_paths(change, [name]))


def _describe_entry(service: ServiceChange, change: Change, name: str, old: Any, new: Any) -> Finding:
    first, second = excerpt_pair(None if old is MISSING else show(old), None if new is MISSING else show(new))
    template = "{object}: {name} changes from {old} to {new}."
    if old is MISSING:
        template = "{object}: {name} is added: {new}."
    elif new is MISSING:
        template = "{object}: {name} is removed, which was {old}."
    text = sentence(template, object=name_object(change), name=name, old=first, new=second)
    return finding("other", WARNING, change, service.name, text, (_UNREAD,), *_paths(change, [name]))


def _hosts(value: Any) -> set[str]:
    if not isinstance(value, str | Redacted):
        return set()
    return {host for match in _HOST.finditer(show(value)[:_MAX_TEXT]) if (host := next(filter(None, match.groups()), ""))}


RULES = (files, entries)
