"""What a generation of the server is told by argument, and what by environment."""

from typing import Any

import pulumi

from ..args import NIM
from ..args.generation import Generation
from ..args.lora_options import LIMITS
from .generation import server_generation
from .inputs import lift, lift_all

_ACTION = "nim-serve"
"""NIM 2.x takes the first argument for the action and hands the rest to the engine (NVIDIA's "CLI reference")."""


def server_arguments(nim: NIM) -> "pulumi.Input[list[Any]] | None":
    """The container's arguments: the component's flags behind the action, then the user's."""
    user: list[Any] | None = None if nim.args is None else list(nim.args)
    limits = _limits(nim)
    if not limits:
        return user

    def join(generation: Generation, values: dict[str, Any], given: list[str] | None) -> list[Any] | None:
        names = generation.lora
        if names is None or not names.by_argument:
            return given
        flags = [word for field, value in values.items() for word in (getattr(names, field), lift(value, str))]
        action, rest = ([], list(given or ())) if nim.command is not None else _split(given or [])
        switch = [names.switch] if names.switch and names.switch not in rest else []
        return [*action, *switch, *flags, *rest]

    return lift_all(join, server_generation(nim), limits, user)  # pyright: ignore[reportReturnType]


def limit_variables(nim: NIM) -> "pulumi.Input[list[Any]]":
    """The limits as environment, where the generation takes them so."""
    limits = _limits(nim)
    if not limits:
        return []

    def name(generation: Generation) -> list[Any]:
        names = generation.lora
        if names is None or names.by_argument:
            return []
        return [{"name": getattr(names, field), "value": lift(value, str)} for field, value in limits.items()]

    return lift(server_generation(nim), name)


def _limits(nim: NIM) -> dict[str, Any]:
    return {field: value for field in LIMITS if (value := getattr(nim.lora, field)) is not None}


def _split(given: list[str]) -> tuple[list[str], list[str]]:
    """The action and what follows it; without one, the action that is taken then."""
    return ([_ACTION], given) if not given or given[0].startswith("-") else (given[:1], given[1:])
