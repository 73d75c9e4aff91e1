"""The rules: one module a subject, each a pure function from a snapshot to findings."""

from collections.abc import Callable, Iterator

from ..findings import Finding, order
from ..objects import Snapshot
from . import admission, images, jobs, loader, memory, node, rollout, scheduling, secrets, service, startup, storage

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
    service.find,
)


def diagnose(snapshot: Snapshot) -> list[Finding]:
    """Every cause that the snapshot shows, the surest first, one of each."""
    return order(finding for rule in RULES for finding in rule(snapshot))
