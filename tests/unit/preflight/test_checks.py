"""What the checks before `up` say of facts that were read."""

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from nim_component import NIM, AdapterVolume, CacheArgs, LoRAArgs, MultiNodeArgs, NIMSecrets, NIMService
from nim_component.cluster.secret_facts import SecretFacts
from nim_component.diagnose.targets import read_targets
from nim_component.local.manifests import collect_manifests
from nim_component.preflight import CheckResult, Facts, StackRequirements, objects_of_state, read_requirements, run_checks
from nim_component.preflight.requirements import permissions_of
from nim_component.testing import record

from ..diagnose.made import GPU, Object, node, pod

PULL_TYPE = "kubernetes.io/dockerconfigjson"
TAINT = {"key": "team", "value": "a", "effect": "NoSchedule"}
SECRETS = NIMSecrets(ngc_image_secret="pull", ngc_secret_group="ngc", ngc_secret_key="NGC_API_KEY")


def requirements_of(**fields: Any) -> StackRequirements:
    """What a service needs."""
    nim = NIM(**{"secrets": SECRETS, "namespace": "ml", **fields})
    return read_requirements([manifest.object for manifest in collect_manifests(record(lambda: NIMService("llama", nim)).run)])


def storage_class(name: str = "fast", provisioner: str = "ebs.csi.aws.com", default: bool = True) -> Object:
    annotations = {"storageclass.kubernetes.io/is-default-class": str(default).lower()}
    return {"metadata": {"name": name, "annotations": annotations}, "provisioner": provisioner}


def facts(**changes: Any) -> Facts:
    """A cluster that has everything."""
    good = Facts(
        version="v1.36.3",
        namespaces={"ml": {"metadata": {"name": "ml", "labels": {"pod-security.kubernetes.io/enforce": "restricted"}}}},
        nodes=(node(gpu=8),),
        pods=(),
        classes=(storage_class(),),
        quotas={"ml": ()},
        secrets={
            ("ml", "pull"): SecretFacts(PULL_TYPE, (".dockerconfigjson",), ("nvcr.io",)),
            ("ml", "ngc"): SecretFacts("Opaque", ("NGC_API_KEY",)),
        },
        kinds=requirements_of().kinds,
        denied=(),
    )
    return replace(good, **changes)


def wrong(results: list[CheckResult]) -> list[str]:
    return [f"{each.mark} {each.about}: {each.text} | {each.fix}" for each in results if each.mark != "ok"]


def test_a_cluster_that_has_everything_passes():
    results = run_checks(requirements_of(), facts(), known=set())
    assert wrong(results) == []
    assert [f"{each.about}: {each.text}" for each in results] == [
        "Kubernetes: v1.36.3",
        "Namespace ml: enforces Pod Security: restricted",
        "Permissions: the deployer may do what the stack needs",
        "Secret ml/ngc: has the key NGC_API_KEY",
        "Pull Secret ml/pull: logs in to nvcr.io",
        "Default StorageClass: is there (ebs.csi.aws.com)",
        "GPUs of llama: 1 x 1 nvidia.com/gpu: there is room",
    ]


AFFINITY = {
    "nodeAffinity": {
        "requiredDuringSchedulingIgnoredDuringExecution": {
            "nodeSelectorTerms": [{"matchExpressions": [{"key": "gpu", "operator": "In", "values": ["h100"]}]}]
        }
    }
}
EBS = {"metadata": {"name": "ebs.csi.aws.com"}, "spec": {"storageCapacity": True}}
RWX = {"replicas": 2, "cache": CacheArgs(access_mode="ReadWriteMany")}


def room(size: str, name: str = "fast") -> Object:
    return {"storageClassName": name, "maximumVolumeSize": size}


def held(number: int, name: str = "other-5d9-x", namespace: str = "train") -> Object:
    return pod(name, gpu=number, node="gpu-0", metadata={"namespace": namespace}, status={"phase": "Running"})


WRONG: list[tuple[str, dict[str, Any], dict[str, Any], str]] = [
    ("old", {}, {"version": "v1.20.1"}, "warn Kubernetes: v1.20.1 is older than 1.27"),
    ("namespace", {}, {"namespaces": {"ml": None}}, "fail Namespace ml: is not there | Make it in the program, or: kubectl create namespace ml."),
    ("namespace unread", {}, {"namespaces": {}}, "warn Namespace ml: may not be read"),
    ("namespace ending", {}, {"namespaces": {"ml": {"metadata": {"deletionTimestamp": "x"}}}}, "fail Namespace ml: is being deleted"),
    ("host path", {"cache": CacheArgs(host_path="/m")}, {}, "fail Namespace ml: enforces Pod Security restricted, which refuses the host path of llama"),
    ("kind", {}, {"kinds": frozenset({("v1", "Service"), ("v1", "PersistentVolumeClaim")})}, "fail Kind Deployment: the cluster has no apps/v1 Deployment"),
    ("permissions", {}, {"denied": (("create", "apps", "deployments", "ml"), ("patch", "apps", "deployments", "ml"))}, 'Add to its role: {apiGroups: ["apps"], resources: [deployments], verbs: [create, patch]}.'),
    ("permissions unread", {}, {"denied": None}, "warn Permissions: cannot be asked for"),
    ("secret", {}, {"secrets": {("ml", "ngc"): None, ("ml", "pull"): SecretFacts(PULL_TYPE, (), ("nvcr.io",))}}, "fail Secret ml/ngc: is not there (llama) | Make it: kubectl -n ml create secret generic ngc --from-file=NGC_API_KEY=/dev/stdin"),
    ("key", {}, {"secrets": {("ml", "ngc"): SecretFacts("Opaque", ("a", "b")), ("ml", "pull"): SecretFacts(PULL_TYPE, (), ("nvcr.io",))}}, "fail Secret ml/ngc: has no key NGC_API_KEY; its keys are: a, b (llama)"),
    ("pull type", {}, {"secrets": {("ml", "ngc"): SecretFacts("Opaque", ("NGC_API_KEY",)), ("ml", "pull"): SecretFacts("Opaque", ())}}, "fail Pull Secret ml/pull: is of type Opaque"),
    ("pull registry", {}, {"secrets": {("ml", "ngc"): SecretFacts("Opaque", ("NGC_API_KEY",)), ("ml", "pull"): SecretFacts(PULL_TYPE, (), ("ghcr.io",))}}, "fail Pull Secret ml/pull: logs in to ghcr.io, not to nvcr.io"),
    ("existing claim", {"cache": CacheArgs(existing_claim="models")}, {"claims": {("ml", "models"): None}}, "fail Claim ml/models: is not there (llama)"),
    ("class", {"cache": CacheArgs(storage_class="gp3")}, {}, "fail StorageClass gp3: is not there (llama); there are: fast"),
    ("default class", {}, {"classes": (storage_class(default=False),)}, "fail Default StorageClass: is not there (llama); there are: fast"),
    ("block by name", RWX, {}, "warn Default StorageClass: is there (ebs.csi.aws.com), and by its name gives no ReadWriteMany, which llama wants; the cluster does not say so"),
    ("shared by name", RWX, {"classes": (storage_class(provisioner="efs.csi.aws.com"),)}, "warn Default StorageClass: is there (efs.csi.aws.com), and by its name gives ReadWriteMany"),
    ("any name", RWX, {"classes": (storage_class(provisioner="acme.io/x"),)}, "whether it gives ReadWriteMany, which llama wants, the cluster does not say"),
    ("no provisioner", {}, {"classes": (storage_class(provisioner="kubernetes.io/no-provisioner"),)}, "warn Default StorageClass: is there, and makes no volumes itself"),
    ("driver", {}, {"drivers": (EBS,), "node_drivers": {"cpu-0": frozenset({"ebs.csi.aws.com"}), "gpu-0": frozenset({"other"})}}, f"fail Default StorageClass: is of ebs.csi.aws.com, whose CSI driver runs on none of the 1 nodes with {GPU}"),
    ("room", {}, {"drivers": (EBS,), "capacities": (room("10Gi"), room("20Gi"))}, "fail Default StorageClass: has no room for 50Gi: the driver can make volumes of 20Gi at most"),
    ("lost claim", {"cache": CacheArgs(existing_claim="models")}, {"claims": {("ml", "models"): {"status": {"phase": "Lost"}}}}, "fail Claim ml/models: has lost its volume"),
    ("claim of one node", {"replicas": 2, "cache": CacheArgs(existing_claim="models")}, {"claims": {("ml", "models"): {"spec": {"accessModes": ["ReadWriteOnce"]}}}}, "warn Claim ml/models: is for one node (ReadWriteOnce), and llama has 2 replicas"),
    ("no GPU", {}, {"nodes": (node(gpu=0),)}, f"fail GPUs of llama: no node offers {GPU}"),
    ("selector", {"node_selector": {"gpu": "h100"}}, {}, f"fail GPUs of llama: no node with {GPU} has the labels gpu=h100"),
    ("affinity", {"affinity": AFFINITY}, {}, f"fail GPUs of llama: none of the 1 nodes with {GPU} meets the pod's node affinity"),
    ("taint", {}, {"nodes": (node(taints=[TAINT]),)}, "fail GPUs of llama: every node that would do has a taint that the pod does not bear, such as team=a:NoSchedule"),
    ("too many", {"gpu": 9}, {}, f"fail GPUs of llama: 9 {GPU} on one node, and the largest has 8 | Set gpu to at most 8"),
    ("not enough", {"gpu": 4}, {"pods": (held(5),)}, f"fail GPUs of llama: 1 x 4 {GPU} wanted, room for 0 of 1 pods (free: gpu-0 3)"),
    ("replicas", {"gpu": 4, "replicas": 3, "cache": CacheArgs(empty_dir=True)}, {}, f"fail GPUs of llama: 3 x 4 {GPU} wanted, room for 2 of 3 pods"),
    ("fragments", {"gpu": 4}, {"nodes": (node("a", 2), node("b", 2), node("c", 4)), "pods": ({**held(1), "spec": {**held(1)["spec"], "nodeName": "c"}},)}, "room for 0 of 1 pods"),
    ("nodes unread", {}, {"nodes": None}, "warn GPUs: nodes may not be read"),
    ("pods unread", {}, {"pods": None}, "warn GPUs of llama: 1 x 1 nvidia.com/gpu: which are free may not be read"),
    ("secrets unread", {}, {"secrets": {}, "unread_secrets": frozenset({"ml"})}, "warn Secret ml/ngc: may not be read"),
    ("quota", {"gpu": 2}, {"quotas": {"ml": ({"metadata": {"name": "q"}, "status": {"hard": {f"requests.{GPU}": "4"}, "used": {f"requests.{GPU}": "3"}}},)}}, f"fail Quota ml/q: leaves too little: requests.{GPU}: 3 of 4 used"),
]  # fmt: skip


@pytest.mark.parametrize(("fields", "changes", "words"), [case[1:] for case in WRONG], ids=[case[0] for case in WRONG])
def test_what_is_missing_is_said_with_a_cure(fields: dict[str, Any], changes: dict[str, Any], words: str):
    requirements = requirements_of(**fields)
    kinds = {} if "kinds" in changes else {"kinds": requirements.kinds}
    said = wrong(run_checks(requirements, facts(**{**kinds, **changes}), known=set()))
    assert any(words in each for each in said), said
    assert all(re.search(r" \| .+\.$", each) for each in said)


@pytest.mark.parametrize(
    ("fields", "changes"),
    [
        # a volume of the class that has the mode is a fact
        (RWX, {"volumes": ({"spec": {"storageClassName": "fast", "accessModes": ["ReadWriteMany"]}},)}),
        ({}, {"drivers": (EBS,), "node_drivers": {"gpu-0": frozenset({"ebs.csi.aws.com"})}}),
        # nobody says which nodes have it
        ({}, {"drivers": (EBS,)}),
        # a provisioner without a driver mounts by itself
        ({}, {"drivers": (), "node_drivers": {"gpu-0": frozenset[str]()}}),
        ({}, {"drivers": (EBS,), "capacities": (room("10Gi"), room("1Ti"))}),
        ({}, {"drivers": (EBS,), "capacities": (room("10Gi", "other"),)}),
        # it does not publish what it has
        ({}, {"drivers": ({**EBS, "spec": {}},), "capacities": (room("10Gi"),)}),
        ({"replicas": 2, "cache": CacheArgs(existing_claim="m")}, {"claims": {("ml", "m"): {"spec": {"accessModes": ["ReadWriteMany"]}}}}),
    ],
)
def test_storage_that_does_is_no_fault(fields: dict[str, Any], changes: dict[str, Any]):
    assert wrong(run_checks(requirements_of(**fields), facts(kinds=requirements_of(**fields).kinds, **changes), known=set())) == []


def test_the_stacks_own_running_pods_do_not_count_against_it():
    mine = held(8, "llama-5d9-x", "ml")
    assert wrong(run_checks(requirements_of(gpu=8), facts(pods=(mine,)), known=set())) == []
    assert wrong(run_checks(requirements_of(gpu=8), facts(pods=(held(8, "llama-5d9-x", "other"),)), known=set())) != []


def test_a_pod_of_the_same_name_that_is_no_server_does_count():
    labels = {"app.kubernetes.io/name": "trainer", "app.kubernetes.io/instance": "llama"}
    theirs = {**held(8, "llama-5d9-x", "ml"), "metadata": {"name": "llama-5d9-x", "namespace": "ml", "labels": labels}}
    assert wrong(run_checks(requirements_of(gpu=8), facts(pods=(theirs,)), known=set())) != []


def test_a_quota_that_the_running_service_uses_itself_is_no_fault():
    quota = {"metadata": {"name": "q"}, "status": {"hard": {f"requests.{GPU}": "2"}, "used": {f"requests.{GPU}": "2"}}}
    there: Any = {("Deployment", "ml", "llama"): {}}
    seen = facts(quotas={"ml": (quota,)}, ours=there)
    assert wrong(run_checks(requirements_of(gpu=2), seen, known={("Deployment", "ml", "llama")})) == []
    assert wrong(run_checks(requirements_of(gpu=2), facts(quotas={"ml": (quota,)}), known=set())) != []


def test_an_orphan_is_found_with_the_command_that_takes_it_back():
    deployment = {"metadata": {"name": "llama"}, "spec": {"replicas": 2, "template": {"spec": pod(gpu=4)["spec"]}}}
    ours: Any = {("Deployment", "ml", "llama"): deployment, ("Deployment", "ml", "old"): deployment, ("Service", "ml", "old"): {}}
    said = wrong(run_checks(requirements_of(), facts(ours=ours), known=set()))
    assert "PULUMI_K8S_UPSERT_EXISTING_OBJECTS=true pulumi up" in said[0]
    assert said[0].startswith("fail Deployment ml/llama: is in the cluster and not in the stack's state")
    assert said[1] == (
        "warn Deployment ml/old: has the component's labels and is not in this stack's state; it holds 8 nvidia.com/gpu"
        " | If it is no other stack's: kubectl -n ml delete deployment old."
    )
    assert len(said) == 2


def test_without_a_state_no_object_is_called_an_orphan():
    assert wrong(run_checks(requirements_of(), facts(ours={("Deployment", "ml", "llama"): {}}), known=None)) == []


def test_a_state_says_what_it_has():
    resources = [
        {"type": "kubernetes:apps/v1:Deployment", "id": "ml/llama", "urn": "u"},
        {"type": "kubernetes:core/v1:Namespace", "id": "ml", "urn": "u"},
        {"type": "kubernetes:core/v1:Secret", "id": "ml/ngc", "outputs": {"metadata": {"4dabf18193072939515e22adb298388d": "x"}}},
        {"type": "kubernetes:core/v1:Service", "urn": "u"},
        {"type": "nim:index:NIMService", "id": ""},
    ]
    state = {
        "deployment": {
            "resources": resources,
            "pending_operations": [{"resource": {"type": "kubernetes:core/v1:Service", "id": "ml/llama"}}],
        }
    }
    assert objects_of_state(state) == {("Deployment", "ml", "llama"), ("Namespace", "", "ml"), ("Secret", "ml", "ngc")}
    with pytest.raises(ValueError, match="no deployment"):
        objects_of_state({})


def test_what_the_program_makes_itself_is_not_missing():
    by_value = requirements_of(secrets=NIMSecrets.keyless())
    assert by_value.services[0].keys == frozenset()
    assert by_value.services[0].pull_secrets == frozenset()


GROUP = {"gpu": 8, "multi_node": MultiNodeArgs(nodes=2), "cache": CacheArgs(access_mode="ReadWriteMany")}


def test_a_group_needs_a_node_for_each_of_its_pods():
    requirements = requirements_of(**GROUP)
    (it,) = requirements.services
    assert (it.name, it.replicas, it.workload) == ("llama", 2, ("LeaderWorkerSet", "ml", "llama-group"))
    assert it.keys == frozenset({("ngc", "NGC_API_KEY")})
    seen = facts(kinds=requirements.kinds, volumes=({"spec": {"storageClassName": "fast", "accessModes": ["ReadWriteMany"]}},))
    assert wrong(run_checks(requirements, seen, known=set())) == [
        f"fail GPUs of llama: 2 x 8 {GPU} wanted, room for 1 of 2 pods (free: gpu-0 0)"
        " | Free GPUs, add nodes, or lower gpu or replicas; with a node autoscaler this may be no fault."
    ]
    two = replace(seen, nodes=(node(gpu=8), node("gpu-1", 8)))
    assert wrong(run_checks(requirements, two, known=set())) == []
    mine = held(8, "llama-group-0-1", "ml")
    assert wrong(run_checks(requirements, replace(two, pods=(mine,)), known=set())) == []


def test_a_group_that_no_state_knows_is_an_orphan():
    spec = {"replicas": 1, "leaderWorkerTemplate": {"size": 2, "leaderTemplate": {"spec": pod(gpu=8)["spec"]}}}
    ours: Any = {("LeaderWorkerSet", "ml", "old-group"): {"metadata": {"name": "old-group"}, "spec": spec}}
    (said,) = wrong(run_checks(requirements_of(), facts(ours=ours), known=set()))
    assert "it holds 16 nvidia.com/gpu" in said
    assert said.endswith("kubectl -n ml delete leaderworkerset old-group.")


def test_what_only_a_job_needs_is_needed():
    lora = LoRAArgs(volume=AdapterVolume(), refresh_interval=30)
    token = NIMSecrets(
        ngc_image_secret="pull", ngc_secret_group="ngc", ngc_secret_key="NGC_API_KEY", hf_token_key="token", hf_token_group="hf"
    )
    env = {"NIM_PEFT_SOURCE": "/opt/nim/peft"}
    (it,) = requirements_of(secrets=token, hf_repo_ids=["org/one"], lora_adapter_mem="2Gi", lora=lora, env=env).services
    assert ("hf", "token") in it.keys
    assert "python:3.12-alpine" in it.images
    assert len(it.claims) == 2


@pytest.mark.parametrize("name", ["cpu", "requests.cpu", "limits.cpu"])
def test_a_quota_counts_by_either_name(name: str):
    quota = {"metadata": {"name": "q"}, "status": {"hard": {name: "1"}, "used": {name: "1"}}}
    (said,) = wrong(run_checks(requirements_of(), facts(quotas={"ml": (quota,)}), known=set()))
    assert f"leaves too little: {name}: 1 of 1 used" in said


def test_the_services_of_a_stack_are_known_by_their_own_names(tmp_path: Path):
    group = {"image": "nvcr.io/nim/deepseek-ai/deepseek-r1:2.1.5", "gpu": 8, "multi_node": {"nodes": 2}}
    services = {"one": {"service_name": "other"}, "two": {**group, "cache": {"access_mode": "ReadWriteMany"}, "namespace": "ml"}}
    services = {name: {"secrets": {"without_key": True}, **each} for name, each in services.items()}
    (tmp_path / "Pulumi.yaml").write_text("name: nim\nruntime: python\n")
    (tmp_path / "Pulumi.dev.yaml").write_text(yaml.safe_dump({"config": {"nim:services": services}}))
    (tmp_path / "__main__.py").write_text("from nim_component.stack import deploy_stack\ndeploy_stack()\n")
    assert {(each.namespace, each.name) for each in read_targets(tmp_path, "dev").services} == {("default", "other"), ("ml", "two")}


def test_only_what_is_needed_is_asked_for():
    wanted = permissions_of(requirements_of(secrets=NIMSecrets.keyless()))
    assert ("patch", "apps", "deployments", "ml") in wanted
    assert ("list", "", "pods", "ml") in wanted
    assert ("get", "", "secrets", "ml") not in wanted
    assert ("get", "", "secrets", "ml") in permissions_of(requirements_of())
    assert len(wanted) == len(set(wanted)) <= 25
