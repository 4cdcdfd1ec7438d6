"""What a batch costs in the SQLite outbox as the file grows, and by which indexes it is found.

Of N rows in the file, six tenths wait in the connection that is measured, two tenths stand in front
of them in a paused one, a tenth are dead letters and a tenth are delivered; one profile more has a
hundred thousand changes (at most N of them). The rows are written by plain SQL, as quickly as that
goes; the measured work goes through the port.
Run it with: python tests/benchmarks/bench_growth.py [N ...]      (10000 100000 1000000 unless told)
"""

import hashlib
import re
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from statistics import median

from petiole.adapters.memory import FrozenClock
from petiole.adapters.sqlite import (
    SqliteStore,
    attempts,
    backlog,
    batches,
    claims,
    deliveries,
    lines,
    open_store,
    profiles,
    turns,
)
from petiole.adapters.sqlite.instants import to_micros
from petiole.core.domain.attempt_record import AttemptRecord
from petiole.core.domain.batching import BatchPolicy
from petiole.core.domain.change import (
    AccountName,
    ChangeKind,
    ConnectionName,
    ProfileChange,
    Scope,
    SegmentId,
)
from petiole.core.domain.dead_letter import LetterSelection
from petiole.core.domain.failure import failure_fingerprint
from petiole.core.domain.fields import Fields
from petiole.core.domain.identity import Identifier
from petiole.core.domain.message import Batch
from petiole.core.domain.settlement import DELIVERED, Settlement

SIZES = (10_000, 100_000, 1_000_000)
ROUNDS = 60
GROUP = 8
"""Batches claimed and settled at a time."""
BATCH = 100
HOT = 100_000
NAME, PAUSED = ConnectionName("bench"), ConnectionName("paused")
MOMENT = datetime(2026, 3, 2, 8, 20, 41, tzinfo=UTC)
POLICY = BatchPolicy(max_profiles=BATCH)
RECORD = AttemptRecord(began_at=MOMENT, ended_at=MOMENT, calls=1)
FIELDS = Fields.of({f"field{n}": "x" * 40 for n in range(6)})

ADD_PROFILES = """
WITH RECURSIVE n (i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < :rows)
INSERT INTO profile (id, key, account, identifier_type, identifier)
SELECT (SELECT coalesce(max(id), 0) FROM profile) + i,
    substr(hex(randomblob(8)), 1, 16), 'bench', 'hashed-email', hex(randomblob(32)) FROM n
"""
ADD_MESSAGES = """
WITH RECURSIVE n (i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < :rows)
INSERT INTO message (
    profile, connection, segment, kind, fields, weight_bytes, state, head, batch, occurred_at,
    enqueued_at, settled_at, code, reason, failure
) SELECT
    (SELECT max(id) FROM profile) - :rows + i, :connection, '4711', 'add', :fields,
    length(:fields), :state, iif(:state = 'pending', 1, NULL),
    iif(:state = 'pending', NULL, :batch), :now, :now, iif(:state = 'pending', NULL, :now),
    iif(:state = 'dead', '105', ''), iif(:state = 'dead', 'unknown field', ''),
    iif(:state = 'dead', :failure, NULL)
FROM n
"""
ADD_HOT = """
WITH RECURSIVE n (i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < :rows)
INSERT INTO message (
    profile, connection, segment, kind, fields, weight_bytes, state, head, occurred_at, enqueued_at
) SELECT
    (SELECT max(id) FROM profile), :connection, '4711', 'update', :fields, length(:fields),
    'pending', i = 1, :now, :now
FROM n
"""
ADD_TALLY = """
INSERT INTO tally (connection, enqueued, pending, delivered, dead)
SELECT connection, count(*), sum(state = 'pending'), sum(state = 'delivered'), sum(state = 'dead')
FROM message GROUP BY connection
"""
HOT_STATEMENTS = {
    "profiles._KNOWN": profiles._KNOWN,
    "lines._ENDS": lines._ENDS,
    "backlog._READY": backlog._READY,
    "backlog._DUE": backlog._DUE,
    "backlog._NEXT_DUE": backlog._NEXT_DUE,
    "batches._OPEN": batches._OPEN,
    "claims._WAKE": claims._WAKE,
    "claims._READY": claims._READY,
    "claims._TAKE": claims._TAKE,
    "attempts._OURS": attempts._OURS,
    "deliveries._DELIVER": deliveries._DELIVER,
    "turns._LET_FORWARD": turns._LET_FORWARD,
}


def _fill(store: SqliteStore, rows: int) -> None:
    names = {
        "fields": FIELDS.text,
        "now": to_micros(MOMENT),
        "failure": failure_fingerprint("105", "unknown field"),
        "batch": 1,
    }
    parts = [
        (PAUSED, "pending", rows // 5),
        (NAME, "delivered", rows // 10),
        (NAME, "dead", rows // 10),
    ]
    with store.outbox._database.write() as tables:
        tables.execute(
            "INSERT INTO batch (connection, owner, claimed_at, lease_ends, settled_at)"
            " VALUES (?, '', 0, 0, 0)",
            (NAME,),
        )
        for connection, state, number in parts:
            more = {"connection": connection, "state": state, "rows": number}
            tables.execute(ADD_PROFILES, {"rows": number})
            tables.execute(ADD_MESSAGES, names | more)
        tables.execute(ADD_PROFILES, {"rows": 1})
        tables.execute(ADD_HOT, names | {"connection": NAME, "rows": min(rows, HOT)})
        rest = {"connection": NAME, "state": "pending", "rows": rows * 6 // 10}
        tables.execute(ADD_PROFILES, {"rows": rest["rows"]})
        tables.execute(ADD_MESSAGES, names | rest)
        tables.execute(ADD_TALLY)


@contextmanager
def _filled(rows: int) -> Iterator[SqliteStore]:
    with (
        tempfile.TemporaryDirectory() as folder,
        open_store(Path(folder, "outbox.db"), clock=FrozenClock(MOMENT)) as store,
    ):
        _fill(store, rows)
        yield store


def _changes(numbers: Iterator[int], rows: int) -> list[ProfileChange]:
    scope = Scope(account=AccountName("bench"), connection=NAME, segment=SegmentId("4711"))
    return [
        ProfileChange(
            scope=scope,
            identifier=Identifier.hashed_email(hashlib.sha256(b"%d" % number).hexdigest()),
            kind=ChangeKind.ADD,
            occurred_at=MOMENT,
            fields=FIELDS,
        )
        for _, number in zip(range(rows), numbers, strict=False)
    ]


class _Costs:
    """Microseconds of each kind of work, per batch of a hundred or per question."""

    def __init__(self, store: SqliteStore) -> None:
        self._store = store
        self._seconds: dict[str, list[float]] = {}
        self._numbers = count()

    def medians(self) -> dict[str, float]:
        return {what: median(took) * 1e6 for what, took in self._seconds.items()}

    def measure(self) -> None:
        store, outbox = self._store, self._store.outbox
        changes = _changes(self._numbers, GROUP * BATCH)
        self._time("enqueue", lambda: outbox.enqueue(changes, folding=True), GROUP)
        self._time("backlog", lambda: outbox.backlog(NAME, POLICY))
        self._time("tally", lambda: store.bookkeeping.tally(NAME))
        taken: list[Batch] = []
        self._time("claim", lambda: taken.extend(self._claim()), GROUP)
        settled = [
            Settlement(b.id, b.epoch, {m.id: DELIVERED for m in b.messages}, RECORD) for b in taken
        ]
        self._time("settle", lambda: outbox.settle(settled), GROUP)
        newest = LetterSelection(connections=[NAME])
        self._time("20 letters", lambda: store.dead_letters.letters(newest, limit=20))
        change = taken[0].messages[-1].change
        account, who = change.scope.account, change.identifier
        self._time("life", lambda: store.history.life(account, NAME, who))

    def _claim(self) -> Sequence[Batch]:
        return self._store.outbox.claim(
            NAME, POLICY, batches=GROUP, partial=True, lease=timedelta(minutes=10)
        )

    def _time(self, what: str, work: Callable[[], object], batches: int = 1) -> None:
        began = time.perf_counter()
        work()
        self._seconds.setdefault(what, []).append((time.perf_counter() - began) / batches)


def _plan(store: SqliteStore, sql: str) -> list[str]:
    names = re.findall(r":(\w+)", sql)
    parameters = dict.fromkeys(names) if names else (None,) * sql.count("?")
    with store.outbox._database.read() as tables:
        rows = tables.execute(f"EXPLAIN QUERY PLAN {sql}", parameters).fetchall()
    return [row[3] for row in rows]


def main() -> None:
    """Measure all sizes turn by turn, so that they meet the same machine, and print the medians."""
    sizes = [int(argument) for argument in sys.argv[1:]] or list(SIZES)
    with ExitStack() as files:
        stores = [files.enter_context(_filled(size)) for size in sizes]
        costs = [_Costs(store) for store in stores]
        for _ in range(ROUNDS):
            for one in costs:
                one.measure()
        found = [one.medians() for one in costs]
        plans = {name: _plan(stores[-1], sql) for name, sql in HOT_STATEMENTS.items()}
    out = sys.stdout
    out.write("us per batch" + "".join(f"{size:>14,}" for size in sizes) + "  last/first\n")
    for what in found[0]:
        took = [medians[what] for medians in found]
        out.write(f"{what:12}" + "".join(f"{cost:14,.0f}" for cost in took))
        out.write(f"{took[-1] / took[0]:12.2f}\n")
    out.write("\n")
    for name, steps in plans.items():
        out.write(f"{name}: {'; '.join(steps)}\n")


if __name__ == "__main__":
    main()
