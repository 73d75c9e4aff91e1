"""Archives of the Pulumi plugin, which a release attaches: the wheel, and the files of `plugin/`.

The CLI requests an archive by the platform in its name. The plugin is Python, so all are equal.
`make package` runs this module after `python -m build`.
"""

import gzip
import io
import tarfile
from collections.abc import Iterator, Mapping
from pathlib import Path

ROOT = Path(__file__).parents[1]
PLATFORMS = ("darwin-amd64", "darwin-arm64", "linux-amd64", "linux-arm64", "windows-amd64")
THIS_PACKAGE = "..[diagnose]"
"""Last line of `plugin/requirements.txt`: the package, from the repository that contains it."""


def archive_names(version: str) -> Iterator[str]:
    """Return the names that the CLI requests."""
    for platform in PLATFORMS:
        yield f"pulumi-resource-nim-v{version}-{platform}.tar.gz"


def plugin_files(wheel: Path) -> dict[str, bytes]:
    """Return the files of an archive. Its requirements install the wheel beside them."""
    plugin = ROOT / "plugin"
    requirements = (plugin / "requirements.txt").read_text("utf-8")
    assert requirements.endswith(f"\n{THIS_PACKAGE}\n")
    return {
        **{name: (plugin / name).read_bytes() for name in ("PulumiPlugin.yaml", "__main__.py")},
        "requirements.txt": requirements.replace(f"\n{THIS_PACKAGE}\n", f"\n./{wheel.name}[diagnose]\n").encode(),
        wheel.name: wheel.read_bytes(),
    }


def pack(files: Mapping[str, bytes]) -> bytes:
    """Return a compressed archive. Equal files give equal bytes."""
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w") as archive:
        for name, data in sorted(files.items()):
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(data), 0o644
            archive.addfile(entry, io.BytesIO(data))
    return gzip.compress(content.getvalue(), mtime=0)


def write_archives(dist: Path, out: Path) -> list[Path]:
    """Write the archives of the wheel in `dist`, and return their paths."""
    (wheel,) = dist.glob("*.whl")
    packed = pack(plugin_files(wheel))
    out.mkdir(exist_ok=True)
    paths = [out / name for name in archive_names(wheel.name.split("-")[1])]
    for path in paths:
        path.write_bytes(packed)
    return paths


if __name__ == "__main__":
    for written in write_archives(ROOT / "dist", ROOT / "dist-plugin"):
        print(written.relative_to(ROOT))
