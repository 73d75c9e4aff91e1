"""Service, Ingress, routes and InferencePool, and the external URL."""

from typing import Any

import pulumi
import pulumi_kubernetes as k8s
import pytest
from pulumi.runtime.rpc import translate_output_properties

from nim_component.manifests.address import format_load_balancer_url
from nim_component.testing import GRPC_ROUTE, HTTP_ROUTE, INFERENCE_POOL, INGRESS, SERVICE, UNKNOWN, record

from .seed import recorded, serve

HOST = "llama.example.com"
ROUTE = {"gateway": "public", "hosts": [HOST]}


def service_spec(**fields: Any) -> dict[str, Any]:
    return recorded(service=fields).child("llama", SERVICE).inputs["spec"]


def ingress(**fields: Any) -> dict[str, Any]:
    return recorded(ingress={"hosts": [HOST], **fields}).child("llama", INGRESS).inputs


def route(pool: dict[str, Any] | None = None, **fields: Any) -> dict[str, Any]:
    return recorded(http_route={**ROUTE, **fields}, inference_pool=pool, port=9000).child("llama", HTTP_ROUTE).inputs


class TestService:
    def test_default_service_has_no_optional_fields(self):
        assert set(service_spec()) == {"type", "selector", "ports"}
        assert service_spec()["type"] == "ClusterIP"

    @pytest.mark.parametrize(
        ("given", "expected"),
        [
            ({"headless": True}, {"clusterIP": "None"}),
            (
                {"session_affinity": "ClientIP", "session_affinity_timeout": 60},
                {"sessionAffinity": "ClientIP", "sessionAffinityConfig": {"clientIP": {"timeoutSeconds": 60}}},
            ),
            ({"session_affinity": "ClientIP"}, {"sessionAffinity": "ClientIP"}),
            ({"internal_traffic_policy": "Local"}, {"internalTrafficPolicy": "Local"}),
            ({"type": "NodePort", "external_traffic_policy": "Local"}, {"type": "NodePort", "externalTrafficPolicy": "Local"}),
            ({"traffic_distribution": "PreferClose"}, {"trafficDistribution": "PreferClose"}),
            (
                {"type": "LoadBalancer", "load_balancer_class": "service.k8s.aws/nlb"},
                {"type": "LoadBalancer", "loadBalancerClass": "service.k8s.aws/nlb"},
            ),
            (
                {"type": "LoadBalancer", "load_balancer_source_ranges": ["10.0.0.0/8", "2001:db8::/32"]},
                {"type": "LoadBalancer", "loadBalancerSourceRanges": ["10.0.0.0/8", "2001:db8::/32"]},
            ),
            (
                {"type": "LoadBalancer", "allocate_node_ports": False},
                {"type": "LoadBalancer", "allocateLoadBalancerNodePorts": False},
            ),
            (
                {"ip_family_policy": "PreferDualStack", "ip_families": ["IPv6", "IPv4"]},
                {"ipFamilyPolicy": "PreferDualStack", "ipFamilies": ["IPv6", "IPv4"]},
            ),
        ],
        ids=str,
    )
    def test_service_option_is_rendered_in_spec(self, given: dict[str, Any], expected: dict[str, Any]):
        assert service_spec(**given) == {**service_spec(), **expected}

    def test_node_port_is_rendered_in_port(self):
        (port,) = service_spec(type="NodePort", node_port=30080)["ports"]
        assert port == {"name": "http", "port": 8000, "targetPort": "http", "protocol": "TCP", "nodePort": 30080}


class TestIngress:
    def test_no_option_set_creates_no_ingress(self):
        seen = recorded()
        assert [seen.find(kind) for kind in (INGRESS, HTTP_ROUTE, GRPC_ROUTE, INFERENCE_POOL)] == [[], [], [], []]

    def test_each_host_routes_to_service(self):
        inputs = ingress(hosts=[HOST, "b.example.com"])
        assert (inputs["metadata"]["name"], inputs["metadata"]["namespace"]) == ("llama", "default")
        path = {"path": "/", "pathType": "Prefix", "backend": {"service": {"name": "llama", "port": {"name": "http"}}}}
        assert inputs["spec"] == {
            "rules": [{"host": HOST, "http": {"paths": [path]}}, {"host": "b.example.com", "http": {"paths": [path]}}]
        }

    def test_class_path_and_path_type_are_rendered(self):
        spec = ingress(class_name="nginx", path="/llama", path_type="ImplementationSpecific")["spec"]
        assert spec["ingressClassName"] == "nginx"
        (path,) = spec["rules"][0]["http"]["paths"]
        assert (path["path"], path["pathType"]) == ("/llama", "ImplementationSpecific")

    def test_tls_uses_default_or_given_certificate(self):
        assert "tls" not in ingress()["spec"]
        assert ingress(tls=True)["spec"]["tls"] == [{"hosts": [HOST]}]
        assert ingress(tls=True, tls_secret="cert")["spec"]["tls"] == [{"hosts": [HOST], "secretName": "cert"}]

    def test_metadata_is_rendered_and_await_is_skipped(self):
        metadata = ingress(annotations={"a": "b"}, labels={"team": "x"})["metadata"]
        assert metadata["annotations"] == {"a": "b", "pulumi.com/skipAwait": "true"}
        assert metadata["labels"]["team"] == "x"
        assert metadata["labels"]["app.kubernetes.io/instance"] == "llama"


class TestRoute:
    def test_route_connects_host_and_service_by_gateway(self):
        inputs = route()
        assert (inputs["apiVersion"], inputs["kind"]) == ("gateway.networking.k8s.io/v1", "HTTPRoute")
        assert "annotations" not in inputs["metadata"]
        assert inputs["spec"] == {
            "parentRefs": [{"name": "public"}],
            "hostnames": [HOST],
            "rules": [
                {
                    "matches": [{"path": {"type": "PathPrefix", "value": "/"}}],
                    "backendRefs": [{"kind": "Service", "name": "llama", "port": 9000}],
                }
            ],
        }

    def test_gateway_namespace_and_section_are_rendered(self):
        (parent,) = route(gateway_namespace="gateways", section="https")["spec"]["parentRefs"]
        assert parent == {"name": "public", "namespace": "gateways", "sectionName": "https"}

    @pytest.mark.parametrize("is_output", [False, True], ids=["plain", "output"])
    def test_path_prefix_is_removed_for_server(self, is_output: bool):
        def program() -> None:
            path: Any = pulumi.Output.from_input("/llama") if is_output else "/llama"
            serve(http_route={**ROUTE, "path": path})

        (rule,) = record(program).child("llama", HTTP_ROUTE).inputs["spec"]["rules"]
        assert rule["matches"] == [{"path": {"type": "PathPrefix", "value": "/llama"}}]
        rewrite = {"path": {"type": "ReplacePrefixMatch", "replacePrefixMatch": "/"}}
        assert rule["filters"] == [{"type": "URLRewrite", "urlRewrite": rewrite}]

    def test_request_timeout_is_rendered(self):
        assert route(request_timeout="0s")["spec"]["rules"][0]["timeouts"] == {"request": "0s"}

    def test_route_annotations_and_labels_are_rendered(self):
        metadata = route(annotations={"a": "b"}, labels={"team": "x"})["metadata"]
        assert metadata["annotations"] == {"a": "b"}
        assert metadata["labels"].items() >= {"team": "x", "app.kubernetes.io/instance": "llama"}.items()

    def test_route_backend_is_inference_pool_if_given(self):
        (rule,) = route(pool={"endpoint_picker": "picker"})["spec"]["rules"]
        assert rule["backendRefs"] == [{"group": "inference.networking.k8s.io", "kind": "InferencePool", "name": "llama"}]


class TestGrpc:
    def test_no_grpc_port_renders_one_port(self):
        seen = recorded()
        assert [each["name"] for each in seen.child("llama", SERVICE).inputs["spec"]["ports"]] == ["http"]
        assert "NIM_GRPC_API_PORT" not in {each["name"] for each in seen.container("llama")["env"]}

    @pytest.mark.parametrize("is_output", [False, True], ids=["plain", "output"])
    def test_grpc_port_is_opened_beside_http(self, is_output: bool):
        def program() -> None:
            port: Any = pulumi.Output.from_input(50051) if is_output else 50051
            serve(grpc_port=port, network_policy={"ingress": [{"namespace": "apps"}, {"namespace": "metrics", "ports": [9000]}]})

        seen = record(program)
        server = seen.container("llama")
        assert server["ports"][1:] == [{"name": "grpc-50051", "containerPort": 50051, "protocol": "TCP"}]
        assert {"name": "NIM_GRPC_API_PORT", "value": "50051"} in server["env"]
        _, port = seen.child("llama", SERVICE).inputs["spec"]["ports"]
        assert port == {
            "name": "grpc-50051",
            "port": 50051,
            "targetPort": "grpc-50051",
            "protocol": "TCP",
            "appProtocol": "kubernetes.io/h2c",
        }
        apps, metrics = seen.children("llama")["llama-network-policy"].inputs["spec"]["ingress"]
        assert [each["port"] for each in apps["ports"]] == [8000, 50051]
        assert [each["port"] for each in metrics["ports"]] == [9000]

    def test_grpc_route_targets_grpc_port(self):
        given = {**ROUTE, "gateway_namespace": "gateways", "section": "grpc", "annotations": {"a": "b"}, "labels": {"team": "x"}}
        seen = recorded(grpc_port=50051, grpc_route=given)
        child = seen.children("llama")["llama-grpc-route"]
        assert (child.type, child.inputs["kind"]) == (GRPC_ROUTE, "GRPCRoute")
        assert child.inputs["spec"] == {
            "parentRefs": [{"name": "public", "namespace": "gateways", "sectionName": "grpc"}],
            "hostnames": [HOST],
            "rules": [{"backendRefs": [{"kind": "Service", "name": "llama", "port": 50051}]}],
        }
        assert child.inputs["metadata"]["annotations"] == {"a": "b"}
        assert child.inputs["metadata"]["labels"].items() >= {"team": "x", "app.kubernetes.io/instance": "llama"}.items()
        assert "annotations" not in recorded(grpc_port=50051, grpc_route=ROUTE).child("llama", GRPC_ROUTE).inputs["metadata"]

    def test_http_and_grpc_route_can_be_combined(self):
        seen = recorded(grpc_port=50051, grpc_route=ROUTE, http_route=ROUTE)
        assert len([*seen.find(GRPC_ROUTE), *seen.find(HTTP_ROUTE)]) == 2


def test_server_with_tls_has_https_url():
    fields = {"env": {"NIM_SSL_MODE": "tls"}, "health_port": 8100, "generation": "2.x-vllm"}

    def program() -> None:
        pulumi.export("url", serve(**fields).url)

    assert record(program).outputs["url"] == "https://llama.default.svc.cluster.local:8000"


def test_pool_has_pod_selector_and_endpoint_picker():
    seen = recorded(inference_pool={"endpoint_picker": "picker", "endpoint_picker_port": 9003, "failure_mode": "FailOpen"})
    child = seen.children("llama")["llama-inference-pool"]
    assert child.type == INFERENCE_POOL
    assert child.inputs["spec"] == {
        "selector": {"matchLabels": seen.deployment("llama")["spec"]["selector"]["matchLabels"]},
        "targetPorts": [{"number": 8000}],
        "endpointPickerRef": {"name": "picker", "port": {"number": 9003}, "failureMode": "FailOpen"},
    }
    default = recorded(inference_pool={"endpoint_picker": "picker"}).child("llama", INFERENCE_POOL).inputs["spec"]
    assert default["endpointPickerRef"] == {"name": "picker", "port": {"number": 9002}, "failureMode": "FailClose"}


def external_url(preview: bool = True, **fields: Any) -> Any:
    def program() -> None:
        pulumi.export("url", serve(**fields).external_url)

    return record(program, preview=preview).outputs.get("url")


class TestExternalUrl:
    @pytest.mark.parametrize(
        ("fields", "url"),
        [
            ({}, None),
            ({"service": {"type": "NodePort"}}, None),
            ({"ingress": {"hosts": [HOST, "b.example.com"]}}, "http://llama.example.com"),
            ({"ingress": {"hosts": [HOST], "tls": True}}, "https://llama.example.com"),
            ({"http_route": {**ROUTE, "path": "/llama", "tls": True}}, "https://llama.example.com/llama"),
            ({"service": {"type": "LoadBalancer"}, "http_route": ROUTE}, "http://llama.example.com"),
        ],
        ids=str,
    )
    def test_external_url_of_host_is_known_at_preview(self, fields: dict[str, Any], url: str | None):
        assert external_url(**fields) == url

    def test_output_host_is_in_external_url(self):
        def program() -> None:
            host = pulumi.Output.from_input(HOST)
            pulumi.export("url", serve(ingress={"hosts": [host], "tls": True}).external_url)

        assert record(program).outputs["url"] == "https://llama.example.com"

    def test_load_balancer_url_is_unknown_at_preview(self):
        assert external_url(service={"type": "LoadBalancer"}) is UNKNOWN

    @pytest.mark.parametrize(
        ("status", "url"),
        [
            ({"loadBalancer": {"ingress": [{"hostname": "a.elb.amazonaws.com"}]}}, "http://a.elb.amazonaws.com:8000"),
            ({"loadBalancer": {"ingress": [{"ip": "203.0.113.7"}]}}, "http://203.0.113.7:8000"),
            ({"loadBalancer": {"ingress": [{"ip": "2001:db8::7"}]}}, "http://[2001:db8::7]:8000"),
            ({"loadBalancer": {"ingress": [{"ip": "203.0.113.7", "hostname": "a.example.com"}]}}, "http://a.example.com:8000"),
            ({"loadBalancer": {"ingress": [{}]}}, None),
            ({"loadBalancer": {"ingress": []}}, None),
            ({"loadBalancer": {}}, None),
            ({}, None),
            (None, None),
        ],
        ids=str,
    )
    def test_load_balancer_url_of_each_status(self, status: Any, url: str | None):
        # The type of a status inside an apply.
        answered = translate_output_properties(status, lambda name: name, k8s.core.v1.outputs.ServiceStatus)
        assert format_load_balancer_url(answered, 8000) == url

    def test_external_url_is_read_from_service_status(self):
        # In the local engine a Service has no status, so the address stays unknown and nothing
        # waits.
        assert external_url(preview=False, service={"type": "LoadBalancer"}) is None

    def test_component_registers_external_url(self):
        outputs = recorded(ingress={"hosts": [HOST]}).service("llama").outputs
        assert outputs["externalUrl"] == "http://llama.example.com"
