"""Less time for pods that stop."""

from typing import Any

import pytest

from nim_component.review.sentences import plain_text

from .changes import render_service, review_renders
from .test_dangers import WARNING, container, findings, pod

Manifest = dict[str, Any]


def pausing(seconds: int | None) -> Manifest:
    return container(lifecycle={"preStop": {"sleep": {"seconds": seconds}}} if seconds is not None else {})


def shutdowns(old: Manifest, new: Manifest) -> list[tuple[str, str]]:
    return [(each.severity.value, plain_text(each.text)) for each in findings(old, new) if each.rule == "shutdown-shortened"]


@pytest.mark.parametrize(("old", "new", "expected"), [
    (60, 0, "The termination grace period becomes shorter: 0 seconds instead of 60 seconds."),
    (None, 10, "The termination grace period becomes shorter: 10 seconds instead of 30 seconds."),
    (60, None, "The termination grace period becomes shorter: 30 seconds instead of 60 seconds."),
    (60, 90, ""),
    (None, 30, ""),
    (30, None, ""),
])  # fmt: skip
def test_shorter_grace_period_is_a_warning(old: int | None, new: int | None, expected: str):
    fields = [{} if each is None else {"terminationGracePeriodSeconds": each} for each in (old, new)]
    assert shutdowns(pod(**fields[0]), pod(**fields[1])) == ([(WARNING, expected)] if expected else [])


@pytest.mark.parametrize(("old", "new", "expected"), [
    (15, 5, "The pause of a pod that stops (`preStop`) becomes shorter: 5 seconds instead of 15 seconds."),
    (15, None, "The pause of a pod that stops (`preStop`) becomes shorter: 0 seconds instead of 15 seconds."),
    (5, 15, ""),
    (None, 15, ""),
])  # fmt: skip
def test_shorter_pause_is_a_warning(old: int | None, new: int | None, expected: str):
    assert shutdowns(pausing(old), pausing(new)) == ([(WARNING, expected)] if expected else [])


def test_argument_of_the_component_is_reviewed():
    found = review_renders(render_service(pre_stop_sleep=20), render_service(pre_stop_sleep=0)).findings
    assert [each.rule for each in found if each.rule == "shutdown-shortened"]
