"""Errors of requests to an API server."""


class ClusterError(Exception):
    """A request that was not successful. Base class of the others."""


class RefusedError(ClusterError):
    """A request that the server does not allow; `status` is 401 or 403."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status


class UnreachableError(ClusterError):
    """A server that does not answer, or a response that cannot be used."""


class OversizedError(UnreachableError):
    """A response that exceeds a limit, which no answer of an API server does."""


class FailedRequestError(UnreachableError):
    """A response that reports a failure; `status` is the HTTP status.

    429 and 503 are those of a server that starts or is overloaded.
    """

    def __init__(self, status: int) -> None:
        super().__init__(f"status {status}")
        self.status = status


class MissingError(ClusterError):
    """An object or a kind that does not exist."""


class GoneError(ClusterError):
    """A resource version that is too old to continue a watch from."""
