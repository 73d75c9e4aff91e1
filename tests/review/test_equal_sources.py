"""Equal findings from a recorded preview and from renders of the same change."""

from typing import Any

import pytest

from nim_component.review.stack_review import StackReview, review

from . import test_golden
from .changes import NAMES, preview_of, replay_preview, review_preview, review_renders

FAILED = {"everything", "secret-missing"}
"""Previews that end with an error. Only renders contain the changes after it."""

PLAIN = ("autoscaler-range-lowered", "autoscaler-with-fixed-replicas", "disruption-budget-blocks-drains", "label-selects-other-policy")
"""Cases without a `NIMService`: a preview does not contain the unchanged workload or selector."""


def describe(found: StackReview) -> list[tuple[str, ...]]:
    return [(each.rule, each.severity.value, each.service, "".join(each.text), "".join(each.consequence)) for each in found.findings]


@pytest.mark.parametrize("name", [name for name in NAMES if name not in FAILED])
def test_preview_and_renders_have_equal_findings(name: str):
    renders = review(replay_preview(name))
    assert describe(review_preview(name)) == [each for each in describe(renders) if each[0] != "stack-added"]


@pytest.mark.parametrize("name", sorted(FAILED))
def test_failed_preview_reports_error_and_known_changes(name: str):
    found = describe(review_preview(name))
    assert found[0][:2] == ("failed", "critical")
    assert [each for each in found if each[0] != "failed"]


def test_unchanged_resources_change_no_finding(monkeypatch: pytest.MonkeyPatch):
    """A preview contains no steps of unchanged resources, and renders contain all resources."""
    pairs: list[tuple[Any, Any]] = []

    def collect(old: Any, new: Any) -> StackReview:
        pairs.append((old, new))
        return review_renders(old, new)

    monkeypatch.setattr(test_golden, "review_renders", collect)
    different: dict[str, Any] = {}
    for name, make in test_golden.CASES.items():
        pairs.clear()
        found = make()
        for old, new in pairs:
            if old is not None and new is not None and "error" not in new and name not in PLAIN:
                expected = [each for each in describe(found) if each[0] != "failed"]
                if (seen := describe(review(preview_of(old, new)))) != expected:
                    different[name] = [{*seen} - {*expected}, {*expected} - {*seen}]
    assert different == {}
