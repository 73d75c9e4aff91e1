"""Comments on a pull request, compared with golden files.

`GOLDEN=write` rewrites the files: read the diff.

The changes come from recorded previews of the Pulumi engine, from renders of the component, and
from renders of plain objects.
"""

import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from nim_component.review.findings import RULES
from nim_component.review.stack_review import StackReview
from nim_component.review.views.markdown import render_markdown

from .changes import (
    LORA,
    SERVICE,
    deployment,
    kubernetes_object,
    render_managed_secrets,
    render_objects,
    render_service,
    render_services,
    review_preview,
    review_renders,
)

GOLDEN = Path(__file__).parent / "golden"
THREE = {"replicas": 3, "cache": {"access_mode": "ReadWriteMany", "size": "50Gi"}}
HPA = {"scaleTargetRef": {"kind": "Deployment", "name": "llama"}, "minReplicas": 2, "maxReplicas": 6}
NODE = {"gpu": 8, "generation": "2.x-vllm", "cache": {"access_mode": "ReadWriteMany"}}
ROUTE = {"gateway": "public", "hosts": ["llama.example.com"]}
ROLE = {"eks.amazonaws.com/role-arn": "arn:aws:iam::1:role/nim"}
SCALED = {"max_replicas": 6, "presets": ["queue"]}
LARGE = {"image": "nvcr.io/nim/meta/llama3-70b-instruct:1.0.0", "node_selector": {"nvidia.com/gpu.product": "NVIDIA-H100-80GB-HBM3"}}
TONE = "my-org/tone@" + "a" * 40
TOKEN = {"name": "TOKEN", "valueFrom": {"secretKeyRef": {"name": "keys", "key": "token"}}}
OVERRIDES = {
    "deployment": {"spec": {"minReadySeconds": 30, "template": {"spec": {"containers": [{"name": "nim", "stdin": True}]}}}},
    "service": {"metadata": {"annotations": {"team": "search"}}},
}
LEADER_WORKER_SET = {
    "replicas": 2,
    "leaderWorkerTemplate": {"size": 4, "workerTemplate": {"spec": deployment()["spec"]["template"]["spec"]}},
}


def leader_worker_set(image: str) -> dict[str, Any]:
    container = {**LEADER_WORKER_SET["leaderWorkerTemplate"]["workerTemplate"]["spec"]["containers"][0], "image": image}
    template = {"size": 4, "workerTemplate": {"spec": {"containers": [container]}}}
    return kubernetes_object("LeaderWorkerSet", "leaderworkerset.x-k8s.io/v1", {"replicas": 2, "leaderWorkerTemplate": template})


def service(**spec: Any) -> dict[str, Any]:
    return kubernetes_object(
        "Service", "v1", {"type": "ClusterIP", "selector": {"app": "llama"}, "ports": [{"name": "http", "port": 8000}], **spec}
    )


CASES: dict[str, Callable[[], StackReview]] = {
    # Previews of the Pulumi engine.
    "first-deployment": lambda: review_preview("create"),
    "nothing-changes": lambda: review_preview("nothing"),
    "image-of-only-replica": lambda: review_preview("image"),
    "more-gpus-per-replica": lambda: review_preview("gpus"),
    "more-replicas": lambda: review_preview("replicas"),
    "variable-inserted-first": lambda: review_preview("env-inserted-first"),
    "service-becomes-load-balancer": lambda: review_preview("service-type"),
    "disruption-budget-added": lambda: review_preview("pdb-added"),
    "replicas-removed-for-autoscaler": lambda: review_preview("autoscaling-on"),
    "adapter-removed-from-fixed-name": lambda: review_preview("adapter-removed"),
    "adapter-repinned-in-fixed-name": lambda: review_preview("adapter-repinned"),
    "all-adapters-removed": lambda: review_preview("adapters-all-removed"),
    "cache-grows": lambda: review_preview("cache-grown"),
    "storage-class-of-fixed-name": lambda: review_preview("cache-class-changed"),
    "namespace-changes": lambda: review_preview("namespace-moved"),
    "service-renamed": lambda: review_preview("service-renamed"),
    "service-removed": lambda: review_preview("service-removed"),
    "service-added": lambda: review_preview("service-added"),
    "secret-moves-into-stack": lambda: review_preview("secret-now-created"),
    "secret-rotated-in-preview": lambda: review_preview("secret-rotated"),
    "secret-missing-in-preview": lambda: review_preview("secret-missing"),
    "pvc-rejected-in-preview": lambda: review_preview("everything"),
    # Renders of the component.
    "adapters-of-generated-name": lambda: review_renders(
        render_service(**LORA), render_service(**LORA | {"hf_repo_ids": ["my-org/tone@" + "b" * 40]})
    ),
    "image-of-three-replicas": lambda: review_renders(
        render_service(**THREE), render_service(**THREE, image="nvcr.io/nim/meta/llama3-8b-instruct:1.0.3")
    ),
    "image-with-surge": lambda: review_renders(
        render_service(**THREE, rollout="surge"),
        render_service(**THREE, rollout="surge", image="nvcr.io/nim/meta/llama3-8b-instruct:1.0.3"),
    ),
    "other-model": lambda: review_renders(render_service(), render_service(image="nvcr.io/nim/mistralai/mistral-7b-instruct:1.0.0")),
    "older-version-and-latest-tag": lambda: review_renders(
        render_services(a={**SERVICE, "image": "nvcr.io/nim/x:1.2.0"}, b=SERVICE),
        render_services(
            a={**SERVICE, "image": "nvcr.io/nim/x:1.1.9"}, b={**SERVICE, "image": "nvcr.io/nim/meta/llama3-8b-instruct:latest"}
        ),
    ),
    "service-account-with-token": lambda: review_renders(
        render_service(), render_service(service_account={"annotations": ROLE, "mount_token": True})
    ),
    "service-account-annotations": lambda: review_renders(
        render_service(service_account={"annotations": ROLE}), render_service(service_account={"annotations": ROLE | {"team": "search"}})
    ),
    "service-account-removed": lambda: review_renders(render_service(service_account={"annotations": ROLE}), render_service()),
    "port-changes": lambda: review_renders(render_service(), render_service(port=9000)),
    "storage-class-of-generated-name": lambda: review_renders(render_service(), render_service(cache={"storage_class": "fast"})),
    "storage-class-of-retained-cache": lambda: review_renders(
        render_service(cache={"retain": True}), render_service(cache={"retain": True, "storage_class": "fast"})
    ),
    "cache-moves-to-empty-dir": lambda: review_renders(
        render_service(cache={"existing_claim": "models"}), render_service(cache={"empty_dir": True, "size": "50Gi"})
    ),
    "cache-shrinks": lambda: review_renders(render_service(cache={"size": "50Gi"}), render_service(cache={"size": "20Gi"})),
    "scaled-to-zero": lambda: review_renders(render_service(**THREE), render_service(**THREE | {"replicas": 0})),
    "startup-budget-shortened": lambda: review_renders(render_service(), render_service(startup_timeout=300)),
    "secret-renamed": lambda: review_renders(
        render_service(),
        render_service(secrets={"ngc_image_secret": "ngc-pull", "ngc_secret_key": "NGC_API_KEY", "ngc_secret_group": "team-keys"}),
    ),
    "secret-rotated": lambda: review_renders(render_managed_secrets("nvapi-the-first-key"), render_managed_secrets("nvapi-the-second-key")),
    "served-name-changes": lambda: review_renders(render_service(served_model_name="chat"), render_service(served_model_name="chat-v2")),
    "fields-without-rule": lambda: review_renders(
        render_service(), render_service(node_selector={"pool": "h100"}, priority_class="inference", pod_annotations={"team": "search"})
    ),
    "autoscaler-added": lambda: review_renders(
        render_service(**THREE),
        render_service(cache=THREE["cache"], autoscaling={"min_replicas": 2, "max_replicas": 6, "presets": ["queue"]}),
    ),
    "network-policy-open-to-all": lambda: review_renders(
        render_service(network_policy={"ingress": [{"namespace": "apps"}]}),
        render_service(network_policy={"ingress": [{"namespace": "apps"}, {"cidr": "0.0.0.0/0"}]}),
    ),
    # Renders of plain objects, with changes that the component never makes.
    "privileged-container": lambda: review_renders(
        render_objects(deployment()), render_objects(deployment(container={"securityContext": {"privileged": True, "runAsUser": 0}}))
    ),
    "variables-reordered": lambda: review_renders(
        render_objects(deployment(container={"env": [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}]})),
        render_objects(deployment(container={"env": [{"name": "B", "value": "2"}, {"name": "A", "value": "1"}]})),
    ),
    "selector-changes": lambda: review_renders(
        render_objects(deployment()), render_objects(deployment(spec={"selector": {"matchLabels": {"app": "llama", "v": "2"}}}))
    ),
    "autoscaler-with-fixed-replicas": lambda: review_renders(
        render_objects(deployment(spec={"replicas": 2})),
        render_objects(deployment(spec={"replicas": 2}), kubernetes_object("HorizontalPodAutoscaler", "autoscaling/v2", HPA)),
    ),
    "autoscaler-range-lowered": lambda: review_renders(
        render_objects(
            deployment(), kubernetes_object("ScaledObject", "keda.sh/v1alpha1", {**HPA, "minReplicaCount": 1, "maxReplicaCount": 6})
        ),
        render_objects(
            deployment(), kubernetes_object("ScaledObject", "keda.sh/v1alpha1", {**HPA, "minReplicaCount": 0, "maxReplicaCount": 4})
        ),
    ),
    "keda-replaces-autoscaler": lambda: review_renders(
        render_service(cache=THREE["cache"], autoscaling=SCALED),
        render_service(cache=THREE["cache"], autoscaling={**SCALED, "keda": {"prometheus": "http://p:9090"}}),
    ),
    "ingress-host-without-tls": lambda: review_renders(
        render_objects(
            kubernetes_object("Ingress", "networking.k8s.io/v1", {"rules": [{"host": "a.example"}], "tls": [{"hosts": ["a.example"]}]})
        ),
        render_objects(kubernetes_object("Ingress", "networking.k8s.io/v1", {"rules": [{"host": "a.example"}, {"host": "b.example"}]})),
    ),
    "route-host-changes": lambda: review_renders(
        render_objects(kubernetes_object("HTTPRoute", "gateway.networking.k8s.io/v1", {"hostnames": ["old.example"]})),
        render_objects(kubernetes_object("HTTPRoute", "gateway.networking.k8s.io/v1", {"hostnames": ["new.example"]})),
    ),
    "network-policy-deleted": lambda: review_renders(
        render_objects(deployment(), kubernetes_object("NetworkPolicy", "networking.k8s.io/v1", {"podSelector": {}, "ingress": []})),
        render_objects(deployment()),
    ),
    "network-policy-widened": lambda: review_renders(
        render_objects(
            kubernetes_object("NetworkPolicy", "networking.k8s.io/v1", {"podSelector": {}, "ingress": [{"from": [{"podSelector": {}}]}]})
        ),
        render_objects(
            kubernetes_object(
                "NetworkPolicy",
                "networking.k8s.io/v1",
                {"podSelector": {}, "ingress": [{"from": [{"podSelector": {}}]}, {"from": [{"namespaceSelector": {}}]}]},
            )
        ),
    ),
    "disruption-budget-blocks-drains": lambda: review_renders(
        render_objects(deployment()),
        render_objects(deployment(), kubernetes_object("PodDisruptionBudget", "policy/v1", {"minAvailable": 1})),
    ),
    "deployment-becomes-leader-worker-set": lambda: review_renders(render_service(**NODE), render_service(**NODE, multi_node={"nodes": 2})),
    "leader-worker-set-becomes-deployment": lambda: review_renders(render_service(**NODE, multi_node={"nodes": 2}), render_service(**NODE)),
    "overrides-added": lambda: review_renders(render_service(), render_service(overrides=OVERRIDES)),
    "overrides-removed": lambda: review_renders(render_service(overrides=OVERRIDES), render_service()),
    "pods-stop-earlier": lambda: review_renders(render_service(pre_stop_sleep=20), render_service(pre_stop_sleep=5)),
    "grpc-port-and-route-added": lambda: review_renders(render_service(), render_service(grpc_port=50051, grpc_route=ROUTE)),
    "vertical-autoscaler-added": lambda: review_renders(render_service(), render_service(vertical_autoscaling={"max_mem": "64Gi"})),
    "metrics-and-alerts-added": lambda: review_renders(render_service(), render_service(metrics={"dashboard": {}, "alerts": {}})),
    "resource-claim-replaces-gpus": lambda: review_renders(
        render_service(), render_service(gpu=0, resource_claims=[{"name": "gpus", "devices": [{"name": "gpu"}]}])
    ),
    "proxy-and-authorities-added": lambda: review_renders(
        render_service(), render_service(network={"https_proxy": "http://proxy.example.com:3128", "ca_config_map": "corporate"})
    ),
    "inference-pool-added": lambda: review_renders(
        render_service(http_route=ROUTE), render_service(http_route=ROUTE, inference_pool={"endpoint_picker": "picker"})
    ),
    "image-of-leader-worker-set": lambda: review_renders(
        render_objects(leader_worker_set("nvcr.io/nim/x:1")), render_objects(leader_worker_set("nvcr.io/nim/x:2"))
    ),
    "deadline-below-startup-budget": lambda: review_renders(
        render_objects(deployment()), render_objects(deployment(spec={"progressDeadlineSeconds": 600}))
    ),
    "objects-move-to-other-provider": lambda: review_renders(
        render_objects(deployment(), service(), provider="staging"), render_objects(deployment(), service(), provider="prod")
    ),
    "label-selects-other-policy": lambda: review_renders(
        render_objects(
            deployment(), kubernetes_object("NetworkPolicy", "networking.k8s.io/v1", {"podSelector": {"matchLabels": {"a": "b"}}})
        ),
        render_objects(
            deployment(
                spec={"template": {"metadata": {"labels": {"app": "llama", "a": "b"}}, "spec": deployment()["spec"]["template"]["spec"]}}
            ),
            kubernetes_object("NetworkPolicy", "networking.k8s.io/v1", {"podSelector": {"matchLabels": {"a": "b"}}}),
        ),
    ),
    "protection-removed": lambda: review_renders(render_objects(deployment(), protect=True), render_objects(deployment())),
    "service-with-other-load-balancer-class": lambda: review_renders(
        render_service(service={"type": "LoadBalancer", "load_balancer_class": "example.com/first"}),
        render_service(service={"type": "LoadBalancer", "load_balancer_class": "example.com/other"}),
    ),
    "service-object-deleted": lambda: review_renders(render_objects(deployment(), service()), render_objects(deployment())),
    "source-ranges-removed": lambda: review_renders(
        render_objects(service(type="LoadBalancer", loadBalancerSourceRanges=["10.0.0.0/8"])), render_objects(service(type="LoadBalancer"))
    ),
    "job-replaced": lambda: review_renders(
        render_objects(
            kubernetes_object(
                "Job", "batch/v1", {"template": {"spec": {"containers": [{"name": "prewarm", "image": "prewarm:1"}]}}}, "prewarm"
            )
        ),
        render_objects(
            kubernetes_object(
                "Job", "batch/v1", {"template": {"spec": {"containers": [{"name": "prewarm", "image": "prewarm:2"}]}}}, "prewarm"
            )
        ),
    ),
    "strategy-becomes-recreate": lambda: review_renders(render_service(rollout="rolling"), render_service(rollout="recreate")),
    "adapter-added": lambda: review_renders(
        render_service(**LORA | {"hf_repo_ids": ["my-org/legal@v1"]}), render_service(**LORA | {"hf_repo_ids": ["my-org/legal@v1", TONE]})
    ),
    "autoscaler-removed": lambda: review_renders(
        render_service(cache=THREE["cache"], autoscaling=SCALED), render_service(cache=THREE["cache"], replicas=2)
    ),
    "image-with-letters-that-look-alike": lambda: review_renders(
        render_objects(deployment()), render_objects(deployment(container={"image": "nvcr.io/nim/met\u0430/llama3-8b-instruct:1.0.0"}))
    ),
    "secret-no-longer-read": lambda: review_renders(
        render_objects(deployment(container={"env": [TOKEN]})), render_objects(deployment(container={"env": []}))
    ),
    "name-taken-from-another-service": lambda: review_renders(
        render_services(old={**SERVICE, "service_name": "llama"}), render_services(new={**SERVICE, "service_name": "llama"})
    ),
    "stack-added": lambda: review_renders(None, render_service()),
    "stack-removed": lambda: review_renders(render_service(), None),
    "model-does-not-fit": lambda: review_renders(render_service(**LARGE, gpu=4), render_service(**LARGE, gpu=1)),
    "render-fails": lambda: review_renders(render_service(), {"error": "NIMService 'llama': mem: must be more than shm_size"}),
}


@pytest.mark.parametrize("name", CASES)
def test_comment_equals_golden_file(name: str):
    """Hashes in generated names are replaced: they depend on the component."""
    comment = re.sub(r"\b([a-z]+-[a-z]+)-[0-9a-f]{8}\b", r"\1-<digest>", render_markdown([CASES[name]()]))
    file = GOLDEN / f"{name}.md"
    if os.environ.get("GOLDEN") == "write":
        file.parent.mkdir(exist_ok=True)
        file.write_text(comment, encoding="utf-8")
    assert comment == file.read_text(encoding="utf-8")


def test_every_golden_file_has_a_case():
    assert {file.stem for file in GOLDEN.glob("*.md")} == {*CASES}


WITHOUT_GOLDEN_FILE = {"protected"}
"""Rules about options that no render contains. `test_preview.py` has their cases."""


def test_every_rule_has_a_case():
    found = {finding.rule for case in CASES.values() for finding in case().findings}
    assert RULES.keys() - found == WITHOUT_GOLDEN_FILE
