"""Services inside a larger program: providers, order, unknown values and resource options."""

import json
import runpy
from pathlib import Path
from typing import Any

import pulumi
import pulumi_kubernetes as k8s
import pytest

from nim_component import CacheArgs
from nim_component.testing import CONFIG_MAP, DEPLOYMENT, NIM_SERVICE, SECRET, SERVICE, UNKNOWN, Recording, Resource, Secret, record

from ..logical_names import logical_names
from .seed import LORA, serve

PROGRAM = Path(__file__).parents[2] / "examples" / "platform" / "__main__.py"
CONFIG = {
    "platform:team": "ml",
    "platform:storageProvisioner": "csi.example.com",
    "platform:ngcApiKey": "example-key",
}


def run_example(preview: bool = False) -> Recording:
    return record(
        lambda: runpy.run_path(str(PROGRAM), run_name="__main__"),
        project="platform",
        config=CONFIG,
        secret_keys=("platform:ngcApiKey",),
        preview=preview,
    )


@pytest.fixture(scope="module")
def example() -> Recording:
    return run_example()


class TestExample:
    def test_services_use_resources_of_program(self, example: Recording):
        assert example.deployment("chat")["metadata"]["namespace"] == "serving"
        assert example.pod("chat")["imagePullSecrets"] == [{"name": "ngc-pull"}]
        assert example.env("chat")["NGC_API_KEY"] == {"secretKeyRef": {"name": "ngc-key", "key": "NGC_API_KEY"}}
        assert example.children("chat")["chat-cache"].inputs["spec"]["storageClassName"] == "shared-models"

    def test_secrets_of_program_are_not_read(self, example: Recording):
        assert not any(resource.read for resource in example.run.resources)

    def test_urls_reach_config_map_and_client(self, example: Recording):
        models = json.loads(example.one(CONFIG_MAP, "endpoints").inputs["data"]["models.json"])
        assert [model["url"] for model in models] == [
            "http://chat.serving.svc.cluster.local:8000",
            "http://embed.serving.svc.cluster.local:8000",
        ]
        client = example.one(DEPLOYMENT, "rag-client").inputs["spec"]["template"]["spec"]["containers"][0]
        assert client["env"][2] == {"name": "MODEL", "value": "meta/llama3-8b-instruct"}

    def test_service_depends_on_its_inputs(self, example: Recording):
        deployment = example.child("chat", DEPLOYMENT)
        assert logical_names(deployment.options.dependencies) >= {"serving", "ngc-pull", "ngc-key", "chat-cache"}
        assert "shared-models" in logical_names(example.children("chat")["chat-cache"].options.dependencies)

    def test_client_depends_on_children_of_both_services(self, example: Recording):
        waits = logical_names(example.one(DEPLOYMENT, "rag-client").options.dependencies)
        assert {"chat-deployment", "chat-service", "embed-deployment", "embed-service", "endpoints"} <= waits

    def test_provider_applies_to_every_object(self, example: Recording):
        objects = [each for each in example.run.resources if each.type.startswith("kubernetes:")]
        assert len(objects) == 11
        assert logical_names(each.provider for each in objects) == {"cluster"}

    def test_transform_applies_to_every_object(self, example: Recording):
        objects = [each for each in example.run.resources if each.type.startswith("kubernetes:")]
        assert {each.inputs["metadata"]["labels"]["example.com/team"] for each in objects} == {"ml"}

    def test_key_is_in_two_secrets_only(self, example: Recording):
        for resource in example.run.resources:
            if resource.type != SECRET:
                assert "example-key" not in repr(resource.inputs)
        assert example.one(SECRET, "ngc-key").inputs["stringData"].value["NGC_API_KEY"] in ("example-key", Secret("example-key"))

    def test_protect_applies_to_children_of_one_service(self, example: Recording):
        assert all(child.options.protect for child in example.children("chat").values() if child.type != CONFIG_MAP)
        assert not any(child.options.protect for child in example.children("embed").values())

    def test_first_preview_shows_urls(self):
        assert run_example(preview=True).outputs["chat"] == "http://chat.serving.svc.cluster.local:8000"


def children(opts: pulumi.ResourceOptions, **fields: Any) -> dict[str, Resource]:
    return record(lambda: serve(opts=opts, **fields)).children("llama")


class TestOptions:
    """Options of the component. They are never merged into the options of its children."""

    def test_retain_on_delete_applies_to_every_child(self):
        made = [child for child in children(pulumi.ResourceOptions(retain_on_delete=True), **LORA).values() if not child.read]
        assert len(made) == 4
        assert all(child.options.retain_on_delete for child in made)

    def test_ignore_changes_and_aliases_stay_on_component(self):
        opts = pulumi.ResourceOptions(ignore_changes=["image"], aliases=[pulumi.Alias(name="old")], delete_before_replace=True)
        for name, child in children(opts).items():
            assert "image" not in child.options.ignore_changes
            assert not child.options.delete_before_replace
            assert [alias.name for alias in child.options.aliases if alias.name == "old"] == [], name

    def test_children_wait_for_depends_on(self):
        def program() -> None:
            first = k8s.core.v1.ConfigMap("first", metadata={"name": "first"})
            serve(opts=pulumi.ResourceOptions(depends_on=[first]))

        seen = record(program)
        assert "first" in logical_names(seen.service("llama").options.dependencies)

    def test_transforms_receive_every_created_child(self):
        seen: list[str] = []

        def watch(args: pulumi.ResourceTransformArgs) -> None:
            seen.append(args.name)

        children(pulumi.ResourceOptions(transforms=[watch]))
        assert logical_names(seen) == {"llama", "llama-cache", "llama-deployment", "llama-service"}
        assert len(seen) == 4

    def test_transform_changes_child(self):
        def replicas(args: pulumi.ResourceTransformArgs) -> pulumi.ResourceTransformResult | None:
            if args.type_ != DEPLOYMENT:
                return None
            return pulumi.ResourceTransformResult({**args.props, "spec": {**args.props["spec"], "replicas": 7}}, args.opts)

        assert children(pulumi.ResourceOptions(transforms=[replicas]))["llama-deployment"].inputs["spec"]["replicas"] == 7

    def test_explicit_provider_applies_to_every_child(self):
        def program() -> None:
            serve(opts=pulumi.ResourceOptions(provider=k8s.Provider("other")), **LORA)

        assert logical_names(child.provider for child in record(program).children("llama").values()) == {"other"}

    def test_duplicate_component_name_is_refused(self):
        with pytest.raises(Exception, match="llama"):
            record(lambda: (serve(), serve()))

    def test_service_inside_another_component(self):
        def program() -> None:
            group = pulumi.ComponentResource("example:index:Group", "group")
            serve(opts=pulumi.ResourceOptions(parent=group))

        seen = record(program)
        assert seen.service("llama").urn.endswith("::example:index:Group$nim:index:NIMService::llama")
        assert set(seen.children("llama")) == {"llama-secret-pull", "llama-cache", "llama-deployment", "llama-service"}


def test_unknown_outputs_stay_unknown_at_preview():
    def program() -> None:
        stack = pulumi.StackReference("acme/network/prod")
        serve(
            namespace=stack.get_output("namespace"),
            node_selector={"pool": stack.get_output("pool")},
            env={"PROXY": stack.get_output("proxy")},
            cache=CacheArgs(storage_class=stack.get_output("class"), size=stack.get_output("size")),
        )

    seen = record(program, preview=True)
    pod = seen.pod("llama")
    assert pod["nodeSelector"] == {"pool": UNKNOWN}
    assert seen.env("llama")["PROXY"] is UNKNOWN
    assert {volume["name"]: volume for volume in pod["volumes"]}["cache"]["persistentVolumeClaim"]["claimName"] is UNKNOWN
    assert "llama-cache" not in seen.children("llama")  # its name needs the hash of the unknown class
    assert seen.child("llama", SERVICE).inputs["metadata"]["name"] == "llama"
    assert len(seen.find(NIM_SERVICE)) == 1
