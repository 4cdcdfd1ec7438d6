"""What a batch costs in the SQLite outbox as the file grows, and by which indexes it is found.

Of N rows in the file, six tenths wait in the connection that is measured, two tenths stand in front
of them in a paused one, a tenth are dead letters and a tenth are delivered; one profile more has a
hundred thousand changes (at most N of them). Every profile is in the ledger. The rows are written
by plain SQL, as quickly as that goes; the measured work goes through the port.

"judge" sets aside a page of a snapshot and finds out what is new in it, "enter" queues that, both
for each hundred profiles of the page. What a sync counts once, however long its snapshot is, grows
with what is held: "weigh" tells it for each hundred profiles in the file, up to a million.
Run it with: python -m tests.benchmarks.bench_growth [N ...]    (10 thousand to 10 million, or N)
"""

import os
import random
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from datetime import timedelta
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
    entering,
    held,
    lines,
    open_store,
    part,
    profiles,
    ready,
    staged,
    staging,
    sums,
    turns,
    wholesale,
)
from petiole.adapters.sqlite.comparison import SqliteComparison
from petiole.adapters.sqlite.entering import SqliteEntering
from petiole.adapters.sqlite.instants import to_micros
from petiole.adapters.sqlite.opening import open_database
from petiole.core.domain.attempt_record import AttemptRecord
from petiole.core.domain.batching import BatchPolicy
from petiole.core.domain.change import ChangeKind, ConnectionName, ProfileChange
from petiole.core.domain.dead_letter import LetterSelection
from petiole.core.domain.failure import failure_fingerprint
from petiole.core.domain.fields import Fields
from petiole.core.domain.message import Batch
from petiole.core.domain.settlement import DELIVERED, Settlement
from petiole.core.ports.snapshot import SnapshotProfile
from tests.adapters.sqlite.explaining import plan_of, statements_of
from tests.benchmarks.scene import MOMENT, NAME, SCOPE, customer
from tests.benchmarks.table import Line, table

SIZES = (10_000, 100_000, 1_000_000, 10_000_000)
QUICK_SIZES = SIZES[:2]
WEIGHED = 1_000_000
"""The largest file whose weighing is measured: it takes seconds a million."""
MOST = 2
JUDGED = ("claim", "settle", "enqueue", "status", "judge", "enter")
ROUNDS = 60
GROUP = 8
"""Batches claimed and settled at a time."""
BATCH = 100
HOT = 100_000
UNCHANGED, NEW = 900, 100
FEWEST = 10_000
"""Profiles of a page of a snapshot."""
KNOWN = 20_000
"""Profiles in the file, at most, of which such a page takes the unchanged ones, at random."""
PAUSED = ConnectionName("paused")
POLICY = BatchPolicy(max_profiles=BATCH)
RECORD = AttemptRecord(began_at=MOMENT, ended_at=MOMENT, calls=1)
FIELDS = Fields.of({f"field{n}": "x" * 40 for n in range(6)})

ADD_PROFILES = """
WITH RECURSIVE n (i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < :rows)
INSERT INTO profile (id, account, identifier_type, identifier)
SELECT (SELECT coalesce(max(id), 0) FROM profile) + i, 'bench', 'hashed-email', hex(randomblob(32))
FROM n
"""
ADD_KEYS = """
INSERT INTO profile_key (key, profile)
SELECT substr(hex(randomblob(8)), 1, 16) AS key, id FROM profile
WHERE id NOT IN (SELECT profile FROM profile_key) ORDER BY key
"""
ADD_MESSAGES = """
WITH RECURSIVE n (i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < :rows)
INSERT INTO message (
    profile, connection, segment, kind, weight_bytes, state, head, batch, occurred_at,
    enqueued_at, settled_at, code, reason, failure
) SELECT
    (SELECT max(id) FROM profile) - :rows + i, :connection, '4711', 'add', length(:fields),
    :state, iif(:state = 'pending', 1, NULL),
    iif(:state = 'pending', NULL, :batch), :now, :now, iif(:state = 'pending', NULL, :now),
    iif(:state = 'dead', '105', ''), iif(:state = 'dead', 'unknown field', ''),
    iif(:state = 'dead', :failure, NULL)
FROM n
"""
ADD_HOT = """
WITH RECURSIVE n (i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < :rows)
INSERT INTO message (
    profile, connection, segment, kind, weight_bytes, state, head, occurred_at, enqueued_at
) SELECT
    (SELECT max(id) FROM profile), :connection, '4711', 'update', length(:fields),
    'pending', i = 1, :now, :now
FROM n
"""
ADD_CONTENT = "INSERT INTO content (message, fields) SELECT id, :fields FROM message ORDER BY id"
ADD_TALLY = """
INSERT INTO tally (connection, enqueued, pending, delivered, dead)
SELECT connection, count(*), sum(state = 'pending'), sum(state = 'delivered'), sum(state = 'dead')
FROM message GROUP BY connection
"""
ADD_LEDGER = """
INSERT INTO ledger (connection, segment, profile, fingerprint)
SELECT :connection, '4711', id, :fingerprint FROM profile
"""
MAKE_KNOWN = "UPDATE profile SET identifier_type = ?, identifier = ? WHERE id = ?"
ADD_KEY = "INSERT INTO profile_key (key, profile) VALUES (?, ?)"
FOR_THE_FILLING = """
PRAGMA journal_mode = OFF;
PRAGMA synchronous = OFF;
PRAGMA cache_size = -2000000;
"""
HOT_STATEMENTS = {
    "profiles._KNOWN": profiles._KNOWN,
    "lines._ENDS": lines._ENDS,
    "lines._SAY": lines._SAY,
    "lines._SAY_ANEW": lines._SAY_ANEW,
    "backlog._READY": backlog._READY,
    "backlog._DUE": backlog._DUE,
    "backlog._NEXT_DUE": backlog._NEXT_DUE,
    "batches._OPEN": batches._OPEN,
    "claims._WAKE": claims._WAKE,
    "ready._READY": ready._READY,
    "ready._TOGETHER": ready._TOGETHER,
    "claims._TAKE": claims._TAKE,
    "claims._TAKE_ROW": claims._TAKE_ROW,
    "attempts._OURS": attempts._OURS,
    "deliveries._DELIVER": deliveries._DELIVER,
    "turns._LET_FORWARD": turns._LET_FORWARD,
    "wholesale._ALIKE": wholesale._ALIKE,
    "wholesale._COUNTS": wholesale._COUNTS,
    "wholesale._STRIKE": wholesale._STRIKE,
    "wholesale._CALLS": wholesale._CALLS,
    "sums._KEPT": sums._KEPT,
    "staging._adding (held.JUDGED)": staging._adding(2),
    "entering._NEXT": entering._NEXT,
    "entering._KEYS": entering._KEYS,
    "entering._KEYS_OF_FEW": entering._KEYS_OF_FEW,
    "entering._PROFILES": entering._PROFILES,
    "part._MESSAGES": part._MESSAGES,
    "part._MESSAGES_OF_NEW": part._MESSAGES_OF_NEW,
    "part._SAY": part._SAY,
    "staged._ALIKE": staged._ALIKE,
    "staged._TOGETHER": staged._TOGETHER,
    "part._SAY_BY_KEY": part._SAY_BY_KEY,
    "part._IN_LINE": part._IN_LINE,
    "held._STANDINGS": held._STANDINGS,
    "held._COUNT": held._COUNT,
    "held._DELIVERED": held._DELIVERED,
    "held._ON_THE_WAY": held._ON_THE_WAY,
}


def _fill(tables: sqlite3.Connection, rows: int) -> None:
    names = {
        "fields": FIELDS.text,
        "fingerprint": FIELDS.fingerprint,
        "now": to_micros(MOMENT),
        "failure": failure_fingerprint("105", "unknown field"),
        "batch": 1,
    }
    parts = [
        (PAUSED, "pending", rows // 5),
        (NAME, "delivered", rows // 10),
        (NAME, "dead", rows // 10),
    ]
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
    tables.execute(ADD_CONTENT, names)
    tables.execute(ADD_TALLY)
    tables.execute(ADD_LEDGER, names | {"connection": NAME})
    # Among the delivered ones, far apart, some get identifiers that can be named.
    number = _known(rows)
    apart = (rows // 10) // number
    for n, who in enumerate(map(customer, range(-number, 0))):
        profile = rows // 5 + 1 + n * apart
        tables.execute(MAKE_KNOWN, (who.type, who.value, profile))
        tables.execute(ADD_KEY, (profiles.key_of(SCOPE.account, who), profile))
    tables.execute(ADD_KEYS)


def _known(rows: int) -> int:
    return min(KNOWN, rows // 10)


@contextmanager
def _filled(rows: int) -> Iterator[SqliteStore]:
    began = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="petiole-bench-") as folder:
        path = Path(folder, "outbox.db")
        with open_store(path, clock=FrozenClock(MOMENT)):
            pass
        with closing(sqlite3.connect(path, isolation_level=None)) as tables:
            tables.executescript(FOR_THE_FILLING)
            tables.execute("BEGIN")
            _fill(tables, rows)
            tables.execute("COMMIT")
            tables.execute("PRAGMA journal_mode = WAL").close()
        os.sync()
        sys.stderr.write(f"{rows:,} rows: filled in {time.perf_counter() - began:.0f} s\n")
        with open_store(path, clock=FrozenClock(MOMENT)) as store:
            yield store


@contextmanager
def _comparison(store: SqliteStore) -> Iterator[SqliteComparison]:
    """Compare as `SqliteLedger.compare` does, but step by step."""
    ledger = store.ledger
    with (
        closing(open_database(ledger._database.path, one_thread=False)) as reader,
        staging.staging(ledger._database, reader, SCOPE) as aside,
    ):
        yield SqliteComparison(ledger._database, aside, SCOPE, ledger._runner)


def _changes(numbers: Iterator[int], rows: int) -> list[ProfileChange]:
    return [
        ProfileChange(
            scope=SCOPE,
            identifier=customer(number),
            kind=ChangeKind.ADD,
            occurred_at=MOMENT,
            fields=FIELDS,
        )
        for _, number in zip(range(rows), numbers, strict=False)
    ]


class _Costs:
    """Microseconds of each kind of work, per batch of a hundred or per question."""

    def __init__(self, store: SqliteStore, rows: int) -> None:
        self._store = store
        self._rows = rows
        self._chance = random.Random(rows)
        self._seconds: dict[str, list[float]] = {}
        self._numbers = count()

    def medians(self) -> dict[str, float]:
        return {what: median(took) * 1e6 for what, took in self._seconds.items()}

    def measure(self) -> None:
        store, outbox = self._store, self._store.outbox
        changes = _changes(self._numbers, GROUP * BATCH)
        self._time("enqueue", lambda: outbox.enqueue(changes, folding=True), GROUP)
        self._time("status", self._status)
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

        self._plan()

    def weigh(self) -> None:
        """Measure what a sync does once; beyond a size it would take minutes."""
        if self._rows <= WEIGHED:
            with _comparison(self._store) as comparison:
                hundreds = self._rows // 100
                self._time("weigh", lambda: comparison.weigh(mirror=False), hundreds)

    def _status(self) -> None:
        """Ask what the host's `look_at` asks of the store."""
        store = self._store
        store.states.state(NAME)
        store.bookkeeping.tally(NAME)
        store.outbox.backlog(NAME, POLICY)
        store.bookkeeping.calls([NAME], MOMENT)

    def _plan(self) -> None:
        numbers = self._chance.sample(range(-_known(self._rows), 0), UNCHANGED)
        numbers += [next(self._numbers) for _ in range(NEW)]
        page = [SnapshotProfile(n, customer(n), FIELDS) for n in numbers]
        pages = len(page) // BATCH
        with _comparison(self._store) as comparison:
            self._time("judge", lambda: comparison.read(page), pages)
            found = comparison._counted()
            if (found.added, found.unchanged) != (NEW, UNCHANGED):
                sys.exit(f"judged wrongly: {found}")
            went_in = comparison.entering(MOMENT, folding=True, removing=True)
            self._time("enter", lambda: self._enter(went_in), pages)

    def _enter(self, going_in: SqliteEntering) -> None:
        while going_in.part():
            pass

    def _claim(self) -> Sequence[Batch]:
        return self._store.outbox.claim(
            NAME, POLICY, batches=GROUP, partial=True, lease=timedelta(minutes=10)
        )

    def _time(self, what: str, work: Callable[[], object], batches: int = 1) -> None:
        began = time.perf_counter()
        work()
        self._seconds.setdefault(what, []).append((time.perf_counter() - began) / batches)


def _plans(store: SqliteStore) -> dict[str, list[str]]:
    statements = dict(HOT_STATEMENTS)
    for number, sql in enumerate(statements_of(wholesale.DOOR), start=1):
        statements[f"wholesale, {number}: {sql[:30]}"] = sql
    with _comparison(store) as comparison, comparison._staging._database.beside() as tables:
        comparison.read(())  # makes the index
        return {name: plan_of(tables, sql) for name, sql in statements.items()}


def measure(*, quick: bool) -> Sequence[Line]:
    """Hold the largest file against the smallest one."""
    sizes = QUICK_SIZES if quick else SIZES
    found, _ = _measured(sizes)
    return [_line(what, found, sizes) for what in JUDGED]


def _line(what: str, found: Sequence[dict[str, float]], sizes: Sequence[int]) -> Line:
    first, last = found[0][what], found[-1][what]
    return Line(
        what=f"{what}, {sizes[-1]:,} rows",
        figure=f"{last:,.0f} us",
        against=f"{sizes[0]:,}: {first:,.0f} us",
        ratio=last / first,
        wanted=f"at most {MOST}",
        holds=last <= MOST * first,
    )


def _measured(sizes: Sequence[int]) -> tuple[Sequence[dict[str, float]], dict[str, list[str]]]:
    """Measure all sizes turn by turn, so that they meet the same machine."""
    with ExitStack() as files:
        stores = [files.enter_context(_filled(size)) for size in sizes]
        costs = [_Costs(store, size) for store, size in zip(stores, sizes, strict=True)]
        for _ in range(ROUNDS):
            for one in costs:
                one.measure()
        for one in costs:
            one.weigh()
        return [one.medians() for one in costs], _plans(stores[-1])


def main() -> None:
    """Measure, and print the medians of every size, what is wanted of them, and the plans."""
    sizes = [int(argument) for argument in sys.argv[1:]] or list(SIZES)
    if min(sizes) < FEWEST:
        sys.exit(f"bench_growth: give sizes of {FEWEST:,} rows and more; fewer hold too little")
    found, plans = _measured(sizes)
    print("us per batch" + "".join(f"{size:>14,}" for size in sizes) + "  last/first")
    for what in found[0]:
        took = [medians[what] for medians in found if what in medians]
        costs = "".join(f"{cost:14,.0f}" for cost in took) + " " * 14 * (len(sizes) - len(took))
        print(f"{what:12}{costs}{took[-1] / took[0]:12.2f}")
    print()
    print(table([_line(what, found, sizes) for what in JUDGED]))
    print()
    for name, steps in plans.items():
        print(f"{name}: {'; '.join(steps)}")


if __name__ == "__main__":
    main()
