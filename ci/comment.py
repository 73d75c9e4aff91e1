"""Post a report as a comment on a pull request or merge request. An existing comment is edited.

    python comment.py FILE        on GitLab, in a pipeline of a merge request
    python comment.py FILE 12     on GitHub, on pull request 12

Only the standard library is used. The file is untrusted: it must be a report, and it is posted as
text. A comment is edited only if this account wrote it.
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
"""Characters of a comment on GitHub."""


def main(file: str, number: str = "") -> None:
    """Create the comment, or edit it if its text differs."""
    body = read_report(Path(file))
    host = GitHub(number) if number else GitLab()
    own = next((each for each in host.comments() if host.is_own(each) and str(each["body"]).startswith(MARKER)), None)
    if own is None:
        host.request("POST", host.collection, {"body": body})
    elif str(own["body"]).strip() != body.strip():
        host.request("PUT" if isinstance(host, GitLab) else "PATCH", host.path(own), {"body": body})


def read_report(file: Path) -> str:
    """Return the text of a regular file of limited size with the marker as first line."""
    if file.is_symlink() or not file.is_file():
        sys.exit(f"{file}: not a regular file. Pass the file that `nim-component diff --format markdown` printed.")
    with file.open("rb") as stream:
        raw = stream.read(4 * LIMIT + 1)
    body = raw.decode("utf-8", "replace")
    if len(body) > LIMIT or body.partition("\n")[0] != MARKER:
        sys.exit(f"{file}: not a report. Pass the file that `nim-component diff --format markdown` printed.")
    return body


class Host:
    """Client for the comments of one pull request."""

    root: str
    collection: str
    """Path of all comments."""
    headers: dict[str, str]

    def request(self, method: str, path: str, content: Any = None) -> Any:
        """Send a request and return the JSON of the response."""
        data = None if content is None else json.dumps(content).encode()
        headers = {**self.headers, "Content-Type": "application/json"}
        with urllib.request.urlopen(urllib.request.Request(self.root + path, data, headers, method=method), timeout=60) as response:
            return json.load(response)

    def comments(self) -> Iterator[dict[str, Any]]:
        """Yield all comments, page by page."""
        for page in range(1, 101):
            found = self.request("GET", f"{self.collection}?per_page=100&page={page}")
            yield from found
            if len(found) < 100:
                return


class GitHub(Host):
    """Client for GitHub.

    GITHUB_TOKEN, GITHUB_REPOSITORY and GITHUB_API_URL are set in workflows.
    """

    def __init__(self, number: str) -> None:
        if not (number.isascii() and number.isdigit() and len(number) < 10):
            sys.exit("NUMBER: not a number of a pull request. Pass digits only.")
        self.root = os.environ["GITHUB_API_URL"]
        self.repository = f"/repos/{os.environ['GITHUB_REPOSITORY']}"
        self.collection = f"{self.repository}/issues/{number}/comments"
        self.headers = {"Authorization": f"Bearer {os.environ['GITHUB_TOKEN']}", "Accept": "application/vnd.github+json"}

    def is_own(self, comment: dict[str, Any]) -> bool:
        """Return true for a comment by a workflow of this repository.

        Other accounts may copy the marker.
        """
        return bool(comment["user"]) and comment["user"]["login"] == os.environ.get("REVIEW_AUTHOR", "github-actions[bot]")

    def path(self, comment: dict[str, Any]) -> str:
        """Return the path of one comment."""
        return f"{self.repository}/issues/comments/{comment['id']}"


class GitLab(Host):
    """Client for GitLab.

    REVIEW_TOKEN is set by the project, the rest in pipelines of merge requests.
    """

    def __init__(self) -> None:
        self.root = os.environ["CI_API_V4_URL"]
        merge_request = os.environ["CI_MERGE_REQUEST_IID"]
        self.collection = f"/projects/{os.environ['CI_MERGE_REQUEST_PROJECT_ID']}/merge_requests/{merge_request}/notes"
        self.headers = {"PRIVATE-TOKEN": os.environ["REVIEW_TOKEN"]}
        self.account = self.request("GET", "/user")["id"]

    def is_own(self, comment: dict[str, Any]) -> bool:
        """Return true for a comment by the account of the token."""
        return comment["author"]["id"] == self.account

    def path(self, comment: dict[str, Any]) -> str:
        """Return the path of one comment."""
        return f"{self.collection}/{comment['id']}"


if __name__ == "__main__":
    main(*sys.argv[1:])
