"""Table of the option sets: for each, its tests, example, comparison row and review finding."""

from typing import NamedTuple


class Coverage(NamedTuple):
    """Places that show an option set."""

    unit: str
    """Module of its unit tests, below `tests/unit`."""
    cluster: str
    """Test with a real API server, below `tests`."""
    example: str
    """Stack that uses it, below `examples`."""
    row: str
    """Row of `docs/comparison.md`."""
    review: str | None
    """Golden file of a change of it, below `tests/review/golden`.

    None if no object depends on it.
    """


ADMISSION = "cluster/test_admission.py::test_stack_is_accepted_and_becomes_ready"
CUSTOM_RESOURCE = "cluster/test_custom_resources.py::test_custom_resource_is_accepted_unchanged"
EXAMPLES = "option_sets/Pulumi"

OPTION_SETS: dict[str, Coverage] = {
    "secrets": Coverage(
        "test_secrets.py",
        ADMISSION,
        f"{EXAMPLES}.enterprise.yaml",
        "pull Secret and keys",
        "secret-rotated",
    ),
    "lora": Coverage(
        "test_lora.py",
        "cluster/test_adapters.py::test_objects_are_accepted_and_unchanged_by_second_apply",
        f"{EXAMPLES}.adapters.yaml",
        "LoRA adapters",
        "all-adapters-removed",
    ),
    "autoscaling": Coverage(
        "test_autoscaling.py",
        "cluster/test_autoscaling.py::test_autoscaler_is_accepted",
        f"{EXAMPLES}.autoscaling.yaml",
        "HorizontalPodAutoscaler",
        "autoscaler-added",
    ),
    "autoscaling.keda": Coverage(
        "test_autoscaling.py",
        CUSTOM_RESOURCE,
        f"{EXAMPLES}.autoscaling.yaml",
        "KEDA, to zero",
        "autoscaler-range-lowered",
    ),
    "vertical_autoscaling": Coverage(
        "test_vertical_autoscaling.py",
        CUSTOM_RESOURCE,
        f"{EXAMPLES}.autoscaling.yaml",
        "VerticalPodAutoscaler",
        "vertical-autoscaler-added",
    ),
    "cache": Coverage(
        "test_pod.py",
        "cluster/test_cache.py::test_pvc_binds_with_default_class",
        f"{EXAMPLES}.enterprise.yaml",
        "model cache",
        "cache-grows",
    ),
    "cache.prewarm": Coverage(
        "test_prewarm.py",
        "cluster/test_prewarm.py::test_job_completes_on_node_without_gpu",
        f"{EXAMPLES}.enterprise.yaml",
        "model downloaded before the rollout",
        "job-replaced",
    ),
    "multi_node": Coverage(
        "test_multi_node.py",
        "cluster/test_multi_node.py::test_leader_worker_set_is_accepted",
        f"{EXAMPLES}.multi-node.yaml",
        "one server over several nodes",
        "deployment-becomes-leader-worker-set",
    ),
    "network": Coverage(
        "test_network.py",
        ADMISSION,
        f"{EXAMPLES}.enterprise.yaml",
        "proxy",
        "proxy-and-authorities-added",
    ),
    "network_policy": Coverage(
        "test_network_policy.py",
        "cluster/test_network_policy.py::test_network_policy_is_accepted",
        f"{EXAMPLES}.network-policy.yaml",
        "NetworkPolicy",
        "network-policy-open-to-all",
    ),
    "disruption_budget": Coverage(
        "test_disruption.py",
        "cluster/test_disruption.py::test_disruption_budget_is_accepted",
        f"{EXAMPLES}.placement.yaml",
        "PodDisruptionBudget",
        "disruption-budget-added",
    ),
    "resource_claims": Coverage(
        "test_disruption.py",
        "cluster/test_disruption.py::test_resource_claims_and_scheduler_are_accepted",
        f"{EXAMPLES}.placement.yaml",
        "Dynamic Resource Allocation",
        "resource-claim-replaces-gpus",
    ),
    "service_account": Coverage(
        "test_service_account.py",
        "cluster/test_service_account.py::test_pods_have_their_account",
        f"{EXAMPLES}.identity.yaml",
        "ServiceAccount, cloud identity",
        "service-account-with-token",
    ),
    "service": Coverage(
        "test_exposure.py",
        "cluster/test_exposure.py::test_service_options_are_accepted",
        f"{EXAMPLES}.exposure.yaml",
        "Service: type, annotations, labels",
        "service-becomes-load-balancer",
    ),
    "ingress": Coverage(
        "test_exposure.py",
        "cluster/test_exposure.py::test_ingress_is_accepted",
        f"{EXAMPLES}.exposure.yaml",
        "Ingress with TLS",
        "ingress-host-without-tls",
    ),
    "http_route": Coverage(
        "test_exposure.py",
        CUSTOM_RESOURCE,
        f"{EXAMPLES}.exposure.yaml",
        "Gateway API",
        "route-host-changes",
    ),
    "grpc_route": Coverage(
        "test_exposure.py",
        CUSTOM_RESOURCE,
        f"{EXAMPLES}.exposure.yaml",
        "Gateway API",
        "grpc-port-and-route-added",
    ),
    "inference_pool": Coverage(
        "test_exposure.py",
        CUSTOM_RESOURCE,
        f"{EXAMPLES}.exposure.yaml",
        "inference extension",
        "inference-pool-added",
    ),
    "metrics": Coverage(
        "test_metrics.py",
        CUSTOM_RESOURCE,
        f"{EXAMPLES}.metrics.yaml",
        "ServiceMonitor",
        "metrics-and-alerts-added",
    ),
    "generation": Coverage(
        "args/test_generation.py",
        ADMISSION,
        f"{EXAMPLES}.autoscaling.yaml",
        "generations 1.x, 2.x on vLLM, on SGLang",
        "image-of-only-replica",
    ),
    "overrides": Coverage(
        "test_overrides.py",
        ADMISSION,
        f"{EXAMPLES}.overrides.yaml",
        "any field of any object",
        "overrides-added",
    ),
    "diagnosis": Coverage(
        "diagnose/test_explain.py",
        "cluster/test_diagnosis.py::test_failure_is_reported_with_cause_and_fix",
        f"{EXAMPLES}.exposure.yaml",
        "diagnosis of a rollout that does not finish",
        None,
    ),
}
"""Option sets by their paths on `NIM`, and arguments that act like one."""
