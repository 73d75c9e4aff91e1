"""Messages of servers, drivers and clusters, each with the cause that it must give.

One YAML file per project that prints the messages. Each entry has:

- `id`: name of the test, unique in all files.
- `version`: release of the project that prints this wording; text, or absent if unknown.
- `source`: public file, page or issue with the message: `<owner>/<repository>: <path>`, or an
  address.
- `context`: where Kubernetes shows the message; a key of `CONTEXTS` in `contexts.py`.
- `message`: the words, with names and numbers as a user would see them.
- `cause`: id of the cause that must stand first; `none` for a message without a fault.
- `beside`: further causes that may be reported, such as a second fault in the same log.
- `text`: words that the headline, fix or evidence must contain.
- `objects`: further values of the context, such as `exit_code` or `gpu`.
- `names`: names in the message and the objects that could be any others, such as those of nodes.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import yaml

FOLDER = Path(__file__).parent


class CorpusMessage(NamedTuple):
    """One entry of a file."""

    id: str
    project: str
    """Stem of the file."""
    version: str | None
    source: str
    context: str
    message: str
    cause: str
    beside: tuple[str, ...]
    text: tuple[str, ...]
    objects: Mapping[str, Any]
    names: tuple[str, ...] = ()


def _list(value: Any) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value or ())


def _read(path: Path) -> Iterator[CorpusMessage]:
    for entry in yaml.safe_load(path.read_text("utf-8")):
        unknown = set(entry) - {"id", "version", "source", "context", "message", "cause", "beside", "text", "objects", "names"}
        assert not unknown, f"{path.name}: {unknown}"
        yield CorpusMessage(
            entry["id"],
            path.stem,
            entry.get("version"),
            entry["source"],
            entry["context"],
            entry["message"].rstrip("\n"),
            entry["cause"],
            _list(entry.get("beside")),
            _list(entry.get("text")),
            entry.get("objects") or {},
            _list(entry.get("names")),
        )


def read_corpus() -> list[CorpusMessage]:
    """Return the messages of all files."""
    return [message for path in sorted(FOLDER.glob("*.yaml")) for message in _read(path)]
