"""Wrong arguments and their errors: Service, Ingress, routes and gRPC."""

from typing import Any

CASES: list[tuple[dict[str, Any], str]] = [
    # service
    (
        {"service": {"type": "Headless"}},
        "service.type: must be one of 'ClusterIP', 'NodePort' or 'LoadBalancer' (got 'Headless'). Use one of these values.",
    ),
    (
        {"service": {"label": {}}},
        "service.label: unknown field. Did you mean 'labels'?",
    ),
    # gRPC
    (
        {"grpc_route": {"gateway": "public", "hosts": ["a.example.com"]}},
        'grpc_port: is required with grpc_route, which leads to it. Set the gRPC port of the server, such as `"grpc_port": 50051`.',
    ),
    (
        {"grpc_port": 8000},
        "grpc_port: must differ from the ports of the server, the health endpoints and the engine (got 8000). Use another"
        ' port, such as `"grpc_port": 50051`.',
    ),
    (
        {"grpc_port": 8001, "generation": "2.x-vllm"},
        "grpc_port: must differ from the ports of the server, the health endpoints and the engine (got 8001). Use another"
        ' port, such as `"grpc_port": 50051`.',
    ),
    (
        {"grpc_port": 8100, "health_port": 8100, "generation": "2.x-vllm"},
        "grpc_port: must differ from the ports of the server, the health endpoints and the engine (got 8100). Use another"
        ' port, such as `"grpc_port": 50051`.',
    ),
    (
        {"env": {"NIM_GRPC_API_PORT": "1"}},
        "env.NIM_GRPC_API_PORT: is managed by the component. Use the field grpc_port instead.",
    ),
    (
        {"grpc_port": 50051, "grpc_route": {"gateway": "a", "hosts": ["a.example.com"], "labels": {"app.kubernetes.io/name": "x"}}},
        "grpc_route.labels['app.kubernetes.io/name']: is a label that the component sets. Use another key. Reserved: "
        "app.kubernetes.io/name, app.kubernetes.io/instance, app.kubernetes.io/component, app.kubernetes.io/managed-by, "
        "nim-component/cache-of.",
    ),
    # forms of plain values
    (
        {"args": "--x"},
        "args: must be a list. Write a list, also for a single item.",
    ),
    (
        {"command": [1]},
        "command[0]: must be a string. Pass a str.",
    ),
    (
        {"image": "a:b:c"},
        "image: must be a container image reference (got 'a:b:c'). Write registry/repository:tag or "
        'registry/repository@sha256:digest, such as `"nvcr.io/nim/meta/llama3-8b-instruct:1.0.0"`.',
    ),
    (
        {"image": f"a/b:{'t' * 129}"},
        "image: must be a container image reference (got "
        "'a/b:ttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttt…). Write "
        "registry/repository:tag or registry/repository@sha256:digest, such as "
        '`"nvcr.io/nim/meta/llama3-8b-instruct:1.0.0"`.',
    ),
    (
        {"cpu": "1Gi"},
        "cpu: must be at most 1024 (got '1Gi'). Correct the unit, such as `\"500m\"`.",
    ),
    (
        {"health_endpoint": "http://host/x y"},
        "health_endpoint: must be a URL path (got 'http://host/x y'). Write it without a host, such as `\"v1/health/ready\"`.",
    ),
    (
        {"tolerations": [{"key": "a", "operator": "Exists", "effect": "NoExecute", "toleration_seconds": True}]},
        "tolerations[0].toleration_seconds: must be an integer (got True). Write it without quotes and without a fraction.",
    ),
    (
        {"cache": {"retain": "yes"}},
        "cache.retain: must be a boolean (got 'yes'). Use True or False.",
    ),
    (
        {"cache": {"empty_dir": "on"}},
        "cache.empty_dir: must be a boolean (got 'on'). Use True or False.",
    ),
    (
        {"cache": {"existing_claim": "a", "size": "80Gi"}},
        "cache.size: has no effect with existing_claim. Remove it: it is for a PVC that the component creates.",
    ),
    (
        {"service": {"labels": {"app.kubernetes.io/name": "x"}}},
        "service.labels['app.kubernetes.io/name']: is a label that the component sets. Use another key. Reserved: "
        "app.kubernetes.io/name, app.kubernetes.io/instance, app.kubernetes.io/component, app.kubernetes.io/managed-by, "
        "nim-component/cache-of.",
    ),
    (
        {"pod_annotations": {"checksum/secrets": "x"}},
        "pod_annotations['checksum/secrets']: is an annotation that the component sets. Use another key. Reserved: "
        "pulumi.com/waitFor, pulumi.com/skipAwait, pulumi.com/replaceUnready, checksum/secrets, nim-component/replicas-owner.",
    ),
    (
        {"cache": {"annotations": {"pulumi.com/skipAwait": "false"}}},
        "cache.annotations['pulumi.com/skipAwait']: is an annotation that the component sets. Use another key. Reserved: "
        "pulumi.com/waitFor, pulumi.com/skipAwait, pulumi.com/replaceUnready, checksum/secrets, nim-component/replicas-owner.",
    ),
    (
        {"extra_mounts": [{"name": "cache", "mountPath": "/opt/nim/.cache/"}]},
        "extra_mounts[0].mountPath: is the root directory or already a mount path (got '/opt/nim/.cache'). Use another path.",
    ),
    (
        {"extra_mounts": [{"name": "cache", "mountPath": "/"}]},
        "extra_mounts[0].mountPath: is the root directory or already a mount path (got '/'). Use another path.",
    ),
    (
        {"extra_volumes": [{"name": "a", "configMap": {1, 2}}]},
        "extra_volumes[0]: must consist of mappings, lists and plain values, and it contains a set. Pass it as a dict, in"
        " the form of a manifest.",
    ),
    (
        {"env": {"A": {"valueFrom": {"secretKeyRef": None}}}},
        'env.A: must be a string or a mapping with one valueFrom. Write `{"valueFrom": {"secretKeyRef": {"name": '
        '"my-secret", "key": "my-key"}}}`, or another source: configMapKeyRef, fieldRef, resourceFieldRef, fileKeyRef.',
    ),
    # exposure
    (
        {"service": {"node_port": 30080}},
        'service.node_port: has no effect with type ClusterIP. Remove it, or set `"service": {"type": "NodePort"}` or '
        '`"service": {"type": "LoadBalancer"}`.',
    ),
    (
        {"service": {"external_traffic_policy": "Local"}},
        'service.external_traffic_policy: has no effect with type ClusterIP. Remove it, or set `"service": {"type": '
        '"NodePort"}` or `"service": {"type": "LoadBalancer"}`.',
    ),
    (
        {"service": {"type": "NodePort", "load_balancer_class": "service.k8s.aws/nlb"}},
        'service.load_balancer_class: has no effect with type NodePort. Remove it, or set `"service": {"type": "LoadBalancer"}`.',
    ),
    (
        {"service": {"load_balancer_source_ranges": ["10.0.0.0/8"]}},
        'service.load_balancer_source_ranges: has no effect with type ClusterIP. Remove it, or set `"service": {"type": "LoadBalancer"}`.',
    ),
    (
        {"service": {"type": "NodePort", "allocate_node_ports": False}},
        'service.allocate_node_ports: has no effect with type NodePort. Remove it, or set `"service": {"type": "LoadBalancer"}`.',
    ),
    (
        {"service": {"type": "LoadBalancer", "load_balancer_source_ranges": ["10.0.0.1/8"]}},
        "service.load_balancer_source_ranges[0]: must be an address range (got '10.0.0.1/8'). Write it such as "
        '`"10.0.0.0/8"` or `"2001:db8::/32"`, without bits after the prefix.',
    ),
    (
        {"service": {"type": "LoadBalancer", "load_balancer_source_ranges": ["10.0.0.1"]}},
        "service.load_balancer_source_ranges[0]: must be an address range (got '10.0.0.1'). Add the prefix length: /32 is"
        " one IPv4 address, /128 one IPv6 address.",
    ),
    (
        {"service": {"type": "LoadBalancer", "headless": True}},
        'service.headless: has no effect with type LoadBalancer. Remove it, or set `"service": {"type": "ClusterIP"}`.',
    ),
    (
        {"service": {"session_affinity_timeout": 60}},
        'service.session_affinity_timeout: requires session_affinity ClientIP (got 60). Set `"service": '
        '{"session_affinity": "ClientIP"}`, or remove session_affinity_timeout.',
    ),
    (
        {"ingress": {"hosts": ["a.example.com"]}, "http_route": {"gateway": "public", "hosts": ["a.example.com"]}},
        "http_route: must not be combined with ingress. Remove one of the two: use the API that the cluster's controller supports.",
    ),
    (
        {"ingress": {}},
        "ingress.hosts: is required. Add this field.",
    ),
    (
        {"ingress": {"hosts": []}},
        "ingress.hosts: must not be empty. Add an item, or remove the field.",
    ),
    (
        {"ingress": {"hosts": ["*.example.com"]}},
        "ingress.hosts[0]: must be a host name (got '*.example.com'). Write it in lower case, without scheme, port and "
        'wildcard, such as `"llama.example.com"`.',
    ),
    (
        {"ingress": {"hosts": ["a.example.com"], "tls_secret": "cert"}},
        'ingress.tls_secret: requires tls. Set `"ingress": {"tls": True}`, or remove tls_secret.',
    ),
    (
        {"ingress": {"hosts": ["a.example.com"], "path": "llama"}},
        'ingress.path: must be an absolute URL path (got \'llama\'). Write it such as `"/"` or `"/llama"`.',
    ),
    (
        {"ingress": {"hosts": ["a.example.com"], "annotations": {"pulumi.com/skipAwait": "false"}}},
        "ingress.annotations['pulumi.com/skipAwait']: is an annotation that the component sets. Use another key. "
        "Reserved: pulumi.com/waitFor, pulumi.com/skipAwait, pulumi.com/replaceUnready, checksum/secrets, nim-component/replicas-owner.",
    ),
    (
        {"http_route": {"gateway": "public", "hosts": ["a.example.com"], "labels": {"app.kubernetes.io/name": "x"}}},
        "http_route.labels['app.kubernetes.io/name']: is a label that the component sets. Use another key. Reserved: "
        "app.kubernetes.io/name, app.kubernetes.io/instance, app.kubernetes.io/component, app.kubernetes.io/managed-by, "
        "nim-component/cache-of.",
    ),
    (
        {"http_route": {"gateway": "public", "hosts": ["a.example.com"], "request_timeout": "10 min"}},
        'http_route.request_timeout: must be a duration (got \'10 min\'). Write it such as `"10m"` or `"1h30m"`; `"0s"` disables it.',
    ),
    (
        {"http_route": {"hosts": ["a.example.com"]}},
        "http_route.gateway: is required. Add this field.",
    ),
    (
        {"inference_pool": {}},
        "inference_pool.endpoint_picker: is required. Add this field.",
    ),
]
