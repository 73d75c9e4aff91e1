"""Findings for other programs. The keys are stable.

`changed`, `notes`, and of each of `stacks`: `stack`, `source`, `changed`, `findings` (`rule`, `severity`, `service`, `text`, `consequence`,
`resource`, `kind`, `name`, `paths`) and `changes` (`resource`, `service`, `operation`, `order`, `reasons`, `cause`, `fields` of `path`,
`old`, `new`), `outputs` (fields likewise). A side that has no such field has no such key. A secret's value is `[secret]`.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from .change import Change, ServiceChange
from .findings import Finding, text
from .matching import MISSING, Difference
from .review import StackReview


def render_json(reviews: Sequence[StackReview], notes: Sequence[str] = ()) -> str:
    """The report; ASCII only, so that it travels everywhere."""
    content = {"changed": any(each.changed for each in reviews), "notes": list(notes), "stacks": [describe(each) for each in reviews]}
    return json.dumps(content, indent=2, default=str) + "\n"


def describe(review: StackReview) -> dict[str, Any]:
    """One stack."""
    return {
        "stack": review.change.stack,
        "source": review.change.source,
        "changed": review.changed,
        "findings": [describe_finding(each) for each in review.findings],
        "changes": [describe_change(service, each) for service in review.change.services for each in service.changes if each.happens],
        "outputs": [describe_difference(each) for each in review.change.outputs],
    }


def describe_finding(finding: Finding) -> dict[str, Any]:
    """One finding."""
    return {
        "rule": finding.rule,
        "severity": finding.severity.value,
        "service": finding.service,
        "text": text(finding.text),
        "consequence": text(finding.consequence),
        "resource": finding.resource,
        "kind": finding.kind,
        "name": finding.object_name,
        "paths": list(finding.paths),
    }


def describe_change(service: ServiceChange, change: Change) -> dict[str, Any]:
    """One resource."""
    return {
        "resource": change.subject.urn,
        "service": service.name,
        "operation": change.operation,
        "order": change.order,
        "reasons": list(change.reasons),
        "cause": change.cause,
        "fields": [describe_difference(each) for each in change.differences],
    }


def describe_difference(difference: Difference) -> dict[str, Any]:
    """One field."""
    sides = {"old": difference.old, "new": difference.new}
    return {"path": difference.where, **{name: value for name, value in sides.items() if value is not MISSING}}
