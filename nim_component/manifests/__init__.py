"""Rendering: pure functions from arguments to Kubernetes objects, one module per object."""
