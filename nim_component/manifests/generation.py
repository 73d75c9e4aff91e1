"""Generation of a service's container. Known at preview unless the image is an Output."""

import pulumi

from ..args import NIM
from ..args.generation import Generation, find_generation
from .inputs import lift


def find_server_generation(nim: NIM) -> "pulumi.Input[Generation]":
    """Return `generation`, or the generation that the image's tag implies."""
    name = nim.generation
    return find_generation(name, "") if name is not None else lift(nim.image, lambda image: find_generation(None, image))
