"""Time of the patterns with long messages, and the part of a message that they read."""

import time

import pytest

from nim_component.diagnose.rules import diagnose
from nim_component.diagnose.rules.patterns import MAX_MESSAGE_LENGTH, bound_message

from .kubernetes_objects import snapshot, waiting
from .tables import read_tables

LENGTH = 15_000
UNITS = (
    "a",
    "1",
    "/a",
    '"a" ',
    "mount ",
    "connect to ",
    "open /rootfs/a ",
    'failed for volume "',
    "volume not found access modes not ",
    "failed to create containerd task: ",
    "nvidia-container-cli: device error: ",
    "HTTP 401 error huggingface.co ngc.nvidia.com ",
)
"""Texts that begin like parts of patterns, over and over."""
MOST_SECONDS = 1.0
"""Limit of processor time for one pattern. The slowest one needs less than a twentieth of it."""


@pytest.mark.parametrize("unit", UNITS)
def test_long_message_takes_little_time(unit: str):
    message = bound_message(unit * (LENGTH // len(unit)))
    slow: list[tuple[str, str]] = []
    for each in read_tables():
        begun = time.process_time()
        each.find(message)
        if time.process_time() - begun > MOST_SECONDS:
            slow.append((each.cause, each.pattern))
    assert slow == []


def test_beginning_and_end_of_long_message_are_read():
    message = "a" * LENGTH + "end"
    assert bound_message("short") == "short"
    bounded = bound_message(f"begin {message}")
    assert len(bounded) <= MAX_MESSAGE_LENGTH
    assert (bounded[:6], bounded[-3:]) == ("begin ", "end")
    assert bound_message(bounded) == bounded


@pytest.mark.parametrize(("before", "after"), [(0, LENGTH), (LENGTH, 0)])
def test_cause_of_long_message_is_found(before: int, after: int):
    """The words stand at the beginning or at the end of a message."""
    message = f"{'a ' * (before // 2)}nvidia-container-cli: ldcache error: open failed{' b' * (after // 2)}"
    (found,) = diagnose(snapshot(waiting("CreateContainerError", message)))
    assert found.cause == "gpu-toolkit"
    assert "ldcache error" in found.evidence
