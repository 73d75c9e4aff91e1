"""Facts of the Kubernetes API in plain Python. Imports nothing of the rest of the package."""
