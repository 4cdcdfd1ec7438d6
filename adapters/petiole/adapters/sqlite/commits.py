"""The kinds of write transactions, and the fail points before and after the commit of each."""

from dataclasses import dataclass

from petiole.core.failpoints import FailPoint


@dataclass(frozen=True, slots=True)
class Commit:
    """Where a process may die: everything written and nothing kept, or kept and nobody told."""

    written: FailPoint
    committed: FailPoint


ENQUEUE = Commit(FailPoint.ENQUEUE_WRITTEN, FailPoint.ENQUEUE_COMMITTED)
CLAIM = Commit(FailPoint.CLAIM_WRITTEN, FailPoint.CLAIM_COMMITTED)
SETTLE = Commit(FailPoint.SETTLE_WRITTEN, FailPoint.SETTLE_COMMITTED)
STATE = Commit(FailPoint.STATE_WRITTEN, FailPoint.STATE_COMMITTED)
DECISION = Commit(FailPoint.DECISION_WRITTEN, FailPoint.DECISION_COMMITTED)
PRUNE = Commit(FailPoint.PRUNE_WRITTEN, FailPoint.PRUNE_COMMITTED)
MIGRATION = Commit(FailPoint.MIGRATION_WRITTEN, FailPoint.MIGRATION_COMMITTED)
