"""Generators of the reference pages in `docs/reference` and of `stacks/schema.json`."""
