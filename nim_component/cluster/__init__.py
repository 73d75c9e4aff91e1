"""Access to a Kubernetes cluster: client, kubeconfig, rate limiter, object accessors, scheduling rules."""
