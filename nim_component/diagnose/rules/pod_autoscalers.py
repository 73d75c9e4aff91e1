"""HorizontalPodAutoscalers that do not scale, by the conditions in their status.

A maximum or minimum that is reached, a stabilization and 0 replicas are no faults. An autoscaler
that KEDA created has the metrics of a ScaledObject, whose own conditions show most failures.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

from ...cluster.objects import Object, condition, is_ready, items_at, name_of, text_at, time_at
from ...text.sanitizing import sanitize
from ..diagnosis import Diagnosis
from ..snapshot import Snapshot
from .autoscaler_messages import AUTOSCALER_METRICS, AUTOSCALER_REFUSALS, CONFLICT, EXTERNAL_API, NO_VALUES, WAITING_FOR_PODS
from .patterns import SEE_EVIDENCE, match_patterns

_METRICS_DELAY = timedelta(minutes=5)
"""Time in which new pods normally have metrics."""
_SCALE_DELAY = timedelta(seconds=60)
_SELECTOR_REASONS = ("InvalidSelector", "AmbiguousSelector")
_METRICS = "The HorizontalPodAutoscaler cannot read a metric, and does not scale by it"
_SCALE = "The HorizontalPodAutoscaler does not scale the service"


def find(snapshot: Snapshot) -> Iterator[Diagnosis]:
    """Yield diagnoses of the HorizontalPodAutoscaler of a service."""
    for autoscaler in snapshot.all("horizontalpodautoscalers"):
        subject = f"horizontalpodautoscaler/{name_of(autoscaler)}"
        able, active = condition(autoscaler, "AbleToScale"), condition(autoscaler, "ScalingActive")
        reason = text_at(active, "reason")
        is_failed = text_at(able, "reason").startswith("Failed") and CONFLICT not in text_at(able, "message")
        if is_failed and _is_false(snapshot, able, _SCALE_DELAY):
            yield _diagnose_scale(able, subject)
        elif reason in _SELECTOR_REASONS and _is_false(snapshot, active, _SCALE_DELAY):
            yield _diagnose_scale(active, subject)
        elif (
            reason.startswith("FailedGet")
            and _is_false(snapshot, active, _METRICS_DELAY)
            and not _is_expected(snapshot, autoscaler, active)
        ):
            yield _diagnose_metrics(active, subject)


def _is_false(snapshot: Snapshot, state: Object, delay: timedelta) -> bool:
    changed = time_at(state, "lastTransitionTime")
    return text_at(state, "status") == "False" and changed is not None and snapshot.now - changed > delay


def _is_expected(snapshot: Snapshot, autoscaler: Object, state: Object) -> bool:
    """Return True if the pods are not ready, or if the ScaledObject shows the reason."""
    message = text_at(state, "message")
    if any(each in message for each in WAITING_FOR_PODS):
        return True
    if NO_VALUES in message and snapshot.is_known("pods") and not any(map(is_ready, snapshot.pods)):
        return True
    is_of_keda = any(text_at(each, "kind") == "ScaledObject" for each in items_at(autoscaler, "metadata", "ownerReferences"))
    return is_of_keda and EXTERNAL_API in message and "(get " not in message


def _diagnose_metrics(state: Object, subject: str) -> Diagnosis:
    message = text_at(state, "message")
    known = next(match_patterns(AUTOSCALER_METRICS, message, subject), None)
    if known is not None:
        return replace(known, text=f"{_METRICS}: {known.text}", evidence=sanitize(message), match="")
    text = f"{_METRICS}: {sanitize(text_at(state, 'reason'), 60)}"
    fix = "Check that the cluster provides the metrics of autoscaling (metrics-server or prometheus-adapter), as the evidence shows."
    return Diagnosis("autoscaler-metrics", text, fix, sanitize(message), subject=subject)


def _diagnose_scale(state: Object, subject: str) -> Diagnosis:
    message = text_at(state, "message")
    known = next(match_patterns(AUTOSCALER_REFUSALS, message, subject), None)
    if known is not None:
        return replace(known, text=f"{_SCALE}: {known.text}", evidence=sanitize(message), match="")
    text = f"{_SCALE}: {sanitize(text_at(state, 'reason'), 60) or 'it gives no reason'}"
    return Diagnosis("autoscaler-refused", text, SEE_EVIDENCE, sanitize(message), "likely", subject)
