"""Sources of a change: two renders by the local engine, or a preview by the Pulumi CLI."""
