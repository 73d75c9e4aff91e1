pod := input.review.object

containers[container] {
  container := pod.spec[field][_]
  field == {"containers", "initContainers", "ephemeralContainers"}[_]
}

# Value of a security field: that of the container, or else of the pod.
effective(container, field) = value {
  value := container.securityContext[field]
}

effective(container, field) = value {
  not has(container, field)
  value := pod.spec.securityContext[field]
}

has(container, field) {
  _ = container.securityContext[field]
}
