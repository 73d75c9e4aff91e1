"""Overrides: strategic merge, and refusal of changes that break references between objects."""

import re
from typing import Any

import kubernetes_validate
import pulumi
import pulumi_kubernetes as k8s
import pytest

from nim_component import NIM, CacheArgs, NIMSecrets, NIMService, PrewarmArgs
from nim_component.component.optional_children import OPTIONAL_CHILDREN
from nim_component.kubernetes.list_keys import LIST_KEYS
from nim_component.kubernetes.version import KUBERNETES_VERSION
from nim_component.local.manifests import collect_manifests
from nim_component.manifests.child_objects import CHILD_OBJECTS, find_child_object
from nim_component.manifests.containers import list_containers
from nim_component.manifests.merge import merge
from nim_component.names import GENERATED_SUFFIXES
from nim_component.testing import CONFIG_MAP, DEPLOYMENT, JOB, PVC, SECRET, SERVICE, record
from nim_component.text.field_paths import show_argument_path

from ..child_arguments import combine_children
from .seed import LORA, REFERENCE, recorded, serve

WARM = CacheArgs(prewarm=PrewarmArgs(profiles=["a"]))


def override_deployment(**overrides: Any) -> dict[str, Any]:
    """Return the inputs of the Deployment with overrides."""
    return recorded(overrides={"deployment": overrides}).deployment("llama")


MERGES: list[tuple[str, Any, Any, Any]] = [
    ("mappings merge", {"a": 1, "b": {"c": 1}}, {"b": {"d": 2}}, {"a": 1, "b": {"c": 1, "d": 2}}),
    ("null removes a key", {"a": 1, "b": 2}, {"a": None, "c": None}, {"b": 2}),
    ("a directive replaces a mapping", {"a": {"b": 1}}, {"a": {"$patch": "replace", "c": 2}}, {"a": {"c": 2}}),
    (
        "other lists are replaced",
        {"args": ["a"], "tolerations": [{"key": "a"}]},
        {"args": ["b"], "tolerations": []},
        {"args": ["b"], "tolerations": []},
    ),
    (
        "lists with a merge key merge in place, new items last",
        {"env": [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}]},
        {"env": [{"name": "C", "value": "3"}, {"name": "A", "value": "9"}]},
        {"env": [{"name": "A", "value": "9"}, {"name": "B", "value": "2"}, {"name": "C", "value": "3"}]},
    ),
    (
        "an item is deleted",
        {"volumes": [{"name": "a"}, {"name": "b"}]},
        {"volumes": [{"name": "a", "$patch": "delete"}]},
        {"volumes": [{"name": "b"}]},
    ),
    (
        "deleting an absent item creates nothing",
        {"volumes": []},
        {"volumes": [{"name": "a", "$patch": "delete"}]},
        {"volumes": []},
    ),
    (
        "mounts by their path",
        {"volumeMounts": [{"name": "a", "mountPath": "/a"}]},
        {"volumeMounts": [{"mountPath": "/a", "readOnly": True}]},
        {"volumeMounts": [{"name": "a", "mountPath": "/a", "readOnly": True}]},
    ),
    (
        "a containers ports",
        {"ports": [{"containerPort": 1, "name": "a"}]},
        {"ports": [{"containerPort": 1, "name": "b"}]},
        {"ports": [{"containerPort": 1, "name": "b"}]},
    ),
    ("a services ports", {"ports": [{"port": 1}]}, {"ports": [{"port": 2}]}, {"ports": [{"port": 1}, {"port": 2}]}),
    ("items without the key replace the list", {"env": [{"name": "A"}]}, {"env": [{"value": "x"}]}, {"env": [{"value": "x"}]}),
    (
        "a list where none existed",
        {},
        {"containers": [{"name": "a", "env": [{"name": "A"}]}]},
        {"containers": [{"name": "a", "env": [{"name": "A"}]}]},
    ),
    ("a mapping over a scalar", {"a": 1}, {"a": {"b": None, "c": 1}}, {"a": {"c": 1}}),
]


@pytest.mark.parametrize(("base", "patch", "merged"), [each[1:] for each in MERGES], ids=[each[0] for each in MERGES])
def test_strategic_merge(base: Any, patch: Any, merged: Any):
    before = repr((base, patch))
    assert merge(base, patch) == merged
    assert repr((base, patch)) == before


class TestObjects:
    @pytest.mark.parametrize(
        "container", [{"name": "nim", "stdin": True}, {"name": "nim", "volume_devices": [{"name": "a", "device_path": "/a"}]}]
    )
    def test_added_field_changes_nothing_else(self, container: dict[str, Any]):
        before = recorded().deployment("llama")
        after = override_deployment(spec={"template": {"spec": {"containers": [container]}}})
        server = after["spec"]["template"]["spec"]["containers"][0]
        added = server.keys() - before["spec"]["template"]["spec"]["containers"][0].keys()
        assert len(added) == 1
        del server[added.pop()]
        assert after == before

    def test_python_and_yaml_keys_are_equal(self):
        spelt = [override_deployment(spec={"template": {"spec": {key: "gang"}}}) for key in ("schedulerName", "scheduler_name")]
        assert spelt[0] == spelt[1]
        assert spelt[0]["spec"]["template"]["spec"]["schedulerName"] == "gang"

    def test_null_removes_field_of_component(self):
        pod = override_deployment(
            spec={"template": {"spec": {"tolerations": None, "containers": [{"name": "nim", "livenessProbe": None}]}}}
        )["spec"]["template"]["spec"]
        assert "tolerations" not in pod
        assert "livenessProbe" not in pod["containers"][0]

    def test_cache_and_job_can_be_overridden(self):
        labels = {"metadata": {"labels": {"team": "x"}}}
        seen = recorded(cache=WARM, overrides=dict.fromkeys(["deployment", "service", "cache", "warm", "lora"], labels), **LORA)
        for kind in (DEPLOYMENT, SERVICE, PVC, CONFIG_MAP, JOB):
            found = seen.child("llama", kind).inputs["metadata"]["labels"]
            assert found["team"] == "x"
            assert found["app.kubernetes.io/instance"] == "llama"

    def test_created_secrets_can_be_overridden(self):
        def program() -> None:
            secrets = NIMSecrets(ngc_api_key=pulumi.Output.secret("nvapi-1"))
            serve(secrets=secrets, overrides={key: {"metadata": {"annotations": {"a": "b"}}} for key in ("pull", "keys")})

        found = record(program).find(SECRET)
        assert [each.inputs["metadata"]["annotations"] for each in found] == [{"a": "b"}] * 2

    def test_output_may_replace_output(self):
        def program() -> None:
            patch = {"resources": {"limits": {"rdma/shared": pulumi.Output.from_input("1")}}}
            serve(
                gpu_resource=pulumi.Output.from_input("nvidia.com/gpu"),
                overrides={"deployment": {"spec": {"template": {"spec": {"containers": [{"name": "nim", **patch}]}}}}},
            )

        limits = record(program).container("llama")["resources"]["limits"]
        assert limits == {"cpu": "1", "memory": "20Gi", "nvidia.com/gpu": "1", "rdma/shared": "1"}

    def test_overrides_are_in_component_inputs(self):
        patch = {"deployment": {"spec": {"minReadySeconds": 5}}}
        assert recorded(overrides=patch).service("llama").inputs["overrides"] == patch

    def test_empty_override_changes_nothing(self):
        for overrides in ({}, None, {"deployment": {}}):
            assert recorded(overrides=overrides).deployment("llama") == recorded().deployment("llama")


RWX = {"access_mode": "ReadWriteMany"}
COMBINATIONS = {f"children-{number}": fields for number, fields in enumerate(combine_children(), 1)}
ALL = (*COMBINATIONS, "adapters", "nodes", "values")
GPUS = [{"name": "gpus", "devices": [{"name": "gpu"}]}]


def configurations() -> dict[str, dict[str, Any]]:
    """Return arguments that together create every object of a service.

    Call it inside a program, because one contains a secret Output.
    """
    return {
        **COMBINATIONS,
        "adapters": {
            **LORA,
            "lora": {"refresh_interval": 60, "volume": RWX},
            "cache": {**RWX, "prewarm": {"profiles": ["a"]}},
            "resource_claims": GPUS,
        },
        "nodes": {"cache": RWX, "multi_node": {"nodes": 2}, "gpu": 8, "generation": "2.x-vllm"},
        "values": {"secrets": {"ngc_api_key": pulumi.Output.secret("nvapi-1")}},
    }


def create(configuration: str, **more: Any) -> dict[str, Any]:
    """Return the created children of a configuration by suffix."""
    children = record(lambda: serve(**configurations()[configuration], **more)).children("llama")
    return {name.removeprefix("llama-"): child for name, child in children.items() if not name.startswith("llama-secret-")}


class TestEveryChild:
    def test_configurations_create_every_child(self):
        optional = {child.suffix for child in OPTIONAL_CHILDREN}
        assert len(optional) > 10
        assert optional | {"claim-gpus"} | CHILD_OBJECTS.keys() == {name for each in ALL for name in create(each)}

    @pytest.mark.parametrize("configuration", ALL)
    def test_each_child_can_be_overridden(self, configuration: str):
        objects = create(configuration)
        patched = create(configuration, overrides={name: {"metadata": {"annotations": {"team": "x"}}} for name in objects})
        assert patched.keys() == objects.keys()
        for name, child in patched.items():
            assert child.inputs["metadata"]["annotations"]["team"] == "x", name
            _, group, kind = child.type.split(":")
            api, version = group.split("/")
            module = getattr(getattr(k8s, api.partition(".")[0], None), version, None)
            assert find_child_object(name).structure is getattr(module, f"{kind}Args", None), name

    def test_overridden_claim_template_is_renamed(self):
        patch = {"claim-gpus": {"spec": {"spec": {"devices": {"config": [{"requests": ["gpu"]}]}}}}}
        seen = [recorded(resource_claims=GPUS, overrides=each) for each in (patch, None)]
        names = [each.children("llama")["llama-claim-gpus"].inputs["metadata"]["name"] for each in seen]
        assert names[0] != names[1]
        assert [each.pod("llama")["resourceClaims"][0]["resourceClaimTemplateName"] for each in seen] == names


class TestNames:
    def name_pvc(self, **spec: Any) -> str:
        return recorded(overrides={"cache": {"spec": spec}}).child("llama", PVC).inputs["metadata"]["name"]

    def test_immutable_override_renames_pvc(self):
        assert self.name_pvc(dataSource={"kind": "VolumeSnapshot", "name": "a"}) != self.name_pvc()

    @pytest.mark.parametrize("spec", [{"resources": {"requests": {"storage": "80Gi"}}}, {"volumeAttributesClassName": "gold"}], ids=str)
    def test_mutable_override_keeps_pvc_name(self, spec: dict[str, Any]):
        assert self.name_pvc(**spec) == self.name_pvc()

    def test_override_renames_job(self):
        patch = {"warm": {"spec": {"template": {"spec": {"priorityClassName": "low"}}}}}
        names = [recorded(cache=WARM, overrides=each).child("llama", JOB).inputs["metadata"]["name"] for each in (patch, None)]
        assert names[0] != names[1]


def names(service: str) -> set[tuple[Any, Any]]:
    """Return kind and name of all objects of a service, also of those that controllers create."""
    objects: set[tuple[Any, Any]] = set()
    for configuration in ALL:
        run = record(lambda each=configuration: serve(service, **configurations()[each])).run
        objects |= {(each.type, each.inputs["metadata"]["name"]) for each in run.resources if not each.read and "metadata" in each.inputs}
    return objects | {(SERVICE, name) for kind, name in objects if kind.endswith(":LeaderWorkerSet")}


def test_objects_of_two_services_have_different_names():
    one = names("a")
    # A service may be named like another with a suffix, except the LeaderWorkerSet's; a stack
    # refuses that one.
    ends = {str(name)[2:] for _, name in one if name != "a" and not re.search(r"[.]|-[0-9a-f]{8}$", str(name))} | set(GENERATED_SUFFIXES)
    assert ends >= {"group", "dashboard", "cache"}
    for end in sorted(ends - {"group"}):
        assert not one & names(f"a-{end}"), end
    assert one & names("a-group") == {(SERVICE, "a-group")}


def in_pod(**fields: Any) -> dict[str, Any]:
    """Return overrides of the pods of a Deployment."""
    return {"deployment": {"spec": {"template": {"spec": fields}}}}


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"deploymnt": {}}, "overrides.deploymnt: unknown object. This service creates: deployment, service, cache."),
    ({"lora": {"metadata": {}}}, "overrides.lora: unknown object. This service creates: deployment, service, cache."),
    ({"warm": {}}, "overrides.warm: unknown object. This service creates: deployment, service, cache."),
    (
        {"deployment": {"spec": {"minReadySecond": 1}}},
        "overrides.deployment.spec.minReadySecond: is not a field of Kubernetes' DeploymentSpec. Did you mean 'minReadySeconds'?",
    ),
    (
        {"deployment": {"metadata": {"name": "x"}}},
        "overrides.deployment.metadata.name: cannot be overridden: other objects refer to it. Use service_name.",
    ),
    (
        {"service": {"metadata": {"namespace": "x"}}},
        "overrides.service.metadata.namespace: cannot be overridden: all objects of a service are in one namespace. Use namespace.",
    ),
    ({"deployment": {"kind": "StatefulSet"}}, "overrides.deployment.kind: cannot be overridden: the component sets it. Remove it."),
    (
        {"deployment": {"spec": {"selector": {"matchLabels": {}}}}},
        "overrides.deployment.spec.selector: cannot be overridden: the selector of a Deployment is immutable. Remove it.",
    ),
    (
        {"deployment": {"spec": {"template": {"metadata": {"labels": {"app.kubernetes.io/name": None}}}}}},
        "overrides.deployment.spec.template.metadata.labels['app.kubernetes.io/name']: cannot be overridden: "
        "the selector uses it, and is immutable. Remove it.",
    ),
    (
        {"service": {"spec": {"selector": {"a": "b"}}}},
        "overrides.service.spec.selector: cannot be overridden: it selects the pods of this service. Remove it.",
    ),
    ({"service": ["x"]}, "overrides.service: must be a mapping. Pass a dict."),
    (
        in_pod(containers=[{"name": "nimm", "stdin": True}]),
        "overrides.deployment.spec.template.spec.containers[0]: no container is named 'nimm', and a new container requires an image. "
        "Did you mean 'nim'? For a sidecar, set image.",
    ),
    (
        in_pod(init_containers=[{"name": "nim"}]),
        "overrides.deployment.spec.template.spec.initContainers[0]: no container is named 'nim', and a new container requires an image. "
        "No container exists in this list. For a sidecar, set image.",
    ),
    (
        in_pod(containers=[{"stdin": True}]),
        "overrides.deployment.spec.template.spec.containers[0]: must have a plain name, by which containers are merged. "
        "Add `name`. Existing: nim.",
    ),
    (
        in_pod(containers=[{"name": "nim", "image": None}]),
        "overrides.deployment.spec.template.spec.containers[0].image: is required. "
        "Set an image; without one, the API server refuses the object.",
    ),
    (
        {"deployment": {"spec": {"template": {"spec": {"$patch": "replace", "containers": [{"name": "nim"}]}}}}},
        "overrides.deployment.spec.template.spec.containers[0].image: is required. "
        "Set an image; without one, the API server refuses the object.",
    ),
    (
        in_pod(ephemeral_containers=[{"name": "a", "image": "a:1"}]),
        "overrides.deployment.spec.template.spec.ephemeralContainers: cannot be overridden: "
        "a pod template must not have ephemeral containers. Use containers, or `kubectl debug` on a running pod.",
    ),
]


@pytest.mark.parametrize(("overrides", "text"), WRONG, ids=lambda value: str(value)[:50])
def test_invalid_override_has_error_text(overrides: Any, text: str):
    with pytest.raises(ValueError) as caught:
        record(lambda: NIMService("llama", {"secrets": REFERENCE, "overrides": overrides}))
    assert str(caught.value) == f"NIMService 'llama' has 1 problem:\n  {text}"


TEMPLATES = {
    "deployment": [("spec", "template", "spec")],
    "warm": [("spec", "template", "spec")],
    "lora-job": [("spec", "template", "spec")],
    "group": [("spec", "leaderWorkerTemplate", "leaderTemplate", "spec"), ("spec", "leaderWorkerTemplate", "workerTemplate", "spec")],
}
"""Paths of the pods in each object that creates pods."""
CONTAINER_FIELDS = ("containers", "initContainers")
WITH_EXTRAS = {
    "extra_containers": [{"name": "sidecar", "image": "a:1"}],
    "extra_init_containers": [{"name": "first", "image": "a:1"}],
    "network": {"ca_config_map": "ca"},
}
SOURCES = {
    "existing": {"lora": {"source": {"claim": "a", "names": ["x"]}}, "env": LORA["env"]},
    "fetched": {"lora": {"source": {"image": "a:1", "names": ["x"]}}, "env": LORA["env"], "lora_adapter_mem": "1Gi"},
    "downloaded": LORA,
}


def read_lists(inputs: dict[str, Any], path: tuple[str, ...]) -> dict[str, list[str]]:
    """Return the names of the containers of a pod by field."""
    for step in path:
        inputs = inputs[step]
    return {field: [each["name"] for each in inputs.get(field, [])] for field in CONTAINER_FIELDS}


class TestContainers:
    @pytest.mark.parametrize("fields", [{}, *SOURCES.values()], ids=["plain", *SOURCES])
    def test_listed_containers_are_those_of_pods(self, fields: dict[str, Any]):
        nim = NIM(secrets=NIMSecrets(**REFERENCE), **WITH_EXTRAS, **fields)  # pyright: ignore[reportArgumentType]
        deployment = recorded(**WITH_EXTRAS, **fields).deployment("llama")
        assert list_containers(nim, "deployment") == read_lists(deployment, TEMPLATES["deployment"][0])

    @pytest.mark.parametrize("configuration", ALL)
    def test_new_container_requires_image_in_every_pod(self, configuration: str):
        """The listed containers of every object with pods are those that it is created with."""
        objects = {name: child.inputs for name, child in create(configuration).items() if name in TEMPLATES}
        pods = [(name, path) for name in objects for path in TEMPLATES[name]]
        assert pods
        for suffix, path in pods:
            for field, existing in read_lists(objects[suffix], path).items():
                patch: Any = {field: [*({"name": each} for each in existing), {"name": "0"}]}
                for step in reversed(path):
                    patch = {step: patch}
                with pytest.raises(ValueError, match="has 1 problem") as caught:
                    create(configuration, overrides={suffix: patch})
                hint = f"Existing: {', '.join(existing)}." if existing else "No container exists in this list."
                place = show_argument_path(("overrides", suffix, *path, field, len(existing)))
                assert f"\n  {place}: no container is named '0', and a new container requires an image. {hint}" in str(caught.value)

    @pytest.mark.parametrize("field", CONTAINER_FIELDS)
    def test_container_with_image_is_added(self, field: str):
        added = {"name": "sidecar", "image": "a:1"}
        before, after = (
            read_lists(recorded(**each).deployment("llama"), TEMPLATES["deployment"][0])
            for each in ({}, {"overrides": in_pod(**{field: [added]})})
        )
        assert after == {**before, field: [*before[field], "sidecar"]}

    def test_deleting_absent_container_changes_nothing(self):
        overrides = in_pod(containers=[{"name": "sidecar", "$patch": "delete"}])
        assert recorded(overrides=overrides).deployment("llama") == recorded().deployment("llama")


def test_optional_children_can_be_overridden():
    patches = {"ingress": {"metadata": {"labels": {"team": "x"}}}, "inference-pool": {"metadata": {"labels": {"team": "y"}}}}
    seen = recorded(ingress={"hosts": ["a.example.com"]}, inference_pool={"endpoint_picker": "picker"}, overrides=patches)
    assert seen.child("llama", "kubernetes:networking.k8s.io/v1:Ingress").inputs["metadata"]["labels"]["team"] == "x"
    pool = seen.children("llama")["llama-inference-pool"].inputs
    assert (pool["metadata"]["labels"]["team"], pool["kind"], pool["spec"]["targetPorts"]) == ("y", "InferencePool", [{"number": 8000}])


def test_hashed_data_cannot_be_overridden():
    with pytest.raises(
        ValueError,
        match=r"overrides\.lora\.data: cannot be overridden: the name of the object contains a hash of its content\. Override metadata only",
    ):
        recorded(overrides={"lora": {"data": {"adapters.json": "{}"}}}, **LORA)


def test_secret_in_override_is_refused():
    with pytest.raises(Exception, match=r"overrides\.service.*must not be a secret"):
        record(lambda: serve(overrides={"service": {"metadata": {"annotations": {"a": pulumi.Output.secret("x")}}}}))


def test_overridden_object_passes_strict_schema():
    patch = {
        "spec": {
            "template": {"spec": {"schedulerName": "gang", "containers": [{"name": "nim", "envFrom": [{"configMapRef": {"name": "c"}}]}]}}
        }
    }
    for manifest in collect_manifests(recorded(overrides={"deployment": patch}).run):
        kubernetes_validate.validate(manifest.masked, KUBERNETES_VERSION, strict=True)


def test_merge_keys_are_of_kubernetes_lists():
    """Each list with a merge key is a field of a Kubernetes object that can be overridden."""
    from pulumi import _types as sdk

    kinds = (k8s.core.v1.PodSpecArgs, k8s.core.v1.ContainerArgs, k8s.core.v1.ServiceSpecArgs, k8s.meta.v1.ObjectMetaArgs)
    names = {name for kind in kinds for name in sdk.input_type_py_to_pulumi_names(kind).values()}
    assert {field for field, keys in LIST_KEYS.items() if keys.merge} <= names
