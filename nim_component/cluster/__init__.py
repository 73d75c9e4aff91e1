"""Access to a Kubernetes cluster: client, kubeconfig, rate limiter, accessors, scheduling rules."""
