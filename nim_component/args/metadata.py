"""Labels and annotations that a user adds to objects of a service, and label selectors."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import AfterValidator

from ..names import MANAGED_ANNOTATIONS, MANAGED_LABELS
from .field_types import AnnotationValue, LabelKey, LabelValue, MappingOf
from .problems import redacted_problem_error


def _refuse_managed(kind: str, managed: Sequence[str]) -> AfterValidator:
    """Return a validator of keys that the component does not set itself."""

    def check(key: str) -> str:
        if key in managed:
            raise redacted_problem_error(f"is {kind} that the component sets", f"Use another key. Reserved: {', '.join(managed)}.")
        return key

    return AfterValidator(check)


if TYPE_CHECKING:  # Types for a type checker; the rules apply at run time.
    import pulumi

    Labels = Annotations = LabelSelector = MappingOf[str, pulumi.Input[str]]
else:
    Labels = dict[Annotated[LabelKey, _refuse_managed("a label", MANAGED_LABELS)], LabelValue]
    Annotations = dict[Annotated[LabelKey, _refuse_managed("an annotation", MANAGED_ANNOTATIONS)], AnnotationValue]
    # A selector of other objects, or of the pods: the component's labels are allowed.
    LabelSelector = dict[LabelKey, LabelValue]

METADATA_TYPES: tuple[Any, ...] = (Labels, Annotations)
"""Types of every field that becomes metadata of an object. A contract test compares all fields with
them."""
