"""Page of the child resources of `NIMService`, from the lists of the component."""

from nim_component.component.optional_children import OPTIONAL_CHILDREN
from nim_component.manifests.child_objects import CHILD_OBJECTS

from .markdown import code, page, table

INTRO = """All resources of a service are children of the component. Their logical names are `<name>-<suffix>`, and the suffix is also
their name in [`overrides`](../guides/overrides.md). An optional child exists only if its option set is given. It is an
[attribute](outputs.md) of the service, such as `service.http_route` for `http-route`, and an entry of `optional_children`."""
CUSTOM_KINDS = {
    "group": "LeaderWorkerSet",
    "scaled-object": "ScaledObject",
    "vertical-autoscaler": "VerticalPodAutoscaler",
    "http-route": "HTTPRoute",
    "grpc-route": "GRPCRoute",
    "inference-pool": "InferencePool",
    "monitor": "ServiceMonitor or PodMonitor",
    "alerts": "PrometheusRule",
}
OTHERS = {
    "deployment": "always, except with `multi_node`",
    "group": "with `multi_node`",
    "service": "always",
    "cache": "by default; not with another kind of `cache`",
    "warm": "with `cache.prewarm`",
    "lora": "with LoRA adapters",
    "lora-list": "with `lora.refresh_interval`",
    "lora-next": "with `lora.refresh_interval`",
    "lora-current": "with `lora.refresh_interval`",
    "lora-job": "with `lora.refresh_interval`",
    "loras": "with `lora.volume`, unless it names an existing PVC",
    "pull": "with `secrets.ngc_api_key`",
    "keys": "with `secrets.ngc_api_key` or `secrets.hf_token`",
}
"""Conditions under which the other children exist."""


def render() -> dict[str, str]:
    """Return the page by its path below `docs/reference`."""
    optional = {child.suffix: child for child in OPTIONAL_CHILDREN}
    assert optional.keys() | OTHERS.keys() == CHILD_OBJECTS.keys()
    always = [[code(suffix), _kind(suffix), when] for suffix, when in OTHERS.items()]
    extra = [[code(suffix), _kind(suffix), code(child.option_set), child.order.value] for suffix, child in optional.items()]
    more = (
        "Secrets that are read are children named `<name>-secret-<Secret>`. Each entry of `resource_claims` with `devices` has a\n"
        "child `<name>-claim-<name of the entry>`, a ResourceClaimTemplate."
    )
    return {
        "resources.md": page(
            "Child resources",
            INTRO,
            "## Resources of the service",
            table(["Suffix", "Kind", "Exists"], always),
            more,
            "## Optional children",
            table(["Suffix", "Kind", "Option set", "Created"], extra),
        )
    }


def _kind(suffix: str) -> str:
    resource = CHILD_OBJECTS[suffix].sdk_class
    return CUSTOM_KINDS[suffix] if resource is None else resource.rpartition(".")[2]
