"""The API server, written to: two objects that are made, and removed again."""

import json
from typing import Any

from ..text.sanitizing import sanitize
from .client import ClusterClient, MissingError, RefusedError, UnreachableError
from .objects import Object, text_at


class RejectedError(UnreachableError):
    """The server does not take what it was sent, and says why."""


class WritingClient(ClusterClient):
    """A connection that may make and remove."""

    async def create(self, path: str, body: Object) -> Object:
        """Makes an object; what the server does not know in it is an error. It gives what was made."""
        return self._decode(await self._send("POST", path, {"fieldValidation": "Strict"}, 30, body))

    async def remove(self, path: str) -> None:
        """Removes an object and, in the background, what belongs to it."""
        await self._send("DELETE", path, {"propagationPolicy": "Background"}, 10)

    def _raise_for_status(self, answer: Any) -> None:
        if answer.status_code in (400, 409, 422):
            raise RejectedError(_message_of(answer))
        try:
            super()._raise_for_status(answer)
        except RefusedError as error:
            raise RefusedError(error.status, _message_of(answer)) from None
        except MissingError:
            raise MissingError(_message_of(answer)) from None


def _message_of(answer: Any) -> str:
    """The message of a Kubernetes `Status`, as one sanitize line."""
    try:
        status: Any = json.loads(answer.text)
    except ValueError:  # no answer of an API server
        status = None
    return sanitize(text_at(status, "message") or answer.text)
