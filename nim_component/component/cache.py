"""The model cache: its PVC, and the prewarm Job that fills it."""

from collections.abc import Sequence

import pulumi
import pulumi_kubernetes as k8s

from ..diagnose.progress.availability import create_progress_hooks
from ..manifests.prewarm import render_prewarm
from ..manifests.pvc import render_cache_pvc
from ..manifests.references import References
from .context import ComponentContext


def provide_cache(context: ComponentContext) -> "pulumi.Input[str] | None":
    """Create the PVC of the cache, and return the name of the PVC that the pods mount.

    Returns None if the cache is not a PVC.
    """
    cache = context.nim.cache
    if not cache.has_own_pvc:
        return cache.existing_claim
    pvc = k8s.core.v1.PersistentVolumeClaim(
        context.child_name("cache"),
        **context.inputs("cache", render_cache_pvc(context.nim, context.service_name)),
        opts=context.options(retain_on_delete=True if cache.retain else None),
    )
    return pvc.metadata.apply(lambda metadata: metadata["name"])


def provide_prewarm(
    context: ComponentContext, references: References, depends_on: "Sequence[pulumi.Resource]"
) -> "k8s.batch.v1.Job | None":
    """Create the prewarm Job if `cache.prewarm` is given.

    Pulumi waits until the Job is complete.
    """
    nim = context.nim
    if nim.cache.prewarm is None:
        return None
    name = context.child_name("warm")
    seconds = f"{context.timing.prewarm_timeout}s"
    rendered = render_prewarm(nim, nim.cache.prewarm, context.service_name, references, context.timing)
    return k8s.batch.v1.Job(
        name,
        **context.inputs("warm", rendered),
        opts=context.replaceable_options(
            custom_timeouts=pulumi.CustomTimeouts(create=seconds, update=seconds),
            depends_on=list(depends_on) or None,
            hooks=create_progress_hooks(context.parent, "kubernetes:batch/v1:Job", name, nim),
        ),
    )
