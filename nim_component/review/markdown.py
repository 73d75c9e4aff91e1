"""Findings as a comment on a pull request: the same bytes for the same change, and never more than a comment may hold.

Every value somebody else wrote stands in a code span or a fenced block, where neither Markdown nor HTML nor a mention means anything. When
room is short, details go first; then findings become shorter, and only at last are they counted. None is left out.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import TypeAlias

from .details import detail_lines
from .findings import RULES, Finding, Quote, Sentence, Severity, Value
from .plain import LONGEST, QUOTE, visible
from .review import StackReview

MARKER = "<!-- nim-component diff -->"
"""The first line: how the comment is found again."""
LIMIT = 65_000
"""Bytes. GitHub takes 65,536 characters, GitLab a million."""
ICONS = {Severity.CRITICAL: "🛑", Severity.WARNING: "⚠️", Severity.NOTICE: "ℹ️"}
PLURALS = {Severity.CRITICAL: "critical", Severity.WARNING: "warnings", Severity.NOTICE: "notices"}
DETAIL_HINT = "More fields change than fit here: `nim-component diff` shows all of them."


def render_markdown(reviews: Sequence[StackReview], notes: Sequence[str] = (), limit: int = LIMIT) -> str:
    """The comment, in at most `limit` bytes."""
    for level in LEVELS:
        head = [MARKER, "### What this change does to running models", "", _headline(reviews), ""]
        body = [line for review in reviews if review.changed for line in _stack(review, level)]
        text = "\n".join([*head, *body, *_unchanged(reviews), *(f"\n{note}" for note in notes)]).rstrip() + "\n"
        if size(text) <= limit:
            return _with_details(text, reviews, limit)
    return "\n".join([MARKER, "### What this change does to running models", "", _headline(reviews), "", *_totals(reviews)]) + "\n"


def size(text: str) -> int:
    """What a comment is measured by, at its largest."""
    return len(text.encode("utf-8", "replace"))


def _headline(reviews: Sequence[StackReview]) -> str:
    changed = {review.change.stack for review in reviews if review.changed}
    total = len({review.change.stack for review in reviews})
    if not changed:
        return "Nothing changes in any stack." if total != 1 else f"Nothing changes in stack {code(reviews[0].change.stack)}."
    return f"**{len(changed)} of {total} stack{'s' if total != 1 else ''} change{'s' if total == 1 else ''}**: {_counts(reviews)}."


def _counts(reviews: Sequence[StackReview]) -> str:
    parts: list[str] = []
    for severity in Severity:
        if count := sum(review.count(severity) for review in reviews):
            parts.append(f"{count} {PLURALS[severity] if count != 1 else severity.value}")
    return ", ".join(parts) or "no finding"


def _unchanged(reviews: Sequence[StackReview]) -> list[str]:
    same = [_title(review) for review in reviews if not review.changed]
    return [f"Unchanged: {', '.join(same)}."] if same and len(same) < len(reviews) else []


def _title(review: StackReview) -> str:
    return code(review.change.stack) + (f" ({review.change.source})" if review.change.source != "local renders" else "")


Level: TypeAlias = Callable[[Sequence[Finding]], Iterator[str]]
"""How much is said of each finding."""


def _stack(review: StackReview, level: Level) -> Iterator[str]:
    yield f"#### Stack {_title(review)}: {_counts([review])}"
    yield ""
    yield from level(review.findings)
    yield ""


def _by_service(findings: Sequence[Finding], *, paths: bool) -> Iterator[str]:
    """Sentence and consequence of each, the gravest service first."""
    groups: dict[str, list[Finding]] = {}
    for each in findings:
        groups.setdefault(each.service, []).append(each)
    for service, members in groups.items():
        if service or len(groups) > 1:
            yield f"**{code(service)}**" if service else "**The stack**"
        for each in members:
            where = f" <sub>{_paths(each)}</sub>" if paths and each.paths and each.rule != "other" else ""
            consequence = f" {words(each.consequence)}" if each.consequence else ""
            yield f"- {ICONS[each.severity]} **{words(each.text)}**{consequence}{where}"
        yield ""


def _paths(each: Finding) -> str:
    more = f" and {len(each.paths) - 2} more" if len(each.paths) > 2 else ""
    return ", ".join(code(path) for path in each.paths[:2]) + more


def _by_rule(findings: Sequence[Finding]) -> Iterator[str]:
    """Consequences once, sentences all."""
    for members in _grouped(findings, lambda each: (each.rule, each.severity, words(each.consequence))).values():
        first, consequence = members[0], words(members[0].consequence)
        yield f"- {ICONS[first.severity]} **{_rule(first.rule)}**" + (f": {consequence}" if consequence else "")
        yield from (f"  - {_whose(each)}{words(each.text)}" for each in members)


def _by_sentence(findings: Sequence[Finding]) -> Iterator[str]:
    """Sentences that are the same, once."""
    for members in _grouped(findings, lambda each: (each.severity, words(each.text))).values():
        yield f"- {ICONS[members[0].severity]} {_names(members, 1000)}: {words(members[0].text)}"


def _by_name(findings: Sequence[Finding]) -> Iterator[str]:
    """Which rule, and for which services."""
    for members in _grouped(findings, lambda each: (each.severity, each.rule)).values():
        yield f"- {ICONS[members[0].severity]} **{_rule(members[0].rule)}** ({len(members)}): {_names(members, 400)}"


def _by_count(findings: Sequence[Finding]) -> Iterator[str]:
    for members in _grouped(findings, lambda each: (each.severity, each.rule)).values():
        yield f"- {ICONS[members[0].severity]} **{_rule(members[0].rule)}**: {len(members)}"


def _totals(reviews: Sequence[StackReview]) -> Iterator[str]:
    """The last resort: one line a rule over all stacks."""
    yield from _by_count(sorted((each for review in reviews for each in review.findings), key=lambda each: each.order))
    yield ""
    yield "This is too large a change for a comment: `nim-component diff` shows all of it."


def _grouped(findings: Sequence[Finding], key: Callable[[Finding], object]) -> dict[object, list[Finding]]:
    groups: dict[object, list[Finding]] = {}
    for each in findings:
        groups.setdefault(key(each), []).append(each)
    return groups


def _rule(rule: str) -> str:
    text = RULES[rule]
    return text[0].upper() + text[1:]


def _whose(each: Finding) -> str:
    return f"{code(each.service)}: " if each.service else ""


def _names(members: Sequence[Finding], most: int) -> str:
    names = list(dict.fromkeys(each.service or "the stack" for each in members))
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(code(name) for name in names[:most]) + more


LEVELS: tuple[Level, ...] = (
    lambda findings: _by_service(findings, paths=True),
    lambda findings: _by_service(findings, paths=False),
    _by_rule,
    _by_sentence,
    _by_name,
    _by_count,
)


def _with_details(text: str, reviews: Sequence[StackReview], limit: int) -> str:
    """The comment with as many folded fields as there is room for, the gravest stack's first."""
    room = limit - size(text) - size(DETAIL_HINT) - 10
    for review in reviews:
        lines = detail_lines(review)
        if not lines:
            continue
        title = f"<details><summary>Every changed field of stack <code>{_plain(review.change.stack)}</code></summary>\n\n```diff\n"
        block, cut = "", False
        for line in lines:
            if size(title) + size(block) + size(line) + 40 > room:
                cut = True
                break
            block += f"{line}\n"
        if block:
            whole = f"\n{title}{block}```\n\n</details>\n"
            text, room = text + whole, room - size(whole)
        if cut:
            return f"{text}\n{DETAIL_HINT}\n"
    return text


def words(pieces: Sentence) -> str:
    """A sentence; its values as code."""
    return "".join(code(piece) if isinstance(piece, Value) else piece for piece in pieces)


def code(text: str) -> str:
    """A code span that nothing in the text can leave."""
    shown = visible(text, QUOTE if isinstance(text, Quote) else LONGEST) or '""'
    longest = max(map(len, re.findall("`+", shown)), default=0)
    fence = "`" * (longest + 1)
    padding = " " if longest or shown[0] == " " or shown[-1] == " " else ""
    return f"{fence}{padding}{shown}{padding}{fence}"


def _plain(text: str) -> str:
    """Inside of HTML: every character that means something there, or to a host that looks for mentions, as an entity."""
    return "".join(each if each.isalnum() or each in " -._/" else f"&#{ord(each)};" for each in visible(text))
