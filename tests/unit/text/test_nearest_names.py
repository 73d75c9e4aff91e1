"""Suggestions for unknown names."""

import pytest

from nim_component.text.nearest_names import add_suggestion, did_you_mean, suggest

KNOWN = ("image_pull_policy", "autoscaling", "gpu")


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("imagePullPolicy", "Did you mean 'image_pull_policy'?"),
        ("image-pull-policy", "Did you mean 'image_pull_policy'?"),
        ("autoscalin", "Did you mean 'autoscaling'?"),
        ("zzz", ""),
    ],
)
def test_nearest_name_is_suggested(name: str, hint: str) -> None:
    assert did_you_mean(name, KNOWN) == hint


def test_unlike_name_lists_known_names() -> None:
    assert suggest("zzz", KNOWN) == "Known: autoscaling, gpu, image_pull_policy."


@pytest.mark.parametrize(("name", "text"), [("gpuu", "unknown field. Did you mean 'gpu'?"), ("zzz", "unknown field")])
def test_suggestion_follows_problem(name: str, text: str) -> None:
    assert add_suggestion("unknown field", name, KNOWN) == text
