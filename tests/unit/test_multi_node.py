"""Multi-node services: leaders, workers, and equality with a single-node service."""

from typing import Any

import pulumi
import pytest

from nim_component import ArgumentError, MultiNodeArgs, NetworkArgs
from nim_component.testing import (
    CONFIG_MAP,
    DEPLOYMENT,
    LEADER_WORKER_SET,
    NETWORK_POLICY,
    POD_MONITOR,
    PROMETHEUS_RULE,
    SERVICE,
    Recording,
    record,
)

from ..logical_names import logical_names
from .seed import LORA, SHARED, recorded, serve

MEMBERS = {
    "matchLabels": {"app.kubernetes.io/instance": "llama"},
    "matchExpressions": [{"key": "app.kubernetes.io/name", "operator": "In", "values": ["nim", "nim-worker"]}],
}
INDEX = "leaderworkerset.sigs.k8s.io/worker-index"


def multi_node(nodes: int = 2, more: dict[str, Any] | None = None, **fields: Any) -> Recording:
    args = MultiNodeArgs(nodes=nodes, **(more or {}))
    return recorded(**{"multi_node": args, "gpu": 8, "cache": SHARED, "generation": "2.x-vllm", **fields})


def spec_of(seen: Recording) -> dict[str, Any]:
    return seen.child("llama", LEADER_WORKER_SET).inputs["spec"]


def pods_of(seen: Recording) -> tuple[dict[str, Any], dict[str, Any]]:
    template = spec_of(seen)["leaderWorkerTemplate"]
    return template["leaderTemplate"]["spec"], template["workerTemplate"]["spec"]


def servers_of(seen: Recording) -> tuple[dict[str, Any], dict[str, Any]]:
    leader, worker = pods_of(seen)
    return leader["containers"][0], worker["containers"][0]


def env_of(container: dict[str, Any]) -> dict[str, Any]:
    return {each["name"]: each.get("value", each.get("valueFrom")) for each in container["env"]}


def test_leader_worker_set_without_pods_is_exact():
    seen = multi_node(nodes=3, more={"pipeline_parallel": 3}, replicas=2)
    spec = dict(spec_of(seen))
    template = dict(spec.pop("leaderWorkerTemplate"))
    assert spec == {
        "replicas": 2,
        "startupPolicy": "LeaderCreated",
        "rolloutStrategy": {"type": "RollingUpdate", "rollingUpdateConfiguration": {"maxSurge": 0, "maxUnavailable": 1}},
    }
    assert (template.pop("size"), template.pop("restartPolicy")) == (3, "RecreateGroupOnPodRestart")
    assert template.keys() == {"leaderTemplate", "workerTemplate"}
    metadata = seen.child("llama", LEADER_WORKER_SET).inputs["metadata"]
    assert metadata["name"] == "llama-group"
    assert metadata["annotations"] == {"pulumi.com/waitFor": "condition=Available"}


def test_leader_worker_set_replaces_deployment():
    seen = multi_node()
    assert seen.find(DEPLOYMENT) == []
    options = seen.child("llama", LEADER_WORKER_SET).options
    assert options.custom_timeouts.create == options.custom_timeouts.update == seen.child("llama", SERVICE).options.custom_timeouts.create
    assert "llama-cache" in logical_names(options.dependencies)


def test_service_selects_leaders_as_on_one_node():
    # The selectors are equal, so clients reach running pods while a Deployment becomes a
    # LeaderWorkerSet, and back.
    seen = multi_node()
    service = seen.child("llama", SERVICE).inputs
    assert service == recorded(gpu=8, cache=SHARED, generation="2.x-vllm").child("llama", SERVICE).inputs
    selector = service["spec"]["selector"]
    template = spec_of(seen)["leaderWorkerTemplate"]
    assert selector.items() <= template["leaderTemplate"]["metadata"]["labels"].items()
    worker = template["workerTemplate"]["metadata"]["labels"]
    assert (worker["app.kubernetes.io/name"], worker["app.kubernetes.io/instance"]) == ("nim-worker", "llama")


def test_spread_counts_leaders_and_workers_separately():
    spread = {"maxSkew": 1, "topologyKey": "zone", "whenUnsatisfiable": "DoNotSchedule"}
    own = {**spread, "topologyKey": "rack", "labelSelector": {"matchLabels": {"a": "b"}}}
    for pod, name in zip(pods_of(multi_node(topology_spread=[spread, own])), ("nim", "nim-worker"), strict=True):
        counted = [each["labelSelector"]["matchLabels"] for each in pod["topologySpreadConstraints"]]
        assert counted == [{"a": "b"}, {"app.kubernetes.io/name": name, "app.kubernetes.io/instance": "llama"}]


def test_budget_selects_leaders_and_workers():
    budget = multi_node(replicas=2, disruption_budget={}).child("llama", "kubernetes:policy/v1:PodDisruptionBudget").inputs["spec"]
    assert budget["selector"] == MEMBERS


class TestPods:
    def test_leader_differs_from_single_server_in_these(self):
        leader, _ = pods_of(multi_node())
        alone = recorded(gpu=8, cache=SHARED, generation="2.x-vllm").pod("llama")
        server, other = leader["containers"][0], alone["containers"][0]
        assert {key: value for key, value in leader.items() if key != "containers"} == {
            key: value for key, value in alone.items() if key != "containers"
        }
        assert {key for key in server if server[key] != other.get(key)} == {"args", "env", "ports"}

    def test_generation_2_uses_ray(self):
        leader, worker = servers_of(multi_node(more={"ray_port": 7000}))
        assert leader["args"] == ["nim-serve-ray", "--head", "--port", "7000"]
        assert worker["args"] == ["nim-serve-ray", "--head-address", "$(LWS_LEADER_ADDRESS):7000"]
        for each in (leader, worker):
            assert each["ports"][-1] == {"name": "ray", "containerPort": 7000, "protocol": "TCP"}

    def test_worker_is_probed_by_ray_only(self):
        _, worker = servers_of(multi_node(startup_timeout=600))
        assert worker["startupProbe"] == {
            "exec": {"command": ["ray", "status"]},
            "periodSeconds": 10,
            "timeoutSeconds": 10,
            "failureThreshold": 60,
        }
        assert not {"readinessProbe", "livenessProbe"} & worker.keys()

    def test_generation_1_uses_environment_only(self):
        leader, worker = servers_of(multi_node(generation="1.x"))
        for each in (leader, worker):
            assert "args" not in each
            assert [port["name"] for port in each["ports"]] == ["http"]
        assert "startupProbe" in leader and "startupProbe" not in worker

    def test_rank_and_role_are_in_environment(self):
        leader, worker = map(env_of, servers_of(multi_node(nodes=2)))
        for each in (leader, worker):
            assert (each["NIM_MULTI_NODE"], each["NIM_NUM_COMPUTE_NODES"]) == ("1", "2")
            assert (each["NIM_TENSOR_PARALLEL_SIZE"], each["NIM_PIPELINE_PARALLEL_SIZE"]) == ("8", "2")
            assert each["NIM_NODE_RANK"] == {"fieldRef": {"fieldPath": f"metadata.labels['{INDEX}']"}}
        assert (leader["NIM_LEADER_ROLE"], worker["NIM_LEADER_ROLE"]) == ("1", "0")

    def test_pipeline_parallel_may_use_all_gpus(self):
        leader, _ = map(env_of, servers_of(multi_node(more={"tensor_parallel": 16, "pipeline_parallel": 1})))
        assert (leader["NIM_TENSOR_PARALLEL_SIZE"], leader["NIM_PIPELINE_PARALLEL_SIZE"]) == ("16", "1")

    def test_leader_and_worker_share_volumes_and_security(self):
        for pod in pods_of(multi_node(**LORA)):
            assert [each["name"] for each in pod["initContainers"]] == ["download-loras"]
            assert pod["containers"][0]["resources"]["limits"]["nvidia.com/gpu"] == "8"
            assert pod["containers"][0]["securityContext"]["capabilities"] == {"drop": ["ALL"]}
            assert {"cache", "dshm", "lora"} <= {each["name"] for each in pod["volumes"]}

    def test_no_proxy_contains_namespace(self):
        leader, _ = map(env_of, servers_of(multi_node(namespace="nim", network=NetworkArgs(https_proxy="http://p:1"))))
        assert leader["NO_PROXY"].split(",")[-1] == ".nim"

    def test_all_keys_are_in_yaml_form(self):
        def keys(value: Any) -> set[str]:
            if isinstance(value, dict):
                return {*value, *(key for each in value.values() for key in keys(each))}
            return {key for each in value for key in keys(each)} if isinstance(value, list) else set()

        seen = multi_node(**LORA, extra_containers=[{"name": "p", "image": "p:1", "image_pull_policy": "Always"}])
        assert [key for key in keys(spec_of(seen)) if "_" in key] == []


class TestWithOtherOptionSets:
    def test_network_policy_allows_all_ports_between_members(self):
        # Ray and NCCL choose ports at start. With the server's port alone, a node group never
        # becomes ready.
        policy = {"ingress": [{"namespace": "apps"}], "internet": False, "dns": []}
        filled = {"existing_claim": "models"}
        spec = multi_node(network_policy=policy, cache=filled).child("llama", NETWORK_POLICY).inputs["spec"]
        assert spec["podSelector"] == MEMBERS
        assert spec["ingress"][1:] == [{"from": [{"podSelector": MEMBERS}]}]
        assert spec["egress"] == [{"to": [{"podSelector": MEMBERS}]}]
        alone = recorded(network_policy=policy, cache=filled).child("llama", NETWORK_POLICY).inputs["spec"]
        assert (len(alone["ingress"]), alone["egress"]) == (1, [])

    def test_jobs_are_not_members_of_node_group(self):
        cache = {"access_mode": "ReadWriteMany", "prewarm": {"profiles": ["a"]}}
        mirror = {"cidr": "10.0.0.5/32", "ports": [443]}
        seen = multi_node(cache=cache, network_policy={"ingress": [], "internet": False, "dns": [], "egress": [mirror]})
        (rule,) = seen.children("llama")["llama-network-policy-jobs"].inputs["spec"]["egress"]
        assert rule["to"] == [{"ipBlock": {"cidr": "10.0.0.5/32"}}]

    def test_monitors_select_leaders_only(self):
        monitor = multi_node(metrics={"monitor": {"kind": "PodMonitor"}}).child("llama", POD_MONITOR).inputs["spec"]
        assert monitor["selector"]["matchLabels"]["app.kubernetes.io/name"] == "nim"
        template = spec_of(multi_node(metrics={"monitor": None, "scrape_annotations": True}))["leaderWorkerTemplate"]
        assert template["leaderTemplate"]["metadata"]["annotations"]["prometheus.io/scrape"] == "true"
        assert not template["workerTemplate"]["metadata"].get("annotations")

    def test_alert_compares_with_desired_leaders(self):
        rules = multi_node(metrics={"alerts": {}}).child("llama", PROMETHEUS_RULE).inputs["spec"]["groups"][0]["rules"]
        assert rules[0]["expr"].endswith('and on() sum(kube_statefulset_replicas{namespace="default",statefulset="llama-group"}) > 0')

    def test_dashboard_counts_leaders(self):
        (text,) = multi_node(metrics={"dashboard": {}}).child("llama", CONFIG_MAP).inputs["data"].values()
        assert "kube_deployment" not in text
        for name in ("kube_statefulset_replicas", "kube_statefulset_status_replicas_available"):
            assert f'{name}{{namespace=\\"default\\",statefulset=\\"llama-group\\"}}' in text


class TestOptions:
    def test_surge_rollout_is_rendered(self):
        strategy = spec_of(multi_node(rollout="surge"))["rolloutStrategy"]["rollingUpdateConfiguration"]
        assert strategy == {"maxSurge": 1, "maxUnavailable": 0}

    def test_zero_replicas_skip_wait(self):
        assert "annotations" not in multi_node(replicas=0).child("llama", LEADER_WORKER_SET).inputs["metadata"]

    def test_changed_nodes_delete_before_replace(self):
        options = multi_node().child("llama", LEADER_WORKER_SET).options
        assert list(options.replace_on_changes) == ["spec.leaderWorkerTemplate.size"]
        assert options.delete_before_replace

    def test_overrides_apply_to_group_only(self):
        policy = {"group": {"spec": {"networkConfig": {"subdomainPolicy": "UniquePerReplica"}}}}
        assert spec_of(multi_node(overrides=policy))["networkConfig"] == {"subdomainPolicy": "UniquePerReplica"}
        with pytest.raises(ValueError, match=r"overrides\.deployment: unknown object\. This service creates: group, service, cache"):
            multi_node(overrides={"deployment": {"spec": {}}})

    @pytest.mark.parametrize("template", ["leaderTemplate", "workerTemplate"])
    def test_selector_labels_cannot_be_overridden(self, template: str):
        patch = {"metadata": {"labels": {"app.kubernetes.io/name": "mine"}}}
        with pytest.raises(
            ValueError, match=rf"overrides\.group\.spec\.leaderWorkerTemplate\.{template}\.metadata\.labels.*cannot be overridden"
        ):
            multi_node(overrides={"group": {"spec": {"leaderWorkerTemplate": {template: patch}}}})

    def test_workload_is_leader_worker_set(self):
        def program() -> None:
            service = serve(multi_node={"nodes": 2}, cache=SHARED)
            assert service.leader_worker_set is service.workload
            assert service.deployment is None

        record(program)

    def test_output_access_mode_is_validated_late(self):
        def program() -> None:
            cache = {"access_mode": pulumi.Output.from_input("ReadWriteOnce")}
            serve(multi_node={"nodes": 2}, gpu=8, generation="2.x-vllm", cache=cache)

        with pytest.raises(Exception, match=r"cache\.access_mode: must be ReadWriteMany with multi_node \(got 'ReadWriteOnce'\)"):
            record(program)

    def test_parallel_sizes_with_resource_claims(self):
        claims = [{"name": "gpus", "template": "eight"}]
        leader, _ = map(env_of, servers_of(multi_node(gpu=0, resource_claims=claims, more={"tensor_parallel": 8})))
        assert (leader["NIM_TENSOR_PARALLEL_SIZE"], leader["NIM_PIPELINE_PARALLEL_SIZE"]) == ("8", "2")

    def test_inference_pool_selects_leaders_only(self):
        pool = multi_node(inference_pool={"endpoint_picker": "p"}).children("llama")["llama-inference-pool"].inputs["spec"]
        template = spec_of(multi_node())["leaderWorkerTemplate"]
        chosen = pool["selector"]["matchLabels"].items()
        assert chosen <= template["leaderTemplate"]["metadata"]["labels"].items()
        assert not chosen <= template["workerTemplate"]["metadata"]["labels"].items()

    def test_output_gpu_count_is_validated_late(self):
        with pytest.raises(Exception, match=r"multi_node\.tensor_parallel: times pipeline_parallel \(2\) must be 8 \(2 nodes x 4 GPUs\)"):
            record(lambda: serve(multi_node={"nodes": 2, "tensor_parallel": 3}, gpu=pulumi.Output.from_input(4), cache=SHARED))

    def test_output_image_requires_generation(self):
        with pytest.raises(Exception, match="generation: is required with multi_node"):
            record(lambda: serve(multi_node={"nodes": 2}, cache=SHARED, image=pulumi.Output.from_input("a/b/c:2.0")))


@pytest.mark.parametrize("fields", [{}, {"replicas": 10}, {"service_name": "b" * 44, "replicas": 10}])
def test_longest_name_is_accepted(fields: dict[str, Any]):
    args = {"multi_node": MultiNodeArgs(nodes=2), "gpu": 8, "cache": SHARED, "generation": "2.x-vllm"}
    assert record(lambda: serve("a" * 44, **args, **fields)).find(LEADER_WORKER_SET)


def test_longer_component_name_is_refused():
    """The name of the component is the service's name if `service_name` is unset."""
    args = {"multi_node": MultiNodeArgs(nodes=2), "gpu": 8, "cache": SHARED, "generation": "2.x-vllm"}
    with pytest.raises(ArgumentError, match="service_name: must have at most 44 characters with multi_node, or the label"):
        record(lambda: serve("a" * 45, **args))
    assert record(lambda: serve("a" * 45, service_name="a", **args)).find(LEADER_WORKER_SET)
    assert record(lambda: serve("a" * 48)).find(DEPLOYMENT)
