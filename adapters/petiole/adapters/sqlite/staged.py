"""The messages of a part that is claimed as it enters, read from where they stand together.

SQLite hands over one row for each batch: between two rows, a thread may wait until others let go of
the interpreter. Measured by `tests/benchmarks/bench_sync.py`.
"""

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from petiole.adapters.sqlite.claimed import Claimed
from petiole.core.domain.change import ChangeKind, ProfileChange, Scope
from petiole.core.domain.fields import FINGERPRINT_BYTES, Fields
from petiole.core.domain.identity import Identifier, IdentifierType
from petiole.core.domain.message import Message, MessageId
from petiole.core.domain.mint import mint

_BETWEEN = "\x1e"
"""A control character: in JSON they are escaped, and no identifier holds one."""
_TOGETHER = """
SELECT
    max(place), count(*), group_concat(kind), group_concat(identifier_type),
    group_concat(identifier, char(30)), group_concat(fields, char(30)),
    CAST(group_concat(fingerprint, '') AS BLOB)
FROM (
    SELECT place, kind, identifier_type, identifier, fields, fingerprint
    FROM staging.profile WHERE place > ? AND place <= ? AND kind IS NOT NULL ORDER BY place LIMIT ?
)
"""

_message, _change = mint(Message), mint(ProfileChange)
_identifier, _fields = mint(Identifier), mint(Fields)
_KINDS = {kind.value: kind for kind in ChangeKind}
_TYPES = {type_.value: type_ for type_ in IdentifierType}


@dataclass(frozen=True, slots=True, kw_only=True)
class StagedMessages:
    """What all messages of a part have in common."""

    scope: Scope
    occurred_at: datetime
    enqueued_at: datetime

    def read(
        self, tables: sqlite3.Connection, after: int, upto: int, *, first_id: int, size: int
    ) -> Iterator[Claimed]:
        """Read what stands after one place, up to and including another, in batches of a size.

        The messages have their numbers one by one.
        """
        while after < upto:
            [row] = tables.execute(_TOGETHER, (after, upto, size)).fetchall()
            after, number, *columns = row
            yield Claimed(number, partial(self._messages, first_id, *columns))
            first_id += number

    def _messages(
        self,
        first_id: int,
        kinds: str,
        types: str,
        identifiers: str,
        texts: str,
        fingerprints: bytes,
    ) -> list[Message]:
        scope, occurred_at, enqueued_at = self.scope, self.occurred_at, self.enqueued_at
        rows = zip(
            kinds.split(","),
            types.split(","),
            identifiers.split(_BETWEEN),
            texts.split(_BETWEEN),
            range(0, len(fingerprints), FINGERPRINT_BYTES),
            strict=True,
        )
        return [
            _message(
                MessageId(id_),
                _change(
                    scope=scope,
                    identifier=_identifier(_TYPES[type_], identifier),
                    kind=_KINDS[kind],
                    occurred_at=occurred_at,
                    fields=_fields(text),
                    fingerprint=fingerprints[place : place + FINGERPRINT_BYTES],
                    id=None,
                ),
                1,
                enqueued_at,
            )
            for id_, (kind, type_, identifier, text, place) in enumerate(rows, first_id)
        ]
