"""What an autoscaler looks at, and how fast it follows."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BeforeValidator, Field, Strict, WithJsonSchema

from ..kubernetes.quantities import parse_quantity
from .arguments import Arguments, Rule
from .field_types import ObjectName, OrOutput, WholeNumber, match_pattern
from .metadata import LabelSelector
from .problems import Problem, problem_error

PresetName = Literal["queue", "running", "kv-cache", "latency"]

DEFAULT_TARGETS: dict[PresetName, str] = {"queue": "5", "running": "5", "kv-cache": "0.75", "latency": "2"}
"""Per pod, except latency, which is of the service."""


def _target(value: Any) -> Any:
    text = repr(value).removesuffix(".0") if isinstance(value, int | float) and not isinstance(value, bool) else value
    try:
        positive = isinstance(text, str) and parse_quantity(text) > 0
    except ValueError:
        positive = False
    if not positive:
        raise problem_error("must be a number or quantity above zero", "Write it such as 5, 0.75 or 750m.")
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
        _TEXT, match_pattern(r"[A-Za-z0-9_.:|/-]+", "must be a metric's name", "Write it as the metrics API lists it."), OrOutput()
    ]
    ApiVersion = Annotated[_TEXT, match_pattern(r"([a-z0-9.-]+/)?v[a-z0-9]+", "must be an API version", "Write it such as v1 or apps/v1.")]
    Kind = Annotated[_TEXT, match_pattern(r"[A-Z][A-Za-z0-9]*", "must be a kind", "Write it such as Service or Ingress.")]


def one_of(given: dict[str, Any], remedy: str) -> Iterator[Problem]:
    """Exactly one of these fields."""
    names = [name for name, value in given.items() if value is not None]
    if not names:
        yield Problem((), f"must have one of {', '.join(given)}", remedy)
    for name in names[1:]:
        yield Problem((name,), f"must not be given together with {names[0]}", remedy)


def _validate_goal(value: Any, average_value: Any) -> Iterator[Problem]:
    yield from one_of({"value": value, "average_value": average_value}, "Give one kind of target.")


def _preset(value: Any) -> Any:
    """`queue` in place of a `ScalingPreset`."""
    return {"preset": value} if isinstance(value, str) else value


class ScalingPreset(Arguments):
    """A signal that NIM itself gives, by a name that is right for every generation of the container."""

    preset: PresetName
    """`queue`: requests that wait. `running`: requests in work. `kv-cache`: the part of the KV cache that is in use. `latency`: 95th
    percentile of the time to the first token, which needs `keda`."""

    target: Target | None = None
    """What a pod should have: requests, part of 1, or, for `latency`, seconds. Default: 5 requests, 0.75, 2 seconds."""

    @property
    def goal(self) -> "pulumi.Input[Any]":
        """The target, or the preset's own."""
        return DEFAULT_TARGETS[self.preset] if self.target is None else self.target


if TYPE_CHECKING:
    Preset = ScalingPreset | PresetName
else:
    Preset = Annotated[ScalingPreset, BeforeValidator(_preset, json_schema_input_type=ScalingPreset | PresetName)]


class ResourceMetric(Arguments):
    """CPU or memory of the pods. A GPU server says little by either."""

    name: Literal["cpu", "memory"]
    """Which."""

    utilization: Annotated[WholeNumber, Field(ge=1)] | None = None
    """Percent of the request, on average over the pods."""

    average_value: Target | None = None
    """Quantity, on average over the pods."""

    @staticmethod
    def _validate(utilization: Any, average_value: Any) -> Iterator[Problem]:
        yield from one_of({"utilization": utilization, "average_value": average_value}, "Give one kind of target.")

    rules = (Rule(("utilization", "average_value"), _validate.__func__, waits=False),)  # pyright: ignore


class PodsMetric(Arguments):
    """A metric of each pod, from the custom metrics API (prometheus-adapter)."""

    name: MetricName
    """Name in that API. A `:` of Prometheus, as in `vllm:num_requests_waiting`, is usually renamed to `_`."""

    average_value: Target
    """Quantity, on average over the pods."""

    match_labels: LabelSelector | None = None
    """Labels of the metric. Default: any."""


class ObjectMetric(Arguments):
    """A metric of another object of the namespace, such as an Ingress's requests."""

    name: MetricName
    """Name in the custom metrics API."""

    api_version: ApiVersion = "v1"
    """API version of the object. Default `v1`."""

    kind: Kind
    """Kind of the object."""

    object: ObjectName
    """Name of the object."""

    value: Target | None = None
    """Quantity for the object as a whole."""

    average_value: Target | None = None
    """Quantity for each pod: the object's, divided by the pods."""

    match_labels: LabelSelector | None = None
    """Labels of the metric. Default: any."""

    rules = (Rule(("value", "average_value"), _validate_goal, waits=False),)


class ExternalMetric(Arguments):
    """A metric of nothing in the cluster, from the external metrics API."""

    name: MetricName
    """Name in the external metrics API."""

    value: Target | None = None
    """Quantity as a whole."""

    average_value: Target | None = None
    """Quantity for each pod: the whole, divided by the pods."""

    match_labels: LabelSelector | None = None
    """Labels of the metric. Default: any."""

    rules = (Rule(("value", "average_value"), _validate_goal, waits=False),)


class ScalingMetric(Arguments):
    """One metric of the HorizontalPodAutoscaler, of exactly one kind."""

    resource: ResourceMetric | None = None
    """CPU or memory."""

    pods: PodsMetric | None = None
    """A custom metric of each pod."""

    object: ObjectMetric | None = None
    """A custom metric of another object."""

    external: ExternalMetric | None = None
    """An external metric."""

    @staticmethod
    def _validate(resource: Any, pods: Any, object: Any, external: Any) -> Iterator[Problem]:
        yield from one_of({"resource": resource, "pods": pods, "object": object, "external": external}, "Write one metric an item.")

    rules = (Rule(("resource", "pods", "object", "external"), _validate.__func__, waits=False),)  # pyright: ignore


class ScalingRate(Arguments):
    """How fast pods are added or taken away."""

    pods: Annotated[WholeNumber, Field(ge=1)] = 1
    """At most so many pods a period. Default 1."""

    period: Annotated[WholeNumber, Field(ge=1, le=1800)] = 60
    """Seconds. Default 60."""

    stabilization: Annotated[WholeNumber, Field(ge=0, le=3600)] = 0
    """Seconds over which the gentlest recommendation counts. Default 0: at once."""
