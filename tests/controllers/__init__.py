"""Tests with the controllers of the optional objects, as processes beside the control plane."""
