"""Merge request and its comment on GitLab."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .client import Client
from .report import MARKER


class GitLab:
    """Client for the merge request of a pipeline.

    Pipelines of merge requests set all variables except REVIEW_TOKEN.
    """

    def __init__(self, environment: Mapping[str, str]) -> None:
        self.client = Client(environment["CI_API_V4_URL"], {"PRIVATE-TOKEN": environment["REVIEW_TOKEN"]})
        project, number = int(environment["CI_MERGE_REQUEST_PROJECT_ID"]), int(environment["CI_MERGE_REQUEST_IID"])
        self.path = f"/projects/{project}/merge_requests/{number}"
        self.merge_request: dict[str, Any] = {}

    def load(self) -> None:
        """Read the merge request."""
        self.merge_request = self.client.request("GET", self.path)

    @property
    def head(self) -> str:
        """Head commit."""
        return str(self.merge_request["sha"])

    @property
    def base(self) -> str:
        """Commit where the branch left the target branch."""
        return str(self.merge_request["diff_refs"]["base_sha"])

    def changed_files(self) -> list[str] | None:
        """Return the changed files, also by their former names; None if some are missing."""
        entries = list(self.client.pages(f"{self.path}/diffs"))
        if str(len(entries)) != str(self.merge_request.get("changes_count")):
            return None
        return [str(each[key]) for each in entries for key in ("new_path", "old_path")]

    def own_comments(self) -> list[dict[str, Any]]:
        """Return the comments of this program. Other accounts may copy the marker."""
        account = self.client.request("GET", "/user")["id"]
        found = self.client.pages(f"{self.path}/notes")
        return [each for each in found if each["author"]["id"] == account and str(each["body"]).startswith(MARKER)]

    def comment(self, body: str) -> None:
        """Create the comment, or edit it if its text differs, and delete duplicates."""
        own, *others = self.own_comments() or [None]
        if own is None:
            self.client.request("POST", f"{self.path}/notes", {"body": body})
        elif str(own["body"]).strip() != body.strip():
            self.client.request("PUT", f"{self.path}/notes/{int(own['id'])}", {"body": body})
        for each in others:
            self.client.request("DELETE", f"{self.path}/notes/{int(each['id'])}")
