"""Reasons why the API server cannot call an admission webhook."""

import re

_REPAIR = "Repair or restart the webhook's server. The service is not the cause."
_FAILURES = (
    (
        r"no endpoints available for service|service \"[^\"]+\" not found|connect(?:ion)?:? (?:connection )?refused",
        "its server does not run",
        "Start the pods of the webhook's server, or delete its webhook configuration if it was removed. The service is not the cause.",
    ),
    (
        r"x509: |tls: ",
        "its certificate is not accepted",
        "Renew the webhook's certificate and the caBundle of its configuration. The service is not the cause.",
    ),
    (
        r"context deadline exceeded|Client\.Timeout exceeded|i/o timeout|TLS handshake timeout|request canceled|no route to host",
        "it does not answer in time",
        "Check the pods of the webhook's server, and the firewall between the API server and the nodes for its port.",
    ),
    (
        r"no such host|lookup ",
        "its name cannot be resolved",
        "Check the DNS of the API server, and the address in the webhook's configuration.",
    ),
)
"""Ends of the messages, each with its meaning and its fix."""


def describe_failure(message: str) -> tuple[str, str]:
    """Return the meaning and the fix of a failed call, by its message without the name."""
    tail = re.sub(r"\"https?://[^\"]*\"|https?://\S+", "", message)
    return next(((text, fix) for pattern, text, fix in _FAILURES if re.search(pattern, tail)), ("see the evidence", _REPAIR))
