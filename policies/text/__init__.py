"""Copies of modules of `nim_component/text`: the policy pack runs without that package."""
