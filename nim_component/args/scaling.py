"""Signals of an autoscaler, and the rate at which it adds and removes pods."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BeforeValidator, Field, Strict, WithJsonSchema

from ..kubernetes.quantities import parse_quantity
from .arguments import Arguments
from .field_types import Integer, ObjectName, OrOutput
from .fixes import fix
from .metadata import LabelSelector
from .problems import Problem, problem_error
from .rule import Rule
from .validators import match_pattern

PresetName = Literal["queue", "running", "kv-cache", "latency"]

DEFAULT_TARGETS: dict[PresetName, str] = {"queue": "5", "running": "5", "kv-cache": "0.75", "latency": "2"}
"""Targets of the presets: for each pod, but `latency` for the whole service."""


def _target(value: Any) -> Any:
    text = repr(value).removesuffix(".0") if isinstance(value, int | float) and not isinstance(value, bool) else value
    try:
        positive = isinstance(text, str) and parse_quantity(text) > 0
    except ValueError:
        positive = False
    if not positive:
        raise problem_error("must be a number or quantity above zero", fix("Write it such as {}, {} or {}.", 5, 0.75, "750m"))
    return text


if TYPE_CHECKING:
    import pulumi

    Target = pulumi.Input[str] | pulumi.Input[int] | pulumi.Input[float]
    MetricName = pulumi.Input[str]
    ApiVersion = str
    Kind = str
else:
    Target = Annotated[Any, WithJsonSchema({"type": ["string", "number"]}), BeforeValidator(_target), OrOutput()]
    _TEXT = Annotated[str, Strict(), Field(min_length=1)]
    MetricName = Annotated[
        _TEXT, match_pattern(r"[A-Za-z0-9_.:|/-]+", "must be the name of a metric", "Use its name in the metrics API."), OrOutput()
    ]
    ApiVersion = Annotated[
        _TEXT, match_pattern(r"([a-z0-9.-]+/)?v[a-z0-9]+", "must be an API version", fix("Write it such as {} or {}.", "v1", "apps/v1"))
    ]
    Kind = Annotated[_TEXT, match_pattern(r"[A-Z][A-Za-z0-9]*", "must be a kind", fix("Write it such as {} or {}.", "Service", "Ingress"))]


def require_one(fields: dict[str, Any], action: str) -> Iterator[Problem]:
    """Require exactly one of the fields."""
    names = [name for name, value in fields.items() if value is not None]
    if not names:
        yield Problem((), f"requires exactly one of {', '.join(fields)}", action)
    for name in names[1:]:
        yield Problem((name,), f"must not be combined with {names[0]}", action)


_ONE_TARGET = "Set one of the two targets."


def _validate_goal(value: Any, average_value: Any) -> Iterator[Problem]:
    yield from require_one({"value": value, "average_value": average_value}, _ONE_TARGET)


def _preset(value: Any) -> Any:
    """Return the fields of a preset for its short form, such as `queue`."""
    return {"preset": value} if isinstance(value, str) else value


class ScalingPreset(Arguments):
    """Signal from NIM's own metrics, for every generation of the container."""

    preset: PresetName
    """Signal: `queue` (waiting requests), `running` (requests in progress), `kv-cache` (used
    fraction of the KV cache) or `latency` (95th percentile of the time to first token; requires
    `keda`)."""

    target: Target | None = None
    """Target for each pod: requests, a fraction of 1, or for `latency` seconds. Unset: 5 requests,
    0.75, 2 seconds."""

    @property
    def goal(self) -> "pulumi.Input[Any]":
        """Target, or the default of the preset."""
        return DEFAULT_TARGETS[self.preset] if self.target is None else self.target


if TYPE_CHECKING:
    Preset = ScalingPreset | PresetName
else:
    Preset = Annotated[ScalingPreset, BeforeValidator(_preset, json_schema_input_type=ScalingPreset | PresetName)]


class ResourceMetric(Arguments):
    """CPU or memory of the pods. For a GPU server neither shows the load."""

    name: Literal["cpu", "memory"]
    """Resource."""

    utilization: Annotated[Integer, Field(ge=1)] | None = None
    """Target in percent of the request, averaged over the pods."""

    average_value: Target | None = None
    """Target as a quantity, averaged over the pods."""

    @staticmethod
    def _validate(utilization: Any, average_value: Any) -> Iterator[Problem]:
        yield from require_one({"utilization": utilization, "average_value": average_value}, _ONE_TARGET)

    rules = (Rule(("utilization", "average_value"), _validate.__func__, waits=False),)  # pyright: ignore


class PodsMetric(Arguments):
    """Metric of each pod from the custom metrics API (prometheus-adapter)."""

    name: MetricName
    """Name in that API. The adapter's own rules keep a `:` of the Prometheus name, as in
    `vllm:num_requests_waiting`. Another rule can replace it by `_`."""

    average_value: Target
    """Target as a quantity, averaged over the pods."""

    match_labels: LabelSelector | None = None
    """Labels of the metric. Unset: any."""


class ObjectMetric(Arguments):
    """Metric of another object in the namespace, such as the requests of an Ingress."""

    name: MetricName
    """Name in the custom metrics API."""

    api_version: ApiVersion = "v1"
    """API version of the object."""

    kind: Kind
    """Kind of the object."""

    object: ObjectName
    """Name of the object."""

    value: Target | None = None
    """Target as a quantity, for the whole object."""

    average_value: Target | None = None
    """Target as a quantity, for the object's value divided by the number of pods."""

    match_labels: LabelSelector | None = None
    """Labels of the metric. Unset: any."""

    rules = (Rule(("value", "average_value"), _validate_goal, waits=False),)


class ExternalMetric(Arguments):
    """Metric from outside the cluster, from the external metrics API."""

    name: MetricName
    """Name in the external metrics API."""

    value: Target | None = None
    """Target as a quantity, for the whole value."""

    average_value: Target | None = None
    """Target as a quantity, for the value divided by the number of pods."""

    match_labels: LabelSelector | None = None
    """Labels of the metric. Unset: any."""

    rules = (Rule(("value", "average_value"), _validate_goal, waits=False),)


class ScalingMetric(Arguments):
    """Metric of the HorizontalPodAutoscaler, of exactly one type."""

    resource: ResourceMetric | None = None
    """CPU or memory."""

    pods: PodsMetric | None = None
    """Custom metric of each pod."""

    object: ObjectMetric | None = None
    """Custom metric of another object."""

    external: ExternalMetric | None = None
    """External metric."""

    @staticmethod
    def _validate(resource: Any, pods: Any, object: Any, external: Any) -> Iterator[Problem]:
        kinds = {"resource": resource, "pods": pods, "object": object, "external": external}
        yield from require_one(kinds, "Write each metric as an item of its own.")

    rules = (Rule(("resource", "pods", "object", "external"), _validate.__func__, waits=False),)  # pyright: ignore


class ScalingRate(Arguments):
    """Rate at which pods are added or removed."""

    pods: Annotated[Integer, Field(ge=1)] = 1
    """Largest number of pods per period."""

    period: Annotated[Integer, Field(ge=1, le=1800)] = 60
    """Length of the period, in seconds."""

    stabilization: Annotated[Integer, Field(ge=0, le=3600)] = 0
    """Seconds of past recommendations from which the autoscaler takes the smallest change. 0: no
    delay."""
