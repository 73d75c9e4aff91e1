"""Service, Ingress, route and pool: where each field goes, what is not there, and the address from outside."""

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
    def test_only_what_was_said_stands_in_it(self):
        assert set(service_spec()) == {"type", "selector", "ports"}
        assert service_spec()["type"] == "ClusterIP"

    @pytest.mark.parametrize(
        ("said", "wanted"),
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
    def test_a_field_goes_where_kubernetes_has_it(self, said: dict[str, Any], wanted: dict[str, Any]):
        assert service_spec(**said) == {**service_spec(), **wanted}

    def test_a_node_port_is_the_ports(self):
        (port,) = service_spec(type="NodePort", node_port=30080)["ports"]
        assert port == {"name": "http", "port": 8000, "targetPort": "http", "protocol": "TCP", "nodePort": 30080}


class TestIngress:
    def test_without_it_there_is_none(self):
        seen = recorded()
        assert [seen.find(kind) for kind in (INGRESS, HTTP_ROUTE, GRPC_ROUTE, INFERENCE_POOL)] == [[], [], [], []]

    def test_each_host_leads_to_the_service(self):
        inputs = ingress(hosts=[HOST, "b.example.com"])
        assert (inputs["metadata"]["name"], inputs["metadata"]["namespace"]) == ("llama", "default")
        path = {"path": "/", "pathType": "Prefix", "backend": {"service": {"name": "llama", "port": {"name": "http"}}}}
        assert inputs["spec"] == {
            "rules": [{"host": HOST, "http": {"paths": [path]}}, {"host": "b.example.com", "http": {"paths": [path]}}]
        }

    def test_class_path_and_type(self):
        spec = ingress(class_name="nginx", path="/llama", path_type="ImplementationSpecific")["spec"]
        assert spec["ingressClassName"] == "nginx"
        (path,) = spec["rules"][0]["http"]["paths"]
        assert (path["path"], path["pathType"]) == ("/llama", "ImplementationSpecific")

    def test_tls_with_the_controllers_certificate_or_ones_own(self):
        assert "tls" not in ingress()["spec"]
        assert ingress(tls=True)["spec"]["tls"] == [{"hosts": [HOST]}]
        assert ingress(tls=True, tls_secret="cert")["spec"]["tls"] == [{"hosts": [HOST], "secretName": "cert"}]

    def test_annotations_labels_and_no_waiting_for_a_status(self):
        metadata = ingress(annotations={"a": "b"}, labels={"team": "x"})["metadata"]
        assert metadata["annotations"] == {"a": "b", "pulumi.com/skipAwait": "true"}
        assert metadata["labels"]["team"] == "x"
        assert metadata["labels"]["app.kubernetes.io/instance"] == "llama"


class TestRoute:
    def test_the_host_leads_to_the_service_by_the_gateway(self):
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

    def test_gateway_of_another_namespace_and_its_listener(self):
        (parent,) = route(gateway_namespace="gateways", section="https")["spec"]["parentRefs"]
        assert parent == {"name": "public", "namespace": "gateways", "sectionName": "https"}

    @pytest.mark.parametrize("late", [False, True], ids=["plain", "output"])
    def test_a_prefix_is_cut_off_before_the_server_sees_it(self, late: bool):
        def program() -> None:
            path: Any = pulumi.Output.from_input("/llama") if late else "/llama"
            serve(http_route={**ROUTE, "path": path})

        (rule,) = record(program).child("llama", HTTP_ROUTE).inputs["spec"]["rules"]
        assert rule["matches"] == [{"path": {"type": "PathPrefix", "value": "/llama"}}]
        rewrite = {"path": {"type": "ReplacePrefixMatch", "replacePrefixMatch": "/"}}
        assert rule["filters"] == [{"type": "URLRewrite", "urlRewrite": rewrite}]

    def test_the_time_that_an_answer_may_take(self):
        assert route(request_timeout="0s")["spec"]["rules"][0]["timeouts"] == {"request": "0s"}

    def test_annotations_and_labels(self):
        metadata = route(annotations={"a": "b"}, labels={"team": "x"})["metadata"]
        assert metadata["annotations"] == {"a": "b"}
        assert metadata["labels"].items() >= {"team": "x", "app.kubernetes.io/instance": "llama"}.items()

    def test_with_a_pool_the_route_leads_to_it(self):
        (rule,) = route(pool={"endpoint_picker": "picker"})["spec"]["rules"]
        assert rule["backendRefs"] == [{"group": "inference.networking.k8s.io", "kind": "InferencePool", "name": "llama"}]


class TestGrpc:
    def test_without_it_there_is_one_port_and_no_variable(self):
        seen = recorded()
        assert [each["name"] for each in seen.child("llama", SERVICE).inputs["spec"]["ports"]] == ["http"]
        assert "NIM_GRPC_API_PORT" not in {each["name"] for each in seen.container("llama")["env"]}

    @pytest.mark.parametrize("late", [False, True], ids=["plain", "output"])
    def test_server_and_service_open_it_beside_the_other(self, late: bool):
        def program() -> None:
            port: Any = pulumi.Output.from_input(50051) if late else 50051
            serve(grpc_port=port, network_policy={"ingress": [{"namespace": "apps"}, {"namespace": "metrics", "ports": [9000]}]})

        seen = record(program)
        server = seen.container("llama")
        assert server["ports"][1:] == [{"name": "grpc", "containerPort": 50051, "protocol": "TCP"}]
        assert {"name": "NIM_GRPC_API_PORT", "value": "50051"} in server["env"]
        _, port = seen.child("llama", SERVICE).inputs["spec"]["ports"]
        assert port == {"name": "grpc", "port": 50051, "targetPort": "grpc", "protocol": "TCP", "appProtocol": "kubernetes.io/h2c"}
        apps, metrics = seen.children("llama")["llama-network-policy"].inputs["spec"]["ingress"]
        assert [each["port"] for each in apps["ports"]] == [8000, 50051]
        assert [each["port"] for each in metrics["ports"]] == [9000]

    def test_the_route_leads_to_it(self):
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

    def test_both_kinds_of_routes_may_stand_beside_one_another(self):
        seen = recorded(grpc_port=50051, grpc_route=ROUTE, http_route=ROUTE)
        assert len([*seen.find(GRPC_ROUTE), *seen.find(HTTP_ROUTE)]) == 2


def test_a_server_that_speaks_tls_is_addressed_by_https():
    fields = {"env": {"NIM_SSL_MODE": "tls"}, "health_port": 8100, "generation": "2.x-vllm"}

    def program() -> None:
        pulumi.export("url", serve(**fields).url)

    assert record(program).outputs["url"] == "https://llama.default.svc.cluster.local:8000"


def test_a_pool_is_the_pods_and_its_picker():
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


def outside(preview: bool = True, **fields: Any) -> Any:
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
    def test_what_names_decide_is_known_at_preview(self, fields: dict[str, Any], url: str | None):
        assert outside(**fields) == url

    def test_a_host_that_is_an_output(self):
        def program() -> None:
            host = pulumi.Output.from_input(HOST)
            pulumi.export("url", serve(ingress={"hosts": [host], "tls": True}).external_url)

        assert record(program).outputs["url"] == "https://llama.example.com"

    def test_a_load_balancer_is_not_known_before_it_is_there(self):
        assert outside(service={"type": "LoadBalancer"}) is UNKNOWN

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
    def test_host_name_or_address_or_none_while_it_is_pending(self, status: Any, url: str | None):
        # As the SDK hands it to an apply.
        answered = translate_output_properties(status, lambda name: name, k8s.core.v1.outputs.ServiceStatus)
        assert format_load_balancer_url(answered, 8000) == url

    def test_it_is_read_from_the_services_status(self):
        # On the local engine a Service has no status: pending for good, and nothing fails or waits.
        assert outside(preview=False, service={"type": "LoadBalancer"}) is None

    def test_the_component_registers_it(self):
        outputs = recorded(ingress={"hosts": [HOST]}).service("llama").outputs
        assert outputs["externalUrl"] == "http://llama.example.com"
