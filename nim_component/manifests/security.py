"""Security contexts that pass Pod Security `restricted`."""

import pulumi_kubernetes as k8s

from ..args import NIM


def pod_context(nim: NIM) -> "k8s.core.v1.PodSecurityContextArgsDict":
    """Of the pod. `OnRootMismatch`: a 100 GB cache is not chowned file by file at every start."""
    return {
        "run_as_non_root": True,
        "run_as_user": nim.run_as_user,
        "run_as_group": nim.run_as_group,
        "fs_group": nim.fs_group,
        "fs_group_change_policy": "OnRootMismatch",
        "seccomp_profile": {"type": "RuntimeDefault"},
    }


def container_context() -> "k8s.core.v1.SecurityContextArgsDict":
    """Of a container whose root file system stays writable: NIM writes to nine places outside its volumes."""
    return {"allow_privilege_escalation": False, "capabilities": {"drop": ["ALL"]}}


def read_only_context() -> "k8s.core.v1.SecurityContextArgsDict":
    """Of a container that writes to its volumes only."""
    return {**container_context(), "read_only_root_filesystem": True}
