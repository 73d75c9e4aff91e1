"""The rules across the fields of a `NIM`: which fields each one reads, in the order in which their problems are said."""

from .adapter_checks import check_engine_arguments, check_limits, check_names, check_origin, check_ranks, check_volume
from .autoscaling import check_metric_names, check_replicas
from .cache import check_cache_env, check_offline, check_profile, check_sharing
from .checks import (
    check_environment,
    check_grace,
    check_key_names,
    check_lora,
    check_memory,
    check_mounts,
    check_prefix,
    check_tls,
)
from .devices import check_claim_names, check_devices
from .disruption import check_budget
from .exposure import check_exposure, check_grpc, check_grpc_route
from .generation import check_arguments, check_backend_port, check_generation_env, check_health_port
from .metrics import check_metrics_metadata
from .model import Rule
from .multi_node import check_group, check_group_claim, check_group_generation, check_ray_port, check_sizes
from .network import check_network_env
from .network_policy import check_download, check_way_out

RULES = (
    Rule(("hf_repo_ids", "lora", "lora_adapter_mem", "env"), check_lora, waits=False),
    Rule(("hf_repo_ids", "lora", "served_model_name", "image"), check_names),
    Rule(("hf_repo_ids", "lora_adapter_mem", "lora", "extra_volumes"), check_origin, waits=False),
    Rule(("lora", "lora.volume.access_mode", "replicas", "autoscaling", "rollout"), check_volume),
    Rule(("generation", "image", "lora.max_rank", "lora.max_gpu", "lora.max_cpu", "env"), check_limits),
    Rule(("hf_repo_ids", "lora.max_rank"), check_ranks),
    Rule(("args", "env"), check_engine_arguments, waits=False),
    Rule(("mem", "shm_size"), check_memory),
    Rule(("pre_stop_sleep", "termination_grace"), check_grace),
    Rule(("env", "health_port"), check_tls, waits=False),
    Rule(("cache", "cache.access_mode", "replicas", "autoscaling", "rollout"), check_sharing),
    Rule(("replicas", "autoscaling"), check_replicas, waits=False),
    Rule(("ingress", "http_route"), check_exposure, waits=False),
    Rule(("grpc_route", "grpc_port"), check_grpc_route, waits=False),
    Rule(("grpc_port", "port", "health_port", "generation", "image"), check_grpc),
    Rule(("metrics", "pod_annotations"), check_metrics_metadata, waits=False),
    Rule(("network_policy", "network"), check_way_out, waits=False),
    Rule(("network_policy", "cache", "hf_repo_ids"), check_download, waits=False),
    Rule(("disruption_budget", "replicas", "autoscaling"), check_budget, waits=False),
    Rule(("gpu", "resource_claims"), check_devices),
    Rule(("resource_claims",), check_claim_names, waits=False),
    Rule(("generation", "image", "autoscaling"), check_metric_names),
    Rule(("env",), check_environment, waits=False),
    Rule(("env", "secrets"), check_prefix, waits=False),
    Rule(("env", "lora.env", "network"), check_network_env, waits=False),
    Rule(("generation", "image", "port"), check_backend_port),
    Rule(("generation", "image", "env"), check_generation_env),
    Rule(
        (
            "env",
            "secrets.secrets_prefix",
            "secrets.ngc_image_secret",
            "secrets.ngc_secret_key",
            "secrets.ngc_secret_group",
            "secrets.hf_token_key",
            "secrets.hf_token_group",
            "secrets.without_key",
            "secrets.makes_key",
            "secrets.makes_token",
        ),
        check_key_names,
    ),
    Rule(
        ("hf_repo_ids", "lora", "env", "extra_volumes", "extra_mounts", "extra_init_containers", "extra_containers"),
        check_mounts,
        waits=False,
    ),
    Rule(("generation", "image", "health_port", "port"), check_health_port),
    Rule(("generation", "image", "args", "command"), check_arguments),
    Rule(("env", "cache"), check_cache_env, waits=False),
    Rule(("cache", "model_profile"), check_profile, waits=False),
    Rule(("cache", "secrets"), check_offline, waits=False),
    Rule(("multi_node", "gpu"), check_sizes),
    Rule(("multi_node", "cache", "autoscaling", "rollout"), check_group, waits=False),
    Rule(("multi_node", "cache", "cache.access_mode"), check_group_claim),
    Rule(("multi_node", "port", "health_port", "grpc_port", "generation", "image"), check_ray_port),
    Rule(("multi_node", "generation", "image", "env", "args", "command"), check_group_generation, waits=False),
)
