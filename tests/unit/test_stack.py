"""Services of a stack file: defaults, secrets, validation and outputs."""

import runpy
from pathlib import Path
from typing import Any

import pulumi
import pytest

from nim_component.stack import deploy_stack
from nim_component.stack.fields import merge_fields
from nim_component.testing import NIM_SERVICE, SECRET, Recording, Secret, record

ROOT = Path(__file__).parents[2]
KEYLESS = {"secrets": {"without_key": True}}
MULTI_NODE = {**KEYLESS, "multi_node": {"nodes": 2}, "cache": {"access_mode": "ReadWriteMany"}}


def deploy(services: Any, defaults: Any = None, secret_keys: tuple[str, ...] = (), **more: str) -> Recording:
    config = {"nim:services": services, **({"nim:defaults": defaults} if defaults is not None else {})}
    return record(
        deploy_stack, project="nim", config={**config, **{f"nim:{key}": value for key, value in more.items()}}, secret_keys=secret_keys
    )


def refuse(services: Any, defaults: Any = None, secret_keys: tuple[str, ...] = (), **more: str) -> str:
    with pytest.raises(pulumi.RunError) as caught:
        deploy(services, defaults, secret_keys, **more)
    return str(caught.value)


def test_each_entry_creates_service():
    assert [resource.name for resource in deploy({"b": KEYLESS, "a": KEYLESS}).find(NIM_SERVICE)] == ["a", "b"]


@pytest.mark.parametrize("services", [{"a": MULTI_NODE, "b-group": KEYLESS}, {"a": KEYLESS, "a-group": KEYLESS}], ids=str)
def test_similar_service_names_are_accepted(services: dict[str, Any]):
    assert len(deploy(services).find(NIM_SERVICE)) == 2


def test_conflicting_names_in_two_namespaces_are_accepted():
    assert len(deploy({"a": MULTI_NODE, "a-group": {**KEYLESS, "namespace": "other"}}).find(NIM_SERVICE)) == 2


RENAMED = {**KEYLESS, "service_name": "old", "aliases": ["old"]}


def test_alias_of_service_is_registered():
    (service,) = deploy({"new": RENAMED}).find(NIM_SERVICE)
    assert [alias.name for alias in service.options.aliases] == ["old"]
    (service,) = deploy({"new": KEYLESS}).find(NIM_SERVICE)
    assert service.options.aliases == ()


def test_renamed_service_has_same_objects():
    """The inputs of all children and of the component are equal, so the engine changes nothing."""

    def inputs(seen: Recording, name: str) -> dict[str, Any]:
        children = {key.removeprefix(name): each.inputs for key, each in seen.children(name).items()}
        return {**children, "": seen.service(name).inputs}

    assert inputs(deploy({"new": RENAMED}), "new") == inputs(deploy({"old": KEYLESS}), "old")


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        (
            {"aliases": ["old"]},
            "service_name: must be set with aliases: without it, every object gets the new name and replaces the old one. "
            "Keep the old name: `service_name: old`.",
        ),
        ({"aliases": "old"}, "aliases: must be a list of former names of the service. Write it such as `[old-name]`."),
        ({"aliases": []}, "aliases: must be a list of former names of the service. Write it such as `[old-name]`."),
        ({"aliases": ["new"]}, "aliases[0]: must be a former name, and is the name of the service itself (got 'new'). Remove it."),
        (
            {"aliases": ["x", "b"]},
            "aliases[1]: must be a former name, and is the name of another service of the stack (got 'b'). Remove it.",
        ),
    ],
    ids=str,
)
def test_wrong_aliases_are_refused(fields: dict[str, Any], text: str):
    named = {} if "must be set with" in text else {"service_name": "old"}
    assert refuse({"new": {**KEYLESS, **named, **fields}, "b": KEYLESS}).endswith(f"  {text}")


def test_aliases_are_no_default():
    assert "aliases: unknown field" in refuse({"a": None}, {**KEYLESS, "service_name": "x", "aliases": ["x"]})


def test_exposed_service_exports_external_url():
    services = deploy({"a": {**KEYLESS, "ingress": {"hosts": ["a.example.com"]}}, "b": KEYLESS}).outputs["services"]
    assert services["a"]["external_url"] == "http://a.example.com"
    assert "external_url" not in services["b"]


def test_stack_exports_addresses_and_models():
    assert deploy({"a": {**KEYLESS, "port": 9000, "namespace": "x"}}).outputs == {
        "services": {
            "a": {
                "url": "http://a.x.svc.cluster.local:9000",
                "host": "a.x.svc.cluster.local",
                "port": 9000,
                "models": ["meta/llama3-8b-instruct"],
            }
        }
    }


def test_unknown_base_model_exports_no_models():
    image = "nvcr.io/nim/nvidia/vllm-model-free-nim:2.1.5"
    exported = deploy({"a": {**KEYLESS, "image": image}, "b": {**KEYLESS, "image": image, "env": {"NIM_MODEL_PATH": "hf://org/m"}}})
    services = exported.outputs["services"]
    assert sorted(services["a"]) == ["host", "port", "url"]
    assert services["b"]["models"] == ["org/m"]


def test_defaults_apply_to_every_service():
    seen = deploy({"a": {"cpu": 4}, "b": None}, {**KEYLESS, "cpu": 2, "node_selector": {"x": "y"}})
    assert [seen.container(name)["resources"]["limits"]["cpu"] for name in ("a", "b")] == ["4", "2"]
    assert seen.pod("a")["nodeSelector"] == {"x": "y"}


@pytest.mark.parametrize(
    ("defaults", "fields", "merged"),
    [
        ({"a": 1}, {"b": 2}, {"a": 1, "b": 2}),
        ({"a": 1}, {"a": 2}, {"a": 2}),
        ({"a": {"x": 1, "y": 2}}, {"a": {"y": 3}}, {"a": {"x": 1, "y": 3}}),
        ({"a": [1, 2]}, {"a": [3]}, {"a": [3]}),
        ({"a": {"x": 1}}, {"a": 2}, {"a": 2}),
        ({"a": 1, "b": {"x": 1, "y": 2}}, {"a": None, "b": {"x": None}}, {"b": {"y": 2}}),
        ({"a": 1}, {"a": 0}, {"a": 0}),
        ({}, {"a": {"b": None}}, {"a": {"b": None}}),
        ({}, {"a": None}, {"a": None}),
        ({"a": None}, {"a": None}, {"a": None}),
        ({"a": None}, {"a": 1}, {"a": 1}),
        ({"a": {"x": 1}}, {"a": {"x": None, "y": None}}, {"a": {"y": None}}),
        ({"a": True}, {"a": False}, {"a": False}),
    ],
)
def test_mappings_merge_and_other_values_replace(defaults: Any, fields: Any, merged: Any):
    before = repr(defaults)
    assert merge_fields(defaults, fields) == merged
    assert repr(defaults) == before


MONITOR = {"monitor": {"interval": "15s"}}


@pytest.mark.parametrize("defaults", [{}, {"metrics": MONITOR}])
def test_null_monitor_reaches_the_model(defaults: dict[str, Any]):
    """The model of `metrics` creates a monitor unless it is None, so None is always a value."""
    seen = deploy({"a": {"metrics": {"monitor": None, "scrape_annotations": True}}}, {**KEYLESS, **defaults})
    assert "prometheus.io/scrape" in seen.deployment("a")["spec"]["template"]["metadata"]["annotations"]
    assert not [name for name, child in seen.children("a").items() if "monitoring.coreos.com" in child.type]


def test_null_removes_optional_default():
    defaults = {**KEYLESS, "metrics": MONITOR, "node_selector": {"x": "y"}, "replicas": 2, "run_as_user": 2000}
    seen = deploy({"a": {"metrics": None, "node_selector": {"x": None, "z": "w"}, "replicas": None}}, defaults)
    assert not [name for name, child in seen.children("a").items() if "monitoring.coreos.com" in child.type]
    assert seen.pod("a")["nodeSelector"] == {"z": "w"}
    assert seen.deployment("a")["spec"]["replicas"] == 1
    assert seen.pod("a")["securityContext"]["runAsUser"] == 2000


def test_null_override_removes_rendered_field():
    overrides = {"deployment": {"spec": {"progressDeadlineSeconds": None}}}
    assert deploy({"a": KEYLESS}).deployment("a")["spec"]["progressDeadlineSeconds"]
    assert "progressDeadlineSeconds" not in deploy({"a": {**KEYLESS, "overrides": overrides}}).deployment("a")["spec"]


@pytest.mark.parametrize("defaults", [{}, {"run_as_user": 2000, "run_as_group": 2000, "fs_group": 2000}])
def test_null_ids_are_left_to_the_cluster(defaults: dict[str, Any]):
    """OpenShift sets them from the range of the namespace."""
    fields = {"run_as_user": None, "run_as_group": None, "fs_group": None}
    context = deploy({"a": fields}, {**KEYLESS, **defaults}).pod("a")["securityContext"]
    assert context == {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}


def test_single_null_id_is_left_out():
    context = deploy({"a": {**KEYLESS, "run_as_user": None}}).pod("a")["securityContext"]
    assert "runAsUser" not in context
    assert (context["runAsGroup"], context["fsGroup"]) == (1000, 1000)


def test_null_without_default_is_validated():
    assert "replicas: " in refuse({"a": {**KEYLESS, "replicas": None}})


def test_config_reference_becomes_secret():
    secrets = {"ngc_api_key": {"config": "ngcApiKey"}, "hf_token": {"config": "hfToken"}}
    seen = deploy({"a": {"secrets": secrets}}, ngcApiKey="nvapi-x", hfToken="hf-x", secret_keys=("nim:ngcApiKey", "nim:hfToken"))
    values = seen.children("a")["a-keys"].inputs["stringData"]
    assert isinstance(values, Secret)
    assert values.value["NGC_API_KEY"] in ("nvapi-x", Secret("nvapi-x"))
    assert [each.read for each in seen.find(SECRET)] == [False, False]


BAD: list[tuple[Any, dict[str, Any], str]] = [
    ({}, {}, "nim:services: must contain at least one service. Add it to the stack file: nim:services: {llama: {secrets: ...}}."),
    (["a"], {}, "nim:services: must be a mapping. Write it as name: value pairs."),
    ("a", {}, "nim:services: must be a mapping. Write it as name: value pairs."),
    ({"a": KEYLESS}, {"defaults": [1]}, "nim:defaults: must be a mapping. Write it as name: value pairs."),
    ({"a": 3}, {}, "NIMService 'a' has 1 problem:\n  arguments: must be a mapping. Write the fields of NIM below the service's name."),
    (
        {"a": {**KEYLESS, "imag": "x"}},
        {},
        "NIMService 'a' has 1 problem:\n  imag: unknown field. Did you mean 'image'?",
    ),
    (
        {"a": {"secrets": {"ngc_api_key": {"config": "ngcApiKey"}}}},
        {},
        "NIMService 'a' has 1 problem:\n  secrets.ngc_api_key: refers to nim:ngcApiKey, which is not set. "
        "Set it: pulumi config set --secret ngcApiKey.",
    ),
    (
        {"a": {"secrets": {"ngc_api_key": {"secret": "x"}}}},
        {},
        "NIMService 'a' has 1 problem:\n  secrets.ngc_api_key: must refer to a secret of the stack's configuration. "
        "Write ngc_api_key: {config: ngcApiKey}, and set the key: pulumi config set --secret ngcApiKey.",
    ),
    (
        {"a": {"secrets": {"ngc_api_key": {"config": "nvapi-123"}}}},
        {},
        "NIMService 'a' has 1 problem:\n  secrets.ngc_api_key: must refer to a secret of the stack's configuration. "
        "Write ngc_api_key: {config: ngcApiKey}, and set the key: pulumi config set --secret ngcApiKey.",
    ),
    (
        {"a": {"secrets": {"ngc_api_key": "nvapi-123"}}},
        {},
        "NIMService 'a' has 1 problem:\n  secrets.ngc_api_key: must be a Pulumi secret: anyone can read plain text in a program or "
        "a stack file. Write {config: ngcApiKey}, and set it: pulumi config set --secret ngcApiKey.",
    ),
    (
        {"a": {"secrets": {"ngc_api_key": {"config": "ngcApiKey"}}}},
        {"ngcApiKey": "nvapi-1"},
        "NIMService 'a' has 1 problem:\n  secrets.ngc_api_key: refers to nim:ngcApiKey, which is plain text in the stack file. "
        "Revoke the key, and set a new one: pulumi config set --secret ngcApiKey.",
    ),
    (
        {"a": {"gpu": -1, "affinity": {"x": 1}, "secrets": {"ngc_api_key": {"config": "one"}, "hf_token": {"config": "two"}}}},
        {},
        "NIMService 'a' has 4 problems:\n  gpu: must be at least 0 (got -1). Increase it.\n"
        "  affinity.x: is not a field of Kubernetes' Affinity. Known: nodeAffinity, podAffinity, podAntiAffinity.\n"
        "  secrets.hf_token: refers to nim:two, which is not set. Set it: pulumi config set --secret two.\n"
        "  secrets.ngc_api_key: refers to nim:one, which is not set. Set it: pulumi config set --secret one.",
    ),
    (
        {"B_b": KEYLESS},
        {},
        "NIMService 'B_b' has 1 problem:\n  service_name: 'B_b' cannot be a Kubernetes name: at most 48 lower-case letters, digits and '-', "
        "starting with a letter. Rename the service to `b-b`, or set `service_name: b-b`.",
    ),
    (
        {"a": {**KEYLESS, "replicas": 2}},
        {},
        "NIMService 'a' has 1 problem:\n  cache.access_mode: must allow sharing for 2 replicas (got 'ReadWriteOnce'). "
        "Use `cache: {access_mode: ReadWriteMany}` with a storage class that supports it, or a shared PVC in cache.existing_claim, "
        "or `cache: {empty_dir: true}`, or `replicas: 1`.",
    ),
    (
        {"a": {}},
        {},
        "NIMService 'a' has 1 problem:\n  secrets: is required. Name the Secrets of the NGC key, such as "
        "`secrets: {ngc_image_secret: ngc-pull, ngc_secret_group: ngc-api, ngc_secret_key: NGC_API_KEY}`. "
        "Public images need no key: `secrets: {without_key: true}`.",
    ),
    (
        {"a": {**KEYLESS, "env": {"A": 8}}},
        {},
        "NIMService 'a' has 1 problem:\n  env.A: must be a string. Quote it: YAML reads true, 8 and 1.0 as other types.",
    ),
    (
        {"a": KEYLESS, "b": {**KEYLESS, "service_name": "a"}},
        {},
        "NIMService 'b' has 1 problem:\n  service_name: is also the name of service 'a' in namespace default (got 'a'). Set another service_name.",
    ),
    (
        {"a": MULTI_NODE, "a-group": KEYLESS},
        {},
        "NIMService 'a-group' has 1 problem:\n  service_name: is also the name of the headless Service of 'a', which its LeaderWorkerSet "
        "creates (got 'a-group'). Set another service_name.",
    ),
    (
        {"a-group": KEYLESS, "b": {**MULTI_NODE, "service_name": "a"}},
        {},
        "NIMService 'b' has 1 problem:\n  service_name: leads to a LeaderWorkerSet whose headless Service has the name of service 'a-group' "
        "(got 'a'). Set another service_name.",
    ),
    (
        {"a": KEYLESS},
        {"secret_keys": ("nim:services",)},
        "nim:services: must not contain a secure value. Move the value to a key of its own: pulumi config set --secret ngcApiKey, "
        "and refer to it: secrets: {ngc_api_key: {config: ngcApiKey}}.",
    ),
]


@pytest.mark.parametrize(("services", "more", "text"), BAD, ids=lambda value: str(value)[:40])
def test_invalid_stack_has_error_text(services: Any, more: dict[str, Any], text: str):
    assert refuse(services, **more) == text


def test_all_problems_are_reported_and_nothing_registered():
    def program() -> None:
        with pytest.raises(pulumi.RunError) as caught:
            deploy_stack()
        assert str(caught.value).split("\n") == [
            "NIMService 'a' has 1 problem:",
            "  gpu: must be at least 0 (got -1). Increase it.",
            "NIMService 'c' has 1 problem:",
            "  port: must be at least 1024 (got 1). Increase it.",
        ]

    services = {"a": {**KEYLESS, "gpu": -1}, "b": KEYLESS, "c": {**KEYLESS, "port": 1}}
    assert len(record(program, project="nim", config={"nim:services": services}).run.resources) == 1


def test_repository_program_deploys_stack():
    config = {"nim:services": {"a": KEYLESS}}
    seen = record(lambda: runpy.run_path(str(ROOT / "__main__.py"), run_name="__main__"), project="nim", config=config)
    assert seen.service("a")


def test_problem_of_defaults_is_reported_once():
    services = {"a": KEYLESS, "b": {**KEYLESS, "port": 1}, "c": {**KEYLESS, "mem": "24Gi"}}
    assert refuse(services, {"gppu": 2, "cache": {"sise": "1Gi"}, "mem": "8GiB"}).split("\n") == [
        "nim:defaults has 3 problems:",
        "  mem: must be a Kubernetes quantity (got '8GiB'). Write a number and a unit without a space, such as `20Gi`.",
        "  cache.sise: unknown field. Did you mean 'size'?",
        "  gppu: unknown field. Did you mean 'gpu'?",
        "NIMService 'b' has 1 problem:",
        "  port: must be at least 1024 (got 1). Increase it.",
    ]


def test_problem_of_one_service_is_reported_for_it():
    assert "defaults" not in refuse({"a": {**KEYLESS, "port": 1}, "b": KEYLESS}, {"port": 8000})


@pytest.mark.parametrize("fields", [{}, {"service_name": "llama"}], ids=["name", "service_name"])
def test_key_as_service_name_is_refused_and_redacted(fields: dict[str, Any]):
    key = f"nvapi-{'x' * 64}"
    error = refuse({key: {**KEYLESS, **fields}})
    assert error.split("\n") == [
        "NIMService '***' has 1 problem:",
        "  service_name: the service's name must not contain a credential. Revoke the credential, and rename the service.",
    ]
