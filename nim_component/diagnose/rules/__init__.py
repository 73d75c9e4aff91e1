"""Rules: one module per subject, each with a pure function from a snapshot to diagnoses."""

from collections.abc import Callable, Iterator

from ..diagnosis import Diagnosis, rank
from ..next_command import add_command
from ..snapshot import Snapshot
from . import (
    admission,
    endpoints,
    gateways,
    images,
    inference_pools,
    jobs,
    loader,
    memory,
    node,
    pod_autoscalers,
    rollout,
    routes,
    scaled_objects,
    scheduling,
    secrets,
    startup,
    storage,
)

DiagnosisRule = Callable[[Snapshot], Iterator[Diagnosis]]

CHILD_RULES: tuple[DiagnosisRule, ...] = (routes.find, gateways.find, inference_pools.find, scaled_objects.find, pod_autoscalers.find)
"""Rules about optional children, by the conditions in their status."""
CHILD_CAUSES = frozenset(
    (
        "autoscaler-metrics",
        "autoscaler-refused",
        "endpoint-picker",
        "gateway-missing",
        "gateway-not-programmed",
        "route-backend",
        "route-not-accepted",
        "route-not-processed",
        "scaled-object-metrics",
        "scaled-object-refused",
    )
)
"""Causes that these rules report. No pod fails because of them."""
ROLLOUT_CAUSES = frozenset(("autoscaler-metrics", "scaled-object-metrics"))
"""Those that a rollout itself has for some minutes: new pods have no series in Prometheus yet."""
DIAGNOSIS_RULES: tuple[DiagnosisRule, ...] = (
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
    *CHILD_RULES,
)


def diagnose_children(snapshot: Snapshot) -> list[Diagnosis]:
    """Return the diagnoses of a service's optional children, the most reliable first."""
    return rank(add_command(diagnosis, snapshot.namespace) for rule in CHILD_RULES for diagnosis in rule(snapshot))


def diagnose(snapshot: Snapshot) -> list[Diagnosis]:
    """Return the diagnoses of a snapshot, the most reliable first, one per cause."""
    return rank(add_command(diagnosis, snapshot.namespace) for rule in DIAGNOSIS_RULES for diagnosis in rule(snapshot))
