"""How many pods there are, by what the servers have to do."""

from collections.abc import Iterator, Sequence
from typing import Annotated

from pydantic import Field

from .arguments import Arguments, Rule
from .field_types import WholeNumber
from .generation import GenerationName, find_generation
from .keda import INSIDE, KedaArgs
from .problems import Problem
from .scaling import Preset, ScalingMetric, ScalingPreset, ScalingRate

_METRICS_REMEDY = "Add presets: [queue], which needs nothing but NIM's own metrics."


class AutoscalingArgs(Arguments):
    """Scales the pods between two numbers, by a HorizontalPodAutoscaler or, with `keda`, a KEDA ScaledObject."""

    max_replicas: Annotated[WholeNumber, Field(ge=1)]
    """Most pods. Required: it is what the GPUs cost."""

    min_replicas: Annotated[WholeNumber, Field(ge=0)] = 1
    """Fewest pods. Default 1. With 0 something outside the pods must say when the first one is wanted: a KEDA trigger, or an `object` or
    `external` metric on Kubernetes 1.37. A new service starts with at least 1, so that the first `up` shows that the model loads."""

    presets: list[Preset] = Field(default=[])
    """Signals that NIM gives: `queue`, `running`, `kv-cache`, `latency`, or `ScalingPreset(...)` with a target. Default: none. The one
    that wants the most pods wins."""

    metrics: list[ScalingMetric] = Field(default=[])
    """Metrics of your own, as in a HorizontalPodAutoscaler. Default: none."""

    scale_up: ScalingRate = ScalingRate()
    """How fast pods are added. Default: one a minute, at once."""

    scale_down: ScalingRate = ScalingRate(period=300, stabilization=300)
    """How fast pods are taken away. Default: one in five minutes, after five minutes of calm: it takes minutes to get one back."""

    keda: KedaArgs | None = None
    """Scale by KEDA. Default: a HorizontalPodAutoscaler, which needs prometheus-adapter for the presets."""

    @property
    def signals(self) -> list[ScalingPreset]:
        """The presets, each in its long form."""
        return [preset for preset in self.presets if isinstance(preset, ScalingPreset)]

    @staticmethod
    def _validate_range(least: int, most: int, keda: KedaArgs | None) -> Iterator[Problem]:
        if least > most:
            yield Problem(("min_replicas",), f"must not be above max_replicas ({most})", "Lower it or raise max_replicas.", repr(least))
        if keda and keda.fallback and keda.fallback.replicas > most:
            rule = f"must not be above max_replicas ({most})"
            yield Problem(("keda", "fallback", "replicas"), rule, "Lower it or raise max_replicas.", repr(keda.fallback.replicas))

    @staticmethod
    def _validate_signals(
        presets: Sequence[ScalingPreset], metrics: Sequence[ScalingMetric], keda: KedaArgs | None, least: int
    ) -> Iterator[Problem]:
        yield from _validate_presets(presets, keda)
        if keda is None:
            if not presets and not metrics:
                yield Problem(("metrics",), "must say what to scale on when there are no presets", _METRICS_REMEDY)
            if least == 0 and not any(metric.object or metric.external for metric in metrics):
                yield Problem(
                    ("min_replicas",),
                    "must be at least 1 without a signal from outside the pods, which say nothing when there are none",
                    "Add an object or external metric, or keda with a trigger, or use min_replicas: 1.",
                    "0",
                )
            return
        if metrics:
            yield Problem(("metrics",), "has no meaning with keda", "Write it as one of keda.triggers.")
        if not presets and not keda.triggers:
            yield Problem(("keda", "triggers"), "must say what to scale on when there are no presets", _METRICS_REMEDY)
        if least == 0 and all(trigger.type in INSIDE for trigger in keda.triggers or ()):
            yield Problem(
                ("min_replicas",),
                "must be at least 1 without a signal from outside the pods, which say nothing when there are none",
                "Add a trigger for what arrives before a pod is there, such as the gateway's requests, or use min_replicas: 1.",
                "0",
            )

    rules = (
        Rule(("min_replicas", "max_replicas", "keda"), _validate_range.__func__, waits=False),  # pyright: ignore
        Rule(("presets", "metrics", "keda", "min_replicas"), _validate_signals.__func__, waits=False),  # pyright: ignore
    )


def _validate_presets(presets: Sequence[ScalingPreset], keda: KedaArgs | None) -> Iterator[Problem]:
    seen: set[str] = set()
    for index, preset in enumerate(presets):
        if preset.preset in seen:
            yield Problem(("presets", index), "must be used once", "Leave one of them out.", repr(preset.preset))
        elif preset.preset == "latency" and keda is None:
            rule = "needs keda: a HorizontalPodAutoscaler cannot compute a percentile"
            yield Problem(("presets", index), rule, "Add keda: {prometheus: ...}, or take another preset.", "'latency'")
        seen.add(preset.preset)
    if keda is None:
        return
    if presets and keda.prometheus is None:
        remedy = "Give its URL, such as http://prometheus-operated.monitoring.svc:9090."
        yield Problem(("keda", "prometheus"), "is required with presets", remedy)
    names: set[str] = {preset.preset for preset in presets}
    for index, trigger in enumerate(keda.triggers or ()):
        if isinstance(trigger.name, str) and trigger.name in names:
            yield Problem(
                ("keda", "triggers", index, "name"), "must be used once, and presets have theirs", "Rename it.", repr(trigger.name)
            )
        elif isinstance(trigger.name, str):
            names.add(trigger.name)
    if keda.fallback is not None and not presets and all(trigger.type in INSIDE for trigger in keda.triggers or ()):
        rule = "has no meaning with triggers of cpu and memory alone: KEDA refuses it"
        yield Problem(("keda", "fallback"), rule, "Leave it out: the cluster measures these itself.")
    for name in ("prometheus", "authentication"):
        if not presets and getattr(keda, name) is not None:
            yield Problem(("keda", name), "has no meaning without presets", "Leave it out: a trigger names its own server.")


def validate_replicas(replicas: int, autoscaling: AutoscalingArgs | None) -> Iterator[Problem]:
    """One place says how many pods there are."""
    if autoscaling is not None and replicas != 1:
        remedy = "Leave it out, and write autoscaling.min_replicas."
        yield Problem(("replicas",), "must not be given together with autoscaling", remedy, repr(replicas))


def validate_metric_names(generation: GenerationName | None, image: str, autoscaling: AutoscalingArgs | None) -> Iterator[Problem]:
    """A HorizontalPodAutoscaler takes one name, and waits without a word for a metric that is not there."""
    if autoscaling is None or autoscaling.keda is not None or not autoscaling.presets:
        return
    if find_generation(generation, image).name is None:
        rule = "must be known for autoscaling.presets, whose metrics have another name in each"
        yield Problem(("generation",), rule, "Set it: 1.x, 2.x-vllm or 2.x-sglang; or use autoscaling.keda, which asks for all of them.")
