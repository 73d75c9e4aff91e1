"""Changes in the output of `preview` and `up`."""

import json
from pathlib import Path

import pytest

from .project import PROGRAM, Command, snapshot, write


def test_second_up_changes_nothing(cli: Command, folder: Path) -> None:
    cli("up")
    before = snapshot(folder)
    assert cli("up").out.splitlines() == [
        "Local engine, no cluster is contacted: rendering stack dev of project demo",
        "",
        "Outputs:",
        '    image: "web:1"',
        "    key: [secret]",
        "",
        "Secret, written as [secret]:",
        "  v1-secret-default-keys.yaml: data.key",
        "",
        "Resources: nothing changed, 3 unchanged",
        f"Rendered 2 manifests to {folder}/out. Nothing was deployed to a cluster.",
        "Stack dev only renders files (renderYamlToDirectory). To deploy, run `pulumi up` with a stack that does not set it.",
    ]
    assert snapshot(folder) == before


def test_changed_image_is_the_only_change(cli: Command, folder: Path) -> None:
    cli("up")
    write(folder, "Pulumi.dev.yaml", "config: {image: 'web:2', kubernetes:renderYamlToDirectory: out}\n")
    out = cli("preview").out
    assert 'spec.template.spec.containers[server].image: "web:1" => "web:2"' in out
    assert out.count("=>") == 2  # and the output of the same name
    assert "Resources: ~ 1 to update, 2 unchanged" in out


def test_inserted_list_item_is_one_addition(cli: Command, folder: Path) -> None:
    cli("up")
    write(folder, "__main__.py", PROGRAM.replace('"containers": [', '"containers": [{"name": "first", "image": "x"}, '))
    changes = [change for resource in json.loads(cli("preview", "--json").out)["resources"] for change in resource["changes"]]
    assert [(change["path"], change["kind"]) for change in changes] == [("spec.template.spec.containers[first]", "add")]


def test_new_name_replaces_the_object(cli: Command, folder: Path) -> None:
    cli("up")
    write(folder, "__main__.py", PROGRAM.replace('metadata={"name": "web"}', 'metadata={"name": "web2"}'))
    out = cli("up").out
    assert "+- 1 replaced" in out
    assert not (folder / "out/1-manifest/apps_v1-deployment-default-web.yaml").exists()


def test_removed_resource_removes_its_file(cli: Command, folder: Path) -> None:
    """Other files in the folder are kept."""
    cli("up")
    write(folder, "__main__.py", "")
    write(folder, "out/1-manifest/mine.yaml", "kind: Mine\n")
    assert "- 2 removed" in cli("up").out
    assert [file.name for file in (folder / "out").rglob("*") if file.is_file()] == ["mine.yaml"]


def test_rename_with_alias_changes_nothing(cli: Command, folder: Path) -> None:
    cli("up")
    write(
        folder,
        "__main__.py",
        PROGRAM.replace('Deployment("web",', 'Deployment("site", opts=pulumi.ResourceOptions(aliases=[pulumi.Alias(name="web")]),'),
    )
    assert json.loads(cli("preview", "--json").out)["changed"] is False


def test_children_of_renamed_component_are_matched(cli: Command, folder: Path) -> None:
    program = """
        import pulumi, pulumi_kubernetes as k8s
        class Group(pulumi.ComponentResource):
            def __init__(self, name, opts=None):
                super().__init__("demo:index:Group", name, {}, opts)
                k8s.core.v1.ConfigMap(f"{name}-config", metadata={"name": "c"}, opts=pulumi.ResourceOptions(parent=self))
        Group("old")
    """
    write(folder, "__main__.py", program)
    cli("up")
    write(
        folder, "__main__.py", program.replace('Group("old")', 'Group("new", pulumi.ResourceOptions(aliases=[pulumi.Alias(name="old")]))')
    )
    assert json.loads(cli("preview", "--json").out)["summary"] == {"same": 3}


def test_changed_output_is_printed(cli: Command, folder: Path) -> None:
    cli("up")
    write(folder, "__main__.py", PROGRAM + "\npulumi.export('more', 1)\n")
    assert "+ more: 1" in cli("preview").out


def test_json_has_the_documented_keys(cli: Command) -> None:
    content = json.loads(cli("preview", "--json").out)
    assert list(content) == [
        "engine", "command", "project", "stack", "kubernetesVersion", "changed", "summary", "resources", "outputs", "outputChanges", "files",
        "unknown", "secret", "diagnostics",
    ]  # fmt: skip
    assert content["outputs"] == {"image": "web:1", "key": "[secret]"}
    assert content["secret"] == {"1-manifest/v1-secret-default-keys.yaml": ["data.key"]}


def test_exit_code_is_3_on_changes(cli: Command) -> None:
    assert cli("preview", "--exit-code").code == 3
    cli("up")
    assert cli("preview", "--exit-code").code == 0


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("x", '"x"'),
        ("a" * 120, f'"{"a" * 120}"'),
        ("a" * 121, f'"{"a" * 60}…" (1 lines, 121 characters)'),
        ("first\nsecond", '"first…" (2 lines, 12 characters)'),
        (["b" * 300], f'["{"b" * 238}… (304 characters)'),
        ("[secret]", "[secret]"),
    ],
)
def test_long_value_prints_start_and_size(value: object, shown: str):
    from nim_component.local.report import show_value

    assert show_value(value) == shown


PVC = """
import pulumi, pulumi_kubernetes as k8s
k8s.core.v1.PersistentVolumeClaim("cache", metadata={"name": "cache"}, spec={"access_modes": ["ReadWriteOnce"]},
    opts=pulumi.ResourceOptions(%s))
"""


def test_protected_resource_is_not_deleted(cli: Command, folder: Path) -> None:
    write(folder, "__main__.py", PVC % "protect=True")
    cli("up")
    before = snapshot(folder / "out")
    write(folder, "__main__.py", "")
    result = cli("up")
    assert result.code == 1
    assert "::cache: is protected, and the update would delete it. Remove `protect` in an update of its own first" in result.err
    assert snapshot(folder / "out") == before


MOVED = """
import pulumi, pulumi_kubernetes as k8s
k8s.core.v1.ConfigMap("%s", metadata={"name": "config", "namespace": "a"}, data={"a": "b"}, opts=pulumi.ResourceOptions(%s))
"""


@pytest.mark.parametrize(
    ("config", "end"),
    [
        ("config: {}", 'end in "already exists":'),
        ("config: {kubernetes:renderYamlToDirectory: out}", "remove the files of new objects:"),
    ],
    ids=["cluster", "files"],
)
def test_held_name_fails_preview(cli: Command, folder: Path, config: str, end: str) -> None:
    """The engine creates the new object before it deletes the old one."""
    write(folder, "Pulumi.dev.yaml", config)
    write(folder, "__main__.py", MOVED % ("old", ""))
    cli("up")
    write(folder, "__main__.py", MOVED % ("new", ""))
    before = snapshot(folder)
    for command in ("preview", "up"):
        result = cli(command)
        assert result.code == 1
        text = " ".join(result.err.split())
        assert f"An update by the Pulumi engine would {end}" in text
        assert "::new: ConfigMap a/config is created before urn:" in text
        assert "::old is deleted. Give a renamed resource an alias with its old name" in text
    assert snapshot(folder) == before


def test_alias_frees_held_name(cli: Command, folder: Path) -> None:
    write(folder, "__main__.py", MOVED % ("old", ""))
    cli("up")
    write(folder, "__main__.py", MOVED % ("new", 'aliases=[pulumi.Alias(name="old")]'))
    assert cli("up").code == 0


def test_retained_resource_is_reported(cli: Command, folder: Path) -> None:
    write(folder, "__main__.py", PVC % "retain_on_delete=True")
    cli("up")
    write(folder, "__main__.py", "")
    result = cli("preview")
    assert result.code == 0
    assert "retained: cache stays in the cluster" in result.out


def test_deleted_resource_is_not_reported_as_retained(cli: Command, folder: Path) -> None:
    write(folder, "__main__.py", PVC % "")
    cli("up")
    write(folder, "__main__.py", "")
    assert "stays in the cluster" not in cli("preview").out


def test_read_is_reported_as_not_read(cli: Command, folder: Path) -> None:
    write(folder, "__main__.py", "import pulumi_kubernetes as k8s\nk8s.core.v1.Secret.get('s', 'default/s')\n")
    assert "kubernetes:core/v1:Secret  s  not read: no cluster is contacted" in cli("preview").out


def test_removed_read_is_not_a_deletion(cli: Command, folder: Path) -> None:
    write(folder, "__main__.py", "import pulumi_kubernetes as k8s\nk8s.core.v1.Secret.get('s', 'default/s')\n")
    cli("up")
    write(folder, "__main__.py", "")
    output = cli("preview").out
    assert "<  kubernetes:core/v1:Secret  s  discard" in output
    assert "< 1 no longer to be read" in output
    assert "delete" not in output


NOT_RUN = """
import pulumi, pulumi_kubernetes as k8s
from pulumi.dynamic import CreateResult, Resource, ResourceProvider
class Own(ResourceProvider):
    def create(self, props):
        return CreateResult("id", props)
k8s.yaml.ConfigFile("file", file="objects.yaml")
k8s.helm.v3.Release("release", chart="nginx")
k8s.helm.v4.Chart("chart", chart="nginx")
class Thing(Resource):
    pass
Thing(Own(), "own", {"v": 1})
"""


def test_resources_expanded_by_providers_are_reported(cli: Command, folder: Path) -> None:
    write(folder, "objects.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n")
    write(folder, "__main__.py", NOT_RUN)
    warnings = [entry["message"] for entry in json.loads(cli("preview", "--json").out)["diagnostics"] if entry["severity"] == "warning"]
    assert sorted(warnings) == [
        "kubernetes:helm.sh/v3:Release is expanded by its provider, which the local engine does not run: no manifest is written",
        "kubernetes:helm.sh/v4:Chart is created by the program of its provider, which the local engine does not run: its children are not shown",
        "kubernetes:yaml:decode is a function of its provider, which the local engine does not run: values from its result are unknown or missing",
        "pulumi-python:dynamic:Resource is created by a dynamic provider, which the local engine does not run: its outputs are unknown",
    ]
