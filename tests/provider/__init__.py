"""Provider of the component for other Pulumi languages."""
