"""Client of a Kubernetes API server that creates, changes and deletes objects."""

from typing import Any

from ..text.sanitizing import sanitize
from .client import ClusterClient
from .errors import MissingError, RefusedError, UnreachableError
from .json_values import decode_json
from .objects import Object, text_at
from .responses import Response

_MERGE_PATCH = {"Content-Type": "application/merge-patch+json"}


class RejectedError(UnreachableError):
    """An object that the server rejects; the text is the server's message."""


class WritingClient(ClusterClient):
    """A connection that can create, change and delete objects."""

    async def create(self, path: str, body: Object) -> Object:
        """Create an object and return it. An unknown field is an error."""
        return (await self._send("POST", path, {"fieldValidation": "Strict"}, 30, body)).decode()

    async def patch(self, path: str, body: Object, manager: str) -> Object:
        """Change an object by a JSON merge patch, as a field manager, and return it."""
        return (await self._send("PATCH", path, {"fieldManager": manager}, 10, body, _MERGE_PATCH)).decode()

    async def remove(self, path: str) -> None:
        """Delete an object and, in the background, its dependents."""
        await self._send("DELETE", path, {"propagationPolicy": "Background"}, 10)

    def _raise_for_status(self, response: Response) -> None:
        if response.status in (400, 409, 422):
            raise RejectedError(_message_of(response))
        try:
            super()._raise_for_status(response)
        except RefusedError as error:
            raise RefusedError(error.status, _message_of(response)) from None
        except MissingError:
            raise MissingError(_message_of(response)) from None


def _message_of(response: Response) -> str:
    """Return the message of a Kubernetes `Status`, sanitized, in one line."""
    try:
        status: Any = decode_json(response.body)
    except ValueError:  # the response of a proxy or a load balancer
        status = None
    return sanitize(text_at(status, "message") or response.text)
