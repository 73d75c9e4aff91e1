"""Project of the command line tests."""

from collections.abc import Callable
from pathlib import Path
from textwrap import dedent
from typing import NamedTuple

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
"""The secret of the program in base64."""


class Result(NamedTuple):
    code: int
    out: str
    err: str


Command = Callable[..., Result]


def write(folder: Path, path: str, text: str) -> None:
    file = folder / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(dedent(text))


def snapshot(folder: Path) -> dict[str, str]:
    return {
        str(file.relative_to(folder)): file.read_text() for file in sorted(folder.rglob("*")) if file.is_file() and file.suffix != ".pyc"
    }
