"""Provides what LoRA adapters need beside the pods: ConfigMap, shared claim, and the Job that refreshes it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import pulumi
import pulumi_kubernetes as k8s

from ..args import NIM
from ..diagnose.progress.availability import create_progress_hooks
from ..manifests.lora import render_list_config, render_lora_config, unload_seconds, uses_job
from ..manifests.lora_job import render_lora_claim, render_lora_job
from ..manifests.overrides import override
from ..manifests.references import References
from ..manifests.timing import Timing
from .workload import rollout_timeouts


@dataclass(frozen=True)
class ProvidedAdapters:
    """What the Deployment refers to, and waits for."""

    references: References
    ready: "list[pulumi.Input[pulumi.Resource]]"
    """With the Job: pods start when the adapters are on the volume."""


def provide_adapters(
    parent: pulumi.Resource,
    name: str,
    service_name: str,
    nim: NIM,
    references: References,
    timing: Timing,
    guards: "Sequence[pulumi.Resource]",
) -> ProvidedAdapters:
    """Registers the children `<name>-lora`, `<name>-loras`, `<name>-lora-list` and `<name>-lora-job`, as many as the adapters ask for; the
    Job when `guards` are there."""
    if not nim.adapter_names:
        return ProvidedAdapters(references, [])
    # Not protected with the component: it is derived, and every change of the adapters replaces it.
    derived = pulumi.ResourceOptions(parent=parent, protect=False)
    config = k8s.core.v1.ConfigMap(f"{name}-lora", **override(nim, "lora", render_lora_config(nim, service_name)), opts=derived)
    references = replace(references, lora_config=_name_of(config), lora_claim=_provide_claim(parent, name, service_name, nim))
    if not uses_job(nim):
        return ProvidedAdapters(references, [])
    listed = override(nim, "lora-list", render_list_config(nim, service_name, "list"))
    wanted = k8s.core.v1.ConfigMap(f"{name}-lora-list", **listed, opts=derived)
    rendered = render_lora_job(nim, service_name, replace(references, lora_config=_name_of(wanted)), timing)
    # The wait for the servers comes on top of the download.
    timeouts = rollout_timeouts(replace(timing, timeout=timing.timeout + unload_seconds(nim)))
    job = k8s.batch.v1.Job(
        f"{name}-lora-job",
        **override(nim, "lora-job", rendered),
        opts=pulumi.ResourceOptions(
            parent=parent,
            protect=False,
            custom_timeouts=timeouts,
            depends_on=list(guards) or None,
            hooks=create_progress_hooks(parent, "kubernetes:batch/v1:Job", f"{name}-lora-job", nim),
        ),
    )
    return ProvidedAdapters(references, [job])


def _provide_claim(parent: pulumi.Resource, name: str, service_name: str, nim: NIM) -> "pulumi.Input[str] | None":
    volume = nim.lora.volume
    if volume is None or volume.existing_claim is not None:
        return None if volume is None else volume.existing_claim
    rendered = override(nim, "loras", render_lora_claim(nim, service_name))
    return _name_of(k8s.core.v1.PersistentVolumeClaim(f"{name}-loras", **rendered, opts=pulumi.ResourceOptions(parent=parent)))


def _name_of(child: "k8s.core.v1.ConfigMap | k8s.core.v1.PersistentVolumeClaim") -> "pulumi.Output[str]":
    return child.metadata.apply(lambda metadata: metadata["name"])
