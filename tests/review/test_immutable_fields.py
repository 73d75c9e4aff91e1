"""Updates that the API server rejects, and similar ones that it accepts.

The API server's answers are in `tests/cluster/test_immutable_fields.py`.
"""

from typing import Any

import pytest

from tests.immutable_fields import ACCEPTED, REJECTED

from .test_dangers import findings


def immutable_fields(before: dict[str, Any], after: dict[str, Any]) -> list[tuple[str, tuple[str, ...]]]:
    return [(each.severity.value, each.paths) for each in findings(before, after) if each.rule == "immutable"]


@pytest.mark.parametrize("case", REJECTED)
def test_rejected_field_is_critical(case: str):
    before, after, path = REJECTED[case]
    ((severity, paths),) = immutable_fields(before, after)
    assert severity == "critical"
    assert paths
    assert all(each.startswith(path) for each in paths)


@pytest.mark.parametrize("case", ACCEPTED)
def test_accepted_field_is_not_immutable(case: str):
    assert immutable_fields(*ACCEPTED[case]) == []
