"""Findings as a Markdown comment on a pull request. The same change produces the same bytes.

- Text of others is in code spans and fenced blocks, where Markdown, HTML and mentions have no
  effect.
- A comment that is too long is shortened: first details are left out, then findings become shorter.
  No finding is left out; in the shortest form, findings are counted.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import TypeAlias

from ..findings import RULES, Finding, Severity, group_by_service
from ..sentences import Quote, Sentence, Value
from ..stack_review import StackReview, count_findings
from .display import MAX_QUOTE, MAX_VALUE, NOT_SEEN, size, to_line
from .folded_details import fold_details

MARKER = "<!-- nim-component diff -->"
"""First line of the comment. `ci/comment.py` finds the comment by it."""
TITLE = "### Effects on running models"
LIMIT = 64_000
"""Bytes of a report. A comment on GitHub has 65,536 characters; its first lines are added later."""
ICONS = {Severity.CRITICAL: "🛑", Severity.WARNING: "⚠️", Severity.NOTICE: "ℹ️"}
DETAIL_HINT = "More fields change than fit into this comment. Run `nim-component diff` to see all of them."
MAX_PATHS = 2
"""Paths that are printed with a finding."""


def render_markdown(reviews: Sequence[StackReview], notes: Sequence[str] = (), limit: int = LIMIT) -> str:
    """Return the comment, in at most `limit` bytes."""
    for form in FORMS:
        head = [MARKER, TITLE, "", _headline(reviews), ""]
        body = [line for review in reviews if review.is_changed for line in _stack(review, form)]
        text = "\n".join([*head, *body, *_unchanged(reviews), *(f"\n{note}" for note in (*notes, NOT_SEEN))]).rstrip() + "\n"
        if size(text) <= limit:
            return _add_details(text, reviews, limit)
    return "\n".join([MARKER, TITLE, "", _headline(reviews), "", *_totals(reviews), "", NOT_SEEN]) + "\n"


def _headline(reviews: Sequence[StackReview]) -> str:
    changed = {review.change.stack for review in reviews if review.is_changed}
    total = len({review.change.stack for review in reviews})
    if not changed:
        return "Nothing changes in any stack." if total != 1 else f"Nothing changes in stack {code(reviews[0].change.stack)}."
    return f"**{len(changed)} of {total} stack{'s' if total != 1 else ''} change{'s' if total == 1 else ''}**: {count_findings(reviews)}."


def _unchanged(reviews: Sequence[StackReview]) -> list[str]:
    unchanged = [_title(review) for review in reviews if not review.is_changed]
    return [f"Unchanged: {', '.join(unchanged)}."] if unchanged and len(unchanged) < len(reviews) else []


def _title(review: StackReview) -> str:
    return code(review.change.stack) + (f" ({review.change.source})" if review.change.source != "local renders" else "")


Form: TypeAlias = Callable[[Sequence[Finding]], Iterator[str]]
"""Form of the findings of a stack, as lines."""


def _stack(review: StackReview, form: Form) -> Iterator[str]:
    yield f"#### Stack {_title(review)}: {count_findings([review])}"
    yield ""
    yield from form(review.findings)
    yield ""


def _full(findings: Sequence[Finding]) -> Iterator[str]:
    return _by_service(findings, with_paths=True)


def _without_paths(findings: Sequence[Finding]) -> Iterator[str]:
    return _by_service(findings, with_paths=False)


def _by_service(findings: Sequence[Finding], *, with_paths: bool) -> Iterator[str]:
    """Yield text and consequence of each finding below its service, most severe first."""
    services = group_by_service(findings)
    for service, members in services.items():
        if service or len(services) > 1:
            yield f"**{code(service)}**" if service else "**The stack**"
        for each in members:
            paths = f" <sub>{_paths(each)}</sub>" if with_paths and each.paths and each.rule != "other" else ""
            consequence = f" {markdown(each.consequence)}" if each.consequence else ""
            yield f"- {ICONS[each.severity]} **{markdown(each.text)}**{consequence}{paths}"
        yield ""


def _paths(each: Finding) -> str:
    more = f" and {len(each.paths) - MAX_PATHS} more" if len(each.paths) > MAX_PATHS else ""
    return ", ".join(code(path) for path in each.paths[:MAX_PATHS]) + more


def _by_rule(findings: Sequence[Finding]) -> Iterator[str]:
    """Yield each consequence once, followed by the texts of its findings."""
    for members in _group(findings, lambda each: (each.rule, each.severity, markdown(each.consequence))):
        first, consequence = members[0], markdown(members[0].consequence)
        yield f"- {ICONS[first.severity]} **{RULES[first.rule]}**" + (f": {consequence}" if consequence else "")
        yield from (f"  - {_service_prefix(each)}{markdown(each.text)}" for each in members)


def _by_text(findings: Sequence[Finding]) -> Iterator[str]:
    """Yield each text once, with the services that it applies to."""
    for members in _group(findings, lambda each: (each.severity, markdown(each.text))):
        yield f"- {ICONS[members[0].severity]} {_services(members, 1000)}: {markdown(members[0].text)}"


def _by_name(findings: Sequence[Finding]) -> Iterator[str]:
    """Yield each rule once, with the services that it applies to."""
    for members in _group(findings, lambda each: (each.severity, each.rule)):
        yield f"- {ICONS[members[0].severity]} **{RULES[members[0].rule]}** ({len(members)}): {_services(members, 400)}"


def _by_count(findings: Sequence[Finding]) -> Iterator[str]:
    """Yield each rule once, with the number of its findings."""
    for members in _group(findings, lambda each: (each.severity, each.rule)):
        yield f"- {ICONS[members[0].severity]} **{RULES[members[0].rule]}**: {len(members)}"


def _totals(reviews: Sequence[StackReview]) -> Iterator[str]:
    """Yield the rules of all stacks together, with the number of their findings."""
    yield from _by_count(sorted((each for review in reviews for each in review.findings), key=lambda each: each.order))
    yield ""
    yield "The change is too large for a comment. Run `nim-component diff` to see all of it."


def _group(findings: Sequence[Finding], key: Callable[[Finding], object]) -> list[list[Finding]]:
    groups: dict[object, list[Finding]] = {}
    for each in findings:
        groups.setdefault(key(each), []).append(each)
    return list(groups.values())


def _service_prefix(each: Finding) -> str:
    return f"{code(each.service)}: " if each.service else ""


def _services(members: Sequence[Finding], limit: int) -> str:
    names = list(dict.fromkeys(each.service or "the stack" for each in members))
    more = f" and {len(names) - limit} more" if len(names) > limit else ""
    return ", ".join(code(name) for name in names[:limit]) + more


FORMS: tuple[Form, ...] = (_full, _without_paths, _by_rule, _by_text, _by_name, _by_count)
"""Forms from the longest to the shortest. The first one that fits is used."""


def _add_details(text: str, reviews: Sequence[StackReview], limit: int) -> str:
    details, is_complete = fold_details(reviews, limit - size(text) - size(DETAIL_HINT) - 10)
    return f"{text}{details}" if is_complete else f"{text}{details}\n{DETAIL_HINT}\n"


def markdown(pieces: Sentence) -> str:
    """Return a sentence in Markdown, with text of others in code spans."""
    return "".join(code(piece) if isinstance(piece, Value) else piece for piece in pieces)


def code(text: str) -> str:
    """Return a code span that no character of the text can end."""
    shown = to_line(text, MAX_QUOTE if isinstance(text, Quote) else MAX_VALUE) or '""'
    longest = max(map(len, re.findall("`+", shown)), default=0)
    fence = "`" * (longest + 1)
    padding = " " if longest or shown[0] == " " or shown[-1] == " " else ""
    return f"{fence}{padding}{shown}{padding}{fence}"
