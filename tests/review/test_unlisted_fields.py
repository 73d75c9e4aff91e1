"""Fields that no table lists are warnings, in objects of any kind; listed ones are not."""

import copy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nim_component.review.change import Change, ServiceChange, StackChange
from nim_component.review.sentences import plain_text
from nim_component.review.stack_review import StackReview, review

from .changes import deployment, kubernetes_object, render_objects, review_renders
from .test_dangers import (
    CRITICAL,
    NOTICE,
    WARNING,
    config_map,
    container,
    context,
    findings,
    ingress,
    pod,
    policy,
    role,
    service,
    severity,
    variable,
)
from .test_dangers import state as state_of

Manifest = dict[str, Any]


def labelled(manifest: Manifest, **labels: str) -> Manifest:
    changed = copy.deepcopy(manifest)
    changed["metadata"]["labels"] = labels
    return changed


def of(kind: str, api_version: str = "example.com/v1", **spec: Any) -> Manifest:
    return kubernetes_object(kind, api_version, spec)


def pods_with(**metadata: dict[str, str]) -> Manifest:
    changed = deployment()
    for field, entries in metadata.items():
        changed["spec"]["template"]["metadata"][field] = {**changed["spec"]["template"]["metadata"].get(field, {}), **entries}
    return changed


def scaled(**trigger: Any) -> Manifest:
    metadata = {"serverAddress": "http://prometheus", "query": "q", "threshold": "1", **trigger.pop("metadata", {})}
    return of(
        "ScaledObject",
        "keda.sh/v1alpha1",
        scaleTargetRef={"name": "llama"},
        triggers=[{"type": "prometheus", "metadata": metadata, **trigger}],
    )


def claimed(**volume: Any) -> Manifest:
    return pod(volumes=[{"name": "x", **volume}])


def monitored(**endpoint: Any) -> Manifest:
    return of("ServiceMonitor", "monitoring.coreos.com/v1", endpoints=[{"port": "http", "interval": "30s", **endpoint}])


AFFINITY = {"nodeAffinity": {"required": [{"matchFields": [{"key": "metadata.name", "operator": "In", "values": ["master-0"]}]}]}}
SPREAD = {"podAntiAffinity": {"preferred": [{"topologyKey": "kubernetes.io/hostname"}]}}
UPDATES: dict[str, tuple[Manifest, Manifest, str]] = {
    "repository": (of("Application", source={"repoURL": "https://a"}), of("Application", source={"repoURL": "https://b"}), WARNING),
    "provisioner": (of("StorageClass", provisioner="a"), of("StorageClass", provisioner="b"), WARNING),
    "store": (of("ExternalSecret", secretStoreRef={"name": "a"}), of("ExternalSecret", secretStoreRef={"name": "b"}), WARNING),
    "entry point": (of("RayJob", entrypoint="python a.py"), of("RayJob", entrypoint="python b.py"), WARNING),
    "storage of a model": (of("InferenceService", storageUri="s3://a"), of("InferenceService", storageUri="s3://b"), WARNING),
    "image of the operator": (of("NIMService", image={"repository": "a"}), of("NIMService", image={"repository": "b"}), WARNING),
    "mode of a constraint": (of("K8sConstraint", enforcementAction="deny"), of("K8sConstraint", enforcementAction="dryrun"), WARNING),
    "order of routes": (of("VirtualService", http=[{"a": 1}, {"b": 1}]), of("VirtualService", http=[{"b": 1}, {"a": 1}]), WARNING),
    "admin access": (of("ResourceClaim", devices={}), of("ResourceClaim", devices={"adminAccess": True}), CRITICAL),
    "address of a scaler": (scaled(), scaled(metadata={"serverAddress": "http://198.51.100.7"}), WARNING),
    "keys of a scaler": (scaled(), scaled(authenticationRef={"name": "other"}), WARNING),
    "query of a scaler": (scaled(), scaled(metadata={"query": "other", "threshold": "2"}), NOTICE),
    "proxy of a monitor": (monitored(), monitored(proxyUrl="http://198.51.100.7"), WARNING),
    "interval of a monitor": (monitored(), monitored(interval="15s"), NOTICE),
    "port of pods": (service(), service(ports=[{"name": "http", "port": 80, "targetPort": 9999}]), WARNING),
    "port beside a new one": (
        service(ports=[{"name": "http", "port": 80, "targetPort": 1}]),
        service(ports=[{"name": "http", "port": 80, "targetPort": 2}, {"name": "b", "port": 81}]), WARNING,
    ),
    "class of load balancers": (service(type="LoadBalancer"), service(type="LoadBalancer", loadBalancerClass="x"), CRITICAL),
    "another claim": (claimed(persistentVolumeClaim={"claimName": "a"}), claimed(persistentVolumeClaim={"claimName": "b"}), WARNING),
    "claim in place of a directory": (claimed(emptyDir={}), claimed(persistentVolumeClaim={"claimName": "b"}), WARNING),
    "new claim": (deployment(), claimed(persistentVolumeClaim={"claimName": "b"}), WARNING),
    "size of a directory": (claimed(emptyDir={}), claimed(emptyDir={"sizeLimit": "1Gi"}), NOTICE),
    "priority": (deployment(), pod(priorityClassName="system-node-critical"), WARNING),
    "every taint": (deployment(), pod(tolerations=[{"operator": "Exists"}]), WARNING),
    "control plane": (deployment(), pod(nodeSelector={"node-role.kubernetes.io/control-plane": ""}), WARNING),
    "one node": (deployment(), pod(affinity=AFFINITY), WARNING),
    "taint of GPUs": (deployment(), pod(tolerations=[{"key": "nvidia.com/gpu", "operator": "Exists"}]), NOTICE),
    "pool of nodes": (deployment(), pod(nodeSelector={"pool": "h100"}), NOTICE),
    "spread": (deployment(), pod(affinity=SPREAD), NOTICE),
    "devices": (deployment(), pod(resourceClaims=[{"name": "a", "resourceClaimName": "b"}]), WARNING),
    "service of an EndpointSlice": (labelled(of("EndpointSlice"), **{"kubernetes.io/service-name": "a"}), labelled(of("EndpointSlice"), **{"kubernetes.io/service-name": "b"}), WARNING),
    "aggregation": (role("ClusterRole"), labelled(role("ClusterRole"), **{"rbac.authorization.k8s.io/aggregate-to-view": "true"}), WARNING),
    "label of a namespace": (of("Namespace", "v1"), labelled(of("Namespace", "v1"), team="trusted"), WARNING),
    "selected label": (pods_with(labels={"access": "a"}), pods_with(labels={"access": "b"}), WARNING),
    "version label": (pods_with(labels={"app.kubernetes.io/version": "1"}), pods_with(labels={"app.kubernetes.io/version": "2"}), NOTICE),
    "injector": (deployment(), pods_with(annotations={"injector.example.com/image": "x"}), WARNING),
    "scrape": (deployment(), pods_with(annotations={"prometheus.io/scrape": "true"}), NOTICE),
    "paused": (deployment(), deployment(spec={"paused": True}), WARNING),
    "another namespace": (deployment(), {**deployment(), "metadata": {"name": "llama", "namespace": "other"}}, WARNING),
}  # fmt: skip


@pytest.mark.parametrize("name", UPDATES)
def test_severity_of_field(name: str):
    old, new, expected = UPDATES[name]
    assert severity(old, new) == expected


KINDS = st.from_regex(r"\A[A-Z][a-z]{2,8}([A-Z][a-z]{2,8})?\Z")
NAMES = st.from_regex(r"\A[a-z]{2,8}([A-Z][a-z]{2,6})?\Z")


@settings(max_examples=300, deadline=None)
@given(KINDS, NAMES, NAMES, st.text(max_size=8) | st.integers() | st.booleans())
def test_unknown_kind_has_no_ordinary_field(kind: str, outer: str, inner: str, value: Any):
    old, new = of(f"My{kind}", **{outer: {"kept": 1}}), of(f"My{kind}", **{outer: {"kept": 1, inner: value}})
    assert severity(old, new) in (CRITICAL, WARNING)


def test_privilege_of_other_forms_of_pods_is_critical():
    privileged = {"image": "a", "securityContext": {"privileged": True}}
    bodies: list[tuple[str, Manifest]] = [
        ("Workflow", {"templates": [{"name": "a", "container": privileged}]}),
        ("TaskRun", {"taskSpec": {"steps": [{"name": "a", **privileged}]}}),
        ("SparkApplication", {"driver": {"hostNetwork": True}}),
        ("VirtualMachine", {"volumes": [{"hostDisk": {"path": "/"}}]}),
    ]
    for kind, body in bodies:
        assert severity(None, of(kind, **body)) == CRITICAL
        assert severity(of(kind, **body), of(kind, **body, suspend=True)) == WARNING


def hooked(*command: str) -> Manifest:
    return container(lifecycle={"preStop": {"exec": {"command": list(command)}}})


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (hooked("sleep", "5"), hooked("sleep", "10"), NOTICE),
        (hooked("sh", "-c", "sleep 5"), hooked("/bin/sleep", "10"), NOTICE),
        (hooked("sleep", "5"), hooked("sh", "-c", "sleep 10; id"), CRITICAL),
        (hooked("sleep", "5"), deployment(), WARNING),
        (variable("HF_ENDPOINT", "https://a.example.com"), deployment(), WARNING),
        (pod(hostAliases=[{"ip": "10.0.0.1", "hostnames": ["x"]}]), deployment(), WARNING),
        (container(image="busybox:1"), container(image="docker.io/library/busybox:1"), NOTICE),
        (container(image="registry-1.docker.io/acme/tool:1"), container(image="acme/tool:1"), NOTICE),
        (container(image="acme/tool:1"), container(image="docker.io/other/tool:1"), CRITICAL),
        (claimed(hostPath={"path": "/a"}), pod(volumes=[{"name": "y", "hostPath": {"path": "/a"}}]), WARNING),
        (claimed(hostPath={"path": "/a"}), claimed(hostPath={"path": "/b"}), CRITICAL),
        (context(privileged=True), deployment(), WARNING),
    ],
)
def test_only_real_danger_is_critical(old: Manifest, new: Manifest, expected: str):
    assert severity(old, new) == expected


def test_removed_destination_has_true_consequence():
    (found,) = [each for each in findings(variable("HF_ENDPOINT", "https://a.example.com"), deployment()) if each.rule == "destination"]
    assert plain_text(found.consequence) == "The program uses its default instead."


def test_variables_are_expanded():
    def of_parts(host: str) -> Manifest:
        return container(env=[{"name": "HOST", "value": host}, {"name": "HF_ENDPOINT", "value": "https://$(HOST).example.com"}])

    (found,) = [each for each in findings(of_parts("a"), of_parts("b")) if each.severity.value == CRITICAL]
    assert "HF_ENDPOINT of container nim changes from https://a.example.com to https://b.example.com" in plain_text(found.text)


@pytest.mark.parametrize("form", ["$(SCRIPT)", "$SCRIPT", "${SCRIPT}"])
def test_variable_of_command_is_code(form: str):
    def running(value: str) -> Manifest:
        return container(command=["sh", "-c", form], env=[{"name": "SCRIPT", "value": value}, {"name": "SCRIPTS", "value": value}])

    found = [each for each in findings(running("a"), running("b")) if each.rule == "code"]
    assert [plain_text(each.text) for each in found] == ["Variable SCRIPT of container nim changes from a to b."]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (config_map(HF_ENDPOINT="https://a.example.com"), config_map(HF_ENDPOINT="https://b.example.com"), CRITICAL),
        (config_map(a="1"), config_map(a="1", LD_PRELOAD="/x.so"), CRITICAL),
        (config_map(**{"ca.crt": "a"}), config_map(**{"ca.crt": "b"}), WARNING),
        (config_map(**{"proxy.yaml": "to: https://a.example.com"}), config_map(**{"proxy.yaml": "to: https://b.example.com"}), WARNING),
        (config_map(**{"proxy.yaml": "to: https://a.example.com"}), config_map(**{"proxy.yaml": "at: https://a.example.com"}), WARNING),
        (None, config_map(**{"x.py": "import os"}), WARNING),
        (None, config_map(**{"notes.txt": "see the manual"}), WARNING),
        (config_map(**{"requirements.txt": "a==1.0"}), config_map(**{"requirements.txt": "a==1.0\nb==1.0"}), CRITICAL),
        (config_map(**{"dev-requirements.in": "a"}), config_map(**{"dev-requirements.in": "b"}), CRITICAL),
        (config_map(**{"package.json": "{}"}), config_map(**{"package.json": '{"dependencies": {"a": "1"}}'}), CRITICAL),
        (config_map(**{"pip.conf": "[global]"}), config_map(**{"pip.conf": "[global]\nindex-url = x"}), CRITICAL),
        (config_map(**{"package.txt": "a"}), config_map(**{"package.txt": "b"}), WARNING),
        (config_map(a="1"), None, NOTICE),
    ],
)
def test_severity_of_config_map(old: Manifest | None, new: Manifest | None, expected: str):
    assert severity(old, new) == expected


def config_map_in(namespace: str, name: str, **data: str) -> Manifest:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": namespace}, "data": data}


@pytest.mark.parametrize("name", ["aws-auth", "coredns", "notes", "x-dashboard"])
def test_new_config_map_has_its_place(name: str):
    (found,) = findings(None, config_map_in("kube-system", name, Corefile="forward . 8.8.8.8"))
    text = f"ConfigMap {name} is created in namespace kube-system with Corefile."
    assert (found.rule, found.severity.value, plain_text(found.text)) == ("created", WARNING, text)


def rendered(*given: Manifest) -> StackReview:
    return review_renders(render_objects(deployment()), render_objects(deployment(), *given))


@pytest.mark.parametrize(("namespace", "name", "expected"), [
    ("nim", "llama-dashboard", []),
    ("kube-system", "llama-dashboard", [WARNING]),
    ("nim", "settings", [WARNING]),
])  # fmt: skip
def test_only_dashboard_in_the_component_is_expected(namespace: str, name: str, expected: list[str]):
    found = rendered(config_map_in(namespace, name, a="1")).findings
    assert [each.severity.value for each in found if each.kind == "ConfigMap"] == expected


def test_config_map_for_own_pods_is_a_notice():
    reading = pod(volumes=[{"name": "x", "configMap": {"name": "settings"}}])
    reading["metadata"]["namespace"] = "nim"
    old, new = (state_of(each) for each in (deployment(), reading))
    maps = {name: Change("create", None, state_of(config_map_in(name, "settings", a="1"))) for name in ("nim", "other")}
    for namespace, expected in (("nim", NOTICE), ("other", WARNING)):
        change = ServiceChange("platform", [Change("update", old, new), maps[namespace]])
        (found,) = [each for each in review(StackChange("dev", "local renders", [change])).findings if each.rule == "created"]
        assert found.severity.value == expected


def test_code_in_base64_is_found():
    def of_bytes(text: str) -> Manifest:
        return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c", "namespace": "nim"}, "binaryData": {"x": text}}

    old, new = of_bytes("IyEvYmluL3NoCg=="), of_bytes("IyEvYmluL3NoCmlkCg==")  # a shell script
    (found,) = findings(old, new)
    assert (found.rule, found.severity.value, plain_text(found.text)) == ("code", CRITICAL, "ConfigMap c: the code in x changes.")


def test_identity_of_new_account_is_a_warning():
    account = {
        "apiVersion": "v1",
        "kind": "ServiceAccount",
        "metadata": {"name": "a", "annotations": {"eks.amazonaws.com/role-arn": "arn:x"}},
    }
    (found,) = findings(None, account)
    assert (found.severity.value, plain_text(found.text)) == (WARNING, "ServiceAccount a is created with eks.amazonaws.com/role-arn=arn:x.")
    plain = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "a", "labels": {"team": "a"}}}
    assert severity(None, plain) == NOTICE


def test_secret_for_a_token_is_a_warning():
    annotations = {"kubernetes.io/service-account.name": "admin"}
    secret = {
        "apiVersion": "v1",
        "kind": "Secret",
        "type": "kubernetes.io/service-account-token",
        "metadata": {"name": "s", "annotations": annotations},
    }
    (found,) = findings(None, secret)
    assert (found.rule, found.severity.value) == ("rights", WARNING)
    assert "a token of ServiceAccount admin" in plain_text(found.text)
    assert severity(None, {**secret, "type": "Opaque"}) == NOTICE


def test_claim_with_content_is_a_warning():
    assert severity(None, of("PersistentVolumeClaim", "v1", volumeName="other")) == WARNING
    assert severity(None, of("PersistentVolumeClaim", "v1", resources={})) == NOTICE


def gateway(protocol: str) -> Manifest:
    return of("Gateway", listeners=[{"name": "a", "protocol": protocol, "hostname": "a.example.com"}])


def encrypted(*hosts: str) -> Manifest:
    changed = ingress("llama")
    changed["spec"]["tls"] = [{"hosts": list(hosts), "secretName": "t"}]
    return changed


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (gateway("HTTPS"), gateway("HTTP"), CRITICAL),
        (gateway("HTTP"), gateway("HTTPS"), WARNING),
        (encrypted("a.example.com"), encrypted("b.example.com"), CRITICAL),
        (encrypted("a.example.com"), encrypted("*.example.com"), WARNING),
        (encrypted("*.example.com"), encrypted("*.b.example.com"), CRITICAL),
    ],
)
def test_lost_tls_is_critical(old: Manifest, new: Manifest, expected: str):
    assert severity(old, new) == expected


def balanced(*ranges: str, **annotations: str) -> Manifest:
    changed = service(type="LoadBalancer", **({"loadBalancerSourceRanges": list(ranges)} if ranges else {}))
    changed["metadata"]["annotations"] = {
        f"service.beta.kubernetes.io/aws-load-balancer-{key}": value for key, value in annotations.items()
    }
    return changed


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (balanced("10.0.0.0/8"), balanced("10.1.0.0/16"), NOTICE),
        (balanced("10.1.0.0/16"), balanced("10.0.0.0/8"), WARNING),
        (balanced(), balanced("10.0.0.0/8"), NOTICE),
        (balanced(internal="true", scheme="internal"), balanced(internal="true", scheme="internet-facing"), CRITICAL),
    ],
)
def test_only_wider_load_balancer_is_dangerous(old: Manifest, new: Manifest, expected: str):
    assert severity(old, new) == expected


def to_block(cidr: str, *excluded: str) -> Manifest:
    block = {"cidr": cidr, **({"except": list(excluded)} if excluded else {})}
    return policy(egress=[{"to": [{"ipBlock": block}]}], policyTypes=["Egress"])


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (to_block("10.0.0.0/8"), to_block("10.1.0.0/16"), NOTICE),
        (to_block("10.1.0.0/16"), to_block("10.0.0.0/8"), WARNING),
        (to_block("10.0.0.0/8", "10.1.0.0/16"), to_block("10.1.0.0/16"), WARNING),
        (to_block("10.0.0.0/8"), to_block("10.0.0.0/8", "10.1.0.0/16"), NOTICE),
        (to_block("0.0.0.0/0"), to_block("::/0"), WARNING),
    ],
)
def test_only_wider_range_is_dangerous(old: Manifest, new: Manifest, expected: str):
    assert severity(old, new) == expected
