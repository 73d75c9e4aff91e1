"""Former names of the services of a stack: the field `aliases` of a service in a stack file."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, cast

import pulumi

from ..args.fixes import fix
from ..args.problems import Problem

ALIASES = "aliases"


def check_aliases(name: str, fields: Mapping[str, Any], services: Mapping[str, Any]) -> Iterator[Problem]:
    """Check the former names of a service.

    Args:
        name: Name of the service.
        fields: Fields of the service, merged with the defaults.
        services: All services of the stack, by name.
    """
    given = fields[ALIASES]
    names = cast("list[Any]", given) if isinstance(given, list) else []
    if not names or not all(isinstance(each, str) and each for each in names):
        yield Problem((ALIASES,), "must be a list of former names of the service", fix("Write it such as {}.", ["old-name"]))
        return
    for index, former in enumerate(cast("list[str]", names)):
        if former in services:
            whose = "the service itself" if former == name else "another service of the stack"
            yield Problem((ALIASES, index), f"must be a former name, and is the name of {whose}", "Remove it.", repr(former))
    if fields.get("service_name") is None:
        message = "must be set with aliases: without it, every object gets the new name and replaces the old one"
        yield Problem(("service_name",), message, fix("Keep the old name: {}.", {"service_name": names[0]}))


def read_options(name: str, services: Mapping[str, Any]) -> pulumi.ResourceOptions | None:
    """Return the options of a validated service: its aliases, or None without any."""
    fields = cast("Mapping[str, Any]", services.get(name) or {})
    former: Sequence[str] = fields.get(ALIASES) or ()
    return pulumi.ResourceOptions(aliases=[pulumi.Alias(name=each) for each in former]) if former else None
