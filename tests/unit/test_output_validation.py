"""Outputs are validated when they resolve, by the same rules and with the same texts.

Their service reports the problems.
"""

from typing import Any

import pulumi
import pytest

from nim_component import NIM, CacheArgs, NIMSecrets, NIMService, ServiceArgs
from nim_component.args import ArgumentError
from nim_component.testing import DEPLOYMENT, UNKNOWN, record

from .args.error_texts import FIELDS
from .seed import REFERENCE, serve

ACCEPTS_OUTPUT = {
    "image", "lora_image", "port", "health_endpoint", "cpu", "gpu", "mem", "shm_size", "ephemeral_storage", "namespace", "gpu_resource",
    "runtime_class", "priority_class", "termination_grace", "run_as_user", "run_as_group", "fs_group",
}  # fmt: skip
OUTPUT_CASES = [
    (fields, line) for fields, line in FIELDS if len(fields) == 1 and fields.keys() <= ACCEPTS_OUTPUT and None not in fields.values()
]


def output(value: Any) -> Any:
    return pulumi.Output.from_input(value)


@pytest.mark.parametrize(("fields", "line"), OUTPUT_CASES, ids=lambda value: str(value)[:50])
def test_wrong_output_reports_text_of_plain_value(fields: dict[str, Any], line: str):
    with pytest.raises(ArgumentError) as plain:
        NIM(secrets=NIMSecrets(**REFERENCE), **fields)
    with pytest.raises(ArgumentError) as caught:
        record(lambda: serve(**{name: output(value) for name, value in fields.items()}))
    assert str(caught.value) == str(plain.value).replace("NIM has", "NIMService 'llama' has")
    assert str(caught.value).startswith(f"NIMService 'llama' has 1 problem:\n  {line.partition('. ')[0]}. ")


def test_table_covers_every_field_with_outputs():
    assert {name for fields, _ in OUTPUT_CASES for name in fields} == ACCEPTS_OUTPUT


NESTED: list[tuple[dict[str, Any], str]] = [
    ({"cache": lambda: CacheArgs(size=output("1"))}, "cache.size: must be at least 1Mi (got '1')"),
    ({"cache": lambda: CacheArgs(access_mode=output("RWX"))}, "cache.access_mode: must be one of 'ReadWriteOnce'"),
    ({"env": lambda: {"A": output(1)}}, "env.A: must be a string. Pass a str."),
    ({"node_selector": lambda: {"a.b/c": output("x y")}}, "node_selector['a.b/c']: must be a label value (got 'x y')"),
    ({"service": lambda: ServiceArgs(labels={"a": output("x y")})}, "service.labels.a: must be a label value (got 'x y')"),
    ({"args": lambda: ["a", output(7)]}, "args[1]: must be a string. Pass a str."),
    ({"secrets": lambda: NIMSecrets(ngc_image_secret=output("A_b"), ngc_secret_key="k")}, "secrets.ngc_image_secret: must be a Kubernetes"),
    (
        {"replicas": lambda: 2, "cache": lambda: CacheArgs(access_mode=output("ReadWriteOnce"))},
        "cache.access_mode: must allow sharing for 2",
    ),
    (
        {"gpu": lambda: output(0), "namespace": lambda: "serving"},
        "gpu: must be at least 1 without another source of a GPU (got 0). Set `gpu=1`, or request GPUs",
    ),
    ({"ingress": lambda: {"hosts": ["a.example.com", output("A_b")]}}, "ingress.hosts[1]: must be a host name (got 'A_b')"),
    (
        {"grpc_port": lambda: output(8000)},
        "grpc_port: must differ from the ports of the server, the health endpoints and the engine (got 8000)",
    ),
    (
        {"termination_grace": lambda: output(5), "pre_stop_sleep": lambda: 10},
        "pre_stop_sleep: must be less than termination_grace (5), which includes it (got 10)",
    ),
    (
        {"http_route": lambda: {"gateway": output("A_b"), "hosts": ["a"]}},
        "http_route.gateway: must be a Kubernetes object name (got 'A_b')",
    ),
    (
        {"autoscaling": lambda: {"max_replicas": 1, "presets": [{"preset": "queue", "target": output(0)}]}},
        "autoscaling.presets[0].target: must be a number or quantity above zero (got 0)",
    ),
    (
        {"autoscaling": lambda: {"max_replicas": 1, "keda": {"triggers": [{"type": "cron", "metadata": {"desiredReplicas": output(2)}}]}}},
        "autoscaling.keda.triggers[0].metadata.desiredReplicas: must be a string. Pass a str.",
    ),
    (
        {"network_policy": lambda: {"ingress": [{"cidr": output("10.0.0.1/8")}]}},
        "network_policy.ingress[0].cidr: must be an address range (got '10.0.0.1/8')",
    ),
    ({"metrics": lambda: {"alerts": {"queue": output("many")}}}, "metrics.alerts.queue: must be a number or quantity above zero"),
    ({"image": lambda: output("nvcr.io/a/b:2.1"), "port": lambda: 8001}, "port: must not be 8001 with NIM 2.x"),
]


@pytest.mark.parametrize(("fields", "beginning"), NESTED, ids=[beginning.partition(":")[0] for _, beginning in NESTED])
def test_nested_output_is_reported_by_its_path(fields: dict[str, Any], beginning: str):
    with pytest.raises(ArgumentError) as caught:
        record(lambda: serve(**{name: make() for name, make in fields.items()}))
    assert f"NIMService 'llama' has 1 problem:\n  {beginning}" in str(caught.value)


def test_one_error_reports_all_wrong_outputs():
    def program() -> None:
        env = {"A": output(3), "B": pulumi.Output.secret("x"), "C": output("fine")}
        serve(image=output("A B"), port=output(80), env=env, node_selector={"a": output("x y")})

    with pytest.raises(ArgumentError, match="has 5 problems") as caught:
        record(program)
    assert paths(caught.value) == ["image", "port", "env.A", "env.B", "node_selector.a"]


def test_one_error_reports_all_broken_rules():
    def program() -> None:
        serve(mem=output("32Gi"), shm_size=output("64Gi"), image=output("a/b:2.1"), port=output(8001))

    with pytest.raises(ArgumentError, match="has 2 problems") as caught:
        record(program)
    assert paths(caught.value) == ["mem", "port"]


def paths(error: ArgumentError) -> list[str]:
    """Return the paths of an error's problems."""
    return [line.split(":")[0].strip() for line in str(error).split("\n")[1:]]


def test_unknown_output_does_not_suppress_other_problems():
    def program() -> None:
        unknown = pulumi.StackReference("acme/network/dev").get_output("namespace")
        serve(namespace=unknown, port=output(80), gpu=output(-1))

    with pytest.raises(ArgumentError) as caught:
        record(program, preview=True)
    assert paths(caught.value) == ["port", "gpu"]


def test_failed_output_does_not_suppress_other_problems():
    """Either the failure or the problem is reported. The event loop decides which one is first."""

    def fail(_: Any) -> str:
        raise pulumi.RunError("no such zone")

    with pytest.raises(pulumi.RunError, match=r"no such zone|port: must be at least 1024"):
        record(lambda: serve(namespace=output(1).apply(fail), port=output(80)))


def test_rule_waits_for_two_outputs():
    with pytest.raises(ArgumentError, match=r"mem: must be larger than shm_size \(64Gi\), which counts against it \(got '32Gi'\)"):
        record(lambda: serve(mem=output("32Gi"), shm_size=output("64Gi")))


@pytest.mark.parametrize("field", ["mem", "shm_size"])
def test_rule_waits_for_one_output(field: str):
    fields: dict[str, Any] = {"mem": "32Gi", "shm_size": "64Gi"}
    with pytest.raises(ArgumentError, match="mem: must be larger than shm_size"):
        record(lambda: serve(**{**fields, field: output(fields[field])}))


def test_shared_arguments_are_reported_by_each_service():
    def program() -> None:
        shared = NIM(secrets=NIMSecrets.keyless(), mem=output("none"))
        NIMService("second", shared)

    with pytest.raises(ArgumentError, match="^NIMService 'second' has 1 problem"):
        record(program)


def test_unknown_outputs_pass_a_preview():
    def program() -> None:
        reference = pulumi.StackReference("acme/cluster/prod")
        names = ("namespace", "image", "mem", "port")
        serve(**{name: reference.get_output(name) for name in names}, cache=CacheArgs(storage_class=reference.get_output("class")))

    seen = record(program, preview=True)
    assert seen.container("llama")["image"] is UNKNOWN
    assert seen.container("llama")["resources"]["limits"]["memory"] is UNKNOWN
    assert seen.container("llama")["resources"]["limits"]["cpu"] == "1"


def test_dependency_of_output_is_kept():
    def program() -> None:
        import pulumi_kubernetes as k8s

        namespace = k8s.core.v1.Namespace("ns", metadata={"name": "serving"})
        serve(namespace=namespace.metadata["name"])

    seen = record(program)
    assert any(urn.endswith("::ns") for urn in seen.child("llama", DEPLOYMENT).options.dependencies)
    assert seen.deployment("llama")["metadata"]["namespace"] == "serving"


SECRET_OUTPUTS: list[tuple[str, Any]] = [
    ("env", lambda secret: {"hf_token": secret}),
    ("pod_annotations", lambda secret: {"ngc_api_key": secret}),
    ("extra_containers", lambda secret: [{"name": "x", "image": "a:1", "env": ({"name": "A", "value": secret},)}]),
    ("image", lambda secret: secret),
    ("namespace", lambda secret: secret),
    ("env", lambda secret: {"A": secret}),
    ("args", lambda secret: [secret]),
    ("pod_annotations", lambda secret: {"a": secret}),
    ("extra_volumes", lambda secret: [{"name": "x", "configMap": {"name": secret}}]),
    ("cache", lambda secret: CacheArgs(storage_class=secret)),
    (
        "autoscaling",
        lambda secret: {"max_replicas": 1, "keda": {"triggers": [{"type": "kafka", "metadata": {"password": secret}}]}},
    ),
    ("autoscaling", lambda secret: {"max_replicas": 1, "presets": ["queue"], "keda": {"prometheus": secret}}),
    ("ingress", lambda secret: {"hosts": [secret]}),
    ("http_route", lambda secret: {"gateway": "a", "hosts": ["a"], "annotations": {"a": secret}}),
    ("network_policy", lambda secret: {"ingress": [{"pods": {"a": secret}}]}),
    ("resource_claims", lambda secret: [{"name": "a", "devices": [{"name": "a", "selectors": [secret]}]}]),
    ("metrics", lambda secret: {"dashboard": {"folder": secret}}),
]


@pytest.mark.parametrize(("field", "place"), SECRET_OUTPUTS, ids=range(len(SECRET_OUTPUTS)))
def test_secret_is_refused_in_manifest_fields(field: str, place: Any):
    with pytest.raises(ArgumentError) as caught:
        record(lambda: serve(**{field: place(pulumi.Output.secret("s3cret"))}))
    assert "must not be a secret: it would be part of the pod spec. Store it in a Kubernetes Secret" in str(caught.value)
    assert f"  {field}" in str(caught.value)
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize(("field", "place"), SECRET_OUTPUTS, ids=range(len(SECRET_OUTPUTS)))
def test_unknown_secret_is_refused_in_preview(field: str, place: Any):
    def program() -> None:
        serve(**{field: place(pulumi.Output.secret(pulumi.StackReference("acme/keys/prod").get_output("key")))})

    with pytest.raises(ArgumentError, match="must not be a secret"):
        record(program, preview=True)


def test_env_output_must_resolve_to_string():
    with pytest.raises(ArgumentError, match=r"env\.A: must be a string\. Pass a str\."):
        record(lambda: serve(env={"A": output({"valueFrom": {"fieldRef": {"fieldPath": "x"}}})}))


def test_variable_of_two_keys_is_refused_late():
    secrets = lambda: NIMSecrets(  # noqa: E731
        **REFERENCE, secrets_prefix="_", ngc_secret_group=output("a.b"), hf_token_group=output("a-b"), hf_token_key="NGC_API_KEY"
    )
    with pytest.raises(ArgumentError, match="becomes the variable _A_B_NGC_API_KEY, as another key does"):
        record(lambda: serve(secrets=secrets()))


def test_unsecret_output_is_accepted():
    seen = record(lambda: serve(env={"A": pulumi.Output.unsecret(pulumi.Output.secret("public"))}))
    assert seen.env("llama")["A"] == "public"


@pytest.mark.parametrize("field", ["replicas", "startup_timeout", "service_name", "hf_repo_ids", "rollout"])
def test_fields_that_decide_children_must_be_plain(field: str):
    with pytest.raises(ValueError, match=rf"{field}: must be"):
        record(lambda: NIMService("llama", {"secrets": REFERENCE, field: output("1")}))


def test_late_error_is_no_value_error():
    """The SDK wraps a `ValueError` in a dump of the whole resource."""
    with pytest.raises(pulumi.RunError) as caught:
        record(lambda: serve(namespace=output("Not A Name")))
    assert not isinstance(caught.value, ValueError)
    assert str(caught.value).startswith("NIMService 'llama' has 1 problem:\n  namespace: must be the name of a namespace")
