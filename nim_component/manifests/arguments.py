"""Arguments of the server, and its LoRA limits as arguments or as environment variables."""

from typing import Any

import pulumi

from ..args import NIM
from ..args.generation import Generation
from ..args.lora_options import LIMITS
from .generation import find_server_generation
from .inputs import lift, lift_all

_ACTION = "nim-serve"
"""Action of NIM 2.x: the first argument.

NIM passes the others to the engine (NVIDIA's "CLI reference").
"""


def render_server_arguments(nim: NIM) -> "pulumi.Input[list[Any]] | None":
    """Return the container's arguments: action, flags of the component, arguments of the user."""
    user: list[Any] | None = list(nim.args) if nim.args else None
    limits = _limits(nim)
    if not limits:
        return user

    def join(generation: Generation, values: dict[str, Any], given: list[str] | None) -> list[Any] | None:
        names = generation.lora
        if names is None or not names.by_argument:
            return given
        flags = [each for field, value in values.items() for each in (getattr(names, field), lift(value, str))]
        action, rest = ([], list(given or ())) if nim.command else _split(given or [])
        switch = [names.switch] if names.switch and names.switch not in rest else []
        return [*action, *switch, *flags, *rest]

    return lift_all(join, find_server_generation(nim), limits, user)  # pyright: ignore[reportReturnType]


def render_limit_variables(nim: NIM) -> "pulumi.Input[list[Any]]":
    """Return the LoRA limits as environment variables, if the generation reads them from there."""
    limits = _limits(nim)
    if not limits:
        return []

    def name(generation: Generation) -> list[Any]:
        names = generation.lora
        if names is None or names.by_argument:
            return []
        return [{"name": getattr(names, field), "value": lift(value, str)} for field, value in limits.items()]

    return lift(find_server_generation(nim), name)


def _limits(nim: NIM) -> dict[str, Any]:
    return {field: value for field in LIMITS if (value := getattr(nim.lora, field)) is not None}


def _split(given: list[str]) -> tuple[list[str], list[str]]:
    """Split arguments into the action and the rest.

    Without an action, the default action is returned.
    """
    return ([_ACTION], given) if not given or given[0].startswith("-") else (given[:1], given[1:])
