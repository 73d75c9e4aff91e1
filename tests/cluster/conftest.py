"""Fixtures of this folder. Other folders import them in the same way."""

import pytest

from .fixtures import cluster, control_plane, crds, make_namespace, namespace, nodes

pytest.register_assert_rewrite("tests.cluster.drift")

__all__ = ["cluster", "control_plane", "crds", "make_namespace", "namespace", "nodes"]
