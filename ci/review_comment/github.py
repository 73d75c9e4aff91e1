"""Pull requests, artifacts, comments and statuses on GitHub."""

from __future__ import annotations

import re
import urllib.parse
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .artifacts import MAX_ZIP, read_single_file
from .client import Client, RequestError
from .report import MARKER, NotReviewedError, parse_commit

STATUS = "nim-component review"
"""Name of the commit status. A rule of the repository can require it."""
MAX_LISTED = 3000
"""Files that the API lists."""


@dataclass(frozen=True)
class Pull:
    """Open pull request."""

    number: int
    head: str
    base_ref: str


class GitHub:
    """Client for one repository.

    Workflows set GITHUB_API_URL, GITHUB_REPOSITORY and GITHUB_SERVER_URL. GITHUB_TOKEN is the token
    of the job.
    """

    def __init__(self, environment: Mapping[str, str]) -> None:
        repository = environment["GITHUB_REPOSITORY"]
        if not re.fullmatch(r"[A-Za-z0-9._-]+/[A-Za-z0-9._-]+", repository):
            raise RequestError("GITHUB_REPOSITORY: not the name of a repository. Set it to owner/name.")
        headers = {"Authorization": f"Bearer {environment['GITHUB_TOKEN']}", "Accept": "application/vnd.github+json"}
        self.client = Client(environment["GITHUB_API_URL"], headers)
        self.path = f"/repos/{repository}"
        self.web = f"{environment.get('GITHUB_SERVER_URL', 'https://github.com')}/{repository}"
        self.author = environment.get("REVIEW_AUTHOR") or "github-actions[bot]"

    def pulls(self, head: str) -> list[Pull]:
        """Return every open pull request with this head, also from forks."""
        found = self.client.pages(f"{self.path}/pulls?state=open")
        return [Pull(int(each["number"]), head, str(each["base"]["ref"])) for each in found if each["head"]["sha"] == head]

    def has_head(self, pull: Pull) -> bool:
        """Return true if the pull request is open and still has its head."""
        found = self.client.request("GET", f"{self.path}/pulls/{pull.number}")
        return found["state"] == "open" and found["head"]["sha"] == pull.head

    def merge_base(self, pull: Pull) -> str:
        """Return the commit where the head left the branch that it is merged into."""
        base = urllib.parse.quote(pull.base_ref, safe="")
        found = self.client.request("GET", f"{self.path}/compare/{base}...{pull.head}?per_page=1")
        return parse_commit(found["merge_base_commit"]["sha"], "the merge base")

    def changed_files(self, pull: Pull) -> list[str] | None:
        """Return the changed files, also by their former names; None if some are missing."""
        entries = list(self.client.pages(f"{self.path}/pulls/{pull.number}/files"))
        count = self.client.request("GET", f"{self.path}/pulls/{pull.number}").get("changed_files")
        if len(entries) != count or len(entries) >= MAX_LISTED:
            return None
        return [str(each[key]) for each in entries for key in ("filename", "previous_filename") if each.get(key)]

    def download(self, run: str, name: str, file: str) -> bytes | None:
        """Return the file in an artifact of a run; None without such an artifact."""
        listed = self.client.request("GET", f"{self.path}/actions/runs/{run}/artifacts?name={name}&per_page=100")
        found = [each for each in listed["artifacts"] if each["name"] == name and not each["expired"]]
        if not found:
            return None
        newest = max(found, key=lambda each: int(each["id"]))
        if newest["size_in_bytes"] > MAX_ZIP:
            raise NotReviewedError(f"the artifact {name} is larger than {MAX_ZIP} bytes")
        return read_single_file(self.client.download(f"{self.path}/actions/artifacts/{int(newest['id'])}/zip", MAX_ZIP), file)

    def own_comments(self, pull: Pull) -> list[dict[str, Any]]:
        """Return the comments of this program. Other accounts may copy the marker."""
        found = self.client.pages(f"{self.path}/issues/{pull.number}/comments")
        return [each for each in found if (each["user"] or {}).get("login") == self.author and str(each["body"]).startswith(MARKER)]

    def comment(self, pull: Pull, body: str) -> None:
        """Create the comment, or edit it if its text differs, and delete duplicates."""
        own, *others = self.own_comments(pull) or [None]
        if own is None:
            self.client.request("POST", f"{self.path}/issues/{pull.number}/comments", {"body": body})
        elif str(own["body"]).strip() != body.strip():
            self.client.request("PATCH", f"{self.path}/issues/comments/{int(own['id'])}", {"body": body})
        for each in others:
            self.client.request("DELETE", f"{self.path}/issues/comments/{int(each['id'])}")

    def status(self, head: str, state: str, description: str, log: str) -> None:
        """Set the status of a commit: `pending`, `success` or `failure`."""
        content = {"state": state, "context": STATUS, "description": description[:140], **({"target_url": log} if log else {})}
        self.client.request("POST", f"{self.path}/statuses/{head}", content)
