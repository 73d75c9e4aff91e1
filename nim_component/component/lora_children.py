"""The children that LoRA adapters need: ConfigMaps, a shared PVC, and the Job that refreshes it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import pulumi
import pulumi_kubernetes as k8s

from ..manifests.lora import has_lora_job, has_lora_pvc
from ..manifests.lora_configs import render_list_config, render_lora_config
from ..manifests.lora_job import render_lora_job, render_lora_pvc
from ..manifests.lora_lists import name_list, render_list
from ..manifests.references import References
from ..names import LORA_LISTS
from .context import ComponentContext
from .generated_children import GeneratedChild, create_generated_child, create_generated_job


@dataclass(frozen=True)
class ProvidedAdapters:
    """References of the pods to the adapters, and the children that the pods wait for."""

    references: References
    depends_on: "Sequence[pulumi.Input[pulumi.Resource]]" = ()
    """The objects to which the pods refer."""
    job: "pulumi.Input[k8s.batch.v1.Job] | None" = None
    """The Job that downloads the adapters; the pods start after it."""


def provide_adapters(
    context: ComponentContext, references: References, depends_on: "Sequence[pulumi.Input[pulumi.Resource]]"
) -> ProvidedAdapters:
    """Create the children for adapters that are needed, such as `lora` and `lora-job`.

    The Job starts after `depends_on`.
    """
    nim = context.nim
    if not nim.adapter_names:
        return ProvidedAdapters(references)
    config = create_generated_child(context, k8s.core.v1.ConfigMap, "lora", render_lora_config(nim, context.service_name))
    pvc = _create_pvc(context) if has_lora_pvc(nim) else None
    existing = nim.lora.volume and nim.lora.volume.existing_claim
    references = replace(references, lora_config=config.object_name, lora_pvc=existing if pvc is None else pvc.object_name)
    volume: list[pulumi.Input[pulumi.Resource]] = [] if pvc is None else [pvc.resource]
    if not has_lora_job(nim):
        return ProvidedAdapters(references, [config.resource, *volume])
    before, after = LORA_LISTS
    next_list = _create_list(context, before, [])
    job = _create_job(context, references, [*depends_on, *volume, next_list])
    lists = {before: next_list, after: _create_list(context, after, [job])}
    references = replace(references, lora_lists={suffix: name_list(context.service_name, suffix) for suffix in lists})
    return ProvidedAdapters(references, [config.resource, *volume, *lists.values()], job)


def _create_list(context: ComponentContext, suffix: str, depends_on: "Sequence[pulumi.Input[pulumi.Resource]]") -> k8s.core.v1.ConfigMap:
    """Create one of the ConfigMaps `LORA_LISTS`.

    The provider replaces a ConfigMap whose data change, so `protect` of the component does not
    apply. It deletes the old one first, because the names are equal.
    """
    inputs = context.inputs(suffix, render_list(context.nim, context.service_name, suffix))
    return k8s.core.v1.ConfigMap(
        context.child_name(suffix), **inputs, opts=context.options(protect=False, depends_on=list(depends_on) or None)
    )


def _create_pvc(context: ComponentContext) -> "GeneratedChild[k8s.core.v1.PersistentVolumeClaim]":
    rendered = render_lora_pvc(context.nim, context.service_name)
    return create_generated_child(context, k8s.core.v1.PersistentVolumeClaim, "loras", rendered, protect=None)


def _create_job(
    context: ComponentContext, references: References, depends_on: "Sequence[pulumi.Input[pulumi.Resource]]"
) -> "pulumi.Input[k8s.batch.v1.Job]":
    nim = context.nim
    rendered_list = render_list_config(nim, context.service_name, "list")
    adapter_list = create_generated_child(context, k8s.core.v1.ConfigMap, "lora-list", rendered_list)
    references = replace(references, lora_config=adapter_list.object_name)
    rendered = render_lora_job(nim, context.service_name, references, context.timing)
    return create_generated_job(context, "lora-job", rendered, context.timing.lora_job_timeout, [*depends_on, adapter_list.resource])
