"""Entering: the changes that a comparison found, from where they are set aside into the outbox.

Whoever has no line yet is written by one statement for all of them, and may be claimed by it; the
others take their places like any change that is enqueued.
"""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from petiole.adapters.sqlite import commits, sums
from petiole.adapters.sqlite.bell import SqliteBell
from petiole.adapters.sqlite.claims import Claim
from petiole.adapters.sqlite.database import Database
from petiole.adapters.sqlite.instants import span_micros, to_micros
from petiole.adapters.sqlite.lines import enqueue
from petiole.adapters.sqlite.runners import Runners
from petiole.adapters.sqlite.staging import Staging
from petiole.core.domain.batching import Claiming
from petiole.core.domain.change import ChangeKind, ProfileChange, Scope
from petiole.core.domain.fields import Fields
from petiole.core.domain.identity import Identifier, IdentifierType
from petiole.core.domain.message import Batch, BatchId, MessageState
from petiole.core.domain.tally import EnqueueReceipt
from petiole.core.ports.clock import Clock
from petiole.core.ports.ledger import Entered

PART = 2_000
"""Changes in one transaction."""
PROFILES = 20_000
"""Profiles that get their numbers in one transaction. Their keys are random: each of them alone
rewrites a page of the index, many at a time share pages."""
PART_BYTES = 8_000_000
"""Of JSON text in one transaction."""

_NEXT = """
SELECT max(place), count(*), sum(weight_bytes) FROM (
    SELECT place, weight_bytes FROM staging.profile
    WHERE kind IS NOT NULL AND place > ? ORDER BY place LIMIT ?
)
"""
_PROFILES = """
INSERT INTO profile (key, account, identifier_type, identifier)
SELECT key, ?, identifier_type, identifier FROM staging.profile
WHERE place > ? AND place <= ? AND kind IS NOT NULL ORDER BY place
ON CONFLICT (key) DO NOTHING
"""
_RANK, _PLACE = "row_number() OVER (ORDER BY place)", "(place - :after)"
"""The number of a change in its part; without gaps it is told by the place, at half the cost."""
_MESSAGES = f"""
INSERT INTO message (
    profile, connection, segment, kind, fingerprint, weight_bytes, state, head, attempts,
    batch, occurred_at, enqueued_at, tick
)
SELECT
    profile.id, :connection, :segment, kind, fingerprint, staged.weight_bytes,
    iif(:batch, 'in_flight', 'pending'), 1, iif(:batch, 1, 0),
    iif(:batch, :batch + ({_RANK} - 1) / :size, NULL),
    :occurred_at, :now, :tick
FROM staging.profile AS staged CROSS JOIN profile ON profile.key = staged.key
WHERE place > :after AND place <= :upto AND kind IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM message AS front INDEXED BY message_head
    WHERE front.profile = profile.id AND front.head = 1
)
ORDER BY place
"""  # noqa: S608 - made of constants
_SAY = f"""
INSERT INTO content (message, fields)
SELECT :last_id + {_RANK}, fields FROM staging.profile
WHERE place > :after AND place <= :upto AND kind IS NOT NULL ORDER BY place
"""  # noqa: S608 - made of constants
_SAY_BY_KEY = """
INSERT INTO content (message, fields)
SELECT message.id, staged.fields FROM message
CROSS JOIN profile ON profile.id = message.profile
CROSS JOIN staging.profile AS staged ON staged.key = profile.key
WHERE message.id > :last_id ORDER BY message.id
"""
_GIVE_UP = "DELETE FROM batch WHERE id = ?"
_LAST_ID = "SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = 'message'"
_IN_LINE = """
SELECT staged.identifier_type, staged.identifier, staged.kind, staged.fields, staged.fingerprint
FROM staging.profile AS staged CROSS JOIN profile ON profile.key = staged.key
CROSS JOIN message AS front INDEXED BY message_head
    ON front.profile = profile.id AND front.head = 1
WHERE place > :after AND place <= :upto AND staged.kind IS NOT NULL AND front.id <= :last_id
ORDER BY place
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Runner:
    """Who enters, and may claim: whose name is that, what time is it, who is told."""

    runners: Runners
    clock: Clock
    bell: SqliteBell


@dataclass(frozen=True, slots=True)
class _Part:
    """What stands after one place of the staging, up to and including another."""

    after: int
    upto: int
    changes: int
    weight_bytes: int

    def numbering(self, sql: str) -> str:
        """Let a statement number these changes in the cheapest way."""
        has_gaps = self.upto - self.after > self.changes
        return sql if has_gaps else sql.replace(_RANK, _PLACE)


class SqliteEntering:
    """Enters what is staged for one scope, on the connection that it is staged on."""

    def __init__(
        self,
        database: Database,
        staging: Staging,
        scope: Scope,
        runner: Runner,
        *,
        occurred_at: datetime,
        folding: bool,
        removing: bool,
    ) -> None:
        self._database = database
        self._scope = scope
        self._runner = runner
        self._occurred_at = occurred_at
        self._folding = folding
        self._after = 0
        self._numbered = 0
        self._removals = staging.removals() if removing else iter(())
        self._removed: list[Identifier] = []

    def part(self, claiming: Claiming | None = None) -> Entered | None:
        """Put the next ones into the outbox, removals first; `None` when all are there.

        Raises:
            OutboxError: nothing of this part was put there.
        """
        most = claiming.most_messages if claiming else PART
        if removed := self._next_removed(most):
            entered = Entered(receipt=self._remove(removed))
            del self._removed[: len(removed)]
        elif part := self._next(most):
            self._number(part.upto)
            with self._database.write(commits.ENQUEUE) as tables:
                entered = _Transaction(tables, self._scope, self._runner, part).enter(
                    claiming, occurred_at=self._occurred_at, folding=self._folding
                )
            self._after = part.upto
        else:
            return None
        self._runner.bell.ring()
        return entered

    def _next_removed(self, most: int) -> Sequence[Identifier]:
        """Look up the next ones to remove; they stay the next ones until they are there."""
        if not self._removed:
            self._removed += islice(self._removals, PART)
        return self._removed[:most]

    def _remove(self, identifiers: Sequence[Identifier]) -> EnqueueReceipt:
        removals = [
            ProfileChange(
                scope=self._scope,
                identifier=identifier,
                kind=ChangeKind.REMOVE,
                occurred_at=self._occurred_at,
            )
            for identifier in identifiers
        ]
        with self._database.write(commits.ENQUEUE) as tables:
            now = to_micros(self._runner.clock.now())
            return enqueue(tables, removals, folding=self._folding, now=now)

    def _number(self, upto: int) -> None:
        """Give the profiles up to some place, and many after it, their numbers."""
        while self._numbered < upto:
            slice_ = (self._scope.account, self._numbered, self._numbered + PROFILES)
            with self._database.write() as tables:
                tables.execute(_PROFILES, slice_)
            self._numbered += PROFILES

    def _next(self, most: int) -> _Part | None:
        with self._database.beside() as tables:
            while True:
                found = tables.execute(_NEXT, (self._after, most)).fetchall()
                [(upto, changes, weight)] = found
                if changes <= 1 or weight <= PART_BYTES:
                    break
                most = changes // 2
        return _Part(self._after, upto, changes, weight) if changes else None


class _Transaction:
    """One part inside its transaction."""

    def __init__(
        self, tables: sqlite3.Connection, scope: Scope, runner: Runner, part: _Part
    ) -> None:
        self._tables = tables
        self._scope = scope
        self._runner = runner
        self._part = part
        self._now = to_micros(runner.clock.now())

    def enter(self, claiming: Claiming | None, *, occurred_at: datetime, folding: bool) -> Entered:
        """Write the part, and claim it; a heavy one is left to be claimed by weight."""
        part, name = self._part, self._scope.connection
        [(last_id,)] = self._tables.execute(_LAST_ID).fetchall()
        tick = sums.next_tick(self._tables, name)
        names = {
            "connection": name,
            "segment": self._scope.segment,
            "after": part.after,
            "upto": part.upto,
            "occurred_at": to_micros(occurred_at),
            "now": self._now,
            "tick": tick,
            "last_id": last_id,
            "batch": None,
            "size": 1,
        }
        claim: Claim | None = None
        batches: Sequence[BatchId] = ()
        if claiming and part.weight_bytes <= claiming.policy.max_bytes:
            claim = self._claim(claiming)
            size = claiming.policy.max_profiles
            batches = [claim.open_batch(tick) for _ in range(0, part.changes, size)]
            names |= {"batch": batches[0], "size": size}
        entered = self._tables.execute(part.numbering(_MESSAGES), names).rowcount
        say = part.numbering(_SAY) if entered == part.changes else _SAY_BY_KEY
        self._tables.execute(say, names)
        receipt = EnqueueReceipt(enqueued=entered)
        if entered:
            state = MessageState.IN_FLIGHT if batches else MessageState.PENDING
            sums.add(self._tables, name, {state: entered})
        if entered < part.changes:
            changes = [
                self._change(occurred_at, *row)
                for row in self._tables.execute(_IN_LINE, names).fetchall()
            ]
            receipt += enqueue(self._tables, changes, folding=folding, now=self._now)
        return Entered(receipt=receipt, batches=self._filled(claim, batches))

    def _claim(self, claiming: Claiming) -> Claim:
        runners, clock = self._runner.runners, self._runner.clock
        runners.announce()
        return Claim(
            connection=self._tables,
            runners=runners,
            name=self._scope.connection,
            now=self._now,
            uptime=span_micros(clock.uptime()),
            lease=span_micros(claiming.lease),
        )

    def _filled(self, claim: Claim | None, batches: Sequence[BatchId]) -> Sequence[Batch]:
        """Read the batches; those that nothing was left for are given up."""
        if claim is None or not batches:
            return ()
        filled = [claim.batch(id_) for id_ in batches]
        for batch in filled:
            if not batch.messages:
                self._tables.execute(_GIVE_UP, (batch.id,))
        return [batch for batch in filled if batch.messages]

    def _change(
        self,
        occurred_at: datetime,
        type_: str,
        identifier: str,
        kind: str,
        fields: str,
        fingerprint: bytes,
    ) -> ProfileChange:
        return ProfileChange(
            scope=self._scope,
            identifier=Identifier(IdentifierType(type_), identifier),
            kind=ChangeKind(kind),
            occurred_at=occurred_at,
            fields=Fields(fields),
            fingerprint=fingerprint,
        )
