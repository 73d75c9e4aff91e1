"""ScaledObjects that do not scale, by the conditions in their status and the events of KEDA.

The conditions and their reasons are those of KEDA 2:
https://github.com/kedacore/keda/blob/main/apis/keda/v1alpha1/condition_types.go.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

from ...cluster.objects import Object, condition, is_ready, message_of, name_of, text_at, time_at
from ...text.sanitizing import sanitize
from ..diagnosis import Diagnosis
from ..snapshot import Snapshot
from .patterns import SEE_EVIDENCE, match_patterns
from .scaler_messages import CONFLICT, EMPTY_RESULT, METRIC_FAILURES, REFUSALS

_SETTLING_TIME = timedelta(seconds=60)
"""Time in which KEDA normally accepts a new ScaledObject and reads its metrics."""
_METRIC_REASONS = ("TriggerError", "PartialTriggerError")
_METRICS_FIX = (
    "Check that autoscaling.keda.prometheus is reachable from KEDA, that the queries return a value, and that "
    "autoscaling.keda.authentication is right if Prometheus requires a login."
)


def find(snapshot: Snapshot) -> Iterator[Diagnosis]:
    """Yield diagnoses of the ScaledObject of a service."""
    for scaled in snapshot.all("scaledobjects"):
        created = time_at(scaled, "metadata", "creationTimestamp")
        if created is not None and snapshot.now - created < _SETTLING_TIME:
            continue
        subject = f"scaledobject/{name_of(scaled)}"
        ready, fallback = condition(scaled, "Ready"), condition(scaled, "Fallback")
        reason = text_at(ready, "reason")
        if text_at(fallback, "status") == "True":
            text = "KEDA cannot read a metric, and sets the number of replicas to that of its fallback"
            yield from _diagnose_metrics(snapshot, scaled, fallback, text, subject)
        elif text_at(ready, "status") in ("False", "Unknown") and reason in _METRIC_REASONS:
            yield from _diagnose_metrics(snapshot, scaled, ready, "KEDA cannot read a metric, and does not scale by it", subject)
        elif text_at(ready, "status") == "False" and CONFLICT not in text_at(ready, "message"):
            yield _diagnose_refusal(reason, text_at(ready, "message"), subject)


def _diagnose_metrics(snapshot: Snapshot, scaled: Object, state: Object, text: str, subject: str) -> Iterator[Diagnosis]:
    """Yield the diagnosis of a metric that KEDA cannot read.

    The reason is in the last event. As long as no pod of the service is ready, a query has no
    result.
    """
    events = snapshot.events(scaled, "KEDAScalerFailed", "KEDAMetricSourceFailed")
    message = message_of(events[-1]) if events else text_at(state, "message")
    if EMPTY_RESULT in message and snapshot.is_known("pods") and not any(map(is_ready, snapshot.pods)):
        return
    known = next(match_patterns(METRIC_FAILURES, message, subject), None)
    evidence = sanitize(message)
    if known is None:
        yield Diagnosis("scaled-object-metrics", text, _METRICS_FIX, evidence, subject=subject)
    else:
        yield replace(known, text=f"{text}: {known.text}", evidence=evidence, match="")


def _diagnose_refusal(reason: str, message: str, subject: str) -> Diagnosis:
    known = next(match_patterns(REFUSALS, message, subject), None)
    if known is not None:
        return replace(known, text=f"KEDA does not scale the service: {known.text}", evidence=sanitize(message), match="")
    text = f"KEDA does not scale the service: {sanitize(reason, 60) or 'it gives no reason'}"
    return Diagnosis("scaled-object-refused", text, SEE_EVIDENCE, sanitize(message), "likely", subject)
