"""What KEDA is told beside the bounds: where it looks, and what holds while it sees nothing."""

import re
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import AfterValidator, Field, Strict

from .arguments import Arguments
from .field_types import ObjectName, OrOutput, WholeNumber, Words, match_pattern, refuse_key
from .problems import problem_error

INSIDE = ("cpu", "memory")
"""Triggers that look into the pods, and see nothing when there is none."""

_URL = re.compile(r"https?://[A-Za-z0-9._~:\[\]-]+(/[A-Za-z0-9._~/%-]*)?", re.ASCII)


def _url(value: str) -> str:
    if not _URL.fullmatch(value):
        raise problem_error(
            "must be an http(s) URL without user, password and query",
            "Write it such as http://prometheus-operated.monitoring.svc:9090; a login belongs into a TriggerAuthentication.",
        )
    return value


if TYPE_CHECKING:
    import pulumi

    ServerUrl = pulumi.Input[str]
    TriggerType = str
    MetadataKey = str
else:
    MetadataKey = Annotated[str, Strict(), Field(min_length=1)]
    ServerUrl = Annotated[MetadataKey, AfterValidator(refuse_key), AfterValidator(_url), OrOutput()]
    TriggerType = Annotated[
        MetadataKey, match_pattern(r"[a-z0-9-]+", "must be a KEDA scaler's type", "Write it as KEDA lists it, such as prometheus or kafka.")
    ]


class KedaTrigger(Arguments):
    """One trigger of a ScaledObject."""

    type: TriggerType
    """The scaler: `prometheus`, `kafka`, `cron` ..."""

    metadata: dict[MetadataKey, Words]
    """What the scaler wants to know, all text. With `prometheus`, `ignoreNullValues` is `"false"` unless given: KEDA's own default takes a
    query without an answer for no load."""

    name: ObjectName | None = None
    """Name of the trigger. Default: none."""

    metric_type: Literal["AverageValue", "Value", "Utilization"] | None = None
    """How its number is compared. Default: KEDA's, `AverageValue`."""

    authentication: ObjectName | None = None
    """Name of a TriggerAuthentication of the namespace. Default: none."""


class KedaFallback(Arguments):
    """What happens while a trigger has no answer."""

    replicas: Annotated[WholeNumber, Field(ge=0)]
    """Pods."""

    failure_threshold: Annotated[WholeNumber, Field(ge=1)] = 3
    """Failures in a row until it counts. Default 3."""

    behavior: Literal["static", "currentReplicas", "currentReplicasIfHigher", "currentReplicasIfLower"] = "currentReplicasIfHigher"
    """Default `currentReplicasIfHigher`: an outage of the monitoring never takes a pod away. Needs KEDA 2.17."""


class KedaArgs(Arguments):
    """A KEDA ScaledObject in place of a HorizontalPodAutoscaler of the component's own. KEDA must be in the cluster."""

    prometheus: ServerUrl | None = None
    """Prometheus that is asked for the presets. Required with `presets`."""

    authentication: ObjectName | None = None
    """Name of the TriggerAuthentication for it. Default: none."""

    triggers: list[KedaTrigger] | None = None
    """Triggers beside the presets. Default: none."""

    polling_interval: Annotated[WholeNumber, Field(ge=1)] = 30
    """Seconds between two looks. Default 30, KEDA's own."""

    cooldown_period: Annotated[WholeNumber, Field(ge=0)] | None = None
    """Seconds without work before the last pod goes, with `min_replicas: 0`. Default: `startup_timeout`, at least KEDA's own 300. KEDA
    counts from the last work that it saw, and not from when the model was loaded: with less a pod that was started for one request would be
    taken away before it answers."""

    initial_cooldown_period: Annotated[WholeNumber, Field(ge=0)] | None = None
    """Seconds after the start before a pod may go, with `min_replicas: 0`. Default: `startup_timeout`, so that none goes while it loads."""

    fallback: KedaFallback | None = None
    """What happens while a trigger has no answer. Default: `min_replicas`, at least 1, or as many as there are when that is more."""
