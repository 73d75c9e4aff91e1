"""The command `nim-component adapters check --pvc` on a real control plane."""

import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from nim_component.lora.lockfile import AdapterLock, key_of, write_lock
from nim_component.lora.pvc_check.job import APP, TIME_TO_LIVE

from ..lora.hub import adapter
from ..lora.pvc_job import locked
from .client import Client, Object, wait_until
from .controlplane import VISITOR, ControlPlane
from .nodes import GPU, GPU_TAINT, NO_GPU, node
from .objects import ROOT
from .pvc_node import PVCNode, create_pvc, waits
from .waiting import set_quota

FILES = ("adapter_config.json", "adapter_model.safetensors")
RBAC = "rbac.authorization.k8s.io"


def allow(cluster: Client, namespace: str, group: str, resource: str, *verbs: str) -> None:
    """Grant the visitor these verbs."""
    metadata = {"name": f"visitor-{resource}", "namespace": namespace}
    rules = [{"apiGroups": [group], "resources": [resource], "verbs": list(verbs)}]
    cluster.apply({"apiVersion": f"{RBAC}/v1", "kind": "Role", "metadata": metadata, "rules": rules})
    cluster.apply(
        {
            "apiVersion": f"{RBAC}/v1",
            "kind": "RoleBinding",
            "metadata": metadata,
            "roleRef": {"apiGroup": RBAC, "kind": "Role", "name": metadata["name"]},
            "subjects": [{"kind": "User", "name": VISITOR, "apiGroup": RBAC}],
        }
    )


class Shelf:
    """A project with a service, its lock file, and a folder in place of the volume."""

    def __init__(self, folder: Path, volume: Path, namespace: str) -> None:
        self.folder, self.volume, self.namespace = folder, volume, namespace
        names = ("one", "two")
        services = {
            "llama": {
                "namespace": namespace,
                "secrets": {"without_key": True},
                "hf_repo_ids": [f"org/{name}" for name in names],
                "lora_adapter_mem": "1Gi",
                "env": {"NIM_PEFT_SOURCE": "/opt/nim/peft"},
            }
        }
        (folder / "Pulumi.yaml").write_text("name: nim\nruntime: python\n")
        (folder / "__main__.py").write_text("raise SystemExit('must not be run')\n")
        (folder / "Pulumi.dev.yaml").write_text(yaml.safe_dump({"config": {"nim:services": services}}))
        lock: dict[str, Any] = {}
        for seed, name in enumerate(names):
            directory = volume / "adapters" / name
            directory.mkdir(parents=True)
            files = {file: adapter(seed)[file] for file in FILES}
            for file, data in files.items():
                (directory / file).write_bytes(data)
            records = {file: {"size": len(data), "sha256": hashlib.sha256(data).hexdigest()} for file, data in files.items()}
            entry = locked(name, records)
            lock[key_of(entry)] = entry.locked
        (folder / "adapters.dev.lock.json").write_text(write_lock(AdapterLock(lock)))

    def start(self, kubeconfig: Path, *options: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "nim_component", "adapters", "check", "--pvc", "shelf", *options]
        env = {**os.environ, "KUBECONFIG": str(kubeconfig), "PYTHONPATH": str(ROOT), "COLUMNS": "200"}
        return subprocess.Popen(command, cwd=self.folder, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def run(self, kubeconfig: Path, *options: str) -> tuple[int, str, str]:
        process = self.start(kubeconfig, *options)
        out, err = process.communicate(timeout=90)
        return process.returncode, out, err


@pytest.fixture
def shelf(tmp_path: Path, namespace: str) -> Iterator[Shelf]:
    volume = Path(tempfile.mkdtemp(prefix="pvc-"))  # not tmp_path: only its owner may enter its parents
    project = Shelf(tmp_path, volume, namespace)
    for path in (volume, *volume.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)
    yield project
    shutil.rmtree(volume)


def jobs(cluster: Client, namespace: str) -> list[Object]:
    return cluster.list("batch/v1", "Job", namespace)


def assert_nothing_is_left(cluster: Client, namespace: str) -> None:
    assert jobs(cluster, namespace) == []

    def is_gone() -> bool:
        return not any("nim-lora-check" in name for _, name in cluster.everything(namespace))

    wait_until("the deletion of the Job's dependents", is_gone, 30)


def test_locked_adapters_on_pvc_pass(control_plane: ControlPlane, cluster: Client, namespace: str, nodes, shelf: Shelf):
    nodes(NO_GPU)
    create_pvc(cluster, namespace)
    with PVCNode(cluster, namespace, shelf.volume) as run:
        began = time.monotonic()
        code, out, err = shelf.run(control_plane.kubeconfig)
        print(f"took {time.monotonic() - began:.1f} s")
    assert (code, out) == (0, f"one: as locked, commit {'a' * 12}\ntwo: as locked, commit {'a' * 12}\n"), err
    assert "error" not in err
    (pod,) = run.pods
    mounts = {mount["name"]: mount for mount in pod["spec"]["containers"][0]["volumeMounts"]}
    assert mounts["pvc"]["readOnly"] is True and pod["spec"]["volumes"][0]["persistentVolumeClaim"]["readOnly"] is True
    assert "env" in pod["spec"]["containers"][0] and not [each for each in pod["spec"]["containers"][0]["env"] if "valueFrom" in each]
    assert_nothing_is_left(cluster, namespace)


def test_changed_adapters_on_pvc_fail(control_plane: ControlPlane, cluster: Client, namespace: str, nodes, shelf: Shelf):
    nodes(NO_GPU)
    create_pvc(cluster, namespace)
    weights = shelf.volume / "adapters/two/adapter_model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1])
    (shelf.volume / "adapters/extra").mkdir()
    with PVCNode(cluster, namespace, shelf.volume):
        code, out, err = shelf.run(control_plane.kubeconfig)
        local = subprocess.run(
            [sys.executable, "-m", "nim_component", "adapters", "check", str(shelf.volume / "adapters")],
            cwd=shelf.folder,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            check=False,
        )
        code_json, as_json, _ = shelf.run(control_plane.kubeconfig, "--json")
    assert (code, out) == (1, local.stdout) == (local.returncode, out)
    assert out.splitlines()[1].startswith("two: adapter_model.safetensors has ")
    assert local.stderr == "".join(line for line in err.splitlines(keepends=True) if line.startswith(("warning", "error")))
    assert local.stderr.splitlines() == [
        "warning: extra is not listed, and the server may serve it",
        "error: 1 adapters of llama differ from their locked records",
    ]
    report = json.loads(as_json)
    assert (code_json, report["ok"], report["unlisted"], report["where"]) == (1, False, ["extra"], f"PVC {namespace}/shelf")
    assert [each["ok"] for each in report["adapters"]] == [True, False]
    assert_nothing_is_left(cluster, namespace)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_interrupted_check_removes_its_objects(
    control_plane: ControlPlane, cluster: Client, namespace: str, nodes, shelf: Shelf, number: signal.Signals
):
    nodes(NO_GPU)
    create_pvc(cluster, namespace)
    process = shelf.start(control_plane.kubeconfig)
    wait_until("the Job", lambda: cluster.list("v1", "ConfigMap", namespace, labels=f"app.kubernetes.io/name={APP}"))
    process.send_signal(number)
    _, err = process.communicate(timeout=30)
    assert process.returncode == (130 if number == signal.SIGINT else 143), err
    assert "Traceback" not in err
    assert_nothing_is_left(cluster, namespace)


def test_job_of_killed_client_is_removed_by_cluster(control_plane: ControlPlane, cluster: Client, namespace: str, nodes, shelf: Shelf):
    nodes(NO_GPU)
    create_pvc(cluster, namespace)
    process = shelf.start(control_plane.kubeconfig, "--timeout", "40")
    wait_until("the ConfigMap", lambda: cluster.list("v1", "ConfigMap", namespace, labels=f"app.kubernetes.io/name={APP}"))
    process.kill()
    process.communicate()
    (job,) = jobs(cluster, namespace)
    assert job["spec"]["ttlSecondsAfterFinished"] == TIME_TO_LIVE and job["spec"]["activeDeadlineSeconds"] == 70
    with PVCNode(cluster, namespace, shelf.volume):
        wait_until("the end of the Job", lambda: jobs(cluster, namespace)[0].get("status", {}).get("succeeded"))
    cluster.patch({"apiVersion": "batch/v1", "kind": "Job", "metadata": job["metadata"]}, {"spec": {"ttlSecondsAfterFinished": 1}})
    wait_until("the end of the time to live", lambda: not jobs(cluster, namespace))
    assert_nothing_is_left(cluster, namespace)


def test_volume_of_one_node_is_checked_there(control_plane: ControlPlane, cluster: Client, namespace: str, nodes, shelf: Shelf):
    nodes([node("cpu-0"), node("gpu-0", {GPU: 1}, taints=[GPU_TAINT]), node("cpu-1")])
    create_pvc(cluster, namespace, mode="ReadWriteOnce")
    server = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "server", "namespace": namespace},
        "spec": {
            "securityContext": {"runAsNonRoot": True, "runAsUser": 1000, "seccompProfile": {"type": "RuntimeDefault"}},
            "tolerations": [{"key": GPU, "operator": "Exists", "effect": "NoSchedule"}],
            "containers": [
                {
                    "name": "nim",
                    "image": "r.example/nim:1",
                    "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
                    "resources": {"limits": {GPU: "1"}},
                }
            ],
            "volumes": [{"name": "lora", "persistentVolumeClaim": {"claimName": "shelf"}}],
        },
    }
    cluster.create(server)
    wait_until("the server", lambda: cluster.get("v1", "Pod", "server", namespace)["status"].get("phase") == "Running")
    with PVCNode(cluster, namespace, shelf.volume) as run:
        code, _, err = shelf.run(control_plane.kubeconfig)
    assert code == 0, err
    assert [pod["spec"]["nodeName"] for pod in run.pods] == ["gpu-0"]
    assert GPU not in run.pods[0]["spec"]["containers"][0]["resources"]["limits"]


def test_obstacles_are_reported_in_one_line(control_plane: ControlPlane, cluster: Client, namespace: str, nodes, shelf: Shelf):
    def error(*options: str) -> str:
        code, out, err = shelf.run(control_plane.kubeconfig, *options)
        assert (code, out) == (1, ""), err
        assert "Traceback" not in err
        assert_nothing_is_left(cluster, namespace)
        return err.splitlines()[-1]

    where = f"error: PVC {namespace}/shelf: "
    assert error() == f"{where}this PVC does not exist; existing PVCs: none. Name one with --pvc and --namespace"
    create_pvc(cluster, namespace)
    assert error("-n", "nowhere").startswith("error: PVC nowhere/shelf: this PVC does not exist; existing PVCs: none.")
    wait_until("a bound PVC", lambda: cluster.get("v1", "PersistentVolumeClaim", "shelf", namespace)["status"].get("phase") == "Bound")
    assert error("--timeout", "2").startswith(
        f"{where}no result after 2 s: no node can run the pod. See the scheduler's message in the evidence. Evidence: "
    )
    nodes(NO_GPU)
    with PVCNode(cluster, namespace, shelf.volume, waits("ImagePullBackOff", 'Back-off pulling image "r.example/p:1": 401 Unauthorized')):
        assert error("--image", "r.example/p:1") == (
            f"{where}the registry refuses the pull of r.example/p:1. Name another image with --image, or set secrets.ngc_image_secret in the stack. "
            'Evidence: Back-off pulling image "r.example/p:1": 401 Unauthorized'
        )
    with PVCNode(cluster, namespace, shelf.volume):
        assert error("--sub-path", "models") == (
            f"{where}models is not a directory; directories beside it: adapters. Name the one that contains the adapters with --sub-path"
        )
    set_quota(cluster, namespace, "small", **{"limits.memory": "1Mi"})
    assert error().startswith(
        f"{where}the namespace's quota small refuses the pod. Free some of it, or raise it: the pod requests 100m cpu"
    )


def test_unbound_pvc_is_not_provisioned(control_plane: ControlPlane, cluster: Client, namespace: str, nodes, shelf: Shelf):
    nodes(NO_GPU)
    late = {"apiVersion": "storage.k8s.io/v1", "kind": "StorageClass", "metadata": {"name": "late"}}
    cluster.apply({**late, "provisioner": "kwok.x-k8s.io/volume", "volumeBindingMode": "WaitForFirstConsumer"})
    try:
        spec = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}, "storageClassName": "late"}
        metadata = {"name": "shelf", "namespace": namespace}
        cluster.create({"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": metadata, "spec": spec})
        code, _, err = shelf.run(control_plane.kubeconfig)
    finally:
        cluster.delete("storage.k8s.io/v1", "StorageClass", "late")
    assert code == 1 and "the PVC has no volume yet, so it is empty" in err, err


def test_missing_permissions_are_named(control_plane: ControlPlane, cluster: Client, namespace: str, nodes, shelf: Shelf):
    nodes(NO_GPU)
    create_pvc(cluster, namespace)
    visitor = control_plane.kubeconfig_of(VISITOR)
    code, _, err = shelf.run(visitor)
    assert code == 1 and "no permission to list pods in namespace" in err and "Grant: create, get and delete jobs" in err, err
    allow(cluster, namespace, "", "pods", "list")
    code, _, err = shelf.run(visitor)
    assert code == 1 and "no permission to create jobs in namespace" in err, err
    allow(cluster, namespace, "batch", "jobs", "create", "get", "delete")
    code, _, err = shelf.run(visitor)
    assert code == 1 and "no permission to create configmaps in namespace" in err, err
    assert_nothing_is_left(cluster, namespace)
    allow(cluster, namespace, "", "configmaps", "create")
    with PVCNode(cluster, namespace, shelf.volume):
        code, out, err = shelf.run(visitor)
    assert code == 0 and out.count("as locked") == 2, err
    assert "note: no permission to get persistentvolumeclaims" in err
    assert_nothing_is_left(cluster, namespace)
