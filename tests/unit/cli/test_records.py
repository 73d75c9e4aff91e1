"""Records of output folders: nothing outside the real folder and nothing of others is removed."""

import subprocess
from pathlib import Path

import pytest

from nim_component.local.records import RECORD

from .project import Command, snapshot, write

DEPLOYMENT = "1-manifest/apps_v1-deployment-default-web.yaml"
VICTIM = "1-manifest/v1-configmap-default-victim.yaml"


@pytest.fixture
def outside(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder outside the project with files that `up` might take for its own."""
    outside = tmp_path_factory.mktemp("outside")
    for name in (Path(VICTIM).name, "victim.yaml", VICTIM, Path(DEPLOYMENT).name):
        write(outside, name, "kind: Mine\n")
    return outside


def plant(folder: Path, *paths: str) -> None:
    """Add lines to the record, as in a hostile commit."""
    record = folder / "out" / RECORD
    record.parent.mkdir(exist_ok=True)
    lines = record.read_text() if record.exists() else ""
    record.write_text(lines + "".join(f"{'0' * 64}  {path}\n" for path in paths))


@pytest.mark.parametrize(
    ("link", "path"),
    [
        ("out/link", "link/victim.yaml"),
        ("out/link", f"link/{VICTIM}"),
        ("out/0-crd", "0-crd/victim.yaml"),
        ("out/0-crd", "0-crd/v1-configmap-default-victim.yaml"),
        ("out/deep/link", "deep/link/victim.yaml"),
    ],
)
def test_linked_folder_in_record_removes_nothing(cli: Command, folder: Path, outside: Path, link: str, path: str) -> None:
    before = snapshot(outside)
    cli("up")
    (folder / link).parent.mkdir(exist_ok=True)
    (folder / link).symlink_to(outside)
    plant(folder, path)
    result = cli("up")
    assert "removed " not in result.out
    assert snapshot(outside) == before


@pytest.mark.parametrize("program", ["", None])
def test_linked_manifest_folder_changes_nothing_outside(cli: Command, folder: Path, outside: Path, program: str | None) -> None:
    """A link in place of `1-manifest` is an error if files are written, and removes none if not."""
    before = snapshot(outside)
    cli("up")
    (folder / "out/1-manifest").rename(folder / "moved")
    (folder / "out/1-manifest").symlink_to(outside)
    plant(folder, VICTIM, DEPLOYMENT)
    if program is not None:
        write(folder, "__main__.py", program)
    result = cli("up")
    assert snapshot(outside) == before
    assert (result.code, "out/1-manifest: leads outside the output folder" in result.err) == ((1, True) if program is None else (0, False))


@pytest.mark.parametrize(
    "path", ["README.md", ".git/config", "1-manifest/notes.txt", "1-manifest/deep/file.yaml", "1-manifest", "./", "other/x.yaml"]
)
def test_record_names_only_manifests(cli: Command, folder: Path, path: str) -> None:
    """Paths in the record that `up` never writes are skipped."""
    cli("up")
    if not (folder / "out" / path).exists():
        write(folder, f"out/{path}", "kept")
    before = snapshot(folder / "out")
    plant(folder, path)
    assert "removed " not in cli("up").out
    assert snapshot(folder / "out") == before


def test_link_that_appears_during_up_removes_nothing(cli: Command, folder: Path, outside: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The folder is resolved again just before a file is removed."""
    before = snapshot(outside)
    plant(folder, VICTIM)
    write(folder, f"out/{VICTIM}", "kind: Old\n")
    write(folder, "__main__.py", "")
    replace = Path.replace

    def exchange(self: Path, target: Path) -> Path:
        if not (folder / "moved").exists():
            replace(folder / "out/1-manifest", folder / "moved")
            (folder / "out/1-manifest").symlink_to(outside)
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", exchange)
    assert cli("up").code == 0
    assert (folder / "moved").exists()
    assert snapshot(outside) == before


def test_stacks_share_a_folder(cli: Command, folder: Path) -> None:
    """`up` of one stack removes only its own files."""
    program = """
        import pulumi, pulumi_kubernetes as k8s
        for name in pulumi.Config().require_object("names"):
            k8s.core.v1.ConfigMap(name, metadata={"name": f"{pulumi.get_stack()}-{name}"})
    """
    write(folder, "__main__.py", program)

    def configure(stack: str, names: str) -> None:
        write(folder, f"Pulumi.{stack}.yaml", f"config: {{names: {names}, 'kubernetes:renderYamlToDirectory': out}}\n")

    def names() -> list[str]:
        return sorted(
            file.name.removeprefix("v1-configmap-default-").removesuffix(".yaml") for file in (folder / "out/1-manifest").iterdir()
        )

    configure("dev", "[a, b]")
    configure("prod", "[a]")
    for stack in ("dev", "prod", "dev", "prod"):
        assert "removed " not in cli("up", "--stack", stack).out
    assert names() == ["dev-a", "dev-b", "prod-a"]
    configure("dev", "[a]")
    assert "dev-b.yaml" in cli("up", "--stack", "dev").out
    assert names() == ["dev-a", "prod-a"]
    subprocess.run(["sha256sum", "--strict", "-c", RECORD], cwd=folder / "out", check=True)
    configure("dev", "[]")
    cli("up", "--stack", "dev")
    assert names() == ["prod-a"]
    configure("prod", "[]")
    cli("up", "--stack", "prod")
    assert not (folder / "out").exists()


def test_file_of_another_stack_is_not_overwritten(cli: Command, folder: Path) -> None:
    cli("up")
    write(folder, "Pulumi.prod.yaml", "config: {image: 'web:2', 'kubernetes:renderYamlToDirectory': out}\n")
    before = snapshot(folder / "out")
    result = cli("up", "--stack", "prod")
    assert result.code == 1
    assert f"{folder / 'out' / DEPLOYMENT}: was written by `up` of demo/dev. " in result.err
    assert snapshot(folder / "out") == before


def test_equal_file_of_two_stacks_stays(cli: Command, folder: Path) -> None:
    """A file that two stacks render alike is removed only when neither renders it."""
    write(folder, "Pulumi.prod.yaml", (folder / "Pulumi.dev.yaml").read_text())
    cli("up", "--stack", "dev")
    assert cli("up", "--stack", "prod").code == 0
    write(folder, "__main__.py", "")
    cli("up", "--stack", "prod")
    assert (folder / "out" / DEPLOYMENT).exists()
    cli("up", "--stack", "dev")
    assert not (folder / "out").exists()


def test_record_without_stacks_is_read(cli: Command, folder: Path) -> None:
    """Former versions wrote no stacks; their lines belong to the next `up`."""
    cli("up")
    record = folder / "out" / RECORD
    record.write_text("".join(line for line in record.read_text().splitlines(keepends=True) if not line.startswith("#")))
    write(folder, "__main__.py", "")
    assert cli("up").out.count("removed ") == 2
    assert not (folder / "out").exists()


def test_renamed_file_that_differs_in_case_stays(cli: Command, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Emulates a file system that ignores case: the former name is the new file."""
    program = """
        import pulumi, pulumi_kubernetes as k8s
        k8s.rbac.v1.ClusterRole("role", metadata={{"name": "{}"}})
    """
    write(folder, "__main__.py", program.format("Reader"))
    cli("up")
    write(folder, "__main__.py", program.format("reader"))
    old = folder / "out/1-manifest/rbac.authorization.k8s.io_v1-clusterrole-default-Reader.yaml"
    new = old.with_name(old.name.lower())
    new.hardlink_to(old)  # Two names of one file, as on such a file system.
    result = cli("up")
    assert result.code == 0, result.err
    assert "removed " not in result.out
    assert "name: reader" in new.read_text()
