"""Security contexts that pass Pod Security `restricted`."""

import pulumi_kubernetes as k8s

from ..args import NIM


def render_pod_context(nim: NIM) -> "k8s.core.v1.PodSecurityContextArgsDict":
    """Render the context of a pod.

    An id that is None is left out, and the cluster sets it: OpenShift takes it from the range of
    the namespace. With `OnRootMismatch`, Kubernetes does not change the owner of each file of a 100
    GB cache at every start.
    """
    context: k8s.core.v1.PodSecurityContextArgsDict = {"run_as_non_root": True, "seccomp_profile": {"type": "RuntimeDefault"}}
    if nim.run_as_user is not None:
        context["run_as_user"] = nim.run_as_user
    if nim.run_as_group is not None:
        context["run_as_group"] = nim.run_as_group
    if nim.fs_group is not None:
        context |= {"fs_group": nim.fs_group, "fs_group_change_policy": "OnRootMismatch"}
    return context


def render_container_context() -> "k8s.core.v1.SecurityContextArgsDict":
    """Render the context of a container with a writable root file system.

    NIM writes to nine directories outside its volumes.
    """
    return {"allow_privilege_escalation": False, "capabilities": {"drop": ["ALL"]}}


def render_read_only_context() -> "k8s.core.v1.SecurityContextArgsDict":
    """Render the context of a container that writes only to its volumes."""
    return {**render_container_context(), "read_only_root_filesystem": True}
