"""kubectl commands that fixes contain.

They read Secret values from the terminal. No value appears on the screen, in the shell's history or
in the arguments of a process. No value ends in a line feed.
"""

import re
from collections.abc import Sequence
from shlex import quote

NGC_REGISTRY = "nvcr.io"
LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
"""Annotation with the whole object, which `kubectl apply` writes."""
_REGISTRY = re.compile(r"[A-Za-z0-9.\[\]:_-]+")


def create_secret(namespace: str, name: str, keys: Sequence[str]) -> str:
    """Return the command that creates a Secret with some keys."""
    read = f'for key in {" ".join(map(quote, keys))}; do echo "$key:" >&2; read -rs value; printf "%s=%s\\n" "$key" "$value"; done'
    return f"{read} | kubectl -n {namespace} create secret generic {name} --from-env-file=/dev/stdin"


def create_pull_secret(namespace: str, name: str, registry: str) -> str:
    """Return the command that creates a pull Secret. For NGC, the password is an API key."""
    user = "$oauthtoken" if registry == NGC_REGISTRY else "<user>"
    host = registry if _REGISTRY.fullmatch(registry) else "<registry>"
    config = f'{{"auths":{{"{host}":{{"username":"{user}","password":"%s"}}}}}}'
    options = "--type=kubernetes.io/dockerconfigjson --from-file=.dockerconfigjson=/dev/stdin"
    return f"""read -rs key; printf '{config}' "$key" | kubectl -n {namespace} create secret generic {name} {options}"""


def edit_secret(namespace: str, name: str) -> str:
    """Return the command that opens a Secret in an editor."""
    return f"kubectl -n {namespace} edit secret {name}"


def delete_pod(namespace: str, name: str) -> str:
    """Return the command that deletes a pod of a lost node."""
    return f"kubectl -n {namespace} delete pod {name} --force"


def describe(namespace: str, kind: str, name: str) -> str:
    """Return the command that prints an object with its events."""
    return f"kubectl -n {namespace} describe {kind} {name}"


def read_log(namespace: str, pod: str, container: str, *, previous: bool) -> str:
    """Return the command that prints the log of a container.

    Args:
        namespace: Namespace of the pod.
        pod: Name of the pod.
        container: Name of the container.
        previous: True for the run before the last restart.
    """
    return f"kubectl -n {namespace} logs {pod} -c {container}{' --previous' if previous else ''}"
