"""Monitors, dashboard and alerts. Every query is valid PromQL for every generation."""

import json
import re
from typing import Any

import promql_parser
import pulumi
import pytest

from nim_component.args.generation import ONE, TWO_SGLANG, TWO_VLLM, Generation
from nim_component.manifests.dashboard import COLUMNS, WINDOW, build_dashboard
from nim_component.testing import CONFIG_MAP, DEPLOYMENT, POD_MONITOR, PROMETHEUS_RULE, SERVICE, SERVICE_MONITOR, record

from .seed import recorded, serve
from .test_autoscaling import selectors

GENERATIONS = [ONE, TWO_VLLM, TWO_SGLANG]


def monitor(**fields: Any) -> dict[str, Any]:
    kind = fields.get("kind", "ServiceMonitor")
    return recorded(metrics={"monitor": fields}).child("llama", f"kubernetes:monitoring.coreos.com/v1:{kind}").inputs


def alerts(more: dict[str, Any] | None = None, **fields: Any) -> dict[str, dict[str, Any]]:
    spec = recorded(metrics={"alerts": fields}, **(more or {})).child("llama", PROMETHEUS_RULE).inputs["spec"]
    (group,) = spec["groups"]
    assert group["name"] == "nim-llama"
    return {rule["alert"]: rule for rule in group["rules"]}


def test_no_metrics_create_no_children():
    seen = recorded()
    assert [seen.find(kind) for kind in (SERVICE_MONITOR, POD_MONITOR, PROMETHEUS_RULE, CONFIG_MAP)] == [[], [], [], []]
    assert "annotations" not in seen.deployment("llama")["spec"]["template"]["metadata"]


class TestMonitor:
    def test_default_creates_service_monitor_only(self):
        seen = recorded(metrics={}, namespace="serving")
        assert set(seen.children("llama")) == {"llama-secret-pull", "llama-cache", "llama-deployment", "llama-service", "llama-monitor"}
        child = seen.children("llama")["llama-monitor"]
        assert child.type == SERVICE_MONITOR
        assert (child.inputs["metadata"]["name"], child.inputs["metadata"]["namespace"]) == ("llama", "serving")
        assert "annotations" not in child.inputs["metadata"]
        service = seen.child("llama", SERVICE).inputs
        selected = child.inputs["spec"]["selector"]["matchLabels"]
        assert selected.items() <= service["metadata"]["labels"].items()
        (endpoint,) = child.inputs["spec"]["endpoints"]
        assert endpoint == {"port": service["spec"]["ports"][0]["name"], "path": "/v1/metrics", "interval": "30s"}

    def test_scrape_options_are_rendered(self):
        (endpoint,) = monitor(path="metrics", interval="1m", scrape_timeout="30s")["spec"]["endpoints"]
        assert endpoint == {"port": "http", "path": "/metrics", "interval": "1m", "scrapeTimeout": "30s"}

    def test_monitor_labels_and_annotations_are_rendered(self):
        metadata = monitor(labels={"release": "kube-prometheus-stack"}, annotations={"a": "b"})["metadata"]
        assert metadata["labels"].items() >= {"release": "kube-prometheus-stack", "app.kubernetes.io/instance": "llama"}.items()
        assert metadata["annotations"] == {"a": "b"}

    def test_pod_monitor_sets_service_label(self):
        seen = recorded(metrics={"monitor": {"kind": "PodMonitor"}})
        spec = seen.child("llama", POD_MONITOR).inputs["spec"]
        assert spec["selector"]["matchLabels"] == seen.deployment("llama")["spec"]["selector"]["matchLabels"]
        (endpoint,) = spec["podMetricsEndpoints"]
        assert endpoint["relabelings"] == [{"targetLabel": "service", "replacement": "llama"}]
        assert "endpoints" not in spec
        assert "relabelings" not in monitor()["spec"]["endpoints"][0]

    @pytest.mark.parametrize("is_output", [False, True], ids=["plain", "output"])
    def test_scrape_annotations_are_on_pods(self, is_output: bool):
        def program() -> None:
            port: Any = pulumi.Output.from_input(9000) if is_output else 9000
            serve(port=port, pod_annotations={"a": "b"}, metrics={"monitor": None, "scrape_annotations": True})

        seen = record(program)
        assert seen.child("llama", DEPLOYMENT).inputs["spec"]["template"]["metadata"]["annotations"] == {
            "a": "b",
            "prometheus.io/scrape": "true",
            "prometheus.io/port": "9000",
            "prometheus.io/path": "/v1/metrics",
        }
        assert seen.find(SERVICE_MONITOR) == []


class TestAlerts:
    def test_each_alert_has_severity_service_and_summary(self):
        rules = alerts(severity="page")
        assert list(rules) == ["NIMNotServing", "NIMQueueGrows", "NIMCacheFull", "NIMSlow"]
        assert [rule["labels"]["severity"] for rule in rules.values()] == ["critical", "page", "page", "page"]
        assert {rule["labels"]["service"] for rule in rules.values()} == {"llama"}
        assert all(rule["annotations"]["summary"] for rule in rules.values())

    def test_not_serving_waits_for_startup_timeout(self):
        assert alerts({"startup_timeout": 900}, hold="5m")["NIMNotServing"]["for"] == "900s"
        assert alerts({"startup_timeout": 900}, hold="1h")["NIMNotServing"]["for"] == "3600s"
        assert alerts(hold="5m")["NIMSlow"]["for"] == "5m"

    def test_thresholds_are_default_or_given(self):
        def limits(**fields: Any) -> dict[str, str]:
            return {name: rule["expr"].rpartition("> ")[2] for name, rule in alerts(**fields).items()}

        assert limits() == {"NIMNotServing": "0", "NIMQueueGrows": "10", "NIMCacheFull": "0.95", "NIMSlow": "5"}
        assert limits(queue=3, kv_cache="800m", first_token=2.5) == {
            "NIMNotServing": "0",
            "NIMQueueGrows": "3",
            "NIMCacheFull": "0.8",
            "NIMSlow": "2.5",
        }

    @pytest.mark.parametrize(("field", "name"), [("queue", "NIMQueueGrows"), ("kv_cache", "NIMCacheFull"), ("first_token", "NIMSlow")])
    def test_null_threshold_removes_alert(self, field: str, name: str):
        assert name not in alerts(**{field: None})

    def test_alert_labels_are_rendered(self):
        rule = recorded(metrics={"alerts": {"labels": {"release": "x"}}}).child("llama", PROMETHEUS_RULE).inputs
        assert rule["metadata"]["labels"].items() >= {"release": "x", "app.kubernetes.io/instance": "llama"}.items()

    def test_alert_expressions_are_valid_promql(self):
        for rule in alerts().values():
            promql_parser.parse(rule["expr"])

    @pytest.mark.parametrize("generation", GENERATIONS, ids=lambda each: each.name)
    def test_alerts_select_metrics_of_each_generation(self, generation: Generation):
        rules, names = alerts(), generation.metrics
        for alert, metric in (
            ("NIMQueueGrows", names.waiting[0]),
            ("NIMCacheFull", names.kv_cache[0]),
            ("NIMSlow", f"{names.first_token[0]}_bucket"),
        ):
            assert any(re.fullmatch(each.get("__name__", ""), metric) for each in selectors(rules[alert]["expr"]))

    def test_zero_desired_replicas_fire_no_alert(self):
        expr = alerts()["NIMNotServing"]["expr"]
        assert expr == (
            '((sum(up{namespace="default",service="llama"})) or vector(0)) == 0 '
            'and on() sum(kube_deployment_spec_replicas{namespace="default",deployment="llama"}) > 0'
        )


class TestDashboard:
    def config(self, **fields: Any) -> dict[str, Any]:
        return recorded(metrics={"dashboard": fields}, namespace="serving").children("llama")["llama-dashboard"].inputs

    def test_dashboard_config_map_has_sidecar_label(self):
        inputs = self.config()
        assert inputs["metadata"]["name"] == "llama-dashboard"
        assert inputs["metadata"]["labels"]["grafana_dashboard"] == "1"
        assert "annotations" not in inputs["metadata"]
        (file,) = inputs["data"]
        assert file == "serving-llama.json"
        assert json.loads(inputs["data"][file]) == build_dashboard("llama", "serving")

    def test_dashboard_folder_and_labels_are_rendered(self):
        metadata = self.config(folder="Models", labels={"dashboards": "yes"})["metadata"]
        assert metadata["annotations"] == {"grafana_folder": "Models"}
        assert metadata["labels"]["dashboards"] == "yes"
        assert "grafana_dashboard" not in metadata["labels"]

    def test_dashboard_with_output_namespace(self):
        seen = record(lambda: serve(namespace=pulumi.Output.from_input("serving"), metrics={"dashboard": {}}))
        assert seen.children("llama")["llama-dashboard"].inputs["data"] == self.config()["data"]

    def test_dashboard_uid_is_stable_and_unique(self):
        one, other = build_dashboard("llama", "serving"), build_dashboard("llama", "staging")
        assert one["uid"] == build_dashboard("llama", "serving")["uid"] != other["uid"]
        assert re.fullmatch(r"[a-zA-Z0-9_-]{1,40}", one["uid"])

    def test_panels_fill_grid_without_overlap(self):
        panels = build_dashboard("llama", "serving")["panels"]
        assert [panel["id"] for panel in panels] == list(range(1, len(panels) + 1))
        cells = [
            (x, y)
            for panel in panels
            for at in [panel["gridPos"]]
            for x in range(at["x"], at["x"] + at["w"])
            for y in range(at["y"], at["y"] + at["h"])
        ]
        assert len(cells) == len(set(cells))
        assert max(x for x, _ in cells) < COLUMNS

    def queries(self) -> list[str]:
        panels = build_dashboard("llama", "serving")["panels"]
        return [target["expr"].replace(WINDOW, "5m") for panel in panels for target in panel["targets"]]

    def test_dashboard_queries_are_valid_promql(self):
        assert len(self.queries()) == 14
        for query in self.queries():
            promql_parser.parse(query)

    @pytest.mark.parametrize("generation", GENERATIONS, ids=lambda each: each.name)
    def test_panels_select_metrics_of_each_generation(self, generation: Generation):
        names = generation.metrics
        gauges = [names.waiting, names.running, names.kv_cache, names.prompt_tokens, names.generation_tokens]
        histograms = [(f"{name}_bucket",) for (name,) in (names.first_token, names.latency)]
        asked = [each["__name__"] for query in self.queries() for each in selectors(query) if "__name__" in each]
        for (metric,) in [*gauges, *histograms]:
            assert any(re.fullmatch(pattern, metric) for pattern in asked), metric
