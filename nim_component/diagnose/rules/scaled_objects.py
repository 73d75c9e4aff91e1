"""ScaledObjects that do not scale, by the conditions in their status and the events of KEDA.

The conditions and their reasons are those of KEDA 2:
https://github.com/kedacore/keda/blob/main/apis/keda/v1alpha1/condition_types.go.
"""

from collections.abc import Iterator
from datetime import timedelta

from ...cluster.objects import Object, condition, message_of, name_of, text_at, time_at
from ...text.sanitizing import sanitize
from ..diagnosis import Diagnosis
from ..snapshot import Snapshot
from .patterns import SEE_EVIDENCE

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
            yield Diagnosis("scaled-object-metrics", text, _METRICS_FIX, _last_failure(snapshot, scaled, fallback), subject=subject)
        elif text_at(ready, "status") in ("False", "Unknown") and reason in _METRIC_REASONS:
            text = "KEDA cannot read a metric, and does not scale by it"
            yield Diagnosis("scaled-object-metrics", text, _METRICS_FIX, _last_failure(snapshot, scaled, ready), subject=subject)
        elif text_at(ready, "status") == "False":
            text = f"KEDA does not scale the service: {sanitize(reason, 60) or 'it gives no reason'}"
            yield Diagnosis("scaled-object-refused", text, SEE_EVIDENCE, sanitize(text_at(ready, "message")), "likely", subject)


def _last_failure(snapshot: Snapshot, scaled: Object, state: Object) -> str:
    """Return the message of the last failed query, or of the condition if there is no event."""
    events = snapshot.events(scaled, "KEDAScalerFailed", "KEDAMetricSourceFailed")
    return sanitize(message_of(events[-1]) if events else text_at(state, "message"))
