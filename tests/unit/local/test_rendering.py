"""Manifests: equal to those of the Kubernetes provider, byte for byte.

The expected texts in oracle/ are the output of the Go packages that the provider uses. They are
made by tools/kubernetes_types/render.go.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pulumi
import pulumi_kubernetes as k8s
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pulumi import Output

from nim_component.local import LocalError, Secret, execute
from nim_component.local.manifests import Manifest, collect_manifests, find_clashes
from nim_component.local.normalisation import normalise, to_object
from nim_component.local.program import run_project
from nim_component.local.yaml_reader import parse_yaml
from nim_component.local.yaml_writer import render_yaml

HERE = Path(__file__).parent
RECORDINGS = ("yaml_render", "tricky_render")
EXPECTED = {
    (recording, str(file.relative_to(HERE / recording / "expected"))): file.read_text()
    for recording in RECORDINGS
    for file in sorted((HERE / recording / "expected").rglob("*.yaml"))
}


def read_oracle(name: str) -> list[dict[str, Any]]:
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


def test_recorded_programs_render_the_recorded_files(recorded: dict[tuple[str, str], str]) -> None:
    assert recorded.keys() == EXPECTED.keys()


@pytest.mark.parametrize("path", EXPECTED, ids="/".join)
def test_rendered_file_equals_recorded_file(recorded: dict[tuple[str, str], str], path: tuple[str, str]) -> None:
    assert recorded[path] == EXPECTED[path]


@pytest.mark.parametrize("case", read_oracle("normalised.jsonl"), ids=lambda case: case["given"]["kind"])
def test_normalised_objects_equal_those_of_go_types(case: dict[str, Any]) -> None:
    assert render_yaml(normalise(case["given"])) == case["rendered"]


def test_yaml_equals_that_of_go() -> None:
    wrong = [case for case in read_oracle("emitted.jsonl") if render_yaml(case["given"]) != case["rendered"]]
    assert wrong == []


difficult_texts = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"])) | st.sampled_from(
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
    difficult_texts,
    st.recursive(
        difficult_texts
        | st.none()
        | st.booleans()
        | st.integers(-(2**53), 2**53)
        | st.floats(-1e5, 1e5).filter(lambda number: not number.is_integer()),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(difficult_texts, inner, max_size=3),
        max_leaves=10,
    ),
    max_size=4,
)


@given(documents)
def test_reader_returns_the_written_document(document: dict[str, Any]) -> None:
    assert parse_yaml(render_yaml(document)) == document


def test_omitempty_fields_are_omitted_when_empty() -> None:
    """The Go types omit false and empty strings. `value` of a PriorityClass has no omitempty."""
    text = render(lambda: k8s.scheduling.v1.PriorityClass("a", metadata={"name": "a"}, value=0, global_default=False, description=""))
    assert "globalDefault" not in text
    assert "description" not in text
    assert "value: 0\n" in text


def test_zero_of_a_pointer_field_is_kept() -> None:
    spec: Any = {"replicas": 0, "selector": {"match_labels": {"a": "b"}}, "template": {"spec": {"automount_service_account_token": False}}}
    text = render(lambda: k8s.apps.v1.Deployment("a", metadata={"name": "a"}, spec=spec))
    assert "replicas: 0\n" in text
    assert "automountServiceAccountToken: false\n" in text


def test_invalid_object_is_rendered_as_given() -> None:
    given = {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "a", "labels": {}}, "spec": {"hard": {"cpu": "much"}}}
    assert normalise(given) == given


def test_custom_resource_is_not_changed() -> None:
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


def test_missing_namespace_is_default_in_file_name_only() -> None:
    """The object itself gets no namespace."""
    [manifest] = manifests(lambda: k8s.core.v1.ConfigMap("a", metadata={"name": "a"}, data={"k": "v"}))
    assert "namespace" not in manifest.text
    assert manifest.path.name == "v1-configmap-default-a.yaml"


NAMESPACE = {"kubernetes:namespace": "tools"}


def test_namespace_of_the_stack_is_set() -> None:
    [manifest] = manifests(lambda: k8s.core.v1.ConfigMap("a", metadata={"name": "a"}), NAMESPACE)
    assert (manifest.object["metadata"]["namespace"], manifest.path.name) == ("tools", "v1-configmap-tools-a.yaml")


def test_cluster_scoped_object_has_no_namespace() -> None:
    [manifest] = manifests(lambda: k8s.storage.v1.StorageClass("a", metadata={"name": "a"}, provisioner="p"), NAMESPACE)
    assert "namespace" not in manifest.object["metadata"]


def test_cluster_scoped_custom_resource_has_no_namespace() -> None:
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


def test_unnamed_object_is_annotated_as_autonamed() -> None:
    [manifest] = manifests(lambda: k8s.core.v1.ConfigMap("settings", data={"k": "v"}))
    assert manifest.object["metadata"]["annotations"] == {"pulumi.com/autonamed": "true"}


def test_generate_name_raises() -> None:
    with pytest.raises(LocalError, match="generateName.*is not supported in YAML rendering mode"):
        manifests(lambda: k8s.core.v1.ConfigMap("a", metadata={"generate_name": "a-"}))


def test_name_with_slash_raises() -> None:
    with pytest.raises(LocalError, match="names cannot contain a slash"):
        manifests(lambda: k8s.core.v1.ConfigMap("a", metadata={"name": "../../etc/x"}))


def test_data_of_a_secret_is_not_written() -> None:
    text = render(lambda: k8s.core.v1.Secret("s", metadata={"name": "s"}, string_data={"k": "hunter2"}, data={"l": "aHVudGVyMg=="}))
    assert "data:\n  k: '[secret]'\n  l: '[secret]'\n" in text
    assert "hunter2" not in text
    assert "aHVudGVyMg" not in text


def test_unmarked_data_of_a_secret_is_not_written() -> None:
    given = to_object({"metadata": {"name": "s"}, "stringData": {"k": "hunter2"}, "data": {"l": "aHVudGVyMg=="}}, "v1", "Secret")
    assert normalise(given)["data"] == {"k": Secret("aHVudGVyMg=="), "l": Secret("aHVudGVyMg==")}


def test_secret_value_in_config_map_is_not_written() -> None:
    [manifest] = manifests(lambda: k8s.core.v1.ConfigMap("a", metadata={"name": "a"}, data={"k": Output.secret("hunter2")}))
    assert "k: '[secret]'" in manifest.text
    assert manifest.secrets == ["data.k"]


def test_unknown_value_is_written_as_a_marker() -> None:
    def program() -> None:
        service = k8s.core.v1.Service("s", metadata={"name": "s"})
        k8s.core.v1.ConfigMap("a", metadata={"name": "a"}, data={"k": service.status.apply(str)})

    [config] = [manifest for manifest in manifests(program) if manifest.kind == "ConfigMap"]
    assert "k: '[unknown]'" in config.text
    assert config.unknowns == ["data.k"]


def test_objects_with_unknown_names_have_distinct_files() -> None:
    def program() -> None:
        service = k8s.core.v1.Service("s", metadata={"name": "s"})
        for name in ("a", "b"):
            k8s.core.v1.ConfigMap(name, metadata={"name": service.status.apply(str)})

    names = {manifest.path.name for manifest in manifests(program) if manifest.kind == "ConfigMap"}
    assert len(names) == 2
    assert all(name.startswith(("v1-configmap-unknown-", "v1-configmap-default-unknown-")) for name in names)


def test_resources_with_the_same_object_clash() -> None:
    def program() -> None:
        for name in ("a", "b"):
            k8s.core.v1.ConfigMap(name, metadata={"name": "same"})

    [(path, urns)] = find_clashes(manifests(program))
    assert (path.name, len(urns)) == ("v1-configmap-default-same.yaml", 2)


def test_sdk_underscores_become_dashes_in_crd() -> None:
    text = EXPECTED["yaml_render", "0-crd/apiextensions.k8s.io_v1-customresourcedefinition-default-things.example.com.yaml"]
    assert "x-kubernetes-preserve-unknown-fields: true" in text
