"""The policy pack in its own environment, with renders of this project and other objects."""

import base64
import copy
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from nim_component.local.markers import Secret, Unknown
from nim_component.testing import record_project

from ..credentials import CERTAIN, ISSUED, LOOK_ALIKES, NEAR_MISSES
from ..schema.test_schema import PROJECTS
from .environment import provide_environment

ROOT = Path(__file__).parents[2]
Resource = dict[str, Any]


@pytest.fixture(scope="session")
def interpreter() -> Path:
    """Return a Python with the packages of the pack."""
    return provide_environment() / "bin" / "python"


def find_violations(interpreter: Path, resources: list[Resource], **config: Any) -> dict[str, list[str]]:
    given = json.dumps({"resources": resources, "config": {name.replace("_", "-"): each for name, each in config.items()}})
    driver = [str(interpreter), str(ROOT / "tests" / "policies" / "driver.py")]
    done = subprocess.run(driver, input=given, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def remove_markers(value: Any) -> Any:
    match value:
        case Secret() | Unknown():
            return "redacted"
        case dict():
            return {key: remove_markers(each) for key, each in value.items()}
        case list() | tuple():
            return [remove_markers(each) for each in value]
        case _:
            return value


def restricted_deployment() -> Resource:
    """Return a Deployment that all policies accept."""
    container = {
        "name": "server",
        "image": "registry.example/server:1.0.0",
        "env": [{"name": "NGC_API_KEY", "valueFrom": {"secretKeyRef": {"name": "ngc", "key": "k"}}}, {"name": "B_TOKEN", "value": "$(A)"}],
        "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
        "resources": {"limits": {"nvidia.com/gpu": "2", "cpu": "1"}},
    }
    pod = {
        "securityContext": {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}},
        "containers": [container],
        "volumes": [{"name": "cache", "persistentVolumeClaim": {"claimName": "c"}}],
    }
    props = {"metadata": {"name": "server", "namespace": "ns"}, "spec": {"replicas": 3, "template": {"spec": pod}}}
    return {"type": "kubernetes:apps/v1:Deployment", "name": "server", "props": props}


def changed(resource: Resource, path: str, value: Any) -> Resource:
    """Return a copy with one value changed, or removed if it is None.

    A number in the path is an index.
    """
    made = copy.deepcopy(resource)
    *above, last = path.split(".")
    at: Any = made["props"]
    for step in above:
        at = at[int(step) if step.isdigit() else step]
    last = int(last) if last.isdigit() else last
    if value is None:
        del at[last]
    else:
        at[last] = value
    return made


POD = "spec.template.spec"
SERVER = f"{POD}.containers.0"
CONTEXT = f"{POD}.containers[server].securityContext"
WRONG: list[tuple[str, str, Any, str]] = [
    ("pods-restricted", f"{POD}.hostNetwork", True, f"{POD}.hostNetwork: must not be set."),
    ("pods-restricted", f"{POD}.volumes.0.hostPath", {"path": "/"}, f"{POD}.volumes[cache]: must not be a hostPath."),
    ("pods-restricted", f"{SERVER}.securityContext.allowPrivilegeEscalation", None, f"{CONTEXT}.allowPrivilegeEscalation: must be false."),
    ("pods-restricted", f"{SERVER}.securityContext.capabilities", None, f"{CONTEXT}.capabilities.drop: must contain ALL."),
    ("pods-restricted", f"{SERVER}.securityContext.capabilities.add", ["SYS_ADMIN"], f"{CONTEXT}.capabilities.add: must contain"),
    ("pods-restricted", f"{SERVER}.securityContext.privileged", True, f"{CONTEXT}.privileged: must not be set."),
    ("pods-restricted", f"{SERVER}.securityContext.runAsUser", 0, f"{CONTEXT}.runAsUser: must not be 0."),
    ("pods-restricted", f"{POD}.securityContext.runAsNonRoot", False, f"{CONTEXT}.runAsNonRoot: must be true"),
    ("pods-restricted", f"{POD}.securityContext.seccompProfile", None, f"{CONTEXT}.seccompProfile.type: must be"),
    ("pods-restricted", f"{SERVER}.ports", [{"containerPort": 1, "hostPort": 1}], f"{POD}.containers[server].ports: must not use a port"),
    ("images-pinned", f"{SERVER}.image", "registry.example:5000/server", "must have a fixed tag or a digest."),
    ("images-pinned", f"{SERVER}.image", "server:latest", "server:latest must have a fixed tag or a digest."),
    (
        "no-plain-secrets",
        f"{SERVER}.env.0",
        {"name": "NGC_API_KEY", "value": "x"},
        "env[NGC_API_KEY]: must not contain a key in plain text.",
    ),
    ("no-plain-secrets", f"{SERVER}.env.0.value", "nvapi-abcdefghijklmno", "env[NGC_API_KEY]: must not contain a key in plain text."),
    (
        "no-plain-secrets",
        f"{SERVER}.env.1",
        {"name": "A", "value": "nvapi-abcdefghijklmno"},
        "env[A]: must not contain a key in plain text.",
    ),
    ("no-plain-secrets", f"{SERVER}.args", ["--key=nvapi-abcdefghijklmno"], "containers[server].args: must not contain a key"),
    ("no-plain-secrets", "metadata.annotations", {"a": "hf_abcdefghijklmnopqrstuv"}, "metadata.annotations[a]: must not contain a key"),
]

KEY = CERTAIN["NGC"](1)[0]
PLACES: list[tuple[str, Any, str]] = [
    ("spec.template.metadata", {"annotations": {"a": KEY}}, "spec.template.metadata.annotations[a]"),
    ("spec.template.metadata", {"labels": {KEY: "a"}}, "spec.template.metadata.labels[...]"),
    (
        f"{SERVER}.livenessProbe",
        {"httpGet": {"httpHeaders": [{"name": "Authorization", "value": "Bearer abcdefgh"}]}},
        "httpHeaders[Authorization]",
    ),
    (f"{SERVER}.livenessProbe", {"httpGet": {"httpHeaders": [{"name": "X-A", "value": KEY}]}}, "livenessProbe.httpGet.httpHeaders[X-A]"),
    (f"{SERVER}.livenessProbe", {"httpGet": {"path": f"/?key={KEY}"}}, "livenessProbe.httpGet.path"),
    (f"{SERVER}.lifecycle", {"preStop": {"exec": {"command": ["sh", "-c", f"curl -H 'X: {KEY}' x"]}}}, "lifecycle.preStop.exec.command"),
    (f"{SERVER}.env.0", {"name": "PGPASSWORD", "value": "x"}, "env[PGPASSWORD]"),
    (f"{SERVER}.workingDir", f"/{KEY}", "containers[server].workingDir"),
    (f"{POD}.volumes.0", {"name": "v", "csi": {"driver": "d", "volumeAttributes": {"k": KEY}}}, "volumes[v].csi.volumeAttributes.k"),
]


@pytest.mark.parametrize(("path", "value", "text"), PLACES, ids=lambda each: str(each)[:40])
def test_key_in_any_text_is_found(interpreter: Path, path: str, value: Any, text: str):
    resource = changed(restricted_deployment(), "spec.template.metadata", {})
    violations = find_violations(interpreter, [changed(resource, path, value)])["no-plain-secrets"]
    assert len(violations) == 1
    assert text in violations[0]
    assert KEY not in violations[0]


NAMED: list[tuple[str, str, Any]] = [
    ("Deployment", f"{SERVER}.args", ["--password=hunter22"]),
    ("Deployment", f"{SERVER}.args", ["--password", "hunter22"]),
    ("Deployment", f"{SERVER}.command", ["sh", "-c", "PGPASSWORD=hunter22 psql"]),
    ("Deployment", f"{SERVER}.env.0", {"name": "URL", "value": "postgres://joe:hunter22@db/main"}),
    ("Deployment", "metadata.annotations", {"example.com/password": "hunter22"}),
    ("Deployment", "spec.template.metadata", {"annotations": {"a": "password: hunter22"}}),
    ("ConfigMap", "data", {"app.yaml": "db:\n  password: hunter22\n"}),
    ("ConfigMap", "data", {"app.json": '{"token": "hunter22abcdef"}'}),
    ("ConfigMap", "data", {"start.sh": "export PGPASSWORD=hunter22\n"}),
    ("ConfigMap", "binaryData", {"app": base64.b64encode(b"db:\n  password: hunter22\n").decode()}),
    ("ConfigMap", "binaryData", {"password": base64.b64encode(b"hunter22").decode()}),
    ("Custom", "spec", {"auth": {"clientSecret": "hunter22"}}),
]


@pytest.mark.parametrize(("kind", "path", "value"), NAMED, ids=lambda each: str(each)[:50])
def test_named_credential_is_found(interpreter: Path, kind: str, path: str, value: Any):
    resource = changed(restricted_deployment(), "spec.template.metadata", {})
    given = changed(resource, path, value) if kind == "Deployment" else {"name": "a", "props": {path: value}}
    found = find_violations(interpreter, [{**given, "type": f"kubernetes:a/v1:{kind}"}])["no-plain-secrets"]
    assert len(found) == 1
    assert "hunter22" not in found[0]


@pytest.mark.parametrize(
    "spec",
    [
        {"secretName": "hunter22", "tokenSecretRef": {"name": "hunter22"}, "passwordKey": "hunter22", "secretKeyRef": {"key": "password"}},
        {"template": {"args": ["--token-file", "/var/run/token", "--max-tokens", "8192", "--api-key=$(API_KEY)"]}},
        {"data": {"run.py": "token = settings.token\npassword = read(password_file)\n"}},
    ],
)
def test_reference_is_no_credential(interpreter: Path, spec: Any):
    custom = {"type": "kubernetes:a/v1:Custom", "name": "c", "props": {"spec": spec}}
    assert find_violations(interpreter, [custom])["no-plain-secrets"] == []


def test_every_form_of_key_is_found_once(interpreter: Path):
    """A violation for each form: in an annotation, in base64, and in a custom resource."""
    values = {str(index): make(7)[0] for index, make in enumerate({**CERTAIN, **ISSUED}.values())}
    encoded = {name: base64.b64encode(value.encode()).decode() for name, value in values.items()}
    metadata = {"metadata": {"annotations": values}}
    listed = [
        {"type": "kubernetes:core/v1:Service", "name": "s", "props": metadata},
        {"type": "kubernetes:core/v1:ConfigMap", "name": "c", "props": {"binaryData": encoded}},
        {"type": "kubernetes:example.com/v1:Custom", "name": "x", "props": {"spec": {"deep": [{"fields": values}]}}},
        {"type": "kubernetes:core/v1:Secret", "name": "k", "props": {"stringData": values, **metadata}},
    ]
    violations = find_violations(interpreter, listed)["no-plain-secrets"]
    assert len(violations) == 4 * len(values)
    assert not any(value in violation for value in [*values.values(), *encoded.values()] for violation in violations)


def test_look_alikes_are_no_keys(interpreter: Path):
    data = {str(index): text for index, text in enumerate([*NEAR_MISSES, *LOOK_ALIKES])}
    names = {"token": "/var/run/token", "password": "$(A)", "password-policy": "strict"}
    config = {"type": "kubernetes:core/v1:ConfigMap", "name": "c", "props": {"data": data | names, "metadata": {"annotations": data}}}
    assert find_violations(interpreter, [config])["no-plain-secrets"] == []
    config["props"]["data"] = {"password": "hunter2"}
    assert find_violations(interpreter, [config])["no-plain-secrets"] == [
        "data[password]: must not contain a key in plain text. Move it into a Secret."
    ]


@pytest.mark.parametrize(("policy", "path", "value", "text"), WRONG, ids=lambda each: str(each)[:60])
def test_violation_is_found_by_one_policy(interpreter: Path, policy: str, path: str, value: Any, text: str):
    resource = restricted_deployment()
    if path.endswith("env.0.value"):
        resource = changed(resource, f"{SERVER}.env.0.valueFrom", None)
    found = find_violations(interpreter, [changed(resource, path, value)])
    (violation,) = found.pop(policy)
    assert text in violation
    assert "nvapi" not in violation
    assert set(map(len, found.values())) == {0}


def test_restricted_deployment_has_no_violation(interpreter: Path):
    assert set(map(len, find_violations(interpreter, [restricted_deployment()]).values())) == {0}


@pytest.mark.parametrize(("project", "stack"), PROJECTS)
def test_renders_of_this_project_have_no_violation(interpreter: Path, project: str, stack: str):
    run = record_project(ROOT / project, stack).run
    listed = [{"type": each.type, "name": each.name, "props": remove_markers(dict(each.inputs))} for each in run.resources if not each.read]
    found = find_violations(interpreter, listed, gpu_quota={"maxGpus": 100, "claims": {"gpu-resourceclaimtemplate": 1}})
    assert found == {"pods-restricted": [], "images-pinned": [], "no-plain-secrets": [], "gpu-quota": []}


UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
"""Text with which the engine passes an unknown value."""


class TestUnknown:
    """Values that are unknown at preview."""

    @pytest.mark.parametrize(
        ("policy", "path"),
        [
            ("pods-restricted", f"{SERVER}.securityContext.allowPrivilegeEscalation"),
            ("pods-restricted", f"{POD}.securityContext"),
            ("pods-restricted", f"{POD}.hostPID"),
            ("images-pinned", f"{SERVER}.image"),
            ("gpu-quota", "spec.replicas"),
            ("gpu-quota", f"{SERVER}.resources.limits.cpu"),
        ],
    )
    def test_needed_value_is_reported_by_one_policy(self, interpreter: Path, policy: str, path: str):
        found = find_violations(interpreter, [changed(restricted_deployment(), path, UNKNOWN)])
        (reported,) = found.pop(policy)
        assert reported.endswith("can't be known during preview")
        assert set(map(len, found.values())) == {0}

    @pytest.mark.parametrize(
        "path",
        [
            f"{SERVER}.env.0.valueFrom.secretKeyRef.name",
            f"{POD}.volumes.0.persistentVolumeClaim.claimName",
            "metadata.name",
            f"{SERVER}.name",
        ],
    )
    def test_other_values_suppress_no_violation(self, interpreter: Path, path: str):
        wrong = changed(changed(restricted_deployment(), f"{POD}.hostNetwork", True), f"{SERVER}.args", ["--password=hunter22"])
        found = find_violations(interpreter, [changed(wrong, path, UNKNOWN)])
        assert (len(found["pods-restricted"]), len(found["no-plain-secrets"])) == (1, 1)
        assert found["pods-restricted"][0].startswith(f"{POD}.hostNetwork: must not be set.")


class TestQuota:
    def violations(self, interpreter: Path, most: int, *resources: Resource) -> list[str]:
        return find_violations(interpreter, list(resources), gpu_quota={"maxGpus": most})["gpu-quota"]

    def test_replicas_are_counted(self, interpreter: Path):
        assert self.violations(interpreter, 6, restricted_deployment()) == []
        assert self.violations(interpreter, 5, restricted_deployment()) == [
            "the stack may use 6 GPUs, but its quota is 5: Deployment server 6. Reduce replicas or GPUs, or raise maxGpus of the policy."
        ]

    @pytest.mark.parametrize(
        ("kind", "field"), [("autoscaling/v2:HorizontalPodAutoscaler", "maxReplicas"), ("keda.sh/v1alpha1:ScaledObject", "maxReplicaCount")]
    )
    def test_autoscaler_counts_with_its_maximum(self, interpreter: Path, kind: str, field: str):
        spec = {"scaleTargetRef": {"kind": "Deployment", "name": "server"}, field: 10}
        scaler = {"type": f"kubernetes:{kind}", "name": "scaler", "props": {"metadata": {"namespace": "ns"}, "spec": spec}}
        (violation,) = self.violations(interpreter, 19, restricted_deployment(), scaler)
        assert "the stack may use 20 GPUs" in violation
        assert self.violations(interpreter, 19, restricted_deployment(), changed(scaler, "metadata.namespace", "other")) == []

    def test_node_group_counts_with_its_workers(self, interpreter: Path):
        template = restricted_deployment()["props"]["spec"]["template"]
        spec = {"replicas": 2, "leaderWorkerTemplate": {"size": 3, "workerTemplate": template}}
        node_group = {"type": "kubernetes:leaderworkerset.x-k8s.io/v1:LeaderWorkerSet", "name": "g", "props": {"spec": spec}}
        (violation,) = self.violations(interpreter, 11, node_group)
        assert "LeaderWorkerSet g 12" in violation

    def test_gpu_slices_count_and_other_devices_do_not(self, interpreter: Path):
        limits = {"nvidia.com/mig-1g.10gb": "1", "rdma/shared": "4", "nvidia.com/gpumem": "3000", "memory": "1Gi"}
        (violation,) = self.violations(interpreter, 0, changed(restricted_deployment(), f"{SERVER}.resources.limits", limits))
        assert "Deployment server 3" in violation


def test_types_of_pack_are_correct(interpreter: Path):
    checker = [str(Path(sys.executable).with_name("basedpyright")), "--project", str(ROOT / "policies"), "--pythonpath", str(interpreter)]
    done = subprocess.run(checker, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


class TestOtherPrograms:
    def test_documented_configuration_is_accepted(self, interpreter: Path):
        (block,) = re.findall(r"```json\n(.*?)```", (ROOT / "docs" / "guides" / "policies.md").read_text(encoding="utf-8"), re.DOTALL)
        config = {
            name: {key: each for key, each in settings.items() if key != "enforcementLevel"} for name, settings in json.loads(block).items()
        }
        wrong = {**changed(restricted_deployment(), f"{POD}.hostNetwork", True), "name": "gpu-driver"}
        found = find_violations(interpreter, [changed(wrong, "spec.replicas", 33)], **config)
        assert (found["pods-restricted"], len(found["gpu-quota"])) == ([], 1)
        assert config.keys() < found.keys()
        assert find_violations(interpreter, [changed(wrong, "spec.replicas", 32)], **config)["gpu-quota"] == []

    def test_cron_jobs_pods_and_init_containers_are_validated(self, interpreter: Path):
        pod = restricted_deployment()["props"]["spec"]["template"]["spec"]
        bad = {**pod, "initContainers": [{**pod["containers"][0], "name": "first", "image": "busybox"}]}
        cron = {"spec": {"jobTemplate": {"spec": {"template": {"spec": bad}}}}}
        listed = [
            {"type": "kubernetes:batch/v1:CronJob", "name": "c", "props": cron},
            {"type": "kubernetes:core/v1:Pod", "name": "p", "props": {"spec": bad}},
        ]
        assert [each.partition(":")[0] for each in find_violations(interpreter, listed)["images-pinned"]] == [
            "spec.jobTemplate.spec.template.spec.initContainers[first].image",
            "spec.initContainers[first].image",
        ]

    def test_key_in_config_map_is_found(self, interpreter: Path):
        data = {"type": "kubernetes:core/v1:ConfigMap", "name": "c", "props": {"data": {"a": "nvapi-abcdefghijklmno"}}}
        assert find_violations(interpreter, [data])["no-plain-secrets"] == [
            "data[a]: must not contain a key in plain text. Move it into a Secret."
        ]

    def test_exempt_resource_is_skipped_by_one_policy(self, interpreter: Path):
        wrong = changed(changed(restricted_deployment(), f"{POD}.hostNetwork", True), f"{SERVER}.image", "a")
        found = find_violations(interpreter, [wrong], pods_restricted={"exempt": ["server"]})
        assert (len(found["pods-restricted"]), len(found["images-pinned"])) == (0, 1)

    def test_other_resources_are_skipped(self, interpreter: Path):
        bucket = {"type": "aws:s3/bucket:Bucket", "name": "b", "props": {"spec": restricted_deployment()["props"]["spec"]}}
        assert set(map(len, find_violations(interpreter, [bucket]).values())) == {0}
