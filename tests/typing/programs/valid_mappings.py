"""Plain mappings are arguments, whole or nested."""

from typing import Any

import pulumi

from nim_component import NIM, CacheArgs, CacheArgsDict, NIMDict, NIMService

cache: CacheArgsDict = {"size": "80Gi", "prewarm": {"profiles": ["a"]}}
arguments: NIMDict = {
    "secrets": {"ngc_image_secret": "pull", "ngc_secret_key": "NGC_API_KEY"},
    "cache": cache,
    "env": {"A": "b", "C": {"valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}}},
    "hf_repo_ids": ["my-org/one", {"repo_id": "my-org/two", "revision": "v1"}],
    "tolerations": [{"key": "team", "operator": "Exists"}],
    "autoscaling": {"max_replicas": 4, "presets": ["queue", {"preset": "running", "target": 8}]},
    "ingress": {"hosts": ["a.example.com"]},
}

NIMService("llama", arguments)
NIMService("mistral", {"secrets": {"without_key": True}, "cache": CacheArgs(size="80Gi"), "overrides": {"service": {}}})
fields: dict[str, Any] = pulumi.Config().require_object("service")
NIMService("phi", NIM(**fields))
