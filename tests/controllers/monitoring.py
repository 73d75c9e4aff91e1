"""Prometheus with the configuration that the Prometheus Operator generates, and kube-state-metrics.

The operator's own Prometheus pod does not run. Its configuration is read from the cluster.
It is changed where a process differs from that pod: the API server, the rule files, the proxy to
other pods, and the variables of the pod.
"""

import base64
import gzip
import json
import urllib.parse
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

from tests.cluster.client import Client, Object, wait_until
from tests.cluster.controlplane import ControlPlane
from tests.cluster.pod_network import PodNetwork
from tests.cluster.processes import free_ports

from .annotated_pods import scrape_annotated_pods

NAMESPACE = "monitoring"
NAME = "cluster"
"""Name of the Prometheus object."""
_SCRAPE_INTERVAL = "1s"
PROMETHEUS: Object = {
    "apiVersion": "monitoring.coreos.com/v1",
    "kind": "Prometheus",
    "metadata": {"name": NAME, "namespace": NAMESPACE},
    "spec": {
        "replicas": 1,
        "scrapeInterval": _SCRAPE_INTERVAL,
        "evaluationInterval": _SCRAPE_INTERVAL,
        "serviceMonitorSelector": {},
        "serviceMonitorNamespaceSelector": {},
        "podMonitorSelector": {},
        "podMonitorNamespaceSelector": {},
        "ruleSelector": {},
        "ruleNamespaceSelector": {},
    },
}
"""A Prometheus that selects the monitors and rules of all namespaces."""


def start_operator(control_plane: ControlPlane, program: Path) -> None:
    """Start the Prometheus Operator with one Prometheus object."""
    (port,) = free_ports(1)
    control_plane.run(
        "prometheus-operator",
        [str(program), f"--web.listen-address=127.0.0.1:{port}"],
        {"KUBECONFIG": str(control_plane.kubeconfig)},
    )
    client = control_plane.client()
    client.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}})
    client.create(PROMETHEUS)
    control_plane.wait("the configuration of Prometheus", lambda: read_configuration(client) is not None, log="prometheus-operator")


def read_configuration(client: Client) -> Object | None:
    """Return the generated configuration, or None if there is none yet."""
    secret = client.find("v1", "Secret", f"prometheus-{NAME}", NAMESPACE)
    packed = (secret or {}).get("data", {}).get("prometheus.yaml.gz")
    return yaml.safe_load(gzip.decompress(base64.b64decode(packed))) if packed else None


def is_scraped(namespace: str, configuration: Object) -> bool:
    """Return whether a job of the configuration is for a monitor of the namespace."""
    return any(f"/{namespace}/llama/" in job["job_name"] for job in configuration.get("scrape_configs") or [])


class Prometheus:
    """Prometheus that follows the generated configuration.

    `sync` takes up what changed since its last call.
    """

    def __init__(self, control_plane: ControlPlane, network: PodNetwork, program: Path, state_metrics: Path) -> None:
        self._control_plane, self._client, self._proxy = control_plane, control_plane.client(), network.listen()
        self.added_relabelings: list[Object] = []
        """Rules added to the job of annotated pods, from the next `sync`."""
        self._folder = control_plane.folder / "prometheus"
        self._rules = self._folder / "rules"
        self._rules.mkdir(parents=True)
        port, self._state_port, telemetry = free_ports(3)
        self.url = f"http://127.0.0.1:{port}"
        control_plane.run(
            "kube-state-metrics",
            [
                str(state_metrics),
                f"--kubeconfig={control_plane.kubeconfig}",
                "--host=127.0.0.1",
                f"--port={self._state_port}",
                "--telemetry-host=127.0.0.1",
                f"--telemetry-port={telemetry}",
                "--resources=deployments,statefulsets",
            ],
        )
        self._write()
        control_plane.run(
            "prometheus",
            [
                str(program),
                f"--config.file={self._folder / 'prometheus.yaml'}",
                f"--storage.tsdb.path={self._folder / 'data'}",
                f"--web.listen-address=127.0.0.1:{port}",
                "--web.enable-lifecycle",
            ],
        )
        control_plane.wait("Prometheus", self._is_ready, log="prometheus")

    def sync(self, is_there: Callable[[Object], bool] | None = None) -> None:
        """Load the newest configuration, at the earliest when a condition of it holds."""

        def generated() -> bool:
            found = read_configuration(self._client)
            return found is not None and (is_there is None or is_there(found))

        wait_until("the generated configuration", generated)
        self._write()
        with urllib.request.urlopen(urllib.request.Request(f"{self.url}/-/reload", method="POST"), timeout=10):
            pass

    def query(self, expression: str) -> list[Object]:
        """Return the result of an instant query: series with `metric` and `value`."""
        return self._get("query", query=expression)["result"]

    def value(self, expression: str) -> float | None:
        """Return the value of the only series of a query, or None if there is none."""
        found = self.query(expression)
        assert len(found) <= 1, found
        return float(found[0]["value"][1]) if found else None

    def count_scraped(self, namespace: str, service_name: str = "llama") -> float | None:
        """Return the number of pods that answer scrapes; None without series."""
        return self.value(f'sum(up{{namespace="{namespace}",service="{service_name}"}})')

    def alerts(self, namespace: str) -> dict[str, str]:
        """Return name and state (`pending`, `firing`) of each active alert of a namespace."""
        return {name: rule["state"] for name, rule in self.rules(namespace).items() if rule["state"] != "inactive"}

    def rules(self, namespace: str) -> dict[str, Object]:
        """Return the alert rules of a namespace by name, as Prometheus evaluates them."""
        groups = self._get("rules", type="alert")["groups"]
        return {rule["name"]: rule for group in groups if f"{namespace}-" in group["file"].rpartition("/")[2] for rule in group["rules"]}

    def _get(self, path: str, **parameters: str) -> Any:
        url = f"{self.url}/api/v1/{path}?{urllib.parse.urlencode(parameters)}"
        with urllib.request.urlopen(url, timeout=10) as response:
            return json.load(response)["data"]

    def _is_ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/-/ready", timeout=2):
                return True
        except OSError:
            return False

    def _write(self) -> None:
        configuration: Any = read_configuration(self._client)
        annotated = scrape_annotated_pods(_SCRAPE_INTERVAL, self.added_relabelings)
        configuration["scrape_configs"] = [*(configuration.get("scrape_configs") or []), annotated]
        for job in configuration["scrape_configs"]:
            # `up` and the samples of kwok's pods go through the proxy.
            job["proxy_url"] = self._proxy
            for discovery in job.get("kubernetes_sd_configs", []):
                discovery["kubeconfig_file"] = str(self._control_plane.kubeconfig)
        state = {"job_name": "kube-state-metrics", "honor_labels": True, "scrape_interval": _SCRAPE_INTERVAL}
        configuration["scrape_configs"].append({**state, "static_configs": [{"targets": [f"127.0.0.1:{self._state_port}"]}]})
        for old in self._rules.glob("*.yaml"):
            old.unlink()
        for each in self._client.list("v1", "ConfigMap", NAMESPACE):
            if each["metadata"]["name"].startswith(f"prometheus-{NAME}-rulefiles-"):
                for name, text in (each.get("data") or {}).items():
                    (self._rules / name).write_text(text)
        configuration["rule_files"] = [f"{self._rules}/*.yaml"]
        text = yaml.safe_dump(configuration)
        # The reloader beside Prometheus replaces variables of its pod.
        for variable, value in {"$(SHARD)": "0", "$(POD_NAME)": f"prometheus-{NAME}-0"}.items():
            text = text.replace(variable, value)
        (self._folder / "prometheus.yaml").write_text(text)
