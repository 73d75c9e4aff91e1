"""Predictions that once were wrong. `tests/engine/test_first_update.py` has the facts."""

from collections.abc import Mapping
from typing import Any

import pytest

from nim_component.review.sentences import plain_text
from nim_component.review.stack_review import StackReview, review

from .changes import (
    SERVICE,
    deployment,
    kubernetes_object,
    preview_of,
    render_objects,
    render_service,
    render_services,
    review_renders,
)

SHARED = {"cache": {"access_mode": "ReadWriteMany"}}
OTHER_IMAGE = "nvcr.io/nim/meta/llama3-8b-instruct:1.0.3"
SCALED = {"max_replicas": 4, "presets": ["queue"]}
JOB = {"template": {"spec": {"containers": [{"name": "prewarm", "image": "prewarm:1"}]}}}


def review_both(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[StackReview]:
    """Return the reviews of both sources: renders, and a preview without unchanged resources."""
    return [review_renders(old, new), review(preview_of(old, new))]


def texts(found: StackReview, *rules: str) -> list[tuple[str, str]]:
    return [(each.severity.value, plain_text((*each.text, " ", *each.consequence))) for each in found.findings if each.rule in rules]


@pytest.mark.parametrize(("kind", "version"), [("Job", "batch/v1"), ("CronJob", "batch/v1")])
def test_deleted_job_stops_no_replica(kind: str, version: str):
    old = render_objects(deployment(), kubernetes_object(kind, version, JOB, "warm"))
    for found in review_both(old, render_objects(deployment())):
        assert texts(found, "deleted") == [
            (
                "notice",
                f"{kind} warm is deleted. Only pods of the Job stop, if it is not complete. Running models are not affected.",
            )
        ]
        assert len(found.findings) == 1


def test_prewarm_off_has_no_warning():
    old, new = render_service(cache={"prewarm": {"all_profiles": True}}), render_service()
    for found in review_both(old, new):
        assert {each.severity.value for each in found.findings} == {"notice"}


def test_retained_objects_of_removed_service_stay():
    old = render_services(a=SERVICE, llama={**SERVICE, "cache": {"retain": True}})
    for found in review_both(old, render_services(a=SERVICE)):
        ((severity, text),) = texts(found, "service-removed")
        deleted, _, stays = text.partition("Stays in the cluster, without the stack: ")
        assert severity == "critical"
        assert "PersistentVolumeClaim" not in deleted
        assert stays.startswith("PersistentVolumeClaim llama-cache-")
        assert stays.endswith("1 replica stops, and no request is answered.")


def test_autoscaling_on_keeps_replicas():
    """The component ignores `replicas` while an autoscaler exists."""
    for found in review_both(render_service(**SHARED, replicas=3), render_service(**SHARED, autoscaling=SCALED)):
        assert texts(found, "replicas", "replicas-dropped", "scaled-to-zero", "autoscaler-conflict") == []
        assert "replicas: 3" not in str(found.findings)


@pytest.mark.parametrize("count", [1, 3])
def test_autoscaling_off_names_fixed_replicas(count: int):
    """The state has the number at creation, and not the present one of the autoscaler."""
    old, new = render_service(**SHARED, autoscaling=SCALED), render_service(**SHARED, replicas=count)
    for found in review_both(old, new):
        assert texts(found, "autoscaler-removed") == [
            (
                "warning",
                "HorizontalPodAutoscaler llama is deleted. The number of replicas no longer follows the load. "
                f"It becomes {count}, the value of `replicas`: if more run, the others stop immediately.",
            )
        ]
        assert [text.partition(".")[0] for _, text in texts(found, "replicas")] == ["`replicas` changes from 1 to 3"] * (count == 3)
        assert "in total" not in str(found.findings)


def test_component_replicas_alone_are_no_finding():
    """A preview without an error contains every change: the arguments predict nothing more."""
    old, new = render_service(replicas=1), render_service(replicas=1)
    for entry in new["resources"]:
        if entry["type"] == "nim:index:NIMService":
            entry["inputs"] = {**entry["inputs"], "replicas": 3}
    for found in review_both(old, new):
        assert texts(found, "replicas") == []


@pytest.mark.parametrize("rollout", ["rolling", "surge", "recreate"])
def test_more_replicas_with_template_load_twice(rollout: str):
    """The Deployment controller first scales the ReplicaSet of the old template."""
    old, new = (render_service(**SHARED, rollout=rollout, **each) for each in ({}, {"replicas": 3, "image": OTHER_IMAGE}))
    for found in review_both(old, new):
        ((severity, text),) = texts(found, "replicas")
        assert severity == "notice"
        assert "first starts 2 more pods of the old template" in text
        assert "5 model loads in total" in text
        assert text.endswith("needs 3.")


STOPS: list[tuple[Any, int, str]] = [
    (90, 1, "up to 90 seconds per stop (the grace period) and 30 minutes per start (the startup budget)."),
    (90, 3, "30 minutes per start (the startup budget), at most 1 hour 35 minutes in total."),
    (None, 1, "up to 30 seconds per stop (the grace period) and 30 minutes per start (the startup budget)."),
    ("soon", 3, "up to the duration of a stop and 30 minutes per start (the startup budget)."),
]
"""Grace period of the old pods, replicas, and the end of the sentence about their restart."""


@pytest.mark.parametrize(("grace", "count", "end"), STOPS)
def test_restart_contains_the_stop_of_old_pods(grace: Any, count: int, end: str):
    """Behind a gateway, an outage begins when the old pods begin to stop."""
    old, new = ({} if seconds is None else {"terminationGracePeriodSeconds": seconds} for seconds in (grace, 15))
    strategy = {"strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 0, "maxUnavailable": 1}}}
    spec = {"replicas": count, **strategy}
    before, after = (render_objects(deployment(pod=pod, spec=spec)) for pod in (old, new))
    ((_, text),) = texts(review_renders(before, after), "downtime", "pods-restart")
    assert text.endswith(end)


@pytest.mark.parametrize(
    ("before", "after"),
    [({}, {"replicas": 3}), ({"replicas": 0}, {"replicas": 3, "image": OTHER_IMAGE}), ({"replicas": 3}, {"image": OTHER_IMAGE})],
)
def test_other_changes_load_once(before: dict[str, Any], after: dict[str, Any]):
    """Without running replicas, no ReplicaSet of the old template is scaled."""
    for found in review_both(render_service(**SHARED, **before), render_service(**SHARED, **after)):
        assert "model loads" not in str(found.findings)


HPA_ON, KEDA_ON = {"autoscaling": SCALED}, {"autoscaling": {**SCALED, "keda": {"prometheus": "http://p:9090"}}}


@pytest.mark.parametrize(("before", "after"), [(HPA_ON, KEDA_ON), (KEDA_ON, HPA_ON)])
def test_other_autoscaler_still_follows_load(before: dict[str, Any], after: dict[str, Any]):
    for found in review_both(render_service(**SHARED, **before), render_service(**SHARED, **after)):
        assert texts(found, "autoscaler-removed") == []
        ((severity, text),) = texts(found, "autoscaler-range")
        assert severity == "notice"
        assert " replaces " in text
        assert "1–4 replicas instead of 1–4, at most 4 GPUs" in text


INGRESS_ON = {"ingress": {"hosts": ["llama.example.com"]}}
ROUTE_ON = {"http_route": {"gateway": "public", "hosts": ["llama.example.com"]}}


@pytest.mark.parametrize(
    ("before", "after", "text"),
    [
        (INGRESS_ON, ROUTE_ON, "HTTPRoute llama takes over llama.example.com from Ingress llama."),
        (ROUTE_ON, INGRESS_ON, "Ingress llama takes over llama.example.com from HTTPRoute llama."),
    ],
)
def test_host_of_other_object_is_not_lost(before: dict[str, Any], after: dict[str, Any], text: str):
    for found in review_both(render_service(**before), render_service(**after)):
        assert texts(found, "url-changed", "exposure-widened") == []
        assert texts(found, "replaced") == [
            (
                "warning",
                f"{text} Clients use the same names. DNS must lead them to the address of the new object before the old one is deleted.",
            )
        ]


def test_host_without_new_owner_is_lost():
    hosts = {"ingress": {"hosts": ["llama.example.com", "old.example.com"]}}
    for found in review_both(render_service(**hosts), render_service(**ROUTE_ON)):
        ((severity, text),) = texts(found, "url-changed")
        assert (severity, text.partition(".")[0]) == ("warning", "Ingress llama no longer exposes old")


def test_route_of_same_gateway_keeps_address():
    def route(name: str) -> dict[str, Any]:
        spec = {"hostnames": ["llama.example.com"], "parentRefs": [{"name": "public"}]}
        return render_objects(kubernetes_object("HTTPRoute", "gateway.networking.k8s.io/v1", spec, name))

    for found in review_both(route("old"), route("new")):
        assert [(each.rule, each.severity.value) for each in found.findings] == [("replaced", "notice")]


def claim_of(render: Mapping[str, Any]) -> str:
    return next(each["inputs"]["metadata"]["name"] for each in render["resources"] if each["type"].endswith(":PersistentVolumeClaim"))


def test_retained_cache_as_existing_claim_is_kept():
    old = render_service(cache={"retain": True})
    for found in review_both(old, render_service(cache={"existing_claim": claim_of(old)})):
        assert texts(found, "cache-lost") == []
        assert texts(found, "deleted") == [
            (
                "notice",
                f"PVC {claim_of(old)} is removed from the stack. It stays in the cluster with its data, and the pods still use it.",
            )
        ]


def test_deleted_cache_as_existing_claim_is_lost():
    old = render_service()
    for found in review_both(old, render_service(cache={"existing_claim": claim_of(old)})):
        ((severity, text),) = texts(found, "cache-lost")
        assert severity == "critical"
        assert text.startswith(f"PVC {claim_of(old)} is deleted, although the pods still use it.")


def test_existing_claim_cannot_be_created_again():
    new = render_service(cache={"retain": True})
    for found in review_both(render_service(cache={"existing_claim": claim_of(new)}), new):
        ((severity, text),) = texts(found, "name-held")
        assert severity == "critical"
        assert text.startswith(f"PVC {claim_of(new)} is created, and the pods already use a PVC of this name.")
        assert texts(found, "cache-lost", "cache-moved") == []


def test_rename_with_same_address_is_no_removal():
    old, new = render_services(llama=SERVICE), render_services(chat={**SERVICE, "service_name": "llama"})
    for found in review_both(old, new):
        assert [(each.rule, each.severity.value, each.service) for each in found.findings] == [("name-held", "critical", "chat")]
        ((_, text),) = texts(found, "name-held")
        assert text.startswith("llama is renamed to chat, with the same Deployment llama, ")
        assert "ends in `already exists`, and llama keeps running under its address." in text


def test_rename_with_other_address_is_a_removal():
    for found in review_both(render_services(llama=SERVICE), render_services(chat=SERVICE)):
        assert {(each.rule, each.service) for each in found.findings} == {
            ("service-removed", "llama"),
            ("service-removed", "chat"),
            ("service-added", "chat"),
        }


REFRESHED = {
    "hf_repo_ids": ["my-org/one@v1", "my-org/old@v1"],
    "lora_adapter_mem": "1Gi",
    "generation": "2.x-vllm",
    "lora": {"refresh_interval": 60, "volume": {}},
    "env": {"NIM_PEFT_SOURCE": "/opt/nim/peft"},
}


def test_refreshed_adapters_need_no_restart():
    changed = {**REFRESHED, "hf_repo_ids": ["my-org/one@v2", "my-org/new@v1"]}
    for found in review_both(render_service(**REFRESHED), render_service(**changed)):
        assert texts(found, "pods-restart", "downtime", "stall-risk") == []
        lists = [(level, text) for level, text in texts(found, "deleted-first", "deleted") if "ConfigMap" in text]
        assert lists == [
            (
                "notice",
                f'ConfigMap llama-{name} is deleted before it is created again (forced by data["list.json"]). '
                "Pods that start in the meantime compare their adapters with the other list.",
            )
            for name in ("lora-current", "lora-next")
        ]
        within = "without a restart, at the latest 60 seconds after the update."
        assert texts(found, "adapter-removed") == [
            ("warning", f"Adapter old is removed (my-org/old@v1). Requests for model old return 404 {within}")
        ]
        assert texts(found, "adapter-added") == [
            ("notice", f"Adapter new is added (my-org/new@v1). A Job downloads it, and running servers load it {within}")
        ]
        ((_, text),) = texts(found, "adapter-repinned")
        assert text.endswith(
            "Requests for it return 404 for up to 3 minutes, until every server unloaded it. "
            "Then the servers load the new version without a restart."
        )


def test_folders_of_a_repository_are_different_adapters():
    old, new = (
        render_service(**REFRESHED | {"hf_repo_ids": [{"repo_id": "my-org/many", "subfolder": each, "name": "one"}, "my-org/many"]})
        for each in ("lora/a", "lora/b")
    )
    for found in review_both(old, new):
        ((_, text),) = texts(found, "adapter-repinned")
        assert text.startswith("Adapter one changes from my-org/many@main lora/a/ to my-org/many@main lora/b/.")
        assert texts(found, "adapter-added", "adapter-removed") == []
    named = render_service(**REFRESHED | {"hf_repo_ids": [{"repo_id": "my-org/many", "subfolder": "lora/b"}, "my-org/many"]})
    for found in review_both(new, named):
        ((_, text),) = texts(found, "adapter-added")
        assert text.startswith("Adapter b is added (my-org/many@main lora/b/).")


def test_moved_service_requires_its_secrets():
    for found in review_both(render_service(), render_service(namespace="other")):
        assert texts(found, "namespace-moved") == [
            (
                "warning",
                "Deployment llama moves from namespace nim to other, and refers to objects that the service does not create: "
                "Secret ngc-pull. They must exist in namespace other first. Otherwise the update fails, or the pods do not start.",
            )
        ]
        assert texts(found, "service-removed", "service-added", "deleted", "created") == []


def test_moved_service_requires_existing_claim():
    old, new = (render_service(cache={"existing_claim": "models"}, namespace=each) for each in ("nim", "other"))
    for found in review_both(old, new):
        ((_, text),) = texts(found, "namespace-moved")
        assert "Secret ngc-pull and PersistentVolumeClaim models." in text


def test_new_loader_is_one_finding():
    lora = {"hf_repo_ids": ["my-org/one@v1"], "lora_adapter_mem": "1Gi", "env": {"NIM_PEFT_SOURCE": "/opt/nim/peft"}}
    services = {name: {**SERVICE, **lora} for name in ("a", "b", "c")}
    old = render_services(**services)
    for entry in old["resources"]:
        if entry["type"].endswith(":ConfigMap"):
            entry["inputs"]["data"] = {**entry["inputs"]["data"], "run.py": "print('an older loader')"}
    for found in review_both(old, render_services(**services)):
        assert texts(found, "code") == [
            (
                "warning",
                "The LoRA loader changes: the pods of 3 services restart (a, b and c). "
                "It is the LoRA loader of the nim_component that made this report. Pods that use it restart.",
            )
        ]


def test_removed_rest_of_failed_creation_stops_nothing():
    """After a rename without alias, the state contains a service without objects."""
    old = render_services(llama=SERVICE, chat={**SERVICE, "service_name": "other"})
    old["resources"] = [each for each in old["resources"] if each["name"] == "chat" or not each["name"].startswith("chat-")]
    for found in review_both(old, render_services(llama=SERVICE)):
        assert texts(found, "service-removed") == [("warning", "The service is removed. ")]
