"""LoRA adapters outside the pod: lock file, resolution on the hub, and comparison of a PVC."""
