"""Broken ways to hand messages out."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import wraps

from petiole.core.domain.batching import BatchPolicy
from petiole.core.domain.change import ConnectionName
from petiole.core.domain.message import Batch
from petiole.core.ports.outbox import Outbox
from petiole.testing.zoo.mutant import Bend, breaks
from petiole.testing.zoo.outboxes import ANYTHING

FOR_EVER = timedelta(days=3650)


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """What `Outbox.claim` was asked for."""

    connection: ConnectionName
    policy: BatchPolicy
    batches: int
    partial: bool
    lease: timedelta

    def of(self, outbox: Outbox) -> Sequence[Batch]:
        """Ask a good outbox."""
        return outbox.claim(
            self.connection,
            self.policy,
            batches=self.batches,
            partial=self.partial,
            lease=self.lease,
        )


def asked(bend: Callable[[Outbox, Claim], Sequence[Batch]]) -> Bend:
    """Let a mutant take what it was asked for in one piece."""

    @wraps(bend)
    def claim(
        outbox: Outbox,
        connection: ConnectionName,
        policy: BatchPolicy,
        *,
        batches: int,
        partial: bool,
        lease: timedelta,
    ) -> Sequence[Batch]:
        asked_for = Claim(
            connection=connection, policy=policy, batches=batches, partial=partial, lease=lease
        )
        return bend(outbox, asked_for)

    return claim


@breaks(Outbox.claim, "Each keeps within the policy's limits")
@asked
def ignores_the_limits(outbox: Outbox, claim: Claim) -> Sequence[Batch]:
    return replace(claim, policy=ANYTHING).of(outbox)


@breaks(Outbox.claim, "Take up to `batches` batches")
@asked
def claims_a_batch_too_many(outbox: Outbox, claim: Claim) -> Sequence[Batch]:
    return replace(claim, batches=claim.batches + 1).of(outbox)


@breaks(Outbox.claim, "of the oldest claimable messages")
@asked
def doubles_a_claim(outbox: Outbox, claim: Claim) -> Sequence[Batch]:
    return [*claim.of(outbox), *claim.of(outbox)]


@breaks(Outbox.claim, "of the oldest claimable messages")
@asked
def hands_messages_out_backwards(outbox: Outbox, claim: Claim) -> Sequence[Batch]:
    return [replace(batch, messages=batch.messages[::-1]) for batch in claim.of(outbox)]


@breaks(Outbox.claim, "Without `partial`")
@asked
def never_waits_for_more(outbox: Outbox, claim: Claim) -> Sequence[Batch]:
    return replace(claim, partial=True).of(outbox)


@breaks(Outbox.claim, "or the lease ends")
@asked
def ignores_the_lease(outbox: Outbox, claim: Claim) -> Sequence[Batch]:
    return replace(claim, lease=timedelta()).of(outbox)


@breaks(Outbox.claim, "Abandoned batches (lease over")
@asked
def never_gives_a_batch_up(outbox: Outbox, claim: Claim) -> Sequence[Batch]:
    return replace(claim, lease=FOR_EVER).of(outbox)


@breaks(Outbox.claim, "marked as recovered")
@asked
def calls_a_recovered_batch_new(outbox: Outbox, claim: Claim) -> Sequence[Batch]:
    return [replace(batch, recovered=False) for batch in claim.of(outbox)]


@breaks(Outbox.claim, "whole and unchanged")
@asked
def cuts_a_recovered_batch(outbox: Outbox, claim: Claim) -> Sequence[Batch]:
    most = claim.policy.max_profiles
    return [replace(batch, messages=batch.messages[:most]) for batch in claim.of(outbox)]


@breaks(Outbox.claim, "in a new epoch")
@asked
def knows_one_epoch_only(outbox: Outbox, claim: Claim) -> Sequence[Batch]:
    return [replace(batch, epoch=1) for batch in claim.of(outbox)]


@breaks(Outbox.claim, "A claim counts as an attempt")
@asked
def counts_no_attempts(outbox: Outbox, claim: Claim) -> Sequence[Batch]:
    return [
        replace(batch, messages=[replace(message, attempt=1) for message in batch.messages])
        for batch in claim.of(outbox)
    ]
