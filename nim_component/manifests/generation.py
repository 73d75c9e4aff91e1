"""The generation of a service's container, known at preview unless the image is an Output."""

import pulumi

from ..args import NIM
from ..args.generation import Generation, find_generation
from .inputs import lift


def server_generation(nim: NIM) -> "pulumi.Input[Generation]":
    """`generation`, else what the image's tag says."""
    name = nim.generation
    return find_generation(name, "") if name is not None else lift(nim.image, lambda image: find_generation(None, image))
