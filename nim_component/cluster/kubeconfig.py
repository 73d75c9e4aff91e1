"""Location and content of a kubeconfig, read as Pulumi's provider and kubectl read it."""

import json
import os
import re
from importlib.util import find_spec
from pathlib import Path
from typing import cast

from .objects import Object, items_at, mapping_at, text_at

_EXEC_V1 = "client.authentication.k8s.io/v1"


class NoClusterError(Exception):
    """A kubeconfig that is missing or cannot be used."""


def is_installed() -> bool:
    """Return True if the Kubernetes client, the extra `diagnose`, is installed."""
    return find_spec("lightkube") is not None


def read_kubeconfig(kubeconfig: str | None) -> tuple[Object | None, Path | None]:
    """Return the content, and the file that its relative paths refer to.

    The content is None in a pod without a kubeconfig: its service account is used. Several files
    are merged like kubectl merges them: the first file wins.

    Args:
        kubeconfig: Text or path of a kubeconfig, as in Pulumi's provider. By default `KUBECONFIG`,
            else `~/.kube/config`.

    Raises:
        NoClusterError: No file exists.
    """
    import yaml

    given = kubeconfig if kubeconfig is not None else os.environ.get("KUBECONFIG") or None
    if given is not None and re.search(r"[\n{]", given):
        return _adapt_exec_plugins(yaml.safe_load(given)), None
    default = Path("~/.kube/config").expanduser()
    paths = [Path(each).expanduser() for each in given.split(os.pathsep) if each] if given else [default]
    existing = [path for path in paths if path.is_file()]
    if not existing:
        if given is None and "KUBERNETES_SERVICE_HOST" in os.environ:
            return None, None
        raise NoClusterError(f"there is no kubeconfig ({os.pathsep.join(map(str, paths))})")
    contents: list[Object] = [cast("Object | None", yaml.safe_load(path.read_text(encoding="utf-8"))) or Object() for path in existing]
    merged: Object = {}
    for section in ("clusters", "contexts", "users"):
        entries = [item for content in reversed(contents) for item in items_at(content, section)]
        merged[section] = list({text_at(item, "name"): item for item in entries}.values())
    merged["current-context"] = next((current for content in contents if (current := text_at(content, "current-context"))), None)
    return _adapt_exec_plugins(merged), existing[0]


def _adapt_exec_plugins(config: Object) -> Object:
    """Declare exec credential plugins of API version v1 as v1beta1.

    lightkube supports only v1beta1; both versions have the same response.
    """
    for user in items_at(config, "users"):
        plugin = mapping_at(user, "user", "exec")
        if plugin:
            version = plugin.get("apiVersion")
            info = json.dumps({"apiVersion": version, "kind": "ExecCredential", "spec": {"interactive": False}})
            plugin["env"] = [*items_at(plugin, "env"), {"name": "KUBERNETES_EXEC_INFO", "value": info}]
            if version == _EXEC_V1:
                plugin["apiVersion"] = f"{_EXEC_V1}beta1"
    return config
