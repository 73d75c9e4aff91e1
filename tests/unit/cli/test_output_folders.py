"""Output folders in every spelling: `up` keeps its own files, wherever they are."""

import os
from pathlib import Path

import pytest
from typer.testing import CliRunner

from nim_component.cli import app

from .project import PROGRAM, Result, snapshot, write

SPELLINGS = {
    "relative": ("out", "checkout/out"),
    "outside": ("../gitops", "gitops"),
    "outside and back": ("../checkout/out", "checkout/out"),
    "far outside": ("../../{name}/gitops", "gitops"),
    "absolute": ("{root}/gitops", "gitops"),
    "absolute with dots": ("{root}/checkout/../gitops", "gitops"),
    "trailing slash": ("../gitops/", "gitops"),
    "absolute with trailing slash": ("{root}/gitops/", "gitops"),
    "dot": ("./out/.", "checkout/out"),
    "double slash": ("..//gitops", "gitops"),
    "link": ("../link", "gitops"),
    "link inside": ("inside", "gitops"),
    "dots after a link": ("../deep/../gitops", "far/gitops"),
    "case": ("../GitOps", "GitOps"),
    "project itself": (".", "checkout"),
    "parent": ("..", "."),
}
"""Output folder as written, and its real path below the folder of the test."""

NAMES = {"1-manifest/apps_v1-deployment-default-web.yaml", "1-manifest/v1-secret-default-keys.yaml", ".nim-component-files"}


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder with a project in `checkout`, and links to it and to `gitops`."""
    monkeypatch.delenv("PULUMI_STACK", raising=False)
    write(tmp_path, "checkout/Pulumi.yaml", "name: demo\nruntime: python\n")
    write(tmp_path, "checkout/__main__.py", PROGRAM)
    for folder in ("gitops", "far/away"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "link").symlink_to("gitops")
    (tmp_path / "checkout/inside").symlink_to(tmp_path / "gitops")
    (tmp_path / "deep").symlink_to("far/away")
    (tmp_path / "same").symlink_to("checkout")
    return tmp_path


def configure(root: Path, folder: str | None, image: str = "web:1") -> None:
    render = "" if folder is None else f", 'kubernetes:renderYamlToDirectory': '{folder}'"
    write(root, "checkout/Pulumi.dev.yaml", f"config: {{image: '{image}'{render}}}\n")


def up(folder: Path, *options: str) -> Result:
    result = CliRunner().invoke(app, ["up", "--cwd", str(folder), *options])
    assert result.exit_code == 0, result.stderr
    return Result(result.exit_code, result.stdout, result.stderr)


def manifests(folder: Path) -> dict[str, str]:
    return {name: text for name, text in snapshot(folder).items() if name in NAMES}


@pytest.mark.parametrize("checkout", ["checkout", "same", "checkout/../same/."])
@pytest.mark.parametrize("spelling", SPELLINGS)
def test_files_stay_over_three_ups(root: Path, checkout: str, spelling: str) -> None:
    """The second `up` changes nothing, and the third one with a change removes nothing."""
    written, real = SPELLINGS[spelling]
    written = written.format(root=root, name=root.name)
    configure(root, written)
    up(root / checkout)
    first = manifests(root / real)
    assert first.keys() == NAMES
    assert "nothing changed" in up(root / checkout).out
    assert manifests(root / real) == first
    configure(root, written, "web:2")
    assert "removed " not in up(root / checkout).out
    third = manifests(root / real)
    assert third.keys() == NAMES
    assert "image: web:2" in third["1-manifest/apps_v1-deployment-default-web.yaml"]


@pytest.mark.parametrize("checkout", ["checkout", "same"])
@pytest.mark.parametrize("spelling", SPELLINGS)
def test_files_of_out_stay_over_three_ups(root: Path, monkeypatch: pytest.MonkeyPatch, checkout: str, spelling: str) -> None:
    """`--out` is relative to the working directory."""
    written, real = SPELLINGS[spelling]
    monkeypatch.chdir(root / checkout)
    configure(root, None)
    for image in ("web:1", "web:1", "web:2"):
        configure(root, None, image)
        assert "removed " not in up(root / checkout, "--out", written.format(root=root, name=root.name)).out
        found = manifests(root / real)
        assert found.keys() == NAMES
        assert f"image: {image}" in found["1-manifest/apps_v1-deployment-default-web.yaml"]


@pytest.mark.parametrize(
    "spellings", [("../gitops", "{root}/gitops"), ("../link/", "./../gitops"), ("a", "{root}/b"), ("inside", "../link")]
)
def test_files_of_two_providers_stay(root: Path, spellings: tuple[str, str]) -> None:
    """Two Providers may name one folder in two spellings, or two folders."""
    first, second = (spelling.format(root=root) for spelling in spellings)
    configure(root, None)
    program = f"""
        import pulumi, pulumi_kubernetes as k8s
        image = pulumi.Config().require("image")
        for name, folder in (("a", {first!r}), ("b", {second!r})):
            provider = k8s.Provider(name, render_yaml_to_directory=folder)
            k8s.core.v1.ConfigMap(name, metadata={{"name": name}}, data={{"image": image}}, opts=pulumi.ResourceOptions(provider=provider))
    """
    write(root, "checkout/__main__.py", program)
    for image in ("web:1", "web:1", "web:2"):
        configure(root, None, image)
        assert "removed " not in up(root / "checkout").out
        for name, folder in (("a", first), ("b", second)):
            assert f"image: {image}" in (root / "checkout" / folder / f"1-manifest/v1-configmap-default-{name}.yaml").read_text()


def test_respelled_folder_keeps_its_files(root: Path) -> None:
    """A new spelling of the folder, or another path to the checkout, is no other folder."""
    for checkout, spelling in (
        ("checkout", "../gitops"),
        ("checkout", str(root / "link")),
        ("same", "inside/"),
        ("checkout", "../gitops/."),
    ):
        configure(root, spelling)
        assert "removed " not in up(root / checkout).out
        assert manifests(root / "gitops").keys() == NAMES


def test_former_folder_is_emptied(root: Path) -> None:
    """As with the provider: a new `renderYamlToDirectory` replaces all manifests."""
    configure(root, "../gitops")
    up(root / "checkout")
    write(root, "gitops/README.md", "")
    configure(root, "../elsewhere")
    assert "removed " in up(root / "checkout").out
    assert manifests(root / "elsewhere").keys() == NAMES
    assert snapshot(root / "gitops") == {"README.md": ""}


def test_out_keeps_the_folder_of_the_stack(root: Path) -> None:
    """`--out` is for one run: neither it nor the next run without it removes files elsewhere."""
    configure(root, "../gitops")
    for options in ((), ("--out", str(root / "review")), ()):
        assert "removed " not in up(root / "checkout", *options).out
    assert manifests(root / "gitops").keys() == NAMES
    assert manifests(root / "review").keys() == NAMES


def test_moved_checkout_keeps_files_of_others(root: Path) -> None:
    """A copied state never names a folder of another checkout."""
    configure(root, "../gitops")
    up(root / "checkout")
    for folder in ("checkout", "gitops"):
        (root / folder).rename(root / "far" / folder)
    (root / "gitops").mkdir()
    write(root, "gitops/kept.yaml", "kind: Mine\n")
    assert "removed " not in up(root / "far/checkout").out
    assert manifests(root / "far/gitops").keys() == NAMES
    assert snapshot(root / "gitops") == {"kept.yaml": "kind: Mine\n"}


def test_folders_that_differ_in_case_are_one(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Emulates a file system that ignores case, such as that of macOS."""
    real_stat = os.stat

    def find(path: Path) -> str:
        found = Path(path.anchor)
        for part in path.parts[1:]:
            names = [child.name for child in found.iterdir()] if os.path.lexists(found) else []
            found /= next((name for name in names if name.casefold() == part.casefold()), part)
        return str(found)

    def stat(path: int | str | Path, **options: bool) -> os.stat_result:
        return real_stat(path if isinstance(path, int) else find(Path(path).absolute()), **options)

    configure(root, "../gitops")
    up(root / "checkout")
    first = manifests(root / "gitops")
    monkeypatch.setattr(os, "stat", stat)
    configure(root, "../GitOps")
    assert "removed " not in up(root / "checkout").out
    monkeypatch.undo()
    assert manifests(root / "gitops") == first


def test_unusable_folder_name_is_printed(root: Path) -> None:
    write(root, "checkout/Pulumi.dev.yaml", 'config: {"kubernetes:renderYamlToDirectory": "a\\0b"}\n')
    result = CliRunner().invoke(app, ["up", "--cwd", str(root / "checkout")])
    assert result.exit_code == 1
    assert "'a\\x00b': cannot be a path" in result.stderr
    assert "Traceback" not in result.stderr
