"""Comment with the review of a change. Runs only code of the default branch."""
