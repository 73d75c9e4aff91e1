"""Hosts without a proxy: forms of NO_PROXY that every supported HTTP library reads alike."""

from __future__ import annotations

import contextlib
import ipaddress
import os
from collections.abc import Generator, Iterable

NAMES = ("no_proxy", "NO_PROXY")


def simplify(value: str, hosts: Iterable[str]) -> str:
    """Return NO_PROXY without address ranges, which httpx does not match and may not parse.

    A host of `hosts` that is an address in a range is added by itself.
    """
    ranges: list[ipaddress.IPv4Network | ipaddress.IPv6Network] = []
    kept: list[str] = []
    for entry in filter(None, (each.strip() for each in value.split(","))):
        try:
            found = ipaddress.ip_network(entry.replace("[", "").replace("]", ""), strict=False)
        except ValueError:
            kept.append(entry)
            continue
        ranges.append(found)
        kept += [str(found.network_address)] if found.num_addresses == 1 else []
    for host in hosts:
        with contextlib.suppress(ValueError):
            address = ipaddress.ip_address(host.strip("[]"))
            kept += [str(address)] if str(address) not in kept and any(address in each for each in ranges) else []
    return ",".join(kept)


@contextlib.contextmanager
def simple_no_proxy(hosts: Iterable[str]) -> Generator[None]:
    """Set the simple form while a client is created.

    Other programs, such as pip, get the original.
    """
    before = {name: os.environ[name] for name in NAMES if name in os.environ}
    os.environ.update({name: simplify(value, hosts) for name, value in before.items()})
    try:
        yield
    finally:
        os.environ.update(before)
