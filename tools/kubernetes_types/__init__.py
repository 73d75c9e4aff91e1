"""Generator of the serialisation table of the local engine."""
