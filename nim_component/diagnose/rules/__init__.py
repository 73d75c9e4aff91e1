"""The rules: one module a subject, each a pure function from a snapshot to findings."""

from collections.abc import Callable, Iterator

from ..diagnosis import Finding, order
from ..snapshot import Snapshot
from . import admission, endpoints, images, jobs, loader, memory, node, rollout, scheduling, secrets, startup, storage

Rule = Callable[[Snapshot], Iterator[Finding]]

RULES: tuple[Rule, ...] = (
    admission.find,
    rollout.find,
    scheduling.find,
    storage.find,
    images.find,
    secrets.find,
    loader.find,
    memory.find,
    startup.find,
    jobs.find,
    node.find,
    endpoints.find,
)


def diagnose(snapshot: Snapshot) -> list[Finding]:
    """Every cause that the snapshot shows, the surest first, one of each."""
    return order(finding for rule in RULES for finding in rule(snapshot))
