"""Looks at a claim from inside the cluster: a short-lived Job compares what lies on it with the lock file."""
