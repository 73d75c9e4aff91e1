"""Servers on the loopback interface."""

import socket

ADDRESS = "127.0.0.1"


def listens(port: int) -> bool:
    """Return whether a process listens on a port."""
    with socket.socket() as client:
        return client.connect_ex((ADDRESS, port)) == 0
