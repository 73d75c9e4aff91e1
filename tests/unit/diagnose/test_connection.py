"""Which cluster is read, and where nothing is: a kubeconfig goes from the program to the reader, and into nothing that is recorded."""

from typing import Any

import pulumi
import pulumi_kubernetes as k8s
import pytest

from nim_component import NIM, AdapterVolume, CacheArgs, DiagnosisArgs, LoRAArgs, MultiNodeArgs, NIMSecrets, NIMService, PrewarmArgs
from nim_component.args.late import describe
from nim_component.cluster.connection import Connection, resolve_connection
from nim_component.diagnose.progress import availability, hooks
from nim_component.testing import record

REFRESHED = LoRAArgs(volume=AdapterVolume(), refresh_interval=30)
TEXT = "apiVersion: v1\nusers: [{user: {token: token-of-nobody}}]\n"


class Component(pulumi.ComponentResource):
    """Somebody's."""

    def __init__(self, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("test:index:Component", "c", {}, opts)


def connected(diagnosis: dict[str, Any], provider: dict[str, Any] | None = None, config: dict[str, object] | None = None) -> Any:
    """What it resolves to; "unknown" where nothing is known at once."""
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
def ambient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KUBECONFIG", raising=False)


@pytest.mark.parametrize(
    ("diagnosis", "provider", "config", "found"),
    [
        ({}, None, {}, Connection(None, None)),
        ({}, None, {"kubernetes:context": "prod", "kubernetes:kubeconfig": "/k"}, Connection("/k", "prod")),
        ({}, {"kubeconfig": TEXT, "context": "a"}, {"kubernetes:context": "prod"}, Connection(TEXT, "a")),
        ({"kubeconfig": "/mine", "context": "b"}, {"kubeconfig": TEXT, "context": "a"}, {}, Connection("/mine", "b")),
        ({"kubeconfig": lambda: pulumi.Output.secret(TEXT)}, None, {}, Connection(TEXT, None)),
        # as the provider itself does: the ambient kubeconfig
        ({}, {"context": "a"}, {}, Connection(None, "a")),
        ({"kubeconfig": "/mine"}, {}, {}, Connection("/mine", None)),
        # files are written: there is no cluster
        ({}, None, {"kubernetes:renderYamlToDirectory": "out"}, None),
    ],
)
def test_the_cluster_of_the_service_is_read(diagnosis: dict[str, Any], provider: Any, config: dict[str, object], found: Any):
    assert connected(diagnosis, provider, config) == found


def test_a_provider_that_was_only_looked_up_says_nothing():
    seen: list[Any] = []

    def program() -> None:
        found = k8s.Provider("p")
        for part in ("kubeconfig", "context"):
            del found.__dict__[part]
        seen.append(resolve_connection(Component(pulumi.ResourceOptions(providers=[found])), DiagnosisArgs()))

    record(program)
    assert seen == [None]


def test_a_kubeconfig_is_not_shown():
    assert "token" not in repr(Connection(TEXT, "a"))


def test_a_kubeconfig_is_recorded_nowhere():
    def program() -> None:
        secret = pulumi.Output.secret(TEXT)
        NIMService("llama", NIM(secrets=NIMSecrets.keyless(), diagnosis=DiagnosisArgs(kubeconfig=secret, context="a")))

    seen = record(program)
    assert "token-of-nobody" not in str(seen.run)
    assert seen.service("llama").inputs["diagnosis"] == {"context": "a"}
    assert "diagnosis" not in describe(NIM(secrets=NIMSecrets.keyless()))


def test_a_kubeconfigs_text_in_the_clear_is_refused():
    with pytest.raises(ValueError, match="must be the path of a kubeconfig, or an Output of its text") as caught:
        DiagnosisArgs(kubeconfig=TEXT)
    assert "token-of-nobody" not in str(caught.value)


def test_there_are_no_hooks_under_mocks(monkeypatch: pytest.MonkeyPatch):
    made: list[Any] = []
    monkeypatch.setattr(hooks, "ProgressHooks", made.append)
    for preview in (True, False):
        record(lambda: NIMService("llama", NIM(secrets=NIMSecrets.keyless())), preview=preview)
    assert made == []
    assert not availability.can_report_progress()


def test_there_are_no_hooks_without_the_client_or_where_they_are_turned_off(monkeypatch: pytest.MonkeyPatch):
    asked: list[str] = []
    monkeypatch.setattr(availability, "can_report_progress", lambda: True)
    monkeypatch.setattr("nim_component.component.service.can_report_progress", lambda: True)
    monkeypatch.setattr("nim_component.diagnose.progress.hooks.bind_hooks", lambda *given: asked.append(":".join(given[1:3])))
    monkeypatch.setattr("nim_component.diagnose.progress.model_comparison.compare_models", lambda *_: asked.append("models"))
    for enabled in (False, True):
        diagnosis = DiagnosisArgs(enabled=enabled)
        record(lambda given=diagnosis: NIMService("llama", NIM(secrets=NIMSecrets.keyless(), diagnosis=given)))
        assert asked == (["kubernetes:apps/v1:Deployment:llama-deployment", "models"] if enabled else [])
    monkeypatch.undo()
    monkeypatch.setattr(availability, "is_installed", lambda: False)
    monkeypatch.setattr("pulumi.runtime.settings.get_monitor", lambda: None)
    assert availability.can_report_progress() is False


@pytest.mark.parametrize(
    ("fields", "hooked"),
    [
        ({"cache": CacheArgs(prewarm=PrewarmArgs(all_profiles=True))}, ["batch/v1:Job:llama-warm", "apps/v1:Deployment:llama-deployment"]),
        (
            {"hf_repo_ids": ["org/one"], "lora_adapter_mem": "2Gi", "env": {"NIM_PEFT_SOURCE": "/opt/nim/peft"}, "lora": REFRESHED},
            ["batch/v1:Job:llama-lora-job", "apps/v1:Deployment:llama-deployment"],
        ),
        (
            {"gpu": 8, "multi_node": MultiNodeArgs(nodes=2), "cache": CacheArgs(access_mode="ReadWriteMany")},
            ["leaderworkerset.x-k8s.io/v1:LeaderWorkerSet:llama-group"],
        ),
    ],
)
def test_whatever_is_waited_for_has_hooks(monkeypatch: pytest.MonkeyPatch, fields: dict[str, Any], hooked: list[str]):
    asked: list[str] = []
    given: list[str] = []
    binding = pulumi.ResourceHookBinding(before_create=[lambda _: None])

    def bind_hooks(_component: Any, type_: str, child: str, _nim: NIM) -> Any:
        asked.append(f"{type_}:{child}")
        return binding

    def look(args: pulumi.ResourceTransformationArgs) -> None:
        if args.opts.hooks is not None and args.opts.hooks.before_create == binding.before_create:
            given.append(f"{args.type_}:{args.name}")
        args.opts.hooks = None  # mocks know none

    def program() -> None:
        NIMService("llama", NIM(secrets=NIMSecrets.keyless(), **fields), pulumi.ResourceOptions(transformations=[look]))

    monkeypatch.setattr(availability, "can_report_progress", lambda: True)
    monkeypatch.setattr("nim_component.diagnose.progress.hooks.bind_hooks", bind_hooks)
    monkeypatch.setattr("nim_component.component.service.can_report_progress", lambda: False)
    record(program)
    assert asked == given == [f"kubernetes:{each}" for each in hooked]


def test_an_engine_without_hooks_makes_it_silent(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("pulumi.runtime.is_dry_run", lambda: False)
    monkeypatch.setattr("pulumi.runtime.settings.get_monitor", lambda: None)
    has: dict[str, Any] = {"feature": lambda _: False}
    monkeypatch.setattr("pulumi.runtime.settings.monitor_supports_feature", lambda feature: has["feature"](feature))
    assert availability.can_report_progress() is False
    has["feature"] = lambda _: True
    assert availability.can_report_progress() is True

    def unknown(_: Any) -> bool:
        raise TypeError

    has["feature"] = unknown
    assert availability.can_report_progress() is False
