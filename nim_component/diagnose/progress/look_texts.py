"""Texts of the final look: services that are down or differ from the program, and the commands."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ...text.links import LIVE_DIFFERENCE

if TYPE_CHECKING:
    from ..explain import Explanation
    from .expected_services import ExpectedService
    from .live_services import WorkloadComparison

LONGEST_LIST = 5
"""Number of differences that are printed."""
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
    lines = [f"{service.name}: {'. '.join(_describe_workload(service, each) for each in failed)}."]
    if explanation is not None and any(each.live is not None and each.state.level == "unavailable" for each in failed):
        lines += [f"  phase: {each}" for each in explanation.phases[:LONGEST_DIAGNOSIS]]
        lines += [str(each) for each in explanation.diagnoses[:LONGEST_DIAGNOSIS]]
    if any(each.live is None or each.differences for each in failed):
        lines.append(f"  fix: Apply the program to the live objects: `pulumi up --refresh --stack {stack}`.")
        lines.append(f"  see: {LIVE_DIFFERENCE}")
    else:
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


def _describe_workload(service: ExpectedService, found: WorkloadComparison) -> str:
    title = found.expected.title
    if found.live is None:
        return f"the {title} {service.namespace}/{found.expected.name} does not exist in the cluster"
    parts: list[str] = []
    if found.differences:
        shown = [str(each) for each in found.differences[:LONGEST_LIST]]
        more = len(found.differences) - len(shown)
        parts.append(f"the live {title} differs from the program: {'; '.join([*shown, *([f'{more} more'] if more else [])])}")
    if found.state.level == "unavailable":
        parts.append(f"the {title} is not available: {found.state.text}")
    return ". ".join(each[0].upper() + each[1:] if index else each for index, each in enumerate(parts))
