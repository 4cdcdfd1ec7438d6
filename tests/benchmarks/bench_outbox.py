"""Rows per second through the SQLite outbox beside a plain loop on one table of the same rows.

The plain loop inserts a thousand rows per transaction, then reads and deletes a hundred per
transaction, as durable as the outbox (WAL, synchronous FULL): it is what a hand-written queue
without states, order per profile, leases, sums or a ledger would do.
Run it with: python -m tests.benchmarks.bench_outbox [rows] [backlog]
With a backlog, the outbox keeps that many rows all the time.
"""

import sqlite3
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import timedelta
from itertools import count
from pathlib import Path

from petiole.adapters.memory import FrozenClock
from petiole.adapters.sqlite import SqliteStore, open_store
from petiole.core.domain.attempt_record import AttemptRecord
from petiole.core.domain.batching import BatchPolicy
from petiole.core.domain.change import ProfileChange
from petiole.core.domain.fields import Fields
from petiole.core.domain.message import Batch
from petiole.core.domain.settlement import DELIVERED, Settlement
from petiole.core.exchange import Exchange
from tests.benchmarks.scene import MOMENT, NAME, added

CHUNK = 1_000
BATCH = 100
GROUP = 8
"""Batches that a relay claims and settles at a time when the platform keeps up."""
ROUNDS = 3
LEASE = timedelta(minutes=10)
RECORD = AttemptRecord(
    began_at=MOMENT,
    ended_at=MOMENT,
    calls=1,
    exchanges=[Exchange(request="POST /receiver" + 500 * ".", answer="200 OK" + 300 * ".")],
)
POLICY = BatchPolicy(max_profiles=BATCH)


def _changes(numbers: Iterator[int], rows: int) -> list[ProfileChange]:
    made = []
    for _, number in zip(range(rows), numbers, strict=False):
        fields = Fields.of(
            {
                "firstname": "Jon",
                "lastname": f"Yang {number}",
                "gender": "Male",
                "first_purchase": "2020-01-19",
                "city": "Köln",
                "street": "Hohenzollernring 72, Hinterhaus, zweite Etage links",
                "loyalty": {"tier": "gold", "points": number, "since": "2019-04-01"},
                "last_order": "Road-150 Red, 48",
            }
        )
        made.append(added(number, fields))
    return made


def _chunks(changes: Sequence[ProfileChange]) -> Iterator[Sequence[ProfileChange]]:
    for start in range(0, len(changes), CHUNK):
        yield changes[start : start + CHUNK]


def _enqueue(store: SqliteStore, changes: Sequence[ProfileChange]) -> None:
    for chunk in _chunks(changes):
        store.outbox.enqueue(chunk, folding=True)


def _drain(store: SqliteStore, rows: int, group: int) -> None:
    while rows > 0:
        batches = store.outbox.claim(NAME, POLICY, batches=group, partial=True, lease=LEASE)
        store.outbox.settle([_delivered(batch) for batch in batches])
        rows -= sum(len(batch.messages) for batch in batches)


def _delivered(batch: Batch) -> Settlement:
    return Settlement(batch.id, batch.epoch, {m.id: DELIVERED for m in batch.messages}, RECORD)


@contextmanager
def _plain_table(path: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.executescript(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
            "CREATE TABLE queue (id INTEGER PRIMARY KEY, identifier TEXT, payload TEXT) STRICT;"
        )
        yield connection


def _plain_insert(connection: sqlite3.Connection, changes: Sequence[ProfileChange]) -> None:
    for chunk in _chunks(changes):
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany(
            "INSERT INTO queue (identifier, payload) VALUES (?, ?)",
            [(change.identifier.value, change.fields.text) for change in chunk],
        )
        connection.execute("COMMIT")


def _plain_delete(connection: sqlite3.Connection) -> None:
    while rows := connection.execute(
        "SELECT id, identifier, payload FROM queue ORDER BY id LIMIT ?", (BATCH,)
    ).fetchall():
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany("DELETE FROM queue WHERE id = ?", [row[:1] for row in rows])
        connection.execute("COMMIT")


class _Stopwatch:
    """Prints one line per piece of work: rows a second, and CPU time per row."""

    def __init__(self, rows: int) -> None:
        self._rows = rows

    @contextmanager
    def timed(self, what: str, plain_seconds: list[float]) -> Iterator[None]:
        began, cpu = time.perf_counter(), time.process_time()
        yield
        took, cpu = time.perf_counter() - began, time.process_time() - cpu
        plain_seconds.append(took)
        ratio = took / plain_seconds[0]
        sys.stdout.write(
            f"{what:28} {self._rows / took:12,.0f} {cpu / self._rows * 1e6:12.2f} {ratio:10.2f}\n"
        )


def main() -> None:
    """Measure, turn by turn so that both meet the same machine, and print a table."""
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    backlog = int(sys.argv[2]) if len(sys.argv) > 2 else 0
    numbers = count()
    watch = _Stopwatch(rows)
    with (
        tempfile.TemporaryDirectory() as folder,
        _plain_table(Path(folder, "plain.db")) as plain,
        open_store(Path(folder, "outbox.db"), clock=FrozenClock(MOMENT)) as store,
    ):
        for _ in range(0, backlog, 10 * CHUNK):
            _enqueue(store, _changes(numbers, 10 * CHUNK))
        sys.stdout.write("what                             rows/s   CPU us/row  x plain\n")
        for _ in range(ROUNDS):
            entering: list[float] = []
            leaving: list[float] = []
            changes = _changes(numbers, rows)
            with watch.timed("plain insert", entering):
                _plain_insert(plain, changes)
            with watch.timed("enqueue", entering):
                _enqueue(store, changes)
            with watch.timed("plain delete", leaving):
                _plain_delete(plain)
            with watch.timed(f"claim + settle, {GROUP} batches", leaving):
                _drain(store, rows, GROUP)
            _enqueue(store, _changes(numbers, rows))
            with watch.timed("claim + settle, 1 batch", leaving):
                _drain(store, rows, 1)


if __name__ == "__main__":
    main()
