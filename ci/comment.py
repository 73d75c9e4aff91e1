"""Puts a report on its pull or merge request: one comment, edited in place. Standard library alone.

    python comment.py FILE        on GitLab, inside of a merge request's pipeline
    python comment.py FILE 12     on GitHub, on pull request 12

The file is text and nothing else: it is checked to be a report, and a comment is edited only if this account wrote it.
"""

import json
import os
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

MARKER = "<!-- nim-component diff -->"
LIMIT = 65_536
"""Characters a comment may have, and bytes that are read at all."""


def main(file: str, number: str = "") -> None:
    """Finds the comment and edits it, or writes a new one."""
    body = read_report(Path(file))
    host = GitHub(number) if number else GitLab()
    own = next((each for each in host.comments() if host.is_own(each) and str(each["body"]).startswith(MARKER)), None)
    if own is None:
        host.request("POST", host.collection, {"body": body})
    elif str(own["body"]).strip() != body.strip():
        host.request("PUT" if isinstance(host, GitLab) else "PATCH", host.address(own), {"body": body})


def read_report(file: Path) -> str:
    """The report, if the file is one: a plain file, not too large, with the marker on its first line."""
    if file.is_symlink() or not file.is_file():
        sys.exit(f"{file}: is no plain file")
    with file.open("rb") as stream:
        raw = stream.read(4 * LIMIT + 1)
    body = raw.decode("utf-8", "replace")
    if len(body) > LIMIT or body.partition("\n")[0] != MARKER:
        sys.exit(f"{file}: is no report of nim-component diff")
    return body


class Host:
    """What both hosts have."""

    root: str
    collection: str
    headers: dict[str, str]

    def request(self, method: str, path: str, content: Any = None) -> Any:
        """One call of the host's API."""
        data = None if content is None else json.dumps(content).encode()
        headers = {**self.headers, "Content-Type": "application/json"}
        with urllib.request.urlopen(urllib.request.Request(self.root + path, data, headers, method=method), timeout=60) as response:
            return json.load(response)

    def comments(self) -> Iterator[dict[str, Any]]:
        """Every comment, page by page."""
        for page in range(1, 101):
            found = self.request("GET", f"{self.collection}?per_page=100&page={page}")
            yield from found
            if len(found) < 100:
                return


class GitHub(Host):
    """GITHUB_TOKEN, GITHUB_REPOSITORY and GITHUB_API_URL, as a workflow has them."""

    def __init__(self, number: str) -> None:
        if not (number.isascii() and number.isdigit() and len(number) < 10):
            sys.exit("the pull request's number is none")
        self.root = os.environ["GITHUB_API_URL"]
        self.repository = f"/repos/{os.environ['GITHUB_REPOSITORY']}"
        self.collection = f"{self.repository}/issues/{number}/comments"
        self.headers = {"Authorization": f"Bearer {os.environ['GITHUB_TOKEN']}", "Accept": "application/vnd.github+json"}

    def is_own(self, comment: dict[str, Any]) -> bool:
        """Whether a workflow of this repository wrote it: anybody may write the marker."""
        return bool(comment["user"]) and comment["user"]["login"] == os.environ.get("REVIEW_AUTHOR", "github-actions[bot]")

    def address(self, comment: dict[str, Any]) -> str:
        """Where a comment is edited."""
        return f"{self.repository}/issues/comments/{comment['id']}"


class GitLab(Host):
    """REVIEW_TOKEN, and what a merge request's pipeline has."""

    def __init__(self) -> None:
        self.root = os.environ["CI_API_V4_URL"]
        request = os.environ["CI_MERGE_REQUEST_IID"]
        self.collection = f"/projects/{os.environ['CI_MERGE_REQUEST_PROJECT_ID']}/merge_requests/{request}/notes"
        self.headers = {"PRIVATE-TOKEN": os.environ["REVIEW_TOKEN"]}
        self.account = self.request("GET", "/user")["id"]

    def is_own(self, comment: dict[str, Any]) -> bool:
        """Whether the token's account wrote it."""
        return comment["author"]["id"] == self.account

    def address(self, comment: dict[str, Any]) -> str:
        """Where a comment is edited."""
        return f"{self.collection}/{comment['id']}"


if __name__ == "__main__":
    main(*sys.argv[1:])
