"""The same objects, written by hand."""

import pulumi
import pulumi_kubernetes as k8s


def claim_name(name: str) -> str:
    return f"{name}-cache-02f92909"


ROLLED_OUT = (
    "jsonpath={$[?@.replicas==$.spec.replicas&&@.updatedReplicas==@.replicas&&@.availableReplicas==@.replicas"
    "||$.spec.replicas==0&&@.observedGeneration&&!@.replicas]}"
)


def make(name: str) -> None:
    selector = {"app.kubernetes.io/name": "nim", "app.kubernetes.io/instance": name}
    labels = {**selector, "app.kubernetes.io/component": "model-server", "app.kubernetes.io/managed-by": "pulumi"}
    size = {"cpu": "1", "memory": "20Gi", "nvidia.com/gpu": "1"}
    ready = {"http_get": {"path": "/v1/health/ready", "port": "http"}, "period_seconds": 10, "timeout_seconds": 5}
    group = pulumi.ComponentResource("bench:index:Group", name)
    child = pulumi.ResourceOptions(parent=group)
    waiting = pulumi.ResourceOptions(parent=group, custom_timeouts=pulumi.CustomTimeouts(create="2460s", update="2460s"))
    claim = k8s.core.v1.PersistentVolumeClaim(
        f"{name}-cache",
        metadata={"name": claim_name(name), "namespace": "default", "labels": labels, "annotations": {"pulumi.com/skipAwait": "true"}},
        spec={"access_modes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "50Gi"}}},
        opts=child,
    )
    k8s.apps.v1.Deployment(
        f"{name}-deployment",
        metadata={"name": name, "namespace": "default", "labels": labels, "annotations": {"pulumi.com/waitFor": ROLLED_OUT}},
        spec={
            "replicas": 1,
            "selector": {"match_labels": selector},
            "strategy": {"type": "RollingUpdate", "rolling_update": {"max_surge": 0, "max_unavailable": 1}},
            "progress_deadline_seconds": 2400,
            "template": {
                "metadata": {"labels": {**labels, "nim-component/cache-of": name}},
                "spec": {
                    "automount_service_account_token": False,
                    "enable_service_links": False,
                    "security_context": {
                        "run_as_non_root": True,
                        "run_as_user": 1000,
                        "run_as_group": 1000,
                        "fs_group": 1000,
                        "fs_group_change_policy": "OnRootMismatch",
                        "seccomp_profile": {"type": "RuntimeDefault"},
                    },
                    "image_pull_secrets": [{"name": "pull"}],
                    "containers": [
                        {
                            "name": "nim",
                            "image": "nvcr.io/nim/meta/llama3-8b-instruct:1.0.0",
                            "image_pull_policy": "IfNotPresent",
                            "env": [
                                {"name": "NIM_CACHE_PATH", "value": "/opt/nim/.cache"},
                                {"name": "NIM_SERVER_PORT", "value": "8000"},
                                {"name": "NIM_HTTP_API_PORT", "value": "8000"},
                                {"name": "NGC_API_KEY", "value_from": {"secret_key_ref": {"name": "pull", "key": "NGC_API_KEY"}}},
                            ],
                            "ports": [{"name": "http", "container_port": 8000, "protocol": "TCP"}],
                            "resources": {"requests": size, "limits": size},
                            "security_context": {"allow_privilege_escalation": False, "capabilities": {"drop": ["ALL"]}},
                            "startup_probe": {**ready, "failure_threshold": 180},
                            "readiness_probe": {**ready, "failure_threshold": 3},
                            "liveness_probe": {
                                "http_get": {"path": "/v1/health/live", "port": "http"},
                                "period_seconds": 10,
                                "timeout_seconds": 10,
                                "failure_threshold": 6,
                            },
                            "lifecycle": {"pre_stop": {"sleep": {"seconds": 10}}},
                            "termination_message_policy": "FallbackToLogsOnError",
                            "volume_mounts": [
                                {"name": "dshm", "mount_path": "/dev/shm"},
                                {"name": "cache", "mount_path": "/opt/nim/.cache"},
                            ],
                        }
                    ],
                    "tolerations": [{"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"}],
                    "volumes": [
                        {"name": "dshm", "empty_dir": {"medium": "Memory", "size_limit": "16Gi"}},
                        {"name": "cache", "persistent_volume_claim": {"claim_name": claim.metadata["name"]}},
                    ],
                    "termination_grace_period_seconds": 60,
                },
            },
        },
        opts=waiting,
    )
    k8s.core.v1.Service(
        f"{name}-service",
        metadata={"name": name, "namespace": "default", "labels": labels},
        spec={
            "type": "ClusterIP",
            "selector": selector,
            "ports": [{"name": "http", "port": 8000, "target_port": "http", "protocol": "TCP"}],
        },
        opts=waiting,
    )
    group.register_outputs({"url": f"http://{name}.default.svc.cluster.local:8000"})


for number in range(pulumi.Config().require_int("count")):
    make(f"nim-{number}")
