"""Autoscaling: the rendered HorizontalPodAutoscaler and ScaledObject, and their absence."""

from typing import Any

import promql_parser
import pulumi
import pytest

from nim_component import NIM, CacheArgs
from nim_component.args import NIMSecrets
from nim_component.args.generation import ONE, TWO_SGLANG, TWO_VLLM
from nim_component.manifests.deployment import ROLLED_OUT
from nim_component.manifests.promql import add_zero_at_rest, query_preset
from nim_component.manifests.timing import compute_timing
from nim_component.testing import AUTOSCALER, DEPLOYMENT, SCALED_OBJECT, SERVICE, Recording, record

from ..logical_names import logical_names
from .seed import recorded, serve

SHARED = CacheArgs(access_mode="ReadWriteMany")
PROMETHEUS = "http://prometheus:9090"
CRON = {"type": "cron", "metadata": {"timezone": "Etc/UTC", "start": "0 8 * * *", "end": "0 18 * * *", "desiredReplicas": "1"}}


def scaled(more: dict[str, Any] | None = None, **fields: Any) -> Recording:
    return recorded(cache=SHARED, autoscaling={"max_replicas": 4, **fields}, **(more or {}))


def hpa(**fields: Any) -> dict[str, Any]:
    return scaled(**fields).child("llama", AUTOSCALER).inputs["spec"]


def keda(minimum: int = 1, presets: list[Any] | None = None, **fields: Any) -> dict[str, Any]:
    server = {"prometheus": PROMETHEUS} if presets else {}
    seen = scaled(min_replicas=minimum, presets=presets or [], keda={**server, **fields})
    return seen.child("llama", SCALED_OBJECT).inputs["spec"]


def test_no_autoscaling_keeps_fixed_replicas():
    seen = recorded()
    assert set(seen.children("llama")) == {"llama-secret-pull", "llama-cache", "llama-deployment", "llama-service"}
    deployment = seen.child("llama", DEPLOYMENT)
    assert deployment.options.ignore_changes == ('metadata.annotations["pulumi.com/patchForce"]',)
    assert deployment.inputs["metadata"]["annotations"].keys() == {"pulumi.com/waitFor"}


def test_autoscaling_marks_owner_of_replicas():
    deployment = scaled(presets=["queue"]).child("llama", DEPLOYMENT)
    assert deployment.options.ignore_changes == ("spec.replicas",)
    assert deployment.inputs["metadata"]["annotations"] == {
        "pulumi.com/waitFor": ROLLED_OUT,
        "pulumi.com/patchForce": "true",
        "nim-component/replicas-owner": "autoscaler",
    }


def test_overridden_patch_force_is_not_ignored():
    annotations = {"metadata": {"annotations": {"pulumi.com/patchForce": "true"}}}
    assert recorded(overrides={"deployment": annotations}).child("llama", DEPLOYMENT).options.ignore_changes == ()


class TestReplicas:
    @pytest.mark.parametrize("scaler", [{"presets": ["queue"]}, {"presets": ["queue"], "keda": {"prometheus": PROMETHEUS}}], ids=str)
    def test_replicas_start_at_minimum_and_are_ignored_later(self, scaler: dict[str, Any]):
        seen = scaled(min_replicas=2, **scaler)
        assert seen.deployment("llama")["spec"]["replicas"] == 2
        assert seen.child("llama", DEPLOYMENT).options.ignore_changes == ("spec.replicas",)
        assert seen.child("llama", SERVICE).options.ignore_changes == ()

    def test_scale_to_zero_starts_with_one_replica(self):
        seen = scaled(min_replicas=0, keda={"triggers": [CRON]})
        assert seen.deployment("llama")["spec"]["replicas"] == 1

    def test_scale_to_zero_skips_await_of_service(self):
        def annotations(minimum: int) -> Any:
            seen = scaled(min_replicas=minimum, keda={"triggers": [CRON]})
            return seen.child("llama", SERVICE).inputs["metadata"].get("annotations")

        assert annotations(0) == {"pulumi.com/skipAwait": "true"}
        assert annotations(1) is None

    def test_autoscaler_depends_on_workload_and_service(self):
        waits = scaled(presets=["queue"]).child("llama", AUTOSCALER).options.dependencies
        assert logical_names(waits) == {"llama-deployment", "llama-service"}

    def test_max_replicas_decide_rollout_and_timeouts(self):
        nim = NIM(secrets=NIMSecrets.keyless(), cache=SHARED, autoscaling={"max_replicas": 4, "presets": ["queue"]})  # pyright: ignore
        assert compute_timing(nim) == compute_timing(NIM(secrets=NIMSecrets.keyless(), cache=SHARED, replicas=4))
        rolling = {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 0, "maxUnavailable": 1}}
        assert scaled(presets=["queue"]).deployment("llama")["spec"]["strategy"] == rolling


class TestAutoscaler:
    def test_hpa_targets_deployment_with_given_bounds(self):
        seen = scaled({"service_name": "chat", "namespace": "serving"}, min_replicas=2, presets=["queue"])
        child = seen.children("llama")["llama-autoscaler"]
        assert child.type == AUTOSCALER
        assert (child.inputs["metadata"]["name"], child.inputs["metadata"]["namespace"]) == ("chat", "serving")
        spec = child.inputs["spec"]
        assert spec["scaleTargetRef"] == {"apiVersion": "apps/v1", "kind": "Deployment", "name": "chat"}
        assert (spec["minReplicas"], spec["maxReplicas"]) == (2, 4)
        assert seen.find(SCALED_OBJECT) == []

    @pytest.mark.parametrize(
        ("image", "name"),
        [
            ("nvcr.io/nim/meta/llama:1.8.0", "num_requests_waiting"),
            ("nvcr.io/nim/meta/llama:2.0.4", "vllm_num_requests_waiting"),
            ("nvcr.io/nim/meta/llama-sglang:2.1.5", "sglang_num_queue_reqs"),
        ],
    )
    @pytest.mark.parametrize("is_output", [False, True], ids=["plain", "output"])
    def test_preset_uses_metric_name_of_generation(self, image: str, name: str, is_output: bool):
        def program() -> None:
            given: Any = pulumi.Output.from_input(image) if is_output else image
            serve(image=given, cache=SHARED, autoscaling={"max_replicas": 4, "presets": ["queue"]})

        (metric,) = record(program).child("llama", AUTOSCALER).inputs["spec"]["metrics"]
        assert metric == {"type": "Pods", "pods": {"metric": {"name": name}, "target": {"type": "AverageValue", "averageValue": "5"}}}

    def test_output_image_without_generation_fails_late(self):
        image = "registry.example/llm@sha256:" + "a" * 64
        with pytest.raises(ValueError, match="generation: is required with autoscaling.presets"):
            serve_late = {"max_replicas": 4, "presets": ["queue"]}
            record(lambda: serve(image=image, cache=SHARED, autoscaling=serve_late))
        with pytest.raises(pulumi.RunError, match="generation: is required with autoscaling.presets"):
            record(lambda: serve(image=pulumi.Output.from_input(image), cache=SHARED, autoscaling=serve_late))

    def test_preset_target_is_default_or_given(self):
        metrics = hpa(presets=["running", "kv-cache", {"preset": "queue", "target": 2.5}])["metrics"]
        assert [each["pods"]["target"]["averageValue"] for each in metrics] == ["5", "0.75", "2.5"]

    METRICS: list[tuple[dict[str, Any], dict[str, Any]]] = [
        (
            {"resource": {"name": "cpu", "utilization": 60}},
            {"type": "Resource", "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 60}}},
        ),
        (
            {"resource": {"name": "memory", "average_value": "40Gi"}},
            {"type": "Resource", "resource": {"name": "memory", "target": {"type": "AverageValue", "averageValue": "40Gi"}}},
        ),
        (
            {"pods": {"name": "a", "average_value": 5, "match_labels": {"b": "c"}}},
            {
                "type": "Pods",
                "pods": {
                    "metric": {"name": "a", "selector": {"matchLabels": {"b": "c"}}},
                    "target": {"type": "AverageValue", "averageValue": "5"},
                },
            },
        ),
        (
            {"object": {"name": "a", "api_version": "networking.k8s.io/v1", "kind": "Ingress", "object": "chat", "value": "2k"}},
            {
                "type": "Object",
                "object": {
                    "describedObject": {"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "name": "chat"},
                    "metric": {"name": "a"},
                    "target": {"type": "Value", "value": "2k"},
                },
            },
        ),
        (
            {"external": {"name": "a|b", "average_value": "750m", "match_labels": {"queue": "chat"}}},
            {
                "type": "External",
                "external": {
                    "metric": {"name": "a|b", "selector": {"matchLabels": {"queue": "chat"}}},
                    "target": {"type": "AverageValue", "averageValue": "750m"},
                },
            },
        ),
    ]

    @pytest.mark.parametrize(("given", "expected"), METRICS, ids=lambda value: str(value)[:30])
    def test_each_metric_type_is_rendered(self, given: dict[str, Any], expected: dict[str, Any]):
        assert hpa(metrics=[given])["metrics"] == [expected]

    def test_metrics_follow_presets(self):
        metrics = hpa(presets=["queue"], metrics=[{"resource": {"name": "cpu", "utilization": 60}}])["metrics"]
        assert [each["type"] for each in metrics] == ["Pods", "Resource"]

    def test_external_metric_allows_zero_minimum(self):
        assert hpa(min_replicas=0, metrics=[{"external": {"name": "a", "value": 1}}])["minReplicas"] == 0

    def test_scaling_rates_are_default_or_given(self):
        behavior = hpa(presets=["queue"], scale_up={"pods": 2, "period": 30})["behavior"]
        assert behavior == {
            "scaleUp": {
                "stabilizationWindowSeconds": 0,
                "policies": [{"type": "Pods", "value": 2, "periodSeconds": 30}],
                "selectPolicy": "Max",
            },
            "scaleDown": {
                "stabilizationWindowSeconds": 300,
                "policies": [{"type": "Pods", "value": 1, "periodSeconds": 300}],
                "selectPolicy": "Max",
            },
        }


class TestKeda:
    def test_keda_creates_scaled_object_instead_of_hpa(self):
        seen = scaled({"service_name": "chat", "namespace": "serving"}, presets=["queue"], keda={"prometheus": PROMETHEUS})
        child = seen.children("llama")["llama-scaled-object"]
        assert (child.type, seen.find(AUTOSCALER)) == (SCALED_OBJECT, [])
        assert (child.inputs["metadata"]["name"], child.inputs["metadata"]["namespace"]) == ("chat", "serving")
        spec = child.inputs["spec"]
        assert spec["scaleTargetRef"] == {"apiVersion": "apps/v1", "kind": "Deployment", "name": "chat"}
        assert (spec["minReplicaCount"], spec["maxReplicaCount"]) == (1, 4)

    def test_preset_becomes_prometheus_trigger_with_null_errors(self):
        (trigger,) = keda(presets=[{"preset": "kv-cache", "target": "750m"}])["triggers"]
        assert trigger == {
            "type": "prometheus",
            "name": "kv-cache",
            "metricType": "AverageValue",
            "metadata": {
                "serverAddress": PROMETHEUS,
                "query": query_preset("kv-cache", "llama", "default"),
                "threshold": "0.75",
                "ignoreNullValues": "false",
            },
        }

    def test_latency_preset_uses_value_metric_type(self):
        (trigger,) = keda(presets=["latency"])["triggers"]
        assert (trigger["metricType"], trigger["metadata"]["threshold"]) == ("Value", "2")

    def test_authentication_is_referenced_by_preset(self):
        (trigger,) = keda(presets=["queue"], authentication="prometheus-login")["triggers"]
        assert trigger["authenticationRef"] == {"name": "prometheus-login"}

    def test_user_trigger_is_rendered(self):
        given = {**CRON, "name": "day", "metric_type": "AverageValue", "authentication": "a"}
        assert keda(triggers=[given])["triggers"] == [
            {**CRON, "name": "day", "metricType": "AverageValue", "authenticationRef": {"name": "a"}},
        ]

    @pytest.mark.parametrize(("given", "expected"), [({}, "false"), ({"ignoreNullValues": "true"}, "true")], ids=str)
    def test_prometheus_trigger_reports_null_values_by_default(self, given: dict[str, str], expected: str):
        metadata = {"serverAddress": PROMETHEUS, "query": "sum(x)", "threshold": "1", **given}
        (trigger,) = keda(triggers=[{"type": "prometheus", "metadata": metadata}])["triggers"]
        assert trigger["metadata"]["ignoreNullValues"] == expected

    def test_keda_times_are_defaults_with_initial_cooldown(self):
        seen = scaled({"startup_timeout": 900}, presets=["queue"], keda={"prometheus": PROMETHEUS})
        spec = seen.child("llama", SCALED_OBJECT).inputs["spec"]
        assert [spec[name] for name in ("pollingInterval", "cooldownPeriod", "initialCooldownPeriod")] == [30, 300, 900]
        spec = keda(presets=["queue"], polling_interval=10, cooldown_period=60, initial_cooldown_period=0)
        assert [spec[name] for name in ("pollingInterval", "cooldownPeriod", "initialCooldownPeriod")] == [10, 60, 0]

    @pytest.mark.parametrize(("startup", "expected"), [(1800, 1800), (60, 300)])
    def test_scale_to_zero_cooldown_covers_startup(self, startup: int, expected: int):
        # KEDA counts from the last time that a trigger was active. The start of a pod does not
        # reset it.
        seen = scaled({"startup_timeout": startup}, min_replicas=0, keda={"triggers": [CRON]})
        assert seen.child("llama", SCALED_OBJECT).inputs["spec"]["cooldownPeriod"] == expected
        assert keda(0, triggers=[CRON], cooldown_period=60)["cooldownPeriod"] == 60

    @pytest.mark.parametrize("minimum", [0, 1, 3])
    def test_default_fallback_keeps_current_replicas(self, minimum: int):
        fallback = keda(minimum, presets=["queue"], triggers=[CRON])["fallback"]
        assert fallback == {"failureThreshold": 3, "replicas": max(1, minimum), "behavior": "currentReplicasIfHigher"}

    def test_user_fallback_is_rendered(self):
        fallback = keda(presets=["queue"], fallback={"replicas": 2, "failure_threshold": 5, "behavior": "static"})["fallback"]
        assert fallback == {"failureThreshold": 5, "replicas": 2, "behavior": "static"}

    def test_cpu_and_memory_triggers_have_no_fallback(self):
        assert "fallback" not in keda(triggers=[{"type": "cpu", "metadata": {"value": "60"}}])

    @pytest.mark.parametrize(
        ("version", "fields"),
        [
            ("2.18", {"presets": ["latency"]}),
            ("2.18.0", {"presets": ["kv-cache"]}),
            ("2.17", {"presets": ["latency", "queue"]}),
            ("2.17", {"presets": ["latency"], "triggers": [CRON]}),
            ("2.17", {"presets": [{"preset": "queue", "target": pulumi.Output.from_input(5)}]}),
            ("2.13", {"presets": ["queue"], "fallback": {"replicas": 2, "behavior": "static"}}),
            ("2.13", {"triggers": [{"type": "cpu", "metadata": {"value": "60"}}]}),
        ],
    )
    def test_supported_options_render_without_version(self, version: str, fields: dict[str, Any]):
        assert keda(version=version, **fields) == keda(**fields)

    @pytest.mark.parametrize(
        ("fields", "warns"),
        [
            ({"presets": ["latency"]}, True),
            ({"presets": ["kv-cache", "latency"]}, True),
            ({"presets": ["queue", "latency"]}, False),
            ({"presets": ["latency"], "version": "2.18"}, False),
        ],
        ids=str,
    )
    def test_newer_keda_is_a_warning(self, monkeypatch: pytest.MonkeyPatch, fields: dict[str, Any], warns: bool):
        lines: list[str] = []
        monkeypatch.setattr("pulumi.log.warn", lambda text, *_, **__: lines.append(text))
        keda(**fields)
        found = [line for line in lines if line.startswith("autoscaling.keda.fallback: requires KEDA 2.18 if all")]
        assert len(found) == warns
        assert all(
            line.endswith("Set autoscaling.keda.version to the version in the cluster, such as 2.18, to validate it.") for line in found
        )

    def test_scaling_rates_reach_hpa_of_keda(self):
        behavior = keda(presets=["queue"])["advanced"]["horizontalPodAutoscalerConfig"]["behavior"]
        assert behavior == hpa(presets=["queue"])["behavior"]

    def test_output_namespace_is_in_query(self):
        seen = record(
            lambda: serve(
                namespace=pulumi.Output.from_input("serving"),
                cache=SHARED,
                autoscaling={"max_replicas": 4, "presets": ["queue"], "keda": {"prometheus": pulumi.Output.from_input(PROMETHEUS)}},
            )
        )
        metadata = seen.child("llama", SCALED_OBJECT).inputs["spec"]["triggers"][0]["metadata"]
        assert metadata["query"] == query_preset("queue", "llama", "serving")
        assert metadata["serverAddress"] == PROMETHEUS


PRESETS: list[Any] = ["queue", "running", "kv-cache", "latency"]


class TestQueries:
    @pytest.mark.parametrize("preset", PRESETS)
    def test_queries_are_valid_promql(self, preset: Any):
        query = query_preset(preset, "llama", "serving")
        promql_parser.parse(query)
        promql_parser.parse(add_zero_at_rest(query, "llama", "serving"))

    def test_parser_refuses_invalid_promql(self):
        with pytest.raises(ValueError):
            promql_parser.parse('sum({namespace="a"')

    @pytest.mark.parametrize("generation", [ONE, TWO_VLLM, TWO_SGLANG], ids=lambda each: each.name)
    def test_query_selects_series_of_every_generation_only(self, generation: Any):
        names = generation.metrics
        for preset, series in (("queue", names.waiting), ("running", names.running), ("kv-cache", names.kv_cache)):
            assert selected(query_preset(preset, "llama", "serving"), *series)
            assert not selected(query_preset(preset, "llama", "serving"), f"other_{series[0]}")
            assert not selected(query_preset(preset, "llama", "serving"), f"{series[0]}_created")
        assert selected(query_preset("latency", "llama", "serving"), f"{names.first_token[0]}_bucket")

    def test_query_selects_this_service_only(self):
        for preset in PRESETS:
            for matchers in selectors(query_preset(preset, "llama", "serving")):
                assert matchers["namespace"] == "serving"
                assert matchers["service"] == "llama"

    def test_zero_at_rest_is_added_with_zero_minimum(self):
        query = query_preset("queue", "llama", "default")
        with_zero = keda(0, presets=["queue"], triggers=[CRON])["triggers"][0]["metadata"]["query"]
        assert with_zero == f'({query}) or sum(kube_deployment_spec_replicas{{namespace="default",deployment="llama"}} == 0)'
        assert keda(1, presets=["queue"])["triggers"][0]["metadata"]["query"] == query


def selectors(query: str) -> list[dict[str, str]]:
    """Return the label matchers of each selector of a query, as parsed."""
    found: list[dict[str, str]] = []

    def walk(node: Any) -> None:
        if isinstance(node, promql_parser.VectorSelector):
            found.append({each.name: each.value for each in node.matchers.matchers})
        for name in ("expr", "lhs", "rhs", "vector_selector", "args", "param"):
            below = getattr(node, name, None)
            for each in below if isinstance(below, list) else [below]:
                if each is not None and not isinstance(each, str | float):
                    walk(each)

    walk(promql_parser.parse(query))
    return found


def selected(query: str, name: str) -> bool:
    import re

    return any(re.fullmatch(matchers["__name__"], name) for matchers in selectors(query) if "__name__" in matchers)
