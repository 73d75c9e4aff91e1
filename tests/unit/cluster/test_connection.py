"""Cluster of a service: selection of kubeconfig and context, and secrecy of the kubeconfig."""

from typing import Any

import pulumi
import pulumi_kubernetes as k8s
import pytest

from nim_component import NIM, DiagnosisArgs, NIMSecrets, NIMService
from nim_component.args.recorded_arguments import describe_arguments
from nim_component.cluster.connection import Connection, resolve_connection
from nim_component.testing import record

TEXT = "apiVersion: v1\nusers: [{user: {token: token-of-nobody}}]\n"


class Component(pulumi.ComponentResource):
    """A component that is not ours."""

    def __init__(self, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("test:index:Component", "c", {}, opts)


def resolve(diagnosis: dict[str, Any], provider: dict[str, Any] | None = None, config: dict[str, object] | None = None) -> Any:
    """Return the resolved connection, or "unknown" if `resolve_connection` returns None."""
    seen: list[Any] = []

    def program() -> None:
        opts = None if provider is None else pulumi.ResourceOptions(providers=[k8s.Provider("p", **provider)])
        connection = resolve_connection(
            Component(opts), DiagnosisArgs(**{key: value() if callable(value) else value for key, value in diagnosis.items()})
        )
        if connection is None:
            seen.append("unknown")
        else:
            connection.apply(seen.append)

    record(program, config=config)
    (found,) = seen
    return found


@pytest.fixture(autouse=True)
def no_ambient_kubeconfig(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KUBECONFIG", raising=False)


@pytest.mark.parametrize(
    ("diagnosis", "provider", "config", "found"),
    [
        ({}, None, {}, Connection(None, None)),
        ({}, None, {"kubernetes:context": "prod", "kubernetes:kubeconfig": "/k"}, Connection("/k", "prod")),
        ({}, {"kubeconfig": TEXT, "context": "a"}, {"kubernetes:context": "prod"}, Connection(TEXT, "a")),
        ({"kubeconfig": "/mine", "context": "b"}, {"kubeconfig": TEXT, "context": "a"}, {}, Connection("/mine", "b")),
        ({"kubeconfig": lambda: pulumi.Output.secret(TEXT)}, None, {}, Connection(TEXT, None)),
        # the ambient kubeconfig, like the provider
        ({}, {"context": "a"}, {}, Connection(None, "a")),
        ({"kubeconfig": "/mine"}, {}, {}, Connection("/mine", None)),
        # a stack that renders to files has no cluster
        ({}, None, {"kubernetes:renderYamlToDirectory": "out"}, None),
        # the client takes the cluster of the context
        ({}, None, {"kubernetes:cluster": "other"}, None),
        ({}, {"kubeconfig": TEXT, "cluster": "other"}, {}, None),
        ({"context": "b"}, {"kubeconfig": TEXT, "cluster": "other"}, {}, Connection(TEXT, "b")),
    ],
)
def test_connection_comes_from_diagnosis_then_provider(diagnosis: dict[str, Any], provider: Any, config: dict[str, object], found: Any):
    assert resolve(diagnosis, provider, config) == found


def test_provider_without_inputs_is_unknown():
    """A provider from `Provider.get` has no inputs in the program."""
    seen: list[Any] = []

    def program() -> None:
        found = k8s.Provider("p")
        for key in ("kubeconfig", "context"):
            del found.__dict__[key]
        seen.append(resolve_connection(Component(pulumi.ResourceOptions(providers=[found])), DiagnosisArgs()))

    record(program)
    assert seen == [None]


def test_repr_contains_no_kubeconfig():
    assert "token" not in repr(Connection(TEXT, "a"))


def test_kubeconfig_is_recorded_nowhere():
    def program() -> None:
        secret = pulumi.Output.secret(TEXT)
        NIMService("llama", NIM(secrets=NIMSecrets.keyless(), diagnosis=DiagnosisArgs(kubeconfig=secret, context="a")))

    seen = record(program)
    assert "token-of-nobody" not in str(seen.run)
    assert seen.service("llama").inputs["diagnosis"] == {"context": "a"}
    assert "diagnosis" not in describe_arguments(NIM(secrets=NIMSecrets.keyless()))


def test_kubeconfig_text_as_plain_string_fails():
    with pytest.raises(ValueError, match="must be the path of a kubeconfig, or an Output of its text") as caught:
        DiagnosisArgs(kubeconfig=TEXT)
    assert "token-of-nobody" not in str(caught.value)
