"""Progress report for `pulumi up`: hooks, reporter, phase log."""
