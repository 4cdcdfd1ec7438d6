"""The stores of petiole on the stands of the contract suites."""

import sqlite3
from contextlib import ExitStack, closing
from pathlib import Path

from petiole.adapters.memory import FrozenClock, MemoryState, MemoryStore
from petiole.adapters.sqlite import SqliteStore, open_store
from petiole.testing.stands import Store

_SILENT = """
SELECT id, state FROM message WHERE state <> 'folded' AND state <> 'erased'
    AND NOT EXISTS (SELECT 1 FROM content WHERE content.message = message.id)
"""
_OUTSPOKEN = """
SELECT id, state FROM message CROSS JOIN content ON content.message = message.id
WHERE state = 'folded' OR state = 'erased'
"""
_BOUND = """
SELECT content.message FROM sheaf
CROSS JOIN content ON content.message BETWEEN first_message AND last_message
"""
_MISBOUND = """
SELECT batch FROM sheaf WHERE last_message - first_message + 1 <> (
    SELECT count(*) FROM content WHERE message BETWEEN first_message AND last_message
) OR EXISTS (SELECT 1 FROM message WHERE id BETWEEN first_message AND last_message)
"""
_KEYS = """
SELECT profile.id, count(profile_key.key) AS keys FROM profile
LEFT JOIN profile_key ON profile_key.profile = profile.id
GROUP BY profile.id HAVING keys <> 1
"""


def refuse_loose_ends(path: Path) -> None:
    """Check what SQLite is not asked to check while a file is written.

    Every reference leads somewhere, but for what bound messages say. A message says something until
    it is folded or erased; one that is bound has no row of its own. A profile has one key.
    """
    if path.exists():
        with closing(sqlite3.connect(path)) as connection:
            bound = {message for (message,) in connection.execute(_BOUND)}
            references = connection.execute("PRAGMA foreign_key_check").fetchall()
            misbound = connection.execute(_MISBOUND).fetchall()
            silent = connection.execute(_SILENT).fetchall()
            outspoken = connection.execute(_OUTSPOKEN).fetchall()
            keys = connection.execute(_KEYS).fetchall()
        astray = [one for one in references if one[0] != "content" or one[1] not in bound]
        assert not astray, f"references that lead nowhere: {astray}"
        assert not silent, f"messages without content, neither folded nor erased: {silent}"
        assert not outspoken, f"folded or erased messages that still have content: {outspoken}"
        assert not misbound, f"sheaves whose messages are silent, or written out: {misbound}"
        assert not keys, f"profiles that have no key, or several: {keys}"


class MemoryStand:
    """One state in memory, and its runners."""

    def __init__(self, clock: FrozenClock | None = None) -> None:
        self.clock = clock or FrozenClock()
        self._state = MemoryState()

    def open(self) -> MemoryStore:
        return MemoryStore(clock=self.clock, state=self._state)

    def kill(self, store: Store) -> None:
        assert isinstance(store, MemoryStore)
        store.close()


class SqliteStand:
    """One file, and its runners; leaving it ends those that still live."""

    def __init__(self, path: Path, clock: FrozenClock | None = None) -> None:
        self.clock = clock or FrozenClock()
        self._path = path
        self._runners: dict[int, ExitStack] = {}

    def open(self) -> SqliteStore:
        runner = ExitStack()
        store = runner.enter_context(open_store(self._path, clock=self.clock))
        self._runners[id(store)] = runner
        return store

    def kill(self, store: Store) -> None:
        self._runners.pop(id(store)).close()

    def close(self) -> None:
        for runner in self._runners.values():
            runner.close()
        refuse_loose_ends(self._path)
