"""The children that LoRA adapters need: ConfigMaps, a shared PVC, and the Job that refreshes it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import pulumi
import pulumi_kubernetes as k8s

from ..diagnose.progress.availability import create_progress_hooks
from ..manifests.lora import find_unload_seconds, has_lora_job, render_list_config, render_lora_config
from ..manifests.lora_job import render_lora_job, render_lora_pvc
from ..manifests.references import References
from .context import ComponentContext


@dataclass(frozen=True)
class ProvidedAdapters:
    """References of the pods to the adapters, and the children that the pods wait for."""

    references: References
    depends_on: "list[pulumi.Input[pulumi.Resource]]"
    """With the Job, the pods start after the adapters are on the volume."""


def provide_adapters(context: ComponentContext, references: References, depends_on: "Sequence[pulumi.Resource]") -> ProvidedAdapters:
    """Create the children `<name>-lora`, `-loras`, `-lora-list` and `-lora-job` that are needed.

    The Job starts after `depends_on`.
    """
    nim = context.nim
    if not nim.adapter_names:
        return ProvidedAdapters(references, [])
    config = _provide_config(context, "lora", render_lora_config(nim, context.service_name))
    references = replace(references, lora_config=_name_of(config), lora_pvc=_provide_pvc(context))
    if not has_lora_job(nim):
        return ProvidedAdapters(references, [])
    adapter_list = _provide_config(context, "lora-list", render_list_config(nim, context.service_name, "list"))
    rendered = render_lora_job(nim, context.service_name, replace(references, lora_config=_name_of(adapter_list)), context.timing)
    name = context.child_name("lora-job")
    job = k8s.batch.v1.Job(
        name,
        **context.inputs("lora-job", rendered),
        opts=context.replaceable_options(
            # The Job waits for the servers to unload an adapter before it downloads.
            custom_timeouts=context.rollout_timeouts(extra=find_unload_seconds(nim)),
            depends_on=list(depends_on) or None,
            hooks=create_progress_hooks(context.parent, "kubernetes:batch/v1:Job", name, nim),
        ),
    )
    return ProvidedAdapters(references, [job])


def _provide_config(context: ComponentContext, suffix: str, rendered: "dict[str, object]") -> "k8s.core.v1.ConfigMap":
    inputs = context.inputs(suffix, rendered)
    return k8s.core.v1.ConfigMap(context.child_name(suffix), **inputs, opts=context.replaceable_options())


def _provide_pvc(context: ComponentContext) -> "pulumi.Input[str] | None":
    volume = context.nim.lora.volume
    if volume is None or volume.existing_claim is not None:
        return None if volume is None else volume.existing_claim
    inputs = context.inputs("loras", render_lora_pvc(context.nim, context.service_name))
    return _name_of(k8s.core.v1.PersistentVolumeClaim(context.child_name("loras"), **inputs, opts=context.options()))


def _name_of(child: "k8s.core.v1.ConfigMap | k8s.core.v1.PersistentVolumeClaim") -> "pulumi.Output[str]":
    return child.metadata.apply(lambda metadata: metadata["name"])
