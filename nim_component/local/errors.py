"""Errors that users can fix. The command line prints their text without a traceback."""


class LocalError(Exception):
    """Error in a project, a stack file or a program.

    The text has the form `<path>: <problem>. <fix>`; the path is a file, a field or the URN of a
    resource.
    """


class UnsupportedError(LocalError):
    """A feature of Pulumi that the local engine lacks. The update itself need not fail."""
