"""Problems of Outputs in the place of plain values: Outputs themselves, and their text.

Children are created before Outputs resolve, so fields that decide which children exist, and how
they are built, must be plain. An f-string formats an Output at once: it contains a warning of the
SDK in the place of the value.
"""

import re
import sys
from collections.abc import Iterator, Mapping, Sequence, Set
from typing import Any, cast

from pydantic import BaseModel, ValidationError

from ..text.field_paths import Path
from .field_types import OrOutput, RequiresOutput
from .fixes import Fix, fix
from .outputs import is_output
from .problems import Problem, line_errors
from .reflection import field_at, types_in
from .sdk_objects import is_sdk_object, to_mapping

PLAIN = "must be a plain value: it decides which resources exist and how they are built"
_KNOWN = fix(
    "Use a value that is known while the program runs, such as one from `pulumi.Config()`.",
    sdk="Use a value that is known while the program runs, such as one from the configuration.",
)
_FORMAT = fix(
    'Use pulumi.Output.format("https://{}", output) in place of an f-string, or pass the Output itself.',
    sdk="Use pulumi.interpolate in TypeScript, or pulumi.Sprintf in Go, or pass the Output itself.",
)
_TEXT_OF_OUTPUT = re.compile(
    r"Calling (__str__ on an Output\[T\]|\[to(String|JSON)\] on an \[Output<T>\]) is not supported|<pulumi\.output\.Output object at "
)
"""Text that `str` and `repr` of an Output return, and conversions in TypeScript."""


def plain_value_problem(root: type[BaseModel] | None, path: Path, structure: Fix | str | None) -> Problem:
    """Return the problem of an Output in a field that does not accept one.

    Args:
        root: Model that the path starts from, or None if it is unknown.
        path: Path of the Output.
        structure: Fix for a wrong structure, or None if the field is not a structure.
    """
    if structure is None:
        return Problem(path, PLAIN, _KNOWN, "an Output")
    is_field = root is not None and bool(path) and isinstance(path[-1], str)
    if is_field and _accepts_outputs(root, path):
        texts = (structure, None) if isinstance(structure, str) else (structure.text, structure.sdk)
        text, sdk = (each and f"{each} Its values may be Outputs." for each in texts)
        structure = fix(text or "", sdk=sdk)
    return Problem(path, PLAIN, structure, "an Output")


def require_plain(value: Any, name: str) -> None:
    """Raise the error of a structure whose field `name` is an Output and must be plain."""
    if is_output(value):
        problem = plain_value_problem(None, (name,), None)
        raise ValidationError.from_exception_data(name, line_errors([problem]))


def contains_output_text(text: str) -> bool:
    """Return whether a text contains the text of an Output, as an f-string of one does."""
    # Without Pulumi there is no Output.
    return "Output" in text and "pulumi" in sys.modules and _TEXT_OF_OUTPUT.search(text) is not None


def find_output_texts(root: type[BaseModel] | None, data: Any, above: Path = ()) -> Iterator[tuple[Path, Problem]]:
    """Find texts of Outputs in the keys and values of plain data, at any depth.

    Models in the data are not searched: they have been validated.

    Args:
        root: Model that the paths start from, or None if it is unknown.
        data: Value to search.
        above: Path of the value.

    Yields:
        Path of each value, or of the value with that key, and the problem. Other problems at this
        path have the same cause.
    """
    if is_sdk_object(data):
        data = to_mapping(data)
    if isinstance(data, str):
        if contains_output_text(data):
            message = "contains the text of an Output in place of its value"
            if root is None or _accepts_outputs(root, above):
                yield above, Problem(above, message, _FORMAT)
            else:
                yield above, Problem(above, f"{message}, and {PLAIN}", _KNOWN)
    elif isinstance(data, Mapping):
        for key, value in cast("Mapping[Any, Any]", data).items():
            path = (*above, str(key))
            if isinstance(key, str) and contains_output_text(key):
                yield path, Problem(above, "has a key that contains the text of an Output: keys must be plain", _KNOWN)
            else:
                yield from find_output_texts(root, value, path)
    elif isinstance(data, Sequence | Set):
        for index, item in enumerate(cast("Sequence[Any]", data)):
            yield from find_output_texts(root, item, (*above, index))


def _accepts_outputs(root: type[BaseModel] | None, path: Path) -> bool:
    """Return whether a field, or a value inside it, may be an Output."""
    field = field_at(root, path) if root is not None else None
    if field is None:
        return True
    types = (*field.metadata, *types_in(field.annotation))
    return any(isinstance(each, OrOutput | RequiresOutput) or each == dict[str, Any] for each in types)
