"""The messages of a part that is claimed as it enters, read from where they are staged together."""

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from petiole.adapters.sqlite.claimed import Claimed
from petiole.adapters.sqlite.together import Together
from petiole.core.domain.change import ChangeKind, Scope
from petiole.core.domain.identity import IdentifierType

_TOGETHER = """
SELECT
    max(place), count(*), group_concat(identifier_type), group_concat(kind),
    group_concat(identifier, char(30)), group_concat(fields, char(30)),
    CAST(group_concat(fingerprint, '') AS BLOB)
FROM (
    SELECT place, identifier_type, kind, identifier, fields, fingerprint
    FROM staging.profile WHERE place > ? AND place <= ? AND kind IS NOT NULL ORDER BY place LIMIT ?
)
"""
_TYPES = {type_.value: type_ for type_ in IdentifierType}
_KINDS = {kind.value: kind for kind in ChangeKind}


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
            after, number, types, kinds, identifiers, texts, fingerprints = row
            together = Together(
                ids=range(first_id, first_id + number),
                scope=self.scope,
                types=[_TYPES[type_] for type_ in types.split(",")],
                kinds=[_KINDS[kind] for kind in kinds.split(",")],
                identifiers=identifiers,
                texts=texts,
                fingerprints=fingerprints,
                occurred_at=self.occurred_at,
                enqueued_at=self.enqueued_at,
                attempt=1,
            )
            yield Claimed(number, together.messages)
            first_id += number
