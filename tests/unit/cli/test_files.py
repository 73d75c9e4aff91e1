"""What is written, where, and what is left alone."""

import json
import subprocess
import tempfile
from pathlib import Path

import pytest

from .project import Command, snapshot, write


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


def test_a_state_that_cannot_be_kept_is_found_before_anything_is_written(cli: Command, folder: Path) -> None:
    write(folder, ".nim-component", "a file, where the folder should be")
    result = cli("up")
    assert result.code == 1
    assert ".nim-component" in result.err
    assert "Traceback" not in result.err
    assert not (folder / "out").exists()
