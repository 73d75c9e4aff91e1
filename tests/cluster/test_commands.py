"""The commands `nim-component explain` and `check` on a real control plane."""

import json
import os
import re
import resource
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from .client import Client, Object, wait_until
from .controlplane import VISITOR, ControlPlane
from .nodes import GPU, ONE_GPU
from .objects import ROOT, apply_all, render
from .test_diagnosis import grant, nim
from .waiting import wait_for_rollout, wait_for_unschedulable

PROGRAM = "from nim_component.stack import deploy_stack\ndeploy_stack()\n"


def run(folder: Path, kubeconfig: Path, *command: str) -> tuple[int, str, str]:
    """Run a command and return its exit code, output and errors."""
    environment = {**os.environ, "KUBECONFIG": str(kubeconfig), "PYTHONPATH": str(ROOT), "COLUMNS": "200", "PATH": "/usr/bin:/bin"}
    done = subprocess.run(
        [sys.executable, "-m", "nim_component", *command], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout, done.stderr


def processor_time() -> float:
    """Return the processor seconds of all commands so far."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


@pytest.fixture
def project(tmp_path: Path, namespace: str) -> Path:
    """Return a project with one service `llama` that refers to Secrets, and a stack `dev`."""
    services = {
        "llama": {
            "namespace": namespace,
            "gpu": 2,
            "secrets": {"ngc_image_secret": "pull", "ngc_secret_group": "ngc", "ngc_secret_key": "NGC_API_KEY"},
        }
    }
    (tmp_path / "Pulumi.yaml").write_text("name: nim\nruntime: python\n")
    (tmp_path / "Pulumi.dev.yaml").write_text(yaml.safe_dump({"config": {"nim:services": services}}))
    (tmp_path / "__main__.py").write_text(PROGRAM)
    return tmp_path


def test_explain_takes_less_than_two_seconds(control_plane: ControlPlane, cluster: Client, namespace: str, nodes, tmp_path: Path):
    nodes(ONE_GPU)
    apply_all(cluster, render(nim(gpu=2), namespace))
    wait_for_unschedulable(cluster, namespace)
    before = processor_time()
    code, output, errors = run(tmp_path, control_plane.kubeconfig, "explain", "-n", namespace)
    # Processor time, so that a busy machine makes no difference.
    assert processor_time() - before < 2
    assert code == 3
    assert output.splitlines()[:4] == [
        f"{namespace}/llama: waiting for a node",
        "",
        f"The pod requests 2 {GPU}, but the largest node has 1.",
        f"  evidence: 0/1 nodes are available: 1 Insufficient {GPU}. no new claims to deallocate, preemption: 0/1 nodes are available: 1 Preemption is not helpful for scheduling.",
    ]
    assert errors == ""
    code, output, _ = run(tmp_path, control_plane.kubeconfig, "explain", "llama", "-n", namespace, "--json")
    (report,) = json.loads(output)
    assert (report["service"], report["ready"], [each["cause"] for each in report["diagnoses"]]) == ("llama", False, ["gpu-too-many"])


def test_explain_of_ready_service_exits_with_0(control_plane: ControlPlane, cluster: Client, namespace: str, nodes, tmp_path: Path):
    nodes(ONE_GPU)
    objects = render(nim(), namespace)
    apply_all(cluster, objects)
    wait_for_rollout(cluster, objects)
    code, output, _ = run(tmp_path, control_plane.kubeconfig, "explain", "-n", namespace)
    assert code == 0
    assert re.fullmatch(rf"{namespace}/llama: ready after \d+ s\n", output)


def test_explain_without_service_names_the_options(control_plane: ControlPlane, namespace: str, tmp_path: Path):
    code, output, _ = run(tmp_path, control_plane.kubeconfig, "explain", "-n", namespace)
    assert (code, output) == (0, f"No NIMService is deployed in {namespace}. Choose another --namespace, --context or --stack.\n")
    code, output, _ = run(tmp_path, control_plane.kubeconfig, "explain", "llama", "-n", namespace)
    assert (code, output) == (3, f"{namespace}/llama: not deployed\n")


def test_explain_of_stack_reports_its_services(control_plane: ControlPlane, namespace: str, project: Path):
    code, output, _ = run(project, control_plane.kubeconfig, "explain", "--stack", "dev")
    assert (code, output) == (3, f"{namespace}/llama: not deployed\n")
    code, _, errors = run(project, control_plane.kubeconfig, "explain", "other", "--stack", "dev")
    assert (code, errors) == (1, "error: the stack dev has no service other. Services: llama\n")


class Following:
    """`explain --watch` in the background."""

    def __init__(self, folder: Path, kubeconfig: Path, *command: str) -> None:
        environment = {**os.environ, "KUBECONFIG": str(kubeconfig), "PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"}
        command = (sys.executable, "-m", "nim_component", "explain", "--watch", *command)
        self.process = subprocess.Popen(command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.lines: list[str] = []
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()

    def __enter__(self) -> "Following":
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.wait()

    def read(self) -> None:
        assert self.process.stdout is not None
        self.lines.extend(iter(self.process.stdout.readline, ""))

    def wait_for(self, text: str, seconds: float = 15) -> float:
        """Wait for a line with this text, and return the seconds."""
        began = time.monotonic()
        wait_until(text, lambda: any(text in line for line in self.lines), seconds)
        return time.monotonic() - began

    def interrupt(self) -> tuple[int, str]:
        """Interrupt the command, and return its exit code and errors."""
        self.process.send_signal(signal.SIGINT)
        _, errors = self.process.communicate(timeout=10)
        return self.process.returncode, errors


def test_explain_watch_runs_until_interrupted(control_plane: ControlPlane, cluster: Client, namespace: str, nodes, tmp_path: Path):
    nodes(ONE_GPU)
    with Following(tmp_path, control_plane.kubeconfig, "-n", namespace) as following:
        following.wait_for(f"No NIMService is deployed in {namespace}")
        apply_all(cluster, render(nim(gpu=2), namespace))
        assert following.wait_for(f"The pod requests 2 {GPU}, but the largest node has 1.") < 10
        objects = render(nim(gpu=1), namespace)
        apply_all(cluster, objects)
        following.wait_for(f"{namespace}/llama: ready after ")
        time.sleep(3)
        assert sum("the largest node has 1." in line for line in following.lines) == 1
        assert sum("ready after" in line for line in following.lines) == 1
        cluster.delete("apps/v1", "Deployment", "llama", namespace)
        following.wait_for(f"{namespace}/llama: not deployed")
        assert following.interrupt() == (130, "error: interrupted\n")


def test_explain_watch_survives_api_server_restart(control_plane: ControlPlane, cluster: Client, namespace: str, nodes, tmp_path: Path):
    nodes(ONE_GPU)
    apply_all(cluster, render(nim(gpu=2), namespace))
    with Following(tmp_path, control_plane.kubeconfig, "-n", namespace, "--json") as following:
        following.wait_for('"gpu-too-many"')
        control_plane.halt("kube-apiserver")
        time.sleep(2)
        control_plane.resume_api()
        apply_all(cluster, render(nim(gpu=1), namespace))
        following.wait_for('"ready": true', 120)
        reports = [json.loads(line) for line in following.lines]
        assert {each["service"] for each in reports} == {"llama"}
        assert reports[-1]["diagnoses"] == []
        assert following.interrupt()[0] == 130


@pytest.mark.parametrize("command", ["explain", "check", "fit"])
def test_json_contains_the_error_of_command(tmp_path: Path, project: Path, command: str):
    for stack, text in (("nowhere", "nowhere"), ("dev", "there is no kubeconfig")):
        code, output, errors = run(project, tmp_path / "missing", command, "--stack", stack, "--json")
        if command == "fit" and stack == "dev":
            continue  # `fit` uses no cluster
        assert code == 1
        report = json.loads(output)
        assert report["command"] == command
        assert text in report["error"]
        assert errors == f"error: {report['error']}\n"
    code, output, _ = run(project, tmp_path / "missing", "explain", "other", "--stack", "dev", "--json")
    assert (code, json.loads(output)) == (1, {"command": "explain", "error": "the stack dev has no service other. Services: llama"})


def test_missing_kubeconfig_is_an_error(tmp_path: Path):
    code, _, errors = run(tmp_path, tmp_path / "missing", "explain")
    assert (code, errors) == (
        1,
        f"error: there is no kubeconfig ({tmp_path / 'missing'}). Choose a cluster with --kubeconfig or KUBECONFIG, and --context\n",
    )


def marks(output: str) -> dict[str, str]:
    return {each["about"]: each["mark"] for each in json.loads(output)["checks"]}


def test_check_fails_then_passes(control_plane: ControlPlane, cluster: Client, namespace: str, nodes, project: Path):
    nodes(ONE_GPU)
    code, output, errors = run(project, control_plane.kubeconfig, "check", "--stack", "dev", "--json")
    assert code == 3, errors
    assert marks(output) == {
        "Kubernetes": "ok",
        f"Namespace {namespace}": "ok",
        "Permissions": "ok",
        f"Secret {namespace}/ngc": "fail",
        f"Pull Secret {namespace}/pull": "fail",
        "Default StorageClass": "ok",
        "GPUs of llama": "fail",
        "State": "warn",
    }
    secret: dict[str, Any] = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "ngc", "namespace": namespace},
        "stringData": {"NGC_API_KEY": "nvapi-of-nobody"},
    }
    cluster.create(secret)
    config = '{"auths": {"nvcr.io": {"password": "nvapi-of-nobody"}}}'
    cluster.create(
        {
            **secret,
            "metadata": {"name": "pull", "namespace": namespace},
            "type": "kubernetes.io/dockerconfigjson",
            "stringData": {".dockerconfigjson": config},
        }
    )
    stack = project / "Pulumi.dev.yaml"
    stack.write_text(stack.read_text().replace("gpu: 2", "gpu: 1"))
    (project / "state.json").write_text('{"version": 3, "deployment": {"resources": []}}')
    code, output, errors = run(project, control_plane.kubeconfig, "check", "--stack", "dev", "--state", "state.json", "--strict")
    assert code == 0, output + errors
    assert "✗" not in output
    assert "✓ GPUs of llama" in output
    assert "nvapi" not in output


@pytest.fixture
def storage(cluster: Client) -> Iterator[Callable[[Object], None]]:
    """Return a function that creates cluster-scoped storage objects, deleted after the test."""
    created: list[Object] = []

    def create(object_: Object) -> None:
        cluster.create(object_)
        created.append(object_)

    yield create
    for each in created:
        cluster.delete(each["apiVersion"], each["kind"], each["metadata"]["name"], each["metadata"].get("namespace"))


def test_check_uses_published_storage_facts(
    control_plane: ControlPlane, cluster: Client, namespace: str, nodes, project: Path, storage: Callable[[Object], None]
):
    def check() -> tuple[str, str]:
        _, output, _ = run(project, control_plane.kubeconfig, "check", "--stack", "dev", "--json")
        (found,) = (each for each in json.loads(output)["checks"] if each["about"] == "StorageClass shared")
        return found["mark"], found["text"]

    nodes(ONE_GPU)
    stack = project / "Pulumi.dev.yaml"
    config = yaml.safe_load(stack.read_text())
    config["config"]["nim:services"]["llama"]["cache"] = {"storage_class": "shared", "access_mode": "ReadWriteMany", "size": "100Gi"}
    stack.write_text(yaml.safe_dump(config))
    driver, group = "files.example.com", "storage.k8s.io/v1"
    storage({"apiVersion": group, "kind": "StorageClass", "metadata": {"name": "shared"}, "provisioner": driver})
    mark, text = check()
    assert (mark, text) == (
        "warn",
        f"exists ({driver}); the cluster does not publish whether it supports ReadWriteMany, which llama requires",
    )
    storage({"apiVersion": group, "kind": "CSIDriver", "metadata": {"name": driver}, "spec": {"storageCapacity": True}})
    storage({"apiVersion": group, "kind": "CSINode", "metadata": {"name": "gpu-0"}, "spec": {"drivers": []}})
    assert check() == ("fail", f"uses {driver}, whose CSI driver runs on none of the 1 nodes with {GPU}")
    csi_node = cluster.get(group, "CSINode", "gpu-0")
    cluster.patch(csi_node, {"spec": {"drivers": [{"name": driver, "nodeID": "gpu-0", "topologyKeys": None}]}})
    capacity = {"apiVersion": group, "kind": "CSIStorageCapacity", "metadata": {"name": "small", "namespace": namespace}}
    storage({**capacity, "storageClassName": "shared", "capacity": "10Gi"})
    assert check() == ("fail", "has no room for 100Gi: the driver can create volumes of at most 10Gi")
    storage({**capacity, "metadata": {"name": "large", "namespace": namespace}, "storageClassName": "shared", "capacity": "1Ti"})
    assert check()[0] == "warn"
    volume = {"storageClassName": "shared", "accessModes": ["ReadWriteMany"], "capacity": {"storage": "1Gi"}}
    source = {"csi": {"driver": driver, "volumeHandle": "x"}}
    storage({"apiVersion": "v1", "kind": "PersistentVolume", "metadata": {"name": f"{namespace}-shared"}, "spec": {**volume, **source}})
    assert check() == ("ok", f"exists ({driver}) and has a ReadWriteMany volume")


def test_check_looks_for_named_objects(
    crds: None, control_plane: ControlPlane, cluster: Client, namespace: str, nodes, project: Path, storage: Callable[[Object], None]
):
    nodes(ONE_GPU)
    stack = project / "Pulumi.dev.yaml"
    config = yaml.safe_load(stack.read_text())
    config["config"]["nim:services"]["llama"] |= {
        "priority_class": "precious",
        "runtime_class": "gpu",
        "network": {"ca_config_map": "ca"},
        "ingress": {"hosts": ["llama.example"], "class_name": "public", "tls": True, "tls_secret": "certificate"},
        "grpc_port": 50051,
        "grpc_route": {"hosts": ["grpc.example"], "gateway": "door"},
        "metrics": {"monitor": {}},
    }
    stack.write_text(yaml.safe_dump(config))
    names = {
        "PriorityClass precious": {"apiVersion": "scheduling.k8s.io/v1", "value": 1},
        "RuntimeClass gpu": {"apiVersion": "node.k8s.io/v1", "handler": "runc"},
        f"ConfigMap {namespace}/ca": {"apiVersion": "v1"},
        "IngressClass public": {"apiVersion": "networking.k8s.io/v1", "spec": {"controller": "example.com/none"}},
        f"Secret {namespace}/certificate": {"apiVersion": "v1"},
        f"Gateway {namespace}/door": {
            "apiVersion": "gateway.networking.k8s.io/v1",
            "spec": {"gatewayClassName": "none", "listeners": [{"name": "http", "port": 80, "protocol": "HTTP"}]},
        },
    }
    monitor = f"ServiceMonitor {namespace}/llama"

    def check() -> dict[str, str]:
        _, output, _ = run(project, control_plane.kubeconfig, "check", "--stack", "dev", "--json")
        return marks(output)

    found = check()
    assert {about: found[about] for about in names} == dict.fromkeys(names, "fail")
    assert found[monitor] == "warn"
    for about, fields in names.items():
        kind, _, name = about.partition(" ")
        space, _, name = name.rpartition("/")
        storage({"kind": kind, "metadata": {"name": name, **({"namespace": space} if space else {})}, **fields})
    found = check()
    assert {about: found[about] for about in names} == dict.fromkeys(names, "ok")


def test_check_reports_orphan(control_plane: ControlPlane, cluster: Client, namespace: str, nodes, project: Path):
    nodes(ONE_GPU)
    apply_all(cluster, render(nim(), namespace))
    (project / "state.json").write_text('{"version": 3, "deployment": {}}')
    code, output, _ = run(project, control_plane.kubeconfig, "check", "--stack", "dev", "--state", "state.json")
    assert code == 3
    assert f"✗ Deployment {namespace}/llama: exists in the cluster, but not in the stack's state" in output
    assert "fix: Adopt it, with unchanged arguments:\n    PULUMI_K8S_UPSERT_EXISTING_OBJECTS=true pulumi up\n" in output


def test_check_reports_missing_permissions(control_plane: ControlPlane, cluster: Client, namespace: str, nodes, project: Path):
    nodes(ONE_GPU)
    grant(cluster, namespace, "pods", "events", "replicasets")
    code, output, _ = run(project, control_plane.kubeconfig_of(VISITOR), "check", "--stack", "dev", "--json")
    assert code == 3
    texts = [each["text"] for each in json.loads(output)["checks"] if each["about"] == "Permissions"]
    assert f"missing: create, delete, get, list, patch, watch deployments in namespace {namespace}" in texts
    assert marks(output)["GPUs"] == "warn"
    assert marks(output)[f"Secret {namespace}/ngc"] == "warn"
