"""Children whose names end in a content hash: each content is a child of its own.

The logical name ends in the same hash as `metadata.name`. A change therefore creates a child beside
the old one, which Pulumi deletes at the end of the update. After a failed update both exist. The
old arguments then find the old child in the state, and only the new child is deleted.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import pulumi

from ..args.outputs import is_output
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
    make_options: "Callable[[str], pulumi.ResourceOptions] | None" = None,
) -> GeneratedChild[R]:
    """Create a child whose `metadata.name` ends in a content hash.

    If its content contains Outputs, the child is registered when they resolve, because only then
    the hash is known. A preview shows it unless one of them is unknown.

    Args:
        context: Context of the component.
        resource: Class of the child.
        suffix: Suffix of its logical name, before the hash.
        rendered: Its inputs.
        make_options: Function of the logical name that returns the options. Default: the component
            is the parent, and its `protect` does not apply, because a change deletes the child.
    """
    inputs = context.inputs(suffix, rendered)
    object_name: pulumi.Input[str] = inputs["metadata"]["name"]

    def create(known_name: str) -> R:
        stable_name = context.child_name(suffix)
        name = f"{stable_name}-{known_name[-HASH_LENGTH:]}"
        # Stacks of earlier versions have the logical name without the hash.
        former = pulumi.ResourceOptions(aliases=[pulumi.Alias(name=stable_name)])
        options = context.options(protect=False) if make_options is None else make_options(name)
        return resource(name, **inputs, opts=pulumi.ResourceOptions.merge(options, former))

    if is_output(object_name):
        return GeneratedChild(object_name, object_name.apply(create))
    return GeneratedChild(object_name, create(object_name))  # pyright: ignore[reportArgumentType]
