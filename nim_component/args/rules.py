"""Table of the rules across the fields of a `NIM`, with the fields that each reads.

Problems are reported in the order of the table.
"""

from .adapter_rules import (
    validate_engine_arguments,
    validate_features,
    validate_limits,
    validate_lora,
    validate_modules,
    validate_names,
    validate_origin,
    validate_pickles,
    validate_ranks,
    validate_volume,
)
from .autoscaling import validate_metric_names, validate_replicas
from .cache_rules import validate_cache_env, validate_offline, validate_profile, validate_sharing
from .devices import validate_devices, validate_extra_resources, validate_resource_claim_names
from .disruption import validate_budget
from .environment_rules import validate_environment, validate_key_names, validate_prefix, validate_tls
from .exposure import validate_exposure, validate_grpc, validate_grpc_route
from .generation import validate_arguments, validate_backend_port, validate_generation_env, validate_health_port
from .metrics import validate_metrics_metadata
from .multi_node import validate_node_group, validate_node_group_generation, validate_node_group_pvc, validate_ray_port, validate_sizes
from .network import validate_network_env
from .network_policy import validate_download, validate_proxy_egress
from .pod_rules import validate_grace, validate_memory, validate_mounts
from .rule import Rule
from .service_name import validate_multi_node_name
from .vertical_autoscaling import validate_scaled_resources, validate_smallest_memory

RULES = (
    Rule(("hf_repo_ids", "lora", "lora_adapter_mem", "env"), validate_lora, waits=False),
    Rule(("hf_repo_ids", "lora", "served_model_name", "image", "env", "args"), validate_names),
    Rule(("hf_repo_ids", "lora_adapter_mem", "lora", "extra_volumes"), validate_origin, waits=False),
    Rule(("lora", "lora.volume.access_mode", "replicas", "autoscaling", "rollout"), validate_volume),
    Rule(("generation", "image", "lora.max_rank", "lora.max_gpu", "lora.max_cpu", "env"), validate_limits),
    Rule(("hf_repo_ids", "lora.max_rank"), validate_ranks),
    Rule(("hf_repo_ids", "generation", "image"), validate_features),
    Rule(("hf_repo_ids", "generation", "image", "env", "args"), validate_modules),
    Rule(("hf_repo_ids",), validate_pickles, waits=False),
    Rule(("args", "env"), validate_engine_arguments, waits=False),
    Rule(("mem", "shm_size"), validate_memory),
    Rule(("pre_stop_sleep", "termination_grace"), validate_grace),
    Rule(("env", "health_port"), validate_tls, waits=False),
    Rule(("cache", "cache.access_mode", "replicas", "autoscaling", "rollout"), validate_sharing),
    Rule(("replicas", "autoscaling"), validate_replicas, waits=False),
    Rule(("vertical_autoscaling", "shm_size"), validate_smallest_memory),
    Rule(("vertical_autoscaling", "autoscaling"), validate_scaled_resources, waits=False),
    Rule(("ingress", "http_route"), validate_exposure, waits=False),
    Rule(("grpc_route", "grpc_port"), validate_grpc_route, waits=False),
    Rule(("grpc_port", "port", "health_port", "generation", "image"), validate_grpc),
    Rule(("metrics", "pod_annotations"), validate_metrics_metadata, waits=False),
    Rule(("network_policy", "network"), validate_proxy_egress, waits=False),
    Rule(("network_policy", "cache", "hf_repo_ids"), validate_download, waits=False),
    Rule(("disruption_budget", "replicas", "autoscaling"), validate_budget, waits=False),
    Rule(("gpu", "resource_claims", "extra_resources", "gpu_source"), validate_devices),
    Rule(("extra_resources", "gpu_resource", "gpu"), validate_extra_resources),
    Rule(("resource_claims",), validate_resource_claim_names, waits=False),
    Rule(("generation", "image", "autoscaling"), validate_metric_names),
    Rule(("env",), validate_environment, waits=False),
    Rule(("env", "secrets"), validate_prefix, waits=False),
    Rule(("env", "lora.env", "network"), validate_network_env, waits=False),
    Rule(("generation", "image", "port"), validate_backend_port),
    Rule(("generation", "image", "env"), validate_generation_env),
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
            "secrets.creates_key_secret",
            "secrets.creates_token_secret",
        ),
        validate_key_names,
    ),
    Rule(
        ("hf_repo_ids", "lora", "env", "extra_volumes", "extra_mounts", "extra_init_containers", "extra_containers", "cache"),
        validate_mounts,
        waits=False,
    ),
    Rule(("generation", "image", "health_port", "port"), validate_health_port),
    Rule(("generation", "image", "args", "command"), validate_arguments),
    Rule(("env", "cache"), validate_cache_env, waits=False),
    Rule(("cache", "model_profile"), validate_profile, waits=False),
    Rule(("cache", "secrets"), validate_offline, waits=False),
    Rule(("multi_node", "gpu"), validate_sizes),
    Rule(("service_name", "multi_node", "replicas", "rollout"), validate_multi_node_name, waits=False),
    Rule(("multi_node", "cache", "autoscaling", "rollout"), validate_node_group, waits=False),
    Rule(("multi_node", "cache", "cache.access_mode"), validate_node_group_pvc),
    Rule(("multi_node", "port", "health_port", "grpc_port", "generation", "image"), validate_ray_port),
    Rule(("multi_node", "generation", "image", "env", "args", "command"), validate_node_group_generation, waits=False),
)
