"""Queues written by hand for one job: records out of SQLite, by the hundred, over httpx.

They know no order per profile, no leases, no retries, no ledger and no history; nobody else may
drain at the same time, and every answer below 300 is a yes. What was claimed when they died is
found by its state and sent again.
"""

import sqlite3
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import TypeAlias

import httpx

from tests.benchmarks.stopwatch import Took, timed

BATCH = 100
THREADS = 4
AHEAD = 12
"""Batches that stand ready, so that no thread waits for the disk."""
GROUP = 8
"""Batches that are settled at a time, in the transaction that claims the next ones."""

_TABLES = """
PRAGMA journal_mode = WAL;
CREATE TABLE queue (
    id INTEGER PRIMARY KEY, record BLOB NOT NULL, state INTEGER NOT NULL DEFAULT 0
) STRICT;
"""
_PRAGMAS = """
PRAGMA synchronous = FULL;
PRAGMA wal_autocheckpoint = 16384;
"""
_PUT = "INSERT INTO queue (record) VALUES (?)"
_NEXT = "SELECT id, record FROM queue WHERE id > ? ORDER BY id LIMIT ?"
_CLAIM = "UPDATE queue SET state = 1 WHERE id BETWEEN ? AND ?"
_SETTLE = "DELETE FROM queue WHERE id BETWEEN ? AND ?"

_Rows: TypeAlias = Sequence[tuple[int, bytes]]


def fill(path: Path, records: Iterable[bytes]) -> None:
    """Make a queue that holds these."""
    with _opened(path) as tables:
        tables.executescript(_TABLES)
        tables.execute("BEGIN")
        tables.executemany(_PUT, ((record,) for record in records))
        tables.execute("COMMIT")


def drain(path: Path, url: str) -> Took:
    """Drain a queue as fast as it goes, with a few threads that post.

    Of what was tried: UPDATE ... RETURNING against SELECT and UPDATE of a range, DELETE of ids
    against a range, an index of what is unclaimed against a place in the table, one to eight
    batches at a time, claiming in a transaction of its own or in that of settling, two to four
    threads, a client for each or one for all.
    """
    tasks: SimpleQueue[_Rows | None] = SimpleQueue()
    posted: SimpleQueue[_Rows] = SimpleQueue()

    def work(client: httpx.Client) -> None:
        while (rows := tasks.get()) is not None:
            _post(client, url, rows)
            posted.put(rows)

    clients = [_client() for _ in range(THREADS)]
    pool = [threading.Thread(target=work, args=(client,), daemon=True) for client in clients]
    with _opened(path) as tables, timed() as took:
        for thread in pool:
            thread.start()
        last, in_air = 0, 0
        done: list[_Rows] = []
        while True:
            claimed = _settle_and_claim(tables, done, last, THREADS + AHEAD - in_air)
            for rows in claimed:
                tasks.put(rows)
            in_air += len(claimed)
            if not in_air:
                break
            last = claimed[-1][-1][0] if claimed else last
            done = _collected(posted, min(GROUP, in_air))
            in_air -= len(done)
    for _ in pool:
        tasks.put(None)
    for thread, client in zip(pool, clients, strict=True):
        thread.join()
        client.close()
    return took


def drain_naively(path: Path, url: str) -> Took:
    """Claim, post, settle, and so on: one thread, a batch and two transactions at a time."""
    with _opened(path) as tables, _client() as client, timed() as took:
        while rows := tables.execute(_NEXT, (0, BATCH)).fetchall():
            tables.execute(_CLAIM, (rows[0][0], rows[-1][0]))
            _post(client, url, rows)
            tables.execute(_SETTLE, (rows[0][0], rows[-1][0]))
    return took


def _settle_and_claim(
    tables: sqlite3.Connection, done: Sequence[_Rows], last: int, batches: int
) -> list[_Rows]:
    """Write both in one transaction."""
    tables.execute("BEGIN IMMEDIATE")
    for rows in done:
        tables.execute(_SETTLE, (rows[0][0], rows[-1][0]))
    claimed = tables.execute(_NEXT, (last, batches * BATCH)).fetchall()
    if claimed:
        tables.execute(_CLAIM, (claimed[0][0], claimed[-1][0]))
    tables.execute("COMMIT")
    return [claimed[start : start + BATCH] for start in range(0, len(claimed), BATCH)]


def _collected(posted: "SimpleQueue[_Rows]", least: int) -> list[_Rows]:
    """Wait for some, and take what else is there."""
    done = [posted.get() for _ in range(least)]
    with suppress(Empty):
        while True:
            done.append(posted.get_nowait())
    return done


def _post(client: httpx.Client, url: str, rows: _Rows) -> None:
    body = b"[%b]" % b",\n".join([record for _, record in rows])
    client.post(url, content=body).raise_for_status()


def _client() -> httpx.Client:
    headers = {"Content-Type": "application/json", "Authorization": "Bearer bench"}
    return httpx.Client(headers=headers, trust_env=False)


@contextmanager
def _opened(path: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(path, isolation_level=None)) as tables:
        tables.executescript(_PRAGMAS)
        yield tables
