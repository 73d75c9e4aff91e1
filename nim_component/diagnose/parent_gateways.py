"""Gateways that the routes of a service refer to."""

from collections.abc import Iterator

from ..cluster.objects import Object, items_at, text_at
from .snapshot import Snapshot

ROUTES = {"httproutes": ("HTTPRoute", "http_route"), "grpcroutes": ("GRPCRoute", "grpc_route")}
"""Kind and option set of routes by plural."""


def list_gateways(snapshot: Snapshot) -> list[tuple[str, str]]:
    """Return the Gateways of a service's routes, by namespace and name, each once."""
    found = (key for plural in ROUTES for route in snapshot.all(plural) for key, _ in parents_of(route, snapshot.namespace))
    return list(dict.fromkeys(found))


def parents_of(route: Object, namespace: str) -> Iterator[tuple[tuple[str, str], str]]:
    """Yield the Gateways of a route, each with the name of its listener, or an empty text for all.

    Args:
        route: HTTPRoute or GRPCRoute.
        namespace: Namespace of the route.
    """
    for parent in items_at(route, "spec", "parentRefs"):
        if text_at(parent, "kind") in ("", "Gateway") and (name := text_at(parent, "name")):
            yield (text_at(parent, "namespace") or namespace, name), text_at(parent, "sectionName")
