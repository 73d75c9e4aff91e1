"""A platform in one program: namespace, storage class, Secrets, two NIM services and a client.

The services take Outputs of the other resources as arguments, and the client takes their `url`. One
`pulumi up` creates everything in the correct order.
"""

import json

import pulumi
import pulumi_kubernetes as k8s

from nim_component import NIM, CacheArgs, NIMSecrets, NIMService, ServiceArgs

config = pulumi.Config()
team = config.require("team")


def label_with_team(args: pulumi.ResourceTransformArgs) -> pulumi.ResourceTransformResult | None:
    """Add a label to every Kubernetes object of the program, also to children of components."""
    metadata = args.props.get("metadata")
    if not args.type_.startswith("kubernetes:") or not isinstance(metadata, dict):
        return None
    labels = {**metadata.get("labels", {}), "example.com/team": team}
    return pulumi.ResourceTransformResult({**args.props, "metadata": {**metadata, "labels": labels}}, args.opts)


pulumi.runtime.register_resource_transform(label_with_team)

cluster = k8s.Provider("cluster", render_yaml_to_directory=config.get("renderTo"))
on_cluster = pulumi.ResourceOptions(provider=cluster)

namespace = k8s.core.v1.Namespace(
    "serving",
    metadata={"name": "serving", "labels": {"pod-security.kubernetes.io/enforce": "restricted"}},
    opts=on_cluster,
)
in_namespace = namespace.metadata["name"]

shared = k8s.storage.v1.StorageClass(
    "shared-models",
    metadata={"name": "shared-models"},
    provisioner=config.require("storageProvisioner"),
    volume_binding_mode="WaitForFirstConsumer",
    allow_volume_expansion=True,
    opts=on_cluster,
)

# One pull Secret and one key for all services of the namespace. Their names are Outputs, so the
# services depend on them and do not read them. Rendering to files needs no key; a cluster does.
api_key = pulumi.Output.secret("no-key") if config.get("renderTo") else config.require_secret("ngcApiKey")
pull = k8s.core.v1.Secret(
    "ngc-pull",
    metadata={"name": "ngc-pull", "namespace": in_namespace},
    type="kubernetes.io/dockerconfigjson",
    string_data={
        ".dockerconfigjson": api_key.apply(
            lambda key: json.dumps({"auths": {"nvcr.io": {"username": "$oauthtoken", "password": key}}}),
        )
    },
    opts=on_cluster,
)
keys = k8s.core.v1.Secret(
    "ngc-key", metadata={"name": "ngc-key", "namespace": in_namespace}, string_data={"NGC_API_KEY": api_key}, opts=on_cluster
)
secrets = NIMSecrets(ngc_image_secret=pull, ngc_secret_key="NGC_API_KEY", ngc_secret_group=keys)

chat = NIMService(
    "chat",
    NIM(
        secrets=secrets,
        image="nvcr.io/nim/meta/llama3-8b-instruct:1.0.3",
        namespace=in_namespace,
        replicas=2,
        cpu=8,
        mem="48Gi",
        cache=CacheArgs(size="100Gi", access_mode="ReadWriteMany", storage_class=shared.metadata["name"], retain=True),
    ),
    pulumi.ResourceOptions(providers=[cluster], protect=True),
)
embed = NIMService(
    "embed",
    NIM(
        secrets=secrets,
        image="nvcr.io/nim/nvidia/nv-embedqa-e5-v5:1.0.1",
        namespace=in_namespace,
        cpu=4,
        mem="24Gi",
        shm_size="8Gi",
        cache=CacheArgs(empty_dir=True, size="20Gi"),
        service=ServiceArgs(annotations={"example.com/expose": "internal"}),
    ),
    pulumi.ResourceOptions(providers=[cluster]),
)

endpoints = k8s.core.v1.ConfigMap(
    "endpoints",
    metadata={"name": "endpoints", "namespace": in_namespace},
    data={
        "models.json": pulumi.Output.json_dumps(
            [{"url": service.url, "models": service.model_names} for service in (chat, embed)],
            indent=2,
        )
    },
    opts=on_cluster,
)

client_labels = {"app.kubernetes.io/name": "rag-client"}
client = k8s.apps.v1.Deployment(
    "rag-client",
    metadata={"name": "rag-client", "namespace": in_namespace},
    spec={
        "selector": {"match_labels": client_labels},
        "template": {
            "metadata": {"labels": client_labels},
            "spec": {
                "automount_service_account_token": False,
                "security_context": {"run_as_non_root": True, "run_as_user": 1000, "seccomp_profile": {"type": "RuntimeDefault"}},
                "containers": [
                    {
                        "name": "client",
                        "image": "registry.example.com/rag-client:2.3.1",
                        "env": [
                            {"name": "OPENAI_BASE_URL", "value": pulumi.Output.concat(chat.url, "/v1")},
                            {"name": "EMBEDDINGS_URL", "value": pulumi.Output.concat(embed.url, "/v1")},
                            {"name": "MODEL", "value": chat.model_names[0]},
                        ],
                        "resources": {"requests": {"cpu": "100m", "memory": "128Mi"}, "limits": {"cpu": "100m", "memory": "128Mi"}},
                        "security_context": {"allow_privilege_escalation": False, "capabilities": {"drop": ["ALL"]}},
                        "volume_mounts": [{"name": "endpoints", "mount_path": "/etc/endpoints", "read_only": True}],
                    }
                ],
                "volumes": [{"name": "endpoints", "config_map": {"name": endpoints.metadata["name"]}}],
            },
        },
    },
    # The client starts after both services are ready.
    opts=pulumi.ResourceOptions(provider=cluster, depends_on=[chat, embed]),
)

pulumi.export("chat", chat.url)
pulumi.export("embed", embed.url)
