"""Tests on a real control plane. Its nodes have GPUs and run no containers."""
