"""Provider of the package `nim`: its schema, and the construction of components."""

from __future__ import annotations

import json
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from importlib.metadata import version
from typing import Any, cast

import pulumi
from pulumi.errors import InputPropertiesError
from pulumi.provider import ConstructResult, Provider

from ..args import NIMDict
from ..args.error import ArgumentError
from ..args.fixes import written_in
from ..component.service import NIMService
from .names import COMPONENT, PACKAGE, to_camel_case, translate_names
from .translate import field_names, read_schema, to_arguments

OUTPUTS = ("url", "external_url", "host", "port", "model_names", "cache_claim")


class NIMProvider(Provider):
    """Components of this package for programs in every Pulumi language."""

    def __init__(self) -> None:
        """Read the version of the installed package, and the schema."""
        installed = version("nim-component")
        super().__init__(installed, json.dumps({**read_schema(), "version": installed}))

    def construct(
        self, name: str, resource_type: str, inputs: Mapping[str, Any], options: pulumi.ResourceOptions | None = None
    ) -> ConstructResult:
        """Create a component and its children.

        Args:
            name: Logical name.
            resource_type: Token of the component.
            inputs: Inputs, in the names of the schema.
            options: Options of the component.

        Raises:
            InputPropertiesError: The type is unknown, or arguments are wrong, with all problems.
        """
        if resource_type != COMPONENT:
            raise InputPropertiesError(f"{resource_type}: package {PACKAGE} has no such component. Use {COMPONENT}.", [])
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
