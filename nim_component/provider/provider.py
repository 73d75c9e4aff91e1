"""Provider of the package `nim`: its schema, and the construction of components.

The engine also starts plugins to read their schema. The component, and with it the Kubernetes SDK,
is imported when one is constructed.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib.metadata import version
from typing import Any

import pulumi
from pulumi.errors import InputPropertiesError
from pulumi.provider import ConstructResult, Provider

from .names import COMPONENT, PACKAGE
from .schema import read_schema


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
        from .construction import construct_service

        return construct_service(name, inputs, options)
