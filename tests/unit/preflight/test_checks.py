"""Preflight checks: each missing requirement is reported with a fix."""

from typing import Any

import pulumi_kubernetes as k8s
import pytest

from nim_component import NIM, AdapterVolume, CacheArgs, LoRAArgs, LoRASource, NIMSecrets, NIMService
from nim_component.cluster.secret_facts import SecretFacts
from nim_component.local.manifests import collect_manifests
from nim_component.preflight import StackState, read_requirements, run_checks
from nim_component.testing import record

from ..diagnose.kubernetes_objects import GPU, node
from .clusters import PULL_TYPE, facts, gpu_user, problems, requirements_of, storage_class

TAINT = {"key": "team", "value": "a", "effect": "NoSchedule"}
AFFINITY = {
    "nodeAffinity": {
        "requiredDuringSchedulingIgnoredDuringExecution": {
            "nodeSelectorTerms": [{"matchExpressions": [{"key": "gpu", "operator": "In", "values": ["h100"]}]}]
        }
    }
}
EBS = {"metadata": {"name": "ebs.csi.aws.com"}, "spec": {"storageCapacity": True}}
RWX = {"replicas": 2, "cache": CacheArgs(access_mode="ReadWriteMany")}
PULL = SecretFacts(PULL_TYPE, (), ("nvcr.io",))
NGC = SecretFacts("Opaque", ("NGC_API_KEY",))
EXISTING = {"cache": CacheArgs(existing_claim="models")}


def adapters(lora: LoRAArgs, **fields: Any) -> dict[str, Any]:
    """Return fields of a service with adapters; those of a `source` are not downloaded."""
    downloads: dict[str, Any] = {} if lora.source else {"hf_repo_ids": ["my-org/one"], "lora_adapter_mem": "2Gi"}
    return {"cache": CacheArgs(empty_dir=True), "env": {"NIM_PEFT_SOURCE": "/opt/nim/peft"}, "lora": lora, **downloads, **fields}


def own_pvc(**fields: Any) -> dict[str, Any]:
    """Return fields of a service whose adapters are on a PVC of the component."""
    return adapters(LoRAArgs(volume=AdapterVolume(**fields)))


DATA_VOLUME = {"extra_volumes": [{"name": "data", "persistentVolumeClaim": {"claimName": "data"}}]}


def capacity(size: str, name: str = "fast") -> dict[str, Any]:
    return {"storageClassName": name, "maximumVolumeSize": size}


@pytest.mark.parametrize(
    ("exists", "text"),
    [
        (None, "warn ServiceAccount ml/reader: may not be read, so it was not checked; used by llama"),
        (False, "fail ServiceAccount ml/reader: does not exist, so no pod can be created; used by llama"),
        (True, "ok ServiceAccount ml/reader: exists"),
    ],
    ids=["unread", "missing", "existing"],
)
def test_named_service_account_must_exist(exists: bool | None, text: str):
    requirements = requirements_of(service_account={"name": "reader"})
    (reference,) = requirements.references
    known = facts(references={} if exists is None else {reference: exists})
    results = [each for each in run_checks(requirements, known) if each.about.startswith("ServiceAccount")]
    assert [f"{each.mark} {each.about}: {each.text}" for each in results] == [text]


def test_own_service_account_needs_no_check():
    assert not [each for each in run_checks(requirements_of(service_account={}), facts()) if each.about.startswith("ServiceAccount")]


def test_cluster_with_everything_passes():
    results = run_checks(requirements_of(), facts(), state=StackState())
    assert problems(results) == []
    assert [f"{each.about}: {each.text}" for each in results] == [
        "Kubernetes: v1.36.3",
        "Namespace ml: enforces Pod Security: restricted",
        "Permissions: sufficient for an update by this user",
        "Secret ml/ngc: has the key NGC_API_KEY",
        "Pull Secret ml/pull: has credentials for nvcr.io",
        "Default StorageClass: exists (ebs.csi.aws.com)",
        f"GPUs of llama: enough are free for 1 x 1 {GPU}",
    ]


PROBLEMS: list[tuple[str, dict[str, Any], dict[str, Any], str]] = [
    # id, fields of the service, changes of the facts, text of the result
    ("old", {}, {"version": "v1.20.1"}, "warn Kubernetes: v1.20.1 is older than 1.27"),
    ("namespace", {}, {"namespaces": {"ml": None}}, "fail Namespace ml: does not exist | Create it in the program, or run: kubectl create namespace ml"),
    ("namespace unread", {}, {"namespaces": {}}, "warn Namespace ml: may not be read"),
    ("namespace ending", {}, {"namespaces": {"ml": {"metadata": {"deletionTimestamp": "x"}}}}, "fail Namespace ml: is being deleted"),
    ("host path", {"cache": CacheArgs(host_path="/m")}, {}, "fail Namespace ml: enforces Pod Security restricted, which refuses the host path of llama"),
    ("kind", {}, {"kinds": frozenset({("v1", "Service"), ("v1", "PersistentVolumeClaim")})}, "fail Kind Deployment: the cluster has no apps/v1 Deployment"),
    ("permissions", {}, {"denied": (("create", "apps", "deployments", "ml"), ("patch", "apps", "deployments", "ml"))}, 'Add to the user\'s role: {apiGroups: ["apps"], resources: [deployments], verbs: [create, patch]}'),
    ("permissions unread", {}, {"denied": None}, "warn Permissions: cannot be checked"),
    ("secret", {}, {"secrets": {("ml", "ngc"): None, ("ml", "pull"): PULL}}, "fail Secret ml/ngc: does not exist; used by llama | Correct its name, or create it; this command reads the values from the terminal: for key in NGC_API_KEY; do"),
    ("key", {}, {"secrets": {("ml", "ngc"): SecretFacts("Opaque", ("a", "b")), ("ml", "pull"): PULL}}, "fail Secret ml/ngc: has no key NGC_API_KEY; its keys: a, b; used by llama"),
    ("pull secret", {}, {"secrets": {("ml", "ngc"): NGC, ("ml", "pull"): None}}, "fail Pull Secret ml/pull: does not exist; used by llama | Give secrets.ngc_api_key, correct the name, or create the Secret: read -rs key; printf '{\"auths\":{\"nvcr.io\":{\"username\":\"$oauthtoken\",\"password\":\"%s\"}}}' \"$key\" | kubectl -n ml create secret generic pull --type"),
    ("pull type", {}, {"secrets": {("ml", "ngc"): NGC, ("ml", "pull"): SecretFacts("Opaque", ())}}, "fail Pull Secret ml/pull: is of type Opaque"),
    ("pull registry", {}, {"secrets": {("ml", "ngc"): NGC, ("ml", "pull"): SecretFacts(PULL_TYPE, (), ("ghcr.io",))}}, "fail Pull Secret ml/pull: has credentials for ghcr.io, not for nvcr.io"),
    ("existing PVC", EXISTING, {"pvcs": {("ml", "models"): None}}, "fail PVC ml/models: does not exist; used by llama"),
    ("existing PVC of the cache", EXISTING, {"pvcs": {("ml", "models"): None}}, "used by llama | Correct cache.existing_claim, or leave it out."),
    ("PVC of adapters", adapters(LoRAArgs(volume=AdapterVolume(existing_claim="shelf"))), {"pvcs": {("ml", "shelf"): None}}, "fail PVC ml/shelf: does not exist; used by llama | Correct lora.volume.existing_claim, or leave it out."),
    ("PVC of a source", adapters(LoRAArgs(source=LoRASource(names=["one"], claim="shelf"))), {"pvcs": {("ml", "shelf"): None}}, "fail PVC ml/shelf: does not exist; used by llama | Correct lora.source.claim, or create the PVC."),
    ("PVC of both", adapters(LoRAArgs(volume=AdapterVolume(existing_claim="models")), **EXISTING), {"pvcs": {("ml", "models"): None}}, "| Correct cache.existing_claim and lora.volume.existing_claim, or create the PVC."),
    ("PVC of another volume", DATA_VOLUME, {"pvcs": {("ml", "data"): None}}, "fail PVC ml/data: does not exist; used by llama | Correct extra_volumes (or overrides), or create the PVC."),
    ("lost PVC", EXISTING, {"pvcs": {("ml", "models"): {"status": {"phase": "Lost"}}}}, "fail PVC ml/models: has lost its volume"),
    ("PVC of one node", {"replicas": 2, **EXISTING}, {"pvcs": {("ml", "models"): {"spec": {"accessModes": ["ReadWriteOnce"]}}}}, "warn PVC ml/models: can be mounted on one node only (ReadWriteOnce), and llama has 2 replicas"),
    ("class", {"cache": CacheArgs(storage_class="gp3")}, {}, "fail StorageClass gp3: does not exist; used by llama; existing classes: fast"),
    ("class of adapters", own_pvc(storage_class="gp3"), {}, "fail StorageClass gp3: does not exist; used by llama; existing classes: fast | Set lora.volume.storage_class to an existing class."),
    ("class of the cache", {"cache": CacheArgs(storage_class="gp3")}, {}, "| Set cache.storage_class to an existing class, or use cache.empty_dir."),
    ("sharing of adapters", own_pvc(), {}, "| Use a class for file shares, or replicas: 1 with lora.volume.access_mode: ReadWriteOnce and without lora.refresh_interval."),
    ("sharing of the cache", RWX, {}, "| Use a class for file shares, or replicas: 1 with cache.access_mode: ReadWriteOnce. A test"),
    ("room for adapters", own_pvc(access_mode="ReadWriteOnce"), {"drivers": (EBS,), "capacities": (capacity("5Gi"),)}, "fail Default StorageClass: has no room for 10Gi: the driver can create volumes of at most 5Gi | Lower lora.volume.size, free capacity, or use another lora.volume.storage_class."),
    ("default class", {}, {"classes": (storage_class(default=False),)}, "fail Default StorageClass: does not exist; used by llama; existing classes: fast"),
    ("block by name", RWX, {}, "warn Default StorageClass: exists (ebs.csi.aws.com). According to its name, it does not support ReadWriteMany, which llama requires; the cluster does not publish it"),
    ("shared by name", RWX, {"classes": (storage_class(provisioner="efs.csi.aws.com"),)}, "warn Default StorageClass: exists (efs.csi.aws.com). According to its name, it supports ReadWriteMany"),
    ("any name", RWX, {"classes": (storage_class(provisioner="acme.io/x"),)}, "the cluster does not publish whether it supports ReadWriteMany, which llama requires"),
    ("no provisioner", {}, {"classes": (storage_class(provisioner="kubernetes.io/no-provisioner"),)}, "warn Default StorageClass: exists, and creates no volumes itself"),
    ("driver", {}, {"drivers": (EBS,), "node_drivers": {"cpu-0": frozenset({"ebs.csi.aws.com"}), "gpu-0": frozenset({"other"})}}, f"fail Default StorageClass: uses ebs.csi.aws.com, whose CSI driver runs on none of the 1 nodes with {GPU}"),
    ("room", {}, {"drivers": (EBS,), "capacities": (capacity("10Gi"), capacity("20Gi"))}, "fail Default StorageClass: has no room for 50Gi: the driver can create volumes of at most 20Gi"),
    ("no GPU", {}, {"nodes": (node(gpu=0),)}, f"fail GPUs of llama: no node offers {GPU}"),
    ("selector", {"node_selector": {"gpu": "h100"}}, {}, f"fail GPUs of llama: no node with {GPU} has the labels gpu=h100"),
    ("affinity", {"affinity": AFFINITY}, {}, f"fail GPUs of llama: none of the 1 nodes with {GPU} satisfies the pod's node affinity"),
    ("taint", {}, {"nodes": (node(taints=[TAINT]),)}, "fail GPUs of llama: every suitable node has a taint that the pod does not tolerate, such as team=a:NoSchedule"),
    ("too many", {"gpu": 9}, {}, f"fail GPUs of llama: requires 9 {GPU} on one node; the largest node has 8 | Set gpu to at most 8"),
    ("not enough", {"gpu": 4}, {"pods": (gpu_user(5),)}, f"fail GPUs of llama: requires 1 x 4 {GPU}; 0 of 1 pods fit (free: gpu-0 3)"),
    ("replicas", {"gpu": 4, "replicas": 3, "cache": CacheArgs(empty_dir=True)}, {}, f"fail GPUs of llama: requires 3 x 4 {GPU}; 2 of 3 pods fit"),
    ("fragments", {"gpu": 4}, {"nodes": (node("a", 2), node("b", 2), node("c", 4)), "pods": ({**gpu_user(1), "spec": {**gpu_user(1)["spec"], "nodeName": "c"}},)}, "0 of 1 pods fit"),
    ("nodes unread", {}, {"nodes": None}, "warn GPUs: nodes may not be read"),
    ("pods unread", {}, {"pods": None}, f"warn GPUs of llama: requires 1 x 1 {GPU}; free GPUs are unknown, because pods may not be read"),
    ("secrets unread", {}, {"secrets": {}, "unread_secrets": frozenset({"ml"})}, "warn Secret ml/ngc: may not be read"),
    ("quota", {"gpu": 2}, {"quotas": {"ml": ({"metadata": {"name": "q"}, "status": {"hard": {f"requests.{GPU}": "4"}, "used": {f"requests.{GPU}": "3"}}},)}}, f"fail Quota ml/q: too little is left: requests.{GPU}: 3 of 4 used"),
]  # fmt: skip


@pytest.mark.parametrize(("fields", "changes", "text"), [case[1:] for case in PROBLEMS], ids=[case[0] for case in PROBLEMS])
def test_missing_requirement_is_reported_with_fix(fields: dict[str, Any], changes: dict[str, Any], text: str):
    requirements = requirements_of(**fields)
    kinds = {} if "kinds" in changes else {"kinds": requirements.kinds}
    results = run_checks(requirements, facts(**{**kinds, **changes}), state=StackState())
    assert any(text in each for each in problems(results)), problems(results)
    for each in results:
        assert each.mark in ("ok", "skip") or each.fix.endswith(":" if each.snippet else ".")


@pytest.mark.parametrize(
    ("fields", "changes"),
    [
        # a volume of the class with the mode proves that the class supports it
        (RWX, {"volumes": ({"spec": {"storageClassName": "fast", "accessModes": ["ReadWriteMany"]}},)}),
        ({}, {"drivers": (EBS,), "node_drivers": {"gpu-0": frozenset({"ebs.csi.aws.com"})}}),
        # the nodes of the driver are unknown
        ({}, {"drivers": (EBS,)}),
        # a provisioner without a CSI driver
        ({}, {"drivers": (), "node_drivers": {"gpu-0": frozenset[str]()}}),
        ({}, {"drivers": (EBS,), "capacities": (capacity("10Gi"), capacity("1Ti"))}),
        ({}, {"drivers": (EBS,), "capacities": (capacity("10Gi", "other"),)}),
        # the driver does not publish its capacity
        ({}, {"drivers": ({**EBS, "spec": {}},), "capacities": (capacity("10Gi"),)}),
        ({"replicas": 2, "cache": CacheArgs(existing_claim="m")}, {"pvcs": {("ml", "m"): {"spec": {"accessModes": ["ReadWriteMany"]}}}}),
    ],
)
def test_sufficient_storage_passes(fields: dict[str, Any], changes: dict[str, Any]):
    requirements = requirements_of(**fields)
    assert problems(run_checks(requirements, facts(kinds=requirements.kinds, **changes), state=StackState())) == []


def test_pvc_of_the_program_has_its_own_fields():
    def program() -> None:
        spec: Any = {"accessModes": ["ReadWriteOnce"], "storageClassName": "gp3", "resources": {"requests": {"storage": "5Gi"}}}
        k8s.core.v1.PersistentVolumeClaim("models", metadata={"name": "models", "namespace": "ml"}, spec=spec)
        NIMService("llama", NIM(secrets=NIMSecrets.keyless(), namespace="ml", **EXISTING))

    requirements = read_requirements([manifest.object for manifest in collect_manifests(record(program).run)])
    results = run_checks(requirements, facts(kinds=requirements.kinds), state=StackState())
    assert problems(results) == [
        "fail StorageClass gp3: does not exist; used by llama; existing classes: fast"
        " | Set spec.storageClassName of PVC models to an existing class."
    ]
