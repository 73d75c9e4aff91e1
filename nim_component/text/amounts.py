"""Numbers with their units: counts and durations."""

from math import ceil


def count_of(count: int, noun: str, plural: str = "") -> str:
    """Return a number and its noun: `1 replica`, `3 replicas`."""
    return f"{count} {noun if count == 1 else plural or noun + 's'}"


def format_duration(seconds: float) -> str:
    """Return a duration in its two largest units: `6 min 12 s`, `2 h`."""
    minutes, rest = divmod(max(0, round(seconds)), 60)
    hours, minutes = divmod(minutes, 60)
    amounts = ((hours, "h"), (minutes, "min")) if hours else ((minutes, "min"), (rest, "s"))
    return " ".join(f"{amount} {unit}" for amount, unit in amounts if amount) or "0 s"


def format_minutes(seconds: float) -> str:
    """Return a duration in hours and minutes, rounded up: `2 h 41 min`."""
    return format_duration(ceil(seconds / 60) * 60)


def spell_duration(seconds: float) -> str:
    """Return a duration for a sentence: `30 minutes`, `1 hour 10 minutes` or `90 seconds`.

    From 10 minutes, and from 2 whole minutes, it is rounded up to minutes.
    """
    whole = int(seconds)
    if whole < 120 or (whole < 600 and whole % 60):
        return count_of(whole, "second")
    hours, minutes = divmod(ceil(whole / 60), 60)
    parts = [count_of(hours, "hour")] if hours else []
    return " ".join([*parts, *([count_of(minutes, "minute")] if minutes or not hours else [])])
