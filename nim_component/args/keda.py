"""KEDA ScaledObject: Prometheus, triggers, cooldown and fallback."""

import re
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import AfterValidator, Field, Strict

from .arguments import Arguments
from .field_types import AnyText, Integer, ListOf, MappingOf, ObjectName, OrOutput
from .fixes import fix
from .problems import problem_error
from .validators import match_pattern, refuse_key

POD_TRIGGERS = ("cpu", "memory")
"""Types of triggers that measure the pods, and so report nothing without pods."""
PROMETHEUS_EXAMPLE = "http://prometheus-operated.monitoring.svc:9090"

_URL = re.compile(r"https?://[A-Za-z0-9._~:\[\]-]+(/[A-Za-z0-9._~/%-]*)?", re.ASCII)


def _url(value: str) -> str:
    if not _URL.fullmatch(value):
        action = fix("Write it such as {}; credentials belong in a TriggerAuthentication.", PROMETHEUS_EXAMPLE)
        raise problem_error("must be an http(s) URL without user, password and query", action)
    return value


if TYPE_CHECKING:
    import pulumi

    ServerUrl = pulumi.Input[str]
    TriggerType = str
    MetadataKey = str
    KedaVersion = str
else:
    MetadataKey = Annotated[str, Strict(), Field(min_length=1)]
    KedaVersion = Annotated[
        MetadataKey,
        match_pattern(
            r"2\.(1[3-9]|[2-9]\d)(\.\d+)?",
            "must be a version of KEDA from 2.13 on, which introduced initialCooldownPeriod",
            fix("Write the version of the cluster's KEDA, such as {}.", "2.18"),
        ),
    ]
    ServerUrl = Annotated[MetadataKey, AfterValidator(_url), AfterValidator(refuse_key), OrOutput()]
    TriggerType = Annotated[
        MetadataKey,
        match_pattern(r"[a-z0-9-]+", "must be the type of a KEDA scaler", fix("Use a type such as {} or {}.", "prometheus", "kafka")),
    ]


class KedaTrigger(Arguments):
    """One trigger of a ScaledObject: https://keda.sh/docs/latest/scalers/."""

    type: TriggerType
    """Type of the scaler, such as `prometheus`, `kafka` or `cron`."""

    metadata: MappingOf[MetadataKey, AnyText]
    """Settings of the scaler, all strings. With `prometheus`, `ignoreNullValues` is `"false"`
    unless set: KEDA's own default treats a query without a result as no load."""

    name: ObjectName | None = None
    """Name of the trigger."""

    metric_type: Literal["AverageValue", "Value", "Utilization"] | None = None
    """Comparison of the metric with its target. Unset: KEDA's default, `AverageValue`. KEDA 2.17.0
    refuses a fallback if every trigger leaves it unset; 2.17.1 accepts it."""

    authentication: ObjectName | None = None
    """Name of a TriggerAuthentication in the namespace."""


class KedaFallback(Arguments):
    """Number of pods while a trigger reports no value."""

    replicas: Annotated[Integer, Field(ge=0)]
    """Number of pods."""

    failure_threshold: Annotated[Integer, Field(ge=1)] = 3
    """Consecutive failures of a trigger before the fallback applies."""

    behavior: Literal["static", "currentReplicas", "currentReplicasIfHigher", "currentReplicasIfLower"] = "currentReplicasIfHigher"
    """Choice between `replicas` and the current number of pods. With the default, an outage of the
    monitoring never removes a pod. Requires KEDA 2.17."""


class KedaArgs(Arguments):
    """KEDA ScaledObject in place of a HorizontalPodAutoscaler.

    KEDA must be installed in the cluster.
    """

    version: KedaVersion | None = None
    """Version of KEDA in the cluster, such as `"2.18"`. Options that it does not support then fail
    the preview. Unset: not validated; an option that requires more than 2.17 logs a warning. See
    `docs/guides/autoscaling.md`."""

    prometheus: ServerUrl | None = None
    """URL of the Prometheus that is queried for the presets. Required with `presets`."""

    authentication: ObjectName | None = None
    """Name of the TriggerAuthentication for that Prometheus."""

    triggers: ListOf[KedaTrigger] | None = None
    """Triggers in addition to the presets."""

    polling_interval: Annotated[Integer, Field(ge=1)] = 30
    """Seconds between two evaluations of the triggers. The default is KEDA's own."""

    cooldown_period: Annotated[Integer, Field(ge=0)] | None = None
    """Seconds without load before the last pod is removed, with `min_replicas: 0`. KEDA counts from
    the last load, not from the end of loading: a shorter time removes a pod that was started for
    one request before it answers. Unset: `startup_timeout`, at least KEDA's own 300."""

    initial_cooldown_period: Annotated[Integer, Field(ge=0)] | None = None
    """Seconds after the start before a pod may be removed, with `min_replicas: 0`. Unset:
    `startup_timeout`, so that no pod is removed while it loads."""

    fallback: KedaFallback | None = None
    """Number of pods while a trigger reports no value. Unset: `min_replicas`, at least 1, or the
    current number if it is higher."""
