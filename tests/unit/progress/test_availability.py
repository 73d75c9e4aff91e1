"""Conditions under which the resources of a service have progress hooks."""

import re
from typing import Any

import pulumi
import pytest

from nim_component import NIM, AdapterVolume, CacheArgs, DiagnosisArgs, LoRAArgs, MultiNodeArgs, NIMSecrets, NIMService, PrewarmArgs
from nim_component.diagnose.progress import availability, hooks
from nim_component.testing import record

REFRESHED = LoRAArgs(volume=AdapterVolume(), refresh_interval=30)
BIND_HOOKS = "nim_component.diagnose.progress.hooks.bind_hooks"


def test_mocked_run_creates_no_hooks(monkeypatch: pytest.MonkeyPatch):
    created: list[Any] = []
    monkeypatch.setattr(hooks, "ProgressHooks", created.append)
    for preview in (True, False):
        record(lambda: NIMService("llama", NIM(secrets=NIMSecrets.keyless())), preview=preview)
    assert created == []
    assert not availability.can_report_progress()


def test_disabled_diagnosis_creates_no_hooks(monkeypatch: pytest.MonkeyPatch):
    calls: list[str] = []
    monkeypatch.setattr(availability, "can_report_progress", lambda: True)
    monkeypatch.setattr("nim_component.component.service.can_report_progress", lambda: True)
    monkeypatch.setattr(BIND_HOOKS, lambda *given: calls.append(":".join(given[1:3])))
    monkeypatch.setattr("nim_component.component.final_look.compare_after_update", lambda *_: calls.append("comparison"))
    for enabled in (False, True):
        diagnosis = DiagnosisArgs(enabled=enabled)
        record(lambda given=diagnosis: NIMService("llama", NIM(secrets=NIMSecrets.keyless(), diagnosis=given)))
        assert calls == (["kubernetes:apps/v1:Deployment:llama-deployment", "comparison"] if enabled else [])


def test_progress_without_kubernetes_client_is_unavailable(monkeypatch: pytest.MonkeyPatch):
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
def test_awaited_resources_have_hooks(monkeypatch: pytest.MonkeyPatch, fields: dict[str, Any], hooked: list[str]):
    requested: list[str] = []
    given: list[str] = []
    binding = pulumi.ResourceHookBinding(before_create=[lambda _: None])

    def bind_hooks(_component: Any, type_: str, child: str, _nim: NIM, limits: tuple[int, int]) -> Any:
        assert (limits == (0, 0)) == ("Job" in type_)
        requested.append(f"{type_}:{child}")
        return binding

    def look(args: pulumi.ResourceTransformationArgs) -> None:
        if args.opts.hooks is not None and args.opts.hooks.before_create == binding.before_create:
            given.append(f"{args.type_}:{args.name}")
        args.opts.hooks = None  # mocks do not support hooks

    def program() -> None:
        NIMService("llama", NIM(secrets=NIMSecrets.keyless(), **fields), pulumi.ResourceOptions(transformations=[look]))

    monkeypatch.setattr(availability, "can_report_progress", lambda: True)
    monkeypatch.setattr(BIND_HOOKS, bind_hooks)
    monkeypatch.setattr("nim_component.component.service.can_report_progress", lambda: False)
    record(program)
    assert requested == given
    assert [re.sub(r"-[0-9a-f]{8}$", "", each) for each in requested] == [f"kubernetes:{each}" for each in hooked]


def test_engine_without_hooks_makes_progress_unavailable(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("pulumi.runtime.is_dry_run", lambda: False)
    monkeypatch.setattr("pulumi.runtime.settings.get_monitor", lambda: None)
    engine: dict[str, Any] = {"feature": lambda _: False}
    monkeypatch.setattr("pulumi.runtime.settings.monitor_supports_feature", lambda feature: engine["feature"](feature))
    assert availability.can_report_progress() is False
    engine["feature"] = lambda _: True
    assert availability.can_report_progress() is True

    def unknown(_: Any) -> bool:
        raise TypeError

    engine["feature"] = unknown
    assert availability.can_report_progress() is False
