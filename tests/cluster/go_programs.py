"""Programs of a Go module that pins them, built once into the user's cache."""

import hashlib
import json
import os
import platform
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from .cache import Print, cache_folder, locked, silent, timed

INSTALL_GO = "install Go 1.26 or newer (https://go.dev/doc/install)"
_BUILD_PREFIX = ".build-"


class NoGoError(RuntimeError):
    """A missing Go toolchain."""


def find_go(purpose: str) -> str:
    """Return Go's path.

    Raises:
        NoGoError: Go is missing; the text contains `purpose`.
    """
    if (go := shutil.which("go")) is None:
        raise NoGoError(f"no Go on PATH {purpose}: {INSTALL_GO}")
    return go


def download_module(go: str, module: str, version: str, checksum: str) -> Path:
    """Return the folder of a module in Go's cache.

    The checksum is that of `go.sum`, so that no checksum database is needed.

    Raises:
        RuntimeError: The module cannot be fetched, or has another checksum.
    """
    name, environment = f"{module}@{version}", {**os.environ, "GOFLAGS": "", "GOWORK": "off", "GOSUMDB": "off"}
    command = [go, "mod", "download", "-json", name]
    done = subprocess.run(command, cwd=cache_folder(), env=environment, capture_output=True, text=True, check=False)
    report: dict[str, Any] = json.loads(done.stdout or "{}")
    if done.returncode != 0 or "Error" in report:
        raise RuntimeError(f"{name} could not be fetched: {report.get('Error') or done.stderr.strip()}")
    if report["Sum"] != checksum:
        raise RuntimeError(f"{name} has the checksum {report['Sum']}, not {checksum}")
    return Path(report["Dir"])


def read_version(folder: Path, module: str) -> str:
    """Return the version of a module, such as `v1.36.4`, that the `go.mod` of a folder requires."""
    (version,) = re.findall(rf"^\t{re.escape(module)} (v\S+)", (folder / "go.mod").read_text(encoding="utf-8"), re.MULTILINE)
    return version


class Copied(NamedTuple):
    """Module that a program's module replaces by a folder: its files, except for one package.

    The program's module has the files that replace that package and the packages below it.
    """

    module: str
    version: str
    checksum: str
    folder: str
    without: str

    def copy(self, go: str, place: Path) -> None:
        """Add the files of the module to the folder of the program's module."""
        source = download_module(go, self.module, self.version, self.checksum)

        def leave_out(path: str, names: list[str]) -> list[str]:
            return names if Path(path) == source / self.without else []

        shutil.copytree(source, place / self.folder, ignore=leave_out, copy_function=shutil.copyfile, dirs_exist_ok=True)


@dataclass(frozen=True)
class GoPrograms:
    """Programs of one module.

    Example:
        `GoPrograms(folder, {"etcd": "go.etcd.io/etcd/server/v3"}).provide()`
    """

    module: Path
    """Folder with `go.mod` and `go.sum`."""
    packages: Mapping[str, str]
    """Program name to Go package."""
    link: tuple[str, ...] = ()
    """Variables that the linker sets."""
    tags: tuple[str, ...] = ()
    """Build tags."""
    copied: Copied | None = None
    """Module that is copied for the build."""

    def key(self) -> str:
        """Return a digest of everything that the built programs depend on."""
        digest = hashlib.sha256(repr(self._pins()).encode())
        for name in ("go.mod", "go.sum"):
            digest.update((self.module / name).read_bytes())
        if self.copied is not None:
            digest.update(repr(self.copied).encode())
            for file in sorted(self.module.glob("*/**/*.*")):
                digest.update(file.read_bytes())
        return digest.hexdigest()[:12]

    def _pins(self) -> tuple[object, ...]:
        """Return what decides the programs beside the module's files."""
        return (dict(self.packages), self.link, platform.system(), platform.machine(), *([self.tags] if self.tags else []))

    def provide(self, names: Iterable[str] | None = None, print_line: Print = silent) -> dict[str, Path]:
        """Return the paths of programs (default: all); build the missing ones.

        Raises:
            NoGoError: Go is missing.
            RuntimeError: The build failed.
        """
        wanted, folder = list(self.packages if names is None else names), cache_folder() / self.key()
        if any(not (folder / name).is_file() for name in wanted):
            self._build(wanted, folder, print_line)
        return {name: folder / name for name in wanted}

    def _build(self, names: list[str], folder: Path, print_line: Print) -> None:
        """Build the missing programs.

        Parallel builds wait for each other; a program is complete or absent.
        """
        go = find_go(f"to build {', '.join(names)}")
        with locked("build"):
            missing = [name for name in names if not (folder / name).is_file()]
            if not missing:
                return
            for leftover in cache_folder().glob(f"{_BUILD_PREFIX}*"):  # of a build that was killed
                shutil.rmtree(leftover, ignore_errors=True)
            folder.mkdir(exist_ok=True)
            beginning = f"Building {', '.join(missing)}: a few minutes, once, and again when their pins change."
            with timed(print_line, beginning, "Built"), tempfile.TemporaryDirectory(dir=cache_folder(), prefix=_BUILD_PREFIX) as place:
                module = self._complete(go, Path(place))
                for group in self._group(missing):
                    self._compile(go, module, group, Path(place))
                    for name in group:
                        (Path(place) / _output_name(self.packages[name])).rename(folder / name)

    def _group(self, names: list[str]) -> list[list[str]]:
        """Divide programs into lists in which Go's output names differ."""
        groups: list[list[str]] = []
        for name in names:
            output = _output_name(self.packages[name])
            free = (group for group in groups if all(_output_name(self.packages[each]) != output for each in group))
            if (group := next(free, None)) is not None:
                group.append(name)
            else:
                groups.append([name])
        return groups

    def _complete(self, go: str, place: Path) -> Path:
        """Return the folder of the module, completed if a module is copied into it."""
        if self.copied is None:
            return self.module
        module = shutil.copytree(self.module, place / "module")
        self.copied.copy(go, module)
        return module

    def _compile(self, go: str, module: Path, names: list[str], place: Path) -> None:
        environment = {**os.environ, "CGO_ENABLED": "0", "GOWORK": "off", "GOFLAGS": "-mod=readonly -trimpath -buildvcs=false"}
        link = " ".join(["-s", "-w", *(f"-X {variable}" for variable in self.link)])
        # One command for a list, so that Go compiles and links on every core.
        tags = [f"-tags={','.join(self.tags)}"] if self.tags else []
        command = [go, "build", "-ldflags", link, *tags, "-o", f"{place}/", *(self.packages[name] for name in names)]
        done = subprocess.run(command, cwd=module, env=environment, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise RuntimeError(f"{' '.join(command)} failed:\n{done.stderr[-4000:]}")


def _output_name(package: str) -> str:
    """Return Go's name of the program: the last element of the package, without a version."""
    return next(part for part in reversed(package.split("/")) if not re.fullmatch(r"v\d+", part))
