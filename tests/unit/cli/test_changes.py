"""What would change, as it is shown."""

import json
from pathlib import Path

import pytest

from .project import PROGRAM, Command, snapshot, write


def test_up_again_says_nothing_changed(cli: Command, folder: Path) -> None:
    cli("up")
    before = snapshot(folder)
    assert cli("up").out.splitlines() == [
        "up on the local engine, no cluster is contacted: project demo, stack dev",
        "",
        "Outputs:",
        '    image: "web:1"',
        "    key: [secret]",
        "",
        "Secret, written as [secret]:",
        "  v1-secret-default-keys.yaml: data.key",
        "",
        "Resources: nothing changed, 3 unchanged",
    ]
    assert snapshot(folder) == before


def test_a_changed_image_shows_exactly_that(cli: Command, folder: Path) -> None:
    cli("up")
    write(folder, "Pulumi.dev.yaml", "config: {image: 'web:2', kubernetes:renderYamlToDirectory: out}\n")
    out = cli("preview").out
    assert 'spec.template.spec.containers[server].image: "web:1" => "web:2"' in out
    assert out.count("=>") == 2  # and the output of the same name
    assert "Resources: ~ 1 to update, 2 unchanged" in out


def test_an_item_put_first_is_one_addition(cli: Command, folder: Path) -> None:
    cli("up")
    write(folder, "__main__.py", PROGRAM.replace('"containers": [', '"containers": [{"name": "first", "image": "x"}, '))
    changes = [change for resource in json.loads(cli("preview", "--json").out)["resources"] for change in resource["changes"]]
    assert [(change["path"], change["kind"]) for change in changes] == [("spec.template.spec.containers[first]", "add")]


def test_a_new_name_replaces(cli: Command, folder: Path) -> None:
    cli("up")
    write(folder, "__main__.py", PROGRAM.replace('metadata={"name": "web"}', 'metadata={"name": "web2"}'))
    out = cli("up").out
    assert "+- 1 replaced" in out
    assert not (folder / "out/1-manifest/apps_v1-deployment-default-web.yaml").exists()


def test_a_removed_resource_takes_its_file_along(cli: Command, folder: Path) -> None:
    cli("up")
    write(folder, "__main__.py", "")
    write(folder, "out/1-manifest/mine.yaml", "kind: Mine\n")
    assert "- 2 deleted" in cli("up").out
    assert [file.name for file in (folder / "out").rglob("*") if file.is_file()] == ["mine.yaml"]


def test_a_rename_by_alias_is_no_change(cli: Command, folder: Path) -> None:
    cli("up")
    write(
        folder,
        "__main__.py",
        PROGRAM.replace('Deployment("web",', 'Deployment("site", opts=pulumi.ResourceOptions(aliases=[pulumi.Alias(name="web")]),'),
    )
    assert json.loads(cli("preview", "--json").out)["changed"] is False


def test_children_of_a_renamed_component_are_found(cli: Command, folder: Path) -> None:
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


def test_a_changed_output_is_shown(cli: Command, folder: Path) -> None:
    cli("up")
    write(folder, "__main__.py", PROGRAM + "\npulumi.export('more', 1)\n")
    assert "+ more: 1" in cli("preview").out


def test_json_has_its_documented_keys(cli: Command) -> None:
    content = json.loads(cli("preview", "--json").out)
    assert list(content) == [
        "engine", "command", "project", "stack", "kubernetesVersion", "changed", "summary", "resources", "outputs", "outputChanges", "files",
        "unknown", "secret", "diagnostics",
    ]  # fmt: skip
    assert content["outputs"] == {"image": "web:1", "key": "[secret]"}
    assert content["secret"] == {"1-manifest/v1-secret-default-keys.yaml": ["data.key"]}


def test_exit_code_tells_of_a_change(cli: Command) -> None:
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
def test_a_long_value_gives_its_beginning_and_its_size(value: object, shown: str):
    from nim_component.local.report import show_value

    assert show_value(value) == shown


CLAIM = """
import pulumi, pulumi_kubernetes as k8s
k8s.core.v1.PersistentVolumeClaim("cache", metadata={"name": "cache"}, spec={"access_modes": ["ReadWriteOnce"]},
    opts=pulumi.ResourceOptions(%s))
"""


def test_what_is_protected_is_not_deleted(cli: Command, folder: Path) -> None:
    write(folder, "__main__.py", CLAIM % "protect=True")
    cli("up")
    before = snapshot(folder / "out")
    write(folder, "__main__.py", "")
    result = cli("up")
    assert result.code == 1
    assert "::cache: is protected and would be deleted; take `protect` away in a step of its own" in result.err
    assert snapshot(folder / "out") == before


def test_what_is_retained_is_said_to_stay(cli: Command, folder: Path) -> None:
    write(folder, "__main__.py", CLAIM % "retain_on_delete=True")
    cli("up")
    write(folder, "__main__.py", "")
    result = cli("preview")
    assert result.code == 0
    assert "retained: cache stays in the cluster" in result.out


def test_what_is_not_retained_is_not(cli: Command, folder: Path) -> None:
    write(folder, "__main__.py", CLAIM % "")
    cli("up")
    write(folder, "__main__.py", "")
    assert "stays in the cluster" not in cli("preview").out


def test_a_read_is_said_not_to_be_done(cli: Command, folder: Path) -> None:
    write(folder, "__main__.py", "import pulumi_kubernetes as k8s\nk8s.core.v1.Secret.get('s', 'default/s')\n")
    assert "kubernetes:core/v1:Secret  s  not read: no cluster is asked" in cli("preview").out


def test_what_is_no_longer_read_is_not_deleted(cli: Command, folder: Path) -> None:
    write(folder, "__main__.py", "import pulumi_kubernetes as k8s\nk8s.core.v1.Secret.get('s', 'default/s')\n")
    cli("up")
    write(folder, "__main__.py", "")
    said = cli("preview").out
    assert "<  kubernetes:core/v1:Secret  s  discard" in said
    assert "< 1 no longer to be read" in said
    assert "delete" not in said


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


def test_what_only_a_provider_makes_is_said_to_be_missing(cli: Command, folder: Path) -> None:
    write(folder, "objects.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n")
    write(folder, "__main__.py", NOT_RUN)
    warnings = [entry["message"] for entry in json.loads(cli("preview", "--json").out)["diagnostics"] if entry["severity"] == "warning"]
    assert sorted(warnings) == [
        "kubernetes:helm.sh/v3:Release is expanded by its provider, which does not run here: no manifest is written",
        "kubernetes:helm.sh/v4:Chart is made by its provider's own program, which the local engine does not run: its children are not shown",
        "kubernetes:yaml:decode is a function of its provider, which does not run here: what comes of its result is unknown or missing",
        "pulumi-python:dynamic:Resource is made by a provider of the program's own, which does not run here: its outputs are unknown",
    ]
