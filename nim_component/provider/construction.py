"""Construction of a service, and its problems in the names of the schema."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from typing import Any, cast

import pulumi
from pulumi.errors import InputPropertiesError
from pulumi.provider import ConstructResult

from ..args import NIMDict
from ..args.error import ArgumentError
from ..args.fixes import written_in
from ..component.service import NIMService
from .names import to_camel_case, translate_names
from .translate import field_names, to_arguments

OUTPUTS = ("url", "external_url", "host", "port", "model_names", "cache_claim")


def construct_service(name: str, inputs: Mapping[str, Any], options: pulumi.ResourceOptions | None) -> ConstructResult:
    """Create a service and its children.

    Args:
        name: Logical name.
        inputs: Inputs, in the names of the schema.
        options: Options of the component.

    Raises:
        InputPropertiesError: Arguments are wrong, with all problems.
    """
    with report_problems(), written_in("sdk"):
        service = NIMService(name, cast("NIMDict", to_arguments(inputs)), options)
    return ConstructResult(service.urn, {to_camel_case(each): getattr(service, each) for each in OUTPUTS})


@contextmanager
def report_problems() -> Generator[None]:
    """Raise wrong arguments in the form that the engine prints as one text.

    The error names no property: the engine would print the value of each one.
    """
    try:
        yield
    except ArgumentError as error:
        raise InputPropertiesError(translate_names(str(error), set(field_names().values()).__contains__), []) from None
