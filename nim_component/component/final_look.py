"""Workloads of a service for the final look of an update: as rendered and as recorded."""

from collections.abc import Mapping, Sequence
from typing import Any, cast

import pulumi
from pulumi.runtime.mocks import MockMonitor
from pulumi.runtime.settings import get_monitor

from ..diagnose.progress.expected_services import ExpectedWorkload
from ..diagnose.progress.final_look import schedule_final_look
from ..manifests.child_objects import find_child_object
from ..manifests.inputs import resolve_within
from ..manifests.structures import to_yaml_keys
from .context import ComponentContext

_KINDS = {"deployment": "Deployment", "group": "LeaderWorkerSet", "warm": "Job", "lora-job": "Job"}
"""Kinds of the children that run pods, by suffix."""


def compare_after_update(
    context: ComponentContext,
    models: "Sequence[pulumi.Input[str | None]]",
    workloads: "Mapping[str, pulumi.Input[pulumi.Resource] | None]",
    other_children: Sequence[pulumi.Resource],
) -> None:
    """Compare the live service with the program when all its children are ready.

    Args:
        context: Context of the service.
        models: The requested models: the base model, None if its name is unknown, then the
            adapters.
        workloads: The children that run pods, by suffix; the server first. None for a child that
            the service does not have.
        other_children: Its other children that must be ready before.
    """
    existing = {suffix: each for suffix, each in workloads.items() if each is not None}
    schedule_final_look(
        context.parent,
        context.service_name,
        context.nim,
        models,
        [_describe_workload(context, suffix, workload) for suffix, workload in existing.items()],
        [*(each for each in existing.values() if isinstance(each, pulumi.Resource)), *other_children],
    )


def _describe_workload(
    context: ComponentContext, suffix: str, resource: "pulumi.Input[pulumi.Resource]"
) -> "pulumi.Output[ExpectedWorkload | None]":
    if not isinstance(resource, pulumi.Resource):
        return pulumi.Output.from_input(resource).apply(lambda known: _describe_workload(context, suffix, known))
    structure = find_child_object(suffix).structure
    is_scaled_by_others = suffix == "deployment" and context.nim.autoscaling is not None

    def describe(rendered: Any, recorded: Any, metadata: Any) -> ExpectedWorkload | None:
        if not cast("dict[str, Any]", metadata or {}).get("uid") and not isinstance(get_monitor(), MockMonitor):
            return None  # the provider renders to files
        try:
            return ExpectedWorkload(
                _KINDS[suffix],
                to_yaml_keys(rendered, structure),
                None if recorded is None else to_yaml_keys({"spec": _to_plain(recorded)}, structure),
                (("spec", "replicas"),) if is_scaled_by_others else (),
            )
        except Exception:  # noqa: BLE001 (a mistake here must not fail an update)
            return None

    spec, metadata = (cast("pulumi.Output[Any]", resource.__dict__[key]) for key in ("spec", "metadata"))
    rendered = resolve_within(context.rendered[suffix])
    return rendered.apply(lambda inputs: spec.apply(lambda recorded: metadata.apply(lambda found: describe(inputs, recorded, found))))


def _to_plain(value: Any) -> Any:
    """Return an SDK structure as plain dicts and lists.

    A field such as `items` of a ConfigMap volume shadows the method of the dict with that name.
    """
    if isinstance(value, dict):
        fields = cast("dict[str, Any]", value)
        return {key: _to_plain(fields[key]) for key in fields}
    return [_to_plain(each) for each in cast("list[Any]", value)] if isinstance(value, list) else value
