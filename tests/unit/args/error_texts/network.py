"""Wrong arguments and their errors: proxy and NetworkPolicy."""

from typing import Any

from .common import LORA, SHUT, WARM

CASES: list[tuple[dict[str, Any], str]] = [
    # network
    (
        {"network": {"https_proxy": "proxy.example.com:3128"}},
        "network.https_proxy: must be the URL of a proxy without user and password. Write it such as "
        '`"http://proxy.example.com:3128"`. Store a URL with a password in a Secret, and refer to it with `{"valueFrom": '
        '{"secretKeyRef": {"name": "my-secret", "key": "my-key"}}}`.',
    ),
    (
        {"network": {"http_proxy": "http://me:secret@proxy.example.com:3128"}},
        "network.http_proxy: must be the URL of a proxy without user and password. Write it such as "
        '`"http://proxy.example.com:3128"`. Store a URL with a password in a Secret, and refer to it with `{"valueFrom": '
        '{"secretKeyRef": {"name": "my-secret", "key": "my-key"}}}`.',
    ),
    (
        {"network": {"https_proxy": "http://proxy.example.com/a b"}},
        "network.https_proxy: must be the URL of a proxy without user and password. Write it such as "
        '`"http://proxy.example.com:3128"`. Store a URL with a password in a Secret, and refer to it with `{"valueFrom": '
        '{"secretKeyRef": {"name": "my-secret", "key": "my-key"}}}`.',
    ),
    (
        {"network": {"https_proxy": 3128}},
        "network.https_proxy: must be a string. Pass a str.",
    ),
    (
        {"network": {"no_proxy": [".example.com"]}},
        "network.no_proxy: has no effect without a proxy. Set https_proxy or http_proxy, or remove it.",
    ),
    (
        {"network": {"http_proxy": "http://p:1", "no_proxy": ["a,b"]}},
        "network.no_proxy[0]: must be one host, domain or address range (got 'a,b'). Write each as an item of its own, "
        'such as `".example.com"`.',
    ),
    (
        {"network": {"ca_config_map": "Corporate_CA"}},
        "network.ca_config_map: must be a Kubernetes object name (got 'Corporate_CA'). Use at most 253 lower-case "
        "letters, digits, '-' and '.', such as `\"my-name\"`.",
    ),
    (
        {"network": {"proxy": "x"}},
        "network.proxy: unknown field. Did you mean 'no_proxy'?",
    ),
    (
        {"network": {"https_proxy": "http://p:1"}, "env": {"no_proxy": "x"}},
        "env.no_proxy: is managed by the component. Use the field network.no_proxy instead.",
    ),
    (
        {"network": {"http_proxy": "http://p:1"}, "env": {"HTTPS_PROXY": "http://p:1"}},
        "env.HTTPS_PROXY: is managed by the component. Use the field network.https_proxy instead.",
    ),
    (
        {"network": {"ca_config_map": "ca"}, "env": {"SSL_CERT_FILE": "/x"}},
        "env.SSL_CERT_FILE: is managed by the component. Use the field network.ca_config_map instead.",
    ),
    (
        {"network": {"ca_config_map": "ca"}, "env": {"NIM_SDK_USE_NATIVE_TLS": "0"}},
        "env.NIM_SDK_USE_NATIVE_TLS: is managed by the component. Use the field network.ca_config_map instead.",
    ),
    # network policy
    (
        {"network_policy": {}},
        "network_policy.ingress: is required. Add this field.",
    ),
    (
        {"network_policy": {"ingress": [{}]}},
        "network_policy.ingress[0]: must select a peer. Set pods, namespace, namespace_labels or cidr.",
    ),
    (
        {"network_policy": {"ingress": [{"cidr": "10.0.0.0/8", "pods": {}}]}},
        "network_policy.ingress[0].pods: must not be combined with cidr. Write two items: one for pods, one for addresses.",
    ),
    (
        {"network_policy": {"ingress": [{"namespace": "a", "namespace_labels": {}}]}},
        "network_policy.ingress[0].namespace_labels: must not be combined with namespace. Remove one of the two.",
    ),
    (
        {"network_policy": {"ingress": [{"pods": {}, "excluding": ["10.0.0.0/8"]}]}},
        "network_policy.ingress[0].excluding: has no effect without cidr. Set the cidr that contains the ranges, or remove it.",
    ),
    (
        {"network_policy": {"ingress": [{"cidr": "10.0.0.0/8", "excluding": ["10.0.0.0/8"]}]}},
        "network_policy.ingress[0].excluding[0]: must be inside cidr (10.0.0.0/8) and smaller (got '10.0.0.0/8'). Correct or remove it.",
    ),
    (
        {"network_policy": {"ingress": [{"cidr": "huggingface.co"}]}},
        "network_policy.ingress[0].cidr: must be an address range (got 'huggingface.co'). Write it such as `\"10.0.0.0/8\"`"
        ' or `"2001:db8::/32"`, without bits after the prefix.',
    ),
    (
        {"network_policy": {"ingress": [], "proxies": [{"cidr": "10.0.0.5/32"}]}},
        "network_policy.proxies[0].ports: is required. Set the port of the proxy, such as `[3128]`.",
    ),
    (
        {"network_policy": {"ingress": []}, "network": {"https_proxy": "http://proxy.example.com:3128"}},
        "network_policy.proxies: is required with a proxy in network: a NetworkPolicy needs the proxy's address or pods, "
        'not its host name. Set its address, such as `"network_policy": {"proxies": [{"cidr": "10.0.0.5/32", "ports": '
        "[3128]}]}`.",
    ),
    (
        {"network_policy": SHUT},
        "network_policy.internet: must not be false while the model must be downloaded and no other connection is "
        "allowed. Remove it, list the servers in egress or proxies, or use a filled cache.existing_claim and lora.source.",
    ),
    (
        {"network_policy": SHUT, "cache": {"existing_claim": "a", "prewarm": WARM}},
        "network_policy.internet: must not be false while the profiles of cache.prewarm must be downloaded and no other "
        "connection is allowed. Remove it, list the servers in egress or proxies, or use a filled cache.existing_claim "
        "and lora.source.",
    ),
    (
        {"network_policy": SHUT, "cache": {"existing_claim": "a"}, **LORA, "hf_repo_ids": ["a/b"]},
        "network_policy.internet: must not be false while the adapters must be downloaded and no other connection is "
        "allowed. Remove it, list the servers in egress or proxies, or use a filled cache.existing_claim and lora.source.",
    ),
]
