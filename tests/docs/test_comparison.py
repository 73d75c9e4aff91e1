"""Each tick of the comparison, and the tests that prove it."""

import ast
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TESTS = ROOT / "tests"
COMPARISON = (ROOT / "docs" / "comparison.md").read_text(encoding="utf-8")

SHOWN: dict[str, tuple[str, ...]] = {
    "wrong arguments": ("unit/args/test_error_texts.py::test_wrong_field_reports_its_text", "engine/test_refusals.py::test_all_wrong_arguments_are_reported_together"),
    "image by digest, warning for a moving tag": ("unit/test_outputs.py::test_moving_tag_logs_warning", "unit/test_outputs.py::test_fixed_tag_logs_no_warning"),
    "pull Secret and keys": ("unit/test_secrets.py::test_keys_have_given_names", "unit/test_secrets.py::test_pull_secret_contains_registry_login"),
    "a missing Secret": ("engine/test_refusals.py::test_missing_secret_fails_preview", "unit/test_secrets.py::test_missing_secret_fails_with_name"),
    "a rotated key": ("unit/test_secrets.py::test_rotated_key_renames_secrets_and_rolls_pods", "engine/test_changes.py::test_rotated_key_replaces_secrets"),
    "requests of a pod that stops": ("unit/test_pod.py::test_pre_stop_sleep_is_limited_by_grace",),
    "extra volumes, mounts, init containers, sidecars": ("unit/test_pod.py::test_extra_volumes_mounts_and_containers_come_last", "unit/test_pod.py::test_extra_init_container_comes_last"),
    "Pod Security `restricted`": ("cluster/test_admission.py::test_stack_is_accepted_and_becomes_ready", "unit/test_pod.py::test_extra_container_gets_restricted_security_context"),
    "`/dev/shm`": ("unit/test_pod.py::test_default_pod_is_exact", "unit/args/test_error_texts.py::test_wrong_field_reports_its_text"),
    "start-up budget below progress deadline and time-outs": ("unit/test_timing.py::test_timeouts_are_in_ascending_order", "cluster/test_timing.py::test_timeouts_of_stack_are_in_order"),
    "rollout on a full cluster": ("cluster/test_rollouts.py::test_image_change_needs_no_spare_gpu",),
    "model cache": ("cluster/test_cache.py::test_image_change_keeps_pvc", "cluster/test_deletion.py::test_retained_cache_stays_and_can_be_reused"),
    "ReadWriteOnce with several pods": ("cluster/test_cache.py::test_pvc_of_one_node_refuses_two_replicas",),
    "LoRA adapters": ("lora/test_rendered.py::test_seed_example_publishes_and_lists_adapters",),
    "proxy and own certificate authorities": ("unit/test_network.py::test_authorities_container_is_exact_and_first",),
    "HorizontalPodAutoscaler": ("unit/test_autoscaling.py::test_each_metric_type_is_rendered", "cluster/test_autoscaling.py::test_controller_finds_scale_target"),
    "metric presets for 1.x and 2.x": ("unit/test_autoscaling.py::test_query_selects_series_of_every_generation_only", "controllers/test_keda.py::test_load_adds_and_removes_pods", "controllers/test_keda.py::test_slow_first_tokens_add_pods"),
    "KEDA, to zero": ("unit/test_autoscaling.py::test_default_fallback_keeps_current_replicas", "controllers/test_keda.py::test_pod_is_started_from_zero_and_removed", "controllers/test_keda.py::test_missing_series_keep_the_pods"),
    "autoscaling switched on keeps running pods": ("cluster/test_autoscaling.py::test_enabling_autoscaling_keeps_running_pods", "controllers/test_autoscaler_changes.py::test_switching_over_none_keeps_the_pods"),
    "VerticalPodAutoscaler": ("unit/test_vertical_autoscaling.py::test_default_recommends_without_updates",),
    "ServiceAccount, cloud identity": ("unit/test_service_account.py::test_default_names_no_account", "cluster/test_service_account.py::test_pods_have_their_account"),
    "Service: type, annotations, labels": ("cluster/test_exposure.py::test_service_options_are_accepted",),
    "Service: affinity, traffic policies, load balancer class, source ranges": ("cluster/test_exposure.py::test_service_options_are_accepted",),
    "Ingress with TLS": ("cluster/test_exposure.py::test_ingress_is_accepted", "unit/test_exposure.py::test_tls_uses_default_or_given_certificate"),
    "Gateway API": ("unit/test_exposure.py::test_route_connects_host_and_service_by_gateway", "unit/test_exposure.py::test_grpc_route_targets_grpc_port"),
    "inference extension": ("unit/test_exposure.py::test_pool_has_pod_selector_and_endpoint_picker", "unit/test_exposure.py::test_route_backend_is_inference_pool_if_given"),
    "PodDisruptionBudget": ("cluster/test_disruption.py::test_second_eviction_waits_for_first_pod",),
    "topology spread": ("cluster/test_disruption.py::test_topology_spread_distributes_pods_over_zones",),
    'node selector with `"true"` and `"8"`': ("cluster/test_values.py::test_node_selector_with_true_and_8_matches",),
    "`toleration_seconds`": ("cluster/test_values.py::test_toleration_seconds_are_applied",),
    "affinity, runtime class, priority class": ("unit/test_pod.py::test_argument_is_rendered_in_pod",),
    "scheduler": ("cluster/test_disruption.py::test_resource_claims_and_scheduler_are_accepted",),
    "MIG by name": ("cluster/test_values.py::test_mig_slice_is_scheduled",),
    "Dynamic Resource Allocation": ("cluster/test_disruption.py::test_resource_claims_and_scheduler_are_accepted",),
    "model on the node's own disks": ("unit/test_disruption.py::test_ephemeral_cache_creates_pvc_for_each_pod", "cluster/test_disruption.py::test_ephemeral_pvc_is_deleted_with_its_pod"),
    "ServiceMonitor": ("unit/test_metrics.py::test_default_creates_service_monitor_only", "unit/test_metrics.py::test_no_metrics_create_no_children", "controllers/test_metrics.py::test_presets_read_the_series"),
    "PodMonitor, scrape annotations": ("unit/test_metrics.py::test_pod_monitor_sets_service_label", "controllers/test_metrics.py::test_presets_read_the_series"),
    "Grafana dashboard, alerts, for 1.x and 2.x": ("unit/test_metrics.py::test_alerts_select_metrics_of_each_generation", "controllers/test_metrics.py::test_every_panel_has_data", "controllers/test_metrics.py::test_alerts_fire_and_resolve"),
    "NetworkPolicy": ("unit/test_network_policy.py::test_default_egress_is_dns_and_internet", "cluster/test_network_policy.py::test_network_policy_is_accepted"),
    "model downloaded before the rollout": ("cluster/test_prewarm.py::test_download_does_not_use_the_gpu",),
    "shared cache, sub path, read-only model": ("cluster/test_cache.py::test_shared_pvc_is_mounted_by_every_replica", "unit/test_prewarm.py::test_read_only_server_writes_to_scratch"),
    "start without a registry and a key": ("unit/test_prewarm.py::test_offline_server_has_no_key",),
    "proxy": ("unit/test_network.py::test_proxy_may_come_from_secret",),
    "own certificate authorities": ("unit/test_network.py::test_bundle_joins_files_with_newlines",),
    "generations 1.x, 2.x on vLLM, on SGLang": ("unit/args/test_generation.py::test_tag_decides_generation", "unit/test_lora.py::test_each_generation_gets_its_variables"),
    "one server over several nodes": ("controllers/test_leader_worker_sets.py::test_pods_have_the_address_of_their_leader", "controllers/test_leader_worker_sets.py::test_update_needs_no_spare_node"),
    "from one node to several behind the same Service": ("unit/test_multi_node.py::test_service_selects_leaders_as_on_one_node",),
    "does the model fit its GPUs": ("unit/fit/test_fit.py::test_documented_case_has_its_verdict", "unit/fit/test_fit.py::test_misfit_warns_at_preview"),
    "any field of any object": ("unit/test_overrides.py::test_each_child_can_be_overridden",),
    "policy pack": ("policies/test_policies.py::test_violation_is_found_by_one_policy",),
    "diagnosis of a rollout that does not finish": ("cluster/test_diagnosis.py::test_failure_is_reported_with_cause_and_fix",),
    "address from outside as an output": ("unit/test_exposure.py::test_external_url_is_read_from_service_status",),
}  # fmt: skip
"""Ticked rows, and the tests that fail if a tick is wrong."""


def ticked() -> list[str]:
    """Return the names of the rows with a tick."""
    return [row.split("|")[1].strip() for row in COMPARISON.splitlines() if row.startswith("| ") and "✓" in row.split("|")[2]]


@cache
def names_in(file: Path) -> set[str]:
    """Return the names of the tests in a file."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    return {each.name for each in ast.walk(tree) if isinstance(each, ast.FunctionDef) and each.name.startswith("test_")}


def has_test(test: str) -> bool:
    """Return whether a test such as `unit/test_pod.py::test_default_pod_is_exact` exists."""
    file, _, name = test.partition("::")
    return name in names_in(TESTS / file)


def test_ticked_rows_and_tests_correspond():
    assert ticked() == list(SHOWN)


@pytest.mark.parametrize("row", SHOWN)
def test_named_tests_exist(row: str):
    assert [test for test in SHOWN[row] if not has_test(test)] == []
