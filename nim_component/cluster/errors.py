"""Errors of requests to an API server."""


class RefusedError(Exception):
    """A request that the server does not allow; `status` is 401 or 403."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status


class UnreachableError(Exception):
    """A server that does not answer, or a response that cannot be used."""


class MissingError(Exception):
    """An object or a kind that does not exist."""


class GoneError(Exception):
    """A resource version that is too old to continue a watch from."""
