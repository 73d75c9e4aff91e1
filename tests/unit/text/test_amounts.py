"""Counts and durations as text."""

import pytest

from nim_component.text.amounts import count_of, format_duration, format_minutes, spell_duration


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0 s"), (59.4, "59 s"), (120, "2 min"), (372, "6 min 12 s"), (3600, "1 h"), (3661, "1 h 1 min"), (-5, "0 s")],
)
def test_duration_has_two_units(seconds: float, text: str):
    assert format_duration(seconds) == text


@pytest.mark.parametrize(("seconds", "text"), [(0, "0 s"), (1, "1 min"), (2460, "41 min"), (9601, "2 h 41 min"), (7200, "2 h")])
def test_minutes_are_rounded_up(seconds: float, text: str):
    assert format_minutes(seconds) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (1, "1 second"),
        (90, "90 seconds"),
        (119, "119 seconds"),
        (120, "2 minutes"),
        (130, "130 seconds"),
        (601, "11 minutes"),
        (1800, "30 minutes"),
        (3600, "1 hour"),
        (4200, "1 hour 10 minutes"),
    ],
)
def test_spelled_duration_has_whole_words(seconds: float, text: str):
    assert spell_duration(seconds) == text


def test_count_has_its_noun():
    assert [count_of(1, "replica"), count_of(2, "replica"), count_of(0, "policy", "policies")] == ["1 replica", "2 replicas", "0 policies"]
