"""The command line: what is printed, what is written, how it ends."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent
from typing import NamedTuple

import pytest
from typer.testing import CliRunner

from nim_component.cli import app

PROGRAM = """
import pulumi, pulumi_kubernetes as k8s
config = pulumi.Config()
labels = {"app": "web"}
k8s.apps.v1.Deployment("web", metadata={"name": "web"}, spec={"selector": {"match_labels": labels}, "template": {
    "metadata": {"labels": labels},
    "spec": {"containers": [{"name": "server", "image": config.get("image", "web:1")}, {"name": "side", "image": "side:1"}]}}})
k8s.core.v1.Secret("keys", metadata={"name": "keys"}, string_data={"key": pulumi.Output.secret("hunter2-secret")})
pulumi.export("image", config.get("image", "web:1"))
pulumi.export("key", pulumi.Output.secret("hunter2-secret"))
"""
ENCODED = "aHVudGVyMi1zZWNyZXQ="


class Result(NamedTuple):
    code: int
    out: str
    err: str


Command = Callable[..., Result]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("PULUMI_STACK", raising=False)
    write(tmp_path, "Pulumi.yaml", "name: demo\nruntime: python\n")
    write(tmp_path, "Pulumi.dev.yaml", "config: {image: 'web:1', kubernetes:renderYamlToDirectory: out}\n")
    write(tmp_path, "__main__.py", PROGRAM)
    return tmp_path


@pytest.fixture
def cli(folder: Path) -> Command:
    def run(*arguments: str) -> Result:
        result = CliRunner().invoke(app, [*arguments, "--cwd", str(folder)])
        return Result(result.exit_code, result.stdout, result.stderr)

    return run


def write(folder: Path, path: str, text: str) -> None:
    file = folder / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(dedent(text))


def snapshot(folder: Path) -> dict[str, str]:
    return {
        str(file.relative_to(folder)): file.read_text() for file in sorted(folder.rglob("*")) if file.is_file() and file.suffix != ".pyc"
    }


def test_up_writes_the_manifests_where_the_stack_says(cli: Command, folder: Path) -> None:
    assert cli("up").code == 0
    assert {file.name for file in (folder / "out/1-manifest").iterdir()} == {
        "apps_v1-deployment-default-web.yaml",
        "v1-secret-default-keys.yaml",
    }


def test_out_wins_over_the_stack(cli: Command, folder: Path) -> None:
    cli("up", "--out", str(folder / "elsewhere"))
    assert (folder / "elsewhere/1-manifest/v1-secret-default-keys.yaml").exists()
    assert not (folder / "out").exists()


def test_without_a_choice_the_files_go_to_rendered(cli: Command, folder: Path) -> None:
    write(folder, "Pulumi.dev.yaml", "config: {}\n")
    cli("up")
    assert (folder / "rendered/dev/1-manifest/v1-secret-default-keys.yaml").exists()


def test_an_explicit_provider_chooses_for_its_objects(cli: Command, folder: Path) -> None:
    program = """
        import pulumi, pulumi_kubernetes as k8s
        there = pulumi.ResourceOptions(provider=k8s.Provider("there", render_yaml_to_directory="there"))
        k8s.core.v1.ConfigMap("a", metadata={"name": "a"}, opts=there)
        k8s.core.v1.ConfigMap("b", metadata={"name": "b"})
    """
    write(folder, "__main__.py", program)
    cli("up")
    assert (folder / "there/1-manifest/v1-configmap-default-a.yaml").exists()
    assert (folder / "out/1-manifest/v1-configmap-default-b.yaml").exists()


def test_preview_writes_nothing(cli: Command, folder: Path) -> None:
    before = snapshot(folder)
    assert cli("preview").code == 0
    assert snapshot(folder) == before


def test_the_first_line_says_what_this_is(cli: Command) -> None:
    assert cli("preview").out.splitlines()[0] == "preview on the local engine, no cluster is contacted: project demo, stack dev"


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


def test_a_secret_is_nowhere(cli: Command, folder: Path) -> None:
    write(folder, "__main__.py", PROGRAM + "\nprint('hunter2-secret')\n")
    results = [cli("up"), cli("preview", "--json"), cli("up")]
    printed = "".join(result.out + result.err for result in results)
    written = "".join(text for path, text in snapshot(folder).items() if path != "__main__.py")
    for text in (printed, written):
        assert "hunter2" not in text
        assert ENCODED not in text
    assert "key: [secret]" in printed


PLANTED = """
import pulumi, pulumi_kubernetes as k8s
PLAIN, ENCODED = "hunter2-secret", "aHVudGVyMi1zZWNyZXQ="
secret = pulumi.Output.secret(PLAIN)
applied = {"kubectl.kubernetes.io/last-applied-configuration": '{"data": {"key": "' + ENCODED + '"}}', "other": "kept"}
k8s.core.v1.Secret("unmarked", metadata={"name": "unmarked", "annotations": applied}, data={"key": ENCODED})
k8s.core.v1.SecretPatch("patch", metadata={"name": "patch"}, string_data={"key": PLAIN})
k8s.core.v1.ConfigMap("map", metadata={"name": secret, "labels": {"l": secret}}, data={"a": secret, "b": pulumi.Output.concat("b", secret)})
provider = k8s.Provider("provider", kubeconfig="{kind: Config, users: [{name: a, user: {token: " + PLAIN + "}}]}")
k8s.core.v1.ConfigMap("other", metadata={"name": "other"}, opts=pulumi.ResourceOptions(provider=provider))
class Group(pulumi.ComponentResource):
    def __init__(self):
        super().__init__("demo:index:Group", "group", {"plain": secret, "deep": {"list": [secret]}})
        self.register_outputs({"out": secret})
Group()
pulumi.export("deep", {"list": [secret]})
pulumi.log.info("info " + PLAIN)
secret.apply(lambda value: pulumi.log.warn("apply " + value))
secret.apply(lambda value: print("print " + value))
"""


def test_a_secret_is_nowhere_whatever_holds_it(cli: Command, folder: Path) -> None:
    results: list[Result] = []
    for program in (PLANTED, PLANTED.replace('"other": "kept"', '"other": "changed"'), ""):
        write(folder, "__main__.py", program)
        results += [cli("preview"), cli("preview", "--json"), cli("up"), cli("up", "--json")]
        written = "".join(text for path, text in snapshot(folder).items() if path != "__main__.py")
        assert "hunter2" not in written
        assert ENCODED not in written
    printed = "".join(result.out + result.err for result in results)
    assert [result.code for result in results] == [0] * 12
    assert "hunter2" not in printed
    assert ENCODED not in printed
    assert 'metadata.annotations.other: "kept" => "changed"' in printed


def test_a_secret_is_not_in_an_error_either(cli: Command, folder: Path) -> None:
    write(folder, "__main__.py", PROGRAM + "\nprint('hunter2-secret')\nraise ValueError('it was hunter2-secret')\n")
    result = cli("up")
    assert "hunter2" not in result.out + result.err.replace("raise ValueError('it was hunter2-secret')", "")
    assert "it was [secret]" in result.err


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


def test_a_run_error_is_its_text_alone(cli: Command, folder: Path) -> None:
    write(folder, "__main__.py", "import pulumi\nraise pulumi.RunError('web: image: give a tag')\n")
    assert cli("up") == Result(
        1, "up on the local engine, no cluster is contacted: project demo, stack dev\n", "error: web: image: give a tag\n"
    )


def test_another_error_shows_the_programs_frames_only(cli: Command, folder: Path) -> None:
    write(folder, "__main__.py", "def fail():\n    return 1 / 0\n\nfail()\n")
    result = cli("up")
    assert result.code == 1
    assert "ZeroDivisionError: division by zero" in result.err
    assert f'File "{folder}/__main__.py", line 2, in fail' in result.err
    assert "engine.py" not in result.err
    assert "runpy" not in result.err


def test_frames_of_a_module_of_any_name_are_the_programs(cli: Command, folder: Path) -> None:
    write(folder, "local/__init__.py", "")
    write(folder, "local/engine.py", "def fail(_):\n    return 1 / 0\n")
    write(folder, "__main__.py", "import pulumi\nfrom local.engine import fail\npulumi.Output.from_input(1).apply(fail)\n")
    result = cli("up")
    assert f'File "{folder}/local/engine.py", line 2, in fail' in result.err
    assert "site-packages" not in result.err


def test_frames_of_this_package_and_of_installed_ones_are_not_the_programs(folder: Path) -> None:
    from nim_component.local.project import PACKAGE, is_own

    assert is_own(folder / "local/engine.py", folder)
    assert not is_own(folder / ".venv/lib/python3.12/site-packages/pulumi/output.py", folder)
    assert not is_own(PACKAGE / "cli/engine.py", PACKAGE.parent)
    assert not is_own(Path("<frozen runpy>"), folder)


def test_a_schema_error_names_object_path_and_rule_and_writes_nothing(cli: Command, folder: Path) -> None:
    write(folder, "__main__.py", PROGRAM.replace('"side:1"', '"side:1", "imagePullPolice": "Always"'))
    before = snapshot(folder)
    result = cli("up")
    assert result.code == 1
    assert "Deployment default/web (urn:pulumi:dev::demo::kubernetes:apps/v1:Deployment::web): " in result.err
    assert "containers[1].imagePullPolice: is no field of it; did you mean 'imagePullPolicy'?" in result.err
    assert snapshot(folder) == before


def test_the_stack_names_the_kubernetes_version(cli: Command, folder: Path) -> None:
    write(folder, "Pulumi.dev.yaml", 'config: {kubernetesVersion: "1.30"}\n')
    assert json.loads(cli("preview", "--json").out)["kubernetesVersion"] == "1.30"


def test_the_command_line_names_another(cli: Command) -> None:
    assert json.loads(cli("preview", "--json", "--kubernetes-version", "1.31").out)["kubernetesVersion"] == "1.31"


def test_a_wrong_stack_names_the_others(cli: Command) -> None:
    result = cli("up", "--stack", "prod")
    assert result.code == 1
    assert "there are dev: choose one with --stack" in result.err


def test_a_wrong_option_is_usage(cli: Command) -> None:
    assert cli("up", "--nonsense").code == 2


def test_a_foreign_file_is_not_overwritten(cli: Command, folder: Path) -> None:
    write(folder, "out/1-manifest/v1-secret-default-keys.yaml", "kind: Mine\n")
    before = snapshot(folder)
    result = cli("up")
    assert result.code == 1
    assert "was not written by this tool" in result.err
    assert snapshot(folder) == before


def test_what_was_changed_or_removed_by_hand_is_said_and_undone(cli: Command, folder: Path) -> None:
    cli("up")
    before = snapshot(folder)
    changed, removed = "out/1-manifest/apps_v1-deployment-default-web.yaml", "out/1-manifest/v1-secret-default-keys.yaml"
    write(folder, changed, "kind: Mine\n")
    (folder / removed).unlink()
    preview = cli("preview", "--exit-code")
    assert preview.code == 3
    assert f"warning: {folder / changed}: was changed by hand since the last up" in preview.out
    assert f"warning: {folder / removed}: was removed by hand since the last up" in preview.out
    assert "Resources: 3 unchanged, files differ" in preview.out
    assert "Resources: 3 unchanged, files written anew" in cli("up").out
    assert snapshot(folder) == before
    assert "by hand" not in cli("preview").out


def test_a_file_that_goes_and_was_removed_already_is_nobodys_concern(cli: Command, folder: Path) -> None:
    cli("up")
    (folder / "out/1-manifest/v1-secret-default-keys.yaml").unlink()
    write(folder, "__main__.py", "")
    assert [Path(file["path"]).name for file in json.loads(cli("preview", "--json").out)["files"]] == [
        "apps_v1-deployment-default-web.yaml"
    ]
    up = cli("up")
    assert "by hand" not in up.out
    assert not (folder / "out").exists()


def test_the_record_can_be_checked_with_sha256sum(cli: Command, folder: Path) -> None:
    cli("up")
    checked = subprocess.run(["sha256sum", "-c", ".nim-component-files"], cwd=folder / "out", capture_output=True, text=True, check=True)
    assert checked.stdout.count(": OK") == 2


def test_a_record_that_was_edited_removes_nothing_outside_its_folder(cli: Command, folder: Path) -> None:
    cli("up")
    record = folder / "out/.nim-component-files"
    write(folder, "out/.nim-component-files", f"{record.read_text()}0  ../__main__.py\n0  {folder}/Pulumi.yaml\n")
    assert cli("up").code == 0
    assert (folder / "__main__.py").exists()
    assert (folder / "Pulumi.yaml").exists()


@pytest.mark.parametrize("moved", range(3))
def test_a_run_that_was_killed_while_it_wrote_is_taken_up_again(
    cli: Command, folder: Path, monkeypatch: pytest.MonkeyPatch, moved: int
) -> None:
    replace, left = Path.replace, [moved]

    def die(self: Path, target: Path) -> Path:
        if target.suffix == ".yaml":
            if not left[0]:
                raise KeyboardInterrupt
            left[0] -= 1
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", die)
    cli("up")
    monkeypatch.setattr(Path, "replace", replace)
    assert not list(folder.rglob("*.tmp"))
    write(folder, "Pulumi.dev.yaml", "config: {image: 'web:2', kubernetes:renderYamlToDirectory: out}\n")
    assert cli("up").code == 0
    assert "image: web:2" in (folder / "out/1-manifest/apps_v1-deployment-default-web.yaml").read_text()


@pytest.mark.parametrize("step", ["mkstemp", "replace"])
def test_what_cannot_be_written_is_named_and_nothing_is_left_over(
    cli: Command, folder: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    def fail(*arguments: object, **options: object) -> None:
        if "out" in str(options.get("dir", arguments)) and ".nim-component-files" not in str(arguments):
            raise OSError(28, "No space left on device", str(folder / "out/1-manifest/x.yaml"))
        return original(*arguments, **options)

    owner = Path if step == "replace" else tempfile
    original = getattr(owner, step)
    monkeypatch.setattr(owner, step, fail)
    result = cli("up")
    monkeypatch.setattr(owner, step, original)
    assert result.code == 1
    assert f"error: {folder / 'out/1-manifest/x.yaml'}: cannot be written: No space left on device; " in result.err
    assert "Traceback" not in result.err
    assert not [file for file in (folder / "out").rglob("*") if file.is_file() and file.name != ".nim-component-files"]
    assert cli("up").code == 0


def test_a_folder_where_a_file_belongs_is_named(cli: Command, folder: Path) -> None:
    (folder / "out/1-manifest/v1-secret-default-keys.yaml").mkdir(parents=True)
    result = cli("up")
    assert result.code == 1
    assert "v1-secret-default-keys.yaml: cannot be read: Is a directory; move away what stands there" in result.err


def test_a_stack_for_a_cluster_says_that_nothing_is_deployed(cli: Command, folder: Path) -> None:
    write(folder, "Pulumi.dev.yaml", "config: {}\n")
    assert "Nothing is deployed by this: `pulumi up --stack dev` deploys." in cli("up").out


def test_a_stack_that_only_renders_does_not(cli: Command) -> None:
    assert "Nothing is deployed" not in cli("up").out


def test_state_that_cannot_be_read_is_named(cli: Command, folder: Path) -> None:
    write(folder, ".nim-component/dev.json", "{")
    assert ".nim-component/dev.json: cannot be read" in cli("up").err


def test_state_is_kept_out_of_git(cli: Command, folder: Path) -> None:
    cli("up")
    assert (folder / ".nim-component/.gitignore").read_text() == "*\n"


def test_there_is_no_colour_off_a_terminal_and_no_line_is_cut(cli: Command, folder: Path) -> None:
    write(folder, "__main__.py", f"import pulumi_kubernetes as k8s\nk8s.core.v1.ConfigMap('{'n' * 200}', metadata={{'name': 'a'}})\n")
    out = cli("preview").out
    assert "\x1b" not in out
    assert "n" * 200 in out


def test_as_a_process_it_ends_with_its_code_and_without_a_traceback(folder: Path) -> None:
    write(folder, "__main__.py", "import pulumi\nraise pulumi.RunError('no')\n")
    command = [sys.executable, "-m", "nim_component", "up", "-C", str(folder)]
    result = subprocess.run(
        command, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}, check=False
    )
    assert (result.returncode, result.stderr) == (1, "error: no\n")


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


@pytest.mark.parametrize(
    ("stack", "text"),
    [
        ("", "stack '': is no stack's name; write it as dev, or organization/demo/dev"),
        ("../dev", "stack '../dev': is no stack's name"),
        ("acme/other/dev", "stack 'acme/other/dev': is of another project than demo; write organization/demo/dev"),
        ("a/b/c/dev", "is of another project than demo"),
    ],
)
def test_a_name_that_is_no_stacks_runs_nothing(cli: Command, folder: Path, stack: str, text: str) -> None:
    result = cli("up", "--stack", stack)
    assert result.code == 1
    assert text in result.err
    assert not (folder / "out").exists()


@pytest.mark.parametrize("stack", ["dev", "acme/dev", "acme/demo/dev"])
def test_a_full_name_is_the_stacks(cli: Command, stack: str) -> None:
    assert cli("preview", "--stack", stack).code == 0


def test_a_misspelt_key_is_named(cli: Command, folder: Path) -> None:
    write(folder, "Pulumi.yaml", "name: demo\nruntime: python\nconfig: {image: {type: string, default: 'web:1'}}\n")
    write(folder, "Pulumi.dev.yaml", "config: {imge: 'web:2'}\n")
    assert "'demo:imge' is not declared in Pulumi.yaml; did you mean 'image'?" in cli("preview").out
    write(folder, "Pulumi.yaml", "name: demo\nruntime: python\nconfig: {image: {type: string}}\n")
    assert "missing configuration value 'image'" in cli("preview").err
    assert "'demo:imge' is not declared in Pulumi.yaml; did you mean 'image'?" in cli("preview").err


def test_a_syntax_error_is_shown_without_the_tools_own_frames(cli: Command, folder: Path) -> None:
    write(folder, "__main__.py", "import pulumi\nx = (\n")
    result = cli("preview")
    assert "SyntaxError: '(' was never closed" in result.err
    assert "runpy" not in result.err


def test_a_state_that_cannot_be_kept_is_found_before_anything_is_written(cli: Command, folder: Path) -> None:
    write(folder, ".nim-component", "a file, where the folder should be")
    result = cli("up")
    assert result.code == 1
    assert ".nim-component" in result.err
    assert "Traceback" not in result.err
    assert not (folder / "out").exists()


def test_json_also_says_that_a_run_failed(cli: Command, folder: Path):
    write(folder, "__main__.py", PROGRAM + "raise pulumi.RunError(f\"no room for {config.get('image')}\")\n")
    for command in ("preview", "up"):
        code, out, err = cli(command, "--json")
        assert (code, err) == (1, "error: no room for web:1\n")
        assert json.loads(out) == {"engine": "local", "command": command, "project": "demo", "stack": "dev", "error": "no room for web:1"}
    found = json.loads(cli("preview", "--json", "--stack", "nowhere").out)
    assert (found["project"], found["stack"]) == (None, None) and "nowhere" in found["error"]


FULL = Path("/dev/full")


@pytest.mark.skipif(not FULL.exists(), reason="no /dev/full on this system")
@pytest.mark.parametrize("arguments", [[], ["--json"]])
def test_a_full_standard_output_is_one_line(folder: Path, arguments: list[str]):
    command = [sys.executable, "-m", "nim_component", "preview", "--cwd", str(folder), *arguments]
    with FULL.open("w") as full:
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (1, "error: standard output: No space left on device\n")


def test_a_closed_standard_output_ends_it_quietly(folder: Path):
    read, write_end = os.pipe()
    os.close(read)
    command = [sys.executable, "-m", "nim_component", "preview", "--cwd", str(folder)]
    done = subprocess.run(command, stdout=write_end, stderr=subprocess.PIPE, text=True, timeout=60)
    os.close(write_end)
    assert (done.returncode, done.stderr) == (1, "")


def test_an_interrupt_is_130_and_one_line(folder: Path):
    write(folder, "__main__.py", "import os, signal, time\nos.kill(os.getpid(), signal.SIGINT)\ntime.sleep(20)\n")
    done = subprocess.run(
        [sys.executable, "-m", "nim_component", "preview", "--cwd", str(folder)], capture_output=True, text=True, timeout=60
    )
    assert (done.returncode, done.stderr) == (130, "error: interrupted\n")


class TestStart:
    """A preview imports what it needs; the rest of the package is for other commands."""

    HEAVY = ("lightkube", "httpx", "httpx2", "huggingface_hub", "deepdiff", "nim_component.review", "nim_component.diagnose.rules",
             "nim_component.diagnose.narrator", "nim_component.diagnose.models", "nim_component.local.render")  # fmt: skip

    def test_a_preview_imports_nothing_that_it_does_not_use(self, tmp_path: Path):
        write(tmp_path, "Pulumi.yaml", "name: nim\nruntime: python\n")
        write(
            tmp_path,
            "Pulumi.dev.yaml",
            "config: {nim:services: {llama: {secrets: {without_key: true}}}, kubernetes:renderYamlToDirectory: out}\n",
        )
        write(tmp_path, "__main__.py", "from nim_component.stack import deploy_stack\ndeploy_stack()\n")
        script = f"""
            import sys
            from nim_component.cli import app
            app(["preview", "--cwd", {str(tmp_path)!r}], standalone_mode=False)
            print("imported:", *sorted(sys.modules))
        """
        done = subprocess.run([sys.executable, "-c", dedent(script)], capture_output=True, text=True, check=True, timeout=60)
        imported = done.stdout.rpartition("imported:")[2].split()
        assert "nim_component.service" in imported and "nim_component.fit" in imported
        assert [name for name in imported if name.startswith(tuple(f"{heavy}." for heavy in self.HEAVY)) or name in self.HEAVY] == []
