"""Changes of the LoRA loader: one finding for all services with adapters."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

from ..shipped_loader import read_program
from .findings import NOTICE, WARNING, Finding
from .sentences import Sentence, enumerate_values, sentence
from .values import redact_text

MAX_SERVICES = 6
"""Services in the text of the finding."""


@cache
def read_redacted_program() -> dict[str, Any]:
    """Return the files of the LoRA loader, redacted as all values of a review are."""
    return {name: redact_text(text) for name, text in read_program().items()}


def merge_loader_changes(found: Sequence[Finding]) -> list[Finding]:
    """Return the findings with one for each new loader, with the number of its services."""
    files = {f'data["{name}"]' for name in read_program()}
    groups: dict[Sentence, list[Finding]] = {}
    for each in found:
        if each.rule == "code" and each.kind == "ConfigMap" and each.paths and files.issuperset(each.paths):
            groups.setdefault(each.consequence, []).append(each)
    merged = [(group, dict.fromkeys(each.service for each in group)) for group in groups.values()]
    merged = [(group, services) for group, services in merged if len(services) > 1]
    replaced = {each for group, _ in merged for each in group}
    return [*(each for each in found if each not in replaced), *(_merge(group, [*services]) for group, services in merged)]


def _merge(group: Sequence[Finding], services: Sequence[str]) -> Finding:
    named = enumerate_values(services, at_most=MAX_SERVICES)
    text = sentence("The LoRA loader changes: the pods of {count} services restart ({services}).", count=len(services), services=named)
    severity = group[0].severity
    return Finding("code", WARNING if severity is NOTICE else severity, "", text, group[0].consequence)
