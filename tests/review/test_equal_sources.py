"""Equal findings from a recorded preview and from renders of the same change."""

import pytest

from nim_component.review.stack_review import StackReview, review

from .changes import NAMES, replay_preview, review_preview

FAILED = {"everything", "secret-missing"}
"""Previews that end with an error. Only renders contain the changes after it."""


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
