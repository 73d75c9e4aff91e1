"""Single facts that no golden comment shows."""

from typing import Any

import pytest

from nim_component.review.change import ResourceState
from nim_component.review.matching import compare
from nim_component.review.objects import duration, gpus, rolling, startup_budget
from nim_component.review.review import StackReview
from nim_component.review.values import Redacted, redact_inputs, redact_message

from .sources import compared, deployment, objects, one, thing


def rules(found: StackReview) -> list[tuple[str, str]]:
    return [(each.rule, each.severity.value) for each in found.findings]


def workload(**changes: Any) -> ResourceState:
    return ResourceState(
        "urn:pulumi:a::b::kubernetes:apps/v1:Deployment::c", "kubernetes:apps/v1:Deployment", "c", "", deployment(**changes)
    )


def paths(old: Any, new: Any) -> list[str]:
    return [each.where for each in compare(old, new)]


@pytest.mark.parametrize(
    ("field", "old", "new", "expected"),
    [
        ("env", [{"name": "A", "value": "1"}], [{"name": "B", "value": "2"}, {"name": "A", "value": "1"}], ["env[B]"]),
        ("volumeMounts", [{"name": "v", "mountPath": "/a"}], [{"name": "v", "mountPath": "/a"}, {"name": "v", "mountPath": "/b"}], ["volumeMounts[/b]"]),
        ("ports", [{"containerPort": 1}, {"containerPort": 2}], [{"containerPort": 2}], ["ports[1]"]),
        ("tolerations", [{"key": "a", "value": "x"}], [{"key": "b"}, {"key": "a", "value": "y"}], ["tolerations[a].value", "tolerations[b]"]),
        ("tolerations", [{"key": "a", "effect": "NoSchedule"}, {"key": "a", "effect": "NoExecute"}], [{"key": "a", "effect": "NoExecute"}], ["tolerations[a/NoSchedule]"]),
        ("tolerations", [{"operator": "Exists"}], [{"operator": "Exists"}, {"operator": "Exists", "effect": "NoExecute"}], ["tolerations[1]"]),
        ("env", [{"name": "A", "value": "1"}, {"name": "A", "value": "2"}], [{"name": "A", "value": "2"}], ["env[0]"]),
        ("args", ["a", "b"], ["b", "a"], ["args"]),
        ("accessModes", ["a", "b"], ["b", "a"], []),
        ("x", [1], [True], ["x"]),
    ],
)  # fmt: skip
def test_lists_are_matched_as_kubernetes_matches_them(field: str, old: Any, new: Any, expected: list[str]):
    assert paths({field: old}, {field: new}) == expected
    assert paths({field: old[::-1]}, {field: old}) == ([] if field != "args" else ["args"])


def test_a_small_surge_of_two_replicas_and_percentages():
    assert rolling(workload(), 1) == (1, 0)
    assert rolling(workload(), 4) == (1, 1)
    assert rolling(workload(spec={"strategy": {"type": "Recreate"}}), 4) is None
    assert rolling(workload(spec={"strategy": {"rollingUpdate": {"maxSurge": "50%", "maxUnavailable": "50%"}}}), 3) == (2, 1)


def test_gpus_of_any_vendor_and_slice_count():
    limits = {"nvidia.com/mig-1g.10gb": "2", "amd.com/gpu": 1, "cpu": "4", "nvidia.com/gpu": "x"}
    assert gpus(workload(container={"resources": {"limits": limits}})) == {"nvidia.com/mig-1g.10gb": 2, "amd.com/gpu": 1}


def test_the_startup_budget_holds_the_download_of_adapters():
    assert startup_budget(workload()) == 1800
    loader = {"name": "download-loras", "env": [{"name": "LORA_DEADLINE_SECONDS", "value": "600"}]}
    assert startup_budget(workload(pod={"initContainers": [loader]})) == 2400
    assert startup_budget(workload(container={"startupProbe": None})) is None


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(30, "30 seconds"), (90, "90 seconds"), (1800, "30 minutes"), (3600, "1 hour"), (4200, "1 hour 10 minutes"), (601, "11 minutes")],
)
def test_times_are_said_as_people_say_them(seconds: int, text: str):
    assert duration(seconds) == text


def test_the_same_size_in_another_spelling_is_no_growth():
    claim = thing("PersistentVolumeClaim", "v1", {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}})
    spelled = thing("PersistentVolumeClaim", "v1", {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1024Mi"}}})
    assert rules(compared(objects(claim), objects(spelled))) == []


def test_replicas_dropped_from_many_are_critical_and_ignored_ones_are_not():
    many, none = deployment(spec={"replicas": 3}), deployment()
    del none["spec"]["replicas"]
    assert ("replicas-dropped", "critical") in rules(compared(objects(many), objects(none)))


def test_without_pods_nothing_restarts():
    old, new = (objects(deployment(spec={"replicas": 0}, container={"image": f"x:{tag}"})) for tag in (1, 2))
    assert rules(compared(old, new)) == [("image", "warning"), ("pods-restart", "notice")]


def test_pods_do_not_restart_when_the_template_stays():
    assert rules(compared(objects(deployment()), objects(deployment(spec={"revisionHistoryLimit": 3})))) == [("other", "notice")]


WAITS = {"pulumi.com/waitFor": "condition=Available"}


def annotated(annotations: dict[str, str] | None, **spec: Any) -> dict[str, Any]:
    given = deployment(spec=spec)
    return objects({**given, "metadata": {**given["metadata"], **({} if annotations is None else {"annotations": annotations})}})


def test_what_pulumi_waits_for_restarts_nothing():
    assert rules(compared(annotated(None), annotated(WAITS))) == [("other", "notice")]


@pytest.mark.parametrize(("old", "new"), [(None, WAITS), (WAITS, None), ({"a": "b"}, {"a": "b", **WAITS}), (WAITS, {})])
def test_what_pulumi_waits_for_goes_with_the_strategy(old: Any, new: Any):
    found = compared(annotated(old), annotated(new, strategy={"type": "Recreate"}))
    assert rules(found) == [("rollout-changed", "notice")]


def test_an_annotation_of_the_users_own_is_said_beside_another_strategy():
    found = compared(annotated(None), annotated({"a": "b", **WAITS}, strategy={"type": "Recreate"}))
    assert rules(found) == [("rollout-changed", "notice"), ("other", "notice")]


def test_a_weakness_that_was_there_before_says_nothing():
    weak = {"securityContext": {"privileged": True}}
    found = compared(objects(deployment(container=weak)), objects(deployment(container={**weak, "image": "y:1"})))
    assert "security-weakened" not in [rule for rule, _ in rules(found)]


def test_the_nodes_network_and_files_are_critical_and_a_warning():
    host = {"hostNetwork": True, "volumes": [{"name": "h", "hostPath": {"path": "/"}}]}
    (found,) = [
        each for each in compared(objects(deployment()), objects(deployment(pod=host))).findings if each.rule == "security-weakened"
    ]
    assert "".join(found.text) == "The pod shares the node's network namespace; has a directory of the node."
    assert found.severity.value == "critical"


def test_a_claim_that_moves_has_one_finding_for_its_loss():
    found = rules(compared(one(), one(cache={"storage_class": "fast"})))
    assert [rule for rule, _ in found] == ["cache-lost", "downtime"]


@pytest.mark.parametrize(("before", "rule"), [(None, "created"), ("a", "replaced")])
def test_an_update_waits_for_the_job_that_fills_the_cache(before: str | None, rule: str):
    def warmed(profile: str | None) -> dict[str, Any]:
        return one(cache={"access_mode": "ReadWriteMany", **({"prewarm": {"profiles": [profile]}} if profile else {})})

    (found,) = [each for each in compared(warmed(before), warmed("b")).findings if each.rule == rule]
    assert found.severity.value == "notice"
    assert "".join(found.consequence) == (
        "The update waits until it is done, 1 hour 10 minutes at most, and so does a rollout that depends on it."
    )


def test_what_a_job_downloads_is_not_what_the_server_is_told():
    old, new = (one(cache={"access_mode": "ReadWriteMany", "prewarm": {"profiles": [each]}}) for each in "ab")
    (found,) = [each for each in compared(old, new).findings if each.rule == "model"]
    assert "".join(found.text) == "The Job's args change: --profiles a become --profiles b."


def test_a_group_of_another_size_is_deleted_first():
    group = {"gpu": 8, "generation": "2.x-vllm", "cache": {"access_mode": "ReadWriteMany"}}
    found = rules(compared(one(**group, multi_node={"nodes": 2}), one(**group, multi_node={"nodes": 4})))
    assert ("deleted-first", "critical") in found
    assert ("gpus", "warning") in found


def test_an_alias_of_the_old_name_changes_nothing_in_the_cluster():
    import pulumi

    from nim_component import NIM, NIMService

    from .sources import SERVICE, render_program

    def program(name: str, options: pulumi.ResourceOptions | None) -> Any:
        return lambda: NIMService(name, NIM(**SERVICE, service_name="old"), options)

    before = render_program(program("old", None))
    after = render_program(program("new", pulumi.ResourceOptions(aliases=[pulumi.Alias(name="old")])))
    assert [
        (change.subject.kind, change.operation)
        for each in compared(before, after).change.services
        for change in each.changes
        if change.happens
    ] == []
    without = render_program(program("new", None))
    assert [rule for rule, _ in rules(compared(before, without))][:1] == ["service-removed"]


@pytest.mark.parametrize(
    "text",
    [
        "nvapi-abcdefghij",
        "hf_abcdefghij",
        "https://me:secretword@host/x",
        "curl -H 'Authorization: Bearer abcdefghijk'",
        '{"auth": "bWU6c2VjcmV0"}',
        "--x token=abcdefg",
        "AKIAABCDEFGHIJKLMNOP",
        "-----BEGIN RSA PRIVATE KEY-----\nabc\n-----END RSA PRIVATE KEY-----",
    ],
)
def test_what_looks_like_a_credential_is_never_kept(text: str):
    assert "[secret]" in redact_message(text)
    for word in ("abcdefghij", "secretword", "bWU6c2VjcmV0", "ABCDEFGHIJKLMNOP", "\nabc\n"):
        assert word not in redact_message(text)


@pytest.mark.parametrize(
    "text", ["nvcr.io/nim/meta/llama3:1.0", "NIM_MAX_TOKENS=5", "http://llama.nim.svc:8000", "my-org/hf_adapter", "max-tokens=4096"]
)
def test_ordinary_texts_stay_as_they_are(text: str):
    assert redact_message(text) == text


def test_only_variables_named_like_credentials_are_hidden():
    env = [{"name": "NIM_MAX_TOKENS", "value": "5"}, {"name": "MY_TOKEN", "value": "x"}, {"name": "NGC_API_KEY", "value": "$(_FSEC_KEY)"}]
    cleaned = redact_inputs("kubernetes:apps/v1:Deployment", {"env": env})["env"]
    assert [isinstance(each["value"], Redacted) for each in cleaned] == [False, True, False]
