"""One part of what a comparison found, put into the outbox in one transaction.

Where all are new, and claimed, their messages are bound in sheaves. Else whoever has no line yet is
written by one statement for all of them, and may be claimed by it; the others take their places
like any change that is enqueued.
"""

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from math import ceil

from petiole.adapters.sqlite import sums
from petiole.adapters.sqlite.bell import SqliteBell
from petiole.adapters.sqlite.claims import Claim
from petiole.adapters.sqlite.instants import moment, span_micros, to_micros
from petiole.adapters.sqlite.lines import enqueue, newest_message, skip_numbers
from petiole.adapters.sqlite.runners import Runners
from petiole.adapters.sqlite.sheaves import Sheaf, bind, write_out
from petiole.adapters.sqlite.staged import StagedBatch, StagedMessages
from petiole.adapters.sqlite.staging import CHANGES_BETWEEN, Likeness
from petiole.core.domain.batching import Claiming
from petiole.core.domain.change import ChangeKind, ProfileChange, Scope
from petiole.core.domain.fields import Fields
from petiole.core.domain.identity import Identifier, IdentifierType
from petiole.core.domain.message import Batch, BatchId, MessageId, MessageState
from petiole.core.domain.tally import EnqueueReceipt
from petiole.core.ports.clock import Clock
from petiole.core.ports.ledger import Entered

_RANK, _PLACE = "row_number() OVER (ORDER BY place)", "(place - :after)"
"""The number of a change in its part; without gaps it is told by the place, at half the cost."""


def _putting(profile: str, source: str) -> str:
    """Write the statement that puts the messages of a part behind each other."""
    return f"""
        INSERT INTO message (
            profile, connection, segment, kind, fingerprint, weight_bytes, state, head, attempts,
            batch, occurred_at, enqueued_at, tick
        )
        SELECT
            {profile}, :connection, :segment, kind, fingerprint, staged.weight_bytes,
            iif(:batch, 'in_flight', 'pending'), 1, iif(:batch, 1, 0),
            iif(:batch, :batch + ({_RANK} - 1) / :size, NULL),
            :occurred_at, :now, :tick
        FROM {source} ORDER BY place
    """  # noqa: S608 - made of constants


_MESSAGES = _putting(
    "profile_key.profile",
    f"""
        staging.profile AS staged CROSS JOIN profile_key ON profile_key.key = staged.key
        WHERE {CHANGES_BETWEEN} AND NOT EXISTS (
            SELECT 1 FROM message AS front INDEXED BY message_head
            WHERE front.profile = profile_key.profile AND front.head = 1
        )
    """,  # noqa: S608 - made of constants
)
_MESSAGES_OF_NEW = _putting(
    "place + :shift",
    f"staging.profile AS staged WHERE {CHANGES_BETWEEN}",
)
"""A profile that was unknown just now has no line, unless it got one meanwhile: then it fails."""
_ANY_FRONT = """
SELECT 1 FROM message INDEXED BY message_head
WHERE profile > :after + :shift AND profile <= :upto + :shift AND head = 1 LIMIT 1
"""
_SAY = f"""
INSERT OR ROLLBACK INTO content (message, fields)
SELECT :last_id + {_RANK}, fields FROM staging.profile AS staged
WHERE {CHANGES_BETWEEN} ORDER BY place
"""  # noqa: S608 - made of constants
_FRONTS = f"""
FROM staging.profile AS staged CROSS JOIN profile_key ON profile_key.key = staged.key
CROSS JOIN message AS front INDEXED BY message_head
    ON front.profile = profile_key.profile AND front.head = 1
WHERE {CHANGES_BETWEEN}
"""
_SAY_BY_KEY = f"""
INSERT OR ROLLBACK INTO content (message, fields)
SELECT front.id, staged.fields {_FRONTS} AND front.id > :last_id ORDER BY place
"""
_GIVE_UP = "DELETE FROM batch WHERE id = ?"
_IN_LINE = f"""
SELECT staged.identifier_type, staged.identifier, staged.kind, staged.fields, staged.fingerprint
{_FRONTS} AND front.id <= :last_id ORDER BY place
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Runner:
    """Who enters, and may claim: whose name is that, what time is it, who is told."""

    runners: Runners
    clock: Clock
    bell: SqliteBell


@dataclass(frozen=True, slots=True)
class Part:
    """What stands after one place of the staging, up to and including another.

    `shift` is what makes a place the number of its profile, if all of them are new and there is a
    change in each place; `likeness` what all have in common.
    """

    after: int
    upto: int
    changes: int
    weight_bytes: int
    shift: int | None
    likeness: Likeness | None

    def numbering(self, sql: str) -> str:
        """Let a statement number these changes in the cheapest way."""
        has_gaps = self.upto - self.after > self.changes
        return sql if has_gaps else sql.replace(_RANK, _PLACE)


class PartEntry:
    """One part inside its transaction."""

    def __init__(
        self,
        tables: sqlite3.Connection,
        scope: Scope,
        runner: Runner,
        part: Part,
        *,
        occurred_at: datetime,
    ) -> None:
        self._tables = tables
        self._scope = scope
        self._runner = runner
        self._part = part
        self._occurred_at = occurred_at
        self._now = to_micros(runner.clock.now())
        self._claim: Claim | None = None
        self._batches: Sequence[BatchId] = ()
        self._size = 1
        self._last_id = newest_message(tables)
        self._tick = sums.next_tick(tables, scope.connection)
        self._names: dict[str, str | int | None] = {
            "account": scope.account,
            "connection": scope.connection,
            "segment": scope.segment,
            "after": part.after,
            "upto": part.upto,
            "occurred_at": to_micros(occurred_at),
            "now": self._now,
            "tick": self._tick,
            "last_id": self._last_id,
            "batch": None,
            "size": self._size,
            "shift": part.shift,
        }

    def enter(self, claiming: Claiming | None, *, folding: bool) -> Entered:
        """Write the part, and claim it; a heavy one is left to be claimed by weight."""
        part = self._part
        if claiming and part.weight_bytes <= claiming.policy.max_bytes:
            self._begin_batches(claiming)
        if batches := self._bound():
            return Entered(receipt=EnqueueReceipt(enqueued=part.changes), batches=batches)
        write_out(self._tables)
        entered = self._put()
        receipt = EnqueueReceipt(enqueued=entered)
        self._count(entered)
        if entered == part.changes:
            self._tables.execute(part.numbering(_SAY), self._names)
            return Entered(receipt=receipt, batches=self._whole())
        self._tables.execute(_SAY_BY_KEY, self._names)
        receipt += self._line_up(folding=folding)
        return Entered(receipt=receipt, batches=self._left())

    def _begin_batches(self, claiming: Claiming) -> None:
        runners, clock = self._runner.runners, self._runner.clock
        runners.announce()
        self._claim = Claim(
            connection=self._tables,
            runners=runners,
            name=self._scope.connection,
            now=self._now,
            uptime=span_micros(clock.uptime()),
            lease=span_micros(claiming.lease),
        )
        self._size = claiming.policy.max_profiles
        number = ceil(self._part.changes / self._size)
        self._batches = self._claim.begin_batches(number, self._tick)
        self._names |= {"batch": self._batches[0], "size": self._size}

    def _bound(self) -> Sequence[Batch]:
        """Bind the messages, if all may be; tell of their batches."""
        shift = self._part.shift
        if self._claim is None or shift is None or not self._may_be_bound():
            return ()
        staged = self._staged()
        sheaves = list(self._sheaves(staged, shift))
        if len(sheaves) < len(staged):
            return ()
        skip_numbers(self._tables, self._part.changes)
        self._count(self._part.changes)
        self._tables.execute(self._part.numbering(_SAY), self._names)
        bind(self._tables, sheaves)
        return self._filled(self._claim, staged)

    def _may_be_bound(self) -> bool:
        """Tell whether all are added, and nobody else queued anything of new profiles since."""
        likeness = self._part.likeness
        if likeness is None or likeness.kind is not ChangeKind.ADD:
            return False
        return not self._tables.execute(_ANY_FRONT, self._names).fetchall()

    def _sheaves(self, staged: Iterable[StagedBatch], shift: int) -> Iterator[Sheaf]:
        """Make those of batches whose fingerprints are in order."""
        first = MessageId(self._last_id + 1)
        profile = self._part.after + 1 + shift
        for id_, batch in zip(self._batches, staged, strict=True):
            behind = MessageId(first + len(batch.messages))
            if batch.fingerprints is not None:
                yield Sheaf(
                    batch=id_,
                    connection=self._scope.connection,
                    segment=self._scope.segment,
                    first_message=first,
                    last_message=MessageId(behind - 1),
                    first_profile=profile,
                    fingerprints=batch.fingerprints,
                    occurred_at=to_micros(self._occurred_at),
                    enqueued_at=self._now,
                    tick=self._tick,
                )
            profile += len(batch.messages)
            first = behind

    def _count(self, entered: int) -> None:
        if entered:
            state = MessageState.IN_FLIGHT if self._claim else MessageState.PENDING
            sums.add(self._tables, self._scope.connection, {state: entered})

    def _put(self) -> int:
        """Write the messages of all who have no line; tell how many these are."""
        numbering = self._part.numbering
        if self._part.shift is not None:
            with suppress(sqlite3.IntegrityError):
                return self._tables.execute(numbering(_MESSAGES_OF_NEW), self._names).rowcount
        return self._tables.execute(numbering(_MESSAGES), self._names).rowcount

    def _line_up(self, *, folding: bool) -> EnqueueReceipt:
        """Let the others take their places."""
        rows = self._tables.execute(_IN_LINE, self._names).fetchall()
        changes = [self._change(*row) for row in rows]
        return enqueue(self._tables, changes, folding=folding, now=self._now)

    def _whole(self) -> Sequence[Batch]:
        """Read the batches, which hold the whole part in its order."""
        return () if self._claim is None else self._filled(self._claim, self._staged())

    def _filled(self, claim: Claim, staged: Iterable[StagedBatch]) -> Sequence[Batch]:
        return list(map(claim.filled, self._batches, (batch.messages for batch in staged)))

    def _staged(self) -> Sequence[StagedBatch]:
        part = self._part
        staged = StagedMessages(
            scope=self._scope,
            occurred_at=self._occurred_at,
            enqueued_at=moment(self._now),
            likeness=part.likeness,
        )
        last_id, size = self._last_id, self._size
        return list(staged.read(self._tables, part.after, part.upto, last_id=last_id, size=size))

    def _left(self) -> Sequence[Batch]:
        """Read the batches; those that nothing was left for are given up."""
        if self._claim is None:
            return ()
        batches = [self._claim.batch(id_) for id_ in self._batches]
        for batch in batches:
            if not batch.messages:
                self._tables.execute(_GIVE_UP, (batch.id,))
        return [batch for batch in batches if batch.messages]

    def _change(
        self, type_: str, identifier: str, kind: str, fields: str, fingerprint: bytes
    ) -> ProfileChange:
        return ProfileChange(
            scope=self._scope,
            identifier=Identifier(IdentifierType(type_), identifier),
            kind=ChangeKind(kind),
            occurred_at=self._occurred_at,
            fields=Fields(fields),
            fingerprint=fingerprint,
        )
