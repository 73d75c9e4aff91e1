"""Validation of a service before anything is registered, for the component and for stacks."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, cast

from ..args import NIM
from ..args.arguments import explicit_fields
from ..args.error import ArgumentValueError, describe_owner
from ..args.fixes import fix, syntax_of
from ..args.plain_values import contains_output_text
from ..args.problems import Problem
from ..args.service_name import SERVICE_NAME_RULE, is_service_name, suggest_service_name, validate_multi_node_name
from ..manifests.overrides import check_overrides
from ..manifests.structures import find_unknown_fields
from ..text.redaction import contains_key
from .optional_children import list_optional_children


def read_nim(name: str, args: "NIM | Mapping[str, Any]", more: Iterable[Problem] = ()) -> NIM:
    """Return the validated arguments of the service `name`.

    Args:
        name: Name of the component.
        args: Arguments, or a mapping of their fields.
        more: Problems that the caller found, to be reported together with those found here.

    Raises:
        ArgumentValueError: With every problem of this service.
    """
    problems: list[Problem] = []
    nim = None
    try:
        nim = NIM.read(args, describe_owner(name))
    except ArgumentValueError as error:
        problems += error.problems
    given: Any = explicit_fields(args) if isinstance(args, NIM) else args
    if isinstance(given, Mapping):
        fields = cast("Mapping[str, Any]", given)
        problems += find_unknown_fields(fields)
        problems += _check_name(name, fields)
    if nim is not None and nim.service_name is None:
        problems += validate_multi_node_name(name, nim.multi_node, nim.replicas, nim.rollout)
    if nim is not None and nim.overrides:
        problems += check_overrides(nim, list_optional_children(nim))
    problems += more
    if nim is None or problems:
        raise ArgumentValueError(describe_owner(name), problems, syntax=syntax_of(args))
    return nim


def service_name_of(name: str, nim: NIM) -> str:
    """Return the name of Deployment and Service: `service_name`, or the component's name."""
    return nim.service_name or name


def _check_name(name: str, given: Mapping[str, Any]) -> Iterator[Problem]:
    """Check that the component's name contains no credential, and can name a Service if it must.

    A credential in the name would appear in every record of the engine.
    """
    if contains_key(name):
        message = "the service's name must not contain a credential"
        yield Problem(("service_name",), message, "Revoke the credential, and rename the service.")
        return
    if contains_output_text(name):
        message = "the service's name contains the text of an Output, and must be plain: it is part of every logical name"
        yield Problem(("service_name",), message, "Rename the service.")
        return
    if given.get("service_name") is not None:
        return
    if not is_service_name(name):
        suggestion = suggest_service_name(name)
        message = f"{name!r} cannot be a Kubernetes name: {SERVICE_NAME_RULE}"
        action = fix("Rename the service to {}, or set {}.", suggestion, {"service_name": suggestion})
        yield Problem(("service_name",), message, action)
