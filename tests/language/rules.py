"""Language rules as data: banned words with the word to use in their place."""

import re

BANNED: dict[str, str] = {
    r"says|said": "prints, returns, reports, contains, declares",
    r"tells?|told|telling": "reports, prints, distinguishes",
    r"knows?|knew": "supports, contains, recognises",
    r"asks|asked": "requests, requires, queries",
    r"wants|wanted": "requires, requested, desired",
    r"meets|met": "satisfies, reaches",
    r"bears": "carries, has",
    r"speaks": "uses",
    r"hears?|heard": "receives",
    r"words of": "text of, message of",
    r"narrat\w*|stor(?:y|ies)": "progress report, reporter",
    r"occasions?": "availability, run",
    r"cures?|cured": "fix",
    r"harmless": "redacted, sanitized",
    r"hid|hides?|hidden|hiding": "redact, omit",
    r"hold back|holds back|held back": "redact",
    r"wish(?:es)?|wish list": "adapter list",
    r"judges?|judged|judging": "validate, check",
    r"guards": "optional children",
    r"(?<!node )(?<!process )(?<!API )(?<!named )(?<!secret )(?<!supplemental )(?<!capture )(?<!user )(?<!rule )groups?(?! ids?\b)": "option set, node group",
    r"claims?": "PVC, ResourceClaim",
    r"(?<!server[- ])(?<!client[- ])(?<!by )(?<!left )(?<!right )sides?(?! by)(?! effect)": "render",
    r"what is there(?: already)?|is there already": "existing resources",
    r"not there": "missing",
    r"that is not there": "missing",
    r"its price": "trade-off",
    r"for ever": "forever, never ends",
    r"so many|as many as": "the number",
    r"whose it is|whose they are": "owner",
    r"on the way": "in progress",
    r"nobody|somebody|anybody": "the caller, the user, another program",
    r"by then": "at that time",
    r"at its worst|at its best": "maximum, minimum",
}
"""A pattern of words, compared without case, and the words to use instead."""

TERMS_OF_KUBERNETES = frozenset({"group", "groups", "claim", "claims", "side"})
"""Words that names and messages of Kubernetes contain. They are banned in prose only."""

BANNED_PATTERNS = tuple((re.compile(rf"\b(?:{pattern})\b", re.I), instead) for pattern, instead in BANNED.items())

FIRST_WORDS = frozenset({"What", "Whether", "How", "Who", "Whose", "That", "Where", "When"})
"""Words that no docstring begins with."""

LONGEST_SENTENCE = 30
"""Words."""
LONGEST_TEST_NAME = 8
"""Words after `test_`."""
