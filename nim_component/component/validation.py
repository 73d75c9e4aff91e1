"""Everything that can be said of a service before it exists: one place, for the component and for the stack, and one error."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, cast

from pydantic_core import PydanticCustomError

from ..args import NIM
from ..args.checks import check_service_name
from ..args.error import ArgumentValueError, owner_of
from ..args.model import given_fields
from ..args.problems import Problem
from ..manifests.overrides import check_overrides
from ..manifests.structures import find_unknown_fields
from ..text.redaction import contains_key
from .optional_children import list_guards, list_parts


def read_nim(name: str, args: "NIM | Mapping[str, Any]", more: Iterable[Problem] = ()) -> NIM:
    """A checked `NIM` for the service `name`; `more` is what the caller found wrong itself. `ArgumentValueError` with every problem."""
    problems: list[Problem] = []
    nim = None
    try:
        nim = NIM.read(args, owner_of(name))
    except ArgumentValueError as error:
        problems += error.problems
    given: Any = given_fields(args) if isinstance(args, NIM) else args
    if isinstance(given, Mapping):
        fields = cast("Mapping[str, Any]", given)
        problems += find_unknown_fields(fields)
        problems += _check_name(name, fields)
    if nim is not None and nim.overrides:
        service_name = service_name_of(name, nim)
        parts = [part.name for part in (*list_guards(nim, service_name), *list_parts(nim, service_name))]
        problems += check_overrides(nim, parts)
    problems += more
    if nim is None or problems:
        raise ArgumentValueError(owner_of(name), problems)
    return nim


def service_name_of(name: str, nim: NIM) -> str:
    """Name of Deployment and Service: `service_name`, else the component's."""
    return nim.service_name or name


def _check_name(name: str, given: Mapping[str, Any]) -> Iterator[Problem]:
    """The component's name must be fit to name a Service where no other is given, and no key in any case: it stands in every record."""
    if contains_key(name):
        yield Problem(("service_name",), "is taken from a name that is a key in the clear", "Change the key, and the name.")
        return
    if given.get("service_name") is not None:
        return
    try:
        check_service_name(name)
    except PydanticCustomError as error:
        context: dict[str, Any] = error.context or {}
        yield Problem(("service_name",), f"is taken from the component's name, and it {context['rule']}", context["remedy"], repr(name))
