"""The model cache: its PVC, and the prewarm Job that fills it."""

from collections.abc import Sequence

import pulumi
import pulumi_kubernetes as k8s

from ..manifests.prewarm import render_prewarm
from ..manifests.pvc import render_cache_pvc
from ..manifests.references import References
from .context import ComponentContext
from .generated_children import GeneratedChild, create_generated_child, create_generated_job


def provide_cache(context: ComponentContext) -> "GeneratedChild[k8s.core.v1.PersistentVolumeClaim] | None":
    """Create the PVC of the cache, if the component creates it."""
    cache = context.nim.cache
    if not cache.has_own_pvc:
        return None
    return create_generated_child(
        context,
        k8s.core.v1.PersistentVolumeClaim,
        "cache",
        render_cache_pvc(context.nim, context.service_name),
        protect=None,
        retain_on_delete=True if cache.retain else None,
    )


def provide_prewarm(
    context: ComponentContext, references: References, depends_on: "Sequence[pulumi.Input[pulumi.Resource]]"
) -> "pulumi.Input[k8s.batch.v1.Job] | None":
    """Create the prewarm Job if `cache.prewarm` is given.

    Pulumi waits until the Job is complete.
    """
    nim = context.nim
    if nim.cache.prewarm is None:
        return None
    rendered = render_prewarm(nim, nim.cache.prewarm, context.service_name, references, context.timing)
    return create_generated_job(context, "warm", rendered, context.timing.prewarm_timeout, depends_on)
