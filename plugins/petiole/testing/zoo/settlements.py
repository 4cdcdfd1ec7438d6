"""Broken ways to record what became of messages."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from petiole.core.domain.message import BatchId, MessageId
from petiole.core.domain.settlement import (
    DELIVERED,
    Bury,
    Defer,
    Delivered,
    Park,
    Retry,
    Settlement,
    Verdict,
)
from petiole.core.errors import OutboxError
from petiole.core.ports.outbox import Outbox
from petiole.testing.zoo.mutant import breaks

Settlements = Sequence[Settlement]
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
UNTRUE = Bury("0", "made up")


@breaks(Outbox.settle, "Record the verdicts")
def loses_a_settlement(outbox: Outbox, settlements: Settlements) -> Collection[BatchId]:
    return outbox.settle(settlements[1:])


@breaks(Outbox.settle, "Record the verdicts")
def calls_everything_delivered(outbox: Outbox, settlements: Settlements) -> Collection[BatchId]:
    return outbox.settle(_judged_anew(settlements, lambda _: DELIVERED))


@breaks(Outbox.settle, "Record the verdicts")
def swaps_two_verdicts(outbox: Outbox, settlements: Settlements) -> Collection[BatchId]:
    return outbox.settle(
        [
            _with(s, dict(zip(s.verdicts, [*s.verdicts.values()][::-1], strict=True)))
            for s in settlements
        ]
    )


@breaks(Outbox.settle, "in the ledger from the same moment on")
def forgets_the_ledger(outbox: Outbox, settlements: Settlements) -> Collection[BatchId]:
    return outbox.settle(_judged_anew(settlements, _but_delivered))


@breaks(Outbox.settle, "a parked one keeps its profile waiting")
def lets_a_parked_profile_go_on(outbox: Outbox, settlements: Settlements) -> Collection[BatchId]:
    return outbox.settle(_judged_anew(settlements, _buried))


@breaks(Outbox.settle, "so does a buried one that holds")
def lets_a_held_profile_go_on(outbox: Outbox, settlements: Settlements) -> Collection[BatchId]:
    return outbox.settle(_judged_anew(settlements, _loose))


@breaks(Outbox.settle, "Deferring gives the attempt back")
def spends_an_attempt_on_a_deferral(
    outbox: Outbox, settlements: Settlements
) -> Collection[BatchId]:
    return outbox.settle(_judged_anew(settlements, _tried))


@breaks(Outbox.settle, "Record the verdicts")
def tries_again_at_once(outbox: Outbox, settlements: Settlements) -> Collection[BatchId]:
    return outbox.settle(_judged_anew(settlements, _hasty))


@breaks(Outbox.settle, "claimed anew meanwhile, in a later epoch")
def owns_up_to_no_loss(outbox: Outbox, settlements: Settlements) -> Collection[BatchId]:
    outbox.settle(settlements)
    return ()


@breaks(Outbox.settle, "claimed anew meanwhile, in a later epoch")
def lets_a_stale_settlement_through(
    outbox: Outbox, settlements: Settlements
) -> Collection[BatchId]:
    lost = set(outbox.settle(settlements))
    late = [replace(s, epoch=s.epoch + 1) for s in settlements if s.batch in lost]
    return outbox.settle(late)


@breaks(Outbox.settle, "do not name exactly its messages")
def overlooks_a_gap(outbox: Outbox, settlements: Settlements) -> Collection[BatchId]:
    try:
        return outbox.settle(settlements)
    except OutboxError:
        return ()


@breaks(Outbox.settle, "Each call is one transaction", of=Outbox)
def settles_one_by_one(outbox: Outbox, settlements: Settlements) -> Collection[BatchId]:
    return [batch for settlement in settlements for batch in outbox.settle([settlement])]


def _judged_anew(settlements: Settlements, judge: Callable[[Verdict], Verdict]) -> Settlements:
    return [
        _with(s, {id_: judge(verdict) for id_, verdict in s.verdicts.items()}) for s in settlements
    ]


def _with(settlement: Settlement, verdicts: Mapping[MessageId, Verdict]) -> Settlement:
    return replace(settlement, verdicts=verdicts)


def _but_delivered(verdict: Verdict) -> Verdict:
    return UNTRUE if isinstance(verdict, Delivered) else verdict


def _buried(verdict: Verdict) -> Verdict:
    return Bury(verdict.code, verdict.reason) if isinstance(verdict, Park) else verdict


def _loose(verdict: Verdict) -> Verdict:
    return Bury(verdict.code, verdict.reason) if isinstance(verdict, Bury) else verdict


def _tried(verdict: Verdict) -> Verdict:
    if not isinstance(verdict, Defer):
        return verdict
    return Retry(verdict.due_at or LONG_AGO, "429", verdict.reason)


def _hasty(verdict: Verdict) -> Verdict:
    return replace(verdict, due_at=LONG_AGO) if isinstance(verdict, Retry) else verdict
