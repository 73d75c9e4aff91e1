"""Children whose names end in a content hash: each content is a child of its own.

The logical name ends in the same hash as `metadata.name`. A change therefore creates a child beside
the old one, which Pulumi deletes at the end of the update. After a failed update both exist. The
old arguments then find the old child in the state, and only the new child is deleted.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import pulumi
import pulumi_kubernetes as k8s

from ..args.outputs import is_output
from ..diagnose.progress.availability import create_progress_hooks
from ..kubernetes.generated_names import HASH_LENGTH
from .context import ComponentContext

R = TypeVar("R", bound=pulumi.CustomResource)


@dataclass(frozen=True)
class GeneratedChild(Generic[R]):
    """A child with a content hash in its names."""

    object_name: "pulumi.Input[str]"
    """`metadata.name`."""
    resource: "pulumi.Input[R]"
    """The child; an Output if its content contains Outputs."""


def create_generated_child(
    context: ComponentContext,
    resource: type[R],
    suffix: str,
    rendered: dict[str, Any],
    *,
    hooked_type: str | None = None,
    **options: Any,
) -> GeneratedChild[R]:
    """Create a child whose `metadata.name` ends in a content hash.

    If its content contains Outputs, the child is registered when they resolve, because only then
    the hash is known. A preview shows it unless one of them is unknown.

    Args:
        context: Context of the component.
        resource: Class of the child.
        suffix: Suffix of its logical name, before the hash.
        rendered: Its inputs.
        hooked_type: Pulumi type of a child whose progress is reported.
        options: Further options. By default, `protect` of the component does not apply, because a
            change of the content deletes the child.
    """
    inputs = context.inputs(suffix, rendered)
    object_name: pulumi.Input[str] = inputs["metadata"]["name"]

    def create(known_name: str) -> R:
        stable_name = context.child_name(suffix)
        name = f"{stable_name}-{known_name[-HASH_LENGTH:]}"
        hooks = None if hooked_type is None else create_progress_hooks(context.parent, hooked_type, name, context.nim)
        # Stacks of earlier versions have the logical name without the hash.
        former = [pulumi.Alias(name=stable_name)]
        return resource(name, **inputs, opts=context.options(**{"protect": False, **options, "aliases": former, "hooks": hooks}))

    if is_output(object_name):
        return GeneratedChild(object_name, object_name.apply(create))
    return GeneratedChild(object_name, create(object_name))  # pyright: ignore[reportArgumentType]


def create_generated_job(
    context: ComponentContext,
    suffix: str,
    rendered: dict[str, Any],
    timeout: int,
    depends_on: "Sequence[pulumi.Input[pulumi.Resource]]",
) -> "pulumi.Input[k8s.batch.v1.Job]":
    """Create a Job. Its progress is reported, and Pulumi waits for it at most `timeout` seconds."""
    seconds = f"{timeout}s"
    return create_generated_child(
        context,
        k8s.batch.v1.Job,
        suffix,
        rendered,
        hooked_type="kubernetes:batch/v1:Job",
        custom_timeouts=pulumi.CustomTimeouts(create=seconds, update=seconds),
        depends_on=list(depends_on) or None,
    ).resource
