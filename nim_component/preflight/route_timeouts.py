"""Check that the gateways of HTTPRoutes support the time-outs of these routes.

Time-outs are an optional feature of the Gateway API. A gateway without it accepts a route and
applies no limit.
"""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple, cast
from urllib.parse import quote

from ..cluster.client import ClusterClient
from ..cluster.objects import Object, at, items_at, text_at
from ..text.sanitizing import sanitize
from .reads import UNREAD, get_object
from .result import CheckResult

FEATURE = "HTTPRouteRequestTimeout"
"""Feature in the status of a GatewayClass."""
_GROUP = "/apis/gateway.networking.k8s.io/v1"


class GatewayName(NamedTuple):
    """Namespace and name of a Gateway."""

    namespace: str
    name: str


def list_timed_gateways(objects: Sequence[Object]) -> tuple[GatewayName, ...]:
    """Return the Gateways of the routes with a time-out."""
    found: set[GatewayName] = set()
    for route in objects:
        timed = any(text_at(rule, "timeouts", "request") for rule in items_at(route, "spec", "rules"))
        if text_at(route, "kind") == "HTTPRoute" and timed:
            own = text_at(route, "metadata", "namespace") or "default"
            found |= {
                GatewayName(text_at(each, "namespace") or own, text_at(each, "name")) for each in items_at(route, "spec", "parentRefs")
            }
    return tuple(sorted(found))


async def read_features(client: ClusterClient, gateways: Sequence[GatewayName]) -> dict[GatewayName, frozenset[str]]:
    """Return the features of each Gateway's class. Gateways without known features are left out."""
    found = await asyncio.gather(*(_read_features(client, each) for each in gateways))
    return {gateway: features for gateway, features in zip(gateways, found, strict=True) if features}


async def _read_features(client: ClusterClient, gateway: GatewayName) -> frozenset[str]:
    live = await get_object(client, f"{_GROUP}/namespaces/{quote(gateway.namespace, safe='')}/gateways/{quote(gateway.name, safe='')}")
    if live is UNREAD or not (name := text_at(live, "spec", "gatewayClassName")):
        return frozenset()
    live_class = await get_object(client, f"{_GROUP}/gatewayclasses/{quote(name, safe='')}")
    if live_class is UNREAD:
        return frozenset()
    # Before version 1.2 of the Gateway API, the items are names.
    features: Any = at(live_class, "status", "supportedFeatures")
    items = cast("list[Any]", features) if isinstance(features, list) else []
    names = [each if isinstance(each, str) else text_at(each, "name") for each in items]
    return frozenset(names)


def check_route_timeouts(gateways: Sequence[GatewayName], features: Mapping[GatewayName, frozenset[str]]) -> Iterator[CheckResult]:
    """Report Gateways that may ignore the time-outs of routes."""
    for gateway in gateways:
        about = f"Gateway {sanitize(f'{gateway.namespace}/{gateway.name}', 130)} and http_route.request_timeout"
        if gateway not in features:
            yield CheckResult("skip", about, "not checked: its GatewayClass lists no features, or may not be read")
        elif FEATURE in features[gateway]:
            yield CheckResult("ok", about, f"its GatewayClass lists {FEATURE}")
        else:
            text = f"its GatewayClass does not list {FEATURE}, so the gateway may ignore the limit"
            yield CheckResult("warn", about, text, "Set the limit in the gateway itself, or use a gateway with this feature.")
