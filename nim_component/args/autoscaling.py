"""Autoscaling of the pods by the load of the servers."""

from collections.abc import Iterator, Sequence
from typing import Annotated

from pydantic import Field

from .arguments import Arguments
from .field_types import Integer, ListOf
from .fixes import fix
from .generation import GenerationName, find_generation
from .keda import POD_TRIGGERS, PROMETHEUS_EXAMPLE, KedaArgs
from .keda_versions import validate_keda_version
from .problems import Problem
from .rule import Rule
from .scaling import Preset, ScalingMetric, ScalingPreset, ScalingRate

_ADD_PRESET = fix("Set {}, which uses NIM's own metrics.", {"presets": ["queue"]})
_NO_METRIC = "must not be empty without presets"
_OUTSIDE_SIGNAL = "must be at least 1 without a signal from outside the pods: without pods, their own metrics do not exist"


class AutoscalingArgs(Arguments):
    """Autoscaling between two numbers of pods, by a HorizontalPodAutoscaler or by KEDA."""

    max_replicas: Annotated[Integer, Field(ge=1)]
    """Largest number of pods. It has no default, because it decides the cost of GPUs."""

    min_replicas: Annotated[Integer, Field(ge=0)] = 1
    """Smallest number of pods. 0 requires a signal from outside the pods: a KEDA trigger, or an
    `object` or `external` metric on Kubernetes 1.37. A new service starts with at least 1 pod, so
    that the first `up` proves that the model loads. With `presets`, 0 requires kube-state-metrics:
    without it, KEDA starts and removes a pod again and again."""

    presets: ListOf[Preset] = Field(default=[])
    """Signals from NIM's own metrics: `queue`, `running`, `kv-cache`, `latency`, or
    `ScalingPreset(...)` with a target. The signal that requires the most pods decides."""

    metrics: ListOf[ScalingMetric] = Field(default=[])
    """Metrics in addition to the presets, in the form of a HorizontalPodAutoscaler."""

    scale_up: ScalingRate = ScalingRate()
    """Rate at which pods are added. By default one per minute, without delay."""

    scale_down: ScalingRate = ScalingRate(period=300, stabilization=300)
    """Rate at which pods are removed. By default one per five minutes, after five minutes of lower
    load, because a new pod takes minutes to start."""

    keda: KedaArgs | None = None
    """Autoscaling by KEDA. Unset: a HorizontalPodAutoscaler, which requires prometheus-adapter for
    the presets."""

    @property
    def signals(self) -> list[ScalingPreset]:
        """Presets, each in its long form."""
        return [preset for preset in self.presets if isinstance(preset, ScalingPreset)]

    @staticmethod
    def _validate_range(least: int, most: int, keda: KedaArgs | None) -> Iterator[Problem]:
        message, action = f"must be at most max_replicas ({most})", "Decrease it, or increase max_replicas."
        if least > most:
            yield Problem(("min_replicas",), message, action, repr(least))
        if keda and keda.fallback and keda.fallback.replicas > most:
            yield Problem(("keda", "fallback", "replicas"), message, action, repr(keda.fallback.replicas))

    @staticmethod
    def _validate_signals(
        presets: Sequence[ScalingPreset], metrics: Sequence[ScalingMetric], keda: KedaArgs | None, least: int
    ) -> Iterator[Problem]:
        yield from _validate_presets(presets, keda)
        yield from validate_keda_version(presets, keda)
        if keda is None:
            if not presets and not metrics:
                yield Problem(("metrics",), _NO_METRIC, _ADD_PRESET)
            if least == 0 and not any(metric.object or metric.external for metric in metrics):
                action = fix("Add an object or external metric, or keda with a trigger, or set {}.", {"min_replicas": 1})
                yield Problem(("min_replicas",), _OUTSIDE_SIGNAL, action, "0")
            return
        if metrics:
            yield Problem(("metrics",), "has no effect with keda", "Write each metric as a trigger in keda.triggers.")
        if not presets and not keda.triggers:
            yield Problem(("keda", "triggers"), _NO_METRIC, _ADD_PRESET)
        if least == 0 and all(trigger.type in POD_TRIGGERS for trigger in keda.triggers or ()):
            action = fix("Add a trigger that needs no pod, such as the requests at the gateway, or set {}.", {"min_replicas": 1})
            yield Problem(("min_replicas",), _OUTSIDE_SIGNAL, action, "0")

    rules = (
        Rule(("min_replicas", "max_replicas", "keda"), _validate_range.__func__, waits=False),  # pyright: ignore
        Rule(("presets", "metrics", "keda", "min_replicas"), _validate_signals.__func__, waits=False),  # pyright: ignore
    )


def _validate_presets(presets: Sequence[ScalingPreset], keda: KedaArgs | None) -> Iterator[Problem]:
    seen: set[str] = set()
    for index, preset in enumerate(presets):
        if preset.preset in seen:
            yield Problem(("presets", index), "must be unique", "Remove one of them.", repr(preset.preset))
        elif preset.preset == "latency" and keda is None:
            message = "requires keda: a HorizontalPodAutoscaler cannot compute a percentile"
            action = fix("Set {}, or use another preset.", {"keda": {"prometheus": PROMETHEUS_EXAMPLE}})
            yield Problem(("presets", index), message, action, "'latency'")
        seen.add(preset.preset)
    if keda is None:
        return
    if presets and keda.prometheus is None:
        action = fix("Set its URL, such as {}.", {"keda": {"prometheus": PROMETHEUS_EXAMPLE}})
        yield Problem(("keda", "prometheus"), "is required with presets", action)
    names: set[str] = {preset.preset for preset in presets}
    for index, trigger in enumerate(keda.triggers or ()):
        if isinstance(trigger.name, str) and trigger.name in names:
            message = "must be unique, also among the presets"
            yield Problem(("keda", "triggers", index, "name"), message, "Use another name.", repr(trigger.name))
        elif isinstance(trigger.name, str):
            names.add(trigger.name)
    if keda.fallback is not None and not presets and all(trigger.type in POD_TRIGGERS for trigger in keda.triggers or ()):
        message = "is refused by KEDA if all triggers are of type cpu or memory"
        yield Problem(("keda", "fallback"), message, "Remove it: the cluster measures cpu and memory itself.")
    for name in ("prometheus", "authentication"):
        if not presets and getattr(keda, name) is not None:
            yield Problem(("keda", name), "has no effect without presets", "Remove it: each trigger names its own server.")


def validate_replicas(replicas: int, autoscaling: AutoscalingArgs | None) -> Iterator[Problem]:
    """Require the number of pods in one place."""
    if autoscaling is not None and replicas != 1:
        action = fix("Remove it, and set {}.", {"autoscaling": {"min_replicas": max(1, replicas)}})
        yield Problem(("replicas",), "must not be combined with autoscaling", action, repr(replicas))


def validate_metric_names(generation: GenerationName | None, image: str, autoscaling: AutoscalingArgs | None) -> Iterator[Problem]:
    """Require a known generation: a HorizontalPodAutoscaler accepts one metric name.

    It waits silently for a metric that does not exist.
    """
    if autoscaling is None or autoscaling.keda is not None or not autoscaling.presets:
        return
    if find_generation(generation, image).name is None:
        message = "is required with autoscaling.presets: metrics are named by generation, and the image's tag does not show it"
        action = "Set it to 1.x, 2.x-vllm or 2.x-sglang, or use autoscaling.keda, which queries all of the names."
        yield Problem(("generation",), message, action)
