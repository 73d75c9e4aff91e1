"""The fixtures of this folder; others import them in the same way."""

from .fixtures import cluster, control_plane, crds, make_namespace, namespace, nodes

__all__ = ["cluster", "control_plane", "crds", "make_namespace", "namespace", "nodes"]
