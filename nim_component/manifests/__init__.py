"""One module per Kubernetes object: pure functions from arguments to typed dicts. No resource is made here."""
