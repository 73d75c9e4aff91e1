"""Children of a service: existence, names, parents, options and dependencies."""

from typing import Any

import pulumi
import pulumi_kubernetes as k8s
import pytest

from nim_component import NIM, CacheArgs, NIMSecrets, NIMService
from nim_component.testing import CONFIG_MAP, DEPLOYMENT, PVC, SECRET, SERVICE, Recording, record

from ..logical_names import logical_names
from .seed import LORA, REFERENCE, SHARED, recorded, serve

CHILDREN: list[tuple[dict[str, Any], dict[str, str]]] = [
    ({"secrets": NIMSecrets.keyless()}, {"llama-cache": PVC, "llama-deployment": DEPLOYMENT, "llama-service": SERVICE}),
    ({"secrets": NIMSecrets.keyless(), "cache": CacheArgs(empty_dir=True)}, {"llama-deployment": DEPLOYMENT, "llama-service": SERVICE}),
    ({"secrets": NIMSecrets.keyless(), "cache": CacheArgs(existing_claim="c")}, {"llama-deployment": DEPLOYMENT, "llama-service": SERVICE}),
    ({"secrets": NIMSecrets.keyless(), "cache": CacheArgs(host_path="/c")}, {"llama-deployment": DEPLOYMENT, "llama-service": SERVICE}),
    (
        {},
        {"llama-secret-pull": SECRET, "llama-cache": PVC, "llama-deployment": DEPLOYMENT, "llama-service": SERVICE},
    ),
    (
        LORA,
        {
            "llama-secret-pull": SECRET,
            "llama-cache": PVC,
            "llama-lora": CONFIG_MAP,
            "llama-deployment": DEPLOYMENT,
            "llama-service": SERVICE,
        },
    ),
]


@pytest.mark.parametrize(("fields", "expected"), CHILDREN)
def test_service_has_exactly_these_children(fields: dict[str, Any], expected: dict[str, str]):
    seen = recorded(**fields)
    assert {name: child.type for name, child in seen.children("llama").items()} == expected
    assert len(seen.run.resources) == len(expected) + 2  # The other two are the Stack and the component.


def by_value(**more: Any) -> Recording:
    return record(
        lambda: NIMService(
            "llama", NIM(secrets=NIMSecrets(ngc_api_key=pulumi.Output.secret("nvapi-1"), hf_token=pulumi.Output.secret("hf-1"), **more))
        )
    )


def test_secrets_by_value_create_two_and_read_none():
    children = by_value().children("llama")
    assert {name for name, child in children.items() if child.type == SECRET} == {"llama-pull", "llama-keys"}
    assert not any(child.read for child in children.values())


def test_existing_secret_is_read_by_id():
    secret = recorded().children("llama")["llama-secret-pull"]
    assert (secret.read, secret.id) == (True, "default/pull")


def test_secret_with_two_keys_is_read_once():
    seen = recorded(secrets=NIMSecrets(**REFERENCE, ngc_secret_group="pull", hf_token_key="t"))
    assert [child.name for child in seen.run.resources if child.read] == ["llama-secret-pull"]


def test_metadata_of_read_secret_is_secret():
    # The SDK adds `data` and `stringData`. Without `metadata`, the state would contain the
    # plaintext that `kubectl apply` copies to an annotation.
    options = recorded().children("llama")["llama-secret-pull"].options
    assert set(options.additional_secret_outputs) == {"metadata", "data", "stringData"}


def test_verify_false_reads_no_secret():
    seen = recorded(secrets=NIMSecrets(**REFERENCE, verify=False))
    assert [child.name for child in seen.run.resources if child.read] == []


@pytest.mark.parametrize("as_resource", [True, False], ids=["resource", "name"])
def test_secret_of_same_program_is_not_read(as_resource: bool):
    def program() -> None:
        made = k8s.core.v1.Secret("ngc", metadata={"name": "ngc"}, string_data={"NGC_API_KEY": "x"})
        reference: Any = made if as_resource else made.metadata["name"]
        NIMService("llama", NIM(secrets=NIMSecrets(ngc_image_secret=reference, ngc_secret_key="NGC_API_KEY")))

    seen = record(program)
    assert not any(child.read for child in seen.run.resources)
    assert seen.pod("llama")["imagePullSecrets"] == [{"name": "ngc"}]
    deployment = seen.child("llama", DEPLOYMENT)
    assert any(urn.endswith("::ngc") for urn in deployment.options.dependencies)


def test_resource_other_than_secret_is_refused():
    def program() -> None:
        NIMSecrets(ngc_image_secret=k8s.core.v1.ConfigMap("c"), ngc_secret_key="k")

    with pytest.raises(ValueError, match="Pass a Secret: this resource is a kubernetes:core/v1:ConfigMap"):
        record(program)


def test_output_namespace_reads_no_secret():
    seen = record(lambda: serve(namespace=pulumi.Output.from_input("serving")))
    assert not any(child.read for child in seen.run.resources)


def test_all_resources_are_direct_children():
    seen = recorded(**LORA)
    urn = seen.service("llama").urn
    assert {child.parent for child in seen.run.resources if child.type.startswith("kubernetes:")} == {urn}
    assert seen.service("llama").type == "nim:index:NIMService"


def test_workload_and_service_timeouts_exceed_progress_deadline():
    seen = recorded(startup_timeout=1800)
    deadline = seen.deployment("llama")["spec"]["progressDeadlineSeconds"]
    for kind in (DEPLOYMENT, SERVICE):
        timeouts = seen.child("llama", kind).options.custom_timeouts
        assert timeouts.create == timeouts.update
        assert 1800 < deadline < int(timeouts.create.removesuffix("s"))


def test_other_children_keep_default_timeouts():
    seen = recorded(**LORA)
    for kind in (PVC, CONFIG_MAP):
        assert seen.child("llama", kind).options.custom_timeouts.create == ""


def test_only_retained_cache_survives_deletion():
    assert not recorded().child("llama", PVC).options.retain_on_delete
    assert recorded(cache=CacheArgs(retain=True)).child("llama", PVC).options.retain_on_delete
    assert not recorded(cache=CacheArgs(retain=True)).child("llama", DEPLOYMENT).options.retain_on_delete


def test_deployment_depends_on_pvc_config_and_secrets():
    dependencies = recorded(**LORA).child("llama", DEPLOYMENT).options.dependencies
    assert logical_names(dependencies) == {"llama-cache", "llama-lora", "llama-secret-pull"}


def test_service_does_not_depend_on_deployment():
    assert recorded().child("llama", SERVICE).options.dependencies == ()


class TestNames:
    """A change that replaces a child renames it; another change keeps its name."""

    def name(self, kind: str, **fields: Any) -> str:
        return recorded(**fields).child("llama", kind).inputs["metadata"]["name"]

    @pytest.mark.parametrize("change", [{"storage_class": "fast"}, SHARED, {"volume_name": "pv-1"}], ids=str)
    def test_replaced_pvc_gets_another_name(self, change: dict[str, Any]):
        assert self.name(PVC, cache=CacheArgs(**change)) != self.name(PVC)

    @pytest.mark.parametrize("change", [{"size": "80Gi"}, {"annotations": {"a": "b"}}, {"retain": True}], ids=str)
    def test_pvc_changed_in_place_keeps_name(self, change: dict[str, Any]):
        assert self.name(PVC, cache=CacheArgs(**change)) == self.name(PVC)

    @pytest.mark.parametrize(
        "change",
        [{"image": "a/b/c:2"}, {"replicas": 0}, {"mem": "40Gi"}, {"env": {"A": "b"}}, {"port": 9000}, {"namespace": "other"}],
        ids=str,
    )
    def test_other_arguments_keep_name_of_pvc(self, change: dict[str, Any]):
        assert self.name(PVC, **change) == self.name(PVC)

    @pytest.mark.parametrize("adapters", [["my-org/one"], ["my-org/one", "my-org/two@v2"]], ids=["fewer", "revision"])
    def test_changed_adapters_rename_config_map(self, adapters: list[str]):
        assert self.name(CONFIG_MAP, **{**LORA, "hf_repo_ids": adapters}) != self.name(CONFIG_MAP, **LORA)

    def test_order_of_adapters_keeps_config_map(self):
        reordered = {**LORA, "hf_repo_ids": [*reversed(LORA["hf_repo_ids"])]}
        assert self.name(CONFIG_MAP, **reordered) == self.name(CONFIG_MAP, **LORA)

    def test_pod_mounts_config_map_by_generated_name(self):
        seen = recorded(**LORA)
        mounted = next(volume for volume in seen.pod("llama")["volumes"] if volume["name"] == "lora-loader")
        assert mounted["configMap"]["name"] == seen.child("llama", CONFIG_MAP).inputs["metadata"]["name"]
        assert seen.child("llama", CONFIG_MAP).inputs["immutable"] is True

    def test_pod_mounts_pvc_by_generated_name(self):
        seen = record(lambda: serve(cache=CacheArgs(storage_class=pulumi.Output.from_input("fast"))))
        mounted = next(volume for volume in seen.pod("llama")["volumes"] if volume["name"] == "cache")
        assert mounted["persistentVolumeClaim"]["claimName"] == self.name(PVC, cache=CacheArgs(storage_class="fast"))

    def test_deployment_and_service_use_service_name(self):
        seen = recorded(service_name="stable", **LORA)
        assert {seen.child("llama", kind).inputs["metadata"]["name"] for kind in (DEPLOYMENT, SERVICE)} == {"stable"}
        assert {child.split("-")[0] for child in seen.children("llama")} == {"llama"}

    def test_selector_depends_on_service_name_only(self):
        deployment = recorded(image="a/b/c:2", pod_labels={"team": "x"}, service_name="stable").deployment("llama")
        assert deployment["spec"]["selector"]["matchLabels"] == {"app.kubernetes.io/name": "nim", "app.kubernetes.io/instance": "stable"}

    def test_service_selects_pods(self):
        seen = recorded(pod_labels={"team": "x"})
        labels = seen.deployment("llama")["spec"]["template"]["metadata"]["labels"]
        assert seen.child("llama", SERVICE).inputs["spec"]["selector"].items() <= labels.items()
        assert labels["team"] == "x"

    def test_longest_service_name_keeps_names_valid(self):
        longest = "a" * 48
        seen = recorded(service_name=longest, **LORA)
        assert max(len(child.inputs["metadata"]["name"]) for child in seen.children("llama").values() if not child.read) <= 63

    @pytest.mark.parametrize("name", ["Llama", "3-llama", "llama_3", "x" * 49, "a.b"])
    def test_invalid_component_name_requires_service_name(self, name: str):
        with pytest.raises(ValueError, match=rf"service_name: '{name}' cannot be a Kubernetes name: at most 48 lower-case letters"):
            record(lambda: serve(name))
        assert record(lambda: serve(name, service_name="llama")).service(name)


def test_invalid_argument_registers_nothing():
    def program() -> None:
        with pytest.raises(ValueError, match="NIMService 'llama' has 1 problem:\n  mem:"):
            NIMService("llama", {"secrets": REFERENCE, "mem": "1 G"})

    assert [resource.type for resource in record(program).run.resources] == ["pulumi:pulumi:Stack"]


def test_mapping_with_floats_equals_model():
    mapping = record(lambda: NIMService("llama", {"secrets": REFERENCE, "gpu": 2.0, "port": 9000.0, "replicas": 1.0}))
    assert mapping.deployment("llama") == recorded(gpu=2, port=9000).deployment("llama")


def test_two_services_have_separate_objects():
    seen = record(lambda: (serve("one"), serve("two")))
    assert {resource.inputs["metadata"]["name"] for resource in seen.find(SERVICE)} == {"one", "two"}


def test_component_inputs_contain_no_secret():
    seen = by_value()
    inputs = seen.service("llama").inputs
    assert inputs["image"] == "nvcr.io/nim/meta/llama3-8b-instruct:1.0.0"
    assert inputs["secrets"] == {}
    assert "nvapi-1" not in repr(inputs)


def test_component_inputs_are_main_and_changed_arguments():
    inputs = recorded(cpu=2, cache=CacheArgs(size="80Gi"), env={"A": "b"}, rollout="recreate").service("llama").inputs
    assert inputs == {
        "image": "nvcr.io/nim/meta/llama3-8b-instruct:1.0.0",
        "replicas": 1,
        "gpu": 1,
        "cpu": "2",
        "mem": "20Gi",
        "namespace": "default",
        "port": 8000,
        "secrets": REFERENCE,
        "cache": {"size": "80Gi"},
        "env": {"A": "b"},
        "rollout": "recreate",
        "service_name": "llama",
    }


def test_component_inputs_contain_resolved_outputs():
    assert record(lambda: serve(mem=pulumi.Output.from_input("32Gi"))).service("llama").inputs["mem"] == "32Gi"
