"""How long to wait before the next try: exponential, with full jitter and a ceiling."""

from dataclasses import dataclass
from datetime import timedelta

LONGEST_WAIT = timedelta(days=1)
"""Nothing waits for longer; what seems to was written before the clock was set back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPolicy:
    """The budget of a message, in attempts and in time, and the pace of its tries."""

    max_attempts: int = 100
    max_age: timedelta = timedelta(days=1)
    """Since it was enqueued; whichever budget ends first buries the message …"""
    min_attempts: int = 10
    """… but age only what was tried so often: to wait in a paused connection is no failure."""
    base: timedelta = timedelta(seconds=1)
    """Upper bound of the wait after the first failed attempt; doubles with each further one."""
    ceiling: timedelta = timedelta(minutes=15)
    floor: timedelta = timedelta(milliseconds=100)


def backoff(attempt: int, policy: RetryPolicy, *, fraction: float) -> timedelta:
    """Tell the wait after failed attempt number `attempt` (from 1).

    `fraction` in [0, 1) is chance's share: full jitter spreads the tries of many batches evenly.
    """
    # In seconds, as a timedelta overflows long before 40 doublings of a slow pace.
    widest_seconds = policy.base.total_seconds() * 2.0 ** min(attempt - 1, 40)
    widest = timedelta(seconds=min(widest_seconds, policy.ceiling.total_seconds()))
    return max(widest * fraction, policy.floor)


def clamp_retry_after(asked: timedelta, policy: RetryPolicy) -> timedelta:
    """Follow the platform's wish within reason: never less than the floor, never over a day."""
    return min(max(asked, policy.floor), LONGEST_WAIT)
