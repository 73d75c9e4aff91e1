"""Gatekeeper's webhook, with policies for the pods of some namespaces."""

from pathlib import Path

import yaml

from tests.cluster.client import Client, Object, condition, wait_until
from tests.cluster.controlplane import ControlPlane
from tests.cluster.crds import install_crds
from tests.cluster.pod_network import PodNetwork
from tests.cluster.processes import free_ports

from .certificates import Authority
from .loopback import ADDRESS, listens
from .programs import provide_gatekeeper_definitions

NAME = "gatekeeper"
"""Name of the process."""
WEBHOOK = "validation.gatekeeper.sh"
LABEL = {"policies": "gatekeeper"}
"""Label of the namespaces whose pods Gatekeeper admits."""
POLICIES = Path(__file__).parent / "policies"


def start_gatekeeper(control_plane: ControlPlane, network: PodNetwork, program: Path, authority: Authority) -> None:
    """Start the process, and wait until its webhook answers."""
    client = control_plane.client()
    install_crds(client, provide_gatekeeper_definitions())
    client.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "gatekeeper-system"}})
    webhook, health = free_ports(2)
    control_plane.run(
        NAME,
        [
            str(program),
            "--operation=webhook",
            "--operation=status",
            "--operation=generate",
            "--debug-use-fake-pod",
            "--disable-cert-rotation",
            f"--host={ADDRESS}",
            f"--port={webhook}",
            f"--cert-dir={authority.write(control_plane.folder / NAME, ADDRESS)}",
            f"--health-addr={ADDRESS}:{health}",
            "--metrics-addr=0",
            # The default backend would listen on every interface.
            "--metrics-backend=opentelemetry",
            f"--otlp-endpoint={ADDRESS}:{health}",
            "--otlp-metric-interval=1h",
            "--enable-external-data=false",
            "--enable-generator-resource-expansion=false",
            "--enable-k8s-native-validation=false",
        ],
        {"KUBECONFIG": str(control_plane.kubeconfig), "POD_NAMESPACE": "gatekeeper-system"},
    )
    # The API server reaches webhooks through the same proxy as pods.
    network.route(ADDRESS, webhook, webhook)
    control_plane.wait("Gatekeeper's webhook", lambda: listens(webhook), log=NAME)
    client.create(
        {
            "apiVersion": "admissionregistration.k8s.io/v1",
            "kind": "ValidatingWebhookConfiguration",
            "metadata": {"name": "gatekeeper-validating-webhook-configuration"},
            "webhooks": [
                {
                    "name": WEBHOOK,
                    "admissionReviewVersions": ["v1"],
                    "clientConfig": {"url": f"https://{ADDRESS}:{webhook}/v1/admit", "caBundle": authority.bundle},
                    "failurePolicy": "Fail",
                    "namespaceSelector": {"matchLabels": LABEL},
                    "rules": [{"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE", "UPDATE"], "resources": ["pods"]}],
                    "sideEffects": "None",
                }
            ],
        }
    )


def read_policies() -> dict[str, Object]:
    """Return the policies by name: `rego` and, for a constraint, `parameters`."""
    return {name: policy for file in POLICIES.glob("*.yaml") for name, policy in yaml.safe_load(file.read_text()).items()}


def install_policies(client: Client) -> None:
    """Install each policy, and wait until Gatekeeper enforces it."""
    policies = read_policies()
    for name, policy in policies.items():
        client.apply(_template(name, policy))
    for name, policy in policies.items():
        kind = _kind(name)
        wait_until(f"the kind {kind}", lambda kind=kind: _is_served(client, kind))
        match = {"kinds": [{"apiGroups": [""], "kinds": ["Pod"]}], "namespaceSelector": {"matchLabels": LABEL}}
        spec = {"match": match, **({"parameters": policy["parameters"]} if "parameters" in policy else {})}
        client.apply({"apiVersion": "constraints.gatekeeper.sh/v1beta1", "kind": kind, "metadata": {"name": name}, "spec": spec})


def _kind(name: str) -> str:
    return "".join(part.capitalize() for part in name.split("-"))


def _template(name: str, policy: Object) -> Object:
    library = policy_library()
    rego = f"package {name.replace('-', '_')}\n\n{library}\n{policy['rego']}"
    schema = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    names = {"names": {"kind": _kind(name)}, "validation": {"openAPIV3Schema": schema}}
    return {
        "apiVersion": "templates.gatekeeper.sh/v1",
        "kind": "ConstraintTemplate",
        "metadata": {"name": _kind(name).lower()},
        "spec": {"crd": {"spec": names}, "targets": [{"target": "admission.k8s.gatekeeper.sh", "rego": rego}]},
    }


def policy_library() -> str:
    """Return the Rego rules that all policies use."""
    return (POLICIES / "library.rego").read_text()


def _is_served(client: Client, kind: str) -> bool:
    definition = client.find("apiextensions.k8s.io/v1", "CustomResourceDefinition", f"{kind.lower()}.constraints.gatekeeper.sh")
    return condition(definition or {}, "Established").get("status") == "True"
