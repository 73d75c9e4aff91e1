"""Manifests are the provider's, byte for byte. `oracle/` was made by the provider's own Go packages (see kubernetes_types/render.go)."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pulumi
import pulumi_kubernetes as k8s
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from pulumi import Output

from nim_component.local import LocalError, Secret, execute
from nim_component.local.manifests import Manifest, collect_manifests, find_clashes
from nim_component.local.normalisation import normalise, to_object
from nim_component.local.project import run_project
from nim_component.local.yaml_reader import Loader
from nim_component.local.yaml_writer import render_yaml

HERE = Path(__file__).parent
RECORDINGS = ("yaml_render", "tricky_render")
EXPECTED = {
    (recording, str(file.relative_to(HERE / recording / "expected"))): file.read_text()
    for recording in RECORDINGS
    for file in sorted((HERE / recording / "expected").rglob("*.yaml"))
}


def oracle(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (HERE / "oracle" / name).read_text().splitlines()]


def manifests(program: Callable[[], object], config: dict[str, object] | None = None) -> list[Manifest]:
    return collect_manifests(execute(program, project="demo", stack="dev", config=config))


def render(program: Callable[[], object]) -> str:
    [manifest] = manifests(program)
    return manifest.text


@pytest.fixture(scope="module")
def recorded() -> dict[tuple[str, str], str]:
    return {
        (recording, str(manifest.path)): manifest.text
        for recording in RECORDINGS
        for manifest in collect_manifests(run_project(HERE / recording / "program"))
    }


def test_the_recorded_programs_give_the_recorded_files(recorded: dict[tuple[str, str], str]) -> None:
    assert recorded.keys() == EXPECTED.keys()


@pytest.mark.parametrize("path", EXPECTED, ids="/".join)
def test_a_recorded_file_matches_byte_for_byte(recorded: dict[tuple[str, str], str], path: tuple[str, str]) -> None:
    assert recorded[path] == EXPECTED[path]


@pytest.mark.parametrize("case", oracle("normalised.jsonl"), ids=lambda case: case["given"]["kind"])
def test_objects_are_normalised_as_by_kubernetes_own_types(case: dict[str, Any]) -> None:
    assert render_yaml(normalise(case["given"])) == case["rendered"]


def test_documents_are_written_as_by_gos_yaml() -> None:
    wrong = [case for case in oracle("emitted.jsonl") if render_yaml(case["given"]) != case["rendered"]]
    assert wrong == []


hostile = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"])) | st.sampled_from(
    [
        "y",
        "no",
        "~",
        "8",
        "0x1F",
        "1e3",
        "1_0",
        ".5",
        "12:30",
        "2001-01-01",
        "- a",
        "a: b",
        "#",
        "'",
        '"',
        " a",
        "a ",
        "a\n",
        "\n",
        "a\n b",
        "---",
        "<<",
    ]
)
documents = st.dictionaries(
    hostile,
    st.recursive(
        hostile
        | st.none()
        | st.booleans()
        | st.integers(-(2**53), 2**53)
        | st.floats(-1e5, 1e5).filter(lambda number: not number.is_integer()),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(hostile, inner, max_size=3),
        max_leaves=10,
    ),
    max_size=4,
)


@given(documents)
def test_what_is_written_reads_back(document: dict[str, Any]) -> None:
    assert yaml.load(render_yaml(document), Loader=Loader) == document


def test_a_field_that_kubernetes_leaves_out_when_empty_is_left_out() -> None:
    text = render(lambda: k8s.scheduling.v1.PriorityClass("a", metadata={"name": "a"}, value=0, global_default=False, description=""))
    assert "globalDefault" not in text
    assert "description" not in text
    assert "value: 0\n" in text


def test_a_pointers_zero_is_kept() -> None:
    spec: Any = {"replicas": 0, "selector": {"match_labels": {"a": "b"}}, "template": {"spec": {"automount_service_account_token": False}}}
    text = render(lambda: k8s.apps.v1.Deployment("a", metadata={"name": "a"}, spec=spec))
    assert "replicas: 0\n" in text
    assert "automountServiceAccountToken: false\n" in text


def test_an_invalid_object_is_rendered_as_given() -> None:
    given = {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "a", "labels": {}}, "spec": {"hard": {"cpu": "much"}}}
    assert normalise(given) == given


def test_a_custom_resource_is_left_alone() -> None:
    given = {
        "apiVersion": "example.com/v1",
        "kind": "Thing",
        "metadata": {"name": "a"},
        "spec": {"memory": "1024Mi", "empty": "", "off": False},
    }
    assert normalise(given) == given


def test_read_only_metadata_is_dropped() -> None:
    metadata = {"name": "a", "uid": "1", "resourceVersion": "2", "generation": 3, "creationTimestamp": "x", "managedFields": []}
    assert normalise({"apiVersion": "example.com/v1", "kind": "Thing", "metadata": metadata})["metadata"] == {"name": "a"}


def test_without_a_namespace_only_the_file_says_default() -> None:
    [manifest] = manifests(lambda: k8s.core.v1.ConfigMap("a", metadata={"name": "a"}, data={"k": "v"}))
    assert "namespace" not in manifest.text
    assert manifest.path.name == "v1-configmap-default-a.yaml"


NAMESPACE = {"kubernetes:namespace": "tools"}


def test_the_stacks_namespace_is_set() -> None:
    [manifest] = manifests(lambda: k8s.core.v1.ConfigMap("a", metadata={"name": "a"}), NAMESPACE)
    assert (manifest.object["metadata"]["namespace"], manifest.path.name) == ("tools", "v1-configmap-tools-a.yaml")


def test_a_cluster_scoped_object_gets_none() -> None:
    [manifest] = manifests(lambda: k8s.storage.v1.StorageClass("a", metadata={"name": "a"}, provisioner="p"), NAMESPACE)
    assert "namespace" not in manifest.object["metadata"]


def test_a_custom_resource_of_a_cluster_scoped_definition_gets_none() -> None:
    def program() -> None:
        names: Any = {"kind": "Thing", "plural": "things"}
        definition = k8s.apiextensions.v1.CustomResourceDefinition(
            "crd",
            metadata={"name": "things.example.com"},
            spec={"group": "example.com", "scope": "Cluster", "names": names, "versions": []},
        )
        k8s.apiextensions.CustomResource(
            "thing",
            api_version="example.com/v1",
            kind="Thing",
            metadata={"name": "a"},
            opts=pulumi.ResourceOptions(depends_on=[definition]),
        )

    assert ["namespace" in manifest.object["metadata"] for manifest in manifests(program, NAMESPACE)] == [False, False]


def test_an_unnamed_object_is_marked_autonamed() -> None:
    [manifest] = manifests(lambda: k8s.core.v1.ConfigMap("settings", data={"k": "v"}))
    assert manifest.object["metadata"]["annotations"] == {"pulumi.com/autonamed": "true"}


def test_generate_name_is_refused() -> None:
    with pytest.raises(LocalError, match="generateName.*is not supported in YAML rendering mode"):
        manifests(lambda: k8s.core.v1.ConfigMap("a", metadata={"generate_name": "a-"}))


def test_a_name_cannot_leave_the_folder() -> None:
    with pytest.raises(LocalError, match="a name with a slash in it"):
        manifests(lambda: k8s.core.v1.ConfigMap("a", metadata={"name": "../../etc/x"}))


def test_a_secrets_values_are_not_written() -> None:
    text = render(lambda: k8s.core.v1.Secret("s", metadata={"name": "s"}, string_data={"k": "hunter2"}, data={"l": "aHVudGVyMg=="}))
    assert "data:\n  k: '[secret]'\n  l: '[secret]'\n" in text
    assert "hunter2" not in text
    assert "aHVudGVyMg" not in text


def test_secret_data_that_nobody_marked_is_not_written_either() -> None:
    given = to_object({"metadata": {"name": "s"}, "stringData": {"k": "hunter2"}, "data": {"l": "aHVudGVyMg=="}}, "v1", "Secret")
    assert normalise(given)["data"] == {"k": Secret("aHVudGVyMg=="), "l": Secret("aHVudGVyMg==")}


def test_a_secret_in_another_kind_is_not_written() -> None:
    [manifest] = manifests(lambda: k8s.core.v1.ConfigMap("a", metadata={"name": "a"}, data={"k": Output.secret("hunter2")}))
    assert "k: '[secret]'" in manifest.text
    assert manifest.secrets == ["data.k"]


def test_an_unknown_value_says_so() -> None:
    def program() -> None:
        service = k8s.core.v1.Service("s", metadata={"name": "s"})
        k8s.core.v1.ConfigMap("a", metadata={"name": "a"}, data={"k": service.status.apply(str)})

    [config] = [manifest for manifest in manifests(program) if manifest.kind == "ConfigMap"]
    assert "k: '[unknown]'" in config.text
    assert config.unknowns == ["data.k"]


def test_an_unknown_name_still_has_a_file_of_its_own() -> None:
    def program() -> None:
        service = k8s.core.v1.Service("s", metadata={"name": "s"})
        for name in ("a", "b"):
            k8s.core.v1.ConfigMap(name, metadata={"name": service.status.apply(str)})

    names = {manifest.path.name for manifest in manifests(program) if manifest.kind == "ConfigMap"}
    assert len(names) == 2
    assert all(name.startswith(("v1-configmap-unknown-", "v1-configmap-default-unknown-")) for name in names)


def test_two_resources_of_one_object_clash() -> None:
    def program() -> None:
        for name in ("a", "b"):
            k8s.core.v1.ConfigMap(name, metadata={"name": "same"})

    [(path, urns)] = find_clashes(manifests(program))
    assert (path.name, len(urns)) == ("v1-configmap-default-same.yaml", 2)


def test_the_sdks_underscores_become_dashes_in_a_definition() -> None:
    text = EXPECTED["yaml_render", "0-crd/apiextensions.k8s.io_v1-customresourcedefinition-default-things.example.com.yaml"]
    assert "x-kubernetes-preserve-unknown-fields: true" in text
