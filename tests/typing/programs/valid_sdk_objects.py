"""Outputs, resources and typed objects of the Kubernetes SDK are arguments."""

import pulumi
import pulumi_kubernetes as k8s

from nim_component import NIM, CacheArgs, NIMSecrets, NIMService

namespace = k8s.core.v1.Namespace("serving")
claim = k8s.core.v1.PersistentVolumeClaim("models")
pull = k8s.core.v1.Secret("pull")

service = NIMService(
    "llama",
    NIM(
        secrets=NIMSecrets(ngc_image_secret=pull, ngc_secret_key="NGC_API_KEY"),
        namespace=namespace.metadata.apply(lambda metadata: metadata.name),
        image=pulumi.Output.format("{}/nim:1.0", "registry.example"),
        cache=CacheArgs(existing_claim=claim.metadata.apply(lambda metadata: metadata.name)),
        affinity=k8s.core.v1.AffinityArgs(node_affinity=k8s.core.v1.NodeAffinityArgs()),
        extra_volumes=[
            k8s.core.v1.VolumeArgs(name="scratch", empty_dir=k8s.core.v1.EmptyDirVolumeSourceArgs()),
            {"name": "other", "emptyDir": {}},
        ],
        extra_mounts=[k8s.core.v1.VolumeMountArgs(name="scratch", mount_path="/scratch")],
        extra_containers=[k8s.core.v1.ContainerArgs(name="sidecar", image="a:1")],
        extra_init_containers=[{"name": "first", "image": "a:1"}],
        tolerations=[k8s.core.v1.TolerationArgs(key="team", operator="Exists")],
        topology_spread=[k8s.core.v1.TopologySpreadConstraintArgs(max_skew=1, topology_key="zone", when_unsatisfiable="DoNotSchedule")],
        env={"A": namespace.id, "B": {"valueFrom": k8s.core.v1.EnvVarSourceArgs()}, "C": "plain"},
        overrides={"deployment": {"spec": k8s.apps.v1.DeploymentSpecPatchArgs(min_ready_seconds=5)}},
    ),
    pulumi.ResourceOptions(depends_on=[namespace]),
)
