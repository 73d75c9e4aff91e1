"""Entries of ConfigMaps and Secrets: what a name shows about the use of its text."""

from __future__ import annotations

import re

from .findings import CRITICAL
from .variable_effects import find_effect

CODE_FILE = re.compile(
    r"\.(py|pth|sh|bash|js|mjs|ts|lua|pl|rb|so|jar|wasm|service|cfg|ini)$|(^|[._-])(entrypoint|startup|init|run|hook)([._-]|$)"
    r"|\.(ps1|psm1|bat|cmd|zsh|ksh|fish|php|tcl|awk|groovy|ipynb|pyc|whl|dll|exe|class|go|rs|cu|c|cc|cpp|java|rake|timer|socket)$"
    r"|^(pre|post)_?-?(start|stop|install|exec|run)$|^(bootstrap|setup|onstart|crontab)$|^cron\.|(^|[._-])crontab([._-]|$)"
    r"|^\.?(bash|zsh|ksh)(rc|_profile|_login|_logout|env)$|^\.(profile|envrc|kshrc)$|^(Containerfile|Justfile|Rakefile|Vagrantfile|Procfile)"
    # Lists of packages, which a program installs and runs.
    r"|(^|[._-])(requirements|constraints)([._-].*)?\.(txt|in)$|(^|[._-])package(-lock)?\.json$|^(pyproject\.toml|pip\.conf|go\.mod)$"
    r"|^(Pipfile|Gemfile|Makefile|Dockerfile)|^\.?(npmrc|pypirc|condarc)$|^(uv|poetry|pdm|yarn|cargo|pnpm-lock)\.(lock|ya?ml)$",
    re.IGNORECASE,
)
VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
AUTHORITY = re.compile(r"(^|[._-])ca([._-]|$)|\.(crt|pem)$", re.IGNORECASE)
_OWN_AUTHORITY = re.compile(r"(^|[._-])ca([._-]|$)", re.IGNORECASE)
RULE_FILE = re.compile(
    r"(^|[._-])(auth[nz]?|rbac|acl|policy|policies|permissions?|security|allow(ed)?|deny|filter)([._-]|$)|\.rego$", re.IGNORECASE
)
"""Files with rules about who may do what."""


def find_entry_effect(name: str) -> bool:
    """Return true for an entry of a Secret that decides about traffic or code, by its name."""
    if CODE_FILE.search(name) or _OWN_AUTHORITY.search(name):
        return True
    effect = find_effect(name, None) if VARIABLE.fullmatch(name) else None
    return effect is not None and effect.severity is CRITICAL
