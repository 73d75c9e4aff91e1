"""Pulumi provider of the component, for programs in every Pulumi language."""
