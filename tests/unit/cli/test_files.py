"""Files that `up` writes, and files that it keeps."""

import json
import subprocess
import tempfile
from pathlib import Path

import pytest

from .project import Command, snapshot, write


def test_up_writes_to_the_folder_of_the_stack(cli: Command, folder: Path) -> None:
    assert cli("up").code == 0
    assert {file.name for file in (folder / "out/1-manifest").iterdir()} == {
        "apps_v1-deployment-default-web.yaml",
        "v1-secret-default-keys.yaml",
    }


def test_out_overrides_the_folder_of_the_stack(cli: Command, folder: Path) -> None:
    cli("up", "--out", str(folder / "elsewhere"))
    assert (folder / "elsewhere/1-manifest/v1-secret-default-keys.yaml").exists()
    assert not (folder / "out").exists()


def test_default_folder_is_rendered(cli: Command, folder: Path) -> None:
    write(folder, "Pulumi.dev.yaml", "config: {}\n")
    cli("up")
    assert (folder / "rendered/dev/1-manifest/v1-secret-default-keys.yaml").exists()


def test_explicit_provider_sets_the_folder(cli: Command, folder: Path) -> None:
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


def test_file_of_others_is_not_overwritten(cli: Command, folder: Path) -> None:
    write(folder, "out/1-manifest/v1-secret-default-keys.yaml", "kind: Mine\n")
    before = snapshot(folder)
    result = cli("up")
    assert result.code == 1
    assert "exists and was not written by `up`" in result.err
    assert snapshot(folder) == before


def test_manual_edits_are_reported_and_reverted(cli: Command, folder: Path) -> None:
    """`preview` and `up` warn of files that were changed or removed since the last `up`."""
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


def test_manual_removal_of_unused_file_is_not_reported(cli: Command, folder: Path) -> None:
    cli("up")
    (folder / "out/1-manifest/v1-secret-default-keys.yaml").unlink()
    write(folder, "__main__.py", "")
    assert [Path(file["path"]).name for file in json.loads(cli("preview", "--json").out)["files"]] == [
        "apps_v1-deployment-default-web.yaml"
    ]
    up = cli("up")
    assert "by hand" not in up.out
    assert not (folder / "out").exists()


def test_record_is_accepted_by_sha256sum(cli: Command, folder: Path) -> None:
    cli("up")
    checked = subprocess.run(["sha256sum", "-c", ".nim-component-files"], cwd=folder / "out", capture_output=True, text=True, check=True)
    assert checked.stdout.count(": OK") == 2


def test_edited_record_removes_nothing_outside_its_folder(cli: Command, folder: Path) -> None:
    """Paths with `..` and absolute paths in the record are skipped."""
    cli("up")
    record = folder / "out/.nim-component-files"
    write(folder, "out/.nim-component-files", f"{record.read_text()}0  ../__main__.py\n0  {folder}/Pulumi.yaml\n")
    assert cli("up").code == 0
    assert (folder / "__main__.py").exists()
    assert (folder / "Pulumi.yaml").exists()


@pytest.mark.parametrize("moved", range(3))
def test_up_continues_after_a_killed_run(cli: Command, folder: Path, monkeypatch: pytest.MonkeyPatch, moved: int) -> None:
    """The record is written before the files, so the next run recognises them as its own."""
    replace, left = Path.replace, [moved]

    def interrupt(self: Path, target: Path) -> Path:
        if target.suffix == ".yaml":
            if not left[0]:
                raise KeyboardInterrupt
            left[0] -= 1
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", interrupt)
    cli("up")
    monkeypatch.setattr(Path, "replace", replace)
    assert not list(folder.rglob("*.tmp"))
    write(folder, "Pulumi.dev.yaml", "config: {image: 'web:2', kubernetes:renderYamlToDirectory: out}\n")
    assert cli("up").code == 0
    assert "image: web:2" in (folder / "out/1-manifest/apps_v1-deployment-default-web.yaml").read_text()


@pytest.mark.parametrize("step", ["mkstemp", "replace"])
def test_failed_write_prints_path_and_leaves_no_files(cli: Command, folder: Path, monkeypatch: pytest.MonkeyPatch, step: str) -> None:
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
    assert f"error: {folder / 'out/1-manifest/x.yaml'}: cannot be written: No space left on device. " in result.err
    assert "Traceback" not in result.err
    assert not [file for file in (folder / "out").rglob("*") if file.is_file() and file.name != ".nim-component-files"]
    assert cli("up").code == 0


def test_folder_in_place_of_file_is_printed(cli: Command, folder: Path) -> None:
    (folder / "out/1-manifest/v1-secret-default-keys.yaml").mkdir(parents=True)
    result = cli("up")
    assert result.code == 1
    assert "v1-secret-default-keys.yaml: cannot be read: Is a directory. Move it, or render to another folder with --out." in result.err


def test_cluster_stack_prints_command_to_deploy(cli: Command, folder: Path) -> None:
    write(folder, "Pulumi.dev.yaml", "config: {}\n")
    assert "Nothing was deployed to a cluster.\nTo deploy, run: pulumi up --stack dev\n" in cli("up").out


def test_rendering_stack_prints_how_to_deploy(cli: Command) -> None:
    output = cli("up").out
    assert "Nothing was deployed to a cluster.\nStack dev only renders files (renderYamlToDirectory). To deploy, run `pulumi up`" in output
    assert "To deploy, run: pulumi up --stack dev" not in output


def test_unreadable_state_is_printed(cli: Command, folder: Path) -> None:
    write(folder, ".nim-component/dev.json", "{")
    assert ".nim-component/dev.json: cannot be read" in cli("up").err


def test_state_is_ignored_by_git(cli: Command, folder: Path) -> None:
    cli("up")
    assert (folder / ".nim-component/.gitignore").read_text() == "*\n"


def test_unwritable_state_fails_before_files_are_written(cli: Command, folder: Path) -> None:
    write(folder, ".nim-component", "a file in place of the folder")
    result = cli("up")
    assert result.code == 1
    assert ".nim-component" in result.err
    assert "Traceback" not in result.err
    assert not (folder / "out").exists()
