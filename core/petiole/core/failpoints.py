"""Named points between which a process may die: at every commit, send and settle.

Nothing happens there, unless a test arms them to stop the process.
"""

from collections.abc import Callable
from enum import StrEnum


class FailPoint(StrEnum):
    """A moment just before or after something becomes true outside of this process."""

    ENQUEUE_WRITTEN = "enqueue.written"
    ENQUEUE_COMMITTED = "enqueue.committed"
    CLAIM_WRITTEN = "claim.written"
    CLAIM_COMMITTED = "claim.committed"
    SEND = "send"
    SENT = "sent"
    READ_BACK = "read_back"
    SETTLE_WRITTEN = "settle.written"
    SETTLE_COMMITTED = "settle.committed"
    STATE_WRITTEN = "state.written"
    STATE_COMMITTED = "state.committed"
    DECISION_WRITTEN = "decision.written"
    DECISION_COMMITTED = "decision.committed"
    PRUNE_WRITTEN = "prune.written"
    PRUNE_COMMITTED = "prune.committed"
    MIGRATION_WRITTEN = "migration.written"
    MIGRATION_COMMITTED = "migration.committed"


_watch: Callable[[FailPoint], None] | None = None


def reach(point: FailPoint) -> None:
    """Pass a point."""
    if _watch is not None:
        _watch(point)


def arm(watch: Callable[[FailPoint], None] | None) -> None:
    """Let a test be told of every point that is passed, on the thread that passes it."""
    global _watch  # noqa: PLW0603 - one process dies as one
    _watch = watch
