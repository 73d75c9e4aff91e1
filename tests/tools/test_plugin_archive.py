"""Archives of the Pulumi plugin."""

import io
import tarfile
from pathlib import Path

import pytest

from tools.plugin_archive import pack, write_archives


@pytest.fixture
def archives(tmp_path: Path) -> list[Path]:
    (tmp_path / "nim_component-0.2.0-py3-none-any.whl").write_bytes(b"wheel")
    return write_archives(tmp_path, tmp_path / "out")


def test_names_are_those_that_the_cli_requests(archives: list[Path]):
    assert [path.name for path in archives] == [
        "pulumi-resource-nim-v0.2.0-darwin-amd64.tar.gz",
        "pulumi-resource-nim-v0.2.0-darwin-arm64.tar.gz",
        "pulumi-resource-nim-v0.2.0-linux-amd64.tar.gz",
        "pulumi-resource-nim-v0.2.0-linux-arm64.tar.gz",
        "pulumi-resource-nim-v0.2.0-windows-amd64.tar.gz",
    ]


def test_archive_installs_the_wheel_in_it(archives: list[Path]):
    with tarfile.open(archives[0]) as archive:
        files = {each.name: archive.extractfile(each) for each in archive.getmembers()}
        content = {name: file.read().decode() for name, file in files.items() if file is not None}
    assert set(content) == {"PulumiPlugin.yaml", "__main__.py", "requirements.txt", "nim_component-0.2.0-py3-none-any.whl"}
    assert content["PulumiPlugin.yaml"] == "runtime: python\n"
    assert content["requirements.txt"].splitlines()[-1] == "./nim_component-0.2.0-py3-none-any.whl[diagnose]"
    assert "..[diagnose]" not in content["requirements.txt"].splitlines()


def test_equal_files_give_equal_archives(archives: list[Path]):
    assert len({path.read_bytes() for path in archives}) == 1
    assert pack({"a": b"1", "b": b"2"}) == pack({"b": b"2", "a": b"1"})
    assert pack({"a": b"1"}) != pack({"a": b"2"})
    with tarfile.open(fileobj=io.BytesIO(pack({"a": b"1"}))) as archive:
        assert [(each.mtime, each.mode) for each in archive.getmembers()] == [(0, 0o644)]
