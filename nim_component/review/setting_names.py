"""Words in names of variables and of entries of files: what a setting can decide about."""

from __future__ import annotations

import re
from functools import lru_cache

_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")


def _read_words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_SWITCH = _read_words(
    """
    allow allowed allowlist deny use uses enable enabled disable disabled trust trusted untrusted offline online skip insecure
    secure verify verification verified unsafe safe safety force forced ignore ignored ignores bypass no not without dev
    development debug debugger eval strict relax relaxed guard guardrail guardrails filter filters moderation sandbox validate
    validation check checks checksum experimental legacy mode fallback
    """
)
_ACCESS = _read_words(
    """
    security auth authn authz authentication authorization login session token key keys apikey secret secrets password passwd pass
    pwd credential credentials cert certs certificate certificates ca tls ssl mtls cipher ciphers sign signature signing signer
    hash hmac jwt oauth oidc saml sso ldap privileged privilege root admin sudo user users username group groups uid gid umask
    role roles rbac acl acls permission permissions policy policies audit cors csrf origin origins anonymous public quota tenant
    tenants identity account
    """
)
_PLACE = _read_words(
    """
    port ports host hosts hostname addr address addresses url urls uri uris endpoint endpoints proxy path paths dir dirs directory
    folder file files filename home source sources src dest destination target targets upstream server servers peer peers master
    leader node nodes interface ifname iface dns domain region zone bucket registry mirror index repo repository repositories
    remote webhook callback broker brokers dsn database db socket protocol transport network subnet cidr route routes mount volume
    device devices
    """
)
_CODE = _read_words(
    """
    plugin plugins module modules extension extensions script scripts exec execute executable hook hooks command commands cmd args
    argv options opts flags entrypoint entry run runs runner start started startup prestart poststart init setup bootstrap boot
    install installs preinstall postinstall update upgrade download downloads fetch build compile compiler shell bash sh zsh
    python pip npm conda code codes import imports include includes load loader loaders inject injection preload package packages
    dep deps dependency dependencies requirement requirements constraint constraints lib libs library libraries image images
    template templates cron crontab schedule job jobs task tasks handler handlers callbacks class classes factory backend backends
    provider providers driver drivers version versions revision release tag tags branch ref commit channel id ids profile profiles
    preset model models checkpoint weights adapter adapters lora loras engine tokenizer refuse refused deny denied block blocked
    target
    """
)
_RISKY = _SWITCH | _ACCESS | _PLACE | _CODE
_PARTS = re.compile(
    "allow|enable|disable|trust|offline|insecure|verify|unsafe|bypass|auth(?!or)|secret|passw|credent|privileg|plugin|script|entrypoint|"
    "endpoint|hostname|preload|install|exec(?!ution_time)|sandbox"
)
"""The same inside longer words, such as `DISABLEAUTH`."""
_NEUTRAL_OF_AMOUNTS = _read_words(
    """
    model models adapter adapters lora loras engine tokenizer checkpoint weights build check checks class compile device devices
    download downloads file files init job jobs load loader node nodes peer peers run runs runner server servers start startup
    task tasks transport update volume backend
    """
)
"""Words without an effect beside a number: `HEALTH_CHECK_TIMEOUT`, `MAX_JOBS`."""
_AMOUNT = _read_words(
    """
    size sizes num number count counts max maximum min minimum limit limits timeout timeouts interval intervals second seconds sec
    secs ms millis minutes hours thread threads nthreads worker workers procs processes parallelism concurrency concurrent batch
    batched len length tokens percent percentage fraction ratio utilization factor threshold capacity depth queue chunk chunks
    chunksize bufsize buffsize buffer retries retry attempts backoff delay period ttl grace deadline connections loras channels
    nchannels streams seqs sequences blocks bytes kb mb gb mem memory space temperature penalty rate lag budget watermark cnt
    bucketsize
    """
)


@lru_cache(maxsize=4096)  # the services of a stack repeat most of their names
def split_name(name: str) -> tuple[str, ...]:
    """Split a name into words in lower case: `maxBatchSize` and `MAX_BATCH_SIZE` are equal."""
    return tuple(word.lower() for word in _WORDS.findall(name))


@lru_cache(maxsize=4096)
def is_risky_name(name: str) -> bool:
    """Return true for a name with a word for a switch, access, a place or code."""
    return not _RISKY.isdisjoint(split_name(name)) or _PARTS.search(name.lower()) is not None


@lru_cache(maxsize=4096)
def is_amount_name(name: str) -> bool:
    """Return true for the name of a size, a number or a time, without a word of another kind."""
    words = {*split_name(name)}
    return not _AMOUNT.isdisjoint(words) and not is_risky_name("_".join(words - _NEUTRAL_OF_AMOUNTS))
