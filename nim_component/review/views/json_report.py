"""Findings as JSON for other programs. The keys are stable.

- `changed`, `notes`, `not_seen`, `stacks`
- of a stack: `stack`, `source`, `changed`, `findings`, `changes`, `outputs`
- of a finding: `rule`, `severity`, `service`, `text`, `consequence`, `resource`, `kind`, `name`,
  `paths`
- of a change: `resource`, `service`, `operation`, `order`, `reasons`, `cause`, `fields`
- of a field or an output: `path`, `old`, `new`; an added field has no `old`, a removed one no
  `new`. A new object has all its fields, a new component those of its children.

The value of a secret is `[secret]`.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from ..change import Change, ServiceChange
from ..findings import Finding
from ..matching import MISSING, Difference
from ..sentences import plain_text
from ..stack_review import StackReview
from ..values import describe
from .display import NOT_SEEN
from .shown_fields import list_fields


def render_json(reviews: Sequence[StackReview], notes: Sequence[str] = ()) -> str:
    """Return the report in ASCII, for any transport."""
    content = {
        "changed": any(each.is_changed for each in reviews),
        "notes": list(notes),
        "not_seen": NOT_SEEN,
        "stacks": [describe_stack(each) for each in reviews],
    }
    return json.dumps(content, indent=2, default=describe) + "\n"


def describe_stack(review: StackReview) -> dict[str, Any]:
    """Return one stack."""
    return {
        "stack": review.change.stack,
        "source": review.change.source,
        "changed": review.is_changed,
        "findings": [describe_finding(each) for each in review.findings],
        "changes": [describe_change(service, each) for service in review.change.services for each in service.changes if each.has_effect],
        "outputs": [describe_difference(each) for each in review.change.outputs],
    }


def describe_finding(finding: Finding) -> dict[str, Any]:
    """Return one finding."""
    return {
        "rule": finding.rule,
        "severity": finding.severity.value,
        "service": finding.service,
        "text": plain_text(finding.text),
        "consequence": plain_text(finding.consequence),
        "resource": finding.resource,
        "kind": finding.kind,
        "name": finding.object_name,
        "paths": list(finding.paths),
    }


def describe_change(service: ServiceChange, change: Change) -> dict[str, Any]:
    """Return one changed resource."""
    return {
        "resource": change.subject.urn,
        "service": service.name,
        "operation": change.operation,
        "order": change.order,
        "reasons": list(change.reasons),
        "cause": change.cause,
        "fields": [describe_difference(each) for each in list_fields(change)],
    }


def describe_difference(difference: Difference) -> dict[str, Any]:
    """Return one changed field."""
    values = {"old": difference.old, "new": difference.new}
    return {"path": difference.where, **{name: value for name, value in values.items() if value is not MISSING}}
