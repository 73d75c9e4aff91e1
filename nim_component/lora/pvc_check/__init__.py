"""Comparison of a PVC with the lock file, by a short-lived Job in the cluster."""
