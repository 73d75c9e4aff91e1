"""Both sources say the same wherever both can know."""

import pytest

from nim_component.review.review import review

from .sources import NAMES, recorded, replayed

FAILED = {"everything", "secret-missing"}
"""Previews that ended in an error: what comes after it, only the renders know."""


def said(found) -> list[tuple[str, ...]]:
    return [(each.rule, each.severity.value, each.service, "".join(each.text), "".join(each.consequence)) for each in found.findings]


@pytest.mark.parametrize("name", [name for name in NAMES if name not in FAILED])
def test_a_recorded_preview_and_the_renders_of_the_same_change_agree(name: str):
    local = review(replayed(name))
    assert said(recorded(name)) == [each for each in said(local) if each[0] != "stack-added"]


@pytest.mark.parametrize("name", sorted(FAILED))
def test_a_failed_preview_says_what_it_knows_and_that_it_failed(name: str):
    known = said(recorded(name))
    assert known[0][:2] == ("failed", "critical")
    assert [each for each in known if each[0] != "failed"]
