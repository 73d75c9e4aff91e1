"""Refusals of the hub, and failed connections: what no retry changes, with its fix."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from .adapter_list import GRAMMAR, AdapterSpec
from .outcome import LoadError

MESSAGES = (
    ("fine-grained token", "gated", "the repo is gated, and the fine-grained token may not read gated repos",
     "Enable public gated repositories in the settings of the token, or use a token of type read"),
    ("awaiting a review", "gated", "the repo is gated, and the request for access awaits a review by its authors",
     "Start again after their approval"),
    ("has been rejected", "gated", "the repo is gated, and its authors rejected the request for access",
     "Use the token of an account with access, or another adapter"),
    ("has been reset", "gated", "the repo is gated, and its authors reset the request for access",
     "Request access again on its page with the account of the token"),
    ("Access to this resource is disabled", "disabled", "the hub disabled the repo", "See its page for the reason, or use another adapter"),
    ("Invalid credentials in Authorization header", "unauthorized", "the token is invalid or expired", "Renew it in its Secret"),
)  # fmt: skip
"""Parts of the hub's `X-Error-Message`: kind of failure, problem and fix."""
AUTHORITY = re.compile(r"self.signed certificate|unable to get (?:local )?issuer certificate", re.I)
"""OpenSSL's texts for a certificate of an unknown authority."""
ADD_AUTHORITY = "Add the certificate of the authority of your proxy or mirror with network.ca_config_map (outside of a pod: SSL_CERT_FILE)"


@dataclass(frozen=True)
class Refusal:
    """Response of failure, without its body, which may be endless."""

    status: int
    code: str
    """The hub's `X-Error-Code`."""
    message: str
    """The hub's `X-Error-Message`."""
    host: str
    """Host that responded: the hub, or a host to which it redirects."""
    renamed: str = ""
    """New name of the repository, to which the hub redirects."""


def read_refusal(answer: Any, spec: AdapterSpec) -> Refusal:
    """Return the parts of a response that decide the error."""
    code, message = (str(answer.headers.get(name) or "").strip() for name in ("X-Error-Code", "X-Error-Message"))
    return Refusal(answer.status_code, code, message, answer.url.host, find_renamed(answer, spec))


def find_renamed(answer: Any, spec: AdapterSpec) -> str:
    """Return the new name of a repository to which the hub redirects; empty without one."""
    for url in [each.url for each in answer.history[1:]] + [answer.url] if answer.history else []:
        found = re.search(r"(?:/api/models)?/([^/]+/[^/]+)/(?:resolve|revision)/", url.path)
        if url.host == answer.history[0].url.host and found and found[1] != spec.repo_id and GRAMMAR["repo_id"].fullmatch(found[1]):
            return found[1]
    return ""


def explain_refusal(spec: AdapterSpec, refusal: Refusal, hub: str, has_token: bool, path: str = "") -> LoadError:
    """Return the error for a response that no retry can change; `path` is the requested file."""
    status, code = refusal.status, refusal.code
    token = "" if has_token else "set a token (hf_token_key)"
    about = f"{spec}: " + (f"it was renamed to {refusal.renamed}; " if refusal.renamed else "")
    for part, kind, problem, fix in MESSAGES:
        if part in refusal.message:
            return LoadError(kind, f"{about}{problem} ({status}). {fix}")
    if not code and not is_hub(refusal.host, hub):
        return LoadError("hub", f"{about}{refusal.host}, to which the hub redirects, returned {status}. {allow_host(refusal.host)}")
    if code == "GatedRepo":
        fix = "Accept its terms on its page with the account of the token" + (f", and {token}" if token else "")
        return LoadError("gated", f"{about}the repo is gated ({status}). {fix}")
    if status == 401 and token:
        return LoadError("unauthorized", f"{about}private or missing, and no token is set (401). Check the repo id, or {token}")
    if status == 401:
        return LoadError("unauthorized", f"{about}the hub refused the token (401). Renew it in its Secret, or check the repo id")
    if status == 403:
        quoted = f", with the message {refusal.message[:200]!a}" if refusal.message else ""
        return LoadError("gated", f"{about}access denied (403{quoted}). {token.capitalize() or 'Give the token read access to this repo'}")
    again = "Lock it again: nim-component adapters lock --upgrade" if spec.locked else ""
    if status == 404 and code == "RevisionNotFound":
        what = f"commit {spec.revision}, which is locked; its history was rewritten" if again else f"revision {spec.revision}"
        return LoadError("not-found", f"{about}the repo has no {what} (404). {again or 'Correct the revision'}")
    if status == 404 and code == "EntryNotFound":
        return LoadError("no-match", f"{about}the commit exists, and has no file {path} (404). {again or 'Correct its files'}")
    if status == 404:
        fix = f"Correct the repo id, or {token or 'give the token access to it'}"
        return LoadError("not-found", f"{about}no such repo, or a private one ({code or '404'}). {fix}")
    return LoadError("hub", f"{about}{refusal.host} returned {status} {code}. Check HF_ENDPOINT and proxy")


def is_hub(host: str, hub: str) -> bool:
    """Return True if a host is that of the hub, whose address may contain a port."""
    return urlsplit(f"//{hub}").hostname == host


def find_host(error: BaseException, hub: str) -> str:
    """Return the address to which a failed request was sent; the hub's if it is unknown."""
    try:
        host = str(error.request.url.host)  # type: ignore[attr-defined]
    except (AttributeError, RuntimeError):
        return hub
    return hub if is_hub(host, hub) else host


def allow_host(host: str) -> str:
    """Return the fix of a blocked host that is not the hub's."""
    return f"Allow {host} in the proxy, firewall and network policy"


def explain_certificate(spec: AdapterSpec, error: BaseException, hub: str) -> LoadError | None:
    """Return the error for a certificate that is not trusted; None for another failure."""
    if "CERTIFICATE_VERIFY_FAILED" not in str(error):
        return None
    host = find_host(error, hub)
    if AUTHORITY.search(str(error)):
        return LoadError("certificate", f"{spec}: the certificate of {host} has an unknown authority. {ADD_AUTHORITY}")
    return LoadError("certificate", f"{spec}: the certificate of {host} is not valid ({str(error)[:200]}). Check it and the node's clock")
