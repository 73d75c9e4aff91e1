"""Comments as a reviewer reads them, each named after what must be learnt from it. `GOLDEN=write` writes them anew: read the diff.

The comments of recorded previews come from the real engine's words; those of renders from the component or from plain objects.
"""

import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from nim_component.review.markdown import render_markdown
from nim_component.review.review import StackReview

from .sources import LORA, SERVICE, compared, deployment, made, objects, one, recorded, services, thing

GOLDEN = Path(__file__).parent / "golden"
THREE = {"replicas": 3, "cache": {"access_mode": "ReadWriteMany", "size": "50Gi"}}
HPA = {"scaleTargetRef": {"kind": "Deployment", "name": "llama"}, "minReplicas": 2, "maxReplicas": 6}
NODE = {"gpu": 8, "generation": "2.x-vllm", "cache": {"access_mode": "ReadWriteMany"}}
ROUTE = {"gateway": "public", "hosts": ["llama.example.com"]}
SCALED = {"max_replicas": 6, "presets": ["queue"]}
OVERRIDES = {
    "deployment": {"spec": {"minReadySeconds": 30, "template": {"spec": {"containers": [{"name": "nim", "stdin": True}]}}}},
    "service": {"metadata": {"annotations": {"team": "search"}}},
}
LWS = {"replicas": 2, "leaderWorkerTemplate": {"size": 4, "workerTemplate": {"spec": deployment()["spec"]["template"]["spec"]}}}


def lws(image: str) -> dict[str, Any]:
    container = {**LWS["leaderWorkerTemplate"]["workerTemplate"]["spec"]["containers"][0], "image": image}
    template = {"size": 4, "workerTemplate": {"spec": {"containers": [container]}}}
    return thing("LeaderWorkerSet", "leaderworkerset.x-k8s.io/v1", {"replicas": 2, "leaderWorkerTemplate": template})


def service(**spec: Any) -> dict[str, Any]:
    return thing("Service", "v1", {"type": "ClusterIP", "selector": {"app": "llama"}, "ports": [{"name": "http", "port": 8000}], **spec})


def claim(size: str, name: str = "llama-cache", **spec: Any) -> dict[str, Any]:
    return thing(
        "PersistentVolumeClaim", "v1", {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": size}}, **spec}, name
    )


CASES: dict[str, Callable[[], StackReview]] = {
    # What the real engine said.
    "the-first-deployment-creates-two-services": lambda: recorded("create"),
    "nothing-changes-is-one-line": lambda: recorded("nothing"),
    "an-image-bump-stops-the-only-replica": lambda: recorded("image"),
    "more-gpus-stop-the-only-replica-and-need-a-larger-node": lambda: recorded("gpus"),
    "more-replicas-need-more-gpus-and-stop-nothing": lambda: recorded("replicas"),
    "one-variable-in-front-is-one-change": lambda: recorded("env-inserted-first"),
    "a-load-balancer-opens-the-model-to-the-outside": lambda: recorded("service-type"),
    "a-disruption-budget-harms-nobody": lambda: recorded("pdb-added"),
    "an-autoscaler-that-drops-replicas-falls-to-one": lambda: recorded("autoscaling-on"),
    "an-adapter-less-deletes-the-deployment-first": lambda: recorded("adapter-removed"),
    "an-adapter-repinned-deletes-the-deployment-first": lambda: recorded("adapter-repinned"),
    "without-adapters-their-models-are-gone": lambda: recorded("adapters-all-removed"),
    "a-larger-cache-restarts-nothing": lambda: recorded("cache-grown"),
    "another-storage-class-loses-the-cache-and-the-deployment": lambda: recorded("cache-class-changed"),
    "another-namespace-moves-the-address-and-needs-gpus-twice": lambda: recorded("namespace-moved"),
    "a-rename-removes-a-service-and-makes-another": lambda: recorded("service-renamed"),
    "a-removed-service-stops-answering": lambda: recorded("service-removed"),
    "a-new-service-needs-gpus": lambda: recorded("service-added"),
    "a-secret-the-stack-makes-itself-is-there-in-time": lambda: recorded("secret-now-created"),
    "a-rotated-secret-restarts-the-pods": lambda: recorded("secret-rotated"),
    "a-missing-secret-fails-the-preview": lambda: recorded("secret-missing"),
    "a-refused-claim-fails-the-preview": lambda: recorded("everything"),
    # The component, rendered twice.
    "with-a-digest-in-its-name-an-adapter-deletes-nothing": lambda: compared(
        one(**LORA), one(**LORA | {"hf_repo_ids": ["my-org/tone@" + "b" * 40]})
    ),
    "three-replicas-restart-one-by-one": lambda: compared(one(**THREE), one(**THREE, image="nvcr.io/nim/meta/llama3-8b-instruct:1.0.3")),
    "a-surge-needs-a-gpu-to-spare": lambda: compared(
        one(**THREE, rollout="surge"), one(**THREE, rollout="surge", image="nvcr.io/nim/meta/llama3-8b-instruct:1.0.3")
    ),
    "another-model-is-not-another-version": lambda: compared(one(), one(image="nvcr.io/nim/mistralai/mistral-7b-instruct:1.0.0")),
    "an-older-version-and-a-moving-tag-are-said": lambda: compared(
        services(a={**SERVICE, "image": "nvcr.io/nim/x:1.2.0"}, b=SERVICE),
        services(a={**SERVICE, "image": "nvcr.io/nim/x:1.1.9"}, b={**SERVICE, "image": "nvcr.io/nim/meta/llama3-8b-instruct:latest"}),
    ),
    "a-port-changes-the-address": lambda: compared(one(), one(port=9000)),
    "another-storage-class-begins-with-an-empty-cache": lambda: compared(one(), one(cache={"storage_class": "fast"})),
    "a-retained-cache-stays": lambda: compared(one(cache={"retain": True}), one(cache={"retain": True, "storage_class": "fast"})),
    "an-empty-dir-forgets-the-model": lambda: compared(
        one(cache={"existing_claim": "models"}), one(cache={"empty_dir": True, "size": "50Gi"})
    ),
    "a-smaller-cache-cannot-be": lambda: compared(one(cache={"size": "50Gi"}), one(cache={"size": "20Gi"})),
    "zero-replicas-answer-nothing": lambda: compared(one(**THREE), one(**THREE | {"replicas": 0})),
    "a-shorter-startup-may-kill-a-slow-model": lambda: compared(one(), one(startup_timeout=300)),
    "another-secret-must-be-there": lambda: compared(
        one(), one(secrets={"ngc_image_secret": "ngc-pull", "ngc_secret_key": "NGC_API_KEY", "ngc_secret_group": "team-keys"})
    ),
    "a-new-key-is-rotated-without-being-shown": lambda: compared(made("nvapi-the-first-key"), made("nvapi-the-second-key")),
    "a-served-name-is-what-clients-ask-for": lambda: compared(one(served_model_name="chat"), one(served_model_name="chat-v2")),
    "what-no-rule-knows-is-still-said": lambda: compared(
        one(), one(node_selector={"pool": "h100"}, priority_class="inference", pod_annotations={"team": "search"})
    ),
    "an-autoscaler-switched-on-keeps-what-runs": lambda: compared(
        one(**THREE), one(cache=THREE["cache"], autoscaling={"min_replicas": 2, "max_replicas": 6, "presets": ["queue"]})
    ),
    "a-network-that-lets-everybody-in-is-told": lambda: compared(
        one(network_policy={"ingress": [{"namespace": "apps"}]}),
        one(network_policy={"ingress": [{"namespace": "apps"}, {"cidr": "0.0.0.0/0"}]}),
    ),
    # Plain objects: what platform programs add, and what the component never does.
    "a-privileged-container-is-told": lambda: compared(
        objects(deployment()), objects(deployment(container={"securityContext": {"privileged": True, "runAsUser": 0}}))
    ),
    "the-order-of-variables-restarts-pods": lambda: compared(
        objects(deployment(container={"env": [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}]})),
        objects(deployment(container={"env": [{"name": "B", "value": "2"}, {"name": "A", "value": "1"}]})),
    ),
    "a-new-selector-deletes-the-deployment-first": lambda: compared(
        objects(deployment()), objects(deployment(spec={"selector": {"matchLabels": {"app": "llama", "v": "2"}}}))
    ),
    "an-autoscaler-fights-a-fixed-number": lambda: compared(
        objects(deployment(spec={"replicas": 2})),
        objects(deployment(spec={"replicas": 2}), thing("HorizontalPodAutoscaler", "autoscaling/v2", HPA)),
    ),
    "an-autoscaler-with-less-room-is-told": lambda: compared(
        objects(deployment(), thing("ScaledObject", "keda.sh/v1alpha1", {**HPA, "minReplicaCount": 1, "maxReplicaCount": 6})),
        objects(deployment(), thing("ScaledObject", "keda.sh/v1alpha1", {**HPA, "minReplicaCount": 0, "maxReplicaCount": 4})),
    ),
    "keda-takes-over-from-an-autoscaler-in-two-steps": lambda: compared(
        one(cache=THREE["cache"], autoscaling=SCALED),
        one(cache=THREE["cache"], autoscaling={**SCALED, "keda": {"prometheus": "http://p:9090"}}),
    ),
    "an-ingress-opens-a-host-without-tls": lambda: compared(
        objects(thing("Ingress", "networking.k8s.io/v1", {"rules": [{"host": "a.example"}], "tls": [{"hosts": ["a.example"]}]})),
        objects(thing("Ingress", "networking.k8s.io/v1", {"rules": [{"host": "a.example"}, {"host": "b.example"}]})),
    ),
    "a-route-moves-clients": lambda: compared(
        objects(thing("HTTPRoute", "gateway.networking.k8s.io/v1", {"hostnames": ["old.example"]})),
        objects(thing("HTTPRoute", "gateway.networking.k8s.io/v1", {"hostnames": ["new.example"]})),
    ),
    "without-a-network-policy-all-may-come-in": lambda: compared(
        objects(deployment(), thing("NetworkPolicy", "networking.k8s.io/v1", {"podSelector": {}, "ingress": []})), objects(deployment())
    ),
    "a-wider-network-policy-lets-more-in": lambda: compared(
        objects(thing("NetworkPolicy", "networking.k8s.io/v1", {"podSelector": {}, "ingress": [{"from": [{"podSelector": {}}]}]})),
        objects(
            thing(
                "NetworkPolicy",
                "networking.k8s.io/v1",
                {"podSelector": {}, "ingress": [{"from": [{"podSelector": {}}]}, {"from": [{"namespaceSelector": {}}]}]},
            )
        ),
    ),
    "a-tight-disruption-budget-blocks-drains": lambda: compared(
        objects(deployment()), objects(deployment(), thing("PodDisruptionBudget", "policy/v1", {"minAvailable": 1}))
    ),
    "a-server-that-outgrows-its-node-is-not-gone-for-good": lambda: compared(one(**NODE), one(**NODE, multi_node={"nodes": 2})),
    "a-group-that-fits-one-node-again-is-not-gone-either": lambda: compared(one(**NODE, multi_node={"nodes": 2}), one(**NODE)),
    "an-override-is-what-it-changes": lambda: compared(one(), one(overrides=OVERRIDES)),
    "an-override-taken-away-is-too": lambda: compared(one(overrides=OVERRIDES), one()),
    "a-speech-server-opens-a-port-and-a-route": lambda: compared(one(), one(grpc_port=50051, grpc_route=ROUTE)),
    "metrics-and-alerts-disturb-nobody": lambda: compared(one(), one(metrics={"dashboard": {}, "alerts": {}})),
    "a-claim-for-devices-rolls-the-pods": lambda: compared(
        one(), one(gpu=0, resource_claims=[{"name": "gpus", "devices": [{"name": "gpu"}]}])
    ),
    "a-proxy-and-authorities-restart-the-pods": lambda: compared(
        one(), one(network={"https_proxy": "http://proxy.example.com:3128", "ca_config_map": "corporate"})
    ),
    "a-pool-leads-the-route-past-the-service": lambda: compared(
        one(http_route=ROUTE), one(http_route=ROUTE, inference_pool={"endpoint_picker": "picker"})
    ),
    "a-group-of-workers-counts-all-its-gpus": lambda: compared(objects(lws("nvcr.io/nim/x:1")), objects(lws("nvcr.io/nim/x:2"))),
    "a-deadline-below-the-startup-fails-rollouts": lambda: compared(
        objects(deployment()), objects(deployment(spec={"progressDeadlineSeconds": 600}))
    ),
    "a-deleted-service-cuts-off-its-clients": lambda: compared(objects(deployment(), service()), objects(deployment())),
    "a-wider-source-range-lets-more-in": lambda: compared(
        objects(service(type="LoadBalancer", loadBalancerSourceRanges=["10.0.0.0/8"])), objects(service(type="LoadBalancer"))
    ),
    "a-job-that-changes-is-replaced": lambda: compared(
        objects(thing("Job", "batch/v1", {"template": {"spec": {"containers": [{"name": "warm", "image": "warm:1"}]}}}, "warm")),
        objects(thing("Job", "batch/v1", {"template": {"spec": {"containers": [{"name": "warm", "image": "warm:2"}]}}}, "warm")),
    ),
    "a-new-stack-is-all-new": lambda: compared(None, one()),
    "a-stack-file-that-goes-destroys-nothing": lambda: compared(one(), None),
    "a-render-that-fails-says-why": lambda: compared(one(), {"error": "NIMService 'llama': mem: must be more than shm_size"}),
}


@pytest.mark.parametrize("name", CASES)
def test_the_comment_says_what_a_reviewer_must_learn(name: str):
    # The digests in generated names are the component's to choose.
    comment = re.sub(r"\b([a-z]+-[a-z]+)-[0-9a-f]{8}\b", r"\1-<digest>", render_markdown([CASES[name]()]))
    file = GOLDEN / f"{name}.md"
    if os.environ.get("GOLDEN") == "write":
        file.parent.mkdir(exist_ok=True)
        file.write_text(comment, encoding="utf-8")
    assert comment == file.read_text(encoding="utf-8")


def test_every_golden_comment_is_tested():
    assert {file.stem for file in GOLDEN.glob("*.md")} == {*CASES}
