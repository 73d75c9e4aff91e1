"""Time-outs of routes, and gateways that support them."""

import asyncio
from typing import Any

import pytest

from nim_component.cluster.errors import MissingError, RefusedError
from nim_component.preflight import run_checks
from nim_component.preflight.route_timeouts import FEATURE, GatewayName, list_timed_gateways, read_features

from .clusters import facts, requirements_of

PUBLIC = GatewayName("infra", "public")
ROUTE = {"hosts": ["llama.example"], "gateway": "public", "gateway_namespace": "infra", "request_timeout": "10m"}


class Gateways:
    """Client of a cluster with these objects, by path."""

    def __init__(self, objects: dict[str, Any]) -> None:
        self._objects = objects

    async def get(self, path: str) -> Any:
        found = self._objects.get(path.removeprefix("/apis/gateway.networking.k8s.io/v1/"))
        if found is None:
            raise MissingError(path)
        if isinstance(found, Exception):
            raise found
        return found


def read(gateway: Any, gateway_class: Any) -> dict[GatewayName, frozenset[str]]:
    client: Any = Gateways({"namespaces/infra/gateways/public": gateway, "gatewayclasses/edge": gateway_class})
    return asyncio.run(read_features(client, [PUBLIC]))


GATEWAY = {"spec": {"gatewayClassName": "edge"}}


def gateway_class(features: Any) -> dict[str, Any]:
    return {"status": {"supportedFeatures": features}}


@pytest.mark.parametrize("features", [[{"name": FEATURE}, {"name": "Gateway"}], [FEATURE, "Gateway"]])
def test_features_of_the_class_are_read(features: Any):
    assert read(GATEWAY, gateway_class(features)) == {PUBLIC: {FEATURE, "Gateway"}}


@pytest.mark.parametrize(
    ("gateway", "found"),
    [
        (None, gateway_class([FEATURE])),
        (RefusedError(403, ""), gateway_class([FEATURE])),
        (GATEWAY, None),
        (GATEWAY, RefusedError(403, "")),
        (GATEWAY, {}),
        (GATEWAY, gateway_class("x")),
    ],
    ids=str,
)
def test_unknown_features_are_left_out(gateway: Any, found: Any):
    assert read(gateway, found) == {}


@pytest.mark.parametrize(
    ("features", "mark", "text"),
    [
        ({}, "skip", "not checked: its GatewayClass lists no features, or may not be read"),
        ({PUBLIC: frozenset({FEATURE})}, "ok", f"its GatewayClass lists {FEATURE}"),
        ({PUBLIC: frozenset({"Gateway"})}, "warn", f"its GatewayClass does not list {FEATURE}, so the gateway may ignore the limit"),
    ],
    ids=str,
)
def test_gateway_without_the_feature_is_a_warning(features: Any, mark: str, text: str):
    requirements = requirements_of(http_route=ROUTE)
    assert requirements.timed_gateways == (PUBLIC,)
    results = run_checks(requirements, facts(kinds=requirements.kinds, features=features))
    (result,) = (each for each in results if "request_timeout" in each.about)
    assert (result.about, result.mark, result.text) == ("Gateway infra/public and http_route.request_timeout", mark, text)
    assert bool(result.fix) == (mark == "warn")


def test_route_without_timeout_is_not_checked():
    requirements = requirements_of(http_route={**ROUTE, "request_timeout": None})
    assert requirements.timed_gateways == ()


def test_own_namespace_is_the_default():
    requirements = requirements_of(http_route={"hosts": ["llama.example"], "gateway": "public", "request_timeout": "10m"})
    assert requirements.timed_gateways == (GatewayName("ml", "public"),)
    assert list_timed_gateways([{"kind": "GRPCRoute", "spec": {"rules": [{"timeouts": {"request": "1s"}}]}}]) == ()
