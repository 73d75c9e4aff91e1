"""Versions of KEDA that the options of a ScaledObject require.

Sources: `CheckFallbackValid` and `doFallback` in the code of KEDA 2.16 to 2.21, and its changelog.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ..kubernetes.quantities import parse_quantity
from ..text.field_paths import Path
from .fixes import Fix, fix
from .keda import POD_TRIGGERS, KedaArgs
from .outputs import is_output
from .problems import Problem
from .scaling import ScalingPreset

USUAL_VERSION = "2.17"
"""Version that the default `fallback.behavior` requires, so that most ScaledObjects require it."""

_FALLBACK = ("keda", "fallback")
_UPGRADE = "Upgrade KEDA, or add a trigger with a whole number of requests per pod, such as the preset {}."


@dataclass(frozen=True)
class KedaRequirement:
    """Version of KEDA that an option requires."""

    version: str
    path: Path
    """Path of the option below `autoscaling`."""
    reason: str
    """Text after `requires KEDA <version>`."""
    fix: Fix | str


def is_value_type(preset: ScalingPreset) -> bool:
    """Return whether a preset is compared with the value for the whole service.

    A latency is not a sum over pods, so KEDA must not divide it by their number.
    """
    return preset.preset == "latency"


def list_requirements(presets: Sequence[ScalingPreset], keda: KedaArgs) -> Iterator[KedaRequirement]:
    """Yield the options that require a certain version."""
    triggers = [trigger for trigger in keda.triggers or () if trigger.type not in POD_TRIGGERS]
    if not presets and not triggers:
        return  # no fallback is rendered
    if keda.fallback is None or keda.fallback.behavior != "static":
        path, name = (_FALLBACK, "the default behavior") if keda.fallback is None else ((*_FALLBACK, "behavior"), "this behavior")
        reason = f"with {name}: earlier versions ignore it, so an outage of the monitoring removes pods"
        action = fix("Upgrade KEDA, or set {}.", {"keda": {"fallback": {"replicas": 1, "behavior": "static"}}})
        yield KedaRequirement(USUAL_VERSION, path, reason, action)
    has_average = any(trigger.metric_type in (None, "AverageValue") for trigger in triggers)
    if has_average or any(not is_value_type(preset) and _is_whole(preset) for preset in presets):
        return
    if all(map(is_value_type, presets)):
        reason = "if all triggers have a metric type other than AverageValue, as latency has: "
        reason += "KEDA 2.17 refuses the ScaledObject, and earlier versions ignore the fallback"
    else:
        reason = (
            "if all targets are below 1 or have a fraction: earlier versions round them down, so an outage of the monitoring removes pods"
        )
    yield KedaRequirement("2.18", _FALLBACK, reason, fix(_UPGRADE, "queue"))


def _is_whole(preset: ScalingPreset) -> bool:
    """Return whether a target is a whole number, or an Output, whose value is unknown."""
    return is_output(preset.goal) or parse_quantity(str(preset.goal)) % 1 == 0


def validate_keda_version(presets: Sequence[ScalingPreset], keda: KedaArgs | None) -> Iterator[Problem]:
    """Require a version of KEDA that supports every option, if the version is known."""
    if keda is None or keda.version is None:
        return
    for each in list_requirements(presets, keda):
        if _parse(keda.version) < _parse(each.version):
            yield Problem(each.path, f"requires KEDA {each.version} {each.reason}", each.fix)


def find_unusual_requirement(presets: Sequence[ScalingPreset], keda: KedaArgs) -> KedaRequirement | None:
    """Return an option that requires more than `USUAL_VERSION`, if the version is unknown."""
    if keda.version is not None:
        return None
    return next((each for each in list_requirements(presets, keda) if _parse(each.version) > _parse(USUAL_VERSION)), None)


def _parse(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")[:2]))
