"""Fields that act although they look like settings: schedules, probes, ports and keys."""

import copy
from typing import Any

import pytest

from nim_component.review.sentences import plain_text
from nim_component.review.stack_review import review

from .changes import deployment, kubernetes_object
from .test_dangers import BASE, NOTICE, WARNING, container, findings, pod, service, severity, stack_of
from .test_disguised_dangers import annotated, mounting
from .test_unlisted_fields import labelled, monitored, of, pods_with

Manifest = dict[str, Any]
PROBE = {"httpGet": {"path": "/v1/health/live", "port": "http"}, "periodSeconds": 10}


def job(kind: str, **spec: Any) -> Manifest:
    template = {"template": {"spec": {"containers": [{"name": "a", "image": "a/b:1"}]}}}
    return kubernetes_object(kind, "batch/v1", {**({"jobTemplate": {"spec": template}} if kind == "CronJob" else template), **spec})


@pytest.mark.parametrize("kind", ["CronJob", "Job"])
@pytest.mark.parametrize("values", [(True, False), (False, True), (True, None)])
def test_changed_suspension_is_warning(kind: str, values: tuple[Any, Any]):
    old, new = (job(kind, **({} if value is None else {"suspend": value})) for value in values)
    assert severity(old, new) == WARNING


def test_init_container_that_stays_is_warning():
    init = {"name": "a", "image": "nvcr.io/nim/tool:1.0.0"}
    assert severity(pod(initContainers=[init]), pod(initContainers=[{**init, "restartPolicy": "Always"}])) == WARNING


PROBES: dict[str, Manifest] = {
    "path": {**PROBE, "httpGet": {"path": "/", "port": "http"}},
    "port": {**PROBE, "httpGet": {"path": "/v1/health/live", "port": 9999}},
    "scheme": {**PROBE, "httpGet": {**PROBE["httpGet"], "scheme": "HTTPS"}},
    "headers": {**PROBE, "httpGet": {**PROBE["httpGet"], "httpHeaders": [{"name": "X", "value": "y"}]}},
    "host": {**PROBE, "httpGet": {**PROBE["httpGet"], "host": "198.51.100.7"}},
    "another action": {"tcpSocket": {"port": 8000}, "periodSeconds": 10},
    "grpc": {"grpc": {"port": 8000}, "periodSeconds": 10},
    "no answer in time": {**PROBE, "failureThreshold": 100_000},
    "rare": {**PROBE, "periodSeconds": 86_400},
}  # fmt: skip


@pytest.mark.parametrize("probe", ["livenessProbe", "readinessProbe", "startupProbe"])
@pytest.mark.parametrize("name", [name for name in PROBES if name not in ("no answer in time", "rare")])
def test_other_request_of_probe_is_warning(probe: str, name: str):
    assert severity(container(**{probe: PROBE}), container(**{probe: PROBES[name]})) == WARNING


@pytest.mark.parametrize("probe", ["livenessProbe", "readinessProbe"])
@pytest.mark.parametrize("name", ["no answer in time", "rare"])
def test_probe_that_finds_nothing_is_warning(probe: str, name: str):
    assert severity(container(**{probe: PROBE}), container(**{probe: PROBES[name]})) == WARNING
    assert severity(container(**{probe: PROBE}), BASE) == WARNING


@pytest.mark.parametrize("field", ["periodSeconds", "failureThreshold", "initialDelaySeconds", "timeoutSeconds"])
def test_time_of_probe_is_notice(field: str):
    assert severity(container(readinessProbe=PROBE), container(readinessProbe={**PROBE, field: 30})) == NOTICE


def ports(*entries: Manifest) -> Manifest:
    return container(ports=[*entries])


HTTP = {"name": "http", "containerPort": 8000}


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (ports(HTTP), ports({**HTTP, "hostIP": "0.0.0.0"}), WARNING),
        (ports(HTTP), ports({**HTTP, "hostPort": 8000}), WARNING),
        (ports({**HTTP, "hostIP": "127.0.0.1"}), ports({**HTTP, "hostIP": "0.0.0.0"}), WARNING),
        (ports(HTTP), ports(HTTP, {"containerPort": 1, "hostIP": "0.0.0.0"}), WARNING),
        (BASE, ports({"containerPort": 1, "hostIP": "0.0.0.0"}), WARNING),
        (ports(HTTP), ports({**HTTP, "protocol": "UDP"}), WARNING),
        (ports(HTTP), BASE, WARNING),
        (ports(HTTP), ports({**HTTP, "name": "other"}), WARNING),
        (ports(HTTP), ports(HTTP, {"name": "metrics", "containerPort": 9000}), NOTICE),
        (BASE, ports(HTTP), NOTICE),
        (ports({"containerPort": 1}), BASE, NOTICE),
    ],
)
def test_severity_of_ports(old: Manifest, new: Manifest, expected: str):
    assert severity(old, new) == expected


@pytest.mark.parametrize("values", [("IfNotPresent", "Never"), ("Always", "IfNotPresent"), ("Always", "Never"), (None, "Never")])
def test_image_of_node_is_warning(values: tuple[str | None, str]):
    old, new = (container(**({} if value is None else {"imagePullPolicy": value})) for value in values)
    assert severity(old, new) == WARNING
    assert severity(old, container(imagePullPolicy="Always")) in (NOTICE, "")


@pytest.mark.parametrize("field", ["name", "appProtocol", "nodePort"])
def test_port_of_service_is_warning(field: str):
    port = {"name": "http", "port": 80, "targetPort": 8000}
    values = {"name": "other", "appProtocol": "https", "nodePort": 30000}
    assert severity(service(ports=[port]), service(ports=[{**port, field: values[field]}])) == WARNING


def selecting(name: str = "shadow", **labels: str) -> Manifest:
    changed = service(selector=labels)
    changed["metadata"]["name"] = name
    return changed


def selections(*pairs: tuple[Manifest | None, Manifest | None]) -> list[str]:
    found = review(stack_of(*pairs)).findings
    return [plain_text(each.text) for each in found if each.rule == "selection" and each.severity.value == WARNING]


def test_service_of_existing_pods_is_warning():
    text = "Service shadow selects the pods of Deployment llama, which exist before the change."
    assert selections((BASE, BASE), (None, selecting(app="llama"))) == [text]
    assert selections((BASE, BASE), (selecting(app="x"), selecting(app="llama"))) == [text]


def test_service_of_new_pods_is_no_selection():
    assert selections((BASE, BASE), (None, selecting(app="x"))) == []
    assert selections((None, BASE), (None, selecting(app="llama"))) == []
    assert selections((BASE, BASE), (selecting(app="llama"), selecting(app="llama"))) == []
    other = selecting(app="llama")
    other["metadata"]["namespace"] = "other"
    assert selections((BASE, BASE), (None, other)) == []


def secret(type_: str = "Opaque", name: str = "s", value: str = "eA==", **metadata: Any) -> Manifest:
    return {"apiVersion": "v1", "kind": "Secret", "type": type_, "metadata": {"name": name, **metadata}, "data": {"x": value}}


READ: dict[str, Manifest] = {
    "bootstrap token": secret("bootstrap.kubernetes.io/token", "bootstrap-token-abcdef"),
    "token": secret("kubernetes.io/service-account-token", annotations={"kubernetes.io/service-account.name": "admin"}),
    "release": secret("helm.sh/release.v1", "sh.helm.release.v1.x.v1"),
    "own type": secret("example.com/x"),
    "cluster of Argo CD": secret(labels={"argocd.argoproj.io/secret-type": "cluster"}),
    "copied": secret(annotations={"reflector.v1.k8s.emberstack.com/reflection-allowed": "true"}),
    "issuer": secret(annotations={"cert-manager.io/allow-direct-injection": "true"}),
    "authority of a mesh": secret(name="cacerts"),
}


@pytest.mark.parametrize("name", READ)
def test_secret_that_programs_read_is_warning(name: str):
    assert severity(None, READ[name]) == WARNING
    assert severity(READ[name], {**READ[name], "data": {"x": "eQ=="}}) == WARNING
    (found, *_) = findings(None, READ[name])
    assert "eA==" not in plain_text(found.text)


def test_plain_secret_is_notice():
    for type_ in ("Opaque", "kubernetes.io/dockerconfigjson", "kubernetes.io/tls"):
        assert severity(None, secret(type_, labels={"app.kubernetes.io/name": "x"})) == NOTICE
        assert severity(secret(type_), secret(type_, value="eQ==")) == NOTICE


MONITORS: dict[str, Manifest] = {
    "all namespaces": of("ServiceMonitor", "monitoring.coreos.com/v1", endpoints=[{"port": "http"}], namespaceSelector={"any": True}),
    "labels of targets": monitored(honorLabels=True),
    "token": monitored(bearerTokenFile="/x"),
    "parameters": monitored(params={"target": ["x"]}),
    "path": monitored(path="/metrics?x=http:y"),
}


@pytest.mark.parametrize("name", MONITORS)
def test_field_of_monitor_is_warning(name: str):
    assert severity(None, MONITORS[name]) == WARNING
    assert severity(monitored(), MONITORS[name]) == WARNING


def test_plain_monitor_is_notice():
    assert severity(None, monitored(path="/v1/metrics")) == NOTICE


ACTING = [
    "nginx.ingress.kubernetes.io/server-snippet", "container.apparmor.security.beta.kubernetes.io/nim", "iam.gke.io/gcp-service-account",
    "service.beta.kubernetes.io/aws-load-balancer-type", "eks.amazonaws.com/role-arn", "vault.hashicorp.com/agent-inject", "linkerd.io/inject",
    "sidecar.istio.io/inject", "policies.kyverno.io/scored", "team.example.com/inject", "info.example.com/x", "owner.example.com/role",
    "docs.example.com/inject", "pulumi.com/deletionPropagationPolicy", "pulumi.com/skipAwait", "helm.sh/hook", "helm.sh/resource-policy",
    "meta.helm.sh/release-name", "kubectl.kubernetes.io/x", "prometheus.io/param_x", "karpenter.sh/x", "aadpodidbinding", "istio-injection",
    "traefik.enable", "app.kubernetes.io/x",
]  # fmt: skip
PLAIN = [
    "note", "team", "cost-center", "app.kubernetes.io/part-of", "helm.sh/chart", "kubernetes.io/change-cause", "prometheus.io/scrape",
    "docs.example.com/page", "backstage.io/kubernetes-id", "pulumi.com/autonamed", "kubectl.kubernetes.io/restartedAt",
]  # fmt: skip


@pytest.mark.parametrize("key", ACTING)
def test_key_of_controller_is_warning(key: str):
    assert severity(BASE, annotated(**{key: "x"})) in (WARNING, "critical")
    assert severity(annotated(**{key: "x"}), annotated(**{key: "y"})) in (WARNING, "critical")
    assert severity(annotated(**{key: "x"}), BASE) in (WARNING, "critical")
    assert severity(BASE, labelled(BASE, **{key: "x"})) in (WARNING, "critical")
    assert severity(BASE, pods_with(annotations={key: "x"})) in (WARNING, "critical")


@pytest.mark.parametrize("key", PLAIN)
def test_descriptive_key_is_notice(key: str):
    assert severity(BASE, annotated(**{key: "x"})) == NOTICE
    assert severity(BASE, labelled(BASE, **{key: "x"})) == NOTICE


PLACES = [
    "/usr/lib/python3/data", "/usr/local/lib/python3.12/dist-packages/x-data", "/opt/nim", "/opt/nim/llm/data", "/etc", "/etc/x/run",
    "/root/.cache", "/", "/bin", "/lib/models", "/var/run/secrets", "/tmp/../usr/lib/data", "/workspace", "/app/cache", "/home/x/.config",
    "/opt/venv/tmp",
]  # fmt: skip


@pytest.mark.parametrize("path", PLACES)
def test_directory_over_image_is_warning(path: str):
    assert severity(BASE, mounting({"emptyDir": {}}, path)) == WARNING


@pytest.mark.parametrize(
    "path", ["/tmp", "/dev/shm", "/var/tmp/x", "/data", "/models/llama", "/opt/nim/.cache", "/home/nvs/loras", "/scratch"]
)
def test_directory_for_data_is_notice(path: str):
    assert severity(BASE, mounting({"emptyDir": {}}, path)) == NOTICE


def test_other_volume_over_files_is_warning():
    for source in ({"persistentVolumeClaim": {"claimName": "x"}}, {"ephemeral": {"volumeClaimTemplate": {"spec": {}}}}):
        old = mounting(source, "/data")
        new = copy.deepcopy(old)
        new["spec"]["template"]["spec"]["containers"][0]["volumeMounts"][0]["mountPath"] = "/usr/lib"
        assert severity(old, new) == WARNING


def test_plain_deployment_has_no_finding():
    assert severity(deployment(), deployment()) == ""
