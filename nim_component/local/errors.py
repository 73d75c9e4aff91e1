"""Errors that are the user's to mend: the command line prints their text alone, never a traceback."""


class LocalError(Exception):
    """Something the user can mend. The text names the file or resource, the key, the rule and the remedy."""
