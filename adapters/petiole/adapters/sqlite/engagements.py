"""Engagements in SQLite: each event once, joined to the delivery that it goes back to."""

import json
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import count

from petiole.adapters.sqlite.causes import Causes
from petiole.adapters.sqlite.database import Database
from petiole.adapters.sqlite.engagement_row import (
    COLUMNS,
    cause_row,
    likeness,
    to_row,
    to_stored,
)
from petiole.adapters.sqlite.instants import to_micros
from petiole.adapters.sqlite.profiles import numbered_identifiers
from petiole.core.domain.change import AccountName, ConnectionName, SegmentId
from petiole.core.domain.engagement import (
    Cause,
    Engagement,
    EngagementId,
    EngagementSelection,
    RefusedEngagement,
    StoredEngagement,
    is_repeat,
)
from petiole.core.ports.clock import Clock
from petiole.core.ports.engagements import Checkpoint, StorageReceipt

_BY_EVENT = """
SELECT asked.key FROM json_each(:events) AS asked
CROSS JOIN engagement INDEXED BY engagement_event
    ON connection = json_extract(asked.value, '$[0]')
    AND origin = json_extract(asked.value, '$[1]') AND event = json_extract(asked.value, '$[2]')
"""
_BY_LIKENESS = """
SELECT asked.key, origin, event FROM json_each(:likenesses) AS asked
CROSS JOIN engagement INDEXED BY engagement_likeness ON likeness = asked.value
"""
_LAST_ID = "SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = 'engagement'"
_ADD = f"INSERT INTO engagement VALUES ({', '.join('?' * 21)})"  # noqa: S608 - marks only
_REFUSE = """
INSERT INTO refused_engagement (connection, origin, received_at, reason, content)
VALUES (?, ?, ?, ?, ?)
"""
_REACH = "INSERT OR REPLACE INTO checkpoint (connection, reader, place) VALUES (?, ?, ?)"
_REACHED = "SELECT place FROM checkpoint WHERE connection = ? AND reader = ?"
_ENGAGE = """
UPDATE segment_use SET engaged = engaged + ? WHERE connection = ? AND segment = ?
"""
_READ = f"""
SELECT {COLUMNS} FROM engagement CROSS JOIN profile ON profile.id = engagement.profile
WHERE engagement.id > :after
    AND (
        :connections IS NULL
        OR engagement.connection IN (SELECT value FROM json_each(:connections))
    )
    AND (:kinds IS NULL OR kind IN (SELECT value FROM json_each(:kinds)))
    AND (:campaign = '' OR campaign = :campaign)
    AND (:since IS NULL OR occurred_at >= :since)
    AND (:until IS NULL OR occurred_at < :until)
ORDER BY engagement.id LIMIT :limit
"""  # noqa: S608 - columns only
_CAUSELESS = f"""
SELECT {COLUMNS}, engagement.profile FROM engagement INDEXED BY engagement_causeless
CROSS JOIN profile ON profile.id = engagement.profile
WHERE message IS NULL AND occurred_at >= ? ORDER BY occurred_at LIMIT ?
"""  # noqa: S608 - columns only
_JOIN = """
UPDATE engagement SET message = ?, segment = ?, batch = ?, delivered_at = ? WHERE id = ?
"""


class SqliteEngagements:
    """Keeps engagements in the file of the outbox, so that both tell one story."""

    def __init__(self, database: Database, *, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def store(
        self,
        account: AccountName,
        engagements: Sequence[Engagement],
        *,
        refused: Sequence[RefusedEngagement] = (),
        checkpoint: Checkpoint | None = None,
    ) -> StorageReceipt:
        """Keep what is new, refused ones and the checkpoint, in one transaction.

        Raises:
            OutboxError: nothing was kept.
        """
        with self._database.write(bound=True) as tables:
            stored = _add(tables, account, engagements, self._clock.now())
            tables.executemany(_REFUSE, map(_refused_row, refused))
            if checkpoint is not None:
                place = (checkpoint.connection, checkpoint.reader, checkpoint.place)
                tables.execute(_REACH, place)
        return StorageReceipt(
            stored=stored, repeated=len(engagements) - len(stored), refused=len(refused)
        )

    def read(
        self, selection: EngagementSelection, *, after: EngagementId | None, limit: int
    ) -> Sequence[StoredEngagement]:
        """Read in the order of storing, after an id."""
        asked = {
            "after": after or 0,
            "connections": json.dumps(list(selection.connections))
            if selection.connections
            else None,
            "kinds": json.dumps(list(selection.kinds)) if selection.kinds else None,
            "campaign": selection.campaign_id,
            "since": to_micros(selection.since),
            "until": to_micros(selection.until),
            "limit": limit,
        }
        with self._database.read(bound=True) as tables:
            return [to_stored(row) for row in tables.execute(_READ, asked)]

    def checkpoint(self, connection: ConnectionName, reader: str) -> str | None:
        """Tell how far a reader came."""
        with self._database.read(bound=True) as tables:
            row = tables.execute(_REACHED, (connection, reader)).fetchone()
        return None if row is None else str(row[0])

    def rejoin(self, *, since: datetime, limit: int) -> int:
        """Look again for the causes of those that have none."""
        with self._database.write(bound=True) as tables:
            causes = Causes(tables)
            found: list[tuple[EngagementId, Cause, ConnectionName]] = []
            for row in tables.execute(_CAUSELESS, (to_micros(since), limit)).fetchall():
                stored = to_stored(row[:-1])
                cause = causes.of(stored.engagement, row[-1])
                if cause is not None:
                    found.append((stored.id, cause, stored.engagement.connection))
            tables.executemany(_JOIN, ((*cause_row(cause), id_) for id_, cause, _ in found))
            _count_engaged(tables, ((name, cause.segment) for _, cause, name in found))
        return len(found)


def _add(
    connection: sqlite3.Connection,
    account: AccountName,
    engagements: Sequence[Engagement],
    now: datetime,
) -> Sequence[StoredEngagement]:
    if not engagements:
        return ()
    likenesses = [likeness(engagement) for engagement in engagements]
    repeated = _repeated(connection, engagements, likenesses)
    fresh = [place for place in range(len(engagements)) if place not in repeated]
    profiles = numbered_identifiers(
        connection, account, [engagements[place].identifier for place in fresh]
    )
    [(last_id,)] = connection.execute(_LAST_ID)
    ids, causes = count(last_id + 1), Causes(connection)
    stored: list[StoredEngagement] = []
    rows = []
    for place, profile in zip(fresh, profiles, strict=True):
        engagement = engagements[place]
        one = StoredEngagement(
            id=EngagementId(next(ids)),
            engagement=engagement,
            received_at=now,
            cause=causes.of(engagement, profile),
        )
        stored.append(one)
        rows.append(
            (one.id, *to_row(engagement, likenesses[place], profile, one.cause, to_micros(now)))
        )
    connection.executemany(_ADD, rows)
    _count_engaged(
        connection, ((one.engagement.connection, one.cause.segment) for one in stored if one.cause)
    )
    return stored


def _repeated(
    connection: sqlite3.Connection, engagements: Sequence[Engagement], likenesses: Sequence[str]
) -> set[int]:
    """Tell the places of those that were known before, or stand twice among these."""
    events = [(one.connection, one.origin, one.event or None) for one in engagements]
    known = {place for (place,) in connection.execute(_BY_EVENT, {"events": json.dumps(events)})}
    asked = json.dumps(likenesses)
    for place, origin, event in connection.execute(_BY_LIKENESS, {"likenesses": asked}):
        if not (event and engagements[place].event and origin == engagements[place].origin):
            known.add(place)
    told = _Told()
    for place, (one, alike) in enumerate(zip(engagements, likenesses, strict=True)):
        if place not in known and not told.takes(one, alike):
            known.add(place)
    return known


class _Told:
    """What one call has told so far, by the same rule as `is_repeat`."""

    def __init__(self) -> None:
        self._alike: defaultdict[str, list[Engagement]] = defaultdict(list)
        self._events: set[tuple[str, str, str]] = set()

    def takes(self, one: Engagement, alike: str) -> bool:
        """Take an engagement, unless it was told before."""
        event = (one.connection, one.origin, one.event)
        if event in self._events or any(is_repeat(one, other) for other in self._alike[alike]):
            return False
        if one.event:
            self._events.add(event)
        self._alike[alike].append(one)
        return True


def _count_engaged(
    connection: sqlite3.Connection, segments: Iterable[tuple[ConnectionName, SegmentId]]
) -> None:
    numbers = Counter(segments)
    connection.executemany(_ENGAGE, ((number, *segment) for segment, number in numbers.items()))


def _refused_row(refused: RefusedEngagement) -> tuple[str | int, ...]:
    return (
        refused.connection,
        refused.origin,
        to_micros(refused.received_at),
        refused.reason,
        refused.content,
    )
