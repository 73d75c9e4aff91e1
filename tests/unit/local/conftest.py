"""Small projects for the tests of the local engine."""

from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

import pytest

Project = Callable[..., Path]


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """Return a function that creates a project and returns its folder.

    Example: `project("program", **{"Pulumi.dev.yaml": "config: …"})`.
    """

    def make(program: str = "", name: str = "demo", folder: str = "project", **files: str) -> Path:
        root = tmp_path / folder
        root.mkdir(exist_ok=True)
        contents = {"Pulumi.yaml": f"name: {name}\nruntime: python\n", "__main__.py": program, **files}
        for path, text in contents.items():
            file = root / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(dedent(text))
        return root

    return make
