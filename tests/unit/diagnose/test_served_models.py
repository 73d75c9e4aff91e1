"""Comparison of the requested models with those that a ready server lists."""

import asyncio
from typing import Any

import pytest

from nim_component.cluster.client import ClusterClient
from nim_component.diagnose.rules.endpoints import describe_missing
from nim_component.diagnose.served_models import ModelListError, find_missing

from ..cluster.server import serving

PATH = "/api/v1/namespaces/ml/services/http:llama:8000/proxy/v1/models"


def missing(responses: list[tuple[int, Any]], requested: list[str], settle_seconds: float = 0) -> Any:
    """Return the missing and the listed models of a server; its last response repeats."""
    seen: list[str] = []

    def respond(path: str) -> tuple[int, Any]:
        return responses[min(len(seen), len(responses)) - 1]

    async def compare(kubeconfig: str) -> Any:
        async with ClusterClient.connect(kubeconfig) as client:
            return await find_missing(client, "llama", "ml", 8000, requested, settle_seconds)

    with serving(respond, seen) as kubeconfig:
        found = asyncio.run(compare(kubeconfig))
    assert set(seen) == {PATH}
    return found


def models(*names: str) -> tuple[int, Any]:
    return 200, {"object": "list", "data": [{"id": name, "object": "model"} for name in names]}


def test_listed_model_is_not_missing():
    assert missing([models("base", "one")], ["base", "one"]) == ([], ["base", "one"])


def test_unlisted_adapter_is_missing():
    assert missing([models("base", "two")], ["base", "one"]) == (["one"], ["base", "two"])


def test_adapter_listed_later_is_not_missing():
    assert missing([models("base"), models("base", "one")], ["base", "one"], settle_seconds=5) == ([], ["base", "one"])


def test_failed_request_is_retried():
    assert missing([(503, {}), (200, b"<html>"), models("base")], ["base"], settle_seconds=5) == ([], ["base"])


DENIED = {"kind": "Status", "reason": "Forbidden", "message": "x" * 600}


@pytest.mark.parametrize(
    ("response", "reason"),
    [
        ((403, DENIED), "services/proxy cannot be used in namespace ml (requires get)"),
        ((403, {"detail": "a key is needed"}), "the server returned status 403"),
        ((401, {}), "the server returned status 401"),
        ((404, {}), "the server has no /v1/models, or the Service does not exist"),
        ((503, {}), "the API server's proxy cannot reach the server (status 503)"),
        ((302, b""), "the API server's proxy cannot reach the server (no JSON)"),
        ((200, b"<html>"), "the API server's proxy cannot reach the server (no JSON)"),
        ((200, b"[]"), "the API server's proxy cannot reach the server (no object)"),
        ((200, {"object": "other"}), "the response is not a list of models"),
    ],
)
def test_unusable_response_raises_model_list_error(response: tuple[int, Any], reason: str):
    with pytest.raises(ModelListError) as caught:
        missing([response], ["base"])
    assert str(caught.value) == reason
    assert caught.value.denied == (response[1] is DENIED)


@pytest.mark.parametrize(
    ("response", "retries_errors", "is_retried"),
    [
        ((403, DENIED), True, False),
        ((401, {}), True, False),
        ((200, {"object": "other"}), True, False),
        ((503, {}), True, True),
        ((404, {}), True, True),
        ((503, {}), False, False),
    ],
    ids=str,
)
def test_only_passing_errors_are_retried(response: tuple[int, Any], retries_errors: bool, is_retried: bool):
    seen: list[str] = []

    async def compare(kubeconfig: str) -> Any:
        async with ClusterClient.connect(kubeconfig) as client:
            return await find_missing(client, "llama", "ml", 8000, ["base"], 1, retries_errors=retries_errors)

    with serving(lambda _: response, seen) as kubeconfig, pytest.raises(ModelListError):
        asyncio.run(compare(kubeconfig))
    assert (len(seen) > 1) == is_retried


def test_description_names_missing_models_and_is_sanitized():
    text = describe_missing(["one"], ["base", "\x1b[31mevil\n"])
    assert "does not serve one; it lists base, evil" in text
    assert "\x1b" not in text
    assert "nothing" in describe_missing(["one"], [])
