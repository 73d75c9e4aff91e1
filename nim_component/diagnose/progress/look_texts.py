"""Texts of the final look: services that are down or differ from the program, and the commands."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ...text.drift import describe_refresh
from ...text.links import LIVE_DIFFERENCE
from ...text.sanitizing import sanitize
from ..live_comparison import describe_differences

if TYPE_CHECKING:
    from ..diagnosis import Diagnosis
    from ..explain import Explanation
    from .expected_services import ExpectedService
    from .live_services import WorkloadComparison

LONGEST_DIAGNOSIS = 3
"""Number of diagnoses that are printed."""


def describe_unavailable(
    service: ExpectedService, failed: Sequence[WorkloadComparison], explanation: Explanation | None, stack: str
) -> str:
    """Return the text for a service that is down or differs from the program.

    Args:
        service: The service.
        failed: Its workloads that are missing, different or not available.
        explanation: Its phases and diagnoses; None if they are unknown.
        stack: Name of the stack, for the commands.
    """
    sentences = [sentence for each in failed for sentence in _describe_workload(service, each)]
    lines = [f"{service.name}: the {'. The '.join(sentences)}."]
    is_different = any(each.live is None or each.differences for each in failed)
    if is_different:
        lines.append(f"  fix: {describe_refresh(stack)}")
        lines.append(f"  see: {LIVE_DIFFERENCE}")
    if explanation is not None and any(each.live is not None and each.state.level == "unavailable" for each in failed):
        lines += [f"  phase: {each}" for each in explanation.phases[:LONGEST_DIAGNOSIS]]
        lines += [str(each) for each in explanation.diagnoses[:LONGEST_DIAGNOSIS]]
    if not is_different:
        lines.append(f"  more: `nim-component explain {service.name} --stack {stack}`")
    if service.unavailable == "error":
        lines.append("With diagnosis.unavailable: warn this is a warning.")
    return "\n".join(lines)


def describe_degraded(service: ExpectedService, found: WorkloadComparison, stack: str) -> str:
    """Return the text for a workload that is available with less than the requested pods."""
    command = f"nim-component explain {service.name} --stack {stack}"
    return f"{service.name}: the {found.expected.title} is available, but {found.state.text}. For the cause: `{command}`."


def describe_missing_job(service: ExpectedService, found: WorkloadComparison, stack: str) -> str:
    """Return the text for a Job that was deleted."""
    job = f"{found.expected.title} {service.namespace}/{found.expected.name}"
    return f"{service.name}: the {job} does not exist in the cluster. To run it again: `pulumi up --refresh --stack {stack}`."


def describe_hold(service: ExpectedService, replicas: str, stack: str) -> str:
    """Return the text for an autoscaler that an interrupted update has left held."""
    return (
        f"{service.name}: an interrupted update has left the autoscaler held at a fixed number of replicas ({sanitize(replicas, 10)}). "
        f"To release it: `pulumi up --refresh --stack {stack}`."
    )


def describe_condition(diagnosis: Diagnosis, reported: frozenset[Diagnosis]) -> str:
    """Return the text for a condition of an optional child, in one line if it was reported."""
    return f"{diagnosis.text}, as reported above." if diagnosis in reported else str(diagnosis)


def _describe_workload(service: ExpectedService, found: WorkloadComparison) -> list[str]:
    """Return sentences after "The", without their full stops."""
    title = found.expected.title
    if found.live is None:
        return [f"{title} {service.namespace}/{found.expected.name} does not exist in the cluster"]
    sentences: list[str] = []
    if found.differences:
        sentences.append(f"live {title} differs from the program: {describe_differences(found.differences)}")
    if found.state.level == "unavailable":
        sentences.append(f"{title} is not available: {found.state.text}")
    return sentences
