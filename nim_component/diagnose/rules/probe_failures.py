"""Messages of the kubelet about failed probes, by their kind."""

import re
from typing import Literal, NamedTuple

Kind = Literal["status", "tls", "closed", "reset", "http", "protocol", "refused", "timeout", "other"]
"""Kind of a failure.

`status`: an HTTP status. `tls`: the server answers with TLS. `closed`: it closes the connection
without an answer. `reset`: it resets the connection. `http`: a probe by https, and the server
answers with http. `protocol`: HTTP/2 or another protocol.
"""
_MESSAGE = re.compile(
    r"(?P<probe>Startup|Liveness|Readiness) probe (?:failed|errored(?: and resulted in \w+ state)?): (?P<failure>.*)", re.DOTALL
)
_STATUS = re.compile(r"HTTP probe failed with statuscode: (\d{3})")
_REQUEST = re.compile(r"Get (?:\"[^\"]{0,2000}\"|https?://\S{0,2000}): (?P<error>.*)", re.DOTALL)
_SENTENCES = (
    r"(?:net/http: HTTP/1\.x transport connection broken: )?malformed HTTP (?:response|status code) \"\\x15\\x03.{0,400}",
    r"(?:http: )?server gave HTTP response to HTTPS client",
    r"tls: first record does not look like a TLS handshake",
)
"""Whole errors of the HTTP client about TLS."""
_ERRORS: tuple[tuple[Kind, str], ...] = (
    ("tls", r"malformed HTTP (?:response|status code) \"\\x15\\x03|Client sent an HTTP request to an HTTPS server"),
    ("http", r"server gave HTTP response to HTTPS client|first record does not look like a TLS handshake"),
    ("protocol", r"malformed HTTP (?:response|status code|version)|frame too large"),
    ("closed", r"\AEOF\Z|\bunexpected EOF\Z"),
    ("reset", r"connection reset by peer\Z|\bserver closed idle connection\Z"),
    ("refused", r"connect: connection refused\Z|\Adial tcp: connection refused\Z"),
    ("timeout", r"deadline exceeded|Client\.Timeout exceeded|i/o timeout|request canceled"),
)
"""Errors of the HTTP client, after the url."""


class ProbeFailure(NamedTuple):
    """One failure of a probe."""

    probe: str
    """`Startup`, `Liveness`, `Readiness`, or empty if the message names none."""
    kind: Kind
    status: int
    """HTTP status, or 0."""
    is_whole: bool = False
    """True if the whole error is a known sentence."""


def read_failure(message: str) -> ProbeFailure:
    """Return the failure of a message of the kubelet."""
    match = _MESSAGE.fullmatch(message.strip())
    probe, failure = (match["probe"], match["failure"].strip()) if match else ("", message.strip())
    if status := _STATUS.fullmatch(failure):
        return ProbeFailure(probe, "status", int(status[1]), is_whole=True)
    request = _REQUEST.fullmatch(failure)
    error = (request["error"] if request else failure).strip()
    for kind, pattern in _ERRORS:
        if re.search(pattern, error):
            return ProbeFailure(probe, kind, 0, any(re.fullmatch(each, error, re.DOTALL) for each in _SENTENCES))
    return ProbeFailure(probe, "other", 0)
