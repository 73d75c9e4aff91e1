"""Ranges of IP addresses: which of two contains the other."""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Network, ip_network


def is_within(inner: str, outer: str) -> bool:
    """Return true if a CIDR range is equal to another one, or a part of it."""
    first, second = _read(inner), _read(outer)
    if isinstance(first, IPv4Network) and isinstance(second, IPv4Network):
        return first.subnet_of(second)
    if isinstance(first, IPv6Network) and isinstance(second, IPv6Network):
        return first.subnet_of(second)
    return inner == outer


def _read(text: str) -> IPv4Network | IPv6Network | None:
    try:
        return ip_network(text, strict=False)
    except ValueError:
        return None
