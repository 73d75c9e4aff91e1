"""A real control plane, with nodes that have GPUs and run nothing, and what is shown on it."""
