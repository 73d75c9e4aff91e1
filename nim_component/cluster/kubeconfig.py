"""A kubeconfig: where it is, and what it says, as Pulumi's provider and kubectl read it."""

import json
import os
import re
from importlib.util import find_spec
from pathlib import Path
from typing import cast

from .objects import Object, items_at, mapping_at, text_at

_EXEC_V1 = "client.authentication.k8s.io/v1"


class NoClusterError(Exception):
    """There is no kubeconfig, or it says nothing that can be used."""


def is_installed() -> bool:
    """Whether the Kubernetes client is: the extra `diagnose`."""
    return find_spec("lightkube") is not None


def read_kubeconfig(given: str | None) -> tuple[Object | None, Path | None]:
    """The content, and the file that relative paths in it are relative to. None: a pod's own account."""
    import yaml

    text = given if given is not None else os.environ.get("KUBECONFIG") or None
    if text is not None and re.search(r"[\n{]", text):  # as Pulumi's provider: the content itself, or where it is
        return _with_exec(yaml.safe_load(text)), None
    default = Path("~/.kube/config").expanduser()
    paths = [Path(each).expanduser() for each in text.split(os.pathsep) if each] if text else [default]
    there = [path for path in paths if path.is_file()]
    if not there:
        if text is None and "KUBERNETES_SERVICE_HOST" in os.environ:
            return None, None
        raise NoClusterError(f"there is no kubeconfig ({os.pathsep.join(map(str, paths))})")
    contents: list[Object] = [cast("Object | None", yaml.safe_load(path.read_text(encoding="utf-8"))) or Object() for path in there]
    merged: Object = {}
    for part in ("clusters", "contexts", "users"):
        # As kubectl: what comes first wins.
        merged[part] = list({text_at(item, "name"): item for content in reversed(contents) for item in items_at(content, part)}.values())
    merged["current-context"] = next((current for content in contents if (current := text_at(content, "current-context"))), None)
    return _with_exec(merged), there[0]


def _with_exec(config: Object) -> Object:
    """Log-in programs of the API's version 1, which lightkube does not know by that name: they answer the same."""
    for user in items_at(config, "users"):
        program = mapping_at(user, "user", "exec")
        if program:
            version = program.get("apiVersion")
            info = json.dumps({"apiVersion": version, "kind": "ExecCredential", "spec": {"interactive": False}})
            program["env"] = [*items_at(program, "env"), {"name": "KUBERNETES_EXEC_INFO", "value": info}]
            if version == _EXEC_V1:
                program["apiVersion"] = f"{_EXEC_V1}beta1"
    return config
